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
    I32,
    I64,
    U8,
    UNKNOWN_ID,
)
from ..kernel import inline, kernel
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
    F_NAME,
    L_CAP,
    L_CHILDREN,
    L_CLOSE_AT,
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
    State,
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
def find(st: State, tid: int) -> int:
    """Return the life of ``tid``, -1: no entry."""
    mask = len(st.tidkey) - 1
    i = _slot(tid, mask)
    while st.tidlife[i] != 0:
        if st.tidkey[i] == tid:
            return np.int64(st.tidlife[i]) - 1
        i = (i + 1) & mask
    return np.int64(-1)


@inline
def _hash_put(keys: I64, lives: I32, tid: int, life: int) -> None:
    mask = len(keys) - 1
    i = _slot(tid, mask)
    while lives[i] != 0:
        i = (i + 1) & mask
    keys[i] = tid
    lives[i] = np.int32(life + 1)


@inline
def _hash_remove(st: State, tid: int) -> None:
    mask = len(st.tidkey) - 1
    i = _slot(tid, mask)
    while True:
        if st.tidlife[i] == 0:
            return
        if st.tidkey[i] == tid:
            break
        i = (i + 1) & mask
    hole = i
    while True:
        i = (i + 1) & mask
        if st.tidlife[i] == 0:
            break
        home = _slot(st.tidkey[i], mask)
        if ((i - home) & mask) >= ((i - hole) & mask):
            st.tidkey[hole] = st.tidkey[i]
            st.tidlife[hole] = st.tidlife[i]
            hole = i
    st.tidlife[hole] = 0
    st.s[S_TIDS] -= 1


@kernel
def rehash_tids(keys: I64, lives: I32, new_keys: I64, new_lives: I32) -> None:
    """Copy the tid hash into a larger, empty one."""
    for i in range(len(keys)):
        if lives[i] != 0:
            _hash_put(new_keys, new_lives, keys[i], np.int64(lives[i]) - 1)


# --- entries ---------------------------------------------------------------------------------------------
@inline
def new_life(st: State, tid: int, event: int) -> int:
    """Create an entry for ``tid`` with an empty state row; the caller fills the row."""
    life = st.s[S_LIVES]
    st.s[S_LIVES] = life + 1
    row = st.s[S_THREADS]
    st.s[S_THREADS] = row + 1
    for c in range(T_COLUMNS):
        st.t[row, c] = 0
    for c in range(st.lives.shape[1]):
        st.lives[life, c] = 0
    st.lives[life, L_TID] = tid
    st.lives[life, L_FIRST] = event
    st.lives[life, L_END] = -1
    st.lives[life, L_ROW] = row
    st.lives[life, L_MEM] = -1
    st.lives[life, L_EXIT] = -1
    st.lives[life, L_REAPER] = -1
    st.lives[life, L_TYPE] = -1
    st.lives[life, L_FD] = -1
    st.lives[life, L_STORE] = -1
    st.lives[life, L_TABLE] = -1
    st.lives[life, L_CPU_TS] = -1
    st.lives[life, L_CLOSE_AT] = -1
    t = st.t[row]
    t[T_TID] = tid
    t[T_VTID] = -1
    t[T_VPID] = -1
    t[T_SID] = -1
    t[T_VPGID] = -1
    t[T_PGID] = -1
    t[T_LOGINUID] = UNKNOWN_ID
    t[T_LIFE] = life
    t[T_FIRST] = event
    _hash_put(st.tidkey, st.tidlife, tid, life)
    st.s[S_TIDS] += 1
    return life


@inline
def new_row(st: State, life: int, event: int) -> int:
    """Begin a new state of ``life`` that equals its current one; returns the row.

    A row that began with this same event is changed in place.
    """
    old = st.lives[life, L_ROW]
    if st.t[old, T_FIRST] == event:
        return old
    row = st.s[S_THREADS]
    st.s[S_THREADS] = row + 1
    for c in range(T_COLUMNS):
        st.t[row, c] = st.t[old, c]
    st.t[row, T_FIRST] = event
    st.lives[life, L_ROW] = row
    return row


