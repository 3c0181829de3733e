"""Relatives of threads at the moment of an event: main thread, parents, session leader.

A row of `threads` says what a thread is; its relatives come, change and go in the meantime. The
``kin`` dimension has the rows of `threads`, each cut where a relative of it changes: for every row
of it the relatives stay the same.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Index
from .rows import RowSet
from .threads import ThreadTable

MAX_ANCESTORS = 100
_MAX_CUTS = 2_000  # of one row


class Kin:
    """The ``kin`` dimension of one index."""

    def __init__(self, index: Index, table: ThreadTable) -> None:
        """Cut the rows of `threads` of ``index``."""
        self._index = index
        self._table = table
        count = len(index.threads.tid)
        self._limit = 4 * count + 1_000_000
        self.thread, self.asof = self._cut()
        self._first = np.searchsorted(self.thread, np.arange(count + 1)).astype(np.int64)
        self._codes = self._code(self.thread, self.asof)
        self._levels: list[NDArray[np.int64]] = []

    def __len__(self) -> int:
        """How many rows the dimension has."""
        return len(self.thread)

    def _code(self, thread: NDArray[np.int64], event: NDArray[np.int64]) -> NDArray[np.int64]:
        return thread * (len(self._index.events.ts) + 2) + event + 1

    def keys(self, rows: RowSet) -> NDArray[np.int64]:
        """Return the row of the dimension that holds for each row, -1: no thread."""
        thread = rows.thread.astype(np.int64)
        keys = np.where(thread >= 0, self._first[np.maximum(thread, 0)], -1)
        several = np.diff(self._first) > 1
        if several.any():
            places = np.flatnonzero((thread >= 0) & several[np.maximum(thread, 0)])
            last = len(self._index.events.ts) - 1
            event = np.full(len(places), last) if rows.synthetic else rows.rows[places]
            at = np.searchsorted(self._codes, self._code(thread[places], event), side="right") - 1
            keys[places] = np.maximum(at, self._first[thread[places]])
        return keys

    # --- relatives ----------------------------------------------------------------------------------

    @cached_property
    def main(self) -> NDArray[np.int64]:
        """Row of `threads` of the main thread, -1: unknown."""
        return self._main(self.thread, self.asof)

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """Row of `threads` of the thread's own parent, -1: unknown."""
        return self._parent(self.thread, self.asof)

    def ancestor(self, level: int) -> NDArray[np.int64]:
        """Return the row of `threads` of the ancestor; level 0 is the main thread, 1 its parent."""
        if not self._levels:
            self._levels.append(self.main)
        while len(self._levels) <= level:
            rows = self._levels[-1]
            if not (rows >= 0).any():
                return rows
            self._levels.append(self._parent(rows, self.asof))
        return self._levels[level]

    @cached_property
    def depth(self) -> int:
        """Greatest level at which something has an ancestor."""
        for level in range(1, MAX_ANCESTORS + 1):
            if not (self.ancestor(level) >= 0).any():
                return level - 1
        return MAX_ANCESTORS

    def leader(self, column: str) -> NDArray[np.int64]:
        """Return the row of the leader of the session or group in ``column``, -1: unknown.

        A leader that is gone is replaced by the highest ancestor in the same session or group.
        """
        group = getattr(self._index.threads, column)
        if not len(group):
            return self.main
        own = group[self.thread]
        found = self._table.find(own, self.asof)
        highest = self.main
        going = highest >= 0
        for level in range(1, self.depth + 1):
            rows = self.ancestor(level)
            going = going & (rows >= 0) & (group[np.maximum(rows, 0)] == own)
            if not going.any():
                break
            highest = np.where(going, rows, highest)
        return np.where(found >= 0, found, highest)

    def _main(self, thread: NDArray[np.int64], asof: NDArray[np.int64]) -> NDArray[np.int64]:
        pids = self._index.threads.pid[thread] if len(thread) else thread
        return np.where(self._table.is_main[thread], thread, self._table.find(pids, asof))

    def _parent(self, rows: NDArray[np.int64], asof: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the parents of rows of `threads`; of -1, and of its own child, -1."""
        if not len(self._index.threads.tid):
            return rows
        safe = np.maximum(rows, 0)
        ptid = self._index.threads.ptid[safe]
        found = self._table.find(ptid, asof)
        return np.where((rows >= 0) & (ptid != self._index.threads.tid[safe]), found, -1)

    # --- cutting ------------------------------------------------------------------------------------

    def _cut(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (row of `threads`, event row from which on) of every row, in that order."""
        threads = self._index.threads
        rows = np.arange(len(threads.tid), dtype=np.int64)
        since = threads.first_event.astype(np.int64)
        parts = [(rows, since)]
        total = len(rows)
        for _ in range(_MAX_CUTS):
            until = self._next_change(rows, since)
            again = until < self._table.row_ends[rows]
            rows, since = rows[again], until[again]
            total += len(rows)
            if not len(rows) or total > self._limit:
                break
            parts.append((rows, since))
        thread = np.concatenate([part[0] for part in parts])
        asof = np.concatenate([part[1] for part in parts])
        order = np.lexsort((asof, thread))
        return thread[order], asof[order]

    def _next_change(self, rows: NDArray[np.int64], asof: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first event row after ``asof`` at which a relative of each row is another."""
        threads, table = self._index.threads, self._table
        main = self._main(rows, asof)
        change = self._end(main, threads.pid[rows], asof)
        change = np.minimum(change, self._end(table.find(threads.sid[rows], asof), threads.sid[rows], asof))
        own = self._parent(rows, asof)
        change = np.minimum(change, self._end(own, threads.ptid[rows], asof))
        last = main
        for _ in range(MAX_ANCESTORS):
            known = last >= 0
            if not known.any():
                break
            ptid = threads.ptid[np.maximum(last, 0)]
            last = self._parent(last, asof)
            change = np.where(known, np.minimum(change, self._end(last, ptid, asof)), change)
        return change

    def _end(
        self, found: NDArray[np.int64], tids: NDArray[np.int64], asof: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return when a relative changes: when its state ends, or when a missing one appears."""
        ends = self._table.row_ends[np.maximum(found, 0)]
        return np.where(found >= 0, ends, self._table.next_birth(tids, asof))
