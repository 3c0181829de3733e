"""Masks over the events of a capture: gathering from dimensions, and keeping results.

The kernels are used for large captures; for small ones numpy does the same without compiling.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel import kernel
from .cells import Bools

KERNEL_ROWS = 1 << 18  # below it compiling costs more than it gains
CACHE_BYTES = 48 << 20


@kernel
def _gather(table: NDArray[np.uint8], keys: NDArray[Any], out: NDArray[np.uint8]) -> None:
    """Set out[i] to table[keys[i]], 0 for keys outside the table."""
    size = len(table)
    for i in range(len(keys)):
        key = np.int64(keys[i])
        out[i] = table[key] if 0 <= key < size else 0


@kernel
def _gather_fd(
    table: NDArray[np.uint8],
    concerned: NDArray[np.uint8],
    num_fds: int,
    fd: NDArray[np.int32],
    code: NDArray[np.uint16],
    thread: NDArray[np.int32],
    out: NDArray[np.uint8],
) -> None:
    """Set out[i] to the entry of the ``fd`` dimension that decides event i, 0 for NA.

    ``table`` has ``num_fds`` entries for descriptors, then one per event code; ``concerned`` tells
    which codes are about a descriptor at all.
    """
    size = len(table)
    for i in range(len(fd)):
        kind = np.int64(code[i])
        out[i] = 0
        if thread[i] < 0 or kind >= len(concerned) or concerned[kind] == 0:
            continue
        key = np.int64(fd[i])
        if key < 0:
            key = num_fds + kind
        if key < size:
            out[i] = table[key]


def gather(table: Bools, keys: NDArray[Any]) -> Bools:
    """Return ``table[keys]``; false where a key is -1."""
    if len(keys) >= KERNEL_ROWS:
        out = np.empty(len(keys), np.bool_)
        _gather(table.view(np.uint8), np.ascontiguousarray(keys), out.view(np.uint8))
        return out
    return np.append(table, np.False_)[keys]  # -1 reads the entry put last


def gather_fd(
    table: Bools,
    concerned: Bools,
    num_fds: int,
    fd: NDArray[np.int32],
    code: NDArray[np.uint16],
    thread: NDArray[np.int32],
) -> Bools:
    """Return the entry of the ``fd`` dimension of each event, without making its keys first."""
    out = np.empty(len(fd), np.bool_)
    _gather_fd(
        table.view(np.uint8),
        concerned.view(np.uint8),
        num_fds,
        np.ascontiguousarray(fd),
        np.ascontiguousarray(code),
        np.ascontiguousarray(thread),
        out.view(np.uint8),
    )
    return out


class MaskCache:
    """Masks of single checks and whole filters by their text, least recently used go first."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        """Keep at most ``limit`` bytes; masks are stored as bits."""
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, NDArray[np.uint8]]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Bools | None:
        """Return a fresh copy of the mask kept under ``key``, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
        count, bits = found
        return np.unpackbits(bits, count=count).view(np.bool_)

    def put(self, key: str, mask: Bools) -> None:
        """Keep ``mask`` under ``key``."""
        bits = np.packbits(mask)
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes += bits.nbytes - (old[1].nbytes if old else 0)
            self._kept[key] = (len(mask), bits)
            while self._bytes > self._limit and len(self._kept) > 1:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= gone.nbytes

    @property
    def nbytes(self) -> int:
        """Bytes that are kept."""
        return self._bytes
