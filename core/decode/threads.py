"""Thread entries: look-up by tid, creation, states, removal. Kernels.

Rules: state engine, section 3.2. A *life* is one entry from its creation to its removal; its current state
is a row of the thread table. A visible change makes a new row.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_CLOSED,
    CL_MAIN_THREAD,
    I64,
    U8,
    UNKNOWN_ID,
)
from ..kernel import inline, kernel, unchecked
from . import fdtables
from .paths import with_slash
from .state import (
    B_STORE,
    B_STORELEN,
    B_STORENEXT,
    B_TIDKEY,
    B_TIDLIFE,
    C_TIDS,
    F_NAME,
    L_CHILDREN,
    L_CLOSE_AT,
    L_COLUMNS,
    L_CPU_TS,
    L_END,
    L_EXIT,
    L_FD,
    L_FIRST,
    L_MEM,
    L_REAPER,
    L_ROW,
    L_STORE,
    L_TABLE,
    L_TID,
    L_TYPE,
    S_FREE_STORE,
    S_LIVES,
    S_MEMS,
    S_MODERN,
    S_NA,
    S_THREADS,
    S_TIDS,
    S_UNKNOWN_DIR,
    STORE_SIZE,
    T_COLUMNS,
    T_COMM,
    T_EXE,
    T_FIRST,
    T_FLAGS,
    T_GID,
    T_LIFE,
    T_LOGINUID,
    T_PGID,
    T_PID,
    T_PTID,
    T_SID,
    T_TID,
    T_UID,
    T_VPGID,
    T_VPID,
    T_VTID,
    ff,
    ll,
    mm,
    tt,
)

_AT_FDCWD = -100


# --- the tid hash -------------------------------------------------------------------------------------
@inline
def _slot(tid: int, mask: int) -> int:
    return ((tid * 0x9E3779B1) ^ (tid >> 13)) & mask


@inline
def find(h: I64, tid: int) -> int:
    """Return the life of ``tid``, -1: no entry."""
    mask = h[C_TIDS] - 1
    i = _slot(tid, mask)
    while h[h[B_TIDLIFE] + i] != 0:
        if h[h[B_TIDKEY] + i] == tid:
            return (h[h[B_TIDLIFE] + i]) - 1
        i = (i + 1) & mask
    return np.int64(-1)


@inline
def _hash_put(h: I64, tid: int, life: int) -> None:
    mask = h[C_TIDS] - 1
    i = _slot(tid, mask)
    while h[h[B_TIDLIFE] + i] != 0:
        i = (i + 1) & mask
    h[h[B_TIDKEY] + i] = tid
    h[h[B_TIDLIFE] + i] = life + 1


@inline
def _hash_remove(h: I64, tid: int) -> None:
    mask = h[C_TIDS] - 1
    i = _slot(tid, mask)
    while True:
        if h[h[B_TIDLIFE] + i] == 0:
            return
        if h[h[B_TIDKEY] + i] == tid:
            break
        i = (i + 1) & mask
    hole = i
    while True:
        i = (i + 1) & mask
        if h[h[B_TIDLIFE] + i] == 0:
            break
        home = _slot(h[h[B_TIDKEY] + i], mask)
        if ((i - home) & mask) >= ((i - hole) & mask):
            h[h[B_TIDKEY] + hole] = h[h[B_TIDKEY] + i]
            h[h[B_TIDLIFE] + hole] = h[h[B_TIDLIFE] + i]
            hole = i
    h[h[B_TIDLIFE] + hole] = 0
    h[S_TIDS] -= 1


@kernel
def rehash_tids(h: I64, u: U8) -> None:
    """Fill the (larger) tid hash anew with the entries that live."""
    h = unchecked(h)
    for i in range(h[C_TIDS]):
        h[h[B_TIDLIFE] + i] = 0
    for life in range(h[S_LIVES]):
        if h[ll(h, life) + L_END] < 0:
            _hash_put(h, h[ll(h, life) + L_TID], life)


# --- entries ---------------------------------------------------------------------------------------------
@inline
def new_life(h: I64, tid: int, event: int) -> int:
    """Create an entry for ``tid`` with an empty state row; the caller fills the row."""
    life = h[S_LIVES]
    life_at = ll(h, life)
    h[S_LIVES] = life + 1
    row = h[S_THREADS]
    h[S_THREADS] = row + 1
    for c in range(T_COLUMNS):
        h[tt(h, row) + c] = 0
    for c in range(L_COLUMNS):
        h[life_at + c] = 0
    h[life_at + L_TID] = tid
    h[life_at + L_FIRST] = event
    h[life_at + L_END] = -1
    h[life_at + L_ROW] = row
    h[life_at + L_MEM] = -1
    h[life_at + L_EXIT] = -1
    h[life_at + L_REAPER] = -1
    h[life_at + L_TYPE] = -1
    h[life_at + L_FD] = -1
    h[life_at + L_STORE] = -1
    h[life_at + L_TABLE] = -1
    h[life_at + L_CPU_TS] = -1
    h[life_at + L_CLOSE_AT] = -1
    t = tt(h, row)
    h[t + T_TID] = tid
    h[t + T_VTID] = -1
    h[t + T_VPID] = -1
    h[t + T_SID] = -1
    h[t + T_VPGID] = -1
    h[t + T_PGID] = -1
    h[t + T_LOGINUID] = UNKNOWN_ID
    h[t + T_LIFE] = life
    h[t + T_FIRST] = event
    _hash_put(h, tid, life)
    h[S_TIDS] += 1
    return life


@inline
def new_row(h: I64, life: int, event: int) -> int:
    """Begin a new state of ``life`` that equals its current one; returns the row.

    A row that began with this same event is changed in place.
    """
    life_at = ll(h, life)
    old = h[life_at + L_ROW]
    old_at = tt(h, old)
    if h[old_at + T_FIRST] == event:
        return old
    row = h[S_THREADS]
    row_at = tt(h, row)
    h[S_THREADS] = row + 1
    for c in range(T_COLUMNS):
        h[row_at + c] = h[old_at + c]
    h[row_at + T_FIRST] = event
    h[life_at + L_ROW] = row
    return row


@inline
def set_field(h: I64, life: int, event: int, column: int, value: int) -> None:
    """Change one column of the thread's state, in a new row if it really changes."""
    if h[tt(h, h[ll(h, life) + L_ROW]) + column] != value:
        row = new_row(h, life, event)
        h[tt(h, row) + column] = value


