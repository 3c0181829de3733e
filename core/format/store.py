"""The decompressed stream of a capture, kept for random access in compressed blocks.

Inputs: the stream in order, during the pass. Outputs: any range of it. The blocks lie in a nameless
file in the user's cache folder, which is gone with the process; without such a folder, or when the
disk is full, they stay in memory.
"""

from __future__ import annotations

import os
import tempfile
from collections import OrderedDict
from threading import Lock
from typing import IO

import lz4.block  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
from numpy.typing import NDArray

from ..errors import ScaptuiError
from ..kernel import cache_home

BLOCK = 1 << 18  # bytes of the stream in one block
CACHE_BYTES = 1 << 24  # decompressed blocks kept


class BlockStoreWriter:
    """Takes the stream in order and compresses it block by block."""

    def __init__(self) -> None:
        """Begin an empty store."""
        self._file: IO[bytes] | None = _nameless_file()
        self._writing = self._file is not None
        self._ends: list[int] = [0]  # in the file, of the blocks written to it
        self._kept: list[bytes] = []  # the blocks after those, in memory
        self._pending = bytearray()
        self._size = 0

    def append(self, data: bytes | bytearray | memoryview | NDArray[np.uint8]) -> None:
        """Take the next bytes of the stream, however many."""
        view = memoryview(data).cast("B")  # pyright: ignore[reportArgumentType]  (arrays are buffers)
        self._size += len(view)
        at = 0
        if self._pending:
            at = min(BLOCK - len(self._pending), len(view))
            self._pending += view[:at]
            if len(self._pending) < BLOCK:
                return
            self._add(self._pending)
            self._pending.clear()
        while len(view) - at >= BLOCK:
            self._add(view[at : at + BLOCK])
            at += BLOCK
        self._pending += view[at:]

    def finish(self) -> BlockStore:
        """Return the store; the writer must not be used again."""
        if self._pending:
            self._add(self._pending)
        if self._file is not None and self._writing:
            try:
                self._file.flush()
            except OSError as error:
                raise ScaptuiError(f"The cache folder cannot be written: {error.strerror}.") from None
        return BlockStore(self._file, np.array(self._ends, dtype=np.int64), self._kept, self._size)

    def discard(self) -> None:
        """Throw away what was stored, when there will be no :meth:`finish`."""
        if self._file is not None:
            self._file.close()

    def _add(self, data: bytearray | memoryview) -> None:
        packed = lz4.block.compress(data, store_size=False)
        if self._file is not None and self._writing:
            try:
                done = 0
                while done < len(packed):
                    done += os.pwrite(self._file.fileno(), packed[done:], self._ends[-1] + done)
            except OSError:  # the disk is full: from here on in memory
                self._writing = False
            else:
                self._ends.append(self._ends[-1] + len(packed))
                return
        self._kept.append(packed)


class BlockStore:
    """Random access to a stream of ``size`` bytes; safe to use from several threads."""

    def __init__(self, file: IO[bytes] | None, ends: NDArray[np.int64], kept: list[bytes], size: int) -> None:
        """Take blocks ``i``: ``ends[i]..ends[i + 1]`` of ``file``, and then those in ``kept``."""
        self.size = size
        self._file = file
        self._ends = ends
        self._kept = kept
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cached = 0
        self._lock = Lock()

    def read(self, start: int, length: int) -> bytes:
        """Return ``length`` bytes of the stream from ``start``; fewer where the stream ends."""
        stop = min(start + length, self.size)
        if start < 0 or start >= stop:
            return b""
        pieces: list[bytes] = []
        at = start
        while at < stop:
            number, skip = divmod(at, BLOCK)
            piece = self._block(number)[skip : skip + stop - at]
            pieces.append(piece)
            at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_into(self, out: NDArray[np.uint8], start: int) -> int:
        """Fill ``out`` with the stream from ``start``; returns how many bytes there were."""
        stop = min(start + len(out), self.size)
        done = 0
        while start >= 0 and start + done < stop:
            number, skip = divmod(start + done, BLOCK)
            piece = np.frombuffer(self._block(number), dtype=np.uint8)[skip : skip + stop - start - done]
            out[done : done + len(piece)] = piece
            done += len(piece)
        return done

    def close(self) -> None:
        """Let go of the file and the blocks; reading fails afterwards."""
        with self._lock:
            self._cache.clear()
            self._cached = 0
            if self._file is not None:
                self._file.close()

    def _block(self, number: int) -> bytes:
        """Return block ``number`` decompressed."""
        with self._lock:
            data = self._cache.get(number)
            if data is not None:
                self._cache.move_to_end(number)
                return data
        size = min(BLOCK, self.size - number * BLOCK)
        try:
            data = lz4.block.decompress(self._packed(number), uncompressed_size=size)
        except (lz4.block.LZ4BlockError, OSError, ValueError):
            data = b""
        if len(data) != size:
            raise ScaptuiError("The stored copy of the capture cannot be read any more; open the file again.")
        with self._lock:
            if number not in self._cache:
                self._cache[number] = data
                self._cached += size
                while self._cached > CACHE_BYTES and len(self._cache) > 1:
                    _, old = self._cache.popitem(last=False)
                    self._cached -= len(old)
        return data

    def _packed(self, number: int) -> bytes:
        in_file = len(self._ends) - 1
        if number >= in_file or self._file is None:
            return self._kept[number - in_file]
        start, end = int(self._ends[number]), int(self._ends[number + 1])
        return os.pread(self._file.fileno(), end - start, start)


def _nameless_file() -> IO[bytes] | None:
    """Return an open file without a name in the private cache folder, None when there is no place."""
    folder = cache_home()
    if folder is None:
        return None
    try:
        return tempfile.TemporaryFile(dir=folder, prefix="blocks-", buffering=0)
    except OSError:
        return None
