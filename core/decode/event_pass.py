"""The one pass: every event of a buffer through the state machine into columns. Kernel.

The kernel goes on until the buffer, a table or the event segment is used up and returns how far it
came; Python grows tables, feeds bytes and looks after everything that is not an event.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import (
    CL_ACTIVE,
    EV_HAS_RES,
    EV_HIDDEN,
    EV_STATE_ONLY,
    I64,
    NO_FD,
    U8,
)
from ..kernel import inline, kernel, unchecked
from . import actions as a
from . import clones, enters, exits, fdtables, threads
from .effects import clamp
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
    B_UNKNOWN,
    C_ARENA,
    C_COUNTS,
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
    H_OFF,
    H_PLEN,
    L_CPU_SYS,
    L_CPU_TS,
    L_CPU_USR,
    L_FD,
    L_LATENCY,
    L_MEM,
    L_ROW,
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
    S_COUNTS,
    S_CPU,
    S_EVENTS,
    S_FDS,
    S_FREE_STORE,
    S_LAST_BAD,
    S_LIVES,
    S_MAX_TABLE,
    S_MEMS,
    S_MODERN,
    S_PENDING_CANCELED,
    S_PENDING_CLOSE,
    S_PENDING_FD,
    S_PENDING_LIFE,
    S_POOL,
    S_RECORDS,
    S_STRINGS,
    S_THREADS,
    S_TIDS,
    T_FLAGS,
    USUAL_BLOCK,
    Segment,
    cc,
    ee,
    ll,
    tt,
)

_MAX_BLOCK = 1 << 28
_MOST = 64  # events after which room is looked for again


@inline
def _room(h: I64, block: int) -> int:
    """For how many events there is room, with blocks of ``block`` bytes at most; ``_MOST`` at most."""
    least = np.int64(_MOST)
    least = min(least, (h[C_THREADS] - h[S_THREADS]) // MARGIN)
    least = min(least, (h[C_FDS] - h[S_FDS]) // MARGIN)
    least = min(least, (h[C_LIVES] - h[S_LIVES]) // MARGIN)
    least = min(least, (h[C_MEMS] - h[S_MEMS]) // MARGIN)
    least = min(least, (h[C_STROFF] - h[S_STRINGS]) // MARGIN)
    least = min(least, (h[C_STRHASH] // 2 - h[S_STRINGS]) // MARGIN)
    least = min(least, (h[C_TIDS] // 2 - h[S_TIDS]) // MARGIN)
    least = min(least, (h[C_CPU] - h[S_CPU]) // MARGIN)
    least = min(least, (h[C_COUNTS] - h[S_COUNTS]) // MARGIN)
    least = min(least, (h[C_RECORDS] - h[S_RECORDS]) // MARGIN)
    least = min(least, (h[C_ARENA] - h[S_ARENA]) // (2 * block + ARENA_MARGIN))
    # so few events can make the largest table of descriptors twice as large, but not four times
    return min(least, (h[C_POOL] - h[S_POOL]) // (4 * h[S_MAX_TABLE] + POOL_MARGIN))


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
    spare = np.int64(0)
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
        if spare == 0 or length > USUAL_BLOCK:
            spare = _room(h, max(length, USUAL_BLOCK))
        if spare <= 0 or h[S_FREE_STORE] < 0:
            return pos, count, R_GROW
        spare -= 1
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
        h[O_LATENCY] = i64(buf, head + 8)  # the tid, as long as no thread is found
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
    life = h[S_PENDING_LIFE]
    if life >= 0:
        threads.exited(h, life, event)
        h[S_PENDING_LIFE] = -1
    life = h[S_PENDING_CLOSE]
    if life >= 0:
        table = threads.files_of(h, life, event)
        if table >= 0:
            if h[S_PENDING_FD] >= 0:
                fdtables.remove(h, table, h[S_PENDING_FD])
            if h[S_PENDING_CANCELED] >= 0:
                fdtables.remove(h, table, h[S_PENDING_CANCELED])
        h[S_PENDING_CLOSE] = -1
        h[S_PENDING_FD] = -1
        h[S_PENDING_CANCELED] = -1


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
        if facts & a.E_RECORD_FAKES:
            life = threads.find(h, tid)
            if life < 0:
                life = threads.fake(h, tid, event)
            h[O_LATENCY] = 0
            _show(h, life, event)
        return
    n = parse(h, buf, pos, length - 4, kind, 0)
    if facts & a.E_EXISTING_THREAD:
        _existing(h, buf, slots, n, event, action, ts, tid)
        return
    modern = h[S_MODERN] == 1
    if facts & a.E_NO_THREAD or (tid == -1 and modern):
        return
    res = np.int64(0)
    has_res = (facts & a.E_HAS_RES) != 0 and n > 0 and h[H_PLEN + 0] > 0
    if has_res:
        res = signed(buf, h[H_OFF + 0], h[H_PLEN + 0])
        h[O_RES] = res
        h[O_FLAGS] |= EV_HAS_RES
    if action == a.A_CLONE:
        if not modern:
            life = exits.clone_old(h, u, buf, slots, n, event, code, ts, tid, res, has_res)
            if life >= 0:
                _show(h, life, event)
            return
        if has_res and res >= 0:
            life = clones.clone_new(h, u, buf, slots, n, tid, ts, event, res, h[info + a.E_KIND] == 1)
        else:
            life = threads.find(h, tid)
            if life < 0:
                return
    else:
        life = threads.find(h, tid)
        if life < 0:
            life = threads.fake(h, tid, event)
    lives = ll(h, life)
    h[tt(h, h[lives + L_ROW]) + T_FLAGS] |= CL_ACTIVE
    h[O_LATENCY] = 0
    if code & 1 == 0:
        row = enters.enter(h, u, buf, pos, length, kind, event, code, ts, life, facts, action, slots, n)
    elif modern:
        row = exits.exit_new(h, u, buf, event, code, ts, life, facts, action, slots, n, res, has_res)
    else:
        row = exits.exit_old(h, u, buf, event, code, ts, life, facts, action, slots, n, res, has_res)
        if facts & (a.E_USES_FD | a.E_CREATES_FD | a.E_DESTROYS_FD):
            row = exits.guessed(h, life, event, row)
            if action == a.A_CONNECT or (action == a.A_ACCEPT and row < 0):
                row = exits.told(h, u, buf, event, life, action, slots, n, res, row)
    h[O_FD] = row
    if facts & (a.E_USES_FD | a.E_CREATES_FD | a.E_DESTROYS_FD):
        h[O_FDNUM] = clamp(h[lives + L_FD])
    _show(h, life, event)


@inline
def _show(h: I64, life: int, event: int) -> None:
    """Note the thread of the event as it is now; the old reader makes up a main thread that is missing."""
    lives = ll(h, life)
    if h[S_MODERN] == 0:
        threads.main_of(h, life, event)
    h[O_THREAD] = h[lives + L_ROW]
    h[O_MEM] = h[lives + L_MEM]


@inline
def _existing(h: I64, buf: U8, slots: int, n: int, event: int, action: int, ts: int, tid: int) -> None:
    """Events that belong to a thread but never create one: context switches, CPU samples and the like."""
    life = threads.find(h, tid)
    if life < 0:
        return
    lives = ll(h, life)
    h[O_LATENCY] = 0
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
        h[O_LATENCY] = h[lives + L_LATENCY]
    _show(h, life, event)
