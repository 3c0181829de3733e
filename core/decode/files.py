"""Descriptors that are not sockets: open, close, dup, pipe and the like. Kernels.

Rules: state engine, section 6. A descriptor state never changes: an update makes a new row.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import CL_PIPE_DST, CL_PIPE_SRC, FD_CLOEXEC, FD_PHANTOM, I64, U8
from ..kernel import inline
from . import fdtables
from .actions import P_DEV, P_DIRFD, P_FD1, P_FD2, P_FLAGS, P_INO, P_NAME, P_PATH
from .params import natural, number
from .paths import concat
from .readers import signed, u32
from .state import (
    B_POOLKEY,
    B_POOLROW,
    F_COLUMNS,
    F_DEST,
    F_DEV,
    F_FIRST,
    F_FLAGS,
    F_INO,
    F_KIND,
    F_L4,
    F_NAME,
    F_NUM,
    F_OPENED,
    F_OPENER,
    F_OPENFLAGS,
    F_SOURCE,
    H_OFF,
    H_PLEN,
    H_STORED,
    L_CAP,
    L_ROW,
    L_TABLE,
    S_FDS,
    T_CWD,
    T_FLAGS,
    ff,
    ll,
    tt,
)
from .strings import text_length
from .threads import directory, files_of, main_of, new_row

KIND_DIRECTORY = 2
KIND_UNIX = 8
KIND_FIFO = 7
KIND_FILE = 16
O_DIRECTORY = 1024


@inline
def new_fd(h: I64, life: int, event: int, fd: int, kind: int) -> int:
    """Make a row for a new descriptor ``fd``, without putting it into a table."""
    row = h[S_FDS]
    row_at = ff(h, row)
    h[S_FDS] = row + 1
    for c in range(F_COLUMNS):
        h[row_at + c] = 0
    h[row_at + F_KIND] = kind
    h[row_at + F_NUM] = fd
    h[row_at + F_OPENER] = h[ll(h, life) + L_ROW]
    h[row_at + F_FIRST] = event
    h[row_at + F_OPENED] = event
    return row


@inline
def changed(h: I64, row: int, event: int) -> int:
    """Begin a new state of a descriptor, equal to ``row``; returns the new row."""
    row_at = ff(h, row)
    if h[row_at + F_FIRST] == event:
        return row
    new = h[S_FDS]
    new_at = ff(h, new)
    h[S_FDS] = new + 1
    for c in range(F_COLUMNS):
        h[new_at + c] = h[row_at + c]
    h[new_at + F_FIRST] = event
    return new


@inline
def add(h: I64, life: int, event: int, fd: int, row: int) -> None:
    """Put a descriptor into the thread's table."""
    table = files_of(h, life, event)
    if table >= 0:
        fdtables.put(h, table, fd, row)


@inline
def _param(h: I64, slots: int, n: int, slot: int) -> int:
    i = h[slots + slot]
    return i if i >= 0 and i < n else np.int64(-1)


@inline
def _unset(b: U8, at: int, length: int) -> bool:
    """Whether a name is empty or ``<NA>``."""
    return length == 0 or (
        length == 4 and b[at] == 0x3C and b[at + 1] == 0x4E and b[at + 2] == 0x41 and b[at + 3] == 0x3E
    )


@inline
def opened(h: I64, u: U8, b: U8, slots: int, n: int, life: int, event: int, fd: int, enter_slots: int) -> int:
    """Apply an exit of the open family; returns the descriptor row.

    A failed call gets a row that only carries the name it asked for. The name comes from the stored
    enter event when that has one: user space may rewrite it during the call.
    """
    at = np.int64(0)
    length = np.int64(-1)
    dirfd = np.int64(-100)
    flags = np.int64(0)
    i = _param(h, slots, n, P_NAME)
    if i < 0:
        i = _param(h, slots, n, P_PATH)
    from_store = False
    if i >= 0:
        at = h[H_OFF + i]
        length = text_length(b, at, h[H_PLEN + i])
    dirfd = number(h, b, slots, n, P_DIRFD, -100)
    flags = natural(h, b, slots, n, P_FLAGS, 0)
    stored = h[H_STORED]
    if stored > 0:
        j = h[enter_slots + P_NAME]
        if j >= 0 and j < stored:
            at2 = h[H_OFF + 64 + j]
            length2 = text_length(u, at2, h[H_PLEN + 64 + j])
            if not _unset(u, at2, length2):
                at = at2
                length = length2
                from_store = True
                f = h[enter_slots + P_FLAGS]
                if f >= 0 and f < stored and h[H_PLEN + 64 + f] == 4:
                    flags = natural_store(h, u, f)
                d = h[enter_slots + P_DIRFD]
                if d >= 0 and d < stored:
                    dirfd = signed_store(h, u, d)
    if length < 0:
        return np.int64(-1)
    main = main_of(h, life, event)
    cwd = h[tt(h, h[ll(h, main) + L_ROW]) + T_CWD] if main >= 0 else np.int64(0)
    absolute = length > 0 and (u[at] == 0x2F if from_store else b[at] == 0x2F)
    base = cwd if absolute else directory(h, u, life, event, dirfd, cwd)
    name = concat(h, u, base, u, at, length) if from_store else concat(h, u, base, b, at, length)
    kind = KIND_DIRECTORY if flags & O_DIRECTORY else KIND_FILE
    row = new_fd(h, life, event, fd, kind)
    row_at = ff(h, row)
    h[row_at + F_NAME] = name
    if fd < 0:
        h[row_at + F_FLAGS] = FD_PHANTOM
        h[row_at + F_KIND] = 0
        h[row_at + F_NUM] = -1
        return row
    h[row_at + F_OPENFLAGS] = flags
    h[row_at + F_DEV] = natural(h, b, slots, n, P_DEV, 0)
    h[row_at + F_INO] = number(h, b, slots, n, P_INO, 0)
    add(h, life, event, fd, row)
    return row


