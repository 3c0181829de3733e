"""How a field gets its evaluator: field modules register functions here under the field's name.

A field is decided either per row of a dimension (``@dimension``) or per event (``@event``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .cells import Cells
from .context import Context
from .rows import RowSet

Arg = str | None
DimFunction = Callable[[Context, Arg], Cells]
EventFunction = Callable[[Context, RowSet, Arg], Cells]
ArgCheck = Callable[[Context, Arg], None]


class BadArgument(Exception):
    """An argument that a field does not take; the message says what was expected."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        """Give the reason, and the nearest argument that would do."""
        super().__init__(reason)
        self.reason = reason
        self.suggestion = suggestion


@dataclass(frozen=True)
class Definition:
    """How the values of one field are found."""

    dim: str | None = None
    per_dim: DimFunction | None = None
    per_event: EventFunction | None = None
    sides: int = 1  # 2: the arguments "0" and "1" are two values of which a filter sees both
    ancestors: bool = False  # without an argument, a filter tries every ancestor
    tries: Callable[[Context, Arg], Sequence[str]] | None = None  # the arguments that a filter tries instead
    check: ArgCheck | None = None
    words: str = ""  # what values are allowed: "types" for event names
    literal: str = ""  # how values are written: "port", "ip", "net"; empty: by type


DEFINITIONS: dict[str, Definition] = {}

F = TypeVar("F", bound=Callable[..., object])


def define(name: str, definition: Definition) -> None:
    """Register ``definition`` for the field ``name``; each field has one."""
    if name in DEFINITIONS:
        raise ValueError(f"{name} is defined twice")
    DEFINITIONS[name] = definition


def dimension(
    dim: str, *names: str, check: ArgCheck | None = None, words: str = "", literal: str = ""
) -> Callable[[F], F]:
    """Register a function (context, argument) → Cells, one cell per row of ``dim``."""

    def register(function: F) -> F:
        for name in names:
            define(
                name,
                Definition(dim=dim, per_dim=function, check=check, words=words, literal=literal),  # type: ignore[arg-type]
            )
        return function

    return register


def event(*names: str, check: ArgCheck | None = None, words: str = "", literal: str = "") -> Callable[[F], F]:
    """Register a function (context, rows, argument) → Cells, one cell per row of the row set."""

    def register(function: F) -> F:
        for name in names:
            define(name, Definition(per_event=function, check=check, words=words, literal=literal))  # type: ignore[arg-type]
        return function

    return register


def level(arg: Arg) -> int:
    """Return the ancestor level that ``arg`` names.

    Raises BadArgument unless it is a number from 0 to 99.
    """
    if arg is None or not (arg.isascii() and arg.isdigit()) or len(arg) > 2:
        raise BadArgument("expected a level in brackets: [0] is the process itself, [1] its parent")
    return int(arg)