@inline
def fake(h: I64, tid: int, event: int) -> int:
    """Create the entry of a thread that nothing announced (state engine, 3.2)."""
    life = new_life(h, tid, event)
    t = tt(h, h[ll(h, life) + L_ROW])
    h[t + T_PID] = -1 if h[S_MODERN] == 1 else tid
    h[t + T_PTID] = -1
    h[t + T_COMM] = h[S_NA]
    h[t + T_EXE] = h[S_NA]
    h[t + T_UID] = UNKNOWN_ID
    h[t + T_GID] = UNKNOWN_ID
    return life


@inline
def is_fake(h: I64, life: int) -> bool:
    """Whether the entry was never described by anything."""
    row = h[ll(h, life) + L_ROW]
    row_at = tt(h, row)
    if h[S_MODERN] == 1:
        return h[row_at + T_PID] < 0
    return h[row_at + T_UID] == UNKNOWN_ID


@inline
def main_of(h: I64, life: int, event: int) -> int:
    """Return the life of the main thread; the old reader makes a missing one, the newest says -1."""
    life_at = ll(h, life)
    row = h[life_at + L_ROW]
    row_at = tt(h, row)
    pid = h[row_at + T_PID]
    if pid == h[life_at + L_TID]:
        return life
    if h[row_at + T_FLAGS] & CL_MAIN_THREAD:
        return life
    main = find(h, pid)
    if main < 0 and h[S_MODERN] == 0:
        main = fake(h, pid, event)
    return main


@inline
def files_of(h: I64, life: int, event: int) -> int:
    """Return the life whose descriptor table the thread uses, -1: none."""
    if fdtables.shares_files(h, life):
        return main_of(h, life, event)
    return life


