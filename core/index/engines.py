"""Which container a process is in, by its cgroups and a few other signs of container engines.

Rules: state engine, section 8. The reader of old captures asks one engine after the other, each with
its own way to read a path; captures of the newest kind have the patterns of their plugin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

DOCKER, LXC, LIBVIRT, MESOS, RKT, CRI, CONTAINERD, CRIO, BPM, PODMAN = 0, 1, 2, 3, 4, 6, 7, 8, 9, 11
_SHORT = 12  # digits of a long id that are shown
_LONG = 64
_HEX = frozenset("0123456789abcdefABCDEF")


class Found(NamedTuple):
    """A container that a process was found to be in."""

    id: str
    full_id: str
    type: int  # code of the engine, -1: it does not tell
    name: str = ""


class Process(NamedTuple):
    """What the engines look at; ``lineage`` gives the environment and arguments of the process and its
    ancestors, from itself upwards."""

    paths: Sequence[str]  # of its cgroups
    root: str
    lineage: Callable[[], Iterable[tuple[Sequence[str], Sequence[str]]]]


Engine = Callable[[Process], Found | None]


# --- old captures -------------------------------------------------------------------------------------
def long_id(path: str, prefix: str, suffix: str) -> str | None:
    """Return the id of 64 digits between the last ``prefix`` and the last ``suffix`` of a path.

    As the old reader: characters that are no digits are only noticed in the first 64 of the path.
    """
    start = path.rfind(prefix)
    end = path.rfind(suffix)
    if start < 0 or end - (start := start + len(prefix)) != _LONG or end < 0:
        return None
    odd = next((at for at in range(start, len(path)) if path[at] not in _HEX), len(path))
    return None if odd < min(_LONG, len(path)) else path[start : start + _LONG]


def _by_layouts(layouts: Sequence[tuple[str, str]], code: int) -> Engine:
    def look(process: Process) -> Found | None:
        for path in process.paths:
            for prefix, suffix in layouts:
                full = long_id(path, prefix, suffix)
                if full is not None:
                    return Found(full[:_SHORT], full, code)
        return None

    return look


_podman_scope = _by_layouts([("/libpod-", ".scope")], PODMAN)


def _podman(process: Process) -> Found | None:
    found = _podman_scope(process)
    if found is not None:
        return found
    for path in process.paths:
        if re.search(r"podman-[0-9]+\.scope/.", path):
            full = long_id(path, ".scope/", "")
            if full is not None:
                return Found(full[:_SHORT], full, PODMAN)
    return None


def _named(name: str, code: int) -> Found:
    return Found(name, name, code, name)


def _lxc(process: Process) -> Found | None:
    for path in process.paths:
        for prefix in ("/lxc/", "/lxc.payload/"):
            _, there, rest = path.partition(prefix)
            if there:
                return _named(rest.partition("/")[0], LXC)
    return None


def _libvirt(process: Process) -> Found | None:
    for path in process.paths:
        if path.endswith(".libvirt-lxc") and path.find(".libvirt-lxc") == len(path) - 12 and "/" in path:
            return _named(path[:-12].rpartition("/")[2], LIBVIRT)
        head, there, rest = path.partition("-lxc\\x2")
        if there and path.endswith(".scope") and path.find(".scope") == len(path) - 6:
            return _named(rest[1:-6] if len(head) + len(there) < len(path) - 6 else "", LIBVIRT)
        _, there, rest = path.partition("/libvirt/lxc/")
        if there:
            return _named(rest, LIBVIRT)
    return None


_MESOS_ID = re.compile(r"[0-9a-fA-F-]{36}")
_MESOS_TASKS = ("MESOS_TASK_ID", "mesos_task_id", "MESOS_EXECUTOR_ID")


def _variable(env: Sequence[str], name: str) -> str:
    for item in env:
        if item.startswith(f"{name}=") and len(item) > len(name) + 1:
            return item[len(name) + 1 :].strip(" ")
    return ""


def _mesos(process: Process) -> Found | None:
    for path in process.paths:
        _, there, rest = path.partition("/mesos/")
        if there and _MESOS_ID.fullmatch(rest):
            for env, _ in process.lineage():
                task = next(filter(None, (_variable(env, name) for name in _MESOS_TASKS)), "")
                if task:
                    return _named(rest, MESOS) if len(task) > 2 and set(task) & {".", "_"} else None
            return None
    return None


_POD = "container_uuid="
_STAGE2, _FLY, _FLY_APP, _APP_ROOT = (
    "/opt/stage2/",
    "/var/lib/rkt/pods/run/",
    "/stage1/rootfs/opt/stage2/",
    "/rootfs",
)


def _rkt(process: Process) -> Found | None:
    root = process.root
    if root.startswith(_STAGE2):
        app, there, _ = root[len(_STAGE2) :].partition(_APP_ROOT)
        if there:
            for env, _ in process.lineage():
                for item in env:
                    if item.startswith(_POD):
                        pod = f"{item[len(_POD) :]}:{app}"
                        return Found(pod, pod, -1)
    elif root.startswith(_FLY):
        pod, there, rest = root[len(_FLY) :].partition(_FLY_APP)
        app, end, _ = rest.partition(_APP_ROOT)
        if there and end:
            return Found(f"{pod}:{app}", f"{pod}:{app}", -1)
    return None


_BPM_NAME = re.compile(r"[a-zA-Z0-9._-]+")


def _bpm(process: Process) -> Found | None:
    for path in process.paths:
        _, there, rest = path.partition("bpm-")
        name = rest.partition(".scope")[0]
        if there and _BPM_NAME.fullmatch(name):
            return _named(name, BPM)
    return None


_cri_id = _by_layouts(
    [
        ("/", ""),
        ("/crio-", ""),
        ("/cri-containerd-", ".scope"),
        ("/crio-", ".scope"),
        (":cri-containerd:", ""),
    ],
    -1,
)
_OLD: tuple[Engine, ...] = (
    _podman,
    _by_layouts([("/", ""), ("/docker-", ".scope")], DOCKER),
    # what only the CRI layouts match gets an id, but nobody to tell more: later engines may do so
    _lxc,
    _libvirt,
    _mesos,
    _rkt,
    _bpm,
    _cri_id,
)


def find_old(process: Process) -> Found | None:
    """Return the container of a process of an old capture, None: the host."""
    return next(filter(None, (engine(process) for engine in _OLD)), None)


# --- captures of the newest kind ----------------------------------------------------------------------
_ID = rf"([0-9a-fA-F]{{{_LONG}}})"
# one row per engine, first match wins: (type code, pattern on a cgroup path)
_PATTERNS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        (PODMAN, rf"/libpod-{_ID}\.scope(?:/container)?$"),
        (PODMAN, rf"podman-[0-9]+\.scope/{_ID}$"),
        (DOCKER, rf"/docker-{_ID}\.scope$"),
        (CRIO, rf"/crio-{_ID}(?:\.scope)?$"),
        (CONTAINERD, rf"/cri-containerd-{_ID}\.scope$"),
        (CONTAINERD, rf":cri-containerd:{_ID}$"),
        (DOCKER, rf"/{_ID}$"),
        (LXC, r"/lxc(?:\.payload)?/([^/]+)"),
        (LXC, r"/lxc\.payload\.([^/]+)"),
        (LIBVIRT, r"([^/]+)\.libvirt-lxc"),
        (LIBVIRT, r"-lxc\\x2d([^/]+?)\.scope"),
        (LIBVIRT, r"/libvirt/lxc/([^/]+)"),
        (BPM, r"bpm-([^/]+?)(?:\.scope)?$"),
    )
)
_CUT = {DOCKER, CONTAINERD, CRIO, PODMAN}  # their ids are cut to 12 digits


def find_new(process: Process) -> Found | None:
    """Return the container of a process of a new capture, None: the host."""
    for code, pattern in _PATTERNS:
        for path in process.paths:
            match = pattern.search(path)
            if match:
                full = match.group(1)
                return Found(full[:_SHORT] if code in _CUT else full, full, code)
    return None
