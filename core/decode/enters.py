"""Enter events, and those that stand alone. Kernels."""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_CLOSED,
    EV_PAIRED,
    I64,
    U8,
)
from ..kernel import inline
from . import actions as a
from . import fdtables, sockets, threads
from .effects import F_DUPFD, F_DUPFD_CLOEXEC
from .params import natural, number
from .state import (
    H_OFF,
    H_PLEN,
    H_STORED,
    L_ENTER_TS,
    L_EXIT,
    L_FD,
    L_LATENCY,
    L_REAPER,
    L_ROW,
    L_STORE_TYPE,
    L_TYPE,
    O_FLAGS,
    S_EXACT,
    S_MODERN,
    S_PENDING_LIFE,
    T_FLAGS,
    ll,
    tt,
)


@inline
def enter(
    h: I64,
    u: U8,
    buf: U8,
    pos: int,
    length: int,
    kind: int,
    event: int,
    code: int,
    ts: int,
    life: int,
    facts: int,
    action: int,
    slots: int,
    n: int,
) -> int:
    """An enter event, or one that stands alone; returns the descriptor row that it shows."""
    lives = ll(h, life)
    fd = np.int64(-1)
    row = np.int64(-1)
    place = np.int64(-1)
    h[lives + L_TYPE] = code
    h[H_STORED] = 0
    if facts & a.E_USES_FD:
        fd = number(h, buf, slots, n, a.P_FD, -1)
        table = threads.files_of(h, life, event)
        if table >= 0:
            place = fdtables.find(h, table, fd)
            if place >= 0:
                row = fdtables.row_of(h[place])
    h[lives + L_FD] = fd
    h[lives + L_ENTER_TS] = ts
    h[lives + L_LATENCY] = 0
    if facts & a.E_STORE_ENTER:
        # of fcntl, only what makes descriptors
        cmd = natural(h, buf, slots, n, a.P_CMD, F_DUPFD)
        if h[S_MODERN] == 1 or cmd in (F_DUPFD, F_DUPFD_CLOEXEC):
            threads.keep_enter(h, u, life, buf, pos, length)
            h[lives + L_STORE_TYPE] = code * 8 + kind
    if facts & a.E_DESTROYS_FD:
        if place >= 0:
            entry = h[place] | fdtables.ENTRY_CLOSING
            h[place] = entry if h[S_EXACT] else entry & ~fdtables.ENTRY_CANCELED
    elif action == a.A_CONNECT_ENTER:
        j = h[slots + a.P_ADDR]
        if j >= 0 and j < n:
            row = sockets.connect_enter(h, u, life, event, fd, row, buf, h[H_OFF + j], h[H_PLEN + j])
    elif action == a.A_SENDTO_ENTER:
        row = _sendto_enter(h, life, event, fd, row, buf, slots, n)
    elif action == a.A_PROCEXIT:
        h[tt(h, h[lives + L_ROW]) + T_FLAGS] |= CL_CLOSED
        h[S_PENDING_LIFE] = life
        h[lives + L_EXIT] = number(h, buf, slots, n, a.P_STATUS, 0)
        h[lives + L_REAPER] = number(h, buf, slots, n, a.P_REAPER, -1)
    h[O_FLAGS] |= EV_PAIRED
    return row


@inline
def _sendto_enter(h: I64, life: int, event: int, fd: int, row: int, buf: U8, slots: int, n: int) -> int:
    """A sendto on a descriptor nobody saw: the old reader invents a datagram socket."""
    j = h[slots + a.P_TUPLE]
    if row >= 0 or fd < 0 or j < 0 or j >= n or h[H_PLEN + j] < 1 or h[S_MODERN] == 1:
        return row
    family = np.int64(buf[h[H_OFF + j]])
    if family != sockets.AF_INET and family != sockets.AF_INET6:
        return row
    return sockets.new_socket(h, life, event, fd, family, 2, 17)