@inline
def natural_store(h: I64, u: U8, i: int) -> int:
    """Unsigned 32-bit parameter ``i`` of the stored enter event."""
    return u32(u, h[H_OFF + 64 + i])


@inline
def signed_store(h: I64, u: U8, i: int) -> int:
    """Signed parameter ``i`` (8 or 4 bytes) of the stored enter event."""
    return signed(u, h[H_OFF + 64 + i], 8 if h[H_PLEN + 64 + i] >= 8 else 4)


@inline
def duplicated(h: I64, life: int, event: int, source: int, fd: int, standard: bool) -> int:
    """Copy descriptor row ``source`` to number ``fd``; returns the new row, -1 when there is no source.

    ``standard``: a dup onto 0 or 1 marks the thread as the end of a pipe.
    """
    life_at = ll(h, life)
    if source < 0:
        return np.int64(-1)
    row = h[S_FDS]
    row_at = ff(h, row)
    h[S_FDS] = row + 1
    for c in range(F_COLUMNS):
        h[row_at + c] = h[ff(h, source) + c]
    h[row_at + F_NUM] = fd
    h[row_at + F_FIRST] = event
    h[row_at + F_OPENED] = event
    h[row_at + F_OPENER] = h[life_at + L_ROW]
    add(h, life, event, fd, row)
    if standard and (fd == 0 or fd == 1):
        bit = CL_PIPE_DST if fd == 0 else CL_PIPE_SRC
        if not h[tt(h, h[life_at + L_ROW]) + T_FLAGS] & bit:
            state = new_row(h, life, event)
            h[tt(h, state) + T_FLAGS] |= bit
    return row


@inline
def pair(h: I64, b: U8, slots: int, n: int, life: int, event: int, kind: int) -> int:
    """Create the two descriptors of pipe or socketpair; returns the row of the second."""
    row = np.int64(-1)
    fd1 = number(h, b, slots, n, P_FD1, -1)
    fd2 = number(h, b, slots, n, P_FD2, -1)
    for k in range(2):
        fd = fd1 if k == 0 else fd2
        if fd < 0:
            continue
        row = new_fd(h, life, event, fd, kind)
        if kind == KIND_FIFO:
            h[ff(h, row) + F_INO] = number(h, b, slots, n, P_INO, 0)
        else:
            i = _param(h, slots, n, P_FD2 + 1)
            j = _param(h, slots, n, P_FD2 + 2)
            if i >= 0 and j >= 0:
                first = number(h, b, slots, n, P_FD2 + 1, 0)
                second = number(h, b, slots, n, P_FD2 + 2, 0)
                h[ff(h, row) + F_SOURCE] = first if k == 0 else second
                h[ff(h, row) + F_DEST] = second if k == 0 else first
            h[ff(h, row) + F_L4] = 0
        add(h, life, event, fd, row)
    return row


@inline
def close_range(h: I64, life: int, event: int, first: int, last: int, marked: bool) -> None:
    """Remove the descriptors from ``first`` to ``last``; ``marked``: only those to be closed on exec."""
    table = files_of(h, life, event)
    if table < 0:
        return
    table_at = ll(h, table)
    at = h[table_at + L_TABLE]
    if at < 0:
        return
    capacity = h[table_at + L_CAP]
    i = np.int64(0)
    while i < capacity:
        key = h[h[B_POOLKEY] + at + i]
        row = h[h[B_POOLROW] + at + i]
        if first <= key <= last and key >= 0 and (not marked or h[ff(h, row) + F_FLAGS] & FD_CLOEXEC):
            fdtables.remove(h, table, key)  # may move another entry here: look again
        else:
            i += 1
