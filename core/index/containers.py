"""Containers: from cgroup paths and from the container records of a capture.

Rules: state engine, section 8. Names that a capture reveals late apply to the container's whole life.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np

from .engines import Found, Process, find_new, find_old
from .tables import I32, I64, Container, StringTable, ThreadColumns

HOST = "host"
_MOST_ANCESTORS = 64

_ENGINES = {"docker": 0, "lxc": 1, "libvirt-lxc": 2, "libvirt_lxc": 2, "mesos": 3, "rkt": 4, "custom": 5}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def _strings(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in value.items()}


def parse_json(text: bytes) -> dict[str, Any] | None:
    """Return the ``container`` object of a container record, None when it is not one."""
    try:
        value = json.loads(text.split(b"\0", 1)[0].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    found = value.get("container") if isinstance(value, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("id"), str) else None


def from_json(raw: dict[str, Any], event: int) -> Container:
    """Build a container from its description in the capture; values of a wrong type are left out."""
    kind = raw.get("type")
    privileged = raw.get("privileged")
    env = raw.get("env")
    return Container(
        id=_text(raw.get("id")),
        full_id=_text(raw.get("full_id")),
        name=_text(raw.get("name")),
        type=_ENGINES.get(kind, -1) if isinstance(kind, str) else _number(kind) if kind is not None else -1,
        image=_text(raw.get("image")),
        image_id=_text(raw.get("imageid")),
        image_repo=_text(raw.get("imagerepo")),
        image_tag=_text(raw.get("imagetag")),
        image_digest=_text(raw.get("imagedigest")),
        ip=_text(raw.get("ip")),
        privileged=privileged if isinstance(privileged, bool) else None,
        is_pod_sandbox=raw.get("is_pod_sandbox") is True,
        created_time=_number(raw.get("created_time")),
        labels=_strings(raw.get("labels")),
        env=[e for e in env if isinstance(e, str)] if isinstance(env, list) else [],
        json=raw,
        first_event=event,
        has_metadata=True,
    )


def _better(new: Container, old: Container) -> bool:
    """Whether a later record says more than an earlier one."""
    score = sum(bool(getattr(new, f)) for f in ("name", "image", "image_repo", "full_id"))
    return score >= sum(bool(getattr(old, f)) for f in ("name", "image", "image_repo", "full_id"))


class ContainerTable:
    """Containers in the order they became known; row 0 is the host."""

    def __init__(self) -> None:
        """Begin with the host alone."""
        self.rows: list[Container] = [Container(id=HOST, name=HOST)]
        self._by_id: dict[str, int] = {"": 0, HOST: 0}

    def add(self, container: Container) -> None:
        """Take in a record of the capture."""
        row = self._by_id.get(container.id)
        if row is None:
            self._by_id[container.id] = len(self.rows)
            self.rows.append(container)
        elif row > 0 and _better(container, self.rows[row]):
            self.rows[row] = container

    def row_of(self, found: Found | None) -> int:
        """Return the row of the container a process was found in, adding it if nothing described it."""
        if found is None:
            return 0
        row = self._by_id.get(found.id)
        if row is None:
            row = self._by_id[found.id] = len(self.rows)
            self.rows.append(Container(found.id, full_id=found.full_id, name=found.name, type=found.type))
        return row


def paths_of(cgroups: bytes) -> list[str]:
    """Return the paths of a list of cgroups (``subsystem=path`` items separated by NUL)."""
    return [item.rpartition("=")[2] for item in cgroups.decode("utf-8", "replace").split("\0") if "/" in item]


class Membership:
    """Finds the containers of all rows of `threads`."""

    def __init__(
        self,
        table: ContainerTable,
        threads: ThreadColumns,
        looked: I64,
        ends: I64,
        strings: StringTable,
        old: bool,
    ) -> None:
        """``looked``: how often the readers had looked, per row of `threads`; ``old``: as 0.29.3 does.

        ``ends`` is the column ``end_event`` of the lives.

        Containers that nothing described are added to ``table``.
        """
        self._table = table
        self._threads = threads
        self._looked = looked
        self._ends = ends
        self._states: dict[int, tuple[list[int], list[int]]] = {}
        self._strings = strings
        self._find = find_old if old else find_new
        self._asked = False  # an engine looked at the ancestors: the answer is one process's only

    def rows(self) -> I32:
        """Return the row of `containers` of each row of `threads`."""
        threads = self._threads
        out = np.zeros(len(threads.cgroups), np.int32)
        signs = threads.cgroups.astype(np.int64) << 32 | threads.root
        distinct, first, inverse = np.unique(signs, return_index=True, return_inverse=True)
        inverse = inverse.reshape(-1)
        answers = np.zeros(len(distinct), np.int32)
        for place in np.argsort(first, kind="stable").tolist():
            row = int(first[place])
            if not threads.cgroups[row]:
                continue  # nobody has looked yet
            answers[place] = self._one(row)
            if self._asked:
                self._each(np.flatnonzero(inverse == place), out)
                answers[place] = -1
        known = answers[inverse] >= 0
        out[known] = answers[inverse][known]
        return out

    def _one(self, row: int) -> int:
        self._asked = False
        texts = self._strings
        paths = paths_of(texts[int(self._threads.cgroups[row])])
        root = texts.text(int(self._threads.root[row]))
        return self._table.row_of(self._find(Process(paths, root, lambda: self._ancestors(row))))

    def _each(self, rows: I64, out: I32) -> None:
        """Ask for every process anew; what a look found holds until the next one."""
        threads = self._threads
        known: dict[tuple[int, int], int] = {}
        for row in rows.tolist():
            key = int(threads.life[row]), int(self._looked[row])
            found = known.get(key)
            if found is None:
                found = known[key] = self._one(row)
            out[row] = found

    def _ancestors(self, row: int) -> Iterator[tuple[list[str], list[str]]]:
        """Environments and arguments of a process and its ancestors when its state began."""
        self._asked = True
        threads = self._threads
        event = int(threads.first_event[row])

        def parent(of: int) -> int:
            return self._state(int(threads.ptid[of]), event) if of >= 0 else -1

        yield self._told(row, event)
        row = parent(row)
        ahead = parent(row)  # two steps for each of ours: if they meet, the ancestors go in a circle
        for _ in range(_MOST_ANCESTORS):
            if row < 0:
                return
            yield self._told(row, event)
            row = parent(row)
            for _ in range(2):
                ahead = parent(ahead)
                if row >= 0 and (row == ahead or threads.tid[row] == threads.ptid[row]):
                    return

    def _told(self, row: int, event: int) -> tuple[list[str], list[str]]:
        """Environment and arguments of one process."""
        threads = self._threads
        own = int(threads.tid[row]) == int(threads.pid[row])
        main = row if own else self._state(int(threads.pid[row]), event)
        env = self._list(int(threads.env[main])) if main >= 0 else []
        return env, self._list(int(threads.args[row]))

    def _state(self, tid: int, event: int) -> int:
        """Return the row of `threads` in force for ``tid`` at an event row, -1: no such thread."""
        threads = self._threads
        if not self._states:
            order = np.argsort(threads.first_event, kind="stable")
            for row, number, first in zip(
                order.tolist(), threads.tid[order].tolist(), threads.first_event[order].tolist(), strict=True
            ):
                rows, firsts = self._states.setdefault(number, ([], []))
                rows.append(row)
                firsts.append(first)
        rows, firsts = self._states.get(tid, ([], []))
        at = bisect_right(firsts, event) - 1
        return rows[at] if at >= 0 and int(self._ends[threads.life[rows[at]]]) > event else -1

    def _list(self, sid: int) -> list[str]:
        return self._strings.text(sid).split("\0") if sid else []
