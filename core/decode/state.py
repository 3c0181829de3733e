"""The arrays that the event pass works on: their layout, allocation and growth.

All tables lie one after the other in a single int64 array (and all bytes in a single uint8 array),
with their places in a header: a kernel then has two arguments instead of thirty, which is what its
compile time and its calls cost. A table is read as ``st.h[tt(st.h, row) + T_PID]``; the columns are
named here, once.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from ..index.tables import I32, I64, U8, U16, U32
from ..kernel import inline
from .actions import EVENT_WIDTH, event_table

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

LOOKED = 1 << 32  # in T_FLAGS, above the flags: how often the readers have looked for the container

# --- columns of the descriptor table ------------------------------------------------------------------
(
    F_KIND,
    F_FLAGS,
    F_NUM,
    F_NAME,  # string id
    F_NAMED,  # 8 * row + NAMED_*: the name is made from the socket of that row; 0: F_NAME is the name
    F_W0,  # what a socket knows of its ends: five words, laid out by its kind (see sockets.py)
    F_W1,
    F_W2,
    F_W3,
    F_W4,
    F_OPENFLAGS,
    F_DEV,
    F_INO,
    F_OPENER,
    F_FIRST,
    F_PREV,  # the row this one came from (the state before, or the source of a dup), -1: none
) = range(16)
F_COLUMNS = 16

# how a name is made from a socket (F_NAMED, and in index/names.py); 0: the name is F_NAME
NAMED_TUPLE = 1  # addresses and ports, as the transport protocol has them
NAMED_ENDS = 2  # addresses and ports, whatever the protocol
NAMED_ADDRESS = 3  # address and port of a server
NAMED_UNIX = 4  # pointers and path

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
    L_REAPER,  # tid that inherits the children of an exited process, -1: not told
    L_MAIN,  # life of the main thread when it was last looked for, -1: not yet
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
    S_COUNTS,
    S_RECORDS,
    S_PENDING_LIFE,  # a thread to remove before the next event, -1: none
    S_PENDING_CLOSE,  # life whose descriptors are to be removed before the next event, -1: none
    S_PENDING_FD,  # ... and which, -1: none
    S_PENDING_CANCELED,
    S_FREE_STORE,
    S_TIDS,  # entries in the tid hash
    S_MODERN,
    S_BAD_EVENTS,
    S_LAST_BAD,
    S_FIRST_EVENT_SEEN,
    S_NA,  # string id of "<NA>"
    S_UNKNOWN_DIR,  # string id of "<UNKNOWN>"
    S_NULL,  # string id of "NULL"
    S_MAX_TABLE,  # capacity of the largest descriptor table
    S_EXACT,  # follow 0.29.3 where it is known to be wrong, too: for comparisons
    S_LAST_TID,  # the thread found last
    S_LAST_LIFE,  # ... and its life, -1: look again
) = range(28)

# --- what the current event shows, set by the state machine -------------------------------------------
(O_THREAD, O_FD, O_FDNUM, O_MEM, O_RES, O_LATENCY, O_FLAGS) = range(40, 47)

# --- header of the int64 array ------------------------------------------------------------------------
H_FREE = 64  # free lists of descriptor tables, by log2 of the capacity
H_SEED = 110  # two random numbers, the second odd: where things lie in hash tables
H_OFF = 192  # scratch: parameter offsets; from 64 on those of the stored enter event
H_PLEN = 320  # ... and lengths
H_STORED = H_OFF + 127  # how many parameters the stored enter event has
HEADER = 512
_BASES = 128  # place of table k at _BASES + k, its capacity in rows at _CAPACITIES + k
_CAPACITIES = 160

# tables of int64, with their widths; then the byte tables
_WIDTHS = (T_COLUMNS, F_COLUMNS, L_COLUMNS, M_COLUMNS, 3, 3, *(1,) * 11, 2, EVENT_WIDTH)
(
    B_THREADS,
    B_FDS,
    B_LIVES,
    B_MEMS,
    B_CPU,
    B_COUNTS,
    B_RECORDS,
    B_STROFF,
    B_STRHASH,
    B_TIDKEY,
    B_TIDLIFE,
    B_TIDGROUP,
    B_POOLKEY,
    B_POOLROW,
    B_STORENEXT,
    B_STORELEN,
    B_UNKNOWN,
    B_IF4,
    B_EVENTS,
    B_ARENA,
    B_STORE,
    B_PATH,
    B_PATH2,
    B_IF6,
) = range(_BASES, _BASES + 24)
_CAP = _CAPACITIES - _BASES  # from the place of a table's base to that of its capacity
C_THREADS = B_THREADS + _CAP
C_FDS = B_FDS + _CAP
C_LIVES = B_LIVES + _CAP
C_MEMS = B_MEMS + _CAP
C_CPU = B_CPU + _CAP
C_COUNTS = B_COUNTS + _CAP
C_RECORDS = B_RECORDS + _CAP
C_STROFF = B_STROFF + _CAP
C_STRHASH = B_STRHASH + _CAP
C_TIDS = B_TIDKEY + _CAP
C_POOL = B_POOLKEY + _CAP
C_STORE = B_STORENEXT + _CAP
C_IF4 = B_IF4 + _CAP
C_EVENTS = B_EVENTS + _CAP
C_ARENA = B_ARENA + _CAP
C_IF6 = B_IF6 + _CAP
_BYTE_WIDTHS = {B_ARENA: 1, B_STORE: 1, B_PATH: 1, B_PATH2: 1, B_IF6: 16}
_INT_TABLES = range(B_THREADS, B_ARENA)
_BYTE_TABLES = range(B_ARENA, B_IF6 + 1)


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
    """Everything the pass remembers: two arrays, laid out by the header of the first."""

    h: I64
    u: U8


@inline
def tt(h: I64, row: int) -> int:
    """Place of a row of the thread table."""
    return h[B_THREADS] + row * T_COLUMNS


@inline
def ff(h: I64, row: int) -> int:
    """Place of a row of the descriptor table."""
    return h[B_FDS] + row * F_COLUMNS


@inline
def ll(h: I64, life: int) -> int:
    """Place of a row of the life table."""
    return h[B_LIVES] + life * L_COLUMNS


@inline
def mm(h: I64, row: int) -> int:
    """Place of a row of the memory table."""
    return h[B_MEMS] + row * M_COLUMNS


@inline
def cc(h: I64, row: int) -> int:
    """Place of a CPU sample: event, user, system."""
    return h[B_CPU] + row * 3


@inline
def ii(h: I64, row: int) -> int:
    """Place of an IPv4 interface: address, netmask (as little-endian integers of the network bytes)."""
    return h[B_IF4] + row * 2


@inline
def ee(h: I64, code: int) -> int:
    """Place of an event code in the compiled catalogue."""
    return h[B_EVENTS] + code * EVENT_WIDTH


def table(state: State, which: int) -> np.ndarray:
    """Return a table as an array: int64 of shape (rows, columns), or uint8; a view, valid until it grows."""
    base, rows = int(state.h[which]), int(state.h[which + _CAP])
    if which in _BYTE_WIDTHS:
        width = _BYTE_WIDTHS[which]
        out = state.u[base : base + rows * width]
    else:
        width = _WIDTHS[which - _BASES]
        out = state.h[base : base + rows * width]
    return out.reshape(rows, width) if width > 1 else out


def _layout(capacities: dict[int, int]) -> State:
    """Allocate arrays for tables of the given capacities and write the header."""
    places = np.zeros(HEADER, np.int64)
    size = HEADER
    for which in _INT_TABLES:
        places[which], places[which + _CAP] = size, capacities[which]
        size += capacities[which] * _WIDTHS[which - _BASES]
    length = 0
    for which in _BYTE_TABLES:
        places[which], places[which + _CAP] = length, capacities[which]
        length += capacities[which] * _BYTE_WIDTHS[which]
    h = np.zeros(size, np.int64)
    h[:HEADER] = places
    return State(h, np.zeros(length, np.uint8))


def _capacities(state: State) -> dict[int, int]:
    return {k: int(state.h[k + _CAP]) for k in (*_INT_TABLES, *_BYTE_TABLES)}


def resize(state: State, wanted: dict[int, int]) -> State:
    """Return a state in which each table of ``wanted`` (B_*) has at least that many rows.

    All tables move, so those that are half full grow, too. The two hash tables are filled anew by their
    owners.
    """
    old = _capacities(state)
    new = {k: max(2 * old[k], wanted[k]) if wanted.get(k, 0) > old[k] else old[k] for k in old}
    new[B_POOLROW] = new[B_POOLKEY]
    new[B_TIDLIFE] = new[B_TIDGROUP] = new[B_TIDKEY]
    new[B_STORELEN] = new[B_STORENEXT]
    if new == old:
        return state
    used = {which: min(int(state.h[counter]) + 1, old[which]) for which, counter in _COUNTERS.items()}
    for which, rows in used.items():
        if 2 * rows > new[which]:
            new[which] *= 2
    new[B_POOLROW] = new[B_POOLKEY]
    out = _layout(new)
    out.h[:_BASES] = state.h[:_BASES]
    out.h[H_OFF:HEADER] = state.h[H_OFF:HEADER]
    for which in old:
        rows = used.get(which, old[which])
        table(out, which)[:rows] = table(state, which)[:rows]
    return out


# tables that fill from the beginning, and how many rows they have: the rest need not be copied
_COUNTERS = {
    B_THREADS: S_THREADS,
    B_FDS: S_FDS,
    B_LIVES: S_LIVES,
    B_MEMS: S_MEMS,
    B_CPU: S_CPU,
    B_COUNTS: S_COUNTS,
    B_RECORDS: S_RECORDS,
    B_STROFF: S_STRINGS,
    B_ARENA: S_ARENA,
    B_POOLKEY: S_POOL,
    B_POOLROW: S_POOL,
}


def new_state(modern: bool, exact: bool = False, events: int = 0) -> State:
    """Allocate an empty state; tables grow by :func:`grow`.

    ``exact`` makes the pass repeat the errors of 0.29.3 that it otherwise sets right. Room is made for
    what some ``events`` usually need: memory that is not used is never really taken.
    """
    catalogue = event_table(modern)
    state = _layout(
        {
            B_THREADS: 1024 + events // 64,
            B_FDS: 4096 + events // 16,
            B_LIVES: 1024 + events // 64,
            B_MEMS: 1024 + events // 16,
            B_CPU: 1024 + events // 64,
            B_COUNTS: 1024 + events // 64,
            B_RECORDS: 1024,
            B_STROFF: 8192 + events // 16,
            B_STRHASH: 16384,
            B_TIDKEY: 4096,
            B_TIDLIFE: 4096,
            B_TIDGROUP: 4096,
            B_POOLKEY: 1 << 17,
            B_POOLROW: 1 << 17,
            B_STORENEXT: 64,
            B_STORELEN: 64,
            B_UNKNOWN: 65536,
            B_IF4: 0,
            B_EVENTS: len(catalogue),
            B_ARENA: (1 << 20) + events,
            B_STORE: 64 * STORE_SIZE,
            B_PATH: 4 * MAX_PATH,
            B_PATH2: 4 * MAX_PATH,
            B_IF6: 0,
        }
    )
    h = state.h
    table(state, B_EVENTS)[:] = catalogue
    nexts = table(state, B_STORENEXT)
    nexts[:] = np.arange(1, 65)
    nexts[-1] = -1
    h[H_FREE : H_FREE + 40] = -1
    for pending in (S_PENDING_LIFE, S_PENDING_CLOSE, S_PENDING_FD, S_PENDING_CANCELED):
        h[pending] = -1
    h[S_LAST_LIFE] = -1
    h[S_MODERN] = int(modern)
    h[S_EXACT] = int(exact and not modern)
    seeds = np.frombuffer(os.urandom(16), np.int64)
    h[H_SEED], h[H_SEED + 1] = seeds[0], seeds[1] | 1
    h[S_STRINGS] = 1  # id 0 is the empty string
    return state


def new_segment(capacity: int) -> Segment:
    """Allocate event columns for ``capacity`` events."""
    return Segment(
        ts=np.empty(capacity, np.int64),
        type=np.empty(capacity, np.uint16),
        cpu=np.empty(capacity, np.uint16),
        thread=np.empty(capacity, np.int32),
        fd=np.empty(capacity, np.int32),
        fdnum=np.empty(capacity, np.int32),
        mem=np.empty(capacity, np.int32),
        res=np.empty(capacity, np.int64),
        latency=np.empty(capacity, np.int64),
        offset=np.empty(capacity, np.int64),
        length=np.empty(capacity, np.uint32),
        flags=np.empty(capacity, np.uint8),
    )


def grow(state: State, need_bytes: int = 0, need_pool: int = 0, rows: dict[int, int] | None = None) -> State:
    """Return a state whose tables have room for another event.

    That is MARGIN rows in each, ``need_bytes`` of strings and ``need_pool`` entries of descriptor
    tables; ``rows`` asks for more free rows in some tables (B_*).
    """
    from .strings import rehash
    from .threads import rehash_tids

    h = state.h
    more = rows or {}
    wanted = {which: int(h[count]) + MARGIN + more.get(which, 0) for which, count in _COUNTERS.items()}
    wanted[B_ARENA] = int(h[S_ARENA]) + need_bytes + ARENA_MARGIN
    wanted[B_POOLKEY] = int(h[S_POOL]) + need_pool + POOL_MARGIN
    strings = int(h[S_STRINGS]) + MARGIN + more.get(B_STROFF, 0)
    if strings * 2 > h[C_STRHASH]:
        wanted[B_STRHASH] = 1 << (4 * strings).bit_length()
    tids = int(h[S_TIDS]) + MARGIN + 2 * more.get(B_LIVES, 0)
    if tids * 2 > h[C_TIDS]:
        wanted[B_TIDKEY] = 1 << (4 * tids).bit_length()
    slots = int(h[C_STORE])
    if h[S_FREE_STORE] < 0:
        wanted[B_STORENEXT] = 2 * slots
        wanted[B_STORE] = 2 * slots * STORE_SIZE
    state = resize(state, wanted)
    if B_STRHASH in wanted:
        rehash(state.h, state.u)
    if B_TIDKEY in wanted:
        rehash_tids(state.h, state.u)
    if state.h[S_FREE_STORE] < 0:
        nexts = table(state, B_STORENEXT)
        nexts[slots:] = np.arange(slots + 1, len(nexts) + 1)
        nexts[-1] = -1
        state.h[S_FREE_STORE] = slots
    return state


MARGIN = 16  # rows of any table that one event may add
USUAL_BLOCK = 4096  # bytes of a block that room is made for
ARENA_MARGIN = 16384
POOL_MARGIN = 4096
