"""Records of a capture: what it says about containers and users, and in whose name.

A record is an event that no program caused. Those at the start of a capture belong to its initial
state and are hidden; later ones are shown. Inputs: columns of the pass. Outputs: containers, users and
groups, the flags of the records, and for old captures the threads that seem to write them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..format.entities import Group, User
from .containers import ContainerTable, from_json, parse_json
from .tables import EV_HIDDEN, EV_STATE_ONLY, I64, SPEAKER_VTID, Container, EventColumns, Index

# codes of the catalogue
CONTAINER_E, CONTAINER_JSON_E, CONTAINER_JSON_2_E, ASYNC_E = 228, 272, 324, 402
USER_RECORDS = USER_ADDED_E, USER_DELETED_E, GROUP_ADDED_E, GROUP_DELETED_E = 354, 356, 358, 360

SplitRecord = Callable[[int], list[bytes]]  # event row -> parameters

_SUCCESSFUL = 1


class Records:
    """The records of a capture, read once."""

    def __init__(self, rows: I64, events: EventColumns, parameters: SplitRecord, modern: bool) -> None:
        """Read the records at the event ``rows``, ascending; ``parameters`` splits one."""
        self.containers = ContainerTable()
        self.users: dict[tuple[str, int], User] = {}
        self.groups: dict[tuple[str, int], Group] = {}
        self._rows = rows
        self._events = events
        self._modern = modern
        self._described: dict[int, str] = {}  # event row -> container, where looking it up succeeded
        self._failed: list[int] = []  # event rows of containers that could not be looked up
        for event in rows.tolist():
            self._read(event, int(events.type[event]), parameters(event))

    @property
    def leading(self) -> int:
        """Number of records before the first event of another kind."""
        count = 0
        while count < len(self._rows) and self._rows[count] == count:
            count += 1
        return count

    @property
    def uncounted(self) -> I64:
        """Event rows without a number: sysdig 0.29.3 does not know records of users."""
        codes = self._events.type[self._rows]
        return self._rows[np.isin(codes, () if self._modern else USER_RECORDS)]

    def show_later(self) -> None:
        """Show the records that are not part of the initial state.

        The reader of old captures keeps those of users and of failed look-ups to itself.
        """
        later = self._rows[self.leading :]
        hidden = np.isin(self._events.type[later], (CONTAINER_E, *(() if self._modern else USER_RECORDS)))
        hidden |= (self._events.flags[later] & EV_STATE_ONLY) != 0
        if not self._modern:
            hidden |= np.isin(later, self._failed)
        self._events.flags[later[~hidden]] &= np.uint8(0xFF ^ EV_HIDDEN)

    def speakers(self) -> dict[int, str]:
        """Return event rows of shown container records of old captures, with the container's id."""
        if self._modern:
            return {}
        flags = self._events.flags
        return {row: name for row, name in self._described.items() if not flags[row] & EV_HIDDEN}

    def _read(self, event: int, code: int, params: list[bytes]) -> None:
        if code in (CONTAINER_JSON_E, CONTAINER_JSON_2_E) and params:
            self._add_json(params[0], event)
        elif code == CONTAINER_E and len(params) >= 4:
            self.containers.add(
                Container(
                    id=_cut(params[0]),
                    type=int.from_bytes(params[1], "little"),
                    name=_cut(params[2]),
                    image=_cut(params[3]),
                    first_event=event,
                    has_metadata=True,
                )
            )
        elif code == ASYNC_E and len(params) >= 3 and _cut(params[1]) == "container":
            self._add_json(params[2], event)
        elif code == USER_ADDED_E and len(params) >= 6:
            uid, gid = (int.from_bytes(p, "little") for p in params[:2])
            self.users[_cut(params[5]), uid] = User(
                uid, gid, _cut(params[2]), _cut(params[3]), _cut(params[4])
            )
        elif code == GROUP_ADDED_E and len(params) >= 3:
            gid = int.from_bytes(params[0], "little")
            self.groups[_cut(params[2]), gid] = Group(gid, _cut(params[1]))

    def _add_json(self, text: bytes, event: int) -> None:
        raw = parse_json(text)
        if raw is None:
            return
        container = from_json(raw, event)
        self.containers.add(container)
        state = raw.get("lookup_state", _SUCCESSFUL)
        if state in (0, 2):
            self._failed.append(event)
        else:
            self._described[event] = container.id


def _cut(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def add_speakers(index: Index, speakers: dict[int, str]) -> None:
    """Give each of these container records a thread of its own, as the reader of old captures does.

    ``speakers``: container id by event row. The thread is called ``container:ID``, has the tid -1, runs
    as root in the container, and is there for this one event.
    """
    if not speakers:
        return
    count = len(speakers)
    events = np.array(list(speakers), np.int64)
    rows = np.arange(count, dtype=np.int64) + len(index.threads.tid)
    lives = np.arange(count, dtype=np.int64) + len(index.lives.tid)
    names = [index.strings.intern(f"container:{name}".encode()) for name in speakers.values()]
    known = {container.id: row for row, container in enumerate(index.containers)}
    index.threads = _extended(
        index.threads, count,
        tid=-1, pid=-1, sid=-1, vpgid=-1, pgid=-1, vtid=SPEAKER_VTID, vpid=-2, fdlimit=-1,
        comm=names, life=lives, first_event=events,
    )  # fmt: skip
    memory = len(index.mems[0])
    index.mems = _extended(index.mems, 1)
    index.lives = _extended(
        index.lives, count,
        tid=-1, first_event=events, end_event=events + 1, last_row=rows, last_mem=memory, exit_status=-1,
    )  # fmt: skip
    index.container = _appended(index.container, [known[name] for name in speakers.values()])
    index.parent = _appended(index.parent, np.full(count, -1))
    index.main = _appended(index.main, rows)
    index.session = _appended(index.session, rows)
    index.events.thread[events] = rows
    index.events.mem[events] = memory
    index.events.latency[events] = 0


def _appended(column: NDArray[Any], values: Any) -> NDArray[Any]:
    return np.concatenate((column, np.asarray(values).astype(column.dtype)))


def _extended(columns: Any, count: int, **values: Any) -> Any:
    """Return a table with ``count`` more rows, zero where ``values`` has nothing for a column."""
    return columns._make(
        _appended(column, np.broadcast_to(np.asarray(values.get(name, 0)), count))
        for name, column in zip(columns._fields, columns, strict=True)
    )
