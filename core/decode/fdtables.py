"""Descriptor tables of threads: small hash tables in one pool. Kernels.

A table is a slice of the pool whose length is a power of two; a descriptor's place is its number
modulo the length (linear probing, no tombstones), so that tables of ordinary processes work like
dense arrays. Freed slices go to a free list by size.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import CL_FILES
from ..kernel import inline
from .state import (
    L_CAP,
    L_ROW,
    L_TABLE,
    L_TID,
    L_USED,
    S_MAX_TABLE,
    S_POOL,
    T_FLAGS,
    T_PID,
    State,
)

MAX_FD = (1 << 31) - 2


@inline
def _log2(n: int) -> int:
    k = 0
    while (1 << k) < n:
        k += 1
    return k


@inline
def _allocate(st: State, capacity: int) -> int:
    """Return a free slice of the pool with all places empty, or -1 when the pool is full."""
    k = _log2(capacity)
    at = st.freelist[k]
    if at >= 0:
        st.freelist[k] = np.int64(st.poolrow[at])
    else:
        at = st.s[S_POOL]
        if at + capacity > len(st.poolkey):
            return np.int64(-1)
        st.s[S_POOL] = at + capacity
    for i in range(at, at + capacity):
        st.poolkey[i] = np.int32(-1)
    return at


@inline
def release(st: State, life: int) -> None:
    """Give the table of ``life`` back to the pool."""
    at = st.lives[life, L_TABLE]
    if at < 0:
        return
    k = _log2(st.lives[life, L_CAP])
    st.poolrow[at] = np.int32(st.freelist[k])
    st.freelist[k] = at
    st.lives[life, L_TABLE] = -1
    st.lives[life, L_CAP] = 0
    st.lives[life, L_USED] = 0


@inline
def lookup(st: State, life: int, fd: int) -> int:
    """Return the descriptor row of number ``fd`` in the table of ``life``, -1: none."""
    at = st.lives[life, L_TABLE]
    if at < 0 or fd < 0 or fd > MAX_FD:
        return np.int64(-1)
    mask = st.lives[life, L_CAP] - 1
    i = fd & mask
    while True:
        key = np.int64(st.poolkey[at + i])
        if key == fd:
            return np.int64(st.poolrow[at + i])
        if key < 0:
            return np.int64(-1)
        i = (i + 1) & mask


@inline
def _place(st: State, at: int, mask: int, fd: int, row: int) -> bool:
    """Put ``row`` at ``fd``; True when the number is new in the table."""
    i = fd & mask
    while True:
        key = np.int64(st.poolkey[at + i])
        if key == fd:
            st.poolrow[at + i] = np.int32(row)
            return False
        if key < 0:
            st.poolkey[at + i] = np.int32(fd)
            st.poolrow[at + i] = np.int32(row)
            return True
        i = (i + 1) & mask


@inline
def put(st: State, life: int, fd: int, row: int) -> None:
    """Set descriptor ``fd`` of the table of ``life``; silently nothing when the pool is exhausted."""
    if fd < 0 or fd > MAX_FD:
        return
    capacity = st.lives[life, L_CAP]
    if st.lives[life, L_TABLE] < 0 or (st.lives[life, L_USED] + 1) * 4 > capacity * 3:
        larger = np.int64(16) if st.lives[life, L_TABLE] < 0 else capacity * 2
        at = _allocate(st, larger)
        if at < 0:
            return
        old = st.lives[life, L_TABLE]
        if old >= 0:
            for i in range(old, old + capacity):
                if st.poolkey[i] >= 0:
                    _place(st, at, larger - 1, np.int64(st.poolkey[i]), np.int64(st.poolrow[i]))
            used = st.lives[life, L_USED]
            release(st, life)
            st.lives[life, L_USED] = used
        st.lives[life, L_TABLE] = at
        st.lives[life, L_CAP] = larger
        if larger > st.s[S_MAX_TABLE]:
            st.s[S_MAX_TABLE] = larger
    if _place(st, st.lives[life, L_TABLE], st.lives[life, L_CAP] - 1, fd, row):
        st.lives[life, L_USED] += 1


@inline
def remove(st: State, life: int, fd: int) -> None:
    """Remove descriptor ``fd`` from the table of ``life``, closing the gap it leaves."""
    at = st.lives[life, L_TABLE]
    if at < 0 or fd < 0 or fd > MAX_FD:
        return
    mask = st.lives[life, L_CAP] - 1
    i = fd & mask
    while True:
        key = np.int64(st.poolkey[at + i])
        if key == fd:
            break
        if key < 0:
            return
        i = (i + 1) & mask
    hole = i
    while True:
        i = (i + 1) & mask
        key = np.int64(st.poolkey[at + i])
        if key < 0:
            break
        home = key & mask
        # move the entry into the hole unless its home lies after the hole
        if ((i - home) & mask) >= ((i - hole) & mask):
            st.poolkey[at + hole] = st.poolkey[at + i]
            st.poolrow[at + hole] = st.poolrow[at + i]
            hole = i
    st.poolkey[at + hole] = np.int32(-1)
    st.lives[life, L_USED] -= 1


@inline
def copy(st: State, source: int, target: int) -> None:
    """Give ``target`` a copy of the table of ``source``; nothing when the pool is exhausted."""
    at = st.lives[source, L_TABLE]
    if at < 0 or st.lives[source, L_USED] == 0:
        return
    capacity = st.lives[source, L_CAP]
    to = _allocate(st, capacity)
    if to < 0:
        return
    for i in range(capacity):
        st.poolkey[to + i] = st.poolkey[at + i]
        st.poolrow[to + i] = st.poolrow[at + i]
    st.lives[target, L_TABLE] = to
    st.lives[target, L_CAP] = capacity
    st.lives[target, L_USED] = st.lives[source, L_USED]


@inline
def shares_files(st: State, life: int) -> bool:
    """Whether the thread looks its descriptors up in its main thread's table."""
    row = st.lives[life, L_ROW]
    return (st.t[row, T_FLAGS] & CL_FILES) != 0 and st.t[row, T_PID] != st.lives[life, L_TID]
