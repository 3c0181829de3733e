"""HTTP and DNS exchanges: the rows of the views of requests with their answers.

An exchange is listed when one of its events passes the filter and lies in the window: those events,
on both sides of a connection, are what a drill-down into it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..query.cells import Cells
from ..query.exchange_fields import exchanges_of
from ..query.fields import FieldRef, Fields
from ..query.filter import Filter
from .source import Cancel

if TYPE_CHECKING:
    from ..protocols.transactions import Transactions

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Exchanges:
    """Some exchanges of one protocol, one row each; fields of events are those of its first event."""

    def __init__(self, fields: Fields, which: str, chosen: I64) -> None:
        """Take numbers of exchanges from 0; ``which`` is ``http`` or ``dns``."""
        self.fields = fields
        self.which = which
        self.chosen = chosen
        self.count = len(chosen)
        self.common: Transactions = exchanges_of(fields.context, which).common

    @property
    def events(self) -> I64:
        """First event row of each exchange."""
        return self.common.begin[self.chosen]

    def subset(self, keep: Bools) -> Exchanges:
        """Return the rows that ``keep`` marks."""
        return Exchanges(self.fields, self.which, self.chosen[keep])

    def read(self, ref: FieldRef, at: I64 | slice) -> Cells:
        """Return one cell per given row."""
        decided = self.fields.dimension(ref)
        if decided is not None and decided.dim == self.which:
            return decided.cells.take(self.chosen[at])
        return self.fields.read(ref, self.common.begin[self.chosen[at]])

    def mask(self, filter_: Filter, at: I64 | slice) -> Bools:
        """Return which of the given rows have an event that passes a filter."""
        return passing(self.common, filter_.mask(self.common.event))[self.chosen[at]]


def exchanges(
    fields: Fields, which: str, events: I64, filters: Sequence[Filter], cancelled: Cancel
) -> Exchanges:
    """Return the exchanges with one of the given ascending event rows that passes the ``filters``."""
    common = exchanges_of(fields.context, which, cancelled).common
    kept = np.isin(common.event, events, assume_unique=True)
    for filter_ in filters:
        kept[kept] = filter_.mask(common.event[kept])
    return Exchanges(fields, which, np.flatnonzero(passing(common, kept)))


def passing(common: Transactions, marks: Bools) -> Bools:
    """Return which exchanges have a marked event; ``marks`` has one entry per event of an exchange.

    One that begins in the middle of another's block goes with that other.
    """
    found = np.zeros(len(common), np.bool_)
    found[common.owner[marks]] = True
    return found[common.number - 1] if len(common) else found