@inline
def set_field(st: State, life: int, event: int, column: int, value: int) -> None:
    """Change one column of the thread's state, in a new row if it really changes."""
    if st.t[st.lives[life, L_ROW], column] != value:
        row = new_row(st, life, event)
        st.t[row, column] = value


@inline
def fake(st: State, tid: int, event: int) -> int:
    """Create the entry of a thread that nothing announced (state engine, 3.2)."""
    life = new_life(st, tid, event)
    t = st.t[st.lives[life, L_ROW]]
    t[T_PID] = -1 if st.s[S_MODERN] == 1 else tid
    t[T_PTID] = -1
    t[T_COMM] = st.s[S_NA]
    t[T_EXE] = st.s[S_NA]
    t[T_UID] = UNKNOWN_ID
    t[T_GID] = UNKNOWN_ID
    return life


@inline
def is_fake(st: State, life: int) -> bool:
    """Whether the entry was never described by anything."""
    row = st.lives[life, L_ROW]
    if st.s[S_MODERN] == 1:
        return st.t[row, T_PID] < 0
    return st.t[row, T_UID] == UNKNOWN_ID


@inline
def main_of(st: State, life: int, event: int) -> int:
    """Return the life of the main thread; the old reader makes a missing one, the newest says -1."""
    row = st.lives[life, L_ROW]
    pid = st.t[row, T_PID]
    if pid == st.lives[life, L_TID]:
        return life
    if st.t[row, T_FLAGS] & CL_MAIN_THREAD:
        return life
    main = find(st, pid)
    if main < 0 and st.s[S_MODERN] == 0:
        main = fake(st, pid, event)
    return main


@inline
def files_of(st: State, life: int, event: int) -> int:
    """Return the life whose descriptor table the thread uses, -1: none."""
    if fdtables.shares_files(st, life):
        return main_of(st, life, event)
    return life


@inline
def drop_store(st: State, life: int) -> None:
    """Forget the stored enter event."""
    slot = st.lives[life, L_STORE]
    if slot >= 0:
        st.storenext[slot] = st.s[S_FREE_STORE]
        st.s[S_FREE_STORE] = slot
        st.lives[life, L_STORE] = -1


@inline
def keep_enter(st: State, life: int, b: U8, start: int, length: int) -> None:
    """Keep a copy of the event at ``b[start:start + length]``, cut at the size of a slot."""
    slot = st.lives[life, L_STORE]
    if slot < 0:
        slot = st.s[S_FREE_STORE]
        if slot < 0:
            return
        st.s[S_FREE_STORE] = st.storenext[slot]
        st.lives[life, L_STORE] = slot
    n = min(length, STORE_SIZE)
    for i in range(n):
        st.store[slot * STORE_SIZE + i] = b[start + i]
    st.storelen[slot] = n


@inline
def remove(st: State, life: int, event: int) -> None:
    """Remove an entry: its descriptors go with it, its rows stay for the events that refer to them."""
    row = st.lives[life, L_ROW]
    pid = st.t[row, T_PID]
    if pid != st.lives[life, L_TID]:
        main = find(st, pid)
        if main >= 0 and st.lives[main, L_CHILDREN] > 0:
            st.lives[main, L_CHILDREN] -= 1
    drop_store(st, life)
    fdtables.release(st, life)
    _hash_remove(st, st.lives[life, L_TID])
    st.lives[life, L_END] = event


@inline
def exited(st: State, life: int, event: int) -> None:
    """Carry out the removal that a procexit asked for, before the event ``event``.

    The old reader keeps a main thread that still has threads, for good.
    """
    if st.s[S_MODERN] == 0 and st.lives[life, L_CHILDREN] > 0:
        return
    if st.s[S_MODERN] == 1 and st.lives[life, L_CHILDREN] > 0:
        return
    remove(st, life, event)
    if st.s[S_MODERN] == 1:
        # the last thread of a dead main thread takes it along
        row = st.lives[life, L_ROW]
        pid = st.t[row, T_PID]
        if pid != st.lives[life, L_TID]:
            main = find(st, pid)
            if main >= 0 and st.lives[main, L_CHILDREN] == 0:
                main_row = st.lives[main, L_ROW]
                if st.t[main_row, T_FLAGS] & CL_CLOSED:
                    remove(st, main, event)


