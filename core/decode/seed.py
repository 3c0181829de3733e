"""The state before the first event: from the process, descriptor and interface lists.

Rules: state engine, section 2.
"""

from __future__ import annotations

import numpy as np

from ..format.metadata import Metadata
from ..index.tables import CL_ACTIVE, FD_BOUND, FD_CLIENT, FD_CONNECTED, FD_FROM_PROC, FD_SERVER, I64, U8
from ..kernel import kernel, unchecked
from . import sockets
from .fdtables import put
from .sockets import KIND_IPV4, KIND_IPV4_SERVER, KIND_IPV6, KIND_IPV6_SERVER, KIND_UNIX, L4_TCP
from .state import (
    B_FDS,
    B_IF4,
    B_IF6,
    B_LIVES,
    B_MEMS,
    B_STORENEXT,
    B_STROFF,
    B_THREADS,
    B_TIDLIFE,
    C_IF4,
    C_IF6,
    F_COLUMNS,
    F_DEST,
    F_DEV,
    F_DIP_HI,
    F_DIP_LO,
    F_DPORT,
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
    F_SIP_HI,
    F_SIP_LO,
    F_SOURCE,
    F_SPORT,
    FD_ADDR_NAME,
    FD_HAS_TUPLE,
    H_FREE,
    L_CHILDREN,
    L_END,
    L_MEM,
    L_ROW,
    L_TABLE,
    M_COLUMNS,
    S_EVENTS,
    S_FDS,
    S_FREE_STORE,
    S_LIVES,
    S_MEMS,
    S_NA,
    S_PENDING_CLOSE,
    S_PENDING_LIFE,
    S_POOL,
    S_TIDS,
    S_UNKNOWN_DIR,
    T_COLUMNS,
    T_LIFE,
    T_PID,
    T_TID,
    State,
    ff,
    grow,
    ll,
    mm,
    resize,
    table,
    tt,
)
from .strings import intern
from .threads import find, new_life

_PTR = (1 << 64) - 1


def _signed(value: int) -> int:
    """The int64 with the bit pattern of an unsigned 64-bit value."""
    value &= _PTR
    return value - (1 << 64) if value >> 63 else value


@kernel
def _intern_many(h: I64, u: U8, blob: U8, ends: I64, out: I64) -> None:
    h = unchecked(h)
    u = unchecked(u)
    text = unchecked(blob)
    start = 0
    for i in range(len(ends)):
        out[i] = intern(h, u, text, start, ends[i] - start)
        start = int(ends[i])


@kernel
def _add_lives(h: I64, u: U8, rows: I64, mems: I64) -> None:
    """Create a life for each row of thread columns, with its memory figures."""
    h = unchecked(h)
    event = h[S_EVENTS] - 1
    for i in range(len(rows)):
        old = find(h, rows[i, T_TID])
        if old >= 0:
            continue
        life = new_life(h, rows[i, T_TID], event)
        at = tt(h, h[ll(h, life) + L_ROW])
        for c in range(T_LIFE):
            h[at + c] = rows[i, c]
        m = h[S_MEMS]
        h[S_MEMS] = m + 1
        for c in range(M_COLUMNS):
            h[mm(h, m) + c] = mems[i, c]
        h[ll(h, life) + L_MEM] = m
    for life in range(h[S_LIVES]):
        if h[ll(h, life) + L_END] >= 0:
            continue
        at = tt(h, h[ll(h, life) + L_ROW])
        if h[at + T_PID] != h[at + T_TID]:
            main = find(h, h[at + T_PID])
            if main >= 0:
                h[ll(h, main) + L_CHILDREN] += 1


@kernel
def _add_fds(h: I64, u: U8, tids: I64, rows: I64) -> None:
    """Append descriptor rows, complete their tuples and put them into the tables of their threads."""
    h = unchecked(h)
    u = unchecked(u)
    for i in range(len(rows)):
        row = h[S_FDS]
        row_at = ff(h, row)
        life = find(h, tids[i])
        if life < 0:
            continue
        h[S_FDS] = row + 1
        for c in range(F_COLUMNS):
            h[row_at + c] = rows[i, c]
        h[row_at + F_OPENER] = h[ll(h, life) + L_ROW]
        sockets.complete(h, u, row)
        put(h, life, rows[i, F_NUM], row)


def add_strings(state: State, items: list[bytes]) -> tuple[State, I64]:
    """Intern byte strings; returns the grown state and their ids, int64 of shape (len(items),)."""
    blob = b"".join(items)
    ends = np.cumsum(np.array([len(i) for i in items], np.int64))
    state = grow(state, len(blob), rows={B_STROFF: len(items)})
    out = np.zeros(len(items), np.int64)
    _intern_many(state.h, state.u, np.frombuffer(blob or b"\0", np.uint8).copy(), ends.astype(np.int64), out)
    return state, out


def begin_section(state: State, meta: Metadata) -> State:
    """Forget all threads and descriptors and take those of a section's lists."""
    state = _forget(state)
    state, ids = add_strings(state, [b"<NA>", b"<UNKNOWN>"])
    state.h[S_NA], state.h[S_UNKNOWN_DIR] = ids
    state = _interfaces(state, meta)
    state = _processes(state, meta)
    return _descriptors(state, meta)


def _forget(state: State) -> State:
    h = state.h
    lives = table(state, B_LIVES)[: int(h[S_LIVES])]
    lives[lives[:, L_END] < 0, L_END] = h[S_EVENTS]
    lives[:, L_TABLE] = -1
    table(state, B_TIDLIFE)[:] = 0
    h[H_FREE : H_FREE + 40] = -1
    h[S_TIDS] = h[S_POOL] = 0
    h[S_PENDING_LIFE] = h[S_PENDING_CLOSE] = -1
    nexts = table(state, B_STORENEXT)
    nexts[:] = np.arange(1, len(nexts) + 1)
    nexts[-1] = -1
    h[S_FREE_STORE] = 0
    return state


