"""Where in a filter a cursor stands: what the grammar expects there, and how much of it is typed.

The parser itself says so: it reads the text before the cursor, and the first thing that it asks for
where that text ends is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ..errors import FilterError
from .ast import Call, Literal, Operand
from .lexer import Lexer
from .parser import parse_rest


class Expected(Enum):
    """What can stand at a place."""

    CHECK = "a field, a transformer, a named filter or not"
    FIELD = "a field or a transformer"
    OPERATOR = "an operator"
    VALUE = "a value"
    LIST = "a list"
    JOINT = "and, or"


@dataclass(frozen=True)
class Place:
    """A place in a filter text; a word stands at ``start`` .. ``end`` (from 0), perhaps an empty one."""

    expected: Expected
    start: int
    end: int
    word: str  # up to the cursor, without an opening quote
    left: Operand | Call | None = None  # before the operator or the value


_NAME = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_./-]*)?\Z")
_OPERATOR = re.compile(r"(?:!|[A-Za-z]+)?\Z")
_WORD = re.compile(r"[A-Za-z]*\Z")
_LIST = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*)?\Z")
_VALUE = {False: re.compile(r"[^ \t\r\n()]*\Z"), True: re.compile(r"[^ \t\r\n(),]*\Z")}
_QUOTED = {quote: re.compile(rf"{quote}(?:[^{quote}\\]|\\.)*\Z", re.DOTALL) for quote in "\"'"}
_REST = re.compile(r"[A-Za-z0-9_./-]*")  # of a word in which the cursor stands


_OF_A_SIDE = (Expected.OPERATOR, Expected.VALUE, Expected.LIST)


class _Reached(Exception):
    """The end of the text was reached where ``expected`` begins."""

    def __init__(self, expected: Expected, start: int, skip: int = 0) -> None:
        super().__init__()
        self.expected = expected
        self.start = start
        self.skip = skip  # characters of an opening quote


class _Reader(Lexer):
    """Stops the parser where the text ends."""

    def __init__(self, text: str) -> None:
        self.left: Operand | Call | None = None
        super().__init__(text)

    def _stop_at(self, pattern: re.Pattern[str], expected: Expected) -> None:
        if pattern.match(self.text, self.pos):
            raise _Reached(expected, self.pos)

    def accept_word(self, words: Iterable[str]) -> str | None:
        if words == ("and",):  # asked for after each check
            self._stop_at(_WORD, Expected.JOINT)
        return super().accept_word(words)

    def macro(self) -> tuple[str, int] | None:
        self._stop_at(_NAME, Expected.CHECK)
        return super().macro()

    def operand(self, what: str = "") -> Operand:
        self._stop_at(_NAME, Expected.FIELD)
        return super().operand(what)

    def operator(self, operand: object) -> tuple[str, int]:
        self.left = operand if isinstance(operand, Operand | Call) else None
        self._stop_at(_OPERATOR, Expected.OPERATOR)
        return super().operator(operand)

    def list_name(self) -> tuple[str, int] | None:
        self._stop_at(_LIST, Expected.LIST)
        return super().list_name()

    def value(self, after: str, *, in_list: bool = False) -> Literal:
        quoted = _QUOTED.get(self.text[self.pos : self.pos + 1])
        if quoted is None:
            self._stop_at(_VALUE[in_list], Expected.VALUE)
        elif quoted.match(self.text, self.pos):
            raise _Reached(Expected.VALUE, self.pos, 1)
        return super().value(after, in_list=in_list)


def place_at(text: str, cursor: int) -> Place | None:
    """Return what is expected at ``cursor`` (0 .. ``len(text)``), None where no word can be chosen.

    That is behind a mistake, and inside brackets.
    """
    before = text[:cursor]
    reader = _Reader(before)
    try:
        if reader.at_end:
            raise _Reached(Expected.CHECK, reader.pos)
        parse_rest(reader)
    except _Reached as here:
        rest = _REST.match(text, cursor)
        inside = rest is not None and here.start < cursor and here.expected is not Expected.VALUE
        end = rest.end() if inside and rest is not None else cursor
        left = reader.left if here.expected in _OF_A_SIDE else None
        return Place(here.expected, here.start, end, before[here.start + here.skip :], left)
    except FilterError:
        pass
    return None
