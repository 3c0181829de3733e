"""The event catalogue: what each event code means, for both generations of captures.

Source: ``events.json`` (libscap's event table of July 2026, with what differed in the table of
sysdig 0.29.3). Even codes are enter events, odd ones exits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Param:
    """One parameter of an event."""

    name: str
    type: str  # PT_ name: FD, ERRNO, CHARBUF, ...
    fmt: str  # DEC, HEX, OCT, ID, NA, ...
    flags: str | None = None  # name of a table in `tables.json`
    dirfd_param: int | None = None  # index of the directory fd of a relative path
    dyn: str | None = None  # name of a dynamic-parameter table


@dataclass(frozen=True)
class EventInfo:
    """One event code."""

    id: int
    sym: str
    name: str
    category: str  # FILE, NET, IO_READ, INTERNAL, ...
    sources: tuple[str, ...]  # SYSCALL, TRACEPOINT, METAEVENT, PLUGIN
    flags: frozenset[str]  # USES_FD, CREATES_FD, READS_FROM_FD, ...
    params: tuple[Param, ...]

    @property
    def is_enter(self) -> bool:
        """Whether the event marks the beginning of a call."""
        return self.id % 2 == 0


def _load(name: str) -> Any:
    return json.loads(files(__spec__.parent).joinpath(name).read_text(encoding="utf-8"))


def _param(raw: dict[str, Any]) -> Param:
    dyn = raw.get("dyn")
    return Param(
        name=raw["name"],
        type=raw["type"],
        fmt=raw["fmt"],
        flags=raw.get("flags"),
        dirfd_param=raw.get("dirfd_param"),
        dyn=dyn if isinstance(dyn, str) else None,
    )


@cache
def events(modern: bool) -> tuple[EventInfo, ...]:
    """Return the catalogue by event code, as the newest reader (``modern``) or 0.29.3 has it.

    Codes that 0.29.3 did not know keep their newest description: captures of the old kind do
    not contain them.
    """
    table: list[EventInfo] = []
    for raw in _load("events.json")["events"]:
        old: dict[str, Any] = {} if modern else raw.get("v0_29_3", {})
        table.append(
            EventInfo(
                id=raw["id"],
                sym=raw["sym"],
                name=old.get("name", raw["name"]),
                category=old.get("category", raw["category"]),
                sources=tuple(raw["source"]),
                flags=frozenset(old.get("flags", raw["flags"])),
                params=tuple(_param(p) for p in old.get("params", raw["params"])),
            )
        )
    return tuple(table)


@cache
def tables() -> dict[str, Any]:
    """Return the number → name tables: flags, errno, signals, system calls, parameter types."""
    return _load("tables.json")


@cache
def field_list() -> tuple[dict[str, Any], ...]:
    """Return the raw descriptions of all fields: the readers' (``fields.json``), then our own."""
    return (*_load("fields.json")["fields"], *_load("own_fields.json")["fields"])
