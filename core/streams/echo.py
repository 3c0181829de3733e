"""The I/O of a capture as blocks: who read or wrote how much where, and the bytes of it.

Inputs: a capture and event rows. Outputs: :class:`EchoBlock`, in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..format.records import RecordStore
from ..index.tables import EV_HAS_RES, EV_HIDDEN, Index
from ..query.args import ArgReader
from ..query.render import FD_LETTERS, clean
from ..schema.catalogue import events
from .render import Mode, render

_CHUNK = 1 << 12

Direction = Literal["read", "write"]


class Source(Protocol):
    """What is asked of a capture."""

    @property
    def index(self) -> Index:
        """The tables of the capture."""
        ...

    @property
    def records(self) -> RecordStore:
        """The raw events."""
        ...


@dataclass(frozen=True, slots=True)
class EchoBlock:
    """One successful read or write. Texts are as the capture has them: clean them for a terminal."""

    row: int  # event row
    ts: int  # ns since the epoch
    reltime: int  # ns since the first event
    direction: Direction
    data: bytes  # what the capture kept of the payload
    length: int  # bytes that the call transferred
    fd: int
    fd_type: str  # one letter: f file, 4 and 6 sockets, u unix socket, p pipe, ...
    fd_name: str
    comm: str
    pid: int
    tid: int
    container: str  # name; empty for the host
    text: str  # the payload in the mode that was asked for

    @property
    def cut(self) -> bool:
        """Whether the capture kept less than was transferred."""
        return len(self.data) < self.length

    @property
    def kept(self) -> int:
        """Bytes of the payload that the capture kept."""
        return len(self.data)


@cache
def _directions(modern: bool) -> NDArray[np.int8]:
    """Return per event code: 1 an exit that reads from a descriptor, 2 one that writes, else 0."""
    table = events(modern)
    found = np.zeros(len(table), dtype=np.int8)
    for event in table:
        if not event.is_enter:
            reads, writes = "READS_FROM_FD" in event.flags, "WRITES_TO_FD" in event.flags
            found[event.id] = 1 if reads else 2 if writes else 0
    return found


def select(index: Index, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those of the event ``rows`` that show up as blocks.

    These are the exits of reading and writing calls that transferred something, of a known thread
    on a known descriptor.
    """
    ev = index.events
    moved = (ev.flags[rows] & (EV_HAS_RES | EV_HIDDEN)) == EV_HAS_RES
    moved &= (ev.res[rows] > 0) & (ev.thread[rows] >= 0) & (ev.fd[rows] >= 0)
    return rows[moved & (_directions(index.modern)[ev.type[rows]] > 0)]


def same_stream(index: Index, row: int) -> NDArray[np.int64]:
    """Return all event rows with a block on the descriptor of ``row``, in the same process.

    The descriptor is told by its number and its name, so a number that was given out again for
    something else is another stream. Empty if ``row`` has no descriptor.
    """
    ev, fds, threads = index.events, index.fds, index.threads
    if ev.fd[row] < 0 or ev.thread[row] < 0:
        return np.zeros(0, np.int64)
    rows = np.flatnonzero((ev.fdnum == ev.fdnum[row]) & (ev.fd >= 0) & (ev.thread >= 0))
    same = fds.name[ev.fd[rows]] == fds.name[ev.fd[row]]
    same &= threads.pid[ev.thread[rows]] == threads.pid[ev.thread[row]]
    return select(index, rows[same].astype(np.int64))


def blocks(capture: Source, rows: NDArray[np.int64], mode: Mode = "ascii") -> Iterator[EchoBlock]:
    """Yield a block for every one of the event ``rows`` that read or wrote something.

    ``rows`` are those that passed a filter, ascending; ``mode`` says how the payload becomes text.
    """
    index = capture.index
    reader = ArgReader(index, capture.records)
    chosen = select(index, rows)
    direction = _directions(index.modern)
    for begin in range(0, len(chosen), _CHUNK):
        part = chosen[begin : begin + _CHUNK]
        payloads = reader.buffer(part).values.tolist()
        for row, data in zip(part.tolist(), payloads, strict=True):
            yield _block(index, row, data, int(direction[index.events.type[row]]), mode)


def _block(index: Index, row: int, data: bytes, direction: int, mode: Mode) -> EchoBlock:
    ev, fds, threads, strings = index.events, index.fds, index.threads, index.strings
    fd, thread = int(ev.fd[row]), int(ev.thread[row])
    name = clean(strings[int(fds.name[fd])], index.modern)
    box = int(index.container[thread])
    ts = int(ev.ts[row])
    return EchoBlock(
        row=row,
        ts=ts,
        reltime=ts - index.start_ts,
        direction="read" if direction == 1 else "write",
        data=data,
        length=int(ev.res[row]),
        fd=int(ev.fdnum[row]),
        fd_type=FD_LETTERS.get(int(fds.kind[fd]), b"o").decode(),
        fd_name=name.decode("utf-8", "replace"),
        comm=strings.text(int(threads.comm[thread])),
        pid=int(threads.pid[thread]),
        tid=int(threads.tid[thread]),
        container=index.containers[box].name if box > 0 else "",
        text=render(data, mode),
    )
