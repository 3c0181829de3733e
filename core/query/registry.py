"""All fields the language knows: names, types, labels, descriptions, argument rules."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum
from functools import cache

from ..schema.catalogue import field_list
from .cells import Kind


class ArgRule(Enum):
    """Whether a field takes an argument: ``field[arg]`` or ``field.arg``."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class FieldSpec:
    """One field. Types are PT_ names as in the catalogue; None: that generation lacks the field."""

    name: str
    group: str  # evt, proc, fd, ... (the class)
    label: str
    desc: str
    type_old: str | None
    type_new: str | None
    fmt: str
    arg: ArgRule
    arg_help: str
    flags: frozenset[str]  # FILTER_ONLY, PRINT_ONLY, TABLE_ONLY, IS_LIST, DEPRECATED
    type_own: str | None = None  # of fields that no reference reader has

    def type(self, modern: bool) -> str:
        """Return the type in captures of the new or the old kind."""
        first, second = (self.type_new, self.type_old) if modern else (self.type_old, self.type_new)
        return self.type_own or first or second or "CHARBUF"

    @property
    def dotted(self) -> bool:
        """Whether the argument may follow a dot (``evt.arg.fd``) and not only stand in brackets."""
        return (
            self.arg is not ArgRule.NONE
            and (" ." in self.arg_help or self.arg_help.startswith(".") or self.arg_help == "required")
            and self.group != "container"
        )

    @property
    def written(self) -> str:
        """How the field is written, ``…`` for its argument: ``proc.aname[…]``, ``evt.arg.…``."""
        if self.arg is ArgRule.NONE:
            return self.name
        return self.name + (".…" if self.arg is ArgRule.REQUIRED and self.dotted else "[…]")

    @property
    def about(self) -> str:
        """What the field says, and what its argument is."""
        if self.arg_help in ("", "required"):
            return self.desc
        first, colon, rest = self.arg_help.partition(": ")
        return f"{self.desc}; argument ({first}): {rest}" if colon else f"{self.desc}; argument: {first}"

    @property
    def generation(self) -> str:
        """Return ``both``, ``old``, ``new`` or ``own``: which reference reader knows the field."""
        if self.type_own:
            return "own"
        if self.type_old and self.type_new:
            return "both"
        return "old" if self.type_old else "new"


_UNSIGNED = frozenset(("UINT64", "ABSTIME", "RELTIME"))
_SIGNED = frozenset(("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "PORT", "PID", "FD"))
_SUFFIX_FLAGS = {"ARG_REQUIRED", "ARG_ALLOWED", "REQUIRES_ARGUMENT"}


def kind_of(type_name: str) -> Kind:
    """Return how values of a PT_ type are stored."""
    if type_name in _UNSIGNED:
        return Kind.UINT
    if type_name in _SIGNED:
        return Kind.INT
    if type_name == "BOOL":
        return Kind.BOOL
    if type_name == "DOUBLE":
        return Kind.FLOAT
    if type_name == "BYTEBUF":
        return Kind.BYTES
    if type_name in ("IPADDR", "IPNET", "IPV4ADDR", "IPV6ADDR"):
        return Kind.IP
    return Kind.STR


@cache
def specs() -> dict[str, FieldSpec]:
    """Return every field by name, in the order of the catalogue."""
    found: dict[str, FieldSpec] = {}
    for raw in field_list():
        flags = {*raw.get("flags_0_29_3", ()), *raw.get("flags_newest", ())}
        help_text = raw.get("arg") or "none"
        if "required" in help_text or flags & {"ARG_REQUIRED", "REQUIRES_ARGUMENT"}:
            rule = ArgRule.REQUIRED
        else:
            rule = ArgRule.OPTIONAL if "optional" in help_text else ArgRule.NONE
        if raw["name"] == "evt.abspath":
            rule = ArgRule.OPTIONAL
        name = raw["name"]
        found[name] = FieldSpec(
            name=name,
            group=raw.get("class") or name.split(".")[0],
            label=raw.get("label") or name,
            desc=raw.get("desc") or "",
            type_old=raw.get("type_0_29_3"),
            type_new=raw.get("type_newest"),
            fmt=raw.get("fmt") or "NA",
            arg=rule,
            arg_help="" if help_text == "none" else help_text,
            flags=frozenset(flags - _SUFFIX_FLAGS),
            type_own=raw.get("type_own"),
        )
    return found


def documented() -> list[FieldSpec]:
    """Return the fields that filters and formats may use, in the order of the catalogue."""
    return [spec for spec in specs().values() if "TABLE_ONLY" not in spec.flags]


def lookup(name: str) -> tuple[FieldSpec, str | None] | None:
    """Return the field of a dotted name and the argument that its tail is, or None.

    ``evt.arg.fd`` is the field ``evt.arg`` with the argument ``fd``: the longest known name wins.
    """
    known = specs()
    spec = known.get(name)
    if spec is not None:
        return spec, None
    head = name
    while "." in head:
        head = head.rpartition(".")[0]
        spec = known.get(head)
        if spec is not None and spec.dotted:
            return spec, name[len(head) + 1 :]
    return None


def nearest(name: str) -> str | None:
    """Return the known field name most like ``name``, or None."""
    name = name.lower()[:80]
    known = specs()
    close = difflib.get_close_matches(name, known, 1, 0.6)
    if close:
        return close[0]
    tail = name.rpartition(".")[2]
    for candidate in known:
        if tail and candidate.rpartition(".")[2] == tail:
            return candidate
    return None
