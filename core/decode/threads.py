"""Thread entries: look-up by tid, creation, removal, clone and exec. Kernels.

Rules: state engine, sections 3.2 and 5. A *life* is one entry from its creation to its removal; its
current state is a row of the thread table. A visible change makes a new row.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_ACTIVE,
    CL_CLOSED,
    CL_FILES,
    CL_INVERTED,
    CL_MAIN_THREAD,
    CL_NAME_CHANGED,
    CL_PIPE_DST,
    CL_PIPE_SRC,
    CL_THREAD,
    CL_VFORK,
    I64,
    U8,
    UNKNOWN_ID,
)
from ..kernel import inline, kernel, unchecked
from . import fdtables
from .actions import (
    P_ARGS,
    P_CAP_E,
    P_CAP_I,
    P_CAP_P,
    P_CGROUPS,
    P_COMM,
    P_DIRFD,
    P_ENV,
    P_EXE,
    P_EXE_CTIME,
    P_EXE_INO,
    P_EXE_MTIME,
    P_FDLIMIT,
    P_FILENAME,
    P_FLAGS,
    P_GID,
    P_LOGINUID,
    P_PATH,
    P_PGFT_MAJ,
    P_PGFT_MIN,
    P_PGID,
    P_PID,
    P_PIDNS,
    P_PTID,
    P_TRUSTED,
    P_TTY,
    P_UID,
    P_VM_RSS,
    P_VM_SIZE,
    P_VM_SWAP,
    P_VPGID,
    P_VPID,
    P_VTID,
)
from .paths import concat, with_slash
from .readers import signed, unsigned
from .state import (
    B_STORE,
    B_STORELEN,
    B_STORENEXT,
    B_TIDKEY,
    B_TIDLIFE,
    C_TIDS,
    F_NAME,
    H_OFF,
    H_PLEN,
    H_STORED,
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
    T_ARGS,
    T_CAP_E,
    T_CAP_I,
    T_CAP_P,
    T_CGROUPS,
    T_CLONE_TS,
    T_COLUMNS,
    T_COMM,
    T_CWD,
    T_ENV,
    T_EXE,
    T_EXE_CTIME,
    T_EXE_FLAGS,
    T_EXE_INO,
    T_EXE_MTIME,
    T_EXEPATH,
    T_FDLIMIT,
    T_FIRST,
    T_FLAGS,
    T_GID,
    T_LASTEXEC_TS,
    T_LIFE,
    T_LOGINUID,
    T_PGID,
    T_PID,
    T_PIDNS,
    T_PTID,
    T_ROOT,
    T_SID,
    T_TID,
    T_TTY,
    T_UID,
    T_VPGID,
    T_VPID,
    T_VTID,
    ff,
    ll,
    mm,
    tt,
)
from .strings import intern_list, intern_text

_STALE = 2_000_000_000  # ns: an entry older than this is replaced by the child's own event
_AT_FDCWD = -100
_CHILD_IN_PIDNS = 0x20000000
_CLONE_NEWPID = 64
_CLONE_PARENT = 256


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


# --- parameters by slot ----------------------------------------------------------------------------------
@inline
def number(h: I64, b: U8, slots: int, n: int, slot: int, default: int) -> int:
    """Signed value of the parameter in ``slot`` of the current event; ``default`` if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n or h[H_PLEN + i] == 0:
        return np.int64(default)
    return signed(b, h[H_OFF + i], h[H_PLEN + i])


@inline
def natural(h: I64, b: U8, slots: int, n: int, slot: int, default: int) -> int:
    """Unsigned value of the parameter in ``slot``; ``default`` if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n or h[H_PLEN + i] == 0:
        return np.int64(default)
    return unsigned(b, h[H_OFF + i], h[H_PLEN + i])


@inline
def has(h: I64, slots: int, n: int, slot: int) -> bool:
    """Whether the current event carries the parameter in ``slot``."""
    i = h[slots + slot]
    return i >= 0 and i < n


@inline
def string(h: I64, u: U8, b: U8, slots: int, n: int, slot: int) -> int:
    """Id of the CHARBUF parameter in ``slot``; 0 if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n:
        return np.int64(0)
    return intern_text(h, u, b, h[H_OFF + i], h[H_PLEN + i])


