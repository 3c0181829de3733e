"""Ancestry after the pass: which state parent, main thread and session leader were in, event by event.

A thread row of the pass names its relatives by tid only. Here rows are split so that each has one
constant row for each relative; fields of ancestors are then plain look-ups.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from ..kernel import inline, kernel
from .tables import I32, I64, U8

_ROUNDS = 12  # of those in a circle
_DEPTH = 64  # ancestors followed; the tid graph of a hostile capture may have circles


class Lineage(NamedTuple):
    """Result of :func:`split`: one entry per final thread row."""

    row: I64  # row of the pass
    parent: I32  # final row of the parent, -1: none
    main: I32  # final row of the main thread (itself for main threads), -1: none
    session: I32  # a final row of the session leader's state then, -1: none
    last: I64  # per life: final row at its end


class Threads(NamedTuple):
    """Columns of the thread rows of the pass, in order of ``first``."""

    tid: I64
    pid: I64
    ptid: I64
    sid: I64
    life: I64
    first: I64  # event from which the row holds


class _Work(NamedTuple):
    seed: I64  # two random numbers, the second odd: where things lie in the hash tables
    cur: I64  # per life: current row of the pass
    version: I64  # per life: global version at which `final` was computed
    final: I64  # per life: final row
    key: I64  # tid hash: keys
    live: I32  # tid hash: life + 1
    dead: I32  # last removed life with that tid, + 1
    hash: I32  # final rows by (row, parent, main, session): id + 1
    s: I64  # counters: version, final rows
    seen: U8  # per row of the pass: whether it has become a final one
    row: I64
    parent: I64
    main: I64
    session: I64  # row of the pass
    chain: I64  # scratch: lives on the way up


@inline
def _slot(seed: I64, tid: int, mask: int) -> int:
    x = (tid ^ seed[0]) * np.int64(-7046029254386353131)
    x ^= (x >> 32) & 0xFFFFFFFF
    return ((x * seed[1]) >> 31) & mask


@inline
def _find(w: _Work, tid: int) -> int:
    """Place of a tid in the hash, or the free place where it belongs."""
    mask = len(w.key) - 1
    i = _slot(w.seed, tid, mask)
    while (w.live[i] != 0 or w.dead[i] != 0) and w.key[i] != tid:
        i = (i + 1) & mask
    return i


@inline
def _life_of(w: _Work, tid: int) -> int:
    return np.int64(w.live[_find(w, tid)]) - 1


@inline
def _parent_life(w: _Work, tid: int, ptid: int, reaper: I64, modern: bool) -> int:
    """The life that is the parent now; in modern captures orphans go to the reaper they were given."""
    for _ in range(8):
        if modern and (ptid < 0 or ptid == tid):
            return np.int64(-1)
        at = _find(w, ptid)
        if w.live[at] != 0:
            return np.int64(w.live[at]) - 1
        if not modern or w.dead[at] == 0:
            return np.int64(-1)
        ptid = reaper[np.int64(w.dead[at]) - 1]
    return np.int64(-1)


@inline
def _place(seed: I64, row: int, parent: int, main: int, session: int, mask: int) -> int:
    """Where in a hash table of ``mask + 1`` places a final row is looked for first."""
    h = (row * 0x9E3779B1) ^ (parent * 0x85EBCA6B) ^ (main * 0xC2B2AE35) ^ (session * 0x27D4EB2F)
    return _slot(seed, h, mask)


@inline
def _make(w: _Work, row: int, parent: int, main: int, session: int) -> int:
    """Final row of (row, relatives), new if it does not exist; -2 as main or parent means "itself"."""
    mask = len(w.hash) - 1
    i = _place(w.seed, row, parent, main, session, mask)
    while w.hash[i] != 0:
        k = np.int64(w.hash[i]) - 1
        if w.row[k] == row and w.parent[k] == parent and w.main[k] == main and w.session[k] == session:
            return k
        i = (i + 1) & mask
    k = w.s[1]
    w.s[1] = k + 1
    w.seen[row] = 1
    w.row[k] = row
    w.parent[k] = parent
    w.main[k] = main
    w.session[k] = session
    w.hash[i] = np.int32(k + 1)
    return k


@inline
def _resolve(w: _Work, life: int, t: Threads, reaper: I64, modern: bool, leader_row: int) -> int:
    """Final row of a life at the current moment; ``leader_row``: that of its main thread, -1: not known."""
    version = w.s[0]
    if w.version[life] == version:
        return w.final[life]
    # walk up to an ancestor that is up to date, or to the top
    n = 0
    at = life
    own = False  # the topmost is its own parent, as an old capture may say
    depth = _DEPTH
    while n < depth and at >= 0 and w.version[at] != version:
        if depth == _DEPTH:
            for k in range(n):
                if w.chain[k] == at:  # a circle: some rounds of it are all there is to see
                    depth = min(_DEPTH, n + _ROUNDS)
        w.chain[n] = at
        n += 1
        row = w.cur[at]
        above = _parent_life(w, t.tid[row], t.ptid[row], reaper, modern)
        own = above == at
        at = np.int64(-1) if own else above
    parent = w.final[at] if at >= 0 and w.version[at] == version else np.int64(-1)
    if own:
        parent = np.int64(-2)
    elif depth != _DEPTH:
        parent = np.int64(-1)
    k = n - 1
    while k >= 0:
        one = w.chain[k]
        row = w.cur[one]
        main = np.int64(-2)
        final_for_all = depth == _DEPTH or k == 0
        if t.pid[row] != t.tid[row]:
            m = _life_of(w, t.pid[row])
            if m < 0:
                main = np.int64(-1)
            elif m != one:
                if w.version[m] == version:
                    main = w.final[m]
                elif k == 0 and leader_row >= 0:
                    main = leader_row
                else:  # of an ancestor that is a thread: nobody asks for the parents of its main thread
                    main = _make(w, w.cur[m], np.int64(-1), np.int64(-2), np.int64(-1))
                    final_for_all = False
        if parent >= 0 and modern and t.pid[w.row[parent]] < 0:
            parent = np.int64(-1)  # nothing is known of it
        leader = _life_of(w, t.sid[row])
        session = w.cur[leader] if leader >= 0 else np.int64(-1)
        final = _make(w, row, parent, main, session)
        if final_for_all:
            w.final[one] = final
            w.version[one] = version
        parent = final
        k -= 1
    return parent


@inline
def _whole(w: _Work, life: int, t: Threads, reaper: I64, modern: bool) -> int:
    """Final row of a life, its main thread's first."""
    if w.version[life] == w.s[0]:
        return w.final[life]
    main = _life_of(w, t.pid[w.cur[life]])
    row = np.int64(-1)
    if main >= 0 and main != life:
        row = _resolve(w, main, t, reaper, modern, np.int64(-1))
    return _resolve(w, life, t, reaper, modern, row)


