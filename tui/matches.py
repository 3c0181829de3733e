"""Searching text in a table of the engine, column by column and each distinct value once.

A cell holds a text when what people read in it does, in any case. What is found out is kept: going on to
the next match looks only at rows that nobody looked at yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.query.cells import Cells, Kind
from ..core.views.distinct import BLOCK
from ..core.views.table import TEXTUAL, Column, Table, Value
from . import figures as numbers
from .model import Check, Figures, Progress

Bools = NDArray[np.bool_]
_IN_NUMBERS = frozenset("0123456789.:,+-kmgtpnus")  # all that numbers and times are written with


class Matches:
    """Which rows of a table hold a text; kept by places in the store, whatever order they are shown in."""

    def __init__(self, table: Table, wanted: str, figures: Figures) -> None:
        """Look for ``wanted`` in the cells as ``figures`` writes them; nothing is read yet."""
        self._store = table.store
        self._wanted = wanted.lower()
        self._columns = [
            _ColumnMatches(table, at, self._wanted, figures)
            for at, column in enumerate(table.columns)
            if _may_hold(column, self._wanted)
        ]
        self._hits = np.zeros(table.store.count, np.bool_)
        self._seen = np.zeros(-(-table.store.count // BLOCK), np.bool_)

    def next(self, table: Table, start: int, step: int, cancelled: Check, progress: Progress) -> int | None:
        """Return the next row of ``table``, which may be sorted, from ``start`` on that holds the text."""
        if not 0 <= start < table.shown:
            return None
        if table.order is not None:
            return self._next_sorted(table, table.order, start, step, cancelled, progress)
        first, last = start // BLOCK, (table.shown - 1) // BLOCK if step > 0 else 0
        for number in range(first, last + step, step):
            if cancelled():
                return None
            progress(abs(number - first) * BLOCK, table.shown)
            self._look(number)
            low, high = number * BLOCK, min((number + 1) * BLOCK, table.shown)
            low, high = (max(low, start), high) if step > 0 else (low, min(high, start + 1))
            rows = np.flatnonzero(self._hits[low:high])
            if len(rows):
                return low + int(rows[0 if step > 0 else -1])
        return None

    def _next_sorted(
        self,
        table: Table,
        order: NDArray[np.int64],
        start: int,
        step: int,
        cancelled: Check,
        progress: Progress,
    ) -> int | None:
        """Look at everything in the order of the store, in which reading is quick, then in the table's."""
        for number in np.flatnonzero(~self._seen).tolist():
            if cancelled():
                return None
            progress(number * BLOCK, table.count)
            self._look(number)
        rows = np.flatnonzero(self._hits[order[: table.shown]])
        at = int(np.searchsorted(rows, start, side="left" if step > 0 else "right")) - (step < 0)
        return int(rows[at]) if 0 <= at < len(rows) else None

    def _look(self, number: int) -> None:
        if self._seen[number]:
            return
        rows = slice(number * BLOCK, min((number + 1) * BLOCK, self._store.count))
        for column in self._columns:
            self._hits[rows] |= column.hits(number, rows)
        self._seen[number] = True


class _ColumnMatches:
    """Which cells of one column hold a text."""

    def __init__(self, table: Table, at: int, wanted: str, figures: Figures) -> None:
        self._table = table
        self._store = table.store
        self._at = at
        self._column = table.columns[at]
        self._seconds = table.seconds
        self._fill = table.store.fills[at]
        self._figures = figures
        self._wanted = wanted
        self._missing = self._holds(self._fill)
        self._values: list[Any] = []  # of which `_known` says whether they hold the text
        self._known: Bools = np.zeros(0, np.bool_)
        self._decided: dict[Any, bool] = {}

    def _holds(self, value: Value) -> bool:
        return self._wanted in numbers.text(self._column, value, self._seconds, self._figures).lower()

    def hits(self, number: int, rows: slice) -> Bools:
        """Return which rows of a block hold the text."""
        distinct = self._table.distinct(self._at)
        if distinct is not None:
            codes, values = distinct.block(number)
            return self._of(values)[codes]
        cells = self._store.columns[self._at].cells(np.arange(rows.start, rows.stop, dtype=np.int64))
        values, codes = np.unique(cells.values, return_inverse=True)
        return np.where(cells.valid, self._decide(cells, values)[codes.reshape(-1)], self._missing)

    def _of(self, values: list[Any]) -> Bools:
        """Return which of the distinct values of texts hold the text; what was decided stays so."""
        if values is not self._values:
            self._values, self._known = values, np.array([self._missing])
        new = values[len(self._known) :]
        if new:
            texts = (numbers.text(self._column, value, self._seconds, self._figures) for value in new)
            more = np.fromiter((self._wanted in text.lower() for text in texts), np.bool_, len(new))
            self._known = np.concatenate([self._known, more])
        return self._known

    def _decide(self, cells: Cells, values: NDArray[Any]) -> Bools:
        """Return which of some numbers, or texts given by their numbers, hold the text."""
        keys = values.tolist()
        new = [at for at, key in enumerate(keys) if key not in self._decided]
        one = Cells(cells.kind, values[new], np.ones(len(new), np.bool_), cells.fmt)
        fresh = zip(new, map(self._holds, one.objects(self._store.strings)), strict=True)
        if cells.kind in TEXTUAL:  # numbers come once, texts again and again
            self._decided.update((keys[at], held) for at, held in fresh)
            return np.array([self._decided[key] for key in keys], np.bool_)
        return np.array([held for _, held in fresh], np.bool_)


def _may_hold(column: Column, wanted: str) -> bool:
    """Return whether cells of a column can hold a text at all: words are not in numbers."""
    digits = column.kind in (Kind.INT, Kind.UINT) and column.fmt != "HEX"
    return not (digits or column.field == "evt.time") or _IN_NUMBERS.issuperset(wanted)
