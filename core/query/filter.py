"""Filters: compiled once, then asked which events of a capture they accept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import ast
from .cells import Bools
from .fields import Fields
from .parser import parse
from .planner import Cost, Leaf, Plan, bind, evaluate, row_mask
from .rows import RowSet, ThreadRows

_BLOCK = 1 << 20  # events of which a column is computed at once
_PAYLOADS = 1 << 17  # events whose payloads are read at once


class Filter:
    """A compiled filter of one capture; may be used from several threads."""

    def __init__(self, node: ast.Node | None, text: str, fields: Fields) -> None:
        """Bind a parsed filter (None: everything) to a capture's fields; see :func:`compile`."""
        self.node = node
        self.source = text
        self._fields = fields
        self._plan: Plan | None = None if node is None else bind(node, text, fields)

    @property
    def text(self) -> str:
        """The filter in its normal form; empty when it accepts everything."""
        return "" if self.node is None else str(self.node)

    def __and__(self, other: Filter) -> Filter:
        """Return the filter that accepts what both accept."""
        node = ast.both(self.node, other.node)
        return Filter(node, "" if node is None else str(node), self._fields)

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
        known = cache.get(self.text)
        if known is not None:
            return known if inside is None else known & inside
        found = evaluate(self._plan, WholeCapture(self._fields), inside)
        if inside is None:
            cache.put(self.text, found)
        return found

    def mask_threads(self, lives: NDArray[np.int64], ts: int) -> Bools:
        """Return which lives of threads pass, each standing for an event of its last state at ``ts``."""
        return self._rows(ThreadRows(self._fields.index, lives, ts), None)

    def _rows(self, rows: RowSet, wanted: Bools | None) -> Bools:
        if self._plan is None:
            return np.ones(rows.count, np.bool_) if wanted is None else wanted
        return evaluate(self._plan, SomeRows(self._fields, rows), wanted)


def compile(text: str, fields: Fields) -> Filter:  # noqa: A001  (the natural name: query.filter.compile)
    """Return the filter that ``text`` describes; empty text accepts everything.

    Raises FilterError with the column and what was expected there.
    """
    return Filter(parse(text), text, fields)


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
        if wanted is None or leaf.cost is not Cost.PAYLOAD:
            return row_mask(leaf, self._fields, self._rows)
        found = np.zeros(self._rows.count, np.bool_)
        places = np.flatnonzero(wanted)
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
