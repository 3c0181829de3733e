"""Look-ups in the thread table that several fields need: entries by tid, states, group sizes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..index.tables import CL_MAIN_THREAD, Index

_NEVER = np.iinfo(np.int64).max


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
        ok = (at >= 0) & (self._index.lives.tid[life] == tids) & (ends > events)
        return np.where(ok, self.state(life, events), -1)

    def next_birth(self, tids: NDArray[np.int64], events: NDArray[Any]) -> NDArray[np.int64]:
        """Return the next event row after each given one at which an entry for the tid appears."""
        known, codes, lives = self._by_tid
        if len(known) == 0 or len(tids) == 0:
            return np.full(len(tids), _NEVER, np.int64)
        rank = np.minimum(np.searchsorted(known, tids), len(known) - 1)
        at = np.searchsorted(codes, self._code(rank, events), side="right")
        life = lives[np.minimum(at, len(lives) - 1)]
        ok = (at < len(lives)) & (self._index.lives.tid[life] == tids)
        return np.where(ok, self._index.lives.first_event[life], _NEVER)

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

    @cached_property
    def row_ends(self) -> NDArray[np.int64]:
        """Event row from which each row of `threads` no longer holds."""
        threads = self._index.threads
        _, order = self._states
        ends = np.zeros(len(order), np.int64)
        if not len(order):
            return ends
        life = threads.life[order]
        after = np.append(threads.first_event[order][1:], 0)
        same = np.append(life[1:] == life[:-1], False)
        ends[order] = np.where(same, after, self._index.lives.end_event[life])
        return ends

    # --- processes ---------------------------------------------------------------------------------

    @cached_property
    def is_main(self) -> NDArray[np.bool_]:
        """Which rows of `threads` are main threads."""
        threads = self._index.threads
        return (threads.tid == threads.pid) | ((threads.flags & CL_MAIN_THREAD) != 0)

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """Life of the main thread of each row of `threads`, -1: unknown."""
        threads = self._index.threads
        own = np.arange(len(threads.tid), dtype=np.int64)
        main = np.where(self.is_main, own, self.find(threads.pid, threads.first_event))
        if not len(own):
            return own
        return np.where(main >= 0, threads.life[np.maximum(main, 0)], -1).astype(np.int64)

    def children(self, rows: NDArray[Any], events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many threads beside the main one the process of each row of `threads` has.

        ``events`` are the event rows at which to count.
        """
        if not len(self.group):
            return np.zeros(len(rows), np.int64)
        born, gone = self._comings
        groups = np.where(rows >= 0, self.group[np.maximum(rows, 0)], -1)
        alive = self._count(born, groups, events) - self._count(gone, groups, events)
        return np.where(groups >= 0, alive, 0)

    def _count(
        self, codes: NDArray[np.int64], groups: NDArray[np.int64], events: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        upto = np.searchsorted(codes, self._code(groups, events), side="right")
        before = np.searchsorted(codes, self._code(groups, np.full_like(groups, -1)), side="left")
        return upto - before

    @cached_property
    def _comings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Births and ends of threads that are not main ones, as codes of (main's life, event)."""
        lives = self._index.lives
        first = self.state(np.arange(len(lives.tid)), lives.first_event)
        safe = np.maximum(first, 0)
        follower = np.flatnonzero((first >= 0) & ~self.is_main[safe] & (self.group[safe] >= 0))
        group = self.group[first[follower]]
        born = np.sort(self._code(group, lives.first_event[follower]))
        gone = np.sort(self._code(group, lives.end_event[follower]))
        return born, gone
