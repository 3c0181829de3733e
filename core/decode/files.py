"""Descriptors that are not sockets: open, close, dup, pipe and the like. Kernels.

Rules: state engine, section 6. A descriptor state never changes: an update makes a new row.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import CL_PIPE_DST, CL_PIPE_SRC, FD_PHANTOM, U8
from ..kernel import inline
from . import fdtables
from .actions import P_DEV, P_DIRFD, P_FD1, P_FD2, P_FLAGS, P_INO, P_NAME, P_PATH
from .paths import concat
from .state import (
    F_COLUMNS,
    F_DEV,
    F_DEST,
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
    L_ROW,
    S_FDS,
    S_MODERN,
    T_CWD,
    T_FLAGS,
    State,
)
from .strings import text_length
from .threads import directory, files_of, main_of, natural, new_row, number

KIND_DIRECTORY = 2
KIND_UNIX = 8
KIND_FIFO = 7
KIND_FILE = 16
O_DIRECTORY = 1024


@inline
def new_fd(st: State, life: int, event: int, fd: int, kind: int) -> int:
    """Make a row for a new descriptor ``fd``, without putting it into a table."""
    row = st.s[S_FDS]
    st.s[S_FDS] = row + 1
    for c in range(F_COLUMNS):
        st.f[row, c] = 0
    st.f[row, F_KIND] = kind
    st.f[row, F_NUM] = fd
    st.f[row, F_OPENER] = st.lives[life, L_ROW]
    st.f[row, F_FIRST] = event
    st.f[row, F_OPENED] = event
    return row


@inline
def changed(st: State, row: int, event: int) -> int:
    """Begin a new state of a descriptor, equal to ``row``; returns the new row."""
    if st.f[row, F_FIRST] == event:
        return row
    new = st.s[S_FDS]
    st.s[S_FDS] = new + 1
    for c in range(F_COLUMNS):
        st.f[new, c] = st.f[row, c]
    st.f[new, F_FIRST] = event
    return new


@inline
def add(st: State, life: int, event: int, fd: int, row: int) -> None:
    """Put a descriptor into the thread's table."""
    table = files_of(st, life, event)
    if table >= 0:
        fdtables.put(st, table, fd, row)


@inline
def _param(st: State, slots: np.ndarray, n: int, slot: int) -> int:
    i = np.int64(slots[slot])
    return i if i >= 0 and i < n else np.int64(-1)


@inline
def _unset(b: U8, at: int, length: int) -> bool:
    """Whether a name is empty or ``<NA>``."""
    return length == 0 or (
        length == 4 and b[at] == 0x3C and b[at + 1] == 0x4E and b[at + 2] == 0x41 and b[at + 3] == 0x3E
    )


@inline
def opened(
    st: State, b: U8, slots: np.ndarray, n: int, life: int, event: int, fd: int, enter_slots: np.ndarray
) -> int:
    """Apply an exit of the open family; returns the descriptor row.

    A failed call gets a row that only carries the name it asked for. The name comes from the stored
    enter event when that has one: user space may rewrite it during the call.
    """
    old_empty = False
    at = np.int64(0)
    length = np.int64(-1)
    dirfd = np.int64(-100)
    flags = np.int64(0)
    i = _param(st, slots, n, P_NAME)
    if i < 0:
        i = _param(st, slots, n, P_PATH)
    from_store = False
    if i >= 0:
        at = st.off[i]
        length = text_length(b, at, st.plen[i])
        old_empty = length == 0
    dirfd = number(st, b, slots, n, P_DIRFD, -100)
    flags = natural(st, b, slots, n, P_FLAGS, 0)
    stored = st.off[127]
    if stored > 0:
        j = np.int64(enter_slots[P_NAME])
        if j >= 0 and j < stored:
            at2 = st.off[64 + j]
            length2 = text_length(st.store, at2, st.plen[64 + j])
            if not _unset(st.store, at2, length2):
                at = at2
                length = length2
                from_store = True
                f = np.int64(enter_slots[P_FLAGS])
                if f >= 0 and f < stored and st.plen[64 + f] == 4:
                    flags = natural_store(st, f)
                d = np.int64(enter_slots[P_DIRFD])
                if d >= 0 and d < stored:
                    dirfd = signed_store(st, d)
    if length < 0:
        return np.int64(-1)
    main = main_of(st, life, event)
    cwd = st.t[st.lives[main, L_ROW], T_CWD] if main >= 0 else np.int64(0)
    absolute = length > 0 and (st.store[at] == 0x2F if from_store else b[at] == 0x2F)
    base = cwd if absolute else directory(st, life, event, dirfd, cwd)
    if from_store:
        name = concat(st, base, st.store, at, length)
    else:
        name = concat(st, base, b, at, length)
    kind = KIND_DIRECTORY if flags & O_DIRECTORY else KIND_FILE
    row = new_fd(st, life, event, fd, kind)
    st.f[row, F_NAME] = name
    if fd < 0:
        st.f[row, F_FLAGS] = FD_PHANTOM
        st.f[row, F_KIND] = 0
        st.f[row, F_NUM] = -1
        return row
    st.f[row, F_OPENFLAGS] = flags
    st.f[row, F_DEV] = natural(st, b, slots, n, P_DEV, 0)
    st.f[row, F_INO] = number(st, b, slots, n, P_INO, 0)
    add(st, life, event, fd, row)
    return row


