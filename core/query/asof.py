"""What the tables held at the moment of an event: descriptors by number, threads by id.

Inputs: the dimension tables of an index. Outputs: rows of `fds` and `threads`. The event columns
name only the thread and the one descriptor of their own event; this module finds the others that
an event mentions (a directory descriptor, the descriptors of a poll, the pid of a signal).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..index.tables import CL_FILES, CL_THREAD, EV_HAS_RES, EV_PAIRED, FD_CLOEXEC, FD_PHANTOM, Index
from ..schema.catalogue import events

_CLONES = frozenset(("clone", "clone3", "fork", "vfork"))
_MAX_GENERATIONS = 64  # forks that a descriptor is followed through


class AsOf:
    """Looks descriptors and threads up as they were when an event was delivered."""

    def __init__(self, index: Index) -> None:
        """Look into ``index``; the helper tables are built on first use."""
        self._index = index
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
        key = (event, int(self._index.threads.life[thread]), num)
        found = self._fd_memo.get(key)
        if found is None:
            if len(self._fd_memo) > 1 << 16:
                self._fd_memo.clear()
            found = self._fd_memo[key] = self._find(event, self._owner(event, thread), num)
        return found

    def _find(self, event: int, owner: int, num: int) -> int:
        owners, times, rows = self._changes
        executed = False  # a program was started since: close-on-exec descriptors are gone
        for _ in range(_MAX_GENERATIONS):
            code = (owner << 31) | num
            lo, hi = np.searchsorted(owners, [code, code + 1])
            at = lo + int(np.searchsorted(times[lo:hi], 2 * event, side="right")) - 1
            since = int(times[at]) if at >= lo else 2 * int(self._index.lives.first_event[owner])
            executed = executed or self._executed(owner, since, 2 * event)
            if at >= lo:
                row = int(rows[at])
                return -1 if row < 0 or (executed and self._index.fds.flags[row] & FD_CLOEXEC) else row
            source = int(self._source[owner])
            if source < 0 or since < 0 or since > 2 * event:
                return -1
            event = since // 2
            owner = self._owner(event, source)
        return -1

    def _owner(self, event: int, thread: int) -> int:
        """Return the life whose descriptor table a row of `threads` uses."""
        threads = self._index.threads
        if threads.flags[thread] & CL_FILES and threads.tid[thread] != threads.pid[thread]:
            main = self.thread(event, int(threads.pid[thread]))
            if main >= 0:
                return int(threads.life[main])
        return int(threads.life[thread])

    @cached_property
    def _source(self) -> NDArray[np.int64]:
        """Per life: the row of `threads` from which it got a copy of the descriptors, -1: none."""
        index = self._index
        source = np.full(len(index.lives.tid), -1, dtype=np.int64)
        lives, first = np.unique(index.threads.life, return_index=True)
        clones = np.array([e.name in _CLONES and not e.is_enter for e in events(index.modern)])
        born = index.lives.first_event[lives]
        forked = (born >= 0) & ((index.threads.flags[first] & CL_THREAD) == 0)
        if len(index.events.type):
            forked &= clones[index.events.type[np.maximum(born, 0)]]
        source[lives] = np.where(forked, index.parent[first], -1)
        return source

    @cached_property
    def _owners_of_rows(self) -> NDArray[np.int64]:
        """Per row of `threads`: the life whose descriptor table it uses, as of its own beginning."""
        threads, main = self._index.threads, self._index.main
        shared = ((threads.flags & CL_FILES) != 0) & (threads.tid != threads.pid) & (main >= 0)
        if not len(threads.life):
            return np.zeros(0, np.int64)
        return np.where(shared, threads.life[np.maximum(main, 0)], threads.life).astype(np.int64)

    @cached_property
    def _changes(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """All openings, changes and closings by (owner, number), then time.

        A time is twice the event row; a closing takes effect after its event and so has one more.
        """
        index, ev, fds = self._index, self._index.events, self._index.fds
        made = np.flatnonzero((fds.flags & FD_PHANTOM) == 0)
        first = fds.first_event[made]
        actor = np.where(first >= 0, ev.thread[np.maximum(first, 0)], -1) if len(ev.ts) else fds.opener[made]
        actor = np.where(actor >= 0, actor, fds.opener[made])
        keep = actor >= 0
        made, first, actor = made[keep], first[keep], actor[keep]

        codes = [e.id for e in events(index.modern) if "DESTROYS_FD" in e.flags and not e.is_enter]
        done = np.isin(ev.type, codes) & ((ev.flags & EV_HAS_RES) != 0) & (ev.res >= 0) & (ev.fd >= 0)
        shut = np.flatnonzero(done & (ev.thread >= 0) & (ev.fdnum >= 0))
        if not index.modern and len(shut):
            # a close that another thread overtook: the number was given out again before it returned
            born = fds.first_event[ev.fd[shut]]
            overtaken = (born >= 0) & (ev.ts[np.maximum(born, 0)] > ev.ts[shut] - ev.latency[shut])
            shut = shut[~(overtaken & ((ev.flags[shut] & EV_PAIRED) != 0))]

        owner = self._owners_of_rows[np.concatenate((actor, ev.thread[shut]))]
        num = np.concatenate((fds.num[made], ev.fdnum[shut])).astype(np.int64)
        when = np.concatenate((2 * first, 2 * shut + 1))
        row = np.concatenate((made, np.full(len(shut), -1, np.int64)))
        code = (owner << 31) | np.maximum(num, 0)
        order = np.lexsort((row, when, code))
        return code[order], when[order], row[order]

    def _executed(self, owner: int, since: int, until: int) -> bool:
        times = self._execs.get(owner) if self._index.modern else None
        return times is not None and bool(np.searchsorted(times, since) != np.searchsorted(times, until))

    @cached_property
    def _execs(self) -> dict[int, NDArray[np.int64]]:
        ev = self._index.events
        names = ("execve", "execveat")
        codes = [e.id for e in events(self._index.modern) if e.name in names and not e.is_enter]
        ok = np.isin(ev.type, codes) & ((ev.flags & EV_HAS_RES) != 0) & (ev.res >= 0) & (ev.thread >= 0)
        rows = np.flatnonzero(ok)
        owner = self._owners_of_rows[ev.thread[rows]]
        return {int(o): 2 * rows[owner == o] for o in np.unique(owner)}
