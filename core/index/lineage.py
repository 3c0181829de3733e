"""Ancestry after the pass: which state the parent and the main thread were in, event by event.

A thread row of the pass says who the parent is by tid only. Here rows are split so that each has one
constant parent row and one constant main-thread row; fields of ancestors are then plain look-ups.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernel import inline, kernel
from .tables import I32, I64

_DEPTH = 64  # ancestors followed; the tid graph of a hostile capture may have circles


class Lineage(NamedTuple):
    """Result of :func:`split`: one entry per final thread row."""

    row: I64  # row of the pass
    parent: I32  # final row of the parent, -1: none
    main: I32  # final row of the main thread (itself for main threads), -1: none
    thread: I32  # per event: final row
    last: I64  # per life: final row at its end


class _Work(NamedTuple):
    cur: I64  # per life: current row of the pass
    version: I64  # per life: global version at which `final` was computed
    final: I64  # per life: final row
    key: I64  # tid hash: keys
    live: I32  # tid hash: life + 1
    dead: I32  # last removed life with that tid, + 1
    hash: I32  # final rows by (row, parent, main): id + 1
    s: I64  # counters: version, final rows
    row: I64
    parent: I64
    main: I64
    chain: I64  # scratch: lives on the way up


@inline
def _slot(tid: int, mask: int) -> int:
    return ((tid * 0x9E3779B1) ^ (tid >> 13)) & mask


@inline
def _find(w: _Work, tid: int) -> int:
    """Place of a tid in the hash, or the free place where it belongs."""
    mask = len(w.key) - 1
    i = _slot(tid, mask)
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
        if ptid < 0 or ptid == tid:
            return np.int64(-1)
        at = _find(w, ptid)
        if w.live[at] != 0:
            return np.int64(w.live[at]) - 1
        if not modern or w.dead[at] == 0:
            return np.int64(-1)
        ptid = reaper[np.int64(w.dead[at]) - 1]
    return np.int64(-1)


@inline
def _make(w: _Work, row: int, parent: int, main: int) -> int:
    """Final row of (row, parent, main), new if it does not exist; -2 as main means "itself"."""
    mask = len(w.hash) - 1
    h = ((row * 0x9E3779B1) ^ (parent * 0x85EBCA6B) ^ (main * 0xC2B2AE35)) & np.int64(0x7FFFFFFFFFFFFFFF)
    i = (h ^ (h >> 15)) & mask
    while w.hash[i] != 0:
        k = np.int64(w.hash[i]) - 1
        if w.row[k] == row and w.parent[k] == parent and w.main[k] == main:
            return k
        i = (i + 1) & mask
    k = w.s[1]
    w.s[1] = k + 1
    w.row[k] = row
    w.parent[k] = parent
    w.main[k] = main
    w.hash[i] = np.int32(k + 1)
    return k


@inline
def _resolve(w: _Work, life: int, tids: I64, pids: I64, ptids: I64, reaper: I64, modern: bool) -> int:
    """Final row of a life at the current moment."""
    version = w.s[0]
    if w.version[life] == version:
        return w.final[life]
    # walk up to an ancestor that is up to date, or to the top
    n = 0
    at = life
    while n < _DEPTH and at >= 0 and w.version[at] != version:
        circle = False
        for k in range(n):
            if w.chain[k] == at:
                circle = True
        if circle:
            at = np.int64(-1)
            break
        w.chain[n] = at
        n += 1
        row = w.cur[at]
        at = _parent_life(w, tids[row], ptids[row], reaper, modern)
    parent = w.final[at] if at >= 0 and w.version[at] == version else np.int64(-1)
    k = n - 1
    while k >= 0:
        one = w.chain[k]
        row = w.cur[one]
        main = np.int64(-2)
        if pids[row] != tids[row]:
            m = _life_of(w, pids[row])
            if m < 0:
                main = np.int64(-1)
            elif m != one:
                if w.version[m] == version:
                    main = w.final[m]
                else:
                    # the main thread is not on the way up: its own parents do not matter here
                    main = _make(w, w.cur[m], np.int64(-1), np.int64(-2))
        if parent >= 0 and modern and pids[w.row[parent]] < 0:
            parent = np.int64(-1)  # nothing is known of it
        final = _make(w, row, parent, main)
        w.final[one] = final
        w.version[one] = version
        parent = final
        k -= 1
    return w.final[life]


@kernel
def _run(
    w: _Work,
    thread: I32,
    begin: int,
    end: int,
    pointers: I64,
    tids: I64,
    pids: I64,
    ptids: I64,
    first: I64,
    lifes: I64,
    ends: I64,
    order: I64,
    reaper: I64,
    modern: bool,
    out: I32,
    last: I64,
) -> int:
    """Replay events ``begin..end`` (``end`` excluded); returns the event it stopped at when tables are full."""
    e = begin
    while e < end:
        if w.s[1] + 2 * _DEPTH + 2 > len(w.row) or (w.s[1] + 2 * _DEPTH) * 2 > len(w.hash):
            return e
        changed = False
        while pointers[1] < len(order) and ends[order[pointers[1]]] <= e:
            life = order[pointers[1]]
            last[life] = _resolve(w, life, tids, pids, ptids, reaper, modern)
            at = _find(w, tids[w.cur[life]])
            if np.int64(w.live[at]) - 1 == life:
                w.live[at] = 0
                w.dead[at] = np.int32(life + 1)
                w.key[at] = tids[w.cur[life]]
            pointers[1] += 1
            w.s[0] += 1
            if w.s[1] + 2 * _DEPTH + 2 > len(w.row) or (w.s[1] + 2 * _DEPTH) * 2 > len(w.hash):
                return e
        while pointers[0] < len(first) and first[pointers[0]] <= e:
            row = pointers[0]
            life = lifes[row]
            w.cur[life] = row
            at = _find(w, tids[row])
            w.key[at] = tids[row]
            w.live[at] = np.int32(life + 1)
            pointers[0] += 1
            changed = True
        if changed:
            w.s[0] += 1
        row = np.int64(thread[e])
        if row >= 0:
            life = lifes[row]
            if w.cur[life] == row:
                out[e] = np.int32(_resolve(w, life, tids, pids, ptids, reaper, modern))
            else:
                out[e] = np.int32(_make(w, row, np.int64(-1), np.int64(-2)))
        e += 1
    return e


@kernel
def _finish(
    w: _Work,
    tids: I64,
    pids: I64,
    ptids: I64,
    reaper: I64,
    modern: bool,
    ends: I64,
    total: int,
    last: I64,
    start: int,
) -> int:
    """Resolve the lives that never ended; returns the life it stopped at when tables are full."""
    for life in range(start, len(ends)):
        if w.s[1] + 2 * _DEPTH + 2 > len(w.row) or (w.s[1] + 2 * _DEPTH) * 2 > len(w.hash):
            return life
        if ends[life] >= total:
            last[life] = _resolve(w, life, tids, pids, ptids, reaper, modern)
    return len(ends)


@kernel
def _rehash(row: I64, parent: I64, main: I64, count: int, table: I32) -> None:
    mask = len(table) - 1
    for k in range(count):
        h = ((row[k] * 0x9E3779B1) ^ (parent[k] * 0x85EBCA6B) ^ (main[k] * 0xC2B2AE35)) & np.int64(
            0x7FFFFFFFFFFFFFFF
        )
        i = (h ^ (h >> 15)) & mask
        while table[i] != 0:
            i = (i + 1) & mask
        table[i] = np.int32(k + 1)


def _grow(w: _Work) -> _Work:
    size = 2 * len(w.row)
    columns = []
    for old in (w.row, w.parent, w.main):
        new = np.zeros(size, np.int64)
        new[: len(old)] = old
        columns.append(new)
    table = np.zeros(4 * size, np.int32)
    _rehash(columns[0], columns[1], columns[2], int(w.s[1]), table)
    return w._replace(row=columns[0], parent=columns[1], main=columns[2], hash=table)


def split(
    thread: I32,
    tids: I64,
    pids: I64,
    ptids: I64,
    first: I64,
    lifes: I64,
    ends: I64,
    reaper: I64,
    modern: bool,
) -> Lineage:
    """Split thread rows by ancestry.

    ``thread`` is the row of each event; ``tids`` .. ``lifes`` are columns of the thread rows of the
    pass (in order of ``first``); ``ends`` (the number of events for lives that never end) and
    ``reaper`` are columns of the lives.
    """
    total = len(thread)
    lives = len(ends)
    tid_slots = 1024
    while tid_slots < 4 * max(lives, 1):
        tid_slots *= 2
    size = 1024
    while size < 2 * len(tids) + 1024:
        size *= 2
    w = _Work(
        cur=np.zeros(lives, np.int64),
        version=np.full(lives, -1, np.int64),
        final=np.zeros(lives, np.int64),
        key=np.zeros(tid_slots, np.int64),
        live=np.zeros(tid_slots, np.int32),
        dead=np.zeros(tid_slots, np.int32),
        hash=np.zeros(4 * size, np.int32),
        s=np.zeros(2, np.int64),
        row=np.zeros(size, np.int64),
        parent=np.zeros(size, np.int64),
        main=np.zeros(size, np.int64),
        chain=np.zeros(_DEPTH, np.int64),
    )
    order = np.argsort(ends, kind="stable")[: int((ends < total).sum())].astype(np.int64)
    out = np.full(total, -1, np.int32)
    last = np.full(lives, -1, np.int64)
    pointers = np.zeros(2, np.int64)
    at = 0
    while True:
        at = _run(
            w,
            thread,
            at,
            total,
            pointers,
            tids,
            pids,
            ptids,
            first,
            lifes,
            ends,
            order,
            reaper,
            modern,
            out,
            last,
        )
        if at >= total:
            break
        w = _grow(w)
    # rows that began with or after the last event (a capture without events has only those)
    life = 0
    _apply_rest(w, pointers, tids, first, lifes)
    while life < lives:
        life = _finish(w, tids, pids, ptids, reaper, modern, ends, total, last, life)
        if life < lives:
            w = _grow(w)
    count = int(w.s[1])
    main = w.main[:count].copy()
    itself = main == -2
    main[itself] = np.flatnonzero(itself)
    return Lineage(w.row[:count].copy(), w.parent[:count].astype(np.int32), main.astype(np.int32), out, last)


def _apply_rest(w: _Work, pointers: I64, tids: I64, first: I64, lifes: I64) -> None:
    """Put the rows that no event follows in force."""
    for row in range(int(pointers[0]), len(first)):
        w.cur[int(lifes[row])] = row
    w.s[0] += 1
