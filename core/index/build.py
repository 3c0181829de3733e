"""From the raw tables of the pass to the finished :class:`Index`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..decode import state as s
from ..decode.driver import Decoded
from ..format.entities import Group, User
from .containers import ContainerTable, from_json, parse_json
from .lineage import Threads, split
from .names import name_sockets
from .tables import (
    I32,
    I64,
    U8,
    Container,
    CpuColumns,
    EventColumns,
    FdColumns,
    Index,
    LifeColumns,
    MemColumns,
    StringTable,
    ThreadColumns,
)

# record events (codes of the catalogue)
_CONTAINER_E = 228
_CONTAINER_JSON_E = 272
_CONTAINER_JSON_2_E = 324
_USER_ADDED_E, _USER_DELETED_E, _GROUP_ADDED_E, _GROUP_DELETED_E = 354, 356, 358, 360
_ASYNC_E = 402

SplitRecord = Callable[[int], list[bytes]]  # event row -> parameters


def _bytes16(low: I64, high: I64) -> U8:
    out = np.empty((len(low), 2), np.int64)
    out[:, 0], out[:, 1] = low, high
    return out.view(np.uint8).reshape(len(low), 16)


def build(decoded: Decoded, parameters: SplitRecord, events: EventColumns) -> Index:
    """Finish the index; ``parameters`` reads the parameters of a record event.

    ``events`` are the columns of the pass; their ``thread`` column is replaced by the split rows.
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
    events = events._replace(thread=lineage.thread)
    strings = StringTable(s.table(st, s.B_ARENA), s.table(st, s.B_STROFF), int(st.h[s.S_STRINGS]))
    to_final = np.full(len(t), -1, np.int32)
    to_final[lineage.row[::-1]] = np.arange(len(lineage.row), dtype=np.int32)[::-1]
    fds = _fds(decoded, strings, to_final)
    records = s.table(st, s.B_RECORDS)[: int(st.h[s.S_RECORDS])]
    users = {("", u.uid): u for u in decoded.meta.users}
    groups = {("", g.gid): g for g in decoded.meta.groups}
    table = ContainerTable()
    _read_records(records, events, parameters, table, users, groups)
    cgroups = t[lineage.row, s.T_CGROUPS]
    container = np.zeros(len(cgroups), np.int32)
    distinct, inverse = np.unique(cgroups, return_inverse=True)
    rows = np.array([table.row_of(strings[int(sid)]) for sid in distinct], np.int32)
    if len(distinct):
        container = rows[inverse]
    final = t[lineage.row]
    columns = [np.ascontiguousarray(final[:, c]) for c in range(s.T_COLUMNS)]
    for c in (*range(s.T_COMM, s.T_CGROUPS + 1), s.T_LIFE):
        columns[c] = columns[c].astype(np.int32)
    threads = ThreadColumns._make(columns)
    m = s.table(st, s.B_MEMS)[: int(st.h[s.S_MEMS])]
    cpu = s.table(st, s.B_CPU)[: int(st.h[s.S_CPU])]
    return Index(
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
        strings=strings,
        container=container,
        parent=lineage.parent,
        main=lineage.main,
        session=lineage.session,
        containers=table.rows,
        users=users,
        groups=groups,
        interfaces=decoded.meta.interfaces,
        machine=decoded.meta.machine,
        modern=decoded.modern,
        damage=decoded.damage,
        unknown_events={int(c): int(n) for c, n in enumerate(s.table(st, s.B_UNKNOWN).tolist()) if n},
        unknown_blocks=decoded.unknown_blocks,
        block_counts=decoded.block_counts,
        stream_bytes=decoded.stream_bytes,
        version=decoded.meta.version,
        first_shown=_first_shown(events, records),
    )


def _first_shown(events: EventColumns, records: I64) -> int:
    """Row of the first event that is not a record (container, user, group)."""
    leading = 0
    while leading < len(records) and records[leading] == leading:
        leading += 1
    return leading if leading < len(events.ts) else 0


def _fds(decoded: Decoded, strings: StringTable, to_final: I32) -> FdColumns:
    st = decoded.state
    f = s.table(st, s.B_FDS)[: int(st.h[s.S_FDS])]
    flags = f[:, s.F_FLAGS]
    fds = FdColumns(
        kind=f[:, s.F_KIND].astype(np.uint8),
        l4proto=f[:, s.F_L4].astype(np.uint8),
        flags=(flags & 0xFFFF).astype(np.int32),
        num=f[:, s.F_NUM].astype(np.int32),
        name=f[:, s.F_NAME].astype(np.int32),
        sip=_bytes16(f[:, s.F_SIP_LO], f[:, s.F_SIP_HI]),
        dip=_bytes16(f[:, s.F_DIP_LO], f[:, s.F_DIP_HI]),
        sport=f[:, s.F_SPORT].astype(np.int32),
        dport=f[:, s.F_DPORT].astype(np.int32),
        source=f[:, s.F_SOURCE].copy(),
        dest=f[:, s.F_DEST].copy(),
        openflags=f[:, s.F_OPENFLAGS].copy(),
        dev=f[:, s.F_DEV].copy(),
        ino=f[:, s.F_INO].copy(),
        opener=to_final[f[:, s.F_OPENER]] if len(to_final) else np.zeros(len(f), np.int32),
        first_event=f[:, s.F_FIRST].copy(),
    )
    tuples = np.flatnonzero(flags & s.FD_HAS_TUPLE).tolist()
    addresses = np.flatnonzero((flags & s.FD_ADDR_NAME) != 0).tolist()
    name_sockets(fds, tuples, addresses, strings)
    return fds


def _read_records(
    records: I64,
    events: EventColumns,
    parameters: SplitRecord,
    table: ContainerTable,
    users: dict[tuple[str, int], User],
    groups: dict[tuple[str, int], Group],
) -> None:
    for event in records.tolist():
        code = int(events.type[event])
        params = parameters(event)
        if code in (_CONTAINER_JSON_E, _CONTAINER_JSON_2_E) and params:
            _add_json(table, params[0], event)
        elif code == _CONTAINER_E and len(params) >= 4:
            table.add(
                Container(
                    id=_cut(params[0]),
                    type=int.from_bytes(params[1], "little"),
                    name=_cut(params[2]),
                    image=_cut(params[3]),
                    first_event=event,
                    has_metadata=True,
                )
            )
        elif code == _ASYNC_E and len(params) >= 3 and _cut(params[1]) == "container":
            _add_json(table, params[2], event)
        elif code in (_USER_ADDED_E, _USER_DELETED_E) and len(params) >= 6:
            uid, gid = (int.from_bytes(p, "little") for p in params[:2])
            key = (_cut(params[5]), uid)
            if code == _USER_ADDED_E:
                users[key] = User(uid, gid, _cut(params[2]), _cut(params[3]), _cut(params[4]))
        elif code in (_GROUP_ADDED_E, _GROUP_DELETED_E) and len(params) >= 3:
            gid = int.from_bytes(params[0], "little")
            if code == _GROUP_ADDED_E:
                groups[(_cut(params[2]), gid)] = Group(gid, _cut(params[1]))


def _cut(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def _add_json(table: ContainerTable, text: bytes, event: int) -> None:
    raw = parse_json(text)
    if raw is not None:
        table.add(from_json(raw, event))
