"""What a filter text means, before any field is looked up.

``str(node)`` gives text that parses to an equal node; columns do not take part in equality.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SCALAR_OPERATORS = ("=", "==", "!=", "<", "<=", ">", ">=")
TEXT_OPERATORS = (
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "glob",
    "iglob",
    "regex",
)
LIST_OPERATORS = ("in", "intersects", "pmatch")
MODIFIERS = ("anyof", "oneof", "allof")
WORD_OPERATORS = (*TEXT_OPERATORS, *LIST_OPERATORS, "exists")
KEYWORDS = ("and", "or", "not")

_BARE = re.compile(rb"[A-Za-z0-9_./:*?+@%~$^#;|{}&!-]+\Z")
_BARE_ARG = re.compile(r"[^\s\"'\[\]]+\Z")


@dataclass(frozen=True)
class Operand:
    """A field as written: its dotted name and what stood in brackets."""

    name: str
    arg: str | None = None
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return the operand as filter text."""
        if self.arg is None:
            return self.name
        arg = self.arg if _BARE_ARG.match(self.arg) else quote(self.arg.encode("utf-8", "surrogateescape"))
        return f"{self.name}[{arg}]"


@dataclass(frozen=True)
class Literal:
    """A value as written, escapes resolved; text is UTF-8."""

    value: bytes
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return the value as filter text, quoted where it must be."""
        if _BARE.match(self.value) and self.value.decode() not in MODIFIERS:
            return self.value.decode()
        return quote(self.value)


@dataclass(frozen=True)
class Check:
    """One comparison. ``modifier`` is anyof, oneof or allof when a scalar operator has a list."""

    operand: Operand
    op: str
    values: tuple[Literal, ...] = ()
    modifier: str = ""
    column: int = field(default=0, compare=False)  # of the operator

    def __str__(self) -> str:
        """Return the check as filter text."""
        if self.op == "exists":
            return f"{self.operand} exists"
        if self.op in LIST_OPERATORS or self.modifier:
            items = ", ".join(str(value) for value in self.values)
            modifier = f"{self.modifier} " if self.modifier else ""
            return f"{self.operand} {self.op} {modifier}({items})"
        return f"{self.operand} {self.op} {self.values[0]}"


@dataclass(frozen=True)
class Not:
    """The opposite of a node; true where a value is missing."""

    item: Node

    def __str__(self) -> str:
        """Return the negation as filter text."""
        return f"not {_grouped(self.item, (And, Or))}"


@dataclass(frozen=True)
class And:
    """All of the items."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        """Return the conjunction as filter text."""
        return " and ".join(_grouped(item, (And, Or)) for item in self.items)


@dataclass(frozen=True)
class Or:
    """Any of the items; binds weaker than ``and``."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        """Return the disjunction as filter text."""
        return " or ".join(_grouped(item, (Or,)) for item in self.items)


Node = Check | Not | And | Or


def _grouped(node: Node, kinds: tuple[type, ...]) -> str:
    return f"({node})" if isinstance(node, kinds) else str(node)


def quote(value: bytes) -> str:
    """Return a value in double quotes with the escapes that the language knows."""
    out: list[str] = []
    for char in value.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if char in '"\\':
            out.append("\\" + char)
        elif 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif code < 32 or code == 127:
            out.append(f"\\x{code:02x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def both(first: Node | None, second: Node | None) -> Node | None:
    """Return the conjunction of two filters of which either may be missing (everything)."""
    if first is None or second is None:
        return second if first is None else first
    left = first.items if isinstance(first, And) else (first,)
    right = second.items if isinstance(second, And) else (second,)
    return And((*left, *right))
