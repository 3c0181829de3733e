"""The raw blocks of events, by event row: all that stays outside the index.

Inputs: the place of each block in the stream, and the file or the block store. Outputs: blocks as
the capture holds them, header and trailer included.
"""

from __future__ import annotations

import os
from itertools import pairwise
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..kernel import kernel
from .store import BlockStore

GAP = 1 << 16  # blocks nearer to each other than this are read at once
RUN = 1 << 22  # about as much is read at once


@kernel
def _place(
    run: NDArray[np.uint8],
    origin: int,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    out: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> int:
    """Copy block i, at ``starts[i] - origin`` of ``run``, to ``places[i]`` of ``out``.

    Returns the number of blocks copied: all of them, or up to the first that does not fit.
    """
    for i in range(len(starts)):
        at = starts[i] - origin
        size = lengths[i]
        to = places[i]
        if at < 0 or size < 0 or to < 0 or at + size > len(run) or to + size > len(out):
            return i
        for k in range(size):
            out[to + k] = run[at + k]
    return len(starts)


class RecordStore:
    """Reads event blocks; safe to use from several threads."""

    def __init__(
        self,
        path: str | PathLike[str],
        compressed: bool,
        offsets: NDArray[np.int64],
        lengths: NDArray[np.uint32],
        blocks: BlockStore | None,
    ) -> None:
        """Open ``path`` for reading, or take ``blocks`` when the stream is not the file itself.

        ``offsets`` and ``lengths`` hold place and size of each event's block in the decompressed
        stream. Raises :class:`CaptureError` when the file cannot be opened.
        """
        self._path = os.fspath(path)
        self._offsets = offsets
        self._lengths = lengths
        self._blocks = blocks
        self._fd = -1
        if blocks is None:
            if compressed:
                raise ValueError("a compressed capture needs its block store")
            try:
                self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                reason = f"the file cannot be opened again: {(error.strerror or '').lower()}"
                raise CaptureError(self._path, reason) from None

    def __len__(self) -> int:
        """How many event rows there are."""
        return len(self._offsets)

    def record(self, row: int) -> bytes:
        """Return the whole block of event ``row``, type and length included.

        Raises :class:`CaptureError` when the file no longer holds it, IndexError for no such row.
        """
        start, length = int(self._offsets[row]), int(self._lengths[row])
        blocks = self._blocks
        data = self._pread(length, start) if blocks is None else blocks.read(start, length)
        if len(data) != length:
            raise self._short(start)
        return data

    def gather(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the blocks of event ``rows``, in that order, one after the other.

        The result is (bytes, starts): block i is ``bytes[starts[i]:starts[i + 1]]``. Rows may come
        in any order and more than once; ascending ones are read fastest. Raises as :meth:`record`.
        """
        rows = np.asarray(rows, dtype=np.int64)
        lengths = self._lengths[rows].astype(np.int64)
        sources = self._offsets[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        out = np.empty(int(starts[-1]), dtype=np.uint8)
        places = starts[:-1]
        if len(rows) > 1 and bool(np.any(sources[1:] < sources[:-1])):
            order = np.argsort(sources, kind="stable")
            sources, lengths, places = sources[order], lengths[order], places[order]
        run = np.empty(0, dtype=np.uint8)
        for first, last in _runs(sources, lengths):
            origin = int(sources[first])
            span = int(sources[last - 1] + lengths[last - 1]) - origin
            if span > len(run):
                run = np.empty(max(span, min(RUN, len(out))), dtype=np.uint8)
            piece = run[:span]
            self._read_into(piece, origin)
            done = _place(piece, origin, sources[first:last], lengths[first:last], out, places[first:last])
            if done != last - first:
                raise self._short(int(sources[first + done]))
        return out, starts

    def close(self) -> None:
        """Let go of the file and the block store."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._blocks is not None:
            self._blocks.close()

    def _read_into(self, out: NDArray[np.uint8], start: int) -> None:
        if self._blocks is not None:
            done = self._blocks.read_into(out, start)
        else:
            done = 0
            view = memoryview(out)  # pyright: ignore[reportArgumentType]  (arrays are buffers)
            while done < len(out):
                try:
                    got = os.preadv(self._fd, [view[done:]], start + done)
                except OSError as error:
                    raise self._failed(error, start + done) from None
                if got == 0:
                    break
                done += got
        if done != len(out):
            raise self._short(start + done)

    def _pread(self, length: int, start: int) -> bytes:
        try:
            return os.pread(self._fd, length, start)
        except OSError as error:
            raise self._failed(error, start) from None

    def _failed(self, error: OSError, offset: int) -> CaptureError:
        return CaptureError(self._path, f"reading failed: {(error.strerror or str(error)).lower()}", offset)

    def _short(self, offset: int) -> CaptureError:
        reason = "the file became shorter while it was open; what was read before stays usable"
        return CaptureError(self._path, reason, offset)


def _runs(sources: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Cut ascending places into runs to be read at once: few gaps, of about ``RUN`` bytes."""
    count = len(sources)
    if count == 0:
        return []
    ends = sources + lengths
    breaks = np.flatnonzero(sources[1:] - ends[:-1] > GAP) + 1
    cuts: list[int] = [0, *breaks.tolist(), count]
    runs: list[tuple[int, int]] = []
    for begin, stop in pairwise(cuts):
        first = begin
        while first < stop:
            last = int(np.searchsorted(ends[first:stop], sources[first] + RUN, side="right")) + first
            last = min(max(last, first + 1), stop)
            runs.append((first, last))
            first = last
    return runs
