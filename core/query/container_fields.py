"""container.*: the container of the thread of an event; row 0 of the table is the host."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import numpy as np

from ..index.tables import Container
from ..schema.catalogue import tables
from .cells import Cells, bools
from .context import Context
from .define import Arg, BadArgument, Definition, define, dimension

HOST = "host"


def _texts(ctx: Context, answer: Callable[[Container], str | None], host: str | None) -> Cells:
    """Return ``answer`` of the container of each row of `threads`; ``host`` for row 0."""
    values = [host if i == 0 else answer(c) for i, c in enumerate(ctx.index.containers)]
    return ctx.words(values).take(ctx.index.container)


def _plain(ctx: Context, _arg: Arg, part: str, host: str | None) -> Cells:
    if ctx.modern and part.startswith("image_"):  # the container plugin leaves them empty, not out
        return _texts(ctx, lambda container: getattr(container, part), "")
    return _texts(ctx, lambda container: getattr(container, part) or None, host)


for _name, _part, _host in (
    ("container.id", "id", HOST),
    ("container.name", "name", HOST),
    ("container.image", "image", None),
    ("container.image.id", "image_id", None),
    ("container.image.repository", "image_repo", None),
    ("container.image.tag", "image_tag", None),
    ("container.image.digest", "image_digest", None),
):
    define(_name, Definition(dim="thread", per_dim=partial(_plain, part=_part, host=_host)))


@dimension("thread", "container.type")
def _type(ctx: Context, _arg: Arg) -> Cells:
    names: dict[str, str] = tables()["container_types_0_29_3"]
    return _texts(ctx, lambda container: names.get(str(container.type)), HOST)


@dimension("thread", "container.privileged")
def _privileged(ctx: Context, _arg: Arg) -> Cells:
    known = np.array([i > 0 and c.has_metadata for i, c in enumerate(ctx.index.containers)], np.bool_)
    values = np.array([bool(c.privileged) for c in ctx.index.containers], np.bool_)
    return bools(values, known).take(ctx.index.container)


# --- mounts -------------------------------------------------------------------------------------------

_PARTS = {
    "source": "Source",
    "dest": "Destination",
    "mode": "Mode",
    "rdwr": "RW",
    "propagation": "Propagation",
}


def _described(container: Container, key: str) -> Any:
    """Return a key of the container's description, whatever its capitals."""
    for name, value in container.json.items():
        if name.lower() == key:
            return value
    return None


def mounts(container: Container) -> list[dict[str, str]]:
    """Return the mounts of a container; keys are source, dest, mode, rdwr and propagation."""
    listed = _described(container, "mounts")
    return [
        {part: _word(entry.get(key)) for part, key in _PARTS.items()}
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict)
    ]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _line(mount: dict[str, str]) -> str:
    return ":".join(mount[part] for part in _PARTS)


@dimension("thread", "container.mounts")
def _mounts(ctx: Context, _arg: Arg) -> Cells:
    def answer(container: Container) -> str | None:
        return ",".join(_line(m) for m in mounts(container)) if container.has_metadata else None

    return _texts(ctx, answer, None)


def _pick(container: Container, arg: str, by: str) -> dict[str, str] | None:
    """Return the mount that ``arg`` means: a number, or a pattern of the part ``by``."""
    listed = mounts(container)
    if arg.isascii() and arg.isdigit():
        return listed[int(arg)] if len(arg) < 6 and int(arg) < len(listed) else None
    return next((m for m in listed if fnmatchcase(m[by], arg)), None)


def _check_mount(_ctx: Context, arg: Arg) -> None:
    if not arg:
        raise BadArgument("expected the number or the path of a mount in brackets")


def _mount(ctx: Context, arg: Arg, part: str, by: str) -> Cells:
    wanted = arg or ""

    def answer(container: Container) -> str | None:
        mount = _pick(container, wanted, by)
        if mount is None:
            return None
        return mount[part] if part else _line(mount)

    return _texts(ctx, answer, None)


for _name, _part, _by in (
    ("container.mount", "", "source"),
    ("container.mount.source", "source", "dest"),
    ("container.mount.dest", "dest", "source"),
    ("container.mount.mode", "mode", "source"),
    ("container.mount.rdwr", "rdwr", "source"),
    ("container.mount.propagation", "propagation", "source"),
):
    define(_name, Definition(dim="thread", per_dim=partial(_mount, part=_part, by=_by), check=_check_mount))

# --- health checks ------------------------------------------------------------------------------------


def probe_of(container: Container, key: str) -> list[str] | None:
    """Return the command line of a probe of a container, None: it has none."""
    probe = _described(container, key)
    if not isinstance(probe, dict) or not isinstance(probe.get("exe"), str):
        return None
    args = probe.get("args")
    return [probe["exe"], *(_word(arg) for arg in (args if isinstance(args, list) else ()))]


def _probe(ctx: Context, _arg: Arg, key: str) -> Cells:
    def answer(container: Container) -> str | None:
        command = probe_of(container, key)
        if command is None:
            return "NONE" if container.has_metadata else None
        return " ".join(command)

    return _texts(ctx, answer, None)


for _name, _key in (
    ("container.healthcheck", "healthcheck"),
    ("container.liveness_probe", "livenessprobe"),
    ("container.readiness_probe", "readinessprobe"),
):
    define(_name, Definition(dim="thread", per_dim=partial(_probe, key=_key)))