def _interfaces(state: State, meta: Metadata) -> State:
    v4 = [i for i in meta.interfaces if len(i.addr) == 4]
    v6 = [i for i in meta.interfaces if len(i.addr) == 16]
    state = resize(state, {B_IF4: len(v4), B_IF6: len(v6)})
    state.h[C_IF4], state.h[C_IF6] = len(v4), len(v6)
    for row, interface in zip(table(state, B_IF4), v4, strict=True):
        row[:] = int.from_bytes(interface.addr, "little"), int.from_bytes(interface.netmask, "little")
    for row, interface in zip(table(state, B_IF6), v6, strict=True):
        row[:] = list(interface.addr)
    return state


def _slash(path: bytes) -> bytes:
    return path if path.endswith(b"/") else path + b"/"


def _processes(state: State, meta: Metadata) -> State:
    texts: list[bytes] = []
    for p in meta.processes:
        main = p.tid == p.pid
        texts += (
            p.comm,
            p.exe,
            p.exepath,
            p.args.removesuffix(b"\0"),
            p.env.removesuffix(b"\0") if main else b"",
            _slash(p.cwd) if main else b"",
            p.root,
            p.cgroups.removesuffix(b"\0"),
        )
    state, ids = add_strings(state, texts)
    strings = ids.reshape(-1, 8).tolist()
    count = len(meta.processes)
    rows = np.zeros((count, T_COLUMNS), np.int64)
    mems = np.zeros((count, 5), np.int64)
    for i, p in enumerate(meta.processes):
        exe_flags = p.exe_writable | p.exe_upper_layer << 1 | p.exe_from_memfd << 2 | p.exe_lower_layer << 3
        rows[i, :32] = (
            p.tid,
            p.pid,
            p.ptid,
            p.sid,
            p.vpgid,
            p.pgid,
            p.vtid,
            p.vpid,
            *strings[i],
            p.uid,
            p.gid,
            p.loginuid,
            p.tty,
            p.fdlimit,
            p.flags | CL_ACTIVE,
            0,
            0,
            *(_signed(v) for v in (p.cap_inheritable, p.cap_permitted, p.cap_effective)),
            exe_flags,
            *(_signed(v) for v in (p.exe_ino, p.exe_ctime, p.exe_mtime, p.pidns_init_start_ts)),
        )
        mems[i] = (p.vmsize, p.vmrss, p.vmswap, _signed(p.pfmajor), _signed(p.pfminor))
    state = grow(state, rows={B_THREADS: count, B_LIVES: count, B_MEMS: count})
    _add_lives(state.h, state.u, rows, mems)
    return state


def _address(raw: bytes) -> tuple[int, int]:
    padded = raw.ljust(16, b"\0")
    return int.from_bytes(padded[:8], "little", signed=True), int.from_bytes(
        padded[8:], "little", signed=True
    )


def _is_mapped(raw: bytes) -> bool:
    return len(raw) == 16 and raw[:12] == b"\0" * 10 + b"\xff\xff"


def _descriptors(state: State, meta: Metadata) -> State:
    entries = meta.fds
    state, names = add_strings(state, [e.name for e in entries])
    count = len(entries)
    rows = np.zeros((count, F_COLUMNS), np.int64)
    event = int(state.h[S_EVENTS]) - 1
    listening = {e.sport for e in entries if e.type in (KIND_IPV4_SERVER, KIND_IPV6_SERVER)}
    for i, e in enumerate(entries):
        kind, sip, dip, flags = e.type, e.sip, e.dip, FD_FROM_PROC
        sport, dport = e.sport, e.dport
        if kind == KIND_IPV6 and _is_mapped(sip) and _is_mapped(dip):
            kind, sip, dip = KIND_IPV4, sip[12:], dip[12:]
        if kind in (KIND_IPV4, KIND_IPV6):
            flags |= FD_HAS_TUPLE
            if e.l4proto == L4_TCP:
                flags |= FD_CONNECTED
            if kind == KIND_IPV4:
                if sport in listening:
                    sip, dip, sport, dport = dip, sip, dport, sport
                    flags |= FD_SERVER
                else:
                    flags |= FD_CLIENT
        elif kind in (KIND_IPV4_SERVER, KIND_IPV6_SERVER):
            flags |= FD_ADDR_NAME | FD_BOUND
        elif kind == KIND_UNIX:
            flags |= FD_SERVER if e.name else FD_CLIENT
        rows[i, F_KIND] = kind
        rows[i, F_L4] = e.l4proto
        rows[i, F_FLAGS] = flags
        rows[i, F_NUM] = e.fd if -(1 << 31) < e.fd < (1 << 31) else -1
        rows[i, F_NAME] = names[i]
        rows[i, F_SIP_LO], rows[i, F_SIP_HI] = _address(sip)
        rows[i, F_DIP_LO], rows[i, F_DIP_HI] = _address(dip)
        rows[i, F_SPORT], rows[i, F_DPORT] = sport, dport
        rows[i, F_SOURCE], rows[i, F_DEST] = _signed(e.source), _signed(e.dest)
        rows[i, F_OPENFLAGS], rows[i, F_DEV], rows[i, F_INO] = e.openflags, e.dev, _signed(e.ino)
        rows[i, F_FIRST] = rows[i, F_OPENED] = event
    state = grow(state, 0, 8 * count + 64 * len({e.tid for e in entries}), {B_FDS: count})
    _add_fds(state.h, state.u, np.array([e.tid for e in entries], np.int64), rows)
    return state