@inline
def listing(h: I64, u: U8, b: U8, slots: int, n: int, slot: int) -> int:
    """Id of the NUL-separated list in ``slot``; 0 if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n:
        return np.int64(0)
    return intern_list(h, u, b, h[H_OFF + i], h[H_PLEN + i])


# --- clone -------------------------------------------------------------------------------------------------
@inline
def clone(
    h: I64, u: U8, b: U8, slots: int, n: int, tid: int, ts: int, event: int, res: int, vfork: bool
) -> int:
    """Apply an exit of the clone family; returns the life that the event belongs to, -1: none.

    ``res`` > 0 is the parent's side, 0 the child's (state engine, 5.1).
    """
    modern = h[S_MODERN] == 1
    flags = natural(h, b, slots, n, P_FLAGS, 0) | (CL_VFORK if vfork else 0)
    vtid = number(h, b, slots, n, P_VTID, tid)
    vpid = number(h, b, slots, n, P_VPID, -1)
    in_container = (flags & _CHILD_IN_PIDNS) != 0 or tid != vtid
    caller = find(h, tid)
    if res > 0:
        if caller < 0:
            caller = fake(h, tid, event)
        if in_container:
            return caller
        if modern and flags & (_CLONE_NEWPID | _CLONE_PARENT | CL_VFORK):
            return caller
        child = find(h, res)
        if child >= 0:
            if h[tt(h, h[ll(h, child) + L_ROW]) + T_FLAGS] & CL_INVERTED:
                return caller
            remove(h, child, event)
        new_child(h, u, b, slots, n, caller, res, tid, ts, event, flags, in_container, False, vtid, vpid)
        return caller
    child = caller
    if child >= 0:
        row = h[ll(h, child) + L_ROW]
        clone_ts = h[tt(h, row) + T_CLONE_TS]
        stale = clone_ts != 0 and ts - clone_ts > _STALE
        if modern and clone_ts == 0:
            stale = True
        if not stale:
            if not modern and in_container:
                set_field(h, child, event, T_VTID, vtid)
                set_field(h, child, event, T_VPID, vpid)
            return child
        remove(h, child, event)
    pid = number(h, b, slots, n, P_PID, tid)
    ptid = number(h, b, slots, n, P_PTID, -1)
    lookup_tid = pid if flags & CL_THREAD else ptid
    parent = find(h, lookup_tid)
    if parent < 0:
        parent = fake(h, lookup_tid, event)
    return new_child(
        h,
        u,
        b,
        slots,
        n,
        parent,
        tid,
        lookup_tid,
        ts,
        event,
        flags | CL_INVERTED,
        in_container,
        True,
        vtid,
        vpid,
    )


@inline
def new_child(
    h: I64,
    u: U8,
    b: U8,
    slots: int,
    n: int,
    parent: int,
    tid: int,
    lookup_tid: int,
    ts: int,
    event: int,
    flags: int,
    in_container: bool,
    from_child: bool,
    vtid: int,
    vpid: int,
) -> int:
    """Create the entry of a cloned thread (state engine, 5.1.1)."""
    modern = h[S_MODERN] == 1
    parent_fake = is_fake(h, parent)
    comm = string(h, u, b, slots, n, P_COMM)
    exe = string(h, u, b, slots, n, P_EXE)
    args = listing(h, u, b, slots, n, P_ARGS)
    if not has(h, slots, n, P_COMM):
        comm = exe
    if parent_fake and not (modern and from_child):
        # an unknown caller looks like its child
        row = new_row(h, parent, event)
        row_at = tt(h, row)
        h[row_at + T_COMM] = comm
        h[row_at + T_EXE] = exe
        h[row_at + T_ARGS] = args
        if modern:
            h[row_at + T_PID] = number(h, b, slots, n, P_PID, -1)
            h[row_at + T_PTID] = number(h, b, slots, n, P_PTID, -1)
            h[row_at + T_VTID] = vtid
            h[row_at + T_VPID] = vpid
    child = new_life(h, tid, event)
    child_at = ll(h, child)
    t = tt(h, h[child_at + L_ROW])
    p = tt(h, h[ll(h, parent) + L_ROW])
    is_thread = (flags & CL_THREAD) != 0
    if modern and is_thread:
        flags |= CL_FILES
    if is_thread:
        h[t + T_PID] = number(h, b, slots, n, P_PID, h[p + T_PID]) if from_child else h[p + T_PID]
        h[t + T_PTID] = number(h, b, slots, n, P_PTID, -1) if modern else lookup_tid
    else:
        h[t + T_PID] = number(h, b, slots, n, P_PID, tid) if from_child else tid
        h[t + T_PTID] = number(h, b, slots, n, P_PTID, lookup_tid) if modern and from_child else lookup_tid
    h[t + T_COMM] = comm
    h[t + T_EXE] = exe
    h[t + T_ARGS] = args
    h[t + T_FLAGS] = flags
    h[t + T_FDLIMIT] = number(h, b, slots, n, P_FDLIMIT, 0)
    h[t + T_UID] = natural(h, b, slots, n, P_UID, UNKNOWN_ID)
    h[t + T_GID] = natural(h, b, slots, n, P_GID, UNKNOWN_ID)
    h[t + T_PIDNS] = number(h, b, slots, n, P_PIDNS, 0)
    if has(h, slots, n, P_CGROUPS):
        h[t + T_CGROUPS] = listing(h, u, b, slots, n, P_CGROUPS)
    if in_container:
        h[t + T_VTID] = vtid
        h[t + T_VPID] = vpid
    else:
        h[t + T_VTID] = tid
        h[t + T_VPID] = h[t + T_PID]
    h[t + T_CLONE_TS] = ts
    if not parent_fake:
        h[t + T_EXEPATH] = h[p + T_EXEPATH]
        h[t + T_ROOT] = h[p + T_ROOT]
        h[t + T_SID] = h[p + T_SID]
        h[t + T_VPGID] = h[p + T_VPGID]
        h[t + T_PGID] = h[p + T_PGID]
        h[t + T_TTY] = h[p + T_TTY]
        h[t + T_LOGINUID] = h[p + T_LOGINUID]
        h[t + T_CAP_I] = h[p + T_CAP_I]
        h[t + T_CAP_P] = h[p + T_CAP_P]
        h[t + T_CAP_E] = h[p + T_CAP_E]
        h[t + T_EXE_FLAGS] = h[p + T_EXE_FLAGS]
        h[t + T_EXE_INO] = h[p + T_EXE_INO]
        h[t + T_EXE_CTIME] = h[p + T_EXE_CTIME]
        h[t + T_EXE_MTIME] = h[p + T_EXE_MTIME]
        if modern and is_thread:
            h[t + T_LASTEXEC_TS] = h[p + T_LASTEXEC_TS]
    set_mem(
        h,
        child,
        natural(h, b, slots, n, P_VM_SIZE, -1),
        natural(h, b, slots, n, P_VM_RSS, 0),
        natural(h, b, slots, n, P_VM_SWAP, 0),
        number(h, b, slots, n, P_PGFT_MAJ, -1),
        number(h, b, slots, n, P_PGFT_MIN, 0),
    )
    if is_thread:
        main = find(h, h[t + T_PID])
        if main >= 0 and main != child:
            h[ll(h, main) + L_CHILDREN] += 1
    else:
        source = main_of(h, parent, event)
        if source >= 0 and source != child:
            q = tt(h, h[ll(h, source) + L_ROW])
            h[tt(h, h[child_at + L_ROW]) + T_CWD] = h[q + T_CWD]
            h[tt(h, h[child_at + L_ROW]) + T_ENV] = h[q + T_ENV]
        table = files_of(h, parent, event)
        if table >= 0 and table != child:
            fdtables.copy(h, table, child)
    return child


# --- exec ------------------------------------------------------------------------------------------
@inline
def execve(
    h: I64, u: U8, b: U8, slots: int, n: int, life: int, ts: int, event: int, code: int, enter_slots: int
) -> None:
    """Apply a successful exit of execve or execveat to the entry (state engine, 5.2).

    ``enter_slots`` are the slots of the stored enter event whose parameters stand at
    ``h[H_OFF + 64:]`` (``h[H_STORED]`` many; 0 when there is none).
    """
    modern = h[S_MODERN] == 1
    row = new_row(h, life, event)
    t = tt(h, row)
    exe = string(h, u, b, slots, n, P_EXE)
    h[t + T_EXE] = exe
    # the layouts with 8 to 14 parameters have no comm: index 13 is the environment in layout 14
    has_comm = has(h, slots, n, P_COMM)
    h[t + T_COMM] = string(h, u, b, slots, n, P_COMM) if has_comm else exe
    h[t + T_ARGS] = listing(h, u, b, slots, n, P_ARGS)
    was_fake = is_fake(h, life)
    h[t + T_PID] = number(h, b, slots, n, P_PID, h[t + T_PID])
    if modern and was_fake:
        h[t + T_VTID] = h[t + T_TID]
        h[t + T_VPID] = h[t + T_PID]
    ptid = number(h, b, slots, n, P_PTID, -1)
    if h[t + T_PTID] == -1 or (modern and ptid > 0 and find(h, h[t + T_PTID]) < 0):
        h[t + T_PTID] = ptid
    h[t + T_FDLIMIT] = number(h, b, slots, n, P_FDLIMIT, h[t + T_FDLIMIT])
    set_mem(
        h,
        life,
        natural(h, b, slots, n, P_VM_SIZE, -1),
        natural(h, b, slots, n, P_VM_RSS, 0),
        natural(h, b, slots, n, P_VM_SWAP, 0),
        number(h, b, slots, n, P_PGFT_MAJ, -1),
        number(h, b, slots, n, P_PGFT_MIN, 0),
    )
    if has(h, slots, n, P_CGROUPS):
        h[t + T_CGROUPS] = listing(h, u, b, slots, n, P_CGROUPS)
    if has(h, slots, n, P_ENV):
        h[t + T_ENV] = listing(h, u, b, slots, n, P_ENV)
    h[t + T_TTY] = number(h, b, slots, n, P_TTY, h[t + T_TTY])
    h[t + T_VPGID] = number(h, b, slots, n, P_VPGID, h[t + T_VPGID])
    if has(h, slots, n, P_LOGINUID):
        h[t + T_LOGINUID] = natural(h, b, slots, n, P_LOGINUID, UNKNOWN_ID)
    if has(h, slots, n, P_FLAGS):
        h[t + T_EXE_FLAGS] = natural(h, b, slots, n, P_FLAGS, 0)
    if modern:
        h[t + T_CAP_I] = number(h, b, slots, n, P_CAP_I, h[t + T_CAP_I])
        h[t + T_CAP_P] = number(h, b, slots, n, P_CAP_P, h[t + T_CAP_P])
        h[t + T_CAP_E] = number(h, b, slots, n, P_CAP_E, h[t + T_CAP_E])
        h[t + T_EXE_INO] = number(h, b, slots, n, P_EXE_INO, h[t + T_EXE_INO])
        h[t + T_EXE_CTIME] = number(h, b, slots, n, P_EXE_CTIME, h[t + T_EXE_CTIME])
        h[t + T_EXE_MTIME] = number(h, b, slots, n, P_EXE_MTIME, h[t + T_EXE_MTIME])
        h[t + T_UID] = natural(h, b, slots, n, P_UID, h[t + T_UID])
        h[t + T_GID] = natural(h, b, slots, n, P_GID, h[t + T_GID])
        h[t + T_PGID] = number(h, b, slots, n, P_PGID, h[t + T_PGID])
    kept = CL_PIPE_SRC | CL_PIPE_DST | CL_INVERTED | CL_MAIN_THREAD
    h[t + T_FLAGS] = (h[t + T_FLAGS] & kept) | CL_ACTIVE | CL_NAME_CHANGED
    h[t + T_LASTEXEC_TS] = ts
    _exepath(h, u, b, slots, n, life, row, event, enter_slots)


@inline
def _is_na(b: U8, at: int, length: int) -> bool:
    return (
        length >= 4 and b[at] == 0x3C and b[at + 1] == 0x4E and b[at + 2] == 0x41 and b[at + 3] == 0x3E
    )  # "<NA>"


@inline
def _exepath(
    h: I64, u: U8, b: U8, slots: int, n: int, life: int, row: int, event: int, enter_slots: int
) -> None:
    """Set the path of the executable: trusted_exepath, else cwd and the file name."""
    row_at = tt(h, row)
    modern = h[S_MODERN] == 1
    i = h[slots + P_TRUSTED]
    if modern and i >= 0 and i < n and h[H_PLEN + i] > 1:
        h[row_at + T_EXEPATH] = intern_text(h, u, b, h[H_OFF + i], h[H_PLEN + i])
        return
    main = main_of(h, life, event)
    cwd = h[tt(h, h[ll(h, main) + L_ROW]) + T_CWD] if main >= 0 else np.int64(0)
    i = h[slots + P_FILENAME]
    if modern and i >= 0 and i < n and h[H_PLEN + i] > 0:
        length = _text_length(b, h[H_OFF + i], h[H_PLEN + i])
        if _is_na(b, h[H_OFF + i], length):
            h[row_at + T_EXEPATH] = h[S_NA]
        else:
            h[row_at + T_EXEPATH] = concat(h, u, cwd, b, h[H_OFF + i], length)
        return
    stored = h[H_STORED]
    if stored == 0:
        return
    i = h[enter_slots + P_FILENAME]
    base = cwd
    if i < 0:
        i = h[enter_slots + P_PATH]
        if i < 0:
            return
        d = h[enter_slots + P_DIRFD]
        if d >= 0 and d < stored:
            base = directory(h, u, life, event, signed(u, h[H_OFF + 64 + d], h[H_PLEN + 64 + d]), cwd)
    if i >= stored:
        return
    at = h[H_OFF + 64 + i]
    length = _text_length(u, at, h[H_PLEN + 64 + i])
    if _is_na(u, at, length):
        h[row_at + T_EXEPATH] = h[S_NA]
    else:
        h[row_at + T_EXEPATH] = concat(h, u, base, u, at, length)


@inline
def _text_length(b: U8, start: int, length: int) -> int:
    for i in range(length):
        if b[start + i] == 0:
            return i
    return length


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
