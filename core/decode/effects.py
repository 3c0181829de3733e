"""What exits do to the state: descriptors made, changed and closed; threads changed. Kernels.

Rules: state engine, sections 5.4 and 6.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    FD_CLOEXEC,
    I64,
    U8,
)
from ..kernel import inline
from . import actions as a
from . import fdtables, files, programs, sockets, threads
from .params import (
    has,
    natural,
    number,
    string,
)
from .paths import concat, with_slash
from .readers import signed
from .sockwords import KIND_UNIX
from .state import (
    B_ARENA,
    B_STROFF,
    F_FLAGS,
    F_KIND,
    F_NAME,
    F_OPENFLAGS,
    F_W0,
    H_OFF,
    H_PLEN,
    H_STORED,
    L_FD,
    L_ROW,
    LOOKED,
    S_EXACT,
    S_MODERN,
    S_PENDING_CLOSE,
    S_PENDING_FD,
    T_CWD,
    T_FDLIMIT,
    T_FLAGS,
    T_GID,
    T_ROOT,
    T_SID,
    T_UID,
    ee,
    ff,
    ll,
    tt,
)
from .strings import text_length

_EINPROGRESS = -115
F_DUPFD = 1
_F_SETFD = 3
F_DUPFD_CLOEXEC = 26
_O_CLOEXEC = 4096
_SOCK_CLOEXEC = 0x80000
_RLIMIT_NOFILE = 7
_KIND_MEMFD = 20
_KIND_PIDFD = 21
_SOL_SOCKET = 1
_SO_ERROR = 4


@inline
def clamp(fd: int) -> int:
    """Return a descriptor number, -1 when it is none that fits the columns."""
    return fd if -(1 << 31) < fd < (1 << 31) else np.int64(-1)


@inline
def _cloexec(h: I64, row: int, on: bool) -> None:
    if row >= 0 and on:
        h[ff(h, row) + F_FLAGS] |= FD_CLOEXEC


@inline
def apply(
    h: I64,
    u: U8,
    buf: U8,
    slots: int,
    n: int,
    life: int,
    event: int,
    code: int,
    action: int,
    ts: int,
    res: int,
    has_res: bool,
    fd: int,
    row: int,
    enter_slots: int,
    facts: int,
) -> int:
    """What an exit does to the state; returns the descriptor row that the event shows."""
    if action == a.A_MEM:
        if (h[slots + a.P_VM_SIZE]) >= 0 and (h[slots + a.P_VM_SWAP]) < n:
            threads.set_mem(
                h,
                life,
                natural(h, buf, slots, n, a.P_VM_SIZE, 0),
                natural(h, buf, slots, n, a.P_VM_RSS, 0),
                natural(h, buf, slots, n, a.P_VM_SWAP, 0),
                -1,
                0,
            )
        return row
    if action <= a.A_NEW_FD or action in (a.A_MEMFD, a.A_PIDFD, a.A_PIDFD_GETFD, a.A_GETSOCKOPT):
        return _descriptors(
            h, u, buf, slots, n, life, event, code, action, res, has_res, fd, row, enter_slots, facts
        )
    if has_res and res >= 0:
        _threads(h, u, buf, slots, n, life, event, code, action, ts, res, fd, row, enter_slots)
    return row


@inline
def _descriptors(
    h: I64,
    u: U8,
    buf: U8,
    slots: int,
    n: int,
    life: int,
    event: int,
    code: int,
    action: int,
    res: int,
    has_res: bool,
    fd: int,
    row: int,
    enter_slots: int,
    facts: int,
) -> int:
    """Exits that create, change or remove descriptors."""
    modern = h[S_MODERN] == 1
    if not has_res:
        return row
    if action == a.A_OPEN:
        new = files.opened(h, u, buf, slots, n, life, event, res, clamp(res), enter_slots)
        if new >= 0 and res >= 0:
            _cloexec(h, new, (h[ff(h, new) + F_OPENFLAGS] & _O_CLOEXEC) != 0)
        return new
    if action == a.A_CLOSE:
        _close(h, life, event, fd, row, res)
        return row
    if action == a.A_CONNECT:
        j = h[slots + a.P_TUPLE]
        at = h[H_OFF + j] if j < n else np.int64(0)
        size = h[H_PLEN + j] if j < n else np.int64(0)
        if res >= 0 or res == _EINPROGRESS:
            return sockets.connected(h, u, life, event, fd, row, buf, at, size)
        return row
    if action == a.A_GETSOCKOPT:
        if modern and row >= 0 and res >= 0:
            return _socket_error(h, buf, slots, n, life, event, fd, row)
        return row
    if action == a.A_TUPLE:
        if res < 0 or row < 0:
            return row
        reads = (facts & a.E_READS) != 0
        j = h[slots + a.P_TUPLE]
        if j >= 0 and j < n:
            return sockets.tuple_update(h, u, life, event, fd, row, buf, h[H_OFF + j], h[H_PLEN + j], reads)
        j = h[enter_slots + a.P_TUPLE]
        if j >= 0 and j < h[H_STORED]:
            return sockets.tuple_update(
                h, u, life, event, fd, row, u, h[H_OFF + 64 + j], h[H_PLEN + 64 + j], reads
            )
        return row
    if action == a.A_ACCEPT:
        j = h[slots + a.P_TUPLE]
        if res < 0:
            return row
        h[ll(h, life) + L_FD] = res
        if j < n:
            return sockets.accepted(h, u, life, event, clamp(res), buf, h[H_OFF + j], h[H_PLEN + j])
        return row
    if res < 0:
        return row
    if action == a.A_SOCKET:
        if has(h, slots, n, a.P_DOMAIN):
            domain = natural(h, buf, slots, n, a.P_DOMAIN, 0)
            stype = natural(h, buf, slots, n, a.P_TYPE, 0)
            proto = natural(h, buf, slots, n, a.P_PROTO, 0)
        elif h[H_STORED] >= 3:
            domain = files.natural_store(h, u, 0)
            stype = files.natural_store(h, u, 1)
            proto = files.natural_store(h, u, 2)
        else:
            return row
        new = sockets.new_socket(h, life, event, clamp(res), domain, stype, proto)
        _cloexec(h, new, (stype & _SOCK_CLOEXEC) != 0)
        return new
    if action == a.A_SOCKETPAIR:
        return files.pair(h, buf, slots, n, life, event, KIND_UNIX)
    if action == a.A_PIPE:
        new = files.pair(h, buf, slots, n, life, event, files.KIND_FIFO)
        if natural(h, buf, slots, n, a.P_FLAGS, 0) & _O_CLOEXEC and new > 0:
            _cloexec(h, new, True)
            _cloexec(h, new - 1, True)
        return new
    if action == a.A_BIND:
        j = h[slots + a.P_ADDR]
        if j >= 0 and j < n:
            return sockets.bind(h, u, life, event, fd, row, buf, h[H_OFF + j], h[H_PLEN + j])
        return row
    if action == a.A_DUP:
        if res <= 1:
            files.pipe_end(h, life, event, res)
        return _duplicate(h, life, event, fd, row, res, natural(h, buf, slots, n, a.P_FLAGS, 0) & _O_CLOEXEC)
    if action == a.A_FCNTL:
        cmd = natural(h, buf, slots, n, a.P_CMD, 0)
        if not has(h, slots, n, a.P_CMD):
            j = h[enter_slots + a.P_CMD]
            if j < 0 or j >= h[H_STORED]:
                return row
            cmd = np.int64(u[h[H_OFF + 64 + j]])
        if cmd in (F_DUPFD, F_DUPFD_CLOEXEC):
            new = _duplicate(h, life, event, fd, row, res, np.int64(cmd == F_DUPFD_CLOEXEC))
            return row if modern else new
        if cmd == _F_SETFD and modern and row >= 0:
            on = (number(h, buf, slots, n, a.P_ARG, 0) & 1) != 0
            if on != ((h[ff(h, row) + F_FLAGS] & FD_CLOEXEC) != 0):
                new = files.changed(h, row, event)
                h[ff(h, new) + F_FLAGS] = (h[ff(h, new) + F_FLAGS] & ~FD_CLOEXEC) | (FD_CLOEXEC if on else 0)
                files.renew(h, life, event, fd, new)
                return new
        return row
    if action == a.A_CLOSE_RANGE:
        first = natural(h, buf, slots, n, a.P_FIRST, 0)
        last = natural(h, buf, slots, n, a.P_LAST, -1)
        if modern and not natural(h, buf, slots, n, a.P_FLAGS, 0) & 4:
            files.close_range(h, life, event, first, last, False)
        return row
    if action == a.A_PIDFD_GETFD:
        return row
    new = files.new_fd(h, life, event, clamp(res), h[ee(h, code) + a.E_KIND])
    if action == a.A_MEMFD:
        h[ff(h, new) + F_KIND] = _KIND_MEMFD
        h[ff(h, new) + F_NAME] = string(h, u, buf, slots, n, a.P_NAME)
    elif action == a.A_PIDFD:
        h[ff(h, new) + F_KIND] = _KIND_PIDFD
        h[ff(h, new) + F_W0] = number(h, buf, slots, n, a.P_PID, 0)
    flags = natural(h, buf, slots, n, a.P_FLAGS, 0)
    _cloexec(h, new, (flags & _O_CLOEXEC) != 0)
    files.give(h, life, event, clamp(res), new, 0)
    return new


@inline
def _socket_error(h: I64, buf: U8, slots: int, n: int, life: int, event: int, fd: int, row: int) -> int:
    """What getsockopt says of SO_ERROR: without an error, a connect that was in progress has succeeded."""
    if natural(h, buf, slots, n, a.P_LEVEL, 0) != _SOL_SOCKET:
        return row
    if natural(h, buf, slots, n, a.P_OPTNAME, 0) != _SO_ERROR:
        return row
    j = h[slots + a.P_VAL]
    if j < 0 or j >= n or h[H_PLEN + j] < 9 or signed(buf, h[H_OFF + j] + 1, 8) < 0:
        return row
    return files.used(h, life, event, fd, row)


@inline
def _close(h: I64, life: int, event: int, fd: int, row: int, res: int) -> None:
    """The end of a close: the descriptor goes before the next event, unless its number was given anew."""
    table = threads.files_of(h, life, event)
    place = fdtables.find(h, table, fd) if table >= 0 else np.int64(-1)
    if row < 0 or place < 0:
        return
    if res < 0:
        h[place] &= ~fdtables.ENTRY_CLOSING
    elif h[place] & fdtables.ENTRY_CANCELED and not h[S_EXACT]:
        h[place] &= ~fdtables.ENTRY_CANCELED
    else:
        h[S_PENDING_CLOSE] = life
        h[S_PENDING_FD] = fd


@inline
def _duplicate(h: I64, life: int, event: int, fd: int, row: int, res: int, cloexec: int) -> int:
    """A dup of ``fd`` to number ``res``; returns the row of the copy, ``row`` when there is none."""
    table = threads.files_of(h, life, event)
    place = fdtables.find(h, table, fd) if table >= 0 else np.int64(-1)
    if row < 0 or place < 0:
        return row
    new = files.duplicated(h, life, event, place, clamp(res))
    h[ff(h, new) + F_FLAGS] &= ~FD_CLOEXEC
    _cloexec(h, new, cloexec != 0)
    return new


@inline
def _threads(
    h: I64,
    u: U8,
    buf: U8,
    slots: int,
    n: int,
    life: int,
    event: int,
    code: int,
    action: int,
    ts: int,
    res: int,
    fd: int,
    row: int,
    enter_slots: int,
) -> None:
    """Successful exits that change a thread (state engine, 5.2 and 5.4)."""
    modern = h[S_MODERN] == 1
    if action == a.A_EXEC:
        programs.execve(h, u, buf, slots, n, life, ts, event, code, enter_slots)
        if modern:
            files.close_range(h, life, event, 0, fdtables.MAX_FD, True)
        return
    if action == a.A_CHDIR or action == a.A_FCHDIR or action == a.A_GETCWD:
        main = threads.main_of(h, life, event)
        if main < 0:
            return
        cwd = h[tt(h, h[ll(h, main) + L_ROW]) + T_CWD]
        if action == a.A_FCHDIR:
            if row < 0:
                return
            name = h[ff(h, row) + F_NAME]
            at = h[h[B_STROFF] + name]
            length = h[h[B_STROFF] + name + 1] - at
            new = with_slash(h, u, concat(h, u, cwd, u, h[B_ARENA] + at, length, 0))
        else:
            j = h[slots + a.P_PATH]
            if j < 0 or j >= n:
                return
            length = text_length(buf, h[H_OFF + j], h[H_PLEN + j])
            new = with_slash(h, u, concat(h, u, cwd, buf, h[H_OFF + j], length, h[H_PLEN + j] - length))
        threads.set_field(h, main, event, T_CWD, new)
    elif action == a.A_CHROOT:
        j = h[slots + a.P_PATH]
        main = threads.main_of(h, life, event)
        if j >= 0 and j < n and main >= 0:
            cwd = h[tt(h, h[ll(h, main) + L_ROW]) + T_CWD]
            length = text_length(buf, h[H_OFF + j], h[H_PLEN + j])
            root = concat(h, u, cwd, buf, h[H_OFF + j], length, h[H_PLEN + j] - length)
            row = tt(h, threads.new_row(h, life, event))
            h[row + T_ROOT] = root
            h[row + T_FLAGS] += LOOKED
    elif action == a.A_SETSID:
        threads.set_field(h, life, event, T_SID, res)
    elif action == a.A_SETUID or action == a.A_SETRESUID:
        slot = a.P_UID if action == a.A_SETUID else a.P_EUID
        _set_id(h, u, buf, slots, n, life, event, enter_slots, slot, T_UID, action == a.A_SETUID)
    elif action == a.A_SETGID or action == a.A_SETRESGID:
        slot = a.P_GID if action == a.A_SETGID else a.P_EGID
        _set_id(h, u, buf, slots, n, life, event, enter_slots, slot, T_GID, action == a.A_SETGID)
    elif action == a.A_RLIMIT or action == a.A_PRLIMIT:
        resource = natural(h, buf, slots, n, a.P_RESOURCE, -1)
        pid = number(h, buf, slots, n, a.P_PID, 0)
        if resource < 0:
            j = h[enter_slots + a.P_RESOURCE]
            if j < 0 or j >= h[H_STORED]:
                return
            resource = np.int64(u[h[H_OFF + 64 + j]])
            k = h[enter_slots + a.P_PID]
            pid = files.signed_store(h, u, k) if k >= 0 else np.int64(0)
        limit = number(h, buf, slots, n, a.P_CUR, -1)
        if resource != _RLIMIT_NOFILE or limit == -1:
            return
        target = life
        if action == a.A_PRLIMIT and pid != 0:
            target = threads.find(h, pid)
            if target < 0 and not modern:
                target = threads.fake(h, pid, event)
        if target >= 0:
            main = threads.main_of(h, target, event)
            if main >= 0:
                threads.set_field(h, main, event, T_FDLIMIT, limit)
    elif action == a.A_CAPSET and modern:
        for k in range(3):
            value = number(h, buf, slots, n, a.P_CAP_I + k, 0)
            threads.set_field(h, life, event, 24 + k, value)


@inline
def _set_id(
    h: I64,
    u: U8,
    buf: U8,
    slots: int,
    n: int,
    life: int,
    event: int,
    enter_slots: int,
    slot: int,
    column: int,
    plain: bool,
) -> None:
    value = natural(h, buf, slots, n, slot, -1)
    if value < 0:
        j = h[enter_slots + slot]
        if j < 0 or j >= h[H_STORED]:
            return
        value = files.natural_store(h, u, j)
    if plain or value != 0xFFFFFFFF:
        threads.set_field(h, life, event, column, value)
