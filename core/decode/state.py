"""The arrays that the event pass works on: their layout, allocation and growth.

Rows of the thread, descriptor and life tables are rows of one two-dimensional int64 array each, so
that "a new state like the old one" is one copy and a kernel gets few arguments. The columns are
named here, once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..index.tables import I32, I64, U8, U16, U32

# --- columns of the thread table (a row per state), in the order of ThreadColumns ------------------
(
    T_TID,
    T_PID,
    T_PTID,
    T_SID,
    T_VPGID,
    T_PGID,
    T_VTID,
    T_VPID,
    T_COMM,
    T_EXE,
    T_EXEPATH,
    T_ARGS,
    T_ENV,
    T_CWD,
    T_ROOT,
    T_CGROUPS,
    T_UID,
    T_GID,
    T_LOGINUID,
    T_TTY,
    T_FDLIMIT,
    T_FLAGS,
    T_CLONE_TS,
    T_LASTEXEC_TS,
    T_CAP_I,
    T_CAP_P,
    T_CAP_E,
    T_EXE_FLAGS,
    T_EXE_INO,
    T_EXE_CTIME,
    T_EXE_MTIME,
    T_PIDNS,
    T_LIFE,
    T_FIRST,
) = range(34)
T_COLUMNS = 34

# --- columns of the descriptor table ------------------------------------------------------------------
(
    F_KIND,
    F_L4,
    F_FLAGS,
    F_NUM,
    F_NAME,
    F_SIP_LO,  # the 16 address bytes as two int64 bit patterns
    F_SIP_HI,
    F_DIP_LO,
    F_DIP_HI,
    F_SPORT,
    F_DPORT,
    F_SOURCE,
    F_DEST,
    F_OPENFLAGS,
    F_DEV,
    F_INO,
    F_OPENER,
    F_FIRST,
    F_OPENED,  # event row at which the descriptor (not this state of it) was made
) = range(19)
F_COLUMNS = 19

# bits of F_FLAGS that only the pass and the naming step use
FD_HAS_TUPLE = 1 << 16  # the name is the text of the tuple
FD_ADDR_NAME = 1 << 17  # the name is the text of the source address

# --- columns of the life table (a row per thread entry) ------------------------------------------------
(
    L_TID,
    L_FIRST,
    L_END,
    L_ROW,  # current row of the thread table
    L_MEM,
    L_EXIT,
    L_TYPE,  # type of the last enter event, -1: none
    L_FD,  # descriptor of the last event
    L_ENTER_TS,
    L_LATENCY,
    L_STORE,  # slot of the stored enter event, -1: none
    L_STORE_TYPE,
    L_TABLE,  # offset of the descriptor table in the pool, -1: none
    L_CAP,  # its capacity (a power of two)
    L_USED,
    L_CHILDREN,  # threads of this main thread
    L_CPU_USR,
    L_CPU_SYS,
    L_CPU_TS,
    L_CLOSE_AT,  # event row of the last close enter
    L_REAPER,  # tid that inherits the children of an exited process, -1: not told
) = range(21)
L_COLUMNS = 21

M_COLUMNS = 5  # vmsize, vmrss, vmswap, pfmajor, pfminor

# --- counters -----------------------------------------------------------------------------------------
(
    S_EVENTS,  # events so far, of all segments
    S_THREADS,
    S_FDS,
    S_LIVES,
    S_MEMS,
    S_STRINGS,
    S_ARENA,
    S_POOL,
    S_CPU,
    S_RECORDS,
    S_PENDING_LIFE,  # a thread to remove before the next event, -1: none
    S_PENDING_CLOSE,  # life whose descriptor is to be removed before the next event, -1: none
    S_PENDING_FD,
    S_FREE_STORE,
    S_TIDS,  # entries in the tid hash
    S_MODERN,
    S_BAD_EVENTS,
    S_LAST_BAD,
    S_FIRST_EVENT_SEEN,
    S_NA,  # string id of "<NA>"
    S_UNKNOWN_DIR,  # string id of "<UNKNOWN>"
    S_MAX_TABLE,  # capacity of the largest descriptor table
) = range(22)
S_COUNT = 32

STORE_SIZE = 1536  # bytes kept of a stored enter event
MAX_PATH = 1024

# --- results of the kernel -----------------------------------------------------------------------------
R_MORE = 0  # the block at the returned position is not complete in the buffer
R_FULL = 1  # the segment of event columns is full
R_GROW = 2  # a table is nearly full
R_BLOCK = 3  # a block that is not an event
R_BAD_LENGTH = 4  # the block at the returned position has an impossible length


class Segment(NamedTuple):
    """Event columns of one stretch of the capture (names as in EventColumns)."""

    ts: I64
    type: U16
    cpu: U16
    thread: I32
    fd: I32
    fdnum: I32
    mem: I32
    res: I64
    latency: I64
    offset: I64
    length: U32
    flags: U8


class State(NamedTuple):
    """Everything the pass remembers."""

    s: I64  # counters S_*
    t: I64  # thread states
    f: I64  # descriptor states
    lives: I64
    m: I64  # memory states
    arena: U8
    stroff: I64  # offsets of strings in the arena; entry n is the end of string n-1
    strhash: I32  # open addressing: string id + 1, 0: free
    tidkey: I64
    tidlife: I32  # life + 1, 0: free
    poolkey: I32  # descriptor tables: numbers (-1: free) ...
    poolrow: I32  # ... and rows
    freelist: I64  # by log2 of the capacity: first free slice, -1: none
    store: U8  # stored enter events, STORE_SIZE each
    storenext: I64  # free list
    storelen: I64
    cpu: I64  # procinfo samples: event, user, system
    records: I64  # event rows of container, user and group records
    unknown: I64  # by event code: events of a code we do not know
    if4: I64  # interfaces: address, netmask (as little-endian integers of the network bytes)
    if6: U8  # interfaces: 16 address bytes
    off: I64  # scratch: parameter offsets ...
    plen: I64  # ... and lengths
    path: U8  # scratch for paths
    path2: U8


def new_state(modern: bool) -> State:
    """Allocate an empty state; tables grow by :func:`grow`."""
    state = State(
        s=np.zeros(S_COUNT, np.int64),
        t=np.zeros((1024, T_COLUMNS), np.int64),
        f=np.zeros((4096, F_COLUMNS), np.int64),
        lives=np.zeros((1024, L_COLUMNS), np.int64),
        m=np.zeros((1024, M_COLUMNS), np.int64),
        arena=np.zeros(1 << 20, np.uint8),
        stroff=np.zeros(8192, np.int64),
        strhash=np.zeros(16384, np.int32),
        tidkey=np.zeros(4096, np.int64),
        tidlife=np.zeros(4096, np.int32),
        poolkey=np.full(1 << 15, -1, np.int32),
        poolrow=np.zeros(1 << 15, np.int32),
        freelist=np.full(40, -1, np.int64),
        store=np.zeros(64 * STORE_SIZE, np.uint8),
        storenext=np.arange(1, 65, dtype=np.int64),
        storelen=np.zeros(64, np.int64),
        cpu=np.zeros((1024, 3), np.int64),
        records=np.zeros(1024, np.int64),
        unknown=np.zeros(65536, np.int64),
        if4=np.zeros((0, 2), np.int64),
        if6=np.zeros((0, 16), np.uint8),
        off=np.zeros(256, np.int64),
        plen=np.zeros(256, np.int64),
        path=np.zeros(4 * MAX_PATH, np.uint8),
        path2=np.zeros(4 * MAX_PATH, np.uint8),
    )
    state.storenext[-1] = -1
    state.s[S_PENDING_LIFE] = -1
    state.s[S_PENDING_CLOSE] = -1
    state.s[S_MODERN] = int(modern)
    state.s[S_STRINGS] = 1  # id 0 is the empty string
    return state


def new_segment(capacity: int) -> Segment:
    """Allocate event columns for ``capacity`` events."""
    return Segment(
        *(
            np.empty(capacity, dtype)
            for dtype in (
                np.int64,
                np.uint16,
                np.uint16,
                np.int32,
                np.int32,
                np.int32,
                np.int32,
                np.int64,
                np.int64,
                np.int64,
                np.uint32,
                np.uint8,
            )
        )
    )


def _larger(array: np.ndarray, used: int, need: int, fill: int = 0) -> np.ndarray:
    """Return ``array`` if ``used + need`` entries fit, else a copy of at least twice the size."""
    if used + need <= len(array):
        return array
    size = max(2 * len(array), used + need)
    out = np.full((size, *array.shape[1:]), fill, array.dtype)
    out[: len(array)] = array
    return out


def grow(state: State, need_bytes: int, need_pool: int) -> State:
    """Return a state whose tables have room for another event (MARGIN rows; ``need_bytes`` of strings).

    ``need_pool`` is the number of free pool entries that the next event may take.
    """
    s = state.s
    state = state._replace(
        t=_larger(state.t, int(s[S_THREADS]), MARGIN),
        f=_larger(state.f, int(s[S_FDS]), MARGIN),
        lives=_larger(state.lives, int(s[S_LIVES]), MARGIN),
        m=_larger(state.m, int(s[S_MEMS]), MARGIN),
        arena=_larger(state.arena, int(s[S_ARENA]), need_bytes + ARENA_MARGIN),
        stroff=_larger(state.stroff, int(s[S_STRINGS]), MARGIN),
        poolkey=_larger(state.poolkey, int(s[S_POOL]), need_pool + POOL_MARGIN, -1),
        poolrow=_larger(state.poolrow, int(s[S_POOL]), need_pool + POOL_MARGIN),
        cpu=_larger(state.cpu, int(s[S_CPU]), MARGIN),
        records=_larger(state.records, int(s[S_RECORDS]), MARGIN),
    )
    if int(s[S_STRINGS]) * 2 > len(state.strhash):
        from .strings import rehash

        table = np.zeros(2 * len(state.strhash), np.int32)
        rehash(state.arena, state.stroff, int(s[S_STRINGS]), table)
        state = state._replace(strhash=table)
    if int(s[S_TIDS]) * 2 > len(state.tidlife):
        from .threads import rehash_tids

        keys = np.zeros(2 * len(state.tidkey), np.int64)
        lives = np.zeros(len(keys), np.int32)
        rehash_tids(state.tidkey, state.tidlife, keys, lives)
        state = state._replace(tidkey=keys, tidlife=lives)
    if int(s[S_FREE_STORE]) < 0:
        old = len(state.storelen)
        nexts = np.concatenate([state.storenext, np.arange(old + 1, 2 * old + 1)])
        nexts[-1] = -1
        s[S_FREE_STORE] = old
        state = state._replace(
            store=_larger(state.store, len(state.store), len(state.store)),
            storenext=nexts.astype(np.int64),
            storelen=_larger(state.storelen, old, old),
        )
    return state


MARGIN = 16  # rows of any table that one event may add
ARENA_MARGIN = 16384
POOL_MARGIN = 4096
