"""Processes that start: clone and its like, and exec. Kernels.

Rules: state engine, sections 5.1 and 5.2.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_ACTIVE,
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
from ..kernel import inline
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
from .params import has, listing, natural, number, string
from .paths import concat
from .readers import signed
from .state import (
    H_OFF,
    H_PLEN,
    H_STORED,
    L_CHILDREN,
    L_ROW,
    S_MODERN,
    S_NA,
    T_ARGS,
    T_CAP_E,
    T_CAP_I,
    T_CAP_P,
    T_CGROUPS,
    T_CLONE_TS,
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
    T_FLAGS,
    T_GID,
    T_LASTEXEC_TS,
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
    ll,
    tt,
)
from .strings import intern_text, text_length
from .threads import (
    directory,
    fake,
    files_of,
    find,
    is_fake,
    main_of,
    new_life,
    new_row,
    remove,
    set_field,
    set_mem,
)

_STALE = 2_000_000_000  # ns: an entry older than this is replaced by the child's own event
_CHILD_IN_PIDNS = 0x20000000
_CLONE_NEWPID = 64
_CLONE_PARENT = 256


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
        length = text_length(b, h[H_OFF + i], h[H_PLEN + i])
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
    length = text_length(u, at, h[H_PLEN + 64 + i])
    if _is_na(u, at, length):
        h[row_at + T_EXEPATH] = h[S_NA]
    else:
        h[row_at + T_EXEPATH] = concat(h, u, base, u, at, length)
