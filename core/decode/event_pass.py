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
    I64,
    NO_FD,
    U8,
)
from ..kernel import inline, kernel, unchecked
from . import actions as a
from . import fdtables, files, programs, sockets, threads
from .effects import F_DUPFD, F_DUPFD_CLOEXEC, apply, clamp
from .params import (
    HEADER_V1,
    HEADER_V1_FLAGS,
    HEADER_V2_FLAGS,
    header_kind,
    natural,
    number,
    parse,
)
from .readers import i64, signed, u16, u32
from .state import (
    ARENA_MARGIN,
    B_RECORDS,
    B_STORE,
    B_STORELEN,
    B_UNKNOWN,
    C_ARENA,
    C_CPU,
    C_EVENTS,
    C_FDS,
    C_LIVES,
    C_MEMS,
    C_POOL,
    C_RECORDS,
    C_STRHASH,
    C_STROFF,
    C_THREADS,
    C_TIDS,
    F_L4,
    H_OFF,
    H_PLEN,
    H_STORED,
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
    O_FD,
    O_FDNUM,
    O_FLAGS,
    O_LATENCY,
    O_MEM,
    O_RES,
    O_THREAD,
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
    T_FLAGS,
    Segment,
    cc,
    ee,
    ff,
    ll,
    tt,
)

_EXECVEAT_E = 330
_MAX_BLOCK = 1 << 28


@inline
def _has_room(h: I64, block: int) -> bool:
    return (
        h[S_THREADS] + MARGIN <= h[C_THREADS]
        and h[S_FDS] + MARGIN <= h[C_FDS]
        and h[S_LIVES] + MARGIN <= h[C_LIVES]
        and h[S_MEMS] + MARGIN <= h[C_MEMS]
        and h[S_STRINGS] + MARGIN <= h[C_STROFF]
        and h[S_STRINGS] * 2 <= h[C_STRHASH]
        and h[S_TIDS] * 2 <= h[C_TIDS]
        and h[S_ARENA] + 2 * block + ARENA_MARGIN <= h[C_ARENA]
        and h[S_POOL] + 2 * h[S_MAX_TABLE] + POOL_MARGIN <= h[C_POOL]
        and h[S_CPU] + MARGIN <= h[C_CPU]
        and h[S_RECORDS] + MARGIN <= h[C_RECORDS]
        and h[S_FREE_STORE] >= 0
    )


@kernel
def run(
    h: I64, u: U8, out: Segment, buf: U8, pos: int, end: int, base: int, count: int
) -> tuple[int, int, int]:
    """Process events of ``buf[pos:end]``; ``base`` is the stream offset of ``buf[0]``.

    ``count`` events are in the segment already. Returns the new position, the new count and R_*.
    """
    h = unchecked(h)
    u = unchecked(u)
    buf = unchecked(buf)
    room = len(out.ts)
    ts_column = unchecked(out.ts)
    type_column = unchecked(out.type)
    cpu_column = unchecked(out.cpu)
    thread_column = unchecked(out.thread)
    fd_column = unchecked(out.fd)
    fdnum_column = unchecked(out.fdnum)
    mem_column = unchecked(out.mem)
    res_column = unchecked(out.res)
    latency_column = unchecked(out.latency)
    offset_column = unchecked(out.offset)
    length_column = unchecked(out.length)
    flags_column = unchecked(out.flags)
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
        if count >= room:
            return pos, count, R_FULL
        if not _has_room(h, length):
            return pos, count, R_GROW
        head = pos + 10
        if kind in (HEADER_V1_FLAGS, HEADER_V2_FLAGS):
            head += 4
        code = u16(buf, head + 20)
        if code >= h[C_EVENTS]:
            h[h[B_UNKNOWN] + code] += 1
            pos += length
            continue
        if head + u32(buf, head + 16) > pos + length - 4:
            h[S_BAD_EVENTS] += 1
            h[S_LAST_BAD] = base + pos
        offset_column[count] = base + pos
        length_column[count] = np.uint32(length)
        cpu_column[count] = np.uint16(u16(buf, pos + 8))
        type_column[count] = np.uint16(code)
        ts_column[count] = i64(buf, head)
        h[O_THREAD] = -1
        h[O_FD] = -1
        h[O_FDNUM] = NO_FD
        h[O_MEM] = -1
        h[O_RES] = 0
        h[O_LATENCY] = 0
        flags = 0
        if (kind in (HEADER_V1_FLAGS, HEADER_V2_FLAGS)) and u32(buf, pos + 10) & 1:
            flags |= EV_STATE_ONLY | EV_HIDDEN
        if h[ee(h, code) + a.E_FACTS] & a.E_HIDDEN:
            flags |= EV_HIDDEN
        h[O_FLAGS] = flags
        event = h[S_EVENTS]
        _pending(h, event)
        _event(h, u, buf, pos, length, kind, event, code, i64(buf, head), i64(buf, head + 8))
        thread_column[count] = np.int32(h[O_THREAD])
        fd_column[count] = np.int32(h[O_FD])
        fdnum_column[count] = np.int32(h[O_FDNUM])
        mem_column[count] = np.int32(h[O_MEM])
        res_column[count] = h[O_RES]
        latency_column[count] = h[O_LATENCY]
        flags_column[count] = np.uint8(h[O_FLAGS])
        h[S_EVENTS] = event + 1
        count += 1
        pos += length