@inline
def set_mem(st: State, life: int, size: int, rss: int, swap: int, major: int, minor: int) -> None:
    """Record memory figures of the thread; -1 keeps what is known."""
    old = st.lives[life, L_MEM]
    row = st.s[S_MEMS]
    for c in range(5):
        st.m[row, c] = st.m[old, c] if old >= 0 else 0
    if size >= 0:
        st.m[row, 0] = size
        st.m[row, 1] = rss
        st.m[row, 2] = swap
    if major >= 0:
        st.m[row, 3] = major
        st.m[row, 4] = minor
    if old >= 0:
        same = True
        for c in range(5):
            if st.m[row, c] != st.m[old, c]:
                same = False
        if same:
            return
    st.s[S_MEMS] = row + 1
    st.lives[life, L_MEM] = row


# --- parameters by slot ----------------------------------------------------------------------------------
@inline
def number(st: State, b: U8, slots: np.ndarray, n: int, slot: int, default: int) -> int:
    """Signed value of the parameter in ``slot`` of the current event; ``default`` if it is missing."""
    i = np.int64(slots[slot])
    if i < 0 or i >= n or st.plen[i] == 0:
        return np.int64(default)
    return signed(b, st.off[i], st.plen[i])


@inline
def natural(st: State, b: U8, slots: np.ndarray, n: int, slot: int, default: int) -> int:
    """Unsigned value of the parameter in ``slot``; ``default`` if it is missing."""
    i = np.int64(slots[slot])
    if i < 0 or i >= n or st.plen[i] == 0:
        return np.int64(default)
    return unsigned(b, st.off[i], st.plen[i])


@inline
def has(slots: np.ndarray, n: int, slot: int) -> bool:
    """Whether the current event carries the parameter in ``slot``."""
    i = np.int64(slots[slot])
    return i >= 0 and i < n


@inline
def string(st: State, b: U8, slots: np.ndarray, n: int, slot: int) -> int:
    """Id of the CHARBUF parameter in ``slot``; 0 if it is missing."""
    i = np.int64(slots[slot])
    if i < 0 or i >= n:
        return np.int64(0)
    return intern_text(st, b, st.off[i], st.plen[i])


@inline
def listing(st: State, b: U8, slots: np.ndarray, n: int, slot: int) -> int:
    """Id of the NUL-separated list in ``slot``; 0 if it is missing."""
    i = np.int64(slots[slot])
    if i < 0 or i >= n:
        return np.int64(0)
    return intern_list(st, b, st.off[i], st.plen[i])


# --- clone -------------------------------------------------------------------------------------------------
@inline
def clone(
    st: State, b: U8, slots: np.ndarray, n: int, tid: int, ts: int, event: int, res: int, vfork: bool
) -> int:
    """Apply an exit of the clone family; returns the life that the event belongs to, -1: none.

    ``res`` > 0 is the parent's side, 0 the child's (state engine, 5.1).
    """
    modern = st.s[S_MODERN] == 1
    flags = natural(st, b, slots, n, P_FLAGS, 0) | (CL_VFORK if vfork else 0)
    vtid = number(st, b, slots, n, P_VTID, tid)
    vpid = number(st, b, slots, n, P_VPID, -1)
    in_container = (flags & _CHILD_IN_PIDNS) != 0 or tid != vtid
    caller = find(st, tid)
    if res > 0:
        if caller < 0:
            caller = fake(st, tid, event)
        if in_container:
            return caller
        if modern and flags & (_CLONE_NEWPID | _CLONE_PARENT | CL_VFORK):
            return caller
        child = find(st, res)
        if child >= 0:
            if st.t[st.lives[child, L_ROW], T_FLAGS] & CL_INVERTED:
                return caller
            remove(st, child, event)
        new_child(st, b, slots, n, caller, res, tid, ts, event, flags, in_container, False, vtid, vpid)
        return caller
    child = caller
    if child >= 0:
        row = st.lives[child, L_ROW]
        clone_ts = st.t[row, T_CLONE_TS]
        stale = clone_ts != 0 and ts - clone_ts > _STALE
        if modern and clone_ts == 0:
            stale = True
        if not stale:
            if not modern and in_container:
                set_field(st, child, event, T_VTID, vtid)
                set_field(st, child, event, T_VPID, vpid)
            return child
        remove(st, child, event)
    pid = number(st, b, slots, n, P_PID, tid)
    ptid = number(st, b, slots, n, P_PTID, -1)
    lookup_tid = pid if flags & CL_THREAD else ptid
    parent = find(st, lookup_tid)
    if parent < 0:
        parent = fake(st, lookup_tid, event)
    return new_child(
        st, b, slots, n, parent, tid, lookup_tid, ts, event, flags | CL_INVERTED, in_container, True, vtid, vpid
    )


