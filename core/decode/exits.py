"""Exit events, as the old and the newest readers take them. Kernels."""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    EV_FD_GUESSED,
    EV_PAIRED,
    FD_PHANTOM,
    I64,
    U8,
)
from ..kernel import inline
from . import actions as a
from . import clones, fdtables, files, sockets, threads
from .effects import F_DUPFD, F_DUPFD_CLOEXEC, apply, clamp
from .params import number, parse
from .readers import signed
from .state import (
    B_STORE,
    B_STORELEN,
    F_FLAGS,
    H_OFF,
    H_PLEN,
    H_STORED,
    L_ENTER_TS,
    L_FD,
    L_LATENCY,
    L_STORE,
    L_STORE_TYPE,
    L_TYPE,
    O_FLAGS,
    O_LATENCY,
    S_EXACT,
    S_PENDING_CANCELED,
    S_PENDING_CLOSE,
    STORE_SIZE,
    ee,
    ff,
    ll,
)

_EXECVEAT_E = 330
_COPY_FILE_RANGE_X = 333


@inline
def _latency(h: I64, lives: int, ts: int) -> None:
    if h[lives + L_ENTER_TS] != 0:
        h[lives + L_LATENCY] = ts - h[lives + L_ENTER_TS]
    h[O_LATENCY] = h[lives + L_LATENCY]


@inline
def _recall(h: I64, u: U8, life: int, paired: bool, slots: int) -> int:
    """Find the parameters of the stored enter event, if it is this call's; returns its slots."""
    lives = ll(h, life)
    h[H_STORED] = 0
    slot = h[lives + L_STORE]
    if slot < 0 or not paired or (h[lives + L_STORE_TYPE] >> 3) != h[lives + L_TYPE]:
        return slots
    at = h[B_STORE] + slot * STORE_SIZE
    h[H_STORED] = parse(h, u, at, h[h[B_STORELEN] + slot], h[lives + L_STORE_TYPE] & 7, 64)
    return ee(h, h[lives + L_STORE_TYPE] >> 3) + a.E_SLOTS


@inline
def exit_old(
    h: I64,
    u: U8,
    buf: U8,
    event: int,
    code: int,
    ts: int,
    life: int,
    facts: int,
    action: int,
    slots: int,
    n: int,
    res: int,
    has_res: bool,
) -> int:
    """An exit event as 0.29.3 takes it; returns the descriptor row that it shows."""
    lives = ll(h, life)
    paired = code == h[lives + L_TYPE] + 1
    _latency(h, lives, ts)
    row = np.int64(-1)
    if paired:
        h[O_FLAGS] |= EV_PAIRED
        if facts & a.E_USES_FD:
            if code == _COPY_FILE_RANGE_X:
                h[lives + L_FD] = number(h, buf, slots, n, a.P_FD, -1)
            table = threads.files_of(h, life, event)
            place = fdtables.find(h, table, h[lives + L_FD])
            if place >= 0:
                row = fdtables.row_of(h[place])
                if h[S_EXACT] and h[place] & fdtables.ENTRY_CANCELED:
                    h[place] &= ~fdtables.ENTRY_CANCELED
                    if fdtables.lookup(h, table, fdtables.CANCELED_FD) >= 0:
                        h[S_PENDING_CLOSE] = life
                        h[S_PENDING_CANCELED] = fdtables.CANCELED_FD
    if action == a.A_GETSOCKOPT and n > 1:
        h[lives + L_FD] = number(h, buf, slots, n, a.P_FD, -1)
        row = fdtables.lookup(h, threads.main_of(h, life, event), h[lives + L_FD])
    if facts & a.E_CONNECTS and row >= 0 and res >= 0:
        row = files.used(h, life, event, h[lives + L_FD], row)
    if action != a.A_NONE:
        enter_slots = _recall(h, u, life, paired, slots)
        fd = h[lives + L_FD]
        row = apply(
            h, u, buf, slots, n, life, event, code, action, ts, res, has_res, fd, row, enter_slots, facts
        )
    threads.drop_store(h, life)
    return row