@inline
def _pending(h: I64, event: int) -> None:
    """Carry out the removals that the previous event asked for."""
    life = h[S_PENDING_CLOSE]
    if life >= 0:
        fdtables.remove(h, life, h[S_PENDING_FD])
        h[S_PENDING_CLOSE] = -1
    life = h[S_PENDING_LIFE]
    if life >= 0:
        threads.exited(h, life, event)
        h[S_PENDING_LIFE] = -1


@inline
def _event(
    h: I64, u: U8, buf: U8, pos: int, length: int, kind: int, event: int, code: int, ts: int, tid: int
) -> None:
    """Process one event of a known type; what it shows goes to ``h[O_*]`` (state engine, section 3)."""
    info = ee(h, code)
    facts = h[info + a.E_FACTS]
    action = h[info + a.E_ACTION]
    slots = info + a.E_SLOTS
    if action == a.A_RECORD:
        h[h[B_RECORDS] + h[S_RECORDS]] = event
        h[S_RECORDS] += 1
        return
    n = parse(h, buf, pos, length - 4, kind, 0)
    if facts & a.E_EXISTING_THREAD:
        _existing(h, buf, slots, n, event, action, ts, tid)
        return
    if facts & a.E_NO_THREAD or tid == -1:
        return
    modern = h[S_MODERN] == 1
    res = np.int64(0)
    has_res = (facts & a.E_HAS_RES) != 0 and n > 0 and h[H_PLEN + 0] > 0
    if has_res:
        res = signed(buf, h[H_OFF + 0], h[H_PLEN + 0])
        h[O_RES] = res
        h[O_FLAGS] |= EV_HAS_RES
    if action == a.A_CLONE and has_res and res >= 0:
        life = programs.clone(h, u, buf, slots, n, tid, ts, event, res, h[info + a.E_KIND] == 1)
    else:
        life = threads.find(h, tid)
        if life < 0:
            if facts & a.E_NO_FAKE:
                return
            life = threads.fake(h, tid, event)
    lives = ll(h, life)
    h[tt(h, h[lives + L_ROW]) + T_FLAGS] |= CL_ACTIVE
    fd = np.int64(-1)
    row = np.int64(-1)
    h[H_STORED] = 0
    enter_slots = slots
    if code & 1 == 0:
        h[lives + L_TYPE] = code
        if facts & a.E_USES_FD:
            fd = clamp(number(h, buf, slots, n, a.P_FD, -1))
            table = threads.files_of(h, life, event)
            if table >= 0:
                row = fdtables.lookup(h, table, fd)
        h[lives + L_FD] = fd
        h[lives + L_ENTER_TS] = ts
        h[lives + L_LATENCY] = 0
        if facts & a.E_STORE_ENTER:
            threads.keep_enter(h, u, life, buf, pos, length)
            h[lives + L_STORE_TYPE] = code * 8 + kind
        if facts & a.E_DESTROYS_FD:
            h[lives + L_CLOSE_AT] = event
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
    else:
        last = h[lives + L_TYPE]
        paired = code == last + 1 or (last == _EXECVEAT_E and action == a.A_EXEC)
        latency = np.int64(0)
        if h[lives + L_ENTER_TS] != 0 and (paired or not modern):
            latency = ts - h[lives + L_ENTER_TS]
        h[lives + L_LATENCY] = latency
        h[O_LATENCY] = latency
        stored = h[lives + L_STORE] >= 0 and paired and (h[lives + L_STORE_TYPE] >> 3) == last
        if stored:
            slot = h[lives + L_STORE]
            h[H_STORED] = parse(
                h,
                u,
                h[B_STORE] + slot * STORE_SIZE,
                h[h[B_STORELEN] + slot],
                h[lives + L_STORE_TYPE] & 7,
                64,
            )
            enter_slots = ee(h, h[lives + L_STORE_TYPE] >> 3) + a.E_SLOTS
        if facts & a.E_USES_FD:
            j = h[slots + a.P_FD]
            if j >= 0 and j < n:
                fd = clamp(signed(buf, h[H_OFF + j], h[H_PLEN + j]))
            elif paired:
                fd = h[lives + L_FD]
            if modern or paired:
                table = threads.files_of(h, life, event)
                if table >= 0:
                    row = fdtables.lookup(h, table, fd)
            else:
                fd = h[lives + L_FD]
        elif not modern:
            fd = h[lives + L_FD]
        if paired or modern:
            h[O_FLAGS] |= EV_PAIRED
        if action != a.A_NONE:
            source = row
            row = apply(
                h, u, buf, slots, n, life, event, code, action, ts, res, has_res, fd, row, enter_slots, facts
            )
            if facts & a.E_CREATES_FD and not (modern and action == a.A_DUP and source < 0):
                fd = _created_fd(h, buf, slots, n, action, res)
            elif (
                modern
                and action == a.A_FCNTL
                and res >= 0
                and source >= 0
                and number(h, buf, slots, n, a.P_CMD, 0) in (F_DUPFD, F_DUPFD_CLOEXEC)
            ):
                fd = clamp(res)
        if modern and facts & a.E_CREATES_FD and action == a.A_NONE:
            fd = clamp(res)
        h[lives + L_FD] = fd
        if stored:
            threads.drop_store(h, life)
    lives = ll(h, life)
    h[O_THREAD] = h[lives + L_ROW]
    h[O_MEM] = h[lives + L_MEM]
    h[O_FD] = row
    if facts & (a.E_USES_FD | a.E_CREATES_FD | a.E_DESTROYS_FD):
        h[O_FDNUM] = fd


