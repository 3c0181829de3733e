"""The one pass: every event of a buffer through the state machine into columns. Kernel.

The kernel goes on until the buffer, a table or the event segment is used up and returns how far it
came; Python grows tables, feeds bytes and looks after everything that is not an event.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_ACTIVE,
    CL_CLOSED,
    EV_HAS_RES,
    EV_HIDDEN,
    EV_PAIRED,
    EV_STATE_ONLY,
    FD_CLOEXEC,
    NO_FD,
    U8,
)
from ..kernel import inline, kernel
from . import fdtables, files, sockets, threads
from . import actions as a
from .actions import EventTable
from .params import HEADER_V1, HEADER_V1_FLAGS, HEADER_V2_FLAGS, header_kind, parse
from .paths import concat, with_slash
from .readers import i64, signed, u16, u32
from .state import (
    ARENA_MARGIN,
    F_FLAGS,
    F_L4,
    F_NAME,
    F_OPENED,
    F_OPENFLAGS,
    F_SPORT,
    L_CHILDREN,
    L_CLOSE_AT,
    L_CPU_SYS,
    L_CPU_TS,
    L_CPU_USR,
    L_ENTER_TS,
    L_EXIT,
    L_FD,
    L_LATENCY,
    L_MEM,
    L_REAPER,
    L_ROW,
    L_STORE,
    L_STORE_TYPE,
    L_TYPE,
    MARGIN,
    POOL_MARGIN,
    R_BAD_LENGTH,
    R_BLOCK,
    R_FULL,
    R_GROW,
    R_MORE,
    S_ARENA,
    S_BAD_EVENTS,
    S_CPU,
    S_EVENTS,
    S_FDS,
    S_FREE_STORE,
    S_LAST_BAD,
    S_LIVES,
    S_MAX_TABLE,
    S_MEMS,
    S_MODERN,
    S_PENDING_CLOSE,
    S_PENDING_FD,
    S_PENDING_LIFE,
    S_POOL,
    S_RECORDS,
    S_STRINGS,
    S_THREADS,
    S_TIDS,
    STORE_SIZE,
    T_CWD,
    T_FDLIMIT,
    T_FLAGS,
    T_GID,
    T_ROOT,
    T_SID,
    T_UID,
    Segment,
    State,
)
from .threads import number

_EINPROGRESS = -115
_F_DUPFD = 1
_F_SETFD = 3
_F_DUPFD_CLOEXEC = 26
_O_CLOEXEC = 4096
_SOCK_CLOEXEC = 0x80000
_RLIMIT_NOFILE = 7
_EXECVEAT_E = 330
_MAX_BLOCK = 1 << 28


@inline
def _has_room(st: State, block: int) -> bool:
    s = st.s
    return (
        s[S_THREADS] + MARGIN <= len(st.t)
        and s[S_FDS] + MARGIN <= len(st.f)
        and s[S_LIVES] + MARGIN <= len(st.lives)
        and s[S_MEMS] + MARGIN <= len(st.m)
        and s[S_STRINGS] + MARGIN <= len(st.stroff)
        and s[S_STRINGS] * 2 <= len(st.strhash)
        and s[S_TIDS] * 2 <= len(st.tidlife)
        and s[S_ARENA] + 2 * block + ARENA_MARGIN <= len(st.arena)
        and s[S_POOL] + 2 * s[S_MAX_TABLE] + POOL_MARGIN <= len(st.poolkey)
        and s[S_CPU] + MARGIN <= len(st.cpu)
        and s[S_RECORDS] + MARGIN <= len(st.records)
        and s[S_FREE_STORE] >= 0
    )


@kernel
def run(
    st: State, et: EventTable, out: Segment, buf: U8, pos: int, end: int, base: int, count: int
) -> tuple[int, int, int]:
    """Process events of ``buf[pos:end]``; ``base`` is the stream offset of ``buf[0]``.

    ``count`` events are in the segment already. Returns the new position, the new count and R_*.
    """
    while True:
        if pos + 8 > end:
            return pos, count, R_MORE
        block_type = u32(buf, pos)
        length = u32(buf, pos + 4)
        kind = header_kind(block_type)
        if kind == 0:
            return pos, count, R_BLOCK
        least = 8 + 2 + 22 + 4
        if kind != HEADER_V1:
            least += 4 if kind == HEADER_V1_FLAGS or kind != HEADER_V2_FLAGS else 8
        if length < least or length > _MAX_BLOCK:
            return pos, count, R_BAD_LENGTH
        if pos + length > end:
            return pos, count, R_MORE
        if count >= len(out.ts):
            return pos, count, R_FULL
        if not _has_room(st, length):
            return pos, count, R_GROW
        h = pos + 10
        if kind == HEADER_V1_FLAGS or kind == HEADER_V2_FLAGS:
            h += 4
        code = u16(buf, h + 20)
        if code >= len(et.facts):
            st.unknown[code] += 1
            pos += length
            continue
        if h + u32(buf, h + 16) > pos + length - 4:
            st.s[S_BAD_EVENTS] += 1
            st.s[S_LAST_BAD] = base + pos
        out.offset[count] = base + pos
        out.length[count] = np.uint32(length)
        out.cpu[count] = np.uint16(u16(buf, pos + 8))
        out.type[count] = np.uint16(code)
        out.ts[count] = i64(buf, h)
        out.thread[count] = np.int32(-1)
        out.fd[count] = np.int32(-1)
        out.fdnum[count] = np.int32(NO_FD)
        out.mem[count] = np.int32(-1)
        out.res[count] = 0
        out.latency[count] = 0
        flags = 0
        if (kind == HEADER_V1_FLAGS or kind == HEADER_V2_FLAGS) and u32(buf, pos + 10) & 1:
            flags |= EV_STATE_ONLY | EV_HIDDEN
        if et.facts[code] & a.E_HIDDEN:
            flags |= EV_HIDDEN
        out.flags[count] = np.uint8(flags)
        event = st.s[S_EVENTS]
        _pending(st, event)
        tid = i64(buf, h + 8)
        _event(st, et, out, buf, pos, length, kind, count, event, code, i64(buf, h), tid)
        st.s[S_EVENTS] = event + 1
        count += 1
        pos += length


@inline
def _pending(st: State, event: int) -> None:
    """Carry out the removals that the previous event asked for."""
    life = st.s[S_PENDING_CLOSE]
    if life >= 0:
        fdtables.remove(st, life, st.s[S_PENDING_FD])
        st.s[S_PENDING_CLOSE] = -1
    life = st.s[S_PENDING_LIFE]
    if life >= 0:
        threads.exited(st, life, event)
        st.s[S_PENDING_LIFE] = -1


@inline
def _clamp(fd: int) -> int:
    return fd if -(1 << 31) < fd < (1 << 31) else np.int64(-1)


@inline
def _event(
    st: State,
    et: EventTable,
    out: Segment,
    buf: U8,
    pos: int,
    length: int,
    kind: int,
    i: int,
    event: int,
    code: int,
    ts: int,
    tid: int,
) -> None:
    """Process one event of a known type into row ``i`` of the segment (state engine, section 3)."""
    facts = np.int64(et.facts[code])
    action = np.int64(et.action[code])
    slots = et.slots[code]
    if action == a.A_RECORD:
        st.records[st.s[S_RECORDS]] = event
        st.s[S_RECORDS] += 1
        return
    n = parse(st, et, buf, pos, length - 4, kind, 0)
    if facts & a.E_EXISTING_THREAD:
        _existing(st, out, buf, slots, n, i, event, action, ts, tid)
        return
    if facts & a.E_NO_THREAD or tid == -1:
        return
    modern = st.s[S_MODERN] == 1
    res = np.int64(0)
    has_res = (facts & a.E_HAS_RES) != 0 and n > 0 and st.plen[0] > 0
    if has_res:
        res = signed(buf, st.off[0], st.plen[0])
        out.res[i] = res
        out.flags[i] |= np.uint8(EV_HAS_RES)
    if action == a.A_CLONE and has_res and res >= 0:
        life = threads.clone(st, buf, slots, n, tid, ts, event, res, et.kind[code] == 1)
    else:
        life = threads.find(st, tid)
        if life < 0:
            if facts & a.E_NO_FAKE:
                return
            life = threads.fake(st, tid, event)
    lives = st.lives[life]
    st.t[lives[L_ROW], T_FLAGS] |= CL_ACTIVE
    fd = np.int64(-1)
    row = np.int64(-1)
    st.off[127] = 0
    enter_slots = slots
    if code & 1 == 0:
        lives[L_TYPE] = code
        if facts & a.E_USES_FD:
            fd = _clamp(number(st, buf, slots, n, a.P_FD, -1))
            table = threads.files_of(st, life, event)
            if table >= 0:
                row = fdtables.lookup(st, table, fd)
        lives[L_FD] = fd
        lives[L_ENTER_TS] = ts
        lives[L_LATENCY] = 0
        if facts & a.E_STORE_ENTER:
            threads.keep_enter(st, life, buf, pos, length)
            lives[L_STORE_TYPE] = code * 8 + kind
        if facts & a.E_DESTROYS_FD:
            lives[L_CLOSE_AT] = event
        elif action == a.A_CONNECT_ENTER:
            j = np.int64(slots[a.P_ADDR])
            if j >= 0 and j < n:
                row = sockets.connect_enter(st, life, event, fd, row, buf, st.off[j], st.plen[j])
        elif action == a.A_SENDTO_ENTER:
            row = _sendto_enter(st, life, event, fd, row, buf, slots, n)
        elif action == a.A_PROCEXIT:
            st.t[lives[L_ROW], T_FLAGS] |= CL_CLOSED
            st.s[S_PENDING_LIFE] = life
            lives[L_EXIT] = number(st, buf, slots, n, a.P_STATUS, 0)
            lives[L_REAPER] = number(st, buf, slots, n, a.P_REAPER, -1)
        out.flags[i] |= np.uint8(EV_PAIRED)
    else:
        last = lives[L_TYPE]
        paired = code == last + 1 or (last == _EXECVEAT_E and action == a.A_EXEC)
        latency = np.int64(0)
        if lives[L_ENTER_TS] != 0:
            latency = ts - lives[L_ENTER_TS]
        lives[L_LATENCY] = latency
        out.latency[i] = latency
        stored = lives[L_STORE] >= 0 and paired and (lives[L_STORE_TYPE] >> 3) == last
        if stored:
            slot = lives[L_STORE]
            st.off[127] = parse(
                st, et, st.store, slot * STORE_SIZE, st.storelen[slot], lives[L_STORE_TYPE] & 7, 64
            )
            enter_slots = et.slots[lives[L_STORE_TYPE] >> 3]
        if facts & a.E_USES_FD:
            j = np.int64(slots[a.P_FD])
            if j >= 0 and j < n:
                fd = _clamp(signed(buf, st.off[j], st.plen[j]))
            elif paired:
                fd = lives[L_FD]
            if modern or paired:
                table = threads.files_of(st, life, event)
                if table >= 0:
                    row = fdtables.lookup(st, table, fd)
            else:
                fd = lives[L_FD]
        elif not modern:
            fd = lives[L_FD]
        if paired or modern:
            out.flags[i] |= np.uint8(EV_PAIRED)
        if action != a.A_NONE:
            row = _apply(
                st, et, buf, slots, n, life, event, code, action, ts, res, has_res, fd, row, enter_slots, facts
            )
            if facts & a.E_CREATES_FD and not (modern and action == a.A_DUP):
                fd = _created_fd(st, buf, slots, n, action, res)
            elif modern and action == a.A_FCNTL and res >= 0 and number(st, buf, slots, n, a.P_CMD, 0) in (1, 26):
                fd = _clamp(res)
        if modern and facts & a.E_CREATES_FD and action == a.A_NONE:
            fd = _clamp(res)
        lives[L_FD] = fd
        if stored:
            threads.drop_store(st, life)
    lives = st.lives[life]
    out.thread[i] = np.int32(lives[L_ROW])
    out.mem[i] = np.int32(lives[L_MEM])
    out.fd[i] = np.int32(row)
    if facts & (a.E_USES_FD | a.E_CREATES_FD | a.E_DESTROYS_FD):
        out.fdnum[i] = np.int32(fd)


@inline
def _created_fd(st: State, buf: U8, slots: np.ndarray, n: int, action: int, res: int) -> int:
    """The descriptor number that an exit of a creating call shows."""
    if action == a.A_PIPE or action == a.A_SOCKETPAIR:
        return _clamp(number(st, buf, slots, n, a.P_FD2, -1)) if res >= 0 else np.int64(-1)
    return _clamp(res) if res >= 0 else np.int64(-1)


@inline
def _existing(
    st: State, out: Segment, buf: U8, slots: np.ndarray, n: int, i: int, event: int, action: int, ts: int, tid: int
) -> None:
    """Events that belong to a thread but never create one: context switches and CPU samples."""
    life = threads.find(st, tid)
    if life < 0:
        return
    lives = st.lives[life]
    if action == a.A_PROCINFO:
        user = number(st, buf, slots, n, a.P_CPU_USR, 0)
        system = number(st, buf, slots, n, a.P_CPU_SYS, 0)
        k = st.s[S_CPU]
        st.cpu[k, 0] = event
        first = lives[L_CPU_TS] < 0
        st.cpu[k, 1] = 0 if first else user - lives[L_CPU_USR]
        st.cpu[k, 2] = 0 if first else system - lives[L_CPU_SYS]
        st.s[S_CPU] = k + 1
        lives[L_CPU_USR] = user
        lives[L_CPU_SYS] = system
        lives[L_CPU_TS] = ts
    elif action == a.A_SWITCH:
        major = number(st, buf, slots, n, a.P_PGFT_MAJ, 0)
        minor = number(st, buf, slots, n, a.P_PGFT_MIN, 0)
        size = threads.natural(st, buf, slots, n, a.P_VM_SIZE, 0)
        rss = threads.natural(st, buf, slots, n, a.P_VM_RSS, 0)
        swap = threads.natural(st, buf, slots, n, a.P_VM_SWAP, 0)
        main = threads.main_of(st, life, event)
        if main == life or main < 0:
            threads.set_mem(st, life, size, rss, swap, major, minor)
        else:
            threads.set_mem(st, life, -1, 0, 0, major, minor)
            threads.set_mem(st, main, size, rss, swap, -1, 0)
    lives = st.lives[life]
    out.thread[i] = np.int32(lives[L_ROW])
    out.mem[i] = np.int32(lives[L_MEM])
    out.latency[i] = lives[L_LATENCY]


@inline
def _sendto_enter(
    st: State, life: int, event: int, fd: int, row: int, buf: U8, slots: np.ndarray, n: int
) -> int:
    """A sendto on a descriptor nobody saw: the old reader invents a datagram socket."""
    j = np.int64(slots[a.P_TUPLE])
    if row >= 0 or fd < 0 or j < 0 or j >= n or st.plen[j] < 1 or st.s[S_MODERN] == 1:
        return row
    family = np.int64(buf[st.off[j]])
    if family != sockets.AF_INET and family != sockets.AF_INET6:
        return row
    row = files.new_fd(st, life, event, fd, sockets.socket_kind(family))
    st.f[row, F_L4] = sockets.L4_UDP
    files.add(st, life, event, fd, row)
    return row


@inline
def _cloexec(st: State, row: int, on: bool) -> None:
    if row >= 0 and on:
        st.f[row, F_FLAGS] |= FD_CLOEXEC


@inline
def _apply(
    st: State,
    et: EventTable,
    buf: U8,
    slots: np.ndarray,
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
    enter_slots: np.ndarray,
    facts: int,
) -> int:
    """What an exit does to the state; returns the descriptor row that the event shows."""
    if action == a.A_MEM:
        if np.int64(slots[a.P_VM_SIZE]) >= 0 and np.int64(slots[a.P_VM_SWAP]) < n:
            threads.set_mem(
                st,
                life,
                threads.natural(st, buf, slots, n, a.P_VM_SIZE, 0),
                threads.natural(st, buf, slots, n, a.P_VM_RSS, 0),
                threads.natural(st, buf, slots, n, a.P_VM_SWAP, 0),
                -1,
                0,
            )
        return row
    if action <= a.A_NEW_FD or action == a.A_MEMFD or action == a.A_PIDFD or action == a.A_PIDFD_GETFD:
        return _descriptors(
            st, et, buf, slots, n, life, event, code, action, res, has_res, fd, row, enter_slots, facts
        )
    if has_res and res >= 0:
        _threads(st, buf, slots, n, life, event, code, action, ts, res, fd, row, enter_slots)
    return row


@kernel
def _descriptors(
    st: State,
    et: EventTable,
    buf: U8,
    slots: np.ndarray,
    n: int,
    life: int,
    event: int,
    code: int,
    action: int,
    res: int,
    has_res: bool,
    fd: int,
    row: int,
    enter_slots: np.ndarray,
    facts: int,
) -> int:
    """Exits that create, change or remove descriptors."""
    modern = st.s[S_MODERN] == 1
    if not has_res:
        return row
    if action == a.A_OPEN:
        new = files.opened(st, buf, slots, n, life, event, res, enter_slots)
        if new >= 0 and res >= 0:
            _cloexec(st, new, (st.f[new, F_OPENFLAGS] & _O_CLOEXEC) != 0)
        return new
    if action == a.A_CLOSE:
        if res >= 0 and row >= 0:
            began = st.lives[life, L_CLOSE_AT]
            if modern or began < 0 or st.f[row, F_OPENED] <= began:
                st.s[S_PENDING_CLOSE] = threads.files_of(st, life, event)
                st.s[S_PENDING_FD] = fd
        return row
    if action == a.A_CONNECT:
        j = np.int64(slots[a.P_TUPLE])
        if res >= 0 or res == _EINPROGRESS:
            at = st.off[j] if j < n else np.int64(0)
            return sockets.connected(st, life, event, fd, row, buf, at, st.plen[j] if j < n else np.int64(0))
        if not modern and row >= 0 and j < n:
            return sockets.failed_connect(st, event, row, buf, st.off[j], st.plen[j])
        return row
    if action == a.A_TUPLE:
        if res < 0 or row < 0:
            return row
        reads = (facts & a.E_READS) != 0
        j = np.int64(slots[a.P_TUPLE])
        if j >= 0 and j < n:
            return sockets.tuple_update(
                st, life, event, fd, row, buf, st.off[j], st.plen[j], reads
            )
        j = np.int64(enter_slots[a.P_TUPLE])
        if j >= 0 and j < st.off[127]:
            return sockets.tuple_update(
                st, life, event, fd, row, st.store, st.off[64 + j], st.plen[64 + j], reads
            )
        return row
    if action == a.A_ACCEPT:
        j = np.int64(slots[a.P_TUPLE])
        if res >= 0 and j < n:
            return sockets.accepted(st, life, event, _clamp(res), buf, st.off[j], st.plen[j])
        return row
    if res < 0:
        return row
    if action == a.A_SOCKET:
        domain = np.int64(-1)
        if threads.has(slots, n, a.P_DOMAIN):
            domain = threads.natural(st, buf, slots, n, a.P_DOMAIN, 0)
            stype = threads.natural(st, buf, slots, n, a.P_TYPE, 0)
            proto = threads.natural(st, buf, slots, n, a.P_PROTO, 0)
        elif st.off[127] >= 3:
            domain = files.natural_store(st, 0)
            stype = files.natural_store(st, 1)
            proto = files.natural_store(st, 2)
        if domain < 0:
            return row
        new = files.new_fd(st, life, event, _clamp(res), sockets.socket_kind(domain))
        st.f[new, F_L4] = sockets.socket_l4(domain, stype, proto)
        _cloexec(st, new, (stype & _SOCK_CLOEXEC) != 0)
        files.add(st, life, event, _clamp(res), new)
        return new
    if action == a.A_SOCKETPAIR:
        return files.pair(st, buf, slots, n, life, event, files.KIND_UNIX)
    if action == a.A_PIPE:
        new = files.pair(st, buf, slots, n, life, event, files.KIND_FIFO)
        if threads.natural(st, buf, slots, n, a.P_FLAGS, 0) & _O_CLOEXEC and new > 0:
            _cloexec(st, new, True)
            _cloexec(st, new - 1, True)
        return new
    if action == a.A_BIND:
        j = np.int64(slots[a.P_ADDR])
        if j >= 0 and j < n:
            return sockets.bind(st, life, event, fd, row, buf, st.off[j], st.plen[j])
        return row
    if action == a.A_DUP:
        new = files.duplicated(st, life, event, row, _clamp(res), True)
        if new >= 0:
            st.f[new, F_FLAGS] &= ~FD_CLOEXEC
            _cloexec(st, new, (threads.natural(st, buf, slots, n, a.P_FLAGS, 0) & _O_CLOEXEC) != 0)
            return new
        return row
    if action == a.A_FCNTL:
        cmd = threads.natural(st, buf, slots, n, a.P_CMD, 0)
        if not threads.has(slots, n, a.P_CMD):
            j = np.int64(enter_slots[a.P_CMD])
            if j < 0 or j >= st.off[127]:
                return row
            cmd = np.int64(st.store[st.off[64 + j]])
        if cmd == _F_DUPFD or cmd == _F_DUPFD_CLOEXEC:
            new = files.duplicated(st, life, event, row, _clamp(res), False)
            if new >= 0:
                st.f[new, F_FLAGS] &= ~FD_CLOEXEC
                _cloexec(st, new, cmd == _F_DUPFD_CLOEXEC)
        elif cmd == _F_SETFD and modern and row >= 0:
            on = (number(st, buf, slots, n, a.P_ARG, 0) & 1) != 0
            if on != ((st.f[row, F_FLAGS] & FD_CLOEXEC) != 0):
                new = files.changed(st, row, event)
                st.f[new, F_FLAGS] = (st.f[new, F_FLAGS] & ~FD_CLOEXEC) | (FD_CLOEXEC if on else 0)
                files.add(st, life, event, fd, new)
                return new
        return row
    if action == a.A_CLOSE_RANGE:
        first = threads.natural(st, buf, slots, n, a.P_FIRST, 0)
        last = threads.natural(st, buf, slots, n, a.P_LAST, -1)
        if modern and not threads.natural(st, buf, slots, n, a.P_FLAGS, 0) & 4:
            files.close_range(st, life, event, first, last)
        return row
    if action == a.A_PIDFD_GETFD:
        return row
    new = files.new_fd(st, life, event, _clamp(res), np.int64(et.kind[code]))
    if action == a.A_MEMFD:
        st.f[new, 0] = 20
        st.f[new, F_NAME] = threads.string(st, buf, slots, n, a.P_NAME)
    elif action == a.A_PIDFD:
        st.f[new, 0] = 21
        st.f[new, F_SPORT] = number(st, buf, slots, n, a.P_PID, 0)
    flags = threads.natural(st, buf, slots, n, a.P_FLAGS, 0)
    _cloexec(st, new, (flags & _O_CLOEXEC) != 0)
    files.add(st, life, event, _clamp(res), new)
    return new


@kernel
def _threads(
    st: State,
    buf: U8,
    slots: np.ndarray,
    n: int,
    life: int,
    event: int,
    code: int,
    action: int,
    ts: int,
    res: int,
    fd: int,
    row: int,
    enter_slots: np.ndarray,
) -> None:
    """Successful exits that change a thread (state engine, 5.2 and 5.4)."""
    modern = st.s[S_MODERN] == 1
    if action == a.A_EXEC:
        threads.execve(st, buf, slots, n, life, ts, event, code, enter_slots)
        if modern:
            _close_on_exec(st, life, event)
        return
    if action == a.A_CHDIR or action == a.A_FCHDIR or action == a.A_GETCWD:
        main = threads.main_of(st, life, event)
        if main < 0:
            return
        cwd = st.t[st.lives[main, L_ROW], T_CWD]
        if action == a.A_FCHDIR:
            if row < 0:
                return
            new = with_slash(st, st.f[row, F_NAME])
        else:
            j = np.int64(slots[a.P_PATH])
            if j < 0 or j >= n:
                return
            length = files.text_length(buf, st.off[j], st.plen[j])
            new = with_slash(st, concat(st, cwd, buf, st.off[j], length))
        threads.set_field(st, main, event, T_CWD, new)
    elif action == a.A_CHROOT:
        j = np.int64(slots[a.P_PATH])
        main = threads.main_of(st, life, event)
        if j >= 0 and j < n and main >= 0:
            cwd = st.t[st.lives[main, L_ROW], T_CWD]
            length = files.text_length(buf, st.off[j], st.plen[j])
            threads.set_field(st, life, event, T_ROOT, concat(st, cwd, buf, st.off[j], length))
    elif action == a.A_SETSID:
        threads.set_field(st, life, event, T_SID, res)
    elif action == a.A_SETUID or action == a.A_SETRESUID:
        slot = a.P_UID if action == a.A_SETUID else a.P_EUID
        _set_id(st, buf, slots, n, life, event, enter_slots, slot, T_UID, action == a.A_SETUID)
    elif action == a.A_SETGID or action == a.A_SETRESGID:
        slot = a.P_GID if action == a.A_SETGID else a.P_EGID
        _set_id(st, buf, slots, n, life, event, enter_slots, slot, T_GID, action == a.A_SETGID)
    elif action == a.A_RLIMIT or action == a.A_PRLIMIT:
        resource = threads.natural(st, buf, slots, n, a.P_RESOURCE, -1)
        pid = number(st, buf, slots, n, a.P_PID, 0)
        if resource < 0:
            j = np.int64(enter_slots[a.P_RESOURCE])
            if j < 0 or j >= st.off[127]:
                return
            resource = np.int64(st.store[st.off[64 + j]])
            k = np.int64(enter_slots[a.P_PID])
            pid = files.signed_store(st, k) if k >= 0 else np.int64(0)
        limit = number(st, buf, slots, n, a.P_CUR, -1)
        if resource != _RLIMIT_NOFILE or limit == -1:
            return
        target = life
        if action == a.A_PRLIMIT and pid != 0:
            target = threads.find(st, pid)
        if target >= 0:
            main = threads.main_of(st, target, event)
            if main >= 0:
                threads.set_field(st, main, event, T_FDLIMIT, limit)
    elif action == a.A_CAPSET and modern:
        for k in range(3):
            value = number(st, buf, slots, n, a.P_CAP_I + k, 0)
            threads.set_field(st, life, event, 24 + k, value)


@inline
def _set_id(
    st: State,
    buf: U8,
    slots: np.ndarray,
    n: int,
    life: int,
    event: int,
    enter_slots: np.ndarray,
    slot: int,
    column: int,
    plain: bool,
) -> None:
    value = threads.natural(st, buf, slots, n, slot, -1)
    if value < 0:
        j = np.int64(enter_slots[slot])
        if j < 0 or j >= st.off[127]:
            return
        value = files.natural_store(st, j)
    if plain or value != 0xFFFFFFFF:
        threads.set_field(st, life, event, column, value)


@inline
def _close_on_exec(st: State, life: int, event: int) -> None:
    """Drop the descriptors marked close-on-exec."""
    table = threads.files_of(st, life, event)
    if table < 0:
        return
    at = st.lives[table, 12]
    if at < 0:
        return
    capacity = st.lives[table, 13]
    i = np.int64(0)
    while i < capacity:
        key = np.int64(st.poolkey[at + i])
        if key >= 0 and st.f[np.int64(st.poolrow[at + i]), F_FLAGS] & FD_CLOEXEC:
            fdtables.remove(st, table, key)
        else:
            i += 1
