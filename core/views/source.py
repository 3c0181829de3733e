"""The rows that a view is made of, and the values of fields for them.

Rows are numbered from 0: first events of the capture, then, where a view wants them, the threads
that are alive at the end, each standing for one event of the type ``sysdigevent``, which the counts of
csysdig include. In captures of the new kind they stand for no event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import Cancelled
from ..index.tables import EV_HIDDEN, EV_STATE_ONLY, Index
from ..query.cells import Cells
from ..query.fields import FieldRef, Fields
from ..query.filter import Filter
from ..query.rows import RowSet, ThreadRows
from ..schema.catalogue import events as event_catalogue

if TYPE_CHECKING:
    from ..capture import Capture

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Cancel = Callable[[], bool] | None
Window = tuple[int, int] | None

BLOCK = 1 << 20  # rows read at a time
SECOND = 1_000_000_000
_RECORDS = ("CONTAINER", "USER_", "GROUP_", "ASYNCEVENT")  # describe the machine, nobody did them


class Source(Protocol):
    """A set of rows whose fields can be read."""

    count: int

    def subset(self, keep: Bools) -> Source:
        """Return the rows that ``keep`` marks."""
        ...

    def read(self, ref: FieldRef, at: I64 | slice) -> Cells:
        """Return one cell per given row."""
        ...

    def mask(self, filter_: Filter, at: I64 | slice) -> Bools:
        """Return which of the given rows pass a filter."""
        ...


def stop_if(cancelled: Cancel) -> None:
    """Raise Cancelled when the caller does not want the answer any more."""
    if cancelled is not None and cancelled():
        raise Cancelled


def blocks(count: int, cancelled: Cancel = None, size: int = BLOCK) -> Iterator[slice]:
    """Yield the rows 0 .. count-1 in blocks of ``size``, looking at ``cancelled`` before each."""
    for start in range(0, count, size):
        stop_if(cancelled)
        yield slice(start, min(start + size, count))


class Rows:
    """Events of a capture and, after them, lives of threads at the time ``ts``."""

    def __init__(self, fields: Fields, events: I64, lives: I64 | None = None, ts: int = 0) -> None:
        """Take event rows and rows of `lives`."""
        self.fields = fields
        self.events = events
        self.lives = np.zeros(0, np.int64) if lives is None else lives
        self.ts = ts
        self.count = len(events) + len(self.lives)
        # events without gaps are read as a range, which costs no copy
        gapless = len(events) > 0 and int(events[-1]) - int(events[0]) + 1 == len(events)
        self._first = int(events[0]) if gapless else -1

    def range_of(self, start: int, stop: int) -> I64 | slice:
        """Return the events at places ``start`` .. ``stop - 1``, as a range if they have no gaps."""
        if self._first < 0:
            return self.events[start:stop]
        return slice(self._first + start, self._first + stop)

    def keys(self, dim: str, at: slice) -> I64:
        """Return the row of a dimension that decides each row of a range of rows, -1: none."""
        start, stop, _ = at.indices(self.count)
        border = len(self.events)
        context = self.fields.context
        events = RowSet(self.fields.index, self.range_of(start, max(min(stop, border), start)))
        lives = self.lives[max(start - border, 0) : max(stop - border, 0)]
        found = context.keys(dim, events)
        if len(lives) == 0:
            return found
        return np.concatenate((found, context.keys(dim, ThreadRows(self.fields.index, lives, self.ts))))

    def one_per_thread(self) -> Rows:
        """Return one event for each state of a thread and for each unknown thread; and the lives."""
        if len(self.events) == 0:
            return self
        keys = self.keys("tid", slice(0, len(self.events)))
        first = np.full(int(keys.max()) + 2, -1, np.int64)
        first[keys[::-1]] = self.events[::-1]  # those of nobody, -1, come last
        return Rows(self.fields, np.sort(first[first >= 0]), self.lives, self.ts)

    def subset(self, keep: Bools) -> Rows:
        """Return the rows that ``keep`` marks."""
        if keep.all():
            return self
        border = len(self.events)
        return Rows(self.fields, self.events[keep[:border]], self.lives[keep[border:]], self.ts)

    def read(self, ref: FieldRef, at: I64 | slice) -> Cells:
        """Return one cell per given row."""
        if isinstance(at, slice):
            start, stop, _ = at.indices(self.count)
            if stop <= len(self.events):
                return self.fields.cells(ref, RowSet(self.fields.index, self.range_of(start, stop)))
        events, lives, back = self._split(at)
        if len(lives) == 0:
            return self.fields.read(ref, events)
        threads = self.fields.read_threads(ref, lives, self.ts)
        if self.fields.index.modern and ref.spec.group == "evt":
            threads = threads.where(np.zeros(len(lives), np.bool_))  # nothing happened: do not count it
        if len(events) == 0:
            return threads if back is None else threads.take(back)
        first = self.fields.read(ref, events)
        both = Cells(
            first.kind,
            np.concatenate((first.values, threads.values)),
            np.concatenate((first.valid, threads.valid)),
            first.fmt,
        )
        return both if back is None else both.take(back)

    def mask(self, filter_: Filter, at: I64 | slice) -> Bools:
        """Return which of the given rows pass a filter."""
        events, lives, back = self._split(at)
        both = np.concatenate((filter_.mask(events), filter_.mask_threads(lives, self.ts)))
        return both if back is None else both[back]

    def _split(self, at: I64 | slice) -> tuple[I64, I64, I64 | None]:
        """Return the events and lives of ``at``, and how to bring their cells back into its order."""
        border = len(self.events)
        if isinstance(at, slice):
            start, stop, _ = at.indices(self.count)
            lives = self.lives[max(start - border, 0) : max(stop - border, 0)]
            return self.events[start : min(stop, border)], lives, None
        here = at < border
        if here.all():
            return self.events[at], self.lives[:0], None
        order = np.argsort(~here, kind="stable")
        back = np.empty(len(at), np.int64)
        back[order] = np.arange(len(at), dtype=np.int64)
        return self.events[at[here]], self.lives[at[~here] - border], back


def shown_types(index: Index) -> Bools:
    """Return which event codes stand for something that happened, and not for a record of state."""
    return np.array(
        [not entry.sym.removeprefix("PPME_").startswith(_RECORDS) for entry in event_catalogue(index.modern)]
    )


def shown_events(index: Index, events: I64, *, hidden: bool = False) -> I64:
    """Return the given event rows without records of state; with ``hidden`` also without internal ones."""
    whole = len(events) == len(index.events.ts)  # then the columns are taken as they are
    flags = index.events.flags if whole else index.events.flags[events]
    if hidden:
        return events[(flags & EV_HIDDEN) == 0]
    types = index.events.type if whole else index.events.type[events]
    shown = shown_types(index)[types]
    shown &= (flags & EV_STATE_ONLY) == 0
    return events[shown]


def alive_at(index: Index, event: int) -> I64:
    """Return the rows of `lives` of the threads that exist just after event row ``event - 1``."""
    lives = index.lives
    return np.flatnonzero((lives.first_event < event) & (lives.end_event >= event)).astype(np.int64)


def end_of(capture: Capture, window: Window) -> tuple[int, int]:
    """Return the event row at which a window ends, and the time given to the threads alive there."""
    index = capture.index
    if window is not None:
        return int(np.searchsorted(index.events.ts, window[1], side="left")), window[1] - 1
    last = int(index.events.ts[-1]) if len(index.events.ts) else 0
    return len(index.events.ts), last - last % SECOND - 1
