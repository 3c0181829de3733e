"""Comparing two columns with each other: a field with ``val(field)`` or with a transformer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..index.tables import StringTable
from .ast import Literal
from .cells import Bools, Cells, Kind
from .predicates import ORDERED, BadValue, check_operator, group_of, plain, text_test
from .terms import Term, factorize
from .transformers import Shape

Compare = Callable[[Cells, Cells], Bools]

_NO_FIELD = ("regex", "pmatch")  # operators whose right side is prepared once, and so is a constant


def compare_terms(op: str, left: Term, right: Term, names: tuple[str, str], strings: StringTable) -> Compare:
    """Return the comparison of the values of two terms. Raises BadValue (without a value).

    ``names`` are the two sides as written, for messages. NA on either side never passes.
    """
    if op in _NO_FIELD:
        raise BadValue(None, f"expected a value and no field on the right side of '{op}'")
    check_operator(names[0], group_of(left.kind), op)
    if left.shape != right.shape:
        raise BadValue(
            None,
            f"expected two sides of one type: {names[0]} is {_told(left.shape)}, "
            f"{names[1]} is {_told(right.shape)}",
        )
    if left.shape.is_list:
        return lambda a, b: _lists(op, a, b)
    if left.kind in (Kind.INT, Kind.UINT, Kind.FLOAT, Kind.BOOL):
        return lambda a, b: _numbers(op, a, b)
    return lambda a, b: _texts(op, a, b, strings)


def _told(shape: Shape) -> str:
    return f"{shape} ({shape.type})"


def _numbers(op: str, a: Cells, b: Cells) -> Bools:
    first, second = (c.values.view(np.uint64) if c.kind is Kind.UINT else c.values for c in (a, b))
    return ORDERED[plain(op)](first, second) & a.valid & b.valid


def _lists(op: str, a: Cells, b: Cells) -> Bools:
    found = a.valid & b.valid
    for at in np.flatnonzero(found).tolist():
        other = frozenset(b.values[at])
        mine = a.values[at]
        found[at] = other.issuperset(mine) if op == "in" else not other.isdisjoint(mine)
    return found


def _texts(op: str, a: Cells, b: Cells, strings: StringTable) -> Bools:
    """Compare text, buffers and addresses: once per distinct pair."""
    known = a.valid & b.valid
    interned = (Kind.STR, Kind.IP)
    if a.kind in interned and b.kind in interned and plain(op) in ("=", "!="):
        return ((a.values == b.values) == (plain(op) == "=")) & known
    one, ones = factorize(a.where(known), strings)
    two, twos = factorize(b.where(known), strings)
    pairs, inverse = np.unique(one * len(twos) + two, return_inverse=True)
    answers = np.zeros(len(pairs), np.bool_)
    tests: dict[int, Callable[[bytes], bool]] = {}
    for at, pair in enumerate(pairs.tolist()):
        mine, other = divmod(pair, len(twos))
        if other not in tests:
            tests[other] = _against(op, twos[other])
        answers[at] = tests[other](ones[mine])
    return answers[inverse.reshape(-1)] & known


def _against(op: str, value: bytes) -> Callable[[bytes], bool]:
    """Return the test against one value; where the value makes no sense (a bad pattern) nothing passes."""
    if op in ("bcontains", "bstartswith"):
        op = op[1:]  # the value is bytes, not digits for them
    try:
        return text_test(op, [Literal(value)])
    except BadValue:
        return lambda _: False