@inline
def _full(w: _Work) -> bool:
    """Whether there is no room for what one more event may need."""
    need = w.s[1] + 4 * _DEPTH
    return need > len(w.row) or need * 2 > len(w.hash)


@kernel
def _run(
    w: _Work,
    thread: I32,
    begin: int,
    end: int,
    pointers: I64,
    t: Threads,
    ends: I64,
    order: I64,
    reaper: I64,
    modern: bool,
    last: I64,
) -> int:
    """Replay events ``begin..end`` (``end`` excluded); stops early when tables are full, returns where.

    What ``thread`` says of the events replayed are final rows.
    """
    e = begin
    while e < end:
        if _full(w):
            return e
        while pointers[1] < len(order) and ends[order[pointers[1]]] <= e:
            life = order[pointers[1]]
            if t.life[w.cur[life]] != life:  # it begins with this event, too: see below
                pointers[1] += 1
                continue
            last[life] = _whole(w, life, t, reaper, modern)
            at = _find(w, t.tid[w.cur[life]])
            if np.int64(w.live[at]) - 1 == life:
                w.live[at] = 0
                w.dead[at] = np.int32(life + 1)
                w.key[at] = t.tid[w.cur[life]]
            pointers[1] += 1
            w.s[0] += 1
            if _full(w):
                return e
        while pointers[0] < len(t.first) and t.first[pointers[0]] <= e:
            row = pointers[0]
            life = t.life[row]
            old = w.cur[life]
            if t.life[old] == life and old != row and not w.seen[old]:
                _whole(w, life, t, reaper, modern)  # others may ask what it was before
            w.cur[life] = row
            if ends[life] <= e:
                last[life] = _make(w, row, np.int64(-1), np.int64(-2), np.int64(-1))
            else:
                at = _find(w, t.tid[row])
                w.key[at] = t.tid[row]
                w.live[at] = np.int32(life + 1)
            pointers[0] += 1
            w.s[0] += 1
            if _full(w):
                return e
        # until the next change all events of a thread have the same final row
        change = end
        if pointers[1] < len(order):
            change = min(change, ends[order[pointers[1]]])
        if pointers[0] < len(t.first):
            change = min(change, t.first[pointers[0]])
        before = np.int64(-1)
        final = np.int64(-1)
        while e < change:
            row = np.int64(thread[e])
            if row >= 0:
                if row != before:
                    if _full(w):
                        return e
                    life = t.life[row]
                    if w.cur[life] == row:
                        final = _whole(w, life, t, reaper, modern)
                    else:
                        final = _make(w, row, np.int64(-1), np.int64(-2), np.int64(-1))
                    before = row
                thread[e] = np.int32(final)
            e += 1
    return e


