"""Descriptor tables of threads: small hash tables in one pool. Kernels.

A table is a slice of the pool whose length is a power of two, with linear probing and no tombstones.
Where a number belongs depends on the run (``H_SEED``), so that no capture can choose numbers that
collide. An entry is the row of `fds` and, above it, the ENTRY_* bits, which belong to the table and not
to the state of the descriptor. Freed slices go to a free list by size.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import CL_FILES, I64
from ..kernel import inline
from .state import (
    B_POOLKEY,
    B_POOLROW,
    C_POOL,
    H_FREE,
    H_SEED,
    L_CAP,
    L_ROW,
    L_TABLE,
    L_USED,
    S_EXACT,
    S_MAX_TABLE,
    S_POOL,
    T_FLAGS,
    ll,
    tt,
)

MAX_FD = (1 << 31) - 2
CANCELED_FD = MAX_FD + 1  # where 0.29.3 keeps a descriptor whose number was given out during its close

ENTRY_CLOSING = 1 << 32  # a close has begun
ENTRY_CANCELED = 1 << 33  # the number was given out again while a close was under way
_ROW = (1 << 32) - 1


@inline
def home(h: I64, fd: int, mask: int) -> int:
    """Place in a table of ``mask + 1`` entries where a number is looked for first."""
    x = (fd ^ h[H_SEED]) * np.int64(-7046029254386353131)
    x ^= (x >> 32) & 0xFFFFFFFF
    return ((x * h[H_SEED + 1]) >> 31) & mask


@inline
def _log2(n: int) -> int:
    k = 0
    while (1 << k) < n:
        k += 1
    return k


@inline
def _allocate(h: I64, capacity: int) -> int:
    """Return a free slice of the pool with all places empty, or -1 when the pool is full."""
    k = _log2(capacity)
    at = h[H_FREE + k]
    if at >= 0:
        h[H_FREE + k] = h[h[B_POOLROW] + at]
    else:
        at = h[S_POOL]
        if at + capacity > h[C_POOL]:
            return np.int64(-1)
        h[S_POOL] = at + capacity
    for i in range(at, at + capacity):
        h[h[B_POOLKEY] + i] = -1
    return at


@inline
def release(h: I64, life: int) -> None:
    """Give the table of ``life`` back to the pool."""
    life_at = ll(h, life)
    at = h[life_at + L_TABLE]
    if at < 0:
        return
    k = _log2(h[life_at + L_CAP])
    h[h[B_POOLROW] + at] = h[H_FREE + k]
    h[H_FREE + k] = at
    h[life_at + L_TABLE] = -1
    h[life_at + L_CAP] = 0
    h[life_at + L_USED] = 0


@inline
def find(h: I64, life: int, fd: int) -> int:
    """Return the place in ``h`` of the entry of number ``fd`` in the table of ``life``, -1: none."""
    life_at = ll(h, life)
    at = h[life_at + L_TABLE]
    if at < 0 or fd < 0 or fd > CANCELED_FD:
        return np.int64(-1)
    mask = h[life_at + L_CAP] - 1
    keys = h[B_POOLKEY] + at
    i = home(h, fd, mask)
    while True:
        key = h[keys + i]
        if key == fd:
            return h[B_POOLROW] + at + i
        if key < 0:
            return np.int64(-1)
        i = (i + 1) & mask


@inline
def lookup(h: I64, life: int, fd: int) -> int:
    """Return the descriptor row of number ``fd`` in the table of ``life``, -1: none."""
    place = find(h, life, fd)
    return h[place] & _ROW if place >= 0 else np.int64(-1)


@inline
def row_of(entry: int) -> int:
    """The descriptor row of an entry."""
    return entry & _ROW


@inline
def _place(h: I64, at: int, mask: int, fd: int, entry: int) -> bool:
    """Put ``entry`` at ``fd``; True when the number is new in the table."""
    i = home(h, fd, mask)
    while True:
        key = h[h[B_POOLKEY] + at + i]
        if key == fd:
            h[h[B_POOLROW] + at + i] = entry
            return False
        if key < 0:
            h[h[B_POOLKEY] + at + i] = fd
            h[h[B_POOLROW] + at + i] = entry
            return True
        i = (i + 1) & mask


@inline
def put(h: I64, life: int, fd: int, entry: int) -> None:
    """Set the entry of ``fd`` in the table of ``life``; silently nothing when the pool is exhausted."""
    life_at = ll(h, life)
    if fd < 0 or fd > CANCELED_FD:
        return
    capacity = h[life_at + L_CAP]
    if h[life_at + L_TABLE] < 0 or (h[life_at + L_USED] + 1) * 4 > capacity * 3:
        larger = np.int64(16) if h[life_at + L_TABLE] < 0 else capacity * 2
        at = _allocate(h, larger)
        if at < 0:
            return
        old = h[life_at + L_TABLE]
        if old >= 0:
            for i in range(old, old + capacity):
                if h[h[B_POOLKEY] + i] >= 0:
                    _place(h, at, larger - 1, (h[h[B_POOLKEY] + i]), (h[h[B_POOLROW] + i]))
            used = h[life_at + L_USED]
            release(h, life)
            h[life_at + L_USED] = used
        h[life_at + L_TABLE] = at
        h[life_at + L_CAP] = larger
        if larger > h[S_MAX_TABLE]:
            h[S_MAX_TABLE] = larger
    if _place(h, h[life_at + L_TABLE], h[life_at + L_CAP] - 1, fd, entry):
        h[life_at + L_USED] += 1


@inline
def give(h: I64, life: int, fd: int, row: int, bits: int) -> int:
    """Give number ``fd`` to a new descriptor, with ENTRY_* bits; returns the bits it got.

    A number whose close has begun but not ended is given out all the same: the end of that close
    must not take the new descriptor.
    """
    place = find(h, life, fd)
    if place >= 0 and h[place] & ENTRY_CLOSING:
        old = h[place]
        bits = (bits & ~ENTRY_CLOSING) | ENTRY_CANCELED
        h[place] = row | bits
        if h[S_EXACT]:
            put(h, life, CANCELED_FD, old)
    else:
        put(h, life, fd, row | bits)
    return bits


@inline
def renew(h: I64, life: int, fd: int, row: int) -> None:
    """Put the next state of a descriptor in place of its last one; the bits stay."""
    place = find(h, life, fd)
    if place >= 0:
        h[place] = (h[place] & ~_ROW) | row


@inline
def remove(h: I64, life: int, fd: int) -> None:
    """Remove descriptor ``fd`` from the table of ``life``, closing the gap it leaves."""
    life_at = ll(h, life)
    at = h[life_at + L_TABLE]
    if at < 0 or fd < 0 or fd > CANCELED_FD:
        return
    mask = h[life_at + L_CAP] - 1
    i = home(h, fd, mask)
    while True:
        key = h[h[B_POOLKEY] + at + i]
        if key == fd:
            break
        if key < 0:
            return
        i = (i + 1) & mask
    hole = i
    while True:
        i = (i + 1) & mask
        key = h[h[B_POOLKEY] + at + i]
        if key < 0:
            break
        first = home(h, key, mask)
        # move the entry into the hole unless its home lies after the hole
        if ((i - first) & mask) >= ((i - hole) & mask):
            h[h[B_POOLKEY] + at + hole] = h[h[B_POOLKEY] + at + i]
            h[h[B_POOLROW] + at + hole] = h[h[B_POOLROW] + at + i]
            hole = i
    h[h[B_POOLKEY] + at + hole] = -1
    h[life_at + L_USED] -= 1


@inline
def copy(h: I64, source: int, target: int) -> None:
    """Give ``target`` a copy of the table of ``source``; nothing when the pool is exhausted."""
    target_at = ll(h, target)
    source_at = ll(h, source)
    at = h[source_at + L_TABLE]
    if at < 0 or h[source_at + L_USED] == 0:
        return
    capacity = h[source_at + L_CAP]
    to = _allocate(h, capacity)
    if to < 0:
        return
    for i in range(capacity):
        h[h[B_POOLKEY] + to + i] = h[h[B_POOLKEY] + at + i]
        h[h[B_POOLROW] + to + i] = h[h[B_POOLROW] + at + i]
    h[target_at + L_TABLE] = to
    h[target_at + L_CAP] = capacity
    h[target_at + L_USED] = h[source_at + L_USED]


@inline
def shares_files(h: I64, life: int) -> bool:
    """Whether the thread looks its descriptors up in its main thread's table."""
    return (h[tt(h, h[ll(h, life) + L_ROW]) + T_FLAGS] & CL_FILES) != 0
