"""Look-ups in the thread table that several fields need: entries by tid, relatives, group sizes.

Every row of `threads` has one parent row and one main-thread row: the index cuts them so.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..index.tables import CL_MAIN_THREAD, SPEAKER_VTID, Index

MAX_ANCESTORS = 64


class ThreadTable:
    """The rows of `threads` of one index, and how to find some from others."""

    def __init__(self, index: Index) -> None:
        """Look into ``index``; helper tables are built on first use."""
        self._index = index
        self._events = len(index.events.ts)
        self._levels: list[NDArray[np.int64]] = []

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
        ok = (at >= 0) & (self._index.lives.tid[life] == tids) & (ends > events)
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
        lives, threads = self._index.lives, self._index.threads
        listed = lives.tid != -1  # the made up threads of container records are in nobody's list
        listed[~listed] = threads.vtid[lives.last_row[~listed]] != SPEAKER_VTID
        rows = np.flatnonzero(listed)
        known, rank = np.unique(lives.tid[rows], return_inverse=True)
        codes = self._code(rank.reshape(-1), lives.first_event[rows])
        order = np.argsort(codes, kind="stable")
        return known, codes[order], rows[order]

    @cached_property
    def _states(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        threads = self._index.threads
        codes = self._code(threads.life, threads.first_event)
        order = np.argsort(codes, kind="stable")
        return codes[order], order

    @cached_property
    def first_use(self) -> NDArray[np.int64]:
        """First event row of each row of `threads`; for those without events, when the state began."""
        used = self._index.threads.first_event.astype(np.int64)
        thread = self._index.events.thread
        known = np.flatnonzero(thread >= 0)[::-1]
        used[thread[known]] = known
        return used

    # --- relatives ---------------------------------------------------------------------------------

    @cached_property
    def main(self) -> NDArray[np.int64]:
        """Row of the main thread of each row of `threads`, -1: unknown."""
        own = np.arange(len(self.is_main), dtype=np.int64)
        return np.where(self.is_main, own, self._index.main).astype(np.int64)

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """Row of the parent of each row of `threads`, -1: unknown."""
        return self._index.parent.astype(np.int64)

    def ancestor(self, level: int) -> NDArray[np.int64]:
        """Return the row of the ancestor of each row of `threads`; 0 is the main thread."""
        if not self._levels:
            self._levels.append(self.main)
        while len(self._levels) <= level:
            rows = self._levels[-1]
            known = rows >= 0
            if not known.any():
                return rows
            self._levels.append(np.where(known, self.parent[np.maximum(rows, 0)], -1))
        return self._levels[level]

    @cached_property
    def depth(self) -> int:
        """Greatest level at which something has an ancestor (circles end at ``MAX_ANCESTORS``)."""
        for level in range(1, MAX_ANCESTORS + 1):
            if not (self.ancestor(level) >= 0).any():
                return level - 1
        return MAX_ANCESTORS

    def leader(self, column: str) -> NDArray[np.int64]:
        """Return the row of the leader of the session or group in ``column``, -1: unknown.

        A leader that is gone is replaced by the highest ancestor in the same session or group.
        """
        group = getattr(self._index.threads, column)
        found = self.find(group, self.first_use)
        highest = self.main
        going = highest >= 0
        wanted = group
        if not self._index.modern:  # the session of the main thread counts
            wanted = group[np.maximum(highest, 0)]
        for level in range(1, self.depth + 1):
            rows = self.ancestor(level)
            going = going & (rows >= 0)
            going[going] = group[rows[going]] == wanted[going]
            if not going.any():
                break
            highest = np.where(going, rows, highest)
        return np.where(found >= 0, found, highest)

    # --- processes ---------------------------------------------------------------------------------

    @cached_property
    def is_main(self) -> NDArray[np.bool_]:
        """Which rows of `threads` are main threads."""
        threads = self._index.threads
        return (threads.tid == threads.pid) | ((threads.flags & CL_MAIN_THREAD) != 0)

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """Life of the main thread of each row of `threads`, -1: unknown."""
        if not len(self.main):
            return self.main
        life = self._index.threads.life[np.maximum(self.main, 0)]
        return np.where(self.main >= 0, life, -1).astype(np.int64)

    def members(self, rows: NDArray[Any], events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many threads the process of each row of `threads` has at each event row."""
        if not len(self.group):
            return np.zeros(len(rows), np.int64)
        if not self._index.modern:
            group = np.where(rows >= 0, self.group[np.maximum(rows, 0)], -1)
            return np.where(group >= 0, self.followers(group, events) + 1, 0)
        born, gone = self._comings
        groups = np.where(rows >= 0, self.group[np.maximum(rows, 0)], -1)
        alive = self._count(born, groups, events) - self._count(gone, groups, events)
        return np.where(groups >= 0, alive, 0)

    def followers(self, lives: NDArray[np.int64], events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many threads 0.29.3 counts besides each main thread at each event row."""
        counts = self._index.counts
        if not len(counts.life):
            return np.zeros(len(lives), np.int64)
        at = (
            np.searchsorted(self._code(counts.life, counts.event), self._code(lives, events), side="right")
            - 1
        )
        own = (at >= 0) & (counts.life[np.maximum(at, 0)] == lives)
        return np.where(own, counts.number[np.maximum(at, 0)], 0)

    def _count(
        self, codes: NDArray[np.int64], groups: NDArray[np.int64], events: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        upto = np.searchsorted(codes, self._code(groups, events), side="right")
        before = np.searchsorted(codes, self._code(groups, np.full_like(groups, -1)), side="left")
        return upto - before

    @cached_property
    def _comings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Births and ends of threads, as codes of (main's life, event): a thread ends with its exit."""
        lives = self._index.lives
        first = self.state(np.arange(len(lives.tid)), lives.first_event)
        safe = np.maximum(first, 0)
        ends = np.where(lives.exit_status != -1, lives.end_event - 1, lives.end_event)
        follower = np.flatnonzero((first >= 0) & (self.group[safe] >= 0))
        group = self.group[first[follower]]
        born = np.sort(self._code(group, lives.first_event[follower]))
        gone = np.sort(self._code(group, ends[follower]))
        return born, gone