@inline
def new_child(
    st: State,
    b: U8,
    slots: np.ndarray,
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
    modern = st.s[S_MODERN] == 1
    parent_fake = is_fake(st, parent)
    comm = string(st, b, slots, n, P_COMM)
    exe = string(st, b, slots, n, P_EXE)
    args = listing(st, b, slots, n, P_ARGS)
    if not has(slots, n, P_COMM):
        comm = exe
    if parent_fake and not from_child:
        # an unknown caller looks like its child
        row = new_row(st, parent, event)
        st.t[row, T_COMM] = comm
        st.t[row, T_EXE] = exe
        st.t[row, T_ARGS] = args
        if modern:
            st.t[row, T_PID] = number(st, b, slots, n, P_PID, -1)
            st.t[row, T_PTID] = number(st, b, slots, n, P_PTID, -1)
            st.t[row, T_VTID] = vtid
            st.t[row, T_VPID] = vpid
    child = new_life(st, tid, event)
    t = st.t[st.lives[child, L_ROW]]
    p = st.t[st.lives[parent, L_ROW]]
    is_thread = (flags & CL_THREAD) != 0
    if modern and is_thread:
        flags |= CL_FILES
    if is_thread:
        t[T_PID] = number(st, b, slots, n, P_PID, p[T_PID]) if from_child else p[T_PID]
        t[T_PTID] = number(st, b, slots, n, P_PTID, -1) if modern else lookup_tid
    else:
        t[T_PID] = number(st, b, slots, n, P_PID, tid) if from_child else tid
        t[T_PTID] = number(st, b, slots, n, P_PTID, lookup_tid) if modern and from_child else lookup_tid
    t[T_COMM] = comm
    t[T_EXE] = exe
    t[T_ARGS] = args
    t[T_FLAGS] = flags
    t[T_FDLIMIT] = number(st, b, slots, n, P_FDLIMIT, 0)
    t[T_UID] = natural(st, b, slots, n, P_UID, UNKNOWN_ID)
    t[T_GID] = natural(st, b, slots, n, P_GID, UNKNOWN_ID)
    t[T_PIDNS] = number(st, b, slots, n, P_PIDNS, 0)
    if has(slots, n, P_CGROUPS):
        t[T_CGROUPS] = listing(st, b, slots, n, P_CGROUPS)
    if in_container:
        t[T_VTID] = vtid
        t[T_VPID] = vpid
    else:
        t[T_VTID] = tid
        t[T_VPID] = t[T_PID]
    t[T_CLONE_TS] = ts
    if not parent_fake:
        t[T_EXEPATH] = p[T_EXEPATH]
        t[T_ROOT] = p[T_ROOT]
        t[T_SID] = p[T_SID]
        t[T_VPGID] = p[T_VPGID]
        t[T_PGID] = p[T_PGID]
        t[T_TTY] = p[T_TTY]
        t[T_LOGINUID] = p[T_LOGINUID]
        t[T_CAP_I] = p[T_CAP_I]
        t[T_CAP_P] = p[T_CAP_P]
        t[T_CAP_E] = p[T_CAP_E]
        t[T_EXE_FLAGS] = p[T_EXE_FLAGS]
        t[T_EXE_INO] = p[T_EXE_INO]
        t[T_EXE_CTIME] = p[T_EXE_CTIME]
        t[T_EXE_MTIME] = p[T_EXE_MTIME]
        if modern and is_thread:
            t[T_LASTEXEC_TS] = p[T_LASTEXEC_TS]
    set_mem(
        st,
        child,
        natural(st, b, slots, n, P_VM_SIZE, -1),
        natural(st, b, slots, n, P_VM_RSS, 0),
        natural(st, b, slots, n, P_VM_SWAP, 0),
        number(st, b, slots, n, P_PGFT_MAJ, -1),
        number(st, b, slots, n, P_PGFT_MIN, 0),
    )
    if is_thread:
        main = find(st, t[T_PID])
        if main >= 0 and main != child:
            st.lives[main, L_CHILDREN] += 1
    else:
        source = main_of(st, parent, event)
        if source >= 0 and source != child:
            q = st.t[st.lives[source, L_ROW]]
            st.t[st.lives[child, L_ROW], T_CWD] = q[T_CWD]
            st.t[st.lives[child, L_ROW], T_ENV] = q[T_ENV]
        table = files_of(st, parent, event)
        if table >= 0 and table != child:
            fdtables.copy(st, table, child)
    return child


# --- exec ----------------------------------------------------------------------------------------------------
@inline
def execve(
    st: State, b: U8, slots: np.ndarray, n: int, life: int, ts: int, event: int, code: int, enter_slots: np.ndarray
) -> None:
    """Apply a successful exit of execve or execveat to the entry (state engine, 5.2).

    ``enter_slots`` are the slots of the stored enter event whose parameters stand at
    ``st.off[64:]`` (``st.off[127]`` many; 0 when there is none).
    """
    modern = st.s[S_MODERN] == 1
    row = new_row(st, life, event)
    t = st.t[row]
    exe = string(st, b, slots, n, P_EXE)
    t[T_EXE] = exe
    # the layouts with 8 to 14 parameters have no comm: index 13 is the environment in layout 14
    has_comm = has(slots, n, P_COMM)
    t[T_COMM] = string(st, b, slots, n, P_COMM) if has_comm else exe
    t[T_ARGS] = listing(st, b, slots, n, P_ARGS)
    was_fake = is_fake(st, life)
    t[T_PID] = number(st, b, slots, n, P_PID, t[T_PID])
    if modern and was_fake:
        t[T_VTID] = t[T_TID]
        t[T_VPID] = t[T_PID]
    ptid = number(st, b, slots, n, P_PTID, -1)
    if t[T_PTID] == -1 or (modern and ptid > 0 and find(st, t[T_PTID]) < 0):
        t[T_PTID] = ptid
    t[T_FDLIMIT] = number(st, b, slots, n, P_FDLIMIT, t[T_FDLIMIT])
    set_mem(
        st,
        life,
        natural(st, b, slots, n, P_VM_SIZE, -1),
        natural(st, b, slots, n, P_VM_RSS, 0),
        natural(st, b, slots, n, P_VM_SWAP, 0),
        number(st, b, slots, n, P_PGFT_MAJ, -1),
        number(st, b, slots, n, P_PGFT_MIN, 0),
    )
    if has(slots, n, P_CGROUPS):
        t[T_CGROUPS] = listing(st, b, slots, n, P_CGROUPS)
    if has(slots, n, P_ENV):
        t[T_ENV] = listing(st, b, slots, n, P_ENV)
    t[T_TTY] = number(st, b, slots, n, P_TTY, t[T_TTY])
    t[T_VPGID] = number(st, b, slots, n, P_VPGID, t[T_VPGID])
    if has(slots, n, P_LOGINUID):
        t[T_LOGINUID] = natural(st, b, slots, n, P_LOGINUID, UNKNOWN_ID)
    if has(slots, n, P_FLAGS):
        t[T_EXE_FLAGS] = natural(st, b, slots, n, P_FLAGS, 0)
    if modern:
        t[T_CAP_I] = number(st, b, slots, n, P_CAP_I, t[T_CAP_I])
        t[T_CAP_P] = number(st, b, slots, n, P_CAP_P, t[T_CAP_P])
        t[T_CAP_E] = number(st, b, slots, n, P_CAP_E, t[T_CAP_E])
        t[T_EXE_INO] = number(st, b, slots, n, P_EXE_INO, t[T_EXE_INO])
        t[T_EXE_CTIME] = number(st, b, slots, n, P_EXE_CTIME, t[T_EXE_CTIME])
        t[T_EXE_MTIME] = number(st, b, slots, n, P_EXE_MTIME, t[T_EXE_MTIME])
        t[T_UID] = natural(st, b, slots, n, P_UID, t[T_UID])
        t[T_GID] = natural(st, b, slots, n, P_GID, t[T_GID])
        t[T_PGID] = number(st, b, slots, n, P_PGID, t[T_PGID])
    kept = CL_PIPE_SRC | CL_PIPE_DST | CL_INVERTED | CL_MAIN_THREAD
    t[T_FLAGS] = (t[T_FLAGS] & kept) | CL_ACTIVE | CL_NAME_CHANGED
    t[T_LASTEXEC_TS] = ts
    _exepath(st, b, slots, n, life, row, event, enter_slots)


@inline
def _is_na(b: U8, at: int, length: int) -> bool:
    return (
        length >= 4 and b[at] == 0x3C and b[at + 1] == 0x4E and b[at + 2] == 0x41 and b[at + 3] == 0x3E
    )  # "<NA>"


@inline
def _exepath(
    st: State, b: U8, slots: np.ndarray, n: int, life: int, row: int, event: int, enter_slots: np.ndarray
) -> None:
    """Set the path of the executable: trusted_exepath, else cwd and the file name."""
    modern = st.s[S_MODERN] == 1
    i = np.int64(slots[P_TRUSTED])
    if modern and i >= 0 and i < n and st.plen[i] > 1:
        st.t[row, T_EXEPATH] = intern_text(st, b, st.off[i], st.plen[i])
        return
    main = main_of(st, life, event)
    cwd = st.t[st.lives[main, L_ROW], T_CWD] if main >= 0 else np.int64(0)
    i = np.int64(slots[P_FILENAME])
    if modern and i >= 0 and i < n and st.plen[i] > 0:
        length = _text_length(b, st.off[i], st.plen[i])
        if _is_na(b, st.off[i], length):
            st.t[row, T_EXEPATH] = st.s[S_NA]
        else:
            st.t[row, T_EXEPATH] = concat(st, cwd, b, st.off[i], length)
        return
    stored = st.off[127]
    if stored == 0:
        return
    i = np.int64(enter_slots[P_FILENAME])
    base = cwd
    if i < 0:
        i = np.int64(enter_slots[P_PATH])
        if i < 0:
            return
        d = np.int64(enter_slots[P_DIRFD])
        if d >= 0 and d < stored:
            base = directory(st, life, event, signed(st.store, st.off[64 + d], st.plen[64 + d]), cwd)
    if i >= stored:
        return
    at = st.off[64 + i]
    length = _text_length(st.store, at, st.plen[64 + i])
    if _is_na(st.store, at, length):
        st.t[row, T_EXEPATH] = st.s[S_NA]
    else:
        st.t[row, T_EXEPATH] = concat(st, base, st.store, at, length)


@inline
def _text_length(b: U8, start: int, length: int) -> int:
    for i in range(length):
        if b[start + i] == 0:
            return i
    return length


@inline
def directory(st: State, life: int, event: int, dirfd: int, cwd: int) -> int:
    """Return the id of the directory that ``dirfd`` names, with its final slash (state engine, 4)."""
    if dirfd == _AT_FDCWD:
        return cwd
    table = files_of(st, life, event)
    row = fdtables.lookup(st, table, dirfd) if table >= 0 else np.int64(-1)
    if row < 0:
        return st.s[S_UNKNOWN_DIR]
    return with_slash(st, st.f[row, F_NAME])
