"""What the tables held at the moment of an event: descriptors by number, threads by id.

Inputs: the dimension tables of an index. Outputs: rows of `fds` and `threads`. The event columns
name only the thread and the one descriptor of their own event; this module finds the others that
an event mentions (a directory descriptor, the descriptors of a poll, the pid of a signal).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Index
from .descriptors import Descriptors, ReadParam


class AsOf:
    """Looks descriptors and threads up as they were when an event was delivered."""

    def __init__(self, index: Index, read: ReadParam | None = None) -> None:
        """Look into ``index``; ``read`` as for :class:`Descriptors`. Helper tables are built on first use."""
        self._index = index
        self.tables = Descriptors(index, read)
        self._fd_memo: dict[tuple[int, int, int], int] = {}

    # --- threads -----------------------------------------------------------------------------------

    def thread(self, event: int, tid: int) -> int:
        """Return the row of `threads` in force for ``tid`` at event row ``event``, -1: no such thread."""
        tids, firsts, rows = self._by_tid
        lo, hi = np.searchsorted(tids, [tid, tid + 1]) if tid < 2**63 - 1 else (0, 0)
        if lo == hi:
            return -1
        at = int(np.searchsorted(firsts[lo:hi], event, side="right")) - 1
        if at < 0:
            return -1
        row = int(rows[lo + at])
        return row if self._index.lives.end_event[self._index.threads.life[row]] > event else -1

    def threads(self, events: NDArray[np.int64], tids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what :meth:`thread` does, for many events and threads at once."""
        index = self._index
        known, firsts, rows = self._by_tid
        found = np.full(len(tids), -1, np.int64)
        if not len(known):
            return found
        span = len(index.events.ts) + 2
        distinct, place = self._tid_places
        keys = place * span + firsts + 1
        own = np.minimum(np.searchsorted(distinct, tids), len(distinct) - 1)
        at = np.searchsorted(keys, own * span + events + 1, side="right") - 1
        at = np.where((distinct[own] == tids) & (at >= 0), at, 0)
        row = rows[at]
        inside = (known[at] == tids) & (firsts[at] <= events)
        alive = index.lives.end_event[index.threads.life[row]] > events
        return np.where(inside & alive, row, -1)

    @cached_property
    def _tid_places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        distinct, place = np.unique(self._by_tid[0], return_inverse=True)
        return distinct, place.reshape(-1).astype(np.int64)

    @cached_property
    def _by_tid(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        threads = self._index.threads
        order = np.lexsort((np.arange(len(threads.tid)), threads.first_event, threads.tid))
        return threads.tid[order], threads.first_event[order], order

    def main(self, event: int, thread: int) -> int:
        """Return the state at ``event`` of the main thread of a row of `threads`, -1: unknown."""
        threads = self._index.threads
        if threads.tid[thread] == threads.pid[thread]:
            return thread
        return self.thread(event, int(threads.pid[thread]))

    def cwd(self, event: int, thread: int) -> bytes:
        """Return the working directory (with its final slash) of the process of a row of `threads`."""
        main = self.main(event, thread) if thread >= 0 else -1
        return self._index.strings[int(self._index.threads.cwd[main])] if main >= 0 else b""

    # --- descriptors -------------------------------------------------------------------------------

    def fd(self, event: int, thread: int, num: int) -> int:
        """Return the row of `fds` that ``num`` stood for when ``event`` was delivered, -1: none.

        ``thread`` is the row of `threads` of the event: its descriptor table counts.
        """
        if thread < 0 or num < 0 or num >= 2**31:
            return -1
        owner = int(self.tables.owner_of[thread])
        key = (event, owner, num)
        found = self._fd_memo.get(key)
        if found is None:
            if len(self._fd_memo) > 1 << 16:
                self._fd_memo.clear()
            found = self._fd_memo[key] = self.tables.find_one(owner, 2 * event, num)
        return found
