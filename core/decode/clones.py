"""Threads and processes that begin: clone, fork, vfork and clone3. Kernels.

Rules: state engine, section 5.1. The two generations of readers agree in the outline only, so that each
has a function of its own; what a child takes from the event is common to both.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_CHILD_IN_PIDNS,
    CL_FILES,
    CL_INVERTED,
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
    P_CGROUPS,
    P_COMM,
    P_EXE,
    P_FDLIMIT,
    P_FLAGS,
    P_GID,
    P_PGFT_MAJ,
    P_PGFT_MIN,
    P_PID,
    P_PIDNS,
    P_PTID,
    P_UID,
    P_VM_RSS,
    P_VM_SIZE,
    P_VM_SWAP,
    P_VPID,
    P_VTID,
)
from .params import has, listing, natural, number, string
from .state import (
    L_CHILDREN,
    L_ROW,
    S_EXACT,
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
    T_TTY,
    T_UID,
    T_VPGID,
    T_VPID,
    T_VTID,
    ll,
    tt,
)
from .threads import (
    count_threads,
    fake,
    files_of,
    find,
    group_size,
    is_fake,
    main_of,
    new_life,
    new_row,
    remove,
    set_field,
    set_mem,
    set_pid,
)

_STALE = 2_000_000_000  # ns: an entry older than this is replaced by the child's own event
_CLONE_NEWPID = 64
_CLONE_PARENT = 256


@inline
def clone_old(h: I64, u: U8, b: U8, slots: int, n: int, tid: int, ts: int, event: int, res: int) -> None:
    """Apply an exit of the clone family as 0.29.3 does; ``res`` > 0 is the parent's side, 0 the child's."""
    flags = natural(h, b, slots, n, P_FLAGS, 0)
    vtid = number(h, b, slots, n, P_VTID, tid)
    vpid = number(h, b, slots, n, P_VPID, -1)
    in_container = (flags & CL_CHILD_IN_PIDNS) != 0 or tid != vtid
    child_tid = res
    caller_tid = tid
    inverted = np.int64(0)
    if res == 0:
        own = find(h, tid)
        if own >= 0:
            began = h[tt(h, h[ll(h, own) + L_ROW]) + T_CLONE_TS]
            if began == 0 or not _is_stale(ts, began):
                if in_container:
                    set_field(h, own, event, T_VTID, vtid)
                    set_field(h, own, event, T_VPID, vpid)
                return
            remove(h, own, event)
        child_tid = tid
        caller_tid = number(h, b, slots, n, P_PID if flags & CL_THREAD else P_PTID, -1)
        inverted = np.int64(CL_INVERTED)
    elif in_container:
        return  # the caller only knows the child's number inside: the child's own event tells
    caller = find(h, caller_tid)
    if caller < 0:
        caller = fake(h, caller_tid, event)
    valid = not is_fake(h, caller)
    child = find(h, child_tid)
    if child >= 0:
        if h[tt(h, h[ll(h, child) + L_ROW]) + T_FLAGS] & CL_INVERTED:
            return
        remove(h, child, event)
        if child == caller:
            caller = fake(h, caller_tid, event)
            valid = False
    if not valid:
        # a caller that nobody saw begins anew and looks like its child
        had_threads = h[ll(h, caller) + L_CHILDREN] > 0
        remove(h, caller, event)
        caller = fake(h, caller_tid, event)
        if had_threads:
            count_threads(h, caller, event, group_size(h, caller_tid) - 1)
        p = tt(h, h[ll(h, caller) + L_ROW])
        h[p + T_EXE] = string(h, u, b, slots, n, P_EXE)
        h[p + T_COMM] = string(h, u, b, slots, n, P_COMM) if has(h, slots, n, P_COMM) else h[p + T_EXE]
        h[p + T_ARGS] = listing(h, u, b, slots, n, P_ARGS)
    child = new_life(h, child_tid, event)
    t = tt(h, h[ll(h, child) + L_ROW])
    p = tt(h, h[ll(h, caller) + L_ROW])
    is_thread = (flags & CL_THREAD) != 0
    set_pid(h, child, number(h, b, slots, n, P_PID, child_tid) if is_thread else child_tid, False)
    h[t + T_PTID] = caller_tid
    h[t + T_FLAGS] = flags | inverted
    _from_event(h, u, b, slots, n, child, t)
    if valid:
        _from_parent(h, t, p)
        if not is_thread:
            h[t + T_ENV] = h[p + T_ENV]
    elif h[S_EXACT]:
        h[t + T_LOGINUID] = 0
    h[t + T_VTID] = vtid if in_container else child_tid
    h[t + T_VPID] = vpid if in_container else h[t + T_PID]
    h[t + T_CLONE_TS] = ts
    if is_thread:
        main = find(h, h[t + T_PID])
        if main < 0:
            fake(h, h[t + T_PID], event)  # which counts this thread
        else:
            count_threads(h, main, event, 1)
    else:
        source = main_of(h, caller, event)
        h[tt(h, h[ll(h, child) + L_ROW]) + T_CWD] = h[tt(h, h[ll(h, source) + L_ROW]) + T_CWD]
        table = files_of(h, caller, event)
        if table >= 0 and table != child:
            fdtables.copy(h, table, child)


@inline
def _is_stale(ts: int, began: int) -> bool:
    """Whether more than two seconds lie between; a clock that went back makes it many (unsigned) years."""
    return ts - began > _STALE or ts < began


@inline
def clone_new(
    h: I64, u: U8, b: U8, slots: int, n: int, tid: int, ts: int, event: int, res: int, vfork: bool
) -> int:
    """Apply an exit of the clone family as the newest reader does; returns the life it belongs to."""
    flags = natural(h, b, slots, n, P_FLAGS, 0) | (CL_VFORK if vfork else 0)
    vtid = number(h, b, slots, n, P_VTID, tid)
    vpid = number(h, b, slots, n, P_VPID, -1)
    in_container = (flags & CL_CHILD_IN_PIDNS) != 0 or tid != vtid
    caller = find(h, tid)
    if res > 0:
        if caller < 0:
            caller = fake(h, tid, event)
        if in_container or flags & (_CLONE_NEWPID | _CLONE_PARENT | CL_VFORK):
            return caller
        child = find(h, res)
        if child >= 0:
            if h[tt(h, h[ll(h, child) + L_ROW]) + T_FLAGS] & CL_INVERTED:
                return caller
            remove(h, child, event)
        _new_child(h, u, b, slots, n, caller, res, tid, ts, event, flags, in_container, False, vtid, vpid)
        return caller
    child = caller
    if child >= 0:
        began = h[tt(h, h[ll(h, child) + L_ROW]) + T_CLONE_TS]
        if began != 0 and not _is_stale(ts, began):
            return child
        remove(h, child, event)
    pid = number(h, b, slots, n, P_PID, tid)
    ptid = number(h, b, slots, n, P_PTID, -1)
    lookup_tid = pid if flags & CL_THREAD else ptid
    parent = find(h, lookup_tid)
    if parent < 0:
        parent = fake(h, lookup_tid, event)
    flags |= CL_INVERTED
    return _new_child(
        h, u, b, slots, n, parent, tid, lookup_tid, ts, event, flags, in_container, True, vtid, vpid
    )


@inline
def _new_child(
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
    """Create the entry of a cloned thread (state engine, 5.1.1, the newest reader)."""
    parent_fake = is_fake(h, parent)
    if parent_fake and not from_child:
        # an unknown caller looks like its child
        row_at = tt(h, new_row(h, parent, event))
        h[row_at + T_COMM] = string(h, u, b, slots, n, P_COMM)
        h[row_at + T_EXE] = string(h, u, b, slots, n, P_EXE)
        h[row_at + T_ARGS] = listing(h, u, b, slots, n, P_ARGS)
        set_pid(h, parent, number(h, b, slots, n, P_PID, -1), True)
        h[row_at + T_PTID] = number(h, b, slots, n, P_PTID, -1)
        h[row_at + T_VTID] = vtid
        h[row_at + T_VPID] = vpid
    child = new_life(h, tid, event)
    child_at = ll(h, child)
    t = tt(h, h[child_at + L_ROW])
    p = tt(h, h[ll(h, parent) + L_ROW])
    is_thread = (flags & CL_THREAD) != 0
    if is_thread:
        flags |= CL_FILES
        set_pid(h, child, number(h, b, slots, n, P_PID, h[p + T_PID]) if from_child else h[p + T_PID], False)
        h[t + T_PTID] = number(h, b, slots, n, P_PTID, -1)
    else:
        set_pid(h, child, number(h, b, slots, n, P_PID, tid) if from_child else tid, False)
        h[t + T_PTID] = number(h, b, slots, n, P_PTID, lookup_tid) if from_child else lookup_tid
    h[t + T_FLAGS] = flags
    _from_event(h, u, b, slots, n, child, t)
    h[t + T_PIDNS] = number(h, b, slots, n, P_PIDNS, 0)
    h[t + T_VTID] = vtid if in_container else tid
    h[t + T_VPID] = vpid if in_container else h[t + T_PID]
    h[t + T_CLONE_TS] = ts
    if not parent_fake:
        _from_parent(h, t, p)
        if is_thread:
            h[t + T_LASTEXEC_TS] = h[p + T_LASTEXEC_TS]
    if is_thread:
        main = find(h, h[t + T_PID])
        if main >= 0 and main != child:
            count_threads(h, main, event, 1)
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


@inline
def _from_event(h: I64, u: U8, b: U8, slots: int, n: int, child: int, t: int) -> None:
    """Take from the event what it says of the child, into the row at place ``t``."""
    exe = string(h, u, b, slots, n, P_EXE)
    h[t + T_EXE] = exe
    h[t + T_COMM] = string(h, u, b, slots, n, P_COMM) if has(h, slots, n, P_COMM) else exe
    h[t + T_ARGS] = listing(h, u, b, slots, n, P_ARGS)
    h[t + T_FDLIMIT] = number(h, b, slots, n, P_FDLIMIT, 0)
    h[t + T_UID] = natural(h, b, slots, n, P_UID, UNKNOWN_ID)
    h[t + T_GID] = natural(h, b, slots, n, P_GID, UNKNOWN_ID)
    if has(h, slots, n, P_CGROUPS):
        h[t + T_CGROUPS] = listing(h, u, b, slots, n, P_CGROUPS)
    set_mem(
        h,
        child,
        natural(h, b, slots, n, P_VM_SIZE, -1),
        natural(h, b, slots, n, P_VM_RSS, 0),
        natural(h, b, slots, n, P_VM_SWAP, 0),
        number(h, b, slots, n, P_PGFT_MAJ, -1),
        number(h, b, slots, n, P_PGFT_MIN, 0),
    )


@inline
def _from_parent(h: I64, t: int, p: int) -> None:
    """Take from the caller's row at place ``p`` what its child inherits."""
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
