"""Descriptors that are not sockets: open, close, dup, pipe and the like. Kernels.

Rules: state engine, section 6. A descriptor state never changes: an update makes a new row.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import CL_PIPE_DST, CL_PIPE_SRC, FD_CLOEXEC, FD_CONNECTED, FD_PHANTOM, I64, U8
from ..kernel import inline
from . import fdtables
from .actions import P_DEV, P_DIRFD, P_FD1, P_FLAGS, P_INO, P_NAME, P_PATH, P_PEER, P_SOURCE
from .params import natural, number
from .paths import concat
from .readers import signed, u16, u32
from .sockwords import KIND_IPV4, KIND_IPV6
from .state import (
    B_POOLKEY,
    B_POOLROW,
    F_COLUMNS,
    F_DEV,
    F_FIRST,
    F_FLAGS,
    F_INO,
    F_KIND,
    F_NAME,
    F_NUM,
    F_OPENER,
    F_OPENFLAGS,
    F_PREV,
    F_W0,
    F_W1,
    H_OFF,
    H_PLEN,
    H_STORED,
    L_CAP,
    L_FD,
    L_ROW,
    L_TABLE,
    S_EXACT,
    S_FDS,
    S_MODERN,
    T_CWD,
    T_FLAGS,
    ff,
    ll,
    tt,
)
from .strings import intern_shown, text_length
from .threads import AT_FDCWD, directory, files_of, main_of, new_row

KIND_DIRECTORY = 2
KIND_FIFO = 7
KIND_FILE = 16
O_DIRECTORY = 1024
_NA = 0x3E414E3C  # "<NA>"
_NULL, _NULL_END = 0x4C554E28, 0x294C  # "(NULL)"


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
    h[row_at + F_PREV] = -1
    return row


@inline
def copied(h: I64, row: int, event: int) -> int:
    """Make a row that equals ``row`` and begins with ``event``; returns it."""
    new = h[S_FDS]
    new_at = ff(h, new)
    row_at = ff(h, row)
    h[S_FDS] = new + 1
    for c in range(F_COLUMNS):
        h[new_at + c] = h[row_at + c]
    h[new_at + F_FIRST] = event
    h[new_at + F_PREV] = row
    return new


@inline
def changed(h: I64, row: int, event: int) -> int:
    """Begin a new state of a descriptor, equal to ``row``; returns the new row."""
    if h[ff(h, row) + F_FIRST] == event:
        return row
    return copied(h, row, event)


@inline
def give(h: I64, life: int, event: int, fd: int, row: int, bits: int) -> int:
    """Give number ``fd`` of the thread's table to a new descriptor; returns the ENTRY_* bits it got."""
    table = files_of(h, life, event)
    h[ll(h, life) + L_FD] = fd
    if table >= 0:
        return fdtables.give(h, table, fd, row, bits)
    return bits


@inline
def renew(h: I64, life: int, event: int, fd: int, row: int) -> None:
    """Put the next state of descriptor ``fd`` into the thread's table."""
    table = files_of(h, life, event)
    if table >= 0:
        fdtables.renew(h, table, fd, row)


@inline
def used(h: I64, life: int, event: int, fd: int, row: int) -> int:
    """A read or write succeeded: a network socket is connected; returns the descriptor's row."""
    f = ff(h, row)
    if h[f + F_KIND] not in (KIND_IPV4, KIND_IPV6) or h[f + F_FLAGS] & FD_CONNECTED:
        return row
    new = changed(h, row, event)
    h[ff(h, new) + F_FLAGS] |= FD_CONNECTED
    renew(h, life, event, fd, new)
    return new


@inline
def _param(h: I64, slots: int, n: int, slot: int) -> int:
    i = h[slots + slot]
    return i if i >= 0 and i < n else np.int64(-1)


@inline
def _unset(h: I64, b: U8, at: int, length: int) -> bool:
    """Whether the name in an enter event is none: empty, or what stands for a null pointer."""
    if h[S_MODERN] == 1:
        return length == 0 or (length == 4 and u32(b, at) == _NA)
    return length == 6 and u32(b, at) == _NULL and u16(b, at + 4) == _NULL_END


