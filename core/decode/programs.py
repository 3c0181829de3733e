"""Programs that start: exec. Kernels.

Rules: state engine, section 5.2.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_ACTIVE,
    CL_INVERTED,
    CL_MAIN_THREAD,
    CL_NAME_CHANGED,
    CL_PIPE_DST,
    CL_PIPE_SRC,
    I64,
    U8,
    UNKNOWN_ID,
)
from ..kernel import inline
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
    P_PTID,
    P_TRUSTED,
    P_TTY,
    P_UID,
    P_VM_RSS,
    P_VM_SIZE,
    P_VM_SWAP,
    P_VPGID,
)
from .params import has, listing, natural, number, string
from .paths import concat
from .readers import signed
from .state import (
    H_OFF,
    H_PLEN,
    H_STORED,
    L_ROW,
    LOOKED,
    S_MODERN,
    S_NA,
    T_ARGS,
    T_CAP_E,
    T_CAP_I,
    T_CAP_P,
    T_CGROUPS,
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
    T_PTID,
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
    find,
    is_fake,
    main_of,
    new_row,
    set_mem,
    set_pid,
)


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
    set_pid(h, life, number(h, b, slots, n, P_PID, h[t + T_PID]), True)
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
        h[t + T_FLAGS] += LOOKED
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
    kept = ~(LOOKED - 1) | CL_PIPE_SRC | CL_PIPE_DST | CL_INVERTED | CL_MAIN_THREAD
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
    if not modern:
        cwd = h[row_at + T_CWD]  # the thread's own, which only main threads have
    i = h[slots + P_FILENAME]
    if modern and i >= 0 and i < n and h[H_PLEN + i] > 0:
        length = text_length(b, h[H_OFF + i], h[H_PLEN + i])
        if _is_na(b, h[H_OFF + i], length):
            h[row_at + T_EXEPATH] = h[S_NA]
        else:
            h[row_at + T_EXEPATH] = concat(h, u, cwd, b, h[H_OFF + i], length, 0)
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
        h[row_at + T_EXEPATH] = concat(h, u, base, u, at, length, h[H_PLEN + 64 + i] - length)