@kernel
def _finish(
    w: _Work,
    t: Threads,
    reaper: I64,
    modern: bool,
    ends: I64,
    total: int,
    last: I64,
    start: int,
) -> int:
    """Resolve the lives that never ended; returns the life it stopped at when tables are full."""
    for life in range(start, len(ends)):
        if _full(w):
            return life
        if ends[life] >= total:
            last[life] = _whole(w, life, t, reaper, modern)
    return len(ends)


@kernel
def _rehash(w: _Work, table: I32) -> None:
    mask = len(table) - 1
    for k in range(w.s[1]):
        i = _place(w.seed, w.row[k], w.parent[k], w.main[k], w.session[k], mask)
        while table[i] != 0:
            i = (i + 1) & mask
        table[i] = np.int32(k + 1)


def _grow(w: _Work) -> _Work:
    size = 2 * len(w.row)
    columns = {}
    for name in ("row", "parent", "main", "session"):
        columns[name] = np.zeros(size, np.int64)
        columns[name][: len(w.row)] = getattr(w, name)
    table = np.zeros(4 * size, np.int32)
    w = w._replace(**columns)
    _rehash(w, table)
    return w._replace(hash=table)


def split(thread: I32, t: Threads, ends: I64, reaper: I64, modern: bool) -> Lineage:
    """Split thread rows by ancestry.

    ``thread`` is the row of the pass for each event, -1 for none; final rows take their place. ``ends``
    (the number of events for lives that never end) and ``reaper`` are columns of the lives.
    """
    total = len(thread)
    lives = len(ends)
    tid_slots = 1024
    while tid_slots < 4 * max(lives, 1):
        tid_slots *= 2
    size = 1024
    while size < 2 * len(t.tid) + 1024:
        size *= 2
    seed = np.frombuffer(os.urandom(16), np.int64).copy()
    seed[1] |= 1
    w = _Work(
        seed=seed,
        cur=np.zeros(lives, np.int64),
        version=np.full(lives, -1, np.int64),
        final=np.zeros(lives, np.int64),
        key=np.zeros(tid_slots, np.int64),
        live=np.zeros(tid_slots, np.int32),
        dead=np.zeros(tid_slots, np.int32),
        hash=np.zeros(4 * size, np.int32),
        s=np.zeros(2, np.int64),
        seen=np.zeros(max(len(t.tid), 1), np.uint8),
        row=np.zeros(size, np.int64),
        parent=np.zeros(size, np.int64),
        main=np.zeros(size, np.int64),
        session=np.zeros(size, np.int64),
        chain=np.zeros(_DEPTH, np.int64),
    )
    order = np.argsort(ends, kind="stable")[: int((ends < total).sum())].astype(np.int64)
    last = np.full(lives, -1, np.int64)
    pointers = np.zeros(2, np.int64)
    at = 0
    while True:
        at = _run(w, thread, at, total, pointers, t, ends, order, reaper, modern, last)
        if at >= total:
            break
        w = _grow(w)
    for row in range(int(pointers[0]), len(t.first)):  # rows that no event follows
        w.cur[int(t.life[row])] = row
    w.s[0] += 1
    life = 0
    while life < lives:
        life = _finish(w, t, reaper, modern, ends, total, last, life)
        if life < lives:
            w = _grow(w)
    count = int(w.s[1])
    main = w.main[:count].copy()
    parent = w.parent[:count].copy()
    for relative in (main, parent):
        itself = relative == -2
        relative[itself] = np.flatnonzero(itself)
    to_final = np.full(len(t.tid) + 1, -1, np.int32)  # one more place: row -1 is none
    to_final[w.row[:count][::-1]] = np.arange(count, dtype=np.int32)[::-1]
    to_final[-1] = -1
    return Lineage(
        w.row[:count].copy(),
        parent.astype(np.int32),
        main.astype(np.int32),
        to_final[w.session[:count]],
        last,
    )
