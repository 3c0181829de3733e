"""The state before the first event: from the process, descriptor and interface lists.

Rules: state engine, section 2.
"""

from __future__ import annotations

import numpy as np

from ..format.metadata import Metadata
from ..index.tables import CL_ACTIVE, FD_BOUND, FD_CLIENT, FD_CONNECTED, FD_FROM_PROC, FD_SERVER, I64, U8
from ..kernel import kernel
from . import sockets
from .fdtables import put
from .sockets import KIND_IPV4, KIND_IPV4_SERVER, KIND_IPV6, KIND_IPV6_SERVER, KIND_UNIX, L4_TCP
from .state import (
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
    L_CHILDREN,
    L_END,
    L_ROW,
    L_TABLE,
    S_EVENTS,
    S_FDS,
    S_FREE_STORE,
    S_LIVES,
    S_MEMS,
    S_NA,
    S_PENDING_CLOSE,
    S_PENDING_LIFE,
    S_POOL,
    S_STRINGS,
    S_TIDS,
    S_UNKNOWN_DIR,
    T_COLUMNS,
    State,
    grow,
)
from .strings import intern
from .threads import find, new_life

_PTR = (1 << 64) - 1


def _signed(value: int) -> int:
    """The int64 with the bit pattern of an unsigned 64-bit value."""
    value &= _PTR
    return value - (1 << 64) if value >> 63 else value


@kernel
def _intern_many(st: State, blob: U8, ends: I64, out: I64) -> None:
    start = np.int64(0)
    for i in range(len(ends)):
        out[i] = intern(st, blob, start, ends[i] - start)
        start = ends[i]


@kernel
def _add_lives(st: State, rows: I64, mems: I64) -> None:
    """Create a life for each row of thread columns, with its memory figures."""
    event = st.s[S_EVENTS] - 1
    for i in range(len(rows)):
        old = find(st, rows[i, 0])
        if old >= 0:
            continue
        life = new_life(st, rows[i, 0], event)
        row = st.lives[life, L_ROW]
        for c in range(T_COLUMNS - 2):
            st.t[row, c] = rows[i, c]
        m = st.s[S_MEMS]
        st.s[S_MEMS] = m + 1
        for c in range(5):
            st.m[m, c] = mems[i, c]
        st.lives[life, 4] = m
    for life in range(st.s[S_LIVES]):
        if st.lives[life, L_END] >= 0:
            continue
        pid = st.t[st.lives[life, L_ROW], 1]
        if pid != st.t[st.lives[life, L_ROW], 0]:
            main = find(st, pid)
            if main >= 0:
                st.lives[main, L_CHILDREN] += 1


@kernel
def _add_fds(st: State, tids: I64, rows: I64) -> None:
    """Append descriptor rows, complete their tuples and put them into the tables of their threads."""
    for i in range(len(rows)):
        row = st.s[S_FDS]
        life = find(st, tids[i])
        if life < 0:
            continue
        st.s[S_FDS] = row + 1
        for c in range(F_COLUMNS):
            st.f[row, c] = rows[i, c]
        st.f[row, F_OPENER] = st.lives[life, L_ROW]
        sockets.complete(st, row)
        put(st, life, rows[i, F_NUM], row)


def add_strings(state: State, items: list[bytes]) -> tuple[State, I64]:
    """Intern byte strings; returns the grown state and their ids, int64 of shape (len(items),)."""
    blob = b"".join(items)
    ends = np.cumsum(np.array([len(i) for i in items], np.int64)) if items else np.zeros(0, np.int64)
    arena = len(blob)
    if int(state.s[S_STRINGS]) + len(items) + 16 > len(state.stroff):
        bigger = np.zeros(2 * (int(state.s[S_STRINGS]) + len(items)) + 64, np.int64)
        bigger[: len(state.stroff)] = state.stroff
        state = state._replace(stroff=bigger)
    state = grow(state, arena, 0)
    while (int(state.s[S_STRINGS]) + len(items)) * 2 > len(state.strhash):
        from .strings import rehash

        table = np.zeros(2 * len(state.strhash), np.int32)
        rehash(state.arena, state.stroff, int(state.s[S_STRINGS]), table)
        state = state._replace(strhash=table)
    out = np.zeros(len(items), np.int64)
    _intern_many(state, np.frombuffer(blob or b"\0", np.uint8).copy(), ends, out)
    return state, out


