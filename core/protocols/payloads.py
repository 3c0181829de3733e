"""The payloads of sockets: which events carry some, how they begin, and their bytes.

Inputs: the index and the raw events. Outputs: event rows, a guess per row from its first bytes, bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import Cancelled
from ..format.records import RecordStore
from ..index.tables import EV_HAS_RES, EV_HIDDEN, Index
from ..kernel import kernel
from ..schema.catalogue import events
from ..schema.directions import directions
from ..schema.params import locate_one, split, wanted_by_name
from .http import METHODS

I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
Cancel = Callable[[], bool] | None

# how a payload begins
NOTHING, REQUEST, ANSWER, TOO_SHORT, DNS = 0, 1, 2, 3, 4

MOST_KEPT = 1 << 14  # bytes of one payload that are looked at
_PORTION = 1 << 25  # bytes of blocks read at once
_SOCKETS = (3, 4, 5, 6, 8)  # fd type codes: IPv4, IPv6, their server sockets, unix
_TOKENS = (*(method + b" " for method in METHODS), b"HTTP/1.")
_WIDTH = max(len(token) for token in _TOKENS)


def _token_table() -> tuple[U8, I64]:
    table = np.zeros((len(_TOKENS), _WIDTH), np.uint8)
    for at, token in enumerate(_TOKENS):
        table[at, : len(token)] = np.frombuffer(token, np.uint8)
    return table, np.array([len(token) for token in _TOKENS], np.int64)


@kernel
def _sniff(data: U8, starts: I64, lengths: I64, tokens: U8, sizes: I64, out: U8) -> int:
    """Put into ``out`` how each span of ``data`` begins; returns how many begin like a message."""
    found = 0
    for i in range(len(starts)):
        out[i] = 0
        at = starts[i]
        size = lengths[i]
        if at < 0 or size <= 0 or at + size > len(data):
            continue
        for t in range(len(sizes)):
            most = min(size, sizes[t])
            same = True
            for k in range(most):
                if data[at + k] != tokens[t, k]:
                    same = False
                    break
            if same:
                out[i] = 3 if size < sizes[t] else (2 if t == len(sizes) - 1 else 1)
                break
        if out[i] == 0 and size >= 17:
            flags = (np.int64(data[at + 2]) << 8) | np.int64(data[at + 3])
            questions = (np.int64(data[at + 4]) << 8) | np.int64(data[at + 5])
            if questions == 1 and ((flags >> 11) & 15) == 0 and (flags & 0x40) == 0 and data[at + 12] < 64:
                out[i] = 4
        if out[i] != 0:
            found += 1
    return found


def could_begin(data: bytes) -> bool:
    """Return whether more bytes could make ``data`` the start of an HTTP message."""
    return any(token.startswith(data) or data.startswith(token) for token in _TOKENS)


class Payloads:
    """Reads of and writes to sockets that moved something, with what the capture kept of them."""

    def __init__(self, index: Index, records: RecordStore) -> None:
        """Look at the events of ``index``; ``records`` holds their blocks."""
        self._index = index
        self._records = records
        self._places = wanted_by_name("data", index.modern)
        ev, fds = index.events, index.fds
        way = directions(index.modern)[ev.type]
        moved = (way > 0) & ((ev.flags & (EV_HAS_RES | EV_HIDDEN)) == EV_HAS_RES)
        moved &= (ev.res > 0) & (ev.thread >= 0) & (ev.fd >= 0)
        rows = np.flatnonzero(moved)
        if len(rows):
            rows = rows[np.isin(fds.kind[ev.fd[rows]], _SOCKETS)]
        self.rows: I64 = rows.astype(np.int64)
        self.way: NDArray[np.int8] = way[self.rows]  # READ or WRITE, one per row

    def beginnings(self, cancelled: Cancel = None, places: I64 | None = None) -> U8:
        """Return how the payload of each of ``rows`` begins, or of those at ``places``. Raises Cancelled."""
        rows = self.rows if places is None else self.rows[places]
        found = np.zeros(len(rows), np.uint8)
        tokens, sizes = _token_table()
        for part, buffer, start, length in self._portions(rows, cancelled):
            out = np.zeros(part.stop - part.start, np.uint8)
            _sniff(buffer, start, length, tokens, sizes, out)
            found[part] = out
        return found

    def data(self, rows: I64, cancelled: Cancel = None) -> Iterator[bytes]:
        """Yield the start of the payload of each event row, at most ``MOST_KEPT`` bytes. Raises Cancelled."""
        for _, buffer, start, length in self._portions(rows, cancelled):
            view = memoryview(buffer)  # pyright: ignore[reportArgumentType]  (arrays are buffers)
            kept = np.minimum(length, MOST_KEPT)
            for at, size in zip(start.tolist(), kept.tolist(), strict=True):
                yield bytes(view[at : at + size]) if at >= 0 else b""

    def one(self, row: int) -> bytes:
        """Return the start of the payload of one event row, at most ``MOST_KEPT`` bytes."""
        info = events(self._index.modern)[int(self._index.events.type[row])]
        place = int(self._places[info.id])
        params = split(self._records.record(row), info)
        return params[place][:MOST_KEPT] if 0 <= place < len(params) else b""

    def _portions(self, rows: I64, cancelled: Cancel) -> Iterator[tuple[slice, U8, I64, I64]]:
        """Yield (which rows, buffer, start and length of each payload in it), about 32 MiB at a time."""
        sums = np.cumsum(self._index.events.length[rows].astype(np.int64))
        begin = 0
        while begin < len(rows):
            if cancelled is not None and cancelled():
                raise Cancelled
            before = int(sums[begin - 1]) if begin else 0
            end = max(int(np.searchsorted(sums, before + _PORTION, side="right")), begin + 1)
            buffer, blocks = self._records.gather(rows[begin:end])
            start, length = locate_one(buffer, blocks, self._places, self._index.modern)
            yield slice(begin, end), buffer, start, length
            begin = end
