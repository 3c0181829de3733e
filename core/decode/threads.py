"""Thread entries: look-up by tid, creation, states, removal. Kernels.

Rules: state engine, section 3.2. A *life* is one entry from its creation to its removal; its current state
is a row of the thread table. A visible change makes a new row.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_CLOSED,
    CL_MAIN_THREAD,
    CL_THREAD,
    I64,
    U8,
    UNKNOWN_ID,
)
from ..kernel import inline, kernel, unchecked
from . import fdtables
from .paths import beneath
from .state import (
    B_COUNTS,
    B_STORE,
    B_STORELEN,
    B_STORENEXT,
    B_TIDGROUP,
    B_TIDKEY,
    B_TIDLIFE,
    C_TIDS,
    F_NAME,
    L_CHILDREN,
    L_COLUMNS,
    L_CPU_TS,
    L_END,
    L_EXIT,
    L_FD,
    L_FIRST,
    L_MAIN,
    L_MEM,
    L_REAPER,
    L_ROW,
    L_STORE,
    L_TABLE,
    L_TID,
    L_TYPE,
    S_COUNTS,
    S_EXACT,
    S_FREE_STORE,
    S_LAST_LIFE,
    S_LAST_TID,
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
    T_FDLIMIT,
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

AT_FDCWD = -100


# --- the tid hash -------------------------------------------------------------------------------------
# A place holds a tid, its life + 1 (0: no entry) and how many entries have this tid as their process.
@inline
def _find_place(h: I64, tid: int) -> int:
    """Place of a tid, or the free place where it belongs."""
    mask = h[C_TIDS] - 1
    i = fdtables.home(h, tid, mask)
    while (h[h[B_TIDLIFE] + i] != 0 or h[h[B_TIDGROUP] + i] != 0) and h[h[B_TIDKEY] + i] != tid:
        i = (i + 1) & mask
    return i


@inline
def find(h: I64, tid: int) -> int:
    """Return the life of ``tid``, -1: no entry."""
    if h[S_LAST_TID] == tid and h[S_LAST_LIFE] >= 0:
        return h[S_LAST_LIFE]
    life = h[h[B_TIDLIFE] + _find_place(h, tid)] - 1
    h[S_LAST_TID] = tid
    h[S_LAST_LIFE] = life
    return life


@inline
def group_size(h: I64, pid: int) -> int:
    """How many entries say that they belong to process ``pid``."""
    return h[h[B_TIDGROUP] + _find_place(h, pid)]


@inline
def _hash_set(h: I64, tid: int, life: int) -> None:
    h[S_LAST_LIFE] = -1
    i = _find_place(h, tid)
    if h[h[B_TIDLIFE] + i] == 0 and h[h[B_TIDGROUP] + i] == 0:
        h[S_TIDS] += 1
    h[h[B_TIDKEY] + i] = tid
    h[h[B_TIDLIFE] + i] = life + 1


@inline
def join_group(h: I64, pid: int) -> None:
    """Count one more entry of process ``pid``."""
    i = _find_place(h, pid)
    if h[h[B_TIDLIFE] + i] == 0 and h[h[B_TIDGROUP] + i] == 0:
        h[S_TIDS] += 1
    h[h[B_TIDKEY] + i] = pid
    h[h[B_TIDGROUP] + i] += 1


@inline
def leave_group(h: I64, pid: int) -> None:
    """Count one entry of process ``pid`` less."""
    i = _find_place(h, pid)
    if h[h[B_TIDGROUP] + i] > 0:
        h[h[B_TIDGROUP] + i] -= 1
        _close_gap(h, i)


@inline
def _hash_remove(h: I64, tid: int) -> None:
    h[S_LAST_LIFE] = -1
    i = _find_place(h, tid)
    if h[h[B_TIDLIFE] + i] != 0:
        h[h[B_TIDLIFE] + i] = 0
        _close_gap(h, i)


@inline
def _close_gap(h: I64, hole: int) -> None:
    """Move what follows into a place that has become free."""
    if h[h[B_TIDLIFE] + hole] != 0 or h[h[B_TIDGROUP] + hole] != 0:
        return
    mask = h[C_TIDS] - 1
    i = hole
    while True:
        i = (i + 1) & mask
        if h[h[B_TIDLIFE] + i] == 0 and h[h[B_TIDGROUP] + i] == 0:
            break
        first = fdtables.home(h, h[h[B_TIDKEY] + i], mask)
        if ((i - first) & mask) >= ((i - hole) & mask):
            h[h[B_TIDKEY] + hole] = h[h[B_TIDKEY] + i]
            h[h[B_TIDLIFE] + hole] = h[h[B_TIDLIFE] + i]
            h[h[B_TIDGROUP] + hole] = h[h[B_TIDGROUP] + i]
            hole = i
    h[h[B_TIDLIFE] + hole] = 0
    h[h[B_TIDGROUP] + hole] = 0
    h[S_TIDS] -= 1


@kernel
def rehash_tids(h: I64, u: U8) -> None:
    """Fill the (larger) tid hash anew with the entries that live."""
    h = unchecked(h)
    for i in range(h[C_TIDS]):
        h[h[B_TIDLIFE] + i] = 0
        h[h[B_TIDGROUP] + i] = 0
    h[S_TIDS] = 0
    for life in range(h[S_LIVES]):
        if h[ll(h, life) + L_END] < 0:
            _hash_set(h, h[ll(h, life) + L_TID], life)
            join_group(h, h[tt(h, h[ll(h, life) + L_ROW]) + T_PID])


# --- entries ---------------------------------------------------------------------------------------------
@inline
def new_life(h: I64, tid: int, event: int) -> int:
    """Create an entry for ``tid`` with an empty state row; the caller fills the row, T_PID by set_pid."""
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
    h[life_at + L_FD] = -1 if h[S_MODERN] == 1 else 0  # the old reader starts with descriptor 0
    h[life_at + L_STORE] = -1
    h[life_at + L_TABLE] = -1
    h[life_at + L_CPU_TS] = -1
    h[life_at + L_MAIN] = -1
    t = tt(h, row)
    h[t + T_TID] = tid
    h[t + T_VTID] = -1
    h[t + T_VPID] = -1
    h[t + T_SID] = -1
    h[t + T_VPGID] = -1
    h[t + T_PGID] = -1
    h[t + T_FDLIMIT] = -1
    h[t + T_LOGINUID] = UNKNOWN_ID
    h[t + T_LIFE] = life
    h[t + T_FIRST] = event
    _hash_set(h, tid, life)
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
def set_pid(h: I64, life: int, pid: int, known: bool) -> None:
    """Say to which process the entry belongs, in its current row; ``known``: it belonged to one before."""
    row_at = tt(h, h[ll(h, life) + L_ROW])
    if known:
        if h[row_at + T_PID] == pid:
            return
        leave_group(h, h[row_at + T_PID])
    h[row_at + T_PID] = pid
    join_group(h, pid)


@inline
def count_threads(h: I64, life: int, event: int, more: int) -> None:
    """Count ``more`` threads of a process, and note for old captures when their number changed."""
    life_at = ll(h, life)
    h[life_at + L_CHILDREN] += more
    if h[S_MODERN] == 0 and more != 0:
        k = h[S_COUNTS]
        at = h[B_COUNTS] + 3 * k
        h[at] = life
        h[at + 1] = event
        h[at + 2] = h[life_at + L_CHILDREN]
        h[S_COUNTS] = k + 1


@inline
def fake(h: I64, tid: int, event: int) -> int:
    """Create the entry of a thread that nothing announced (state engine, 3.2)."""
    members = group_size(h, tid)
    life = new_life(h, tid, event)
    t = tt(h, h[ll(h, life) + L_ROW])
    set_pid(h, life, -1 if h[S_MODERN] == 1 else tid, False)
    h[t + T_PTID] = -1
    h[t + T_COMM] = h[S_NA]
    h[t + T_EXE] = h[S_NA]
    h[t + T_UID] = UNKNOWN_ID
    h[t + T_GID] = UNKNOWN_ID
    if h[S_MODERN] == 0:
        h[t + T_FDLIMIT] = -1
        count_threads(h, life, event, members)
    return life


@inline
def is_fake(h: I64, life: int) -> bool:
    """Whether the entry was never described by anything."""
    row = h[ll(h, life) + L_ROW]
    row_at = tt(h, row)
    if h[S_MODERN] == 1:
        return h[row_at + T_PID] < 0
    return h[row_at + T_UID] == UNKNOWN_ID and h[row_at + T_COMM] == h[S_NA]


@inline
def main_of(h: I64, life: int, event: int) -> int:
    """Return the life of the main thread; the old reader makes a missing one, the newest says -1."""
    life_at = ll(h, life)
    row = h[life_at + L_ROW]
    row_at = tt(h, row)
    pid = h[row_at + T_PID]
    if h[S_EXACT]:  # once found, the same as long as it lives
        known = h[life_at + L_MAIN]
        if known >= 0 and h[ll(h, known) + L_END] < 0:
            return known
    if pid == h[life_at + L_TID]:
        return life
    if h[row_at + T_FLAGS] & CL_MAIN_THREAD:
        return life
    main = find(h, pid)
    if main < 0 and h[S_MODERN] == 0:
        main = fake(h, pid, event)
    h[life_at + L_MAIN] = main
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
    row_at = tt(h, h[life_at + L_ROW])
    pid = h[row_at + T_PID]
    member = pid != h[life_at + L_TID] if h[S_MODERN] == 1 else (h[row_at + T_FLAGS] & CL_THREAD) != 0
    if member:
        main = find(h, pid)
        if main >= 0 and h[ll(h, main) + L_CHILDREN] > 0:
            count_threads(h, main, event, -1)
    drop_store(h, life)
    fdtables.release(h, life)
    leave_group(h, pid)
    _hash_remove(h, h[life_at + L_TID])
    h[life_at + L_END] = event


@inline
def exited(h: I64, life: int, event: int) -> None:
    """Carry out the removal that a procexit asked for, before the event ``event``.

    The old reader keeps a main thread that still has threads, for good; the newest until the last goes.
    """
    life_at = ll(h, life)
    if h[life_at + L_CHILDREN] > 0:
        return
    remove(h, life, event)
    if h[S_MODERN] == 0:
        return
    pid = h[tt(h, h[life_at + L_ROW]) + T_PID]
    if pid != h[life_at + L_TID]:
        main = find(h, pid)
        if main < 0 or h[ll(h, main) + L_CHILDREN] > 0:
            return
        if h[tt(h, h[ll(h, main) + L_ROW]) + T_FLAGS] & CL_CLOSED:
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
    if dirfd == AT_FDCWD:
        return cwd
    table = files_of(h, life, event)
    row = fdtables.lookup(h, table, dirfd) if table >= 0 else np.int64(-1)
    if row < 0:
        return h[S_UNKNOWN_DIR]
    return beneath(h, u, h[ff(h, row) + F_NAME])
