"""What a filter can go on with: fields with their meaning, operators that work, values that occur.

Inputs: a filter text with a cursor, the fields of a capture and some of its events. Outputs: offers,
the likely ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError
from . import ast
from .args import arg_names, raw_kind
from .define import DEFINITIONS
from .evt_fields import type_words
from .fields import Fields
from .macros import Macros, short
from .modules import why_not
from .places import Expected, Place, place_at
from .planner import values_of
from .predicates import ALLOWED, group_of
from .registry import ArgRule, FieldSpec, documented, kind_of
from .terms import Binder, FieldTerm, Term
from .values import frequencies

MOST = 2_000  # values offered
LONGEST = 500  # bytes of a value that is offered

OPERATORS = {
    "=": "equal",
    "==": "equal",
    "!=": "not equal",
    "<": "less than",
    "<=": "less than or equal",
    ">": "greater than",
    ">=": "greater than or equal",
    "contains": "has the value somewhere in it",
    "icontains": "as contains, in any case",
    "bcontains": "has these bytes, written as hex digits, somewhere in it",
    "startswith": "begins with the value",
    "bstartswith": "begins with these bytes, written as hex digits",
    "endswith": "ends with the value",
    "glob": "matches a pattern with * ? [a-z], as a whole",
    "iglob": "as glob, in any case",
    "regex": "matches a regular expression (RE2), as a whole",
    "in": "is one of the values of a list, or has no other values than those",
    "intersects": "shares a value with a list",
    "pmatch": "is, or lies below, one of the paths of a list",
    "exists": "has a value",
}
TRANSFORMERS = {
    "tolower": "a text in small letters",
    "toupper": "a text in capital letters",
    "b64": "what a base64 text stands for",
    "basename": "the last part of a path",
    "len": "how long a text is in bytes, or how many items a list has",
    "join": "the items of a list as one text, with a separator between them",
    "concat": "several texts as one",
    "getopt": 'the options in a list of arguments: getopt(proc.args, "ab:")',
}
_JOINTS = {"and": "both must hold; binds tighter than or", "or": "one of both must hold"}


@dataclass(frozen=True)
class Offer:
    """One way to go on."""

    text: str  # as it is written in a filter, with the blank that must follow
    kind: str  # what it is: text, a number, named filter, 12 events...
    about: str  # what it means
    shown: str = ""  # as it reads in a list, when that is not `text`


@dataclass(frozen=True)
class Completion:
    """The offers for ``word``, which stands at ``start`` .. ``end`` of the text (from 0)."""

    start: int
    end: int
    word: str
    expected: Expected
    subject: str = ""  # the field that operators or values are of
    offers: tuple[Offer, ...] = ()
    joined: bool = True  # whether the offer may follow the text before it without a blank


@dataclass(frozen=True)
class _Wanted:
    """The events whose values are wanted, and who waits for them."""

    rows: NDArray[np.int64]
    cancelled: Callable[[], bool]
    progress: Callable[[int, int], None]


def complete(
    text: str,
    cursor: int,
    fields: Fields,
    macros: Macros,
    rows: NDArray[np.int64],
    cancelled: Callable[[], bool],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Completion | None:
    """Return what can stand at ``cursor`` of a filter, None where nothing can be offered.

    ``rows`` are the event rows (int64) whose values are offered; ``progress`` gets how many of them were
    looked at, and their number. Raises Cancelled.
    """
    place = place_at(text, cursor)
    if place is None:
        return None
    wanted = _Wanted(rows, cancelled, progress)
    subject, offers = _offers(place, text, fields, macros, wanted)
    joined = place.start == 0 or text[place.start - 1] in " \t\r\n(,=<>"
    return Completion(place.start, place.end, place.word, place.expected, subject, tuple(offers), joined)


def _offers(
    place: Place,
    text: str,
    fields: Fields,
    macros: Macros,
    wanted: _Wanted,
) -> tuple[str, list[Offer]]:
    """Return what is offered at a place, and what field it is offered for."""
    match place.expected:
        case Expected.CHECK:
            named = [
                Offer(item.name, "named filter", item.description or item.text)
                for item in macros.filters.values()
            ]
            negation = Offer("not ", "word", "the opposite of what follows", "not")
            return "", [*named, *_fields(place.word, fields), *_transformers(), negation]
        case Expected.FIELD:
            return "", [*_fields(place.word, fields), *_transformers()]
        case Expected.JOINT:
            return "", [Offer(f"{word} ", "word", about, word) for word, about in _JOINTS.items()]
        case Expected.LIST:
            return _subject(place), [Offer("(", "word", "a list of values: (80, 443)"), *_lists(macros)]
        case Expected.OPERATOR | Expected.VALUE:
            assert place.left is not None
            try:
                left = Binder(text, fields).left(place.left)
            except FilterError:
                return _subject(place), []
            operators = place.expected is Expected.OPERATOR
            return _subject(place), _operators(left) if operators else _values(left, fields, wanted)


def _subject(place: Place) -> str:
    return short(str(place.left or ""))


def _lists(macros: Macros) -> list[Offer]:
    return [
        Offer(item.name, "named list", item.description or ", ".join(item.items))
        for item in macros.lists.values()
    ]


def _transformers() -> list[Offer]:
    return [Offer(f"{name}(", "transformer", about, f"{name}(…)") for name, about in TRANSFORMERS.items()]


def _operators(left: Term) -> list[Offer]:
    literal = left.ref.definition.literal if isinstance(left, FieldTerm) else ""
    usable = ALLOWED[group_of(left.kind, literal)]
    return [
        Offer(op + " " * (op.isalpha() and op != "exists"), "operator", about, op)
        for op, about in OPERATORS.items()
        if op in usable
    ]


def _fields(word: str, fields: Fields) -> Iterable[Offer]:
    for spec in documented():
        yield Offer(_opened(spec), _kind(spec, fields.context.modern), _about(spec), spec.written)
        if spec.arg is ArgRule.REQUIRED and word.startswith(f"{spec.name}."):
            yield from _arguments(spec, fields)


def _opened(spec: FieldSpec) -> str:
    """Return a field as far as it can be written without knowing its argument."""
    if spec.arg is not ArgRule.REQUIRED:
        return spec.name
    return spec.name + ("." if spec.dotted else "[")


def _kind(spec: FieldSpec, modern: bool) -> str:
    return "list" if "IS_LIST" in spec.flags else group_of(kind_of(spec.type(modern))).removeprefix("a ")


def _about(spec: FieldSpec) -> str:
    return spec.about if spec.name in DEFINITIONS else f"{spec.about}; not here: it {why_not(spec)}"


def _arguments(spec: FieldSpec, fields: Fields) -> Iterable[Offer]:
    """Return a field with each of the arguments that have names."""
    modern = fields.context.modern
    if spec.name == "evt.type.is":
        for name in sorted(word.decode() for word in type_words(fields.context)):
            yield Offer(f"{spec.name}.{name}", "number", f"1 for events of the type {name}, else 0")
    elif spec.name in ("evt.arg", "evt.rawarg"):
        for name in sorted(arg_names(modern)):
            raw = raw_kind(name, modern) if spec.name == "evt.rawarg" else None
            kind = "text" if raw is None else group_of(raw).removeprefix("a ")
            yield Offer(f"{spec.name}.{name}", kind, f"the parameter {name} of events that have it")


def _values(left: Term, fields: Fields, wanted: _Wanted) -> list[Offer]:
    """Return the values of a field among the wanted events, the most frequent first."""
    if not isinstance(left, FieldTerm):
        return []
    refs = [term.ref for term in values_of(left, fields)]
    counts = frequencies(refs, fields, wanted.rows, wanted.cancelled, wanted.progress)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    written = _network if left.ref.definition.literal == "net" else _literal
    return [
        Offer(
            written(value),
            f"{count:,} event{'' if count == 1 else 's'}",
            "",
            value.decode("utf-8", "replace"),
        )
        for value, count in common
        if len(value) <= LONGEST
    ][:MOST]


def _literal(value: bytes) -> str:
    return str(ast.Literal(value))


def _network(address: bytes) -> str:
    """Return the network of one address."""
    return f"{address.decode()}/{128 if b':' in address else 32}"
