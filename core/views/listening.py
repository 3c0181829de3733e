"""Server sockets: the rows of the view of listening ports, read from the descriptor table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..index.tables import FD_PHANTOM, Index
from ..query.cells import Cells, na
from ..query.fields import FieldRef, Fields
from ..query.filter import Filter
from ..schema.catalogue import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Sockets:
    """Descriptors that wait for connections, one row each, with the thread that holds them."""

    def __init__(self, fields: Fields, descriptors: I64) -> None:
        """Take rows of `fds`."""
        self.fields = fields
        self.descriptors = descriptors
        self.threads = fields.index.fds.opener[descriptors].astype(np.int64)
        self.count = len(descriptors)

    def subset(self, keep: Bools) -> Sockets:
        """Return the rows that ``keep`` marks."""
        return Sockets(self.fields, self.descriptors[keep])

    def read(self, ref: FieldRef, at: I64 | slice) -> Cells:
        """Return one cell per given row; only fields of descriptors and of threads have values."""
        decided = self.fields.dimension(ref)
        if decided is not None and decided.dim == "fd":
            return decided.cells.take(self.descriptors[at])
        if decided is not None and decided.dim == "thread":
            return decided.cells.take(self.threads[at])
        return na(self.fields.kind(ref), len(self.descriptors[at]))

    def mask(self, filter_: Filter, at: I64 | slice) -> Bools:
        """Return which of the given rows have a thread that passes the filter."""
        return _passing(self.fields.index, self.threads[at], filter_)


def listening(fields: Fields, filters: Sequence[Filter], last: int) -> Sockets:
    """Return the server sockets that existed before event row ``last``, each once.

    A filter must hold for the thread that owns the socket.
    """
    index = fields.index
    fds = index.fds
    codes = [int(code) for code, name in tables()["fd_types"].items() if name.endswith("_SERVSOCK")]
    found = np.flatnonzero(
        np.isin(fds.kind, codes) & ((fds.flags & FD_PHANTOM) == 0) & (fds.first_event < last)
    )
    threads = fds.opener[found].astype(np.int64)
    pids = np.where(
        threads >= 0, index.threads.pid[np.maximum(threads, 0)] if len(index.threads.pid) else -1, -1
    )
    same = np.column_stack((fds.kind[found], fds.sport[found], fds.l4proto[found], fds.sip[found], pids))
    _, first = np.unique(same, axis=0, return_index=True)
    found, threads = found[np.sort(first)], threads[np.sort(first)]
    for filter_ in filters:
        keep = _passing(index, threads, filter_)
        found, threads = found[keep], threads[keep]
    return Sockets(fields, found.astype(np.int64))


def _passing(index: Index, threads: I64, filter_: Filter) -> Bools:
    """Return which threads' lives pass a filter; an unknown thread does not."""
    passed = np.zeros(len(threads), np.bool_)
    known = np.flatnonzero(threads >= 0)
    last = int(index.events.ts[-1]) if len(index.events.ts) else 0
    passed[known] = filter_.mask_threads(index.threads.life[threads[known]].astype(np.int64), last)
    return passed
