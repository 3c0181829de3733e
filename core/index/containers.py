"""Containers: from cgroup paths and from the container records of a capture.

Rules: state engine, section 8. Names that a capture reveals late apply to the container's whole life.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .tables import Container

HOST = "host"

_ID = r"([0-9a-fA-F]{64})"
# one row per engine, first match wins: (type code, pattern on a cgroup path)
_PATTERNS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        (11, rf"/libpod-{_ID}\.scope(?:/container)?$"),
        (11, rf"podman-[0-9]+\.scope/{_ID}$"),
        (0, rf"/docker-{_ID}\.scope$"),
        (8, rf"/crio-{_ID}(?:\.scope)?$"),
        (7, rf"/cri-containerd-{_ID}\.scope$"),
        (7, rf":cri-containerd:{_ID}$"),
        (0, rf"/{_ID}$"),
        (1, r"/lxc(?:\.payload)?/([^/]+)"),
        (1, r"/lxc\.payload\.([^/]+)"),
        (2, r"([^/]+)\.libvirt-lxc"),
        (2, r"-lxc\\x2d([^/]+?)\.scope"),
        (2, r"/libvirt/lxc/([^/]+)"),
        (9, r"bpm-([^/]+?)(?:\.scope)?$"),
    )
)
_FULL_TYPES = {0, 7, 8, 11}  # ids of these engines are cut to 12 digits
_ENGINES = {"docker": 0, "lxc": 1, "libvirt-lxc": 2, "libvirt_lxc": 2, "mesos": 3, "rkt": 4, "custom": 5}


def container_of(cgroups: bytes) -> tuple[str, str, int]:
    """Return (id, full id, engine code) of the container a cgroup list belongs to; ("", "", -1): the host.

    ``cgroups`` are ``subsystem=path`` items separated by NUL.
    """
    paths = [
        item.rpartition("=")[2] for item in cgroups.decode("utf-8", "replace").split("\0") if "/" in item
    ]
    for code, pattern in _PATTERNS:
        for path in paths:
            match = pattern.search(path)
            if match:
                full = match.group(1)
                return (full[:12] if code in _FULL_TYPES else full), full, code
    return "", "", -1


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
        self._by_cgroups: dict[bytes, int] = {}

    def add(self, container: Container) -> None:
        """Take in a record of the capture."""
        row = self._by_id.get(container.id)
        if row is None:
            self._by_id[container.id] = len(self.rows)
            self.rows.append(container)
        elif row > 0 and _better(container, self.rows[row]):
            self.rows[row] = container

    def row_of(self, cgroups: bytes) -> int:
        """Return the row of the container a cgroup list belongs to, adding it if nothing described it."""
        row = self._by_cgroups.get(cgroups)
        if row is None:
            cid, full, kind = container_of(cgroups)
            row = self._by_id.get(cid)
            if row is None:
                row = self._by_id[cid] = len(self.rows)
                self.rows.append(Container(id=cid, full_id=full, type=kind))
            self._by_cgroups[cgroups] = row
        return row
