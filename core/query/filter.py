"""Filters: compiled once, then asked which events of a capture they accept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from . import ast
from .cells import Bools
from .fields import Fields
from .macros import NO_MACROS, Macros, expand, uses_names
from .parser import parse
from .planner import Cost, Leaf, Plan, bind, both, by_type, evaluate, row_mask
from .rows import RowSet, ThreadRows

_BLOCK = 1 << 20  # events of which a column is computed at once
_PAYLOADS = 1 << 17  # events whose payloads are read at once
_FEW = 1 << 10  # rows for which it does not pay to look at their types first
_SPARSE = 4  # fewer than one row in so many are looked at one by one


class Filter:
    """A compiled filter of one capture; may be used from several threads."""

    def __init__(self, node: ast.Node | None, text: str, fields: Fields, macros: Macros = NO_MACROS) -> None:
        """Bind a parsed filter (None: everything) to a capture's fields; see :func:`compile`."""
        self.node = node
        self._expanded = None if node is None else expand(node, text, macros)
        self._fields = fields
        self._plan: Plan | None = None if self._expanded is None else bind(self._expanded, text, fields)
        self._key = "" if self._expanded is None else str(self._expanded)

    @property
    def text(self) -> str:
        """The filter in its normal form, macros by name; empty when it accepts everything."""
        return "" if self.node is None else str(self.node)

    def __and__(self, other: Filter) -> Filter:
        """Return the filter that accepts what both accept."""
        joined = Filter(None, "", self._fields)
        joined.node = ast.both(self.node, other.node)
        joined._expanded = ast.both(self._expanded, other._expanded)
        joined._key = "" if joined._expanded is None else str(joined._expanded)
        plans = [plan for plan in (self._plan, other._plan) if plan is not None]
        joined._plan = both(*plans) if len(plans) == 2 else plans[0] if plans else None
        return joined

    def by_type(self) -> tuple[Bools, Bools]:
        """Return for each event code whether events of it may pass, and whether all of them do."""
        if self._plan is None:
            everything = np.ones(self._fields.context.num_types, np.bool_)
            return everything, everything
        return by_type(self._plan, self._fields)

    def mask(self, rows: NDArray[np.int64] | None = None, window: tuple[int, int] | None = None) -> Bools:
        """Return which events pass, one bool per event of the capture or per given event row.

        ``window`` (from, to) in ns limits them to events with from ≤ time < to.
        """
        index = self._fields.index
        whole = RowSet.block(index, 0, len(index.events.ts))
        if rows is not None:
            chosen = RowSet(index, rows)
            return self._rows(chosen, _inside(chosen, window))
        inside = _inside(whole, window)
        if self._plan is None:
            return np.ones(whole.count, np.bool_) if inside is None else inside
        cache = self._fields.masks
        known = cache.get(self._key)
        if known is not None:
            return known if inside is None else known & inside
        found = self._whole(self._plan, whole, inside)
        if inside is None:
            cache.put(self._key, found)
        return found

    def mask_threads(self, lives: NDArray[np.int64], ts: int) -> Bools:
        """Return which lives of threads pass, each standing for an event of its last state at ``ts``."""
        return self._rows(ThreadRows(self._fields.index, lives, ts), None)

    def _whole(self, plan: Plan, rows: RowSet, inside: Bools | None) -> Bools:
        """Return which events of the capture pass, those that their type does not decide looked at."""
        found, left = self._by_type(plan, rows, inside)
        places = np.flatnonzero(left)
        if len(places) > rows.count // _SPARSE:
            return found | evaluate(plan, WholeCapture(self._fields), left)
        if len(places):
            found[places] = evaluate(plan, SomeRows(self._fields, RowSet(rows.index, places)), None)
        return found

    def _rows(self, rows: RowSet, wanted: Bools | None) -> Bools:
        plan = self._plan
        if plan is None:
            return np.ones(rows.count, np.bool_) if wanted is None else wanted
        if rows.synthetic or rows.count < _FEW:
            return evaluate(plan, SomeRows(self._fields, rows), wanted)
        found, left = self._by_type(plan, rows, wanted)
        places = np.flatnonzero(left)
        if len(places) > rows.count // 2:
            return found | evaluate(plan, SomeRows(self._fields, rows), left)
        if len(places):
            found[places] = evaluate(plan, SomeRows(self._fields, rows.subset(places)), None)
        return found

    def _by_type(self, plan: Plan, rows: RowSet, wanted: Bools | None) -> tuple[Bools, Bools]:
        """Return which rows pass because of their type alone, and which the type does not decide."""
        may, must = by_type(plan, self._fields)
        found = must[rows.type]
        left = (may & ~must)[rows.type]
        return (found, left) if wanted is None else (found & wanted, left & wanted)