@inline
def opened(
    h: I64, u: U8, b: U8, slots: int, n: int, life: int, event: int, res: int, fd: int, enter_slots: int
) -> int:
    """Apply an exit of the open family; returns the descriptor row that the event shows.

    A failed call gets a row that only carries the name it asked for. The name comes from the stored
    enter event when that has one: user space may rewrite it during the call. ``fd`` is the result as a
    number of a descriptor.
    """
    at = np.int64(0)
    size = np.int64(-1)
    from_store = False
    i = _param(h, slots, n, P_NAME)
    if i < 0:
        i = _param(h, slots, n, P_PATH)
    if i >= 0:
        at = h[H_OFF + i]
        size = h[H_PLEN + i]
    asked_at, asked_size = at, size  # what the exit event says
    dirfd = number(h, b, slots, n, P_DIRFD, -100)
    asked_dirfd = dirfd
    flags = natural(h, b, slots, n, P_FLAGS, 0)
    stored = h[H_STORED]
    if stored > 0:
        j = h[enter_slots + P_NAME]
        if j >= 0 and j < stored and h[H_PLEN + 64 + j] > 0:
            at2 = h[H_OFF + 64 + j]
            size2 = h[H_PLEN + 64 + j]
            if i < 0 or not _unset(h, u, at2, text_length(u, at2, size2)):
                at = at2
                size = size2
                from_store = True
                f = h[enter_slots + P_FLAGS]
                flags = np.int64(0)
                if f >= 0 and f < stored and h[H_PLEN + 64 + f] == 4:
                    flags = natural_store(h, u, f)
                d = h[enter_slots + P_DIRFD]
                if d >= 0 and d < stored:
                    dirfd = signed_store(h, u, d)
    if size < 0:
        return np.int64(-1)
    modern = h[S_MODERN] == 1
    length = text_length(u, at, size) if from_store else text_length(b, at, size)
    main = main_of(h, life, event)
    cwd = h[tt(h, h[ll(h, main) + L_ROW]) + T_CWD] if main >= 0 else np.int64(0)
    absolute = length > 0 and (u[at] == 0x2F if from_store else b[at] == 0x2F)
    beneath = np.int64(-1)  # the directory's descriptor
    if not absolute and dirfd != AT_FDCWD:
        table = files_of(h, life, event)
        beneath = fdtables.lookup(h, table, dirfd) if table >= 0 else np.int64(-1)
    if res < 0 and not modern:
        if beneath >= 0 or i < 0:
            return beneath  # as 0.29.3 shows it
        at, size, from_store, dirfd = asked_at, asked_size, False, asked_dirfd
        length = text_length(b, at, size)
        absolute = length > 0 and b[at] == 0x2F
    extra = size - length
    has_dirfd = h[slots + P_DIRFD] >= 0 or (stored > 0 and h[enter_slots + P_DIRFD] >= 0)
    if res < 0 and not modern and not has_dirfd and (absolute or (length >= 4 and u32(b, at) == _NA)):
        name = intern_shown(h, u, b, at, length)
    else:
        base = cwd if absolute else directory(h, u, life, event, dirfd, cwd)
        if absolute and has_dirfd:
            extra += 1  # the reader counts a "." that it does not use
        name = (
            concat(h, u, base, u, at, length, extra)
            if from_store
            else concat(h, u, base, b, at, length, extra)
        )
    if name == 0 and res < 0 and not modern and not has_dirfd:
        name = intern_shown(h, u, b, at, length)
    row = new_fd(h, life, event, fd, KIND_DIRECTORY if flags & O_DIRECTORY else KIND_FILE)
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
    give(h, life, event, fd, row, 0)
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
def duplicated(h: I64, life: int, event: int, place: int, fd: int) -> int:
    """Copy the descriptor of the table entry at ``place`` to number ``fd``; returns the new row."""
    entry = h[place]
    row = copied(h, fdtables.row_of(entry), event)
    row_at = ff(h, row)
    h[row_at + F_NUM] = fd
    h[row_at + F_OPENER] = h[ll(h, life) + L_ROW]
    table = files_of(h, life, event)
    onto = fdtables.find(h, table, fd) if table >= 0 else np.int64(-1)
    old = entry & ~fdtables.row_of(-1)
    bits = give(h, life, event, fd, row, old)
    if h[S_EXACT] and onto >= 0 and onto != place and bits != old:
        h[place] = fdtables.row_of(entry) | bits  # that reader marks the source, too
    return row


@inline
def pipe_end(h: I64, life: int, event: int, standard: int) -> None:
    """Mark the thread as an end of a shell pipe: its descriptor ``standard`` (0 or 1) was replaced."""
    bit = CL_PIPE_DST if standard == 0 else CL_PIPE_SRC
    if not h[tt(h, h[ll(h, life) + L_ROW]) + T_FLAGS] & bit:
        state = new_row(h, life, event)
        h[tt(h, state) + T_FLAGS] |= bit


@inline
def pair(h: I64, b: U8, slots: int, n: int, life: int, event: int, kind: int) -> int:
    """Create the two descriptors of pipe or socketpair; returns the row that the event shows."""
    shown = np.int64(-1)
    for k in range(2):
        fd = number(h, b, slots, n, P_FD1 + k, -1)
        if fd < 0:
            continue
        row = new_fd(h, life, event, fd, kind)
        if kind == KIND_FIFO:
            h[ff(h, row) + F_INO] = number(h, b, slots, n, P_INO, 0)
            shown = row
        else:
            h[ff(h, row) + F_W0] = number(h, b, slots, n, P_SOURCE if k == 0 else P_PEER, 0)
            h[ff(h, row) + F_W1] = number(h, b, slots, n, P_PEER if k == 0 else P_SOURCE, 0)
            shown = row if shown < 0 else shown
        give(h, life, event, fd, row, 0)
    return shown


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
        row = fdtables.row_of(h[h[B_POOLROW] + at + i])
        if first <= key <= last and key >= 0 and (not marked or h[ff(h, row) + F_FLAGS] & FD_CLOEXEC):
            fdtables.remove(h, table, key)  # may move another entry here: look again
        else:
            i += 1
