"""k8s.*, mesos.*, marathon.*: the cluster's view of the container that a thread runs in.

What is known comes from the capture alone: labels that the container engine reported, and records
of a cluster's state, which captures hold when they were made with a connection to the cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Container
from .cells import Cells, Kind, na
from .context import Context
from .define import Arg, BadArgument, Definition, define
from .kubernetes import Cluster, Component, Pairs, Placement
from .mesos import Mesos, Task
from .proc_fields import variable
from .rows import RowSet

I64 = NDArray[np.int64]
T = TypeVar("T")

_K8S, _MESOS = 260, 270  # event codes of the records
_MESOS_CONTAINER = 3
_TASK_VARIABLES = ("MESOS_TASK_ID", "mesos_task_id", "MESOS_EXECUTOR_ID")
_POD = "io.kubernetes.pod."


class Timeline(Generic[T]):
    """What is known of each container, from which event row on."""

    def __init__(self, containers: int) -> None:
        """Begin with nothing known."""
        self._since: list[list[int]] = [[-1] for _ in range(containers)]
        self._facts: list[list[T | None]] = [[None] for _ in range(containers)]

    def note(self, container: int, event: int, facts: T | None) -> None:
        """Say what holds for ``container`` from ``event`` on."""
        if facts != self._facts[container][-1]:
            self._since[container].append(event)
            self._facts[container].append(facts)

    def cells(self, ctx: Context, containers: I64, events: I64, say: Callable[[int, T | None], Any]) -> Cells:
        """Return ``say(container, facts)`` as text for each pair of container and event row."""
        texts: list[str | None] = []
        keys = np.full(len(containers), -1, np.int64)
        for container in np.unique(containers).tolist():
            if container < 0:
                continue
            here = np.flatnonzero(containers == container)
            since = np.array(self._since[container], np.int64)
            at = np.maximum(np.searchsorted(since, events[here], side="right") - 1, 0)
            keys[here] = len(texts) + at
            texts += [say(container, facts) for facts in self._facts[container]]
        return ctx.words(texts).take(keys)


def _records(ctx: Context, code: int) -> tuple[list[int], list[object]]:
    """Return the rows of the records with an event code, and what they say."""
    rows = np.flatnonzero(ctx.index.events.type == code)
    if not len(rows) or ctx.records is None:
        return [], []
    cells = ctx.args.raw("json", rows)
    found: list[object] = []
    for raw, ok in zip(cells.values.tolist(), cells.valid.tolist(), strict=True):
        try:
            found.append(json.loads(raw.decode("utf-8", "replace")) if ok else None)
        except (ValueError, RecursionError):
            found.append(None)
    return rows.tolist(), found


def placements(ctx: Context) -> Timeline[Placement]:
    """Return the pods of all containers, from the records of a Kubernetes cluster."""

    def find() -> Timeline[Placement]:
        listed = ctx.index.containers
        timeline: Timeline[Placement] = Timeline(len(listed))
        cluster = Cluster()
        for event, record in zip(*_records(ctx, _K8S), strict=True):
            cluster.apply(record)
            for row, container in enumerate(listed[1:], 1):
                timeline.note(row, event, cluster.placement(container.id))
        return timeline

    return ctx.once("placements", find)


def tasks(ctx: Context) -> Timeline[Task]:
    """Return the tasks of all containers, from the records of a Mesos cluster."""

    def find() -> Timeline[Task]:
        listed = ctx.index.containers
        timeline: Timeline[Task] = Timeline(len(listed))
        names = {row: _task_id(ctx, row) for row in range(1, len(listed))}
        mesos = Mesos()
        for event, record in zip(*_records(ctx, _MESOS), strict=True):
            mesos.apply(record)
            for row, uid in names.items():
                timeline.note(row, event, mesos.task(uid))
        return timeline

    return ctx.once("tasks", find)


def _task_id(ctx: Context, row: int) -> str:
    """Return the Mesos task of a container: as it was described, or from a process's environment."""
    container = ctx.index.containers[row]
    told = container.json.get("mesos_task_id")
    if isinstance(told, str) and told:
        return told
    if container.has_metadata or container.type != _MESOS_CONTAINER:
        return ""
    for thread in np.flatnonzero(ctx.index.container == row).tolist():
        env = ctx.strings[int(ctx.index.threads.env[ctx.threads.main[thread]])]
        for name in _TASK_VARIABLES:
            value = variable(env, name)
            if value:
                return value.decode("utf-8", "replace")
    return ""


def _where(ctx: Context, rows: RowSet) -> tuple[I64, I64]:
    """Return container and event row of each row."""
    thread = np.asarray(rows.thread, np.int64)
    if not ctx.num_threads:
        return np.full(rows.count, -1, np.int64), rows.rows
    container = np.where(thread >= 0, ctx.index.container[np.maximum(thread, 0)], -1).astype(np.int64)
    last = np.full(rows.count, len(ctx.index.events.ts), np.int64)
    return container, last if rows.synthetic else rows.rows


# --- how things are written ---------------------------------------------------------------------------


