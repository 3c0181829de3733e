"""Processor time of threads, from the context switches of a capture."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Index
from ..schema.catalogue import events


class SwitchTimes:
    """Time between context switches per processor, given to the thread that is switched out."""

    def __init__(self, index: Index) -> None:
        """Look into ``index``; everything is computed on first use."""
        self._index = index

    @cached_property
    def _switches(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Event rows of all switches, ascending, and the ns since the one before on the processor."""
        columns = self._index.events
        codes = np.array([e.name == "switch" for e in events(self._index.modern)], np.bool_)
        rows = np.flatnonzero(codes[columns.type])
        cpu = columns.cpu[rows]
        order = np.argsort(cpu, kind="stable")
        ts = columns.ts[rows][order]
        spent = np.zeros(len(rows), np.int64)
        if len(rows) > 1:
            spent[1:] = np.where(cpu[order][1:] == cpu[order][:-1], ts[1:] - ts[:-1], 0)
        by_row = np.empty_like(spent)
        by_row[order] = np.maximum(spent, 0)
        return rows, by_row

    @cached_property
    def _totals(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Codes (life, event row) of all switches, ascending; sums of the ns before each; lives."""
        rows, spent = self._switches
        thread = self._index.events.thread[rows]
        known = np.flatnonzero(thread >= 0)
        life = self._index.threads.life[thread[known]].astype(np.int64)
        codes = self._code(life, rows[known])
        order = np.argsort(codes, kind="stable")
        sums = np.zeros(len(order) + 1, np.int64)
        np.cumsum(spent[known][order], out=sums[1:])
        return codes[order], sums, life[order]

    def _code(self, life: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return life * (len(self._index.events.ts) + 1) + rows

    def at(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the time that a switch at each event row ended; 0 for other events."""
        where, spent = self._switches
        if not len(where):
            return np.zeros(len(rows), np.int64)
        place = np.minimum(np.searchsorted(where, rows), len(where) - 1)
        return np.where(where[place] == rows, spent[place], 0)

    def total(self, lives: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the time each life has had up to and with each event row."""
        codes, sums, _ = self._totals
        upto = np.searchsorted(codes, self._code(lives, rows), side="right")
        before = np.searchsorted(codes, self._code(lives, np.zeros_like(rows)), side="left")
        return sums[upto] - sums[before]