@inline
def _created_fd(h: I64, buf: U8, slots: int, n: int, action: int, res: int) -> int:
    """The descriptor number that an exit of a creating call shows."""
    if action == a.A_PIPE or action == a.A_SOCKETPAIR:
        return clamp(number(h, buf, slots, n, a.P_FD2, -1)) if res >= 0 else np.int64(-1)
    return clamp(res) if res >= 0 else np.int64(-1)


@inline
def _existing(h: I64, buf: U8, slots: int, n: int, event: int, action: int, ts: int, tid: int) -> None:
    """Events that belong to a thread but never create one: context switches and CPU samples."""
    life = threads.find(h, tid)
    if life < 0:
        return
    lives = ll(h, life)
    if action == a.A_PROCINFO:
        user = number(h, buf, slots, n, a.P_CPU_USR, 0)
        system = number(h, buf, slots, n, a.P_CPU_SYS, 0)
        k = h[S_CPU]
        k_at = cc(h, k)
        h[k_at + 0] = event
        first = h[lives + L_CPU_TS] < 0
        h[k_at + 1] = 0 if first else user - h[lives + L_CPU_USR]
        h[k_at + 2] = 0 if first else system - h[lives + L_CPU_SYS]
        h[S_CPU] = k + 1
        h[lives + L_CPU_USR] = user
        h[lives + L_CPU_SYS] = system
        h[lives + L_CPU_TS] = ts
    elif action == a.A_SWITCH:
        major = number(h, buf, slots, n, a.P_PGFT_MAJ, 0)
        minor = number(h, buf, slots, n, a.P_PGFT_MIN, 0)
        size = natural(h, buf, slots, n, a.P_VM_SIZE, 0)
        rss = natural(h, buf, slots, n, a.P_VM_RSS, 0)
        swap = natural(h, buf, slots, n, a.P_VM_SWAP, 0)
        main = threads.main_of(h, life, event)
        if main == life or main < 0:
            threads.set_mem(h, life, size, rss, swap, major, minor)
        else:
            threads.set_mem(h, life, -1, 0, 0, major, minor)
            threads.set_mem(h, main, size, rss, swap, -1, 0)
    lives = ll(h, life)
    h[O_THREAD] = h[lives + L_ROW]
    h[O_MEM] = h[lives + L_MEM]
    h[O_LATENCY] = h[lives + L_LATENCY]


@inline
def _sendto_enter(h: I64, life: int, event: int, fd: int, row: int, buf: U8, slots: int, n: int) -> int:
    """A sendto on a descriptor nobody saw: the old reader invents a datagram socket."""
    j = h[slots + a.P_TUPLE]
    if row >= 0 or fd < 0 or j < 0 or j >= n or h[H_PLEN + j] < 1 or h[S_MODERN] == 1:
        return row
    family = np.int64(buf[h[H_OFF + j]])
    if family != sockets.AF_INET and family != sockets.AF_INET6:
        return row
    row = files.new_fd(h, life, event, fd, sockets.socket_kind(family))
    h[ff(h, row) + F_L4] = sockets.L4_UDP
    files.add(h, life, event, fd, row)
    return row
