"""Sets of rows that fields are read for: events of the capture, or threads standing for events."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..index.tables import EV_PAIRED, NO_FD, Index

PROCTABLE_TYPE = 197  # the event type that csysdig gives to the thread table's rows (an exit)

Rows = NDArray[np.int64]


class RowSet:
    """Events of the capture, by row number or as a range; columns are cut out on first use."""

    synthetic = False

    def __init__(self, index: Index, select: Rows | slice) -> None:
        """Take the events ``select``: ascending or not, without -1."""
        self.index = index
        self.select = select
        if isinstance(select, slice):
            start, stop, _ = select.indices(len(index.events.ts))
            self.count = max(0, stop - start)
            self._start = start
        else:
            self.count = len(select)
            self._start = 0

    @classmethod
    def block(cls, index: Index, start: int, stop: int) -> RowSet:
        """Return the events from row ``start`` up to, not including, ``stop``."""
        return cls(index, slice(start, stop))

    def subset(self, places: Rows) -> RowSet:
        """Return the rows at the given places of this set."""
        return RowSet(self.index, self.rows[places])

    def _column(self, values: NDArray[Any]) -> NDArray[Any]:
        return values[self.select]

    @cached_property
    def rows(self) -> Rows:
        """Event row numbers, -1 for a synthetic row."""
        if isinstance(self.select, slice):
            return np.arange(self._start, self._start + self.count, dtype=np.int64)
        return self.select

    @cached_property
    def ts(self) -> NDArray[np.int64]:
        """Time in ns."""
        return self._column(self.index.events.ts)

    @cached_property
    def type(self) -> NDArray[Any]:
        """Event codes."""
        return self._column(self.index.events.type)

    @cached_property
    def cpu(self) -> NDArray[Any]:
        """Processor numbers."""
        return self._column(self.index.events.cpu)

    @cached_property
    def thread(self) -> NDArray[Any]:
        """Rows of `threads`, -1: none."""
        return self._column(self.index.events.thread)

    @cached_property
    def fd(self) -> NDArray[Any]:
        """Rows of `fds`, -1: none."""
        return self._column(self.index.events.fd)

    @cached_property
    def fdnum(self) -> NDArray[Any]:
        """Descriptor numbers, NO_FD: none."""
        return self._column(self.index.events.fdnum)

    @cached_property
    def mem(self) -> NDArray[Any]:
        """Rows of `mems`, -1: none."""
        return self._column(self.index.events.mem)

    @cached_property
    def res(self) -> NDArray[np.int64]:
        """Results, meaningful with EV_HAS_RES."""
        return self._column(self.index.events.res)

    @cached_property
    def latency(self) -> NDArray[np.int64]:
        """Nanoseconds since the enter event."""
        return self._column(self.index.events.latency)

    @cached_property
    def flags(self) -> NDArray[Any]:
        """EV_* bits."""
        return self._column(self.index.events.flags)


class ThreadRows(RowSet):
    """One row per life of a thread, each in the place of an event of its last state."""

    synthetic = True

    def __init__(self, index: Index, lives: Rows, ts: int) -> None:
        """Take the last state of each of ``lives``, at the time ``ts``."""
        self.index = index
        self.lives = lives
        self.select = lives
        self.count = len(lives)
        self._ts = ts

    def subset(self, places: Rows) -> RowSet:
        """Return the rows at the given places of this set."""
        return ThreadRows(self.index, self.lives[places], self._ts)

    def _fill(self, value: int) -> NDArray[np.int64]:
        return np.full(self.count, value, np.int64)

    @cached_property
    def rows(self) -> Rows:
        """No event stands behind a row."""
        return self._fill(-1)

    @cached_property
    def ts(self) -> NDArray[np.int64]:
        """The one time of all rows."""
        return self._fill(self._ts)

    @cached_property
    def type(self) -> NDArray[Any]:
        """The one type of all rows."""
        return self._fill(PROCTABLE_TYPE)

    @cached_property
    def cpu(self) -> NDArray[Any]:
        """Processor 0."""
        return self._fill(0)

    @cached_property
    def thread(self) -> NDArray[Any]:
        """Last states of the lives."""
        return self.index.lives.last_row[self.lives]

    @cached_property
    def fd(self) -> NDArray[Any]:
        """No descriptor."""
        return self._fill(-1)

    @cached_property
    def fdnum(self) -> NDArray[Any]:
        """No descriptor."""
        return self._fill(NO_FD)

    @cached_property
    def mem(self) -> NDArray[Any]:
        """Last memory states of the lives."""
        return self.index.lives.last_mem[self.lives]

    @cached_property
    def res(self) -> NDArray[np.int64]:
        """No results."""
        return self._fill(0)

    @cached_property
    def latency(self) -> NDArray[np.int64]:
        """No latencies."""
        return self._fill(0)

    @cached_property
    def flags(self) -> NDArray[Any]:
        """Paired, without a result."""
        return self._fill(EV_PAIRED)
