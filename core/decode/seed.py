"""The state before the first event: from the process, descriptor and interface lists.

Rules: state engine, section 2.
"""

from __future__ import annotations

import struct

import numpy as np

from ..format.entries import FdEntry
from ..format.metadata import Metadata
from ..index.tables import (
    CL_ACTIVE,
    CL_THREAD,
    FD_BOUND,
    FD_CLIENT,
    FD_CONNECTED,
    FD_FROM_PROC,
    FD_SERVER,
    I64,
    U8,
)
from ..kernel import kernel, unchecked
from . import sockets
from .fdtables import put
from .paths import concat, with_slash
from .sockets import L4_TCP
from .sockwords import KIND_IPV4, KIND_IPV4_SERVER, KIND_IPV6, KIND_IPV6_SERVER, KIND_UNIX
from .state import (
    B_COUNTS,
    B_FDS,
    B_IF4,
    B_IF6,
    B_LIVES,
    B_MEMS,
    B_STORENEXT,
    B_STROFF,
    B_THREADS,
    B_TIDGROUP,
    B_TIDLIFE,
    C_IF4,
    C_IF6,
    F_COLUMNS,
    F_DEV,
    F_FIRST,
    F_FLAGS,
    F_INO,
    F_KIND,
    F_NAME,
    F_NAMED,
    F_NUM,
    F_OPENER,
    F_OPENFLAGS,
    F_PREV,
    F_W0,
    F_W4,
    H_FREE,
    L_END,
    L_MEM,
    L_ROW,
    L_TABLE,
    M_COLUMNS,
    NAMED_ADDRESS,
    NAMED_ENDS,
    S_EVENTS,
    S_EXACT,
    S_FDS,
    S_FREE_STORE,
    S_LAST_LIFE,
    S_LIVES,
    S_MEMS,
    S_MODERN,
    S_NA,
    S_NULL,
    S_PENDING_CANCELED,
    S_PENDING_CLOSE,
    S_PENDING_FD,
    S_PENDING_LIFE,
    S_POOL,
    S_TIDS,
    S_UNKNOWN_DIR,
    T_COLUMNS,
    T_FLAGS,
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
from .threads import count_threads, fake, find, join_group, new_life

_PTR = (1 << 64) - 1
_UNPRINTABLE = bytes(c for c in range(256) if not 0x20 <= c <= 0x7E)
_CWD = 5  # place of the working directory among the texts of a process


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
        join_group(h, rows[i, T_PID])
        m = h[S_MEMS]
        h[S_MEMS] = m + 1
        for c in range(M_COLUMNS):
            h[mm(h, m) + c] = mems[i, c]
        h[ll(h, life) + L_MEM] = m
    for life in range(h[S_LIVES]):
        if h[ll(h, life) + L_END] >= 0:
            continue
        at = tt(h, h[ll(h, life) + L_ROW])
        member = h[at + T_PID] != h[at + T_TID]
        if h[S_MODERN] == 0:
            member = (h[at + T_FLAGS] & CL_THREAD) != 0
        if member:
            main = find(h, h[at + T_PID])
            if main < 0 and h[S_MODERN] == 0:
                main = fake(h, h[at + T_PID], event)
            if main >= 0:
                count_threads(h, main, event, 1)


@kernel
def _directories(h: I64, u: U8, blob: U8, ends: I64, out: I64) -> None:
    """Intern working directories as the old reader cleans them."""
    h = unchecked(h)
    u = unchecked(u)
    text = unchecked(blob)
    start = 0
    for i in range(len(ends)):
        out[i] = with_slash(h, u, concat(h, u, 0, text, start, ends[i] - start, 0))
        start = int(ends[i])


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
        if h[row_at + F_NAMED]:
            h[row_at + F_NAMED] += 8 * row  # named after itself
        if h[S_MODERN] == 1:
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
    state, ids = add_strings(state, [b"<NA>", b"<UNKNOWN>", b"NULL"])
    state.h[S_NA], state.h[S_UNKNOWN_DIR], state.h[S_NULL] = ids
    state = _interfaces(state, meta)
    state = _processes(state, meta)
    return _descriptors(state, meta)


def _forget(state: State) -> State:
    h = state.h
    lives = table(state, B_LIVES)[: int(h[S_LIVES])]
    lives[lives[:, L_END] < 0, L_END] = h[S_EVENTS]
    lives[:, L_TABLE] = -1
    table(state, B_TIDLIFE)[:] = 0
    table(state, B_TIDGROUP)[:] = 0
    h[H_FREE : H_FREE + 40] = -1
    h[S_TIDS] = h[S_POOL] = 0
    h[S_LAST_LIFE] = -1
    for pending in (S_PENDING_LIFE, S_PENDING_CLOSE, S_PENDING_FD, S_PENDING_CANCELED):
        h[pending] = -1
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


def _cleaned(state: State, items: list[bytes]) -> tuple[State, I64]:
    """Intern working directories of an old capture; returns the grown state and their ids."""
    blob = b"".join(items)
    ends = np.cumsum(np.array([len(i) for i in items], np.int64)).astype(np.int64)
    state = grow(state, len(blob) + 2 * len(items), rows={B_STROFF: 2 * len(items)})
    out = np.zeros(len(items), np.int64)
    _directories(state.h, state.u, np.frombuffer(blob or b"\0", np.uint8).copy(), ends, out)
    return state, out


def _processes(state: State, meta: Metadata) -> State:
    texts: list[bytes] = []
    for p in meta.processes:
        main = p.tid == p.pid
        texts += (
            p.comm,
            p.exe,
            p.exepath,
            p.args,
            p.env if main else b"",
            _slash(p.cwd) if main else b"",
            p.root,
            p.cgroups.removesuffix(b"\0"),
        )
    state, ids = add_strings(state, texts)
    strings = ids.reshape(-1, 8)
    if not state.h[S_MODERN]:
        state, cwds = _cleaned(state, [p.cwd.split(b"\0", 1)[0] for p in meta.processes])
        strings[:, _CWD] = np.where([p.tid == p.pid for p in meta.processes], cwds, 0)
    strings = strings.tolist()
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
    state = grow(state, rows={B_THREADS: 2 * count, B_LIVES: 2 * count, B_MEMS: count, B_COUNTS: 2 * count})
    _add_lives(state.h, state.u, rows, mems)
    return state


def _is_mapped(raw: bytes) -> bool:
    return len(raw) == 16 and (raw[:12] == b"\0" * 10 + b"\xff\xff" or not any(raw))


def _write_ends(words: bytearray, kind: int, entry: FdEntry) -> None:
    """Write what a socket of the fd list knows of its ends, laid out as sockwords says."""
    ports = struct.pack("<HHB", entry.sport, entry.dport, entry.l4proto)
    if kind == KIND_IPV4:
        words[:13] = entry.sip[-4:] + entry.dip[-4:] + ports
    elif kind == KIND_IPV6:
        words[:37] = entry.sip + entry.dip + ports
    elif kind == KIND_IPV4_SERVER:
        words[:7] = entry.sip + struct.pack("<HB", entry.sport, entry.l4proto)
    elif kind == KIND_IPV6_SERVER:
        words[:19] = entry.sip + struct.pack("<HB", entry.sport, entry.l4proto)
    elif kind == KIND_UNIX:
        words[:16] = struct.pack("<QQ", entry.source & _PTR, entry.dest & _PTR)


def _descriptors(state: State, meta: Metadata) -> State:
    entries = meta.fds
    texts = [e.name for e in entries]
    if not state.h[S_MODERN]:  # the old reader shows no other bytes
        texts = [text.translate(None, _UNPRINTABLE) for text in texts]
    state, names = add_strings(state, texts)
    count = len(entries)
    rows = np.zeros((count, F_COLUMNS), np.int64)
    event = int(state.h[S_EVENTS]) - 1
    exact = bool(state.h[S_EXACT])
    listening = {e.sport for e in entries if e.type in (KIND_IPV4_SERVER, KIND_IPV6_SERVER)}
    words, owner = bytearray(40), 0
    for i, e in enumerate(entries):
        if not exact or e.tid != owner:
            words, owner = bytearray(40), e.tid
        kind, flags = e.type, FD_FROM_PROC
        if kind == KIND_IPV6 and _is_mapped(e.sip) and _is_mapped(e.dip):
            kind = KIND_IPV4
        _write_ends(words, kind, e)
        own = words
        if kind in (KIND_IPV4, KIND_IPV6):
            rows[i, F_NAMED] = NAMED_ENDS
            if e.l4proto == L4_TCP:
                flags |= FD_CONNECTED
            if kind == KIND_IPV4:
                if e.sport in listening:
                    own = bytearray(words)
                    turned = e._replace(sip=e.dip, dip=e.sip, sport=e.dport, dport=e.sport)
                    _write_ends(own, kind, turned)
                    flags |= FD_SERVER
                else:
                    flags |= FD_CLIENT
        elif kind in (KIND_IPV4_SERVER, KIND_IPV6_SERVER):
            rows[i, F_NAMED] = NAMED_ADDRESS
            flags |= FD_BOUND
        elif kind == KIND_UNIX:
            flags |= FD_SERVER if e.name else FD_CLIENT
        rows[i, F_KIND] = kind
        rows[i, F_FLAGS] = flags
        rows[i, F_NUM] = e.fd if -(1 << 31) < e.fd < (1 << 31) else -1
        rows[i, F_NAME] = names[i]
        rows[i, F_W0 : F_W4 + 1] = np.frombuffer(bytes(own), np.int64)
        rows[i, F_OPENFLAGS], rows[i, F_DEV], rows[i, F_INO] = e.openflags, e.dev, _signed(e.ino)
        rows[i, F_FIRST], rows[i, F_PREV] = event, -1
    state = grow(state, 0, 8 * count + 64 * len({e.tid for e in entries}), {B_FDS: count})
    _add_fds(state.h, state.u, np.array([e.tid for e in entries], np.int64), rows)
    return state
