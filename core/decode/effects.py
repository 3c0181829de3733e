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
from .state import (
    F_FLAGS,
    F_L4,
    F_NAME,
    F_OPENED,
    F_OPENFLAGS,
    F_SPORT,
    H_OFF,
    H_PLEN,
    H_STORED,
    L_CLOSE_AT,
    L_ROW,
    S_MODERN,
    S_PENDING_CLOSE,
    S_PENDING_FD,
    T_CWD,
    T_FDLIMIT,
    T_GID,
    T_ROOT,
    T_SID,
    T_UID,
    ee,
    ff,
    ll,
    tt,
)

_EINPROGRESS = -115
F_DUPFD = 1
_F_SETFD = 3
F_DUPFD_CLOEXEC = 26
_O_CLOEXEC = 4096
_SOCK_CLOEXEC = 0x80000
_RLIMIT_NOFILE = 7


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
    if action <= a.A_NEW_FD or action == a.A_MEMFD or action == a.A_PIDFD or action == a.A_PIDFD_GETFD:
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
    row_at = ff(h, row)
    modern = h[S_MODERN] == 1
    if not has_res:
        return row
    if action == a.A_OPEN:
        new = files.opened(h, u, buf, slots, n, life, event, res, enter_slots)
        if new >= 0 and res >= 0:
            _cloexec(h, new, (h[ff(h, new) + F_OPENFLAGS] & _O_CLOEXEC) != 0)
        return new
    if action == a.A_CLOSE:
        if res >= 0 and row >= 0:
            began = h[ll(h, life) + L_CLOSE_AT]
            if modern or began < 0 or h[row_at + F_OPENED] <= began:
                h[S_PENDING_CLOSE] = threads.files_of(h, life, event)
                h[S_PENDING_FD] = fd
        return row
    if action == a.A_CONNECT:
        j = h[slots + a.P_TUPLE]
        if res >= 0 or res == _EINPROGRESS:
            at = h[H_OFF + j] if j < n else np.int64(0)
            return sockets.connected(
                h, u, life, event, fd, row, buf, at, h[H_PLEN + j] if j < n else np.int64(0)
            )
        if not modern and row >= 0 and j < n:
            return sockets.failed_connect(h, u, event, row, buf, h[H_OFF + j], h[H_PLEN + j])
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
        if res >= 0 and j < n:
            return sockets.accepted(h, u, life, event, clamp(res), buf, h[H_OFF + j], h[H_PLEN + j])
        return row
    if res < 0:
        return row
    if action == a.A_SOCKET:
        domain, stype, proto = np.int64(-1), np.int64(0), np.int64(0)
        if has(h, slots, n, a.P_DOMAIN):
            domain = natural(h, buf, slots, n, a.P_DOMAIN, 0)
            stype = natural(h, buf, slots, n, a.P_TYPE, 0)
            proto = natural(h, buf, slots, n, a.P_PROTO, 0)
        elif h[H_STORED] >= 3:
            domain = files.natural_store(h, u, 0)
            stype = files.natural_store(h, u, 1)
            proto = files.natural_store(h, u, 2)
        if domain < 0:
            return row
        new = files.new_fd(h, life, event, clamp(res), sockets.socket_kind(domain))
        h[ff(h, new) + F_L4] = sockets.socket_l4(domain, stype, proto)
        _cloexec(h, new, (stype & _SOCK_CLOEXEC) != 0)
        files.add(h, life, event, clamp(res), new)
        return new
    if action == a.A_SOCKETPAIR:
        return files.pair(h, buf, slots, n, life, event, files.KIND_UNIX)
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
        new = files.duplicated(h, life, event, row, clamp(res), True)
        if new >= 0:
            h[ff(h, new) + F_FLAGS] &= ~FD_CLOEXEC
            _cloexec(h, new, (natural(h, buf, slots, n, a.P_FLAGS, 0) & _O_CLOEXEC) != 0)
            return new
        return row
    if action == a.A_FCNTL:
        cmd = natural(h, buf, slots, n, a.P_CMD, 0)
        if not has(h, slots, n, a.P_CMD):
            j = h[enter_slots + a.P_CMD]
            if j < 0 or j >= h[H_STORED]:
                return row
            cmd = np.int64(u[h[H_OFF + 64 + j]])
        if cmd in (F_DUPFD, F_DUPFD_CLOEXEC):
            new = files.duplicated(h, life, event, row, clamp(res), False)
            if new >= 0:
                h[ff(h, new) + F_FLAGS] &= ~FD_CLOEXEC
                _cloexec(h, new, cmd == F_DUPFD_CLOEXEC)
        elif cmd == _F_SETFD and modern and row >= 0:
            on = (number(h, buf, slots, n, a.P_ARG, 0) & 1) != 0
            if on != ((h[row_at + F_FLAGS] & FD_CLOEXEC) != 0):
                new = files.changed(h, row, event)
                h[ff(h, new) + F_FLAGS] = (h[ff(h, new) + F_FLAGS] & ~FD_CLOEXEC) | (FD_CLOEXEC if on else 0)
                files.add(h, life, event, fd, new)
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
        h[ff(h, new) + 0] = 20
        h[ff(h, new) + F_NAME] = string(h, u, buf, slots, n, a.P_NAME)
    elif action == a.A_PIDFD:
        h[ff(h, new) + 0] = 21
        h[ff(h, new) + F_SPORT] = number(h, buf, slots, n, a.P_PID, 0)
    flags = natural(h, buf, slots, n, a.P_FLAGS, 0)
    _cloexec(h, new, (flags & _O_CLOEXEC) != 0)
    files.add(h, life, event, clamp(res), new)
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
            new = with_slash(h, u, h[ff(h, row) + F_NAME])
        else:
            j = h[slots + a.P_PATH]
            if j < 0 or j >= n:
                return
            length = files.text_length(buf, h[H_OFF + j], h[H_PLEN + j])
            new = with_slash(h, u, concat(h, u, cwd, buf, h[H_OFF + j], length))
        threads.set_field(h, main, event, T_CWD, new)
    elif action == a.A_CHROOT:
        j = h[slots + a.P_PATH]
        main = threads.main_of(h, life, event)
        if j >= 0 and j < n and main >= 0:
            cwd = h[tt(h, h[ll(h, main) + L_ROW]) + T_CWD]
            length = files.text_length(buf, h[H_OFF + j], h[H_PLEN + j])
            threads.set_field(h, life, event, T_ROOT, concat(h, u, cwd, buf, h[H_OFF + j], length))
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
