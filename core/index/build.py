"""From the raw tables of the pass to the finished :class:`Index`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode import sockwords
from ..decode import state as s
from ..decode.driver import Decoded
from .containers import Membership
from .lineage import Threads, split
from .names import name_sockets
from .records import Records, SplitRecord, add_speakers
from .tables import (
    FD_MOMENT,
    FD_NAME_CHANGED,
    I32,
    I64,
    U8,
    CountColumns,
    CpuColumns,
    EventColumns,
    FdColumns,
    Index,
    LifeColumns,
    MemColumns,
    StringTable,
    ThreadColumns,
)


def build(decoded: Decoded, parameters: SplitRecord, events: EventColumns) -> Index:
    """Finish the index; ``parameters`` reads the parameters of a record event.

    ``events`` are the columns of the pass; in their ``thread`` column the split rows take the place of
    those of the pass.
    """
    st = decoded.state
    total = len(events.ts)
    lives = s.table(st, s.B_LIVES)[: int(st.h[s.S_LIVES])]
    ends = lives[:, s.L_END].copy()
    ends[ends < 0] = total
    t = s.table(st, s.B_THREADS)[: int(st.h[s.S_THREADS])]
    wanted = (s.T_TID, s.T_PID, s.T_PTID, s.T_SID, s.T_LIFE, s.T_FIRST)
    passed = Threads(*(np.ascontiguousarray(t[:, c]) for c in wanted))
    reaper = np.ascontiguousarray(lives[:, s.L_REAPER])
    lineage = split(events.thread, passed, ends, reaper, decoded.modern)
    strings = StringTable(s.table(st, s.B_ARENA), s.table(st, s.B_STROFF), int(st.h[s.S_STRINGS]))
    to_final = np.full(len(t), -1, np.int32)
    to_final[lineage.row[::-1]] = np.arange(len(lineage.row), dtype=np.int32)[::-1]
    fds = _fds(decoded, strings, to_final)
    rows = s.table(st, s.B_RECORDS)[: int(st.h[s.S_RECORDS])]
    records = Records(rows, events, parameters, decoded.modern)
    records.show_later()
    table = records.containers
    final = t[lineage.row]
    columns = [np.ascontiguousarray(final[:, c]) for c in range(s.T_COLUMNS)]
    for c in (*range(s.T_COMM, s.T_CGROUPS + 1), s.T_LIFE):
        columns[c] = columns[c].astype(np.int32)
    looked = columns[s.T_FLAGS] >> 32
    columns[s.T_FLAGS] = columns[s.T_FLAGS] & 0xFFFFFFFF
    threads = ThreadColumns._make(columns)
    container = Membership(table, threads, looked, ends, strings, not decoded.modern).rows()
    m = s.table(st, s.B_MEMS)[: int(st.h[s.S_MEMS])]
    cpu = s.table(st, s.B_CPU)[: int(st.h[s.S_CPU])]
    counts = s.table(st, s.B_COUNTS)[: int(st.h[s.S_COUNTS])]
    counts = counts[np.lexsort((np.arange(len(counts)), counts[:, 1], counts[:, 0]))]
    unknown = s.table(st, s.B_UNKNOWN)
    index = Index(
        events=events,
        threads=threads,
        lives=LifeColumns(
            tid=lives[:, s.L_TID].copy(),
            first_event=lives[:, s.L_FIRST].copy(),
            end_event=ends,
            last_row=lineage.last.astype(np.int32),
            last_mem=lives[:, s.L_MEM].astype(np.int32),
            exit_status=lives[:, s.L_EXIT].copy(),
        ),
        fds=fds,
        mems=MemColumns(*(np.ascontiguousarray(m[:, c]) for c in range(5))),
        cpu=CpuColumns(*(np.ascontiguousarray(cpu[:, c]) for c in range(3))),
        counts=CountColumns(*(np.ascontiguousarray(counts[:, c]) for c in range(3))),
        strings=strings,
        container=container,
        parent=lineage.parent,
        main=lineage.main,
        session=lineage.session,
        containers=table.rows,
        users={("", u.uid): u for u in decoded.meta.users} | records.users,
        groups={("", g.gid): g for g in decoded.meta.groups} | records.groups,
        interfaces=decoded.meta.interfaces,
        machine=decoded.meta.machine,
        modern=decoded.modern,
        damage=decoded.damage,
        unknown_events={int(c): int(unknown[c]) for c in np.flatnonzero(unknown)},
        unknown_blocks=decoded.unknown_blocks,
        block_counts=decoded.block_counts,
        stream_bytes=decoded.stream_bytes,
        version=decoded.meta.version,
        first_shown=records.leading if records.leading < total else 0,
        uncounted=records.uncounted,
    )
    add_speakers(index, records.speakers())
    return index


def _ends(kind: U8, words: I64) -> dict[str, Any]:
    """Read what sockets know of their ends; ``words`` has shape (n, 5), laid out as sockwords says."""
    count = len(kind)
    raw = words.view(np.uint8).reshape(count, 40)
    ends: dict[str, Any] = {
        "l4proto": np.zeros(count, np.uint8),
        "sip": np.zeros((count, 16), np.uint8),
        "dip": np.zeros((count, 16), np.uint8),
        "sport": np.zeros(count, np.int32),
        "dport": np.zeros(count, np.int32),
        "source": np.zeros(count, np.int64),
        "dest": np.zeros(count, np.int64),
    }

    def port(rows: Any, at: int) -> Any:
        return raw[rows, at].astype(np.int32) | raw[rows, at + 1].astype(np.int32) << 8

    for code, width, source, dest, sport, dport, l4 in _LAYOUTS:
        rows = np.flatnonzero(kind == code)
        if len(rows):
            ends["sip"][rows, :width] = raw[rows, source : source + width]
            ends["sport"][rows] = port(rows, sport)
            ends["l4proto"][rows] = raw[rows, l4]
            if dest:
                ends["dip"][rows, :width] = raw[rows, dest : dest + width]
                ends["dport"][rows] = port(rows, dport)
    unix = np.flatnonzero(kind == sockwords.KIND_UNIX)
    ends["source"][unix], ends["dest"][unix] = words[unix, 0], words[unix, 1]
    return ends


# kind, bytes of an address, places of source, destination, ports and protocol (0: there is none)
_LAYOUTS = (
    (sockwords.KIND_IPV4, 4, 0, 4, 8, 10, 12),
    (sockwords.KIND_IPV4_SERVER, 4, 0, 0, 4, 0, 6),
    (sockwords.KIND_IPV6, 16, 0, 16, 32, 34, 36),
    (sockwords.KIND_IPV6_SERVER, 16, 0, 0, 16, 0, 18),
)


def _fds(decoded: Decoded, strings: StringTable, to_final: I32) -> FdColumns:
    st = decoded.state
    f = s.table(st, s.B_FDS)[: int(st.h[s.S_FDS])]
    kind = f[:, s.F_KIND].astype(np.uint8)
    words = np.ascontiguousarray(f[:, s.F_W0 : s.F_W4 + 1])
    fds = FdColumns(
        kind=kind,
        flags=f[:, s.F_FLAGS].astype(np.int32),
        num=f[:, s.F_NUM].astype(np.int32),
        name=f[:, s.F_NAME].astype(np.int32),
        openflags=f[:, s.F_OPENFLAGS].copy(),
        dev=f[:, s.F_DEV].copy(),
        ino=f[:, s.F_INO].copy(),
        opener=to_final[f[:, s.F_OPENER]] if len(to_final) else np.zeros(len(f), np.int32),
        first_event=f[:, s.F_FIRST].copy(),
        **_ends(kind, words),
    )
    name_sockets(fds, words, np.ascontiguousarray(f[:, s.F_NAMED]), strings, decoded.modern)
    prev = f[:, s.F_PREV]
    before = np.where(prev >= 0, fds.name[np.maximum(prev, 0)], 0) if len(prev) else fds.name
    renamed = (fds.name != before) & ((fds.flags & FD_MOMENT) == 0)
    moment = np.flatnonzero(fds.flags & FD_MOMENT)
    renamed[moment] = renamed[prev[moment]] & (fds.first_event[prev[moment]] == fds.first_event[moment])
    fds.flags[renamed] |= FD_NAME_CHANGED
    return fds
