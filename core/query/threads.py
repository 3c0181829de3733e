"""Look-ups in the thread table that several fields need: entries by tid, ancestors, group sizes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..index.tables import CL_MAIN_THREAD, Index

MAX_ANCESTORS = 100


class ThreadTable:
    """The rows of `threads` of one index, and how to find some from others."""

    def __init__(self, index: Index) -> None:
        """Look into ``index``; helper tables are built on first use."""
        self._index = index
        self._events = len(index.events.ts)

    # --- by tid ------------------------------------------------------------------------------------

    def find(self, tids: NDArray[np.int64], events: NDArray[Any]) -> NDArray[np.int64]:
        """Return the row of `threads` in force for each tid at each event row, -1: no such entry."""
        known, codes, lives = self._by_tid
        if len(known) == 0 or len(tids) == 0:
            return np.full(len(tids), -1, np.int64)
        rank = np.minimum(np.searchsorted(known, tids), len(known) - 1)
        at = np.searchsorted(codes, self._code(rank, events), side="right") - 1
        life = lives[np.maximum(at, 0)]
        ends = self._index.lives.end_event[life]
        ok = (at >= 0) & (known[rank] == tids) & (self._index.lives.tid[life] == tids) & (ends > events)
        return np.where(ok, self.state(life, events), -1)

    def state(self, lives: NDArray[np.int64], events: NDArray[Any]) -> NDArray[np.int64]:
        """Return the row of `threads` in force for each life at each event row."""
        codes, rows = self._states
        if len(rows) == 0:
            return np.full(len(lives), -1, np.int64)
        at = np.searchsorted(codes, self._code(lives, events), side="right") - 1
        row = rows[np.maximum(at, 0)]
        return np.where((at >= 0) & (self._index.threads.life[row] == lives), row, -1)

    def _code(self, rank: NDArray[Any], events: NDArray[Any]) -> NDArray[np.int64]:
        return rank.astype(np.int64) * (self._events + 2) + events + 1

    @cached_property
    def _by_tid(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        lives = self._index.lives
        known, rank = np.unique(lives.tid, return_inverse=True)
        codes = self._code(rank.reshape(-1), lives.first_event)
        order = np.argsort(codes, kind="stable")
        return known, codes[order], order

    @cached_property
    def _states(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        threads = self._index.threads
        codes = self._code(threads.life, threads.first_event)
        order = np.argsort(codes, kind="stable")
        return codes[order], order

    # --- relations ---------------------------------------------------------------------------------

    @cached_property
    def is_main(self) -> NDArray[np.bool_]:
        """Which rows of `threads` are main threads."""
        threads = self._index.threads
        return (threads.tid == threads.pid) | ((threads.flags & CL_MAIN_THREAD) != 0)

    @cached_property
    def main(self) -> NDArray[np.int64]:
        """Row of the main thread of each row of `threads`, -1: unknown."""
        own = np.arange(len(self.is_main))
        return np.where(self.is_main, own, self._index.main).astype(np.int64)

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """Row of the parent of each row of `threads`, -1: unknown."""
        return self._index.parent.astype(np.int64)

    def step(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the parents of the given rows; -1 stays -1."""
        if len(self.parent) == 0:
            return rows
        return np.where(rows >= 0, self.parent[np.maximum(rows, 0)], -1)

    def ancestor(self, level: int) -> NDArray[np.int64]:
        """Return the ancestor of each row of `threads`: level 0 is its main thread."""
        rows = self.main
        for _ in range(level):
            rows = self.step(rows)
            if not np.any(rows >= 0):
                break
        return rows

    @cached_property
    def depth(self) -> int:
        """Greatest level at which some row has an ancestor (loops end at ``MAX_ANCESTORS``)."""
        rows = self.main
        for level in range(MAX_ANCESTORS):
            rows = self.step(rows)
            if not np.any(rows >= 0):
                return level
        return MAX_ANCESTORS

    # --- group sizes -------------------------------------------------------------------------------

    def children(self, rows: NDArray[Any], events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many threads beside the main one the process of each row of `threads` has.

        ``events`` are the event rows at which to count.
        """
        life_of_main, born, gone = self._groups
        main = np.where(rows >= 0, self.main[np.maximum(rows, 0)], -1)
        groups = np.where(main >= 0, life_of_main[np.maximum(main, 0)], -1)
        begun = self._count(born, groups, events)
        ended = self._count(gone, groups, events)
        return np.where(groups >= 0, begun - ended, 0)

    def _count(
        self, codes: NDArray[np.int64], groups: NDArray[np.int64], events: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        upto = np.searchsorted(codes, self._code(groups, events), side="right")
        return upto - np.searchsorted(codes, self._code(groups, np.int64(-1)), side="left")  # type: ignore[arg-type]

    @cached_property
    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Life of each row of `threads`; births and ends of other threads by (main's life, event)."""
        index = self._index
        threads, lives = index.threads, index.lives
        first = self.state(np.arange(len(lives.tid)), lives.first_event)
        known = first >= 0
        safe = np.maximum(first, 0)
        if len(threads.tid) == 0:
            empty = np.zeros(0, np.int64)
            return empty, empty, empty
        main = np.where(known & ~self.is_main[safe], self.main[safe], -1)
        follower = np.flatnonzero(main >= 0)
        group = threads.life[main[follower]]
        born = np.sort(self._code(group, lives.first_event[follower]))
        gone = np.sort(self._code(group, lives.end_event[follower]))
        return threads.life.astype(np.int64), born, gone
