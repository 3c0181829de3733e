"""Kubernetes objects from the records that a cluster's captures carry: who runs in which pod.

Inputs: JSON records in the order of the capture. Outputs: for a container, its pod and what manages it.

A record has a ``kind``, a ``type`` (ADDED, MODIFIED, DELETED) and either ``items``, or one ``object``
as the API sends it (older captures). Relations are found anew whenever an object of their kind
changes, by the labels that pods have at that moment: so did the reader that wrote the records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

Pairs = tuple[tuple[str, str], ...]

PODS, NAMESPACES, SERVICES = "Pod", "Namespace", "Service"
CONTROLLERS, REPLICA_SETS, DEPLOYMENTS = "ReplicationController", "ReplicaSet", "Deployment"
_SELECTING = (CONTROLLERS, REPLICA_SETS, SERVICES, DEPLOYMENTS)
_KINDS = (PODS, NAMESPACES, *_SELECTING)
_SHORT = ("docker://", "containerd://", "cri-o://")  # runtimes whose ids are cut to 12 digits
_WHOLE = ("rkt://",)
_DIGITS = 12


@dataclass(frozen=True)
class Component:
    """One object of a cluster."""

    name: str
    uid: str
    namespace: str = ""
    labels: Pairs = ()
    selectors: Pairs = ()
    containers: tuple[str, ...] = ()  # ids as container.id shows them


@dataclass(frozen=True)
class Placement:
    """Where a container belongs."""

    pod: Component
    namespace: Component | None
    controller: Component | None
    replica_set: Component | None
    deployment: Component | None
    services: tuple[Component, ...]


def pairs(value: object) -> Pairs:
    """Return the text members of a JSON object, ascending by key."""
    if not isinstance(value, dict):
        return ()
    return tuple(sorted((key, text) for key, text in value.items() if isinstance(text, str)))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _container_id(text: str) -> str | None:
    for prefix in _SHORT:
        if text.startswith(prefix):
            return text[len(prefix) :][:_DIGITS]
    for prefix in _WHOLE:
        if text.startswith(prefix):
            return text[len(prefix) :]
    return None


def _containers(item: dict[str, Any]) -> tuple[str, ...]:
    listed = (*_list(item.get("containerStatuses")), *_list(item.get("initContainerStatuses")))
    found = (_container_id(_text(_dict(status).get("containerID"))) for status in listed)
    return tuple(cid for cid in found if cid)


def _items(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a record, those of older captures in the form of newer ones."""
    if "items" in record:
        yield from (_dict(item) for item in _list(record["items"]))
        return
    given = _dict(record.get("object"))
    if not given:
        return
    meta, spec, status = (_dict(given.get(part)) for part in ("metadata", "spec", "status"))
    selector = _dict(spec.get("selector"))
    yield {
        **{key: meta.get(key) for key in ("name", "uid", "namespace", "labels")},
        "selector": selector.get("matchLabels", selector) or None,
        "containerStatuses": status.get("containerStatuses"),
        "initContainerStatuses": status.get("initContainerStatuses"),
    }


def _matches(selectors: Pairs, labels: Pairs) -> bool:
    return bool(selectors) and all(pair in labels for pair in selectors)


@dataclass
class Cluster:
    """The objects of a cluster at one moment; records change it."""

    _objects: dict[str, dict[str, Component]] = field(
        default_factory=lambda: {kind: {} for kind in _KINDS}
    )  # kind -> uid -> object
    _pods: dict[str, str] = field(default_factory=dict)  # container id -> uid of its pod
    _selected: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: {kind: {} for kind in _SELECTING}
    )  # kind -> uid of a pod -> uids of the objects that select it

    def apply(self, record: object) -> None:
        """Take in a record; what is not one changes nothing."""
        entry = _dict(record)
        kind = _text(entry.get("kind")) or _text(_dict(entry.get("object")).get("kind"))
        reason = _text(entry.get("type"))[:1]
        if kind not in _KINDS:
            return
        known = self._objects[kind]
        for item in _items(entry):
            uid = _text(item.get("uid"))
            if not uid or (reason in ("M", "D") and uid not in known):
                continue
            if reason == "D":
                del known[uid]
            elif reason in ("A", "M"):
                old = known.get(uid) or Component(
                    _text(item.get("name")), uid, "" if kind == NAMESPACES else _text(item.get("namespace"))
                )
                known[uid] = self._updated(kind, old, item)
            else:
                continue
            self._relate(kind)

    @staticmethod
    def _updated(kind: str, old: Component, item: dict[str, Any]) -> Component:
        labels, selectors = pairs(item.get("labels")), pairs(item.get("selector"))
        keeps = kind == SERVICES or item.get("selector") is None
        return replace(
            old,
            labels=labels or old.labels,
            selectors=(selectors or old.selectors) if keeps else selectors,
            containers=_containers(item) if kind == PODS else (),
        )

    def _relate(self, kind: str) -> None:
        pods = self._objects[PODS]
        if kind == PODS:
            self._pods = {cid: pod.uid for pod in pods.values() for cid in pod.containers}
        if kind not in _SELECTING:
            return
        found: dict[str, list[str]] = {}
        for thing in self._objects[kind].values():
            for pod in pods.values():
                if pod.namespace == thing.namespace and _matches(thing.selectors, pod.labels):
                    found.setdefault(pod.uid, []).append(thing.uid)
        self._selected[kind] = found

    def _of(self, kind: str, pod: Component) -> tuple[Component, ...]:
        uids = self._selected[kind].get(pod.uid, ())
        return tuple(self._objects[kind][uid] for uid in uids if uid in self._objects[kind])

    def placement(self, container_id: str) -> Placement | None:
        """Return where the container belongs, None: to no pod that is known."""
        pod = self._objects[PODS].get(self._pods.get(container_id, ""))
        if pod is None:
            return None
        spaces = (ns for ns in self._objects[NAMESPACES].values() if ns.name == pod.namespace)
        return Placement(
            pod,
            next(spaces, None),
            *(next(iter(self._of(kind, pod)), None) for kind in (CONTROLLERS, REPLICA_SETS, DEPLOYMENTS)),
            services=self._of(SERVICES, pod),
        )
