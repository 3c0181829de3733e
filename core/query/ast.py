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
TRANSFORMERS = ("tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt")
FIELD_VALUE = "val"  # on the right side: the value of a field

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")  # what a macro or a list may be called
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
        return self.name + _bracket(self.arg)


@dataclass(frozen=True)
class Literal:
    """A value as written, escapes resolved; text is UTF-8."""

    value: bytes
    column: int = field(default=0, compare=False)
    quoted: bool = field(default=False, compare=False)  # never the name of a list

    def __str__(self) -> str:
        """Return the value as filter text, quoted where it must be."""
        if _BARE.match(self.value) and self.value.decode() not in MODIFIERS:
            return self.value.decode()
        return quote(self.value)

    @property
    def is_name(self) -> bool:
        """Whether the value, in a list, may be the name of a list."""
        return not self.quoted and self.value.isascii() and NAME.match(self.value.decode()) is not None

    def in_list(self) -> str:
        """Return the value as an item of a list: what was quoted lest it be a name stays so."""
        text = str(self)
        return quote(self.value) if self.quoted and NAME.match(text) else text


@dataclass(frozen=True)
class ListName:
    """A list called by its name, without parentheses around it."""

    name: str
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


@dataclass(frozen=True)
class Items:
    """A list in parentheses as an argument of a transformer."""

    items: tuple[Value, ...]
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return the list as filter text."""
        return "(" + ", ".join(_argument(item) for item in self.items) + ")"


@dataclass(frozen=True)
class Call:
    """A transformer with its arguments, or ``val`` with a field."""

    name: str
    args: tuple[Value, ...]
    arg: str | None = None  # what stood in brackets after it
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return the call as filter text."""
        return f"{self.name}({', '.join(_argument(arg) for arg in self.args)})" + _bracket(self.arg)


Value = Operand | Literal | Items | Call


@dataclass(frozen=True)
class Check:
    """One comparison. ``modifier`` is anyof, oneof or allof when a scalar operator has a list.

    ``right`` is a field or a transformer on the right side, which then has no values.
    """

    operand: Operand | Call
    op: str
    values: tuple[Literal | ListName, ...] = ()
    modifier: str = ""
    column: int = field(default=0, compare=False)  # of the operator
    right: Call | None = None

    def __str__(self) -> str:
        """Return the check as filter text."""
        if self.op == "exists":
            return f"{self.operand} exists"
        if self.right is not None:
            return f"{self.operand} {self.op} {self.right}"
        if self.op not in LIST_OPERATORS and not self.modifier:
            return f"{self.operand} {self.op} {self.values[0]}"
        modifier = f"{self.modifier} " if self.modifier else ""
        if len(self.values) == 1 and isinstance(self.values[0], ListName):
            return f"{self.operand} {self.op} {modifier}{self.values[0]}"
        items = (value.in_list() if isinstance(value, Literal) else str(value) for value in self.values)
        return f"{self.operand} {self.op} {modifier}({', '.join(items)})"


@dataclass(frozen=True)
class Macro:
    """A filter called by its name."""

    name: str
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


@dataclass(frozen=True)
class Inlined:
    """What a macro stands for, in its place; see :func:`.macros.expand`."""

    item: Node
    name: str
    source: str = field(default="", compare=False)  # text that ``item`` was parsed from
    column: int = field(default=0, compare=False)  # of the name

    def __str__(self) -> str:
        """Return the filter in parentheses, without the name."""
        return f"({self.item})"


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


Node = Check | Macro | Inlined | Not | And | Or


def _grouped(node: Node, kinds: tuple[type, ...]) -> str:
    return f"({node})" if isinstance(node, kinds) else str(node)


def _bracket(arg: str | None) -> str:
    if arg is None:
        return ""
    return f"[{arg if _BARE_ARG.match(arg) else quote(arg.encode('utf-8', 'surrogateescape'))}]"


def _argument(value: Value) -> str:
    return quote(value.value) if isinstance(value, Literal) else str(value)


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
