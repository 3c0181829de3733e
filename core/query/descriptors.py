"""The descriptor tables of all processes at any moment: which row of `fds` a number stood for.

Inputs: the dimension tables of an index. Outputs: rows of `fds`, numbers of open descriptors.

A table is known by its *owner*, the life whose table a thread uses. Times are twice the event row;
what is removed stays visible at its own event and so goes half a step later. What a table does not
say itself was copied from another one at the owner's birth: a look-up follows it there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..index.tables import (
    CL_FILES,
    CL_THREAD,
    EV_FD_GUESSED,
    EV_HAS_RES,
    EV_PAIRED,
    FD_CLOEXEC,
    FD_MOMENT,
    FD_PHANTOM,
    Index,
)
from ..schema.catalogue import events
from .cells import Bools, Cells
from .opencounts import KINDS, Steps, run

I64 = NDArray[np.int64]
ReadParam = Callable[[str, I64], Cells]  # name of a parameter, event rows -> one cell per row

_CLONES = frozenset(("clone", "clone3", "fork", "vfork"))
_EXECS = frozenset(("execve", "execveat"))
_MAX_GENERATIONS = 64  # forks that a descriptor is followed through
_NUMBERS = 31  # bits of a descriptor number
_KEEP_OPEN = 4  # flag of close_range: only mark for closing on exec


class Changes(NamedTuple):
    """Openings, changes and closings, ascending by (code, time); one per code and time."""

    code: I64  # owner and number
    when: I64
    row: I64  # row of `fds` from then on, -1: closed
    cloexec: Bools


class OpenCounts(NamedTuple):
    """What tables hold, a row per change; ascending by owner and time."""

    key: I64  # owner and time
    owner: I64
    total: I64
    kinds: I64  # bit per type code of which a descriptor is open


class Descriptors:
    """Descriptor tables as of any event; everything is built on first use."""

    def __init__(self, index: Index, read: ReadParam | None = None) -> None:
        """Look into ``index``; without ``read`` ranges that a call closed are not known."""
        self._index = index
        self._read = read
        self._span = 2 * len(index.events.ts) + 8  # more than there are times

    # --- owners ------------------------------------------------------------------------------------

    @cached_property
    def owner_of(self) -> I64:
        """Per row of `threads`: the life whose table it uses."""
        threads, main = self._index.threads, self._index.main
        if not len(threads.life):
            return np.zeros(0, np.int64)
        shared = ((threads.flags & CL_FILES) != 0) & (threads.tid != threads.pid) & (main >= 0)
        return np.where(shared, threads.life[np.maximum(main, 0)], threads.life).astype(np.int64)

    @cached_property
    def source(self) -> I64:
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

    # --- changes -----------------------------------------------------------------------------------

    @cached_property
    def changes(self) -> Changes:
        """All changes of all tables."""
        ev, fds = self._index.events, self._index.fds
        made = np.flatnonzero((fds.flags & (FD_PHANTOM | FD_MOMENT)) == 0)
        first = fds.first_event[made]
        actor = np.where(first >= 0, ev.thread[np.maximum(first, 0)], -1) if len(ev.ts) else fds.opener[made]
        actor = np.where(actor >= 0, actor, fds.opener[made])
        keep = (actor >= 0) & (fds.num[made] >= 0)
        made, first, actor = made[keep], first[keep], actor[keep]
        shut = self._closings()
        owner = self.owner_of[np.concatenate((actor, ev.thread[shut]))]
        code = (owner << _NUMBERS) | np.concatenate((fds.num[made], ev.fdnum[shut])).astype(np.int64)
        when = np.concatenate((2 * first, 2 * shut + 1))
        row = np.concatenate((made, np.full(len(shut), -1, np.int64)))
        ranges = self._ranges(code)
        return self._sorted(
            np.concatenate((code, ranges[0])),
            np.concatenate((when, ranges[1])),
            np.concatenate((row, np.full(len(ranges[0]), -1, np.int64))),
        )

    def _sorted(self, code: I64, when: I64, row: I64) -> Changes:
        order = np.lexsort((row, when, code))
        code, when, row = code[order], when[order], row[order]
        last = np.ones(len(code), np.bool_)
        last[:-1] = (code[1:] != code[:-1]) | (when[1:] != when[:-1])
        code, when, row = code[last], when[last], row[last]
        flags = self._index.fds.flags
        marked = flags[np.maximum(row, 0)] & FD_CLOEXEC if len(flags) else np.zeros(len(row), np.int64)
        return Changes(code, when, row, (row >= 0) & (marked != 0))

    def _closings(self) -> I64:
        """Return the event rows of all calls that closed a descriptor."""
        index, ev, fds = self._index, self._index.events, self._index.fds
        codes = [e.id for e in events(index.modern) if "DESTROYS_FD" in e.flags and not e.is_enter]
        done = np.isin(ev.type, codes) & ((ev.flags & EV_HAS_RES) != 0) & (ev.res >= 0) & (ev.fd >= 0)
        done &= (ev.flags & EV_FD_GUESSED) == 0
        shut = np.flatnonzero(done & (ev.thread >= 0) & (ev.fdnum >= 0))
        if not index.modern and len(shut):
            # a close that another thread overtook: the number was given out again before it returned
            born = fds.first_event[ev.fd[shut]]
            overtaken = (born >= 0) & (ev.ts[np.maximum(born, 0)] > ev.ts[shut] - ev.latency[shut])
            shut = shut[~(overtaken & ((ev.flags[shut] & EV_PAIRED) != 0))]
        return shut

    def _ranges(self, code: I64) -> tuple[I64, I64]:
        """Return codes and times of the numbers that calls of close_range closed.

        Every number that the process or one of its ancestors ever used counts: to close what is not
        open changes nothing.
        """
        nothing = np.zeros(0, np.int64), np.zeros(0, np.int64)
        calls = self._calls("close_range")
        if self._read is None or not self._index.modern or not len(calls):
            return nothing
        read = [self._read(name, calls) for name in ("first", "last", "flags")]
        first, last, flags = (np.where(cells.valid, cells.values, 0) for cells in read)
        closing = (flags & _KEEP_OPEN) == 0
        owners = self.owner_of[self._index.events.thread[calls]]
        used = np.unique(code)
        found: list[I64] = []
        times: list[I64] = []
        known: dict[int, I64] = {}
        for at in np.flatnonzero(closing).tolist():
            owner = int(owners[at])
            if owner not in known:
                known[owner] = self._numbers(owner, used)
            low = int(first[at])
            high = int(last[at]) if last[at] >= 0 else 1 << _NUMBERS
            numbers = known[owner][(known[owner] >= low) & (known[owner] <= high)]
            found.append((owner << _NUMBERS) | numbers)
            times.append(np.full(len(numbers), 2 * int(calls[at]), np.int64))
        return (np.concatenate(found), np.concatenate(times)) if found else nothing

    def _numbers(self, owner: int, used: I64) -> I64:
        """Return the numbers that ``owner`` or those it descends from ever used."""
        parts: list[I64] = []
        for _ in range(_MAX_GENERATIONS):
            low, high = np.searchsorted(used, [owner << _NUMBERS, (owner + 1) << _NUMBERS])
            parts.append(used[low:high] & ((1 << _NUMBERS) - 1))
            source = int(self.source[owner])
            if source < 0:
                break
            owner = int(self.owner_of[source])
        return np.unique(np.concatenate(parts))

    def _calls(self, *names: str) -> I64:
        """Return the rows of the successful exits of the system calls ``names``."""
        ev = self._index.events
        codes = [e.id for e in events(self._index.modern) if e.name in names and not e.is_enter]
        done = np.isin(ev.type, codes) & ((ev.flags & EV_HAS_RES) != 0) & (ev.res >= 0)
        return np.flatnonzero(done & (ev.thread >= 0))

    # --- programs that start -----------------------------------------------------------------------

    @cached_property
    def execs(self) -> tuple[I64, I64]:
        """Owners and times at which descriptors marked for it were closed, as ascending keys; owners."""
        if not self._index.modern:  # 0.29.3 keeps them open
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        rows = self._calls(*_EXECS)
        owner = self.owner_of[self._index.events.thread[rows]]
        keys = self._key(owner, 2 * rows)
        order = np.argsort(keys, kind="stable")
        return keys[order], owner[order]

    def _key(self, owner: I64, when: I64) -> I64:
        return owner * self._span + when + 4

    def _executed(self, owner: I64, since: I64, until: I64) -> Bools:
        """Return whether each owner started a program after ``since``, not later than ``until``."""
        keys, _ = self.execs
        if not len(keys):
            return np.zeros(len(owner), np.bool_)
        before = np.searchsorted(keys, self._key(owner, since), side="right")
        return np.searchsorted(keys, self._key(owner, until), side="right") > before

    # --- look-ups ----------------------------------------------------------------------------------

    @cached_property
    def _chains(self) -> tuple[I64, I64]:
        """Distinct codes of the changes, and the changes as keys of (place of the code, time)."""
        codes, place = np.unique(self.changes.code, return_inverse=True)
        return codes, self._key(place.reshape(-1).astype(np.int64), self.changes.when)

    def find(self, owner: I64, when: I64, num: I64) -> I64:
        """Return the row of `fds` of each number in the table of each owner at each time, -1: none."""
        found = np.full(len(owner), -1, np.int64)
        changes, births = self.changes, self._index.lives.first_event
        if not len(changes.code):
            return found
        codes, keys = self._chains
        todo = np.flatnonzero((owner >= 0) & (num >= 0) & (num < 1 << _NUMBERS))
        owner, when, num = owner[todo], when[todo], num[todo]
        executed = np.zeros(len(todo), np.bool_)
        for _ in range(_MAX_GENERATIONS):
            if not len(todo):
                break
            code = (owner << _NUMBERS) | num
            place = np.minimum(np.searchsorted(codes, code), len(codes) - 1)
            at = np.searchsorted(keys, self._key(place, when), side="right") - 1
            hit = (codes[place] == code) & (at >= 0) & (changes.code[np.maximum(at, 0)] == code)
            at = np.maximum(at, 0)
            birth = births[owner]
            executed |= self._executed(owner, np.where(hit, changes.when[at], 2 * birth), when)
            gone = executed & changes.cloexec[at]
            found[todo[hit]] = np.where(gone, -1, changes.row[at])[hit]
            source = self.source[owner]
            more = np.flatnonzero(~hit & (source >= 0) & (birth >= 0) & (2 * birth <= when))
            todo, num, executed = todo[more], num[more], executed[more]
            owner, when = self.owner_of[source[more]], 2 * birth[more]
        return found

    def find_one(self, owner: int, when: int, num: int) -> int:
        """Return what :meth:`find` does, for one number."""
        code, times, rows, marked = self.changes
        keys, _ = self.execs
        executed = False
        for _ in range(_MAX_GENERATIONS):
            wanted = (owner << _NUMBERS) | num
            lo, hi = np.searchsorted(code, [wanted, wanted + 1])
            at = lo + int(np.searchsorted(times[lo:hi], when, side="right")) - 1
            birth = 2 * int(self._index.lives.first_event[owner])
            since = int(times[at]) if at >= lo else birth
            if len(keys) and not executed:
                base = owner * self._span + 4
                before, upto = np.searchsorted(keys, [base + since, base + when], side="right")
                executed = bool(upto > before)
            if at >= lo:
                return -1 if executed and marked[at] else int(rows[at])
            source = int(self.source[owner])
            if source < 0 or birth < 0 or birth > when:
                return -1
            owner, when = int(self.owner_of[source]), birth
        return -1

    # --- how many are open -------------------------------------------------------------------------

    @cached_property
    def _counts(self) -> OpenCounts:
        changes, index = self.changes, self._index
        owner, num = changes.code >> _NUMBERS, changes.code & ((1 << _NUMBERS) - 1)
        before = self.find(owner, changes.when - 1, num)
        exec_keys, exec_owner = self.execs
        born = np.flatnonzero((self.source >= 0) & (index.lives.first_event >= 0))
        steps = Steps(
            owner=np.concatenate((owner, exec_owner, born)),
            when=np.concatenate(
                (
                    changes.when,
                    exec_keys - self._key(exec_owner, np.zeros(len(exec_owner), np.int64)),
                    2 * index.lives.first_event[born],
                )
            ),
            source=np.concatenate(
                (
                    np.full(len(owner), -1, np.int64),
                    np.full(len(exec_owner), -2, np.int64),
                    self.owner_of[self.source[born]],
                )
            ),
            before=self._classes(before, len(exec_owner) + len(born)),
            after=self._classes(changes.row, len(exec_owner) + len(born)),
        )
        done = run(steps, len(index.lives.tid))
        keys = self._key(done.owner, done.when)
        order = np.argsort(keys, kind="stable")
        return OpenCounts(keys[order], done.owner[order], done.total[order], done.kinds[order])

    def _classes(self, rows: I64, more: int) -> I64:
        """Return the type code of descriptors, plus ``KINDS`` if closed on exec; -1: none. ``more``: -1."""
        fds = self._index.fds
        if len(fds.kind):
            safe = np.maximum(rows, 0)
            marked = ((fds.flags[safe] & FD_CLOEXEC) != 0).astype(np.int64)
            codes = np.where(rows >= 0, np.minimum(fds.kind[safe], KINDS - 1) + KINDS * marked, -1)
        else:
            codes = np.full(len(rows), -1, np.int64)
        return np.concatenate((codes, np.full(more, -1, np.int64))).astype(np.int64)

    def opened(self, owner: I64, when: I64) -> tuple[I64, I64]:
        """Return how many descriptors each owner has open at each time, and of which types (bits)."""
        counts = self._counts
        if not len(counts.key):
            return np.zeros(len(owner), np.int64), np.zeros(len(owner), np.int64)
        at = np.searchsorted(counts.key, self._key(owner, when), side="right") - 1
        own = (at >= 0) & (owner >= 0) & (counts.owner[np.maximum(at, 0)] == owner)
        at = np.maximum(at, 0)
        return np.where(own, counts.total[at], 0), np.where(own, counts.kinds[at], 0)