@inline
def natural_store(st: State, i: int) -> int:
    """Unsigned 32-bit parameter ``i`` of the stored enter event."""
    at = st.off[64 + i]
    return (
        np.int64(st.store[at])
        | (np.int64(st.store[at + 1]) << 8)
        | (np.int64(st.store[at + 2]) << 16)
        | (np.int64(st.store[at + 3]) << 24)
    )


@inline
def signed_store(st: State, i: int) -> int:
    """Signed parameter ``i`` (8 or 4 bytes) of the stored enter event."""
    at = st.off[64 + i]
    low = natural_store(st, i)
    if st.plen[64 + i] < 8:
        return low - 0x100000000 if low >= 0x80000000 else low
    high = (
        np.int64(st.store[at + 4])
        | (np.int64(st.store[at + 5]) << 8)
        | (np.int64(st.store[at + 6]) << 16)
        | (np.int64(st.store[at + 7]) << 24)
    )
    return low | (high << 32)


@inline
def duplicated(st: State, life: int, event: int, source: int, fd: int, standard: bool) -> int:
    """Copy descriptor row ``source`` to number ``fd``; returns the new row, -1 when there is no source.

    ``standard``: a dup onto 0 or 1 marks the thread as the end of a pipe.
    """
    if source < 0:
        return np.int64(-1)
    row = st.s[S_FDS]
    st.s[S_FDS] = row + 1
    for c in range(F_COLUMNS):
        st.f[row, c] = st.f[source, c]
    st.f[row, F_NUM] = fd
    st.f[row, F_FIRST] = event
    st.f[row, F_OPENED] = event
    st.f[row, F_OPENER] = st.lives[life, L_ROW]
    add(st, life, event, fd, row)
    if standard and (fd == 0 or fd == 1):
        bit = CL_PIPE_DST if fd == 0 else CL_PIPE_SRC
        if not st.t[st.lives[life, L_ROW], T_FLAGS] & bit:
            state = new_row(st, life, event)
            st.t[state, T_FLAGS] |= bit
    return row


@inline
def pair(st: State, b: U8, slots: np.ndarray, n: int, life: int, event: int, kind: int) -> int:
    """Create the two descriptors of pipe or socketpair; returns the row of the second."""
    row = np.int64(-1)
    fd1 = number(st, b, slots, n, P_FD1, -1)
    fd2 = number(st, b, slots, n, P_FD2, -1)
    for k in range(2):
        fd = fd1 if k == 0 else fd2
        if fd < 0:
            continue
        row = new_fd(st, life, event, fd, kind)
        if kind == KIND_FIFO:
            st.f[row, F_INO] = number(st, b, slots, n, P_INO, 0)
        else:
            i = _param(st, slots, n, P_FD2 + 1)
            j = _param(st, slots, n, P_FD2 + 2)
            if i >= 0 and j >= 0:
                first = number(st, b, slots, n, P_FD2 + 1, 0)
                second = number(st, b, slots, n, P_FD2 + 2, 0)
                st.f[row, F_SOURCE] = first if k == 0 else second
                st.f[row, F_DEST] = second if k == 0 else first
            st.f[row, F_L4] = 0
        add(st, life, event, fd, row)
    return row


@inline
def close_range(st: State, life: int, event: int, first: int, last: int) -> None:
    """Remove all descriptors from ``first`` to ``last`` of the thread's table."""
    table = files_of(st, life, event)
    if table < 0:
        return
    at = st.lives[table, 12]
    if at < 0:
        return
    capacity = st.lives[table, 13]
    # removing moves entries, so look again from the start of the slice until nothing is left
    i = np.int64(0)
    while i < capacity:
        key = np.int64(st.poolkey[at + i])
        if key >= 0 and key >= first and key <= last:
            fdtables.remove(st, table, key)
        else:
            i += 1