@inline
def drop_store(h: I64, life: int) -> None:
    """Forget the stored enter event."""
    life_at = ll(h, life)
    slot = h[life_at + L_STORE]
    if slot >= 0:
        h[h[B_STORENEXT] + slot] = h[S_FREE_STORE]
        h[S_FREE_STORE] = slot
        h[life_at + L_STORE] = -1


@inline
def keep_enter(h: I64, u: U8, life: int, b: U8, start: int, length: int) -> None:
    """Keep a copy of the event at ``b[start:start + length]``, cut at the size of a slot."""
    life_at = ll(h, life)
    slot = h[life_at + L_STORE]
    if slot < 0:
        slot = h[S_FREE_STORE]
        if slot < 0:
            return
        h[S_FREE_STORE] = h[h[B_STORENEXT] + slot]
        h[life_at + L_STORE] = slot
    n = min(length, STORE_SIZE)
    for i in range(n):
        u[h[B_STORE] + slot * STORE_SIZE + i] = b[start + i]
    h[h[B_STORELEN] + slot] = n


@inline
def remove(h: I64, life: int, event: int) -> None:
    """Remove an entry: its descriptors go with it, its rows stay for the events that refer to them."""
    life_at = ll(h, life)
    row = h[life_at + L_ROW]
    pid = h[tt(h, row) + T_PID]
    if pid != h[life_at + L_TID]:
        main = find(h, pid)
        main_at = ll(h, main)
        if main >= 0 and h[main_at + L_CHILDREN] > 0:
            h[main_at + L_CHILDREN] -= 1
    drop_store(h, life)
    fdtables.release(h, life)
    _hash_remove(h, h[life_at + L_TID])
    h[life_at + L_END] = event


@inline
def exited(h: I64, life: int, event: int) -> None:
    """Carry out the removal that a procexit asked for, before the event ``event``.

    The old reader keeps a main thread that still has threads, for good.
    """
    life_at = ll(h, life)
    if h[S_MODERN] == 0 and h[life_at + L_CHILDREN] > 0:
        return
    if h[S_MODERN] == 1 and h[life_at + L_CHILDREN] > 0:
        return
    remove(h, life, event)
    if h[S_MODERN] == 1:
        # the last thread of a dead main thread takes it along
        row = h[life_at + L_ROW]
        pid = h[tt(h, row) + T_PID]
        if pid != h[life_at + L_TID]:
            main = find(h, pid)
            main_at = ll(h, main)
            if main >= 0 and h[main_at + L_CHILDREN] == 0:
                main_row = h[main_at + L_ROW]
                if h[tt(h, main_row) + T_FLAGS] & CL_CLOSED:
                    remove(h, main, event)


@inline
def set_mem(h: I64, life: int, size: int, rss: int, swap: int, major: int, minor: int) -> None:
    """Record memory figures of the thread; -1 keeps what is known."""
    life_at = ll(h, life)
    old = h[life_at + L_MEM]
    old_at = mm(h, old)
    row = h[S_MEMS]
    row_at = mm(h, row)
    for c in range(5):
        h[row_at + c] = h[old_at + c] if old >= 0 else 0
    if size >= 0:
        h[row_at + 0] = size
        h[row_at + 1] = rss
        h[row_at + 2] = swap
    if major >= 0:
        h[row_at + 3] = major
        h[row_at + 4] = minor
    if old >= 0:
        same = True
        for c in range(5):
            if h[row_at + c] != h[old_at + c]:
                same = False
        if same:
            return
    h[S_MEMS] = row + 1
    h[life_at + L_MEM] = row


@inline
def directory(h: I64, u: U8, life: int, event: int, dirfd: int, cwd: int) -> int:
    """Return the id of the directory that ``dirfd`` names, with its final slash (state engine, 4)."""
    if dirfd == _AT_FDCWD:
        return cwd
    table = files_of(h, life, event)
    row = fdtables.lookup(h, table, dirfd) if table >= 0 else np.int64(-1)
    if row < 0:
        return h[S_UNKNOWN_DIR]
    return with_slash(h, u, h[ff(h, row) + F_NAME])