def _joined(labels: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{key}:{value}" if value else key for key, value in labels)


def _label(labels: Pairs, key: str) -> str | None:
    return next((value for name, value in labels if name == key), None)


def _part(thing: Component | None, part: str, arg: Arg) -> str | None:
    if thing is None:
        return None
    if part == "label":
        return _label(thing.labels, arg or "")
    if part == "labels":
        return _joined(thing.labels)
    return thing.name if part == "name" else thing.uid


def _services(services: tuple[Component, ...], part: str, arg: Arg) -> str | None:
    texts = [_part(service, part, arg) for service in services]
    found = [text for text in texts if text is not None and (text or part != "labels")]
    if part == "label":
        return ", ".join(found) or None
    return ", ".join(found) if services else None


# --- Kubernetes ---------------------------------------------------------------------------------------


def _reported(ctx: Context, container: Container, kind: str, part: str, arg: Arg) -> str | None:
    """Return what the labels of a container, or of its pod's sandbox, say."""
    labels = container.labels
    own = {("pod", "name"): "name", ("pod", "id"): "uid", ("ns", "name"): "namespace"}.get((kind, part))
    if own is not None:
        return labels.get(_POD + own)
    if kind != "pod":
        return None
    told = container.json.get("pod_sandbox_labels")
    sandbox = labels.get("io.kubernetes.sandbox.id", "")[:12]
    shared = next((c.labels for c in ctx.index.containers if sandbox and c.id == sandbox), None)
    if ctx.modern and isinstance(told, dict):
        shared = {str(key): str(value) for key, value in told.items()}
    if not shared:
        return None
    if part == "label":
        return shared.get(arg or "")
    kept = (
        item for item in sorted(shared.items()) if not item[0].startswith(("annotation.", "io.kubernetes."))
    )
    return _joined(list(kept))


def _placed(placement: Placement, kind: str, part: str, arg: Arg) -> str | None:
    if kind == "svc":
        return _services(placement.services, part, arg)
    if (kind, part) == ("ns", "name"):
        return placement.pod.namespace
    thing = {
        "pod": placement.pod,
        "ns": placement.namespace,
        "rc": placement.controller,
        "rs": placement.replica_set,
        "deployment": placement.deployment,
    }[kind]
    return _part(thing, part, arg)


def _k8s(ctx: Context, rows: RowSet, arg: Arg, kind: str, part: str) -> Cells:
    containers, events = _where(ctx, rows)
    if not len(ctx.index.containers):
        return na(Kind.STR, rows.count)

    def say(container: int, placement: Placement | None) -> str | None:
        if container == 0:
            return None
        told = _reported(ctx, ctx.index.containers[container], kind, part, arg)
        if told is not None or placement is None:
            return told
        return _placed(placement, kind, part, arg)

    return placements(ctx).cells(ctx, containers, events, say)


def _check_label(_ctx: Context, arg: Arg) -> None:
    if not arg or not all(c.isalnum() or c in "/_-." for c in arg):
        raise BadArgument("expected the key of a label, as in k8s.pod.label.app")


for _kind in ("pod", "rc", "svc", "ns", "rs", "deployment"):
    for _name in ("name", "id", "labels"):
        define(f"k8s.{_kind}.{_name}", Definition(per_event=partial(_k8s, kind=_kind, part=_name)))
    define(
        f"k8s.{_kind}.label",
        Definition(per_event=partial(_k8s, kind=_kind, part="label"), check=_check_label),
    )

# --- Mesos and Marathon -------------------------------------------------------------------------------


def _task(task: Task, kind: str, part: str, arg: Arg) -> str | None:
    if kind == "framework":
        return task.framework_name if part == "name" else task.framework_id
    if kind == "task":
        return _part(Component(task.name, task.uid, labels=task.labels), part, arg)
    if not task.app:
        return None
    return (
        task.group
        if kind == "group"
        else _part(Component(task.app, task.app, labels=task.app_labels), part, arg)
    )


def _mesos(ctx: Context, rows: RowSet, arg: Arg, kind: str, part: str) -> Cells:
    containers, events = _where(ctx, rows)
    if not len(ctx.index.containers):
        return na(Kind.STR, rows.count)
    return tasks(ctx).cells(
        ctx, containers, events, lambda _, task: None if task is None else _task(task, kind, part, arg)
    )


def _check_task_label(_ctx: Context, arg: Arg) -> None:
    if not arg or not all(c.isalnum() or c in "/_-." for c in arg):
        raise BadArgument("expected the key of a label, as in mesos.task.label.env")


for _kind, _group, _parts in (
    ("task", "mesos", ("name", "id", "label", "labels")),
    ("framework", "mesos", ("name", "id")),
    ("app", "marathon", ("name", "id", "label", "labels")),
    ("group", "marathon", ("name", "id")),
):
    for _name in _parts:
        define(
            f"{_group}.{_kind}.{_name}",
            Definition(
                per_event=partial(_mesos, kind=_kind, part=_name),
                check=_check_task_label if _name == "label" else None,
            ),
        )