def compile(  # noqa: A001  (the natural name: query.filter.compile)
    text: str, fields: Fields, macros: Macros | Callable[[], Macros] = NO_MACROS
) -> Filter:
    """Return the filter that ``text`` describes; empty text accepts everything.

    ``macros`` are the names it may use, or what gives them when it does use names. Raises FilterError
    with the column and what was expected there.
    """
    node = parse(text)
    if isinstance(macros, Macros):
        return Filter(node, text, fields, macros)
    return Filter(node, text, fields, macros() if node is not None and uses_names(node) else NO_MACROS)


def _inside(rows: RowSet, window: tuple[int, int] | None) -> Bools | None:
    if window is None:
        return None
    return (rows.ts >= window[0]) & (rows.ts < window[1])


class SomeRows:
    """Masks of checks over a set of rows."""

    def __init__(self, fields: Fields, rows: RowSet) -> None:
        """Answer for ``rows``."""
        self._fields = fields
        self._rows = rows

    def mask(self, leaf: Leaf, wanted: Bools | None) -> Bools:
        """Return which rows pass; rows that are not wanted may be left false."""
        if wanted is None or leaf.cost is Cost.DIMENSION:
            return row_mask(leaf, self._fields, self._rows)
        places = np.flatnonzero(wanted)
        if leaf.cost is Cost.COLUMN and len(places) > self._rows.count // _SPARSE:
            return row_mask(leaf, self._fields, self._rows)
        found = np.zeros(self._rows.count, np.bool_)
        if len(places):
            found[places] = row_mask(leaf, self._fields, self._rows.subset(places))
        return found


class WholeCapture:
    """Masks of checks over all events of a capture, kept for the next filter.

    Of a check on payloads it is also kept for which events it has been answered.
    """

    def __init__(self, fields: Fields) -> None:
        """Answer for all events of the capture of ``fields``."""
        self._fields = fields
        self._count = len(fields.index.events.ts)

    def mask(self, leaf: Leaf, wanted: Bools | None) -> Bools:
        """Return which events pass; events that are not wanted may be left false."""
        if leaf.cost is Cost.PAYLOAD:
            return self._payload(leaf, wanted)
        cache = self._fields.masks
        found = cache.get(leaf.text)
        if found is None:
            found = np.empty(self._count, np.bool_)
            step = self._count if leaf.cost is Cost.DIMENSION else _BLOCK
            for start in range(0, self._count, max(step, 1)):
                stop = min(start + step, self._count)
                found[start:stop] = row_mask(
                    leaf, self._fields, RowSet.block(self._fields.index, start, stop)
                )
            cache.put(leaf.text, found)
        return found

    def _payload(self, leaf: Leaf, wanted: Bools | None) -> Bools:
        cache = self._fields.masks
        found, answered = cache.get(leaf.text + _PARTIAL), cache.get(leaf.text + _ANSWERED)
        if found is None or answered is None:
            found = np.zeros(self._count, np.bool_)
            answered = np.zeros(self._count, np.bool_)
        open_ = ~answered if wanted is None else wanted & ~answered
        places = np.flatnonzero(open_)
        for start in range(0, len(places), _PAYLOADS):
            part = places[start : start + _PAYLOADS]
            found[part] = row_mask(leaf, self._fields, RowSet(self._fields.index, part))
        if len(places):
            cache.put(leaf.text + _PARTIAL, found)
            cache.put(leaf.text + _ANSWERED, answered | open_)
        return found


# keys beside those of whole masks: no filter text contains a NUL
_PARTIAL, _ANSWERED = "\0partial", "\0answered"