def _pad(array: np.ndarray, rows: int) -> np.ndarray:
    if rows <= len(array):
        return array
    out = np.zeros((rows, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    return out


def begin_section(state: State, meta: Metadata) -> State:
    """Forget all threads and descriptors and take those of a section's lists."""
    state = _forget(state)
    state, ids = add_strings(state, [b"<NA>", b"<UNKNOWN>"])
    state.s[S_NA], state.s[S_UNKNOWN_DIR] = ids
    state = _interfaces(state, meta)
    state = _processes(state, meta)
    return _descriptors(state, meta)


def _forget(state: State) -> State:
    s = state.s
    lives = state.lives[: int(s[S_LIVES])]
    lives[lives[:, L_END] < 0, L_END] = s[S_EVENTS]
    lives[:, L_TABLE] = -1
    state.tidlife[:] = 0
    state.freelist[:] = -1
    s[S_TIDS] = 0
    s[S_POOL] = 0
    s[S_PENDING_LIFE] = s[S_PENDING_CLOSE] = -1
    state.storenext[:] = np.arange(1, len(state.storenext) + 1)
    state.storenext[-1] = -1
    s[S_FREE_STORE] = 0
    return state


def _interfaces(state: State, meta: Metadata) -> State:
    v4 = [i for i in meta.interfaces if len(i.addr) == 4]
    v6 = [i for i in meta.interfaces if len(i.addr) == 16]
    if4 = np.array(
        [[int.from_bytes(i.addr, "little"), int.from_bytes(i.netmask, "little")] for i in v4], np.int64
    ).reshape(-1, 2)
    if6 = np.array([list(i.addr) for i in v6], np.uint8).reshape(-1, 16)
    return state._replace(if4=if4, if6=if6)


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
    state = state._replace(
        t=_pad(state.t, int(state.s[1]) + count + 64),
        lives=_pad(state.lives, int(state.s[S_LIVES]) + count + 64),
        m=_pad(state.m, int(state.s[S_MEMS]) + count + 64),
    )
    while (int(state.s[S_TIDS]) + count) * 2 > len(state.tidlife):
        from .threads import rehash_tids

        keys = np.zeros(2 * len(state.tidkey), np.int64)
        table = np.zeros(len(keys), np.int32)
        rehash_tids(state.tidkey, state.tidlife, keys, table)
        state = state._replace(tidkey=keys, tidlife=table)
    _add_lives(state, rows, mems)
    return state


def _address(raw: bytes) -> tuple[int, int]:
    padded = raw.ljust(16, b"\0")
    return int.from_bytes(padded[:8], "little", signed=True), int.from_bytes(padded[8:], "little", signed=True)


def _is_mapped(raw: bytes) -> bool:
    return len(raw) == 16 and raw[:12] == b"\0" * 10 + b"\xff\xff"


def _descriptors(state: State, meta: Metadata) -> State:
    entries = meta.fds
    state, names = add_strings(state, [e.name for e in entries])
    count = len(entries)
    rows = np.zeros((count, F_COLUMNS), np.int64)
    event = int(state.s[S_EVENTS]) - 1
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
    state = state._replace(f=_pad(state.f, int(state.s[S_FDS]) + count + 64))
    state = grow(state, 0, 8 * count + 64 * len({e.tid for e in entries}))
    _add_fds(state, np.array([e.tid for e in entries], np.int64), rows)
    return state