@inline
def guessed(h: I64, life: int, event: int, row: int) -> int:
    """The descriptor that an exit of an old capture shows: if need be, that of the thread's last number."""
    if row >= 0 and not h[ff(h, row) + F_FLAGS] & FD_PHANTOM:
        return row
    found = fdtables.lookup(h, threads.files_of(h, life, event), h[ll(h, life) + L_FD])
    if found < 0:
        return row
    h[O_FLAGS] |= EV_FD_GUESSED
    return found


@inline
def told(
    h: I64, u: U8, buf: U8, event: int, life: int, action: int, slots: int, n: int, res: int, row: int
) -> int:
    """A connect or accept that shows the tuple it tells, as the old reader does."""
    j = h[slots + a.P_TUPLE]
    if j < 0 or j >= n or (row >= 0 and res >= 0):
        return row
    return sockets.told(h, u, life, event, row, buf, h[H_OFF + j], h[H_PLEN + j])


@inline
def exit_new(
    h: I64,
    u: U8,
    buf: U8,
    event: int,
    code: int,
    ts: int,
    life: int,
    facts: int,
    action: int,
    slots: int,
    n: int,
    res: int,
    has_res: bool,
) -> int:
    """An exit event as the newest reader takes it; returns the descriptor row that it shows."""
    lives = ll(h, life)
    fd = np.int64(-1)
    row = np.int64(-1)
    paired = code == h[lives + L_TYPE] + 1 or (h[lives + L_TYPE] == _EXECVEAT_E and action == a.A_EXEC)
    h[O_FLAGS] |= EV_PAIRED
    h[lives + L_LATENCY] = 0
    if paired:
        _latency(h, lives, ts)
    enter_slots = _recall(h, u, life, paired, slots)
    if facts & a.E_USES_FD:
        j = h[slots + a.P_FD]
        if j >= 0 and j < n:
            fd = clamp(signed(buf, h[H_OFF + j], h[H_PLEN + j]))
        elif paired:
            fd = h[lives + L_FD]
        table = threads.files_of(h, life, event)
        if table >= 0:
            row = fdtables.lookup(h, table, fd)
    if facts & a.E_CONNECTS and row >= 0 and res >= 0:
        row = files.used(h, life, event, fd, row)
    if action != a.A_NONE:
        source = row
        row = apply(
            h, u, buf, slots, n, life, event, code, action, ts, res, has_res, fd, row, enter_slots, facts
        )
        if facts & a.E_CREATES_FD and not (action == a.A_DUP and source < 0):
            fd = _created_fd(h, buf, slots, n, action, res)
        elif (
            action == a.A_FCNTL
            and res >= 0
            and source >= 0
            and number(h, buf, slots, n, a.P_CMD, 0) in (F_DUPFD, F_DUPFD_CLOEXEC)
        ):
            fd = clamp(res)
    elif facts & a.E_CREATES_FD:
        fd = clamp(res)
    h[lives + L_FD] = fd
    if h[H_STORED] > 0:
        threads.drop_store(h, life)
    return row


@inline
def _created_fd(h: I64, buf: U8, slots: int, n: int, action: int, res: int) -> int:
    """The descriptor number that an exit of a creating call shows."""
    if action == a.A_PIPE or action == a.A_SOCKETPAIR:
        return clamp(number(h, buf, slots, n, a.P_FD2, -1)) if res >= 0 else np.int64(-1)
    return clamp(res) if res >= 0 else np.int64(-1)


@inline
def clone_old(
    h: I64,
    u: U8,
    buf: U8,
    slots: int,
    n: int,
    event: int,
    code: int,
    ts: int,
    tid: int,
    res: int,
    has_res: bool,
) -> int:
    """An exit of the clone family in an old capture, whose thread need not exist before; returns its life."""
    before = threads.find(h, tid)
    if before >= 0:
        lives = ll(h, before)
        _latency(h, lives, ts)
        if code == h[lives + L_TYPE] + 1:
            h[O_FLAGS] |= EV_PAIRED
    if has_res and res >= 0:
        clones.clone_old(h, u, buf, slots, n, tid, ts, event, res)
    life = threads.find(h, tid)
    if life < 0:
        h[O_LATENCY] = tid
        return life
    if life == before:
        threads.drop_store(h, life)
    else:
        h[O_LATENCY] = 0
    return life
