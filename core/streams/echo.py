"""The I/O of a capture as blocks: who read or wrote how much where, and the bytes of it.

Inputs: a capture and event rows. Outputs: :class:`EchoBlock`, in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..format.records import RecordStore
from ..index.tables import EV_HAS_RES, EV_HIDDEN, Index
from ..query.args import ArgReader
from ..query.render import FD_LETTERS, clean
from ..schema.directions import READ, directions
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


def select(index: Index, rows: NDArray[np.int64], *, unknown: bool = False) -> NDArray[np.int64]:
    """Return those of the event ``rows`` that show up as blocks.

    These are the exits of reading and writing calls that transferred something, of a known thread
    on a known descriptor; with ``unknown`` also on one whose opening nobody saw.
    """
    ev = index.events
    moved = (ev.flags[rows] & (EV_HAS_RES | EV_HIDDEN)) == EV_HAS_RES
    moved &= (ev.res[rows] > 0) & (ev.thread[rows] >= 0)
    moved &= (ev.fdnum[rows] >= 0) if unknown else (ev.fd[rows] >= 0)
    return rows[moved & (directions(index.modern)[ev.type[rows]] > 0)]


def same_stream(index: Index, row: int) -> NDArray[np.int64]:
    """Return all event rows with a block on the descriptor of ``row``, in the same process.

    The descriptor is told by its number and its name, so a number that was given out again for
    something else is another stream; one whose opening nobody saw has no name. Empty if ``row`` has no
    descriptor.
    """
    ev, fds, threads = index.events, index.fds, index.threads
    if ev.fdnum[row] < 0 or ev.thread[row] < 0:
        return np.zeros(0, np.int64)
    known = ev.fd[row] >= 0
    rows = np.flatnonzero((ev.fdnum == ev.fdnum[row]) & ((ev.fd >= 0) == known) & (ev.thread >= 0))
    same = threads.pid[ev.thread[rows]] == threads.pid[ev.thread[row]]
    if known:
        same &= fds.name[ev.fd[rows]] == fds.name[ev.fd[row]]
    return select(index, rows[same].astype(np.int64), unknown=not known)


def blocks(
    capture: Source, rows: NDArray[np.int64], mode: Mode = "ascii", *, unknown: bool = False
) -> Iterator[EchoBlock]:
    """Yield a block for every one of the event ``rows`` that read or wrote something.

    ``rows`` are those that passed a filter, ascending; ``mode`` says how the payload becomes text;
    ``unknown`` is that of :func:`select`.
    """
    index = capture.index
    reader = ArgReader(index, capture.records)
    chosen = select(index, rows, unknown=unknown)
    direction = directions(index.modern)
    for begin in range(0, len(chosen), _CHUNK):
        part = chosen[begin : begin + _CHUNK]
        payloads = reader.buffer(part).values.tolist()
        for row, data in zip(part.tolist(), payloads, strict=True):
            yield _block(index, row, data, int(direction[index.events.type[row]]), mode)


def _block(index: Index, row: int, data: bytes, direction: int, mode: Mode) -> EchoBlock:
    ev, fds, threads, strings = index.events, index.fds, index.threads, index.strings
    fd, thread = int(ev.fd[row]), int(ev.thread[row])
    name = clean(strings[int(fds.name[fd])], index.modern) if fd >= 0 else b""
    box = int(index.container[thread])
    ts = int(ev.ts[row])
    return EchoBlock(
        row=row,
        ts=ts,
        reltime=ts - index.start_ts,
        direction="read" if direction == READ else "write",
        data=data,
        length=int(ev.res[row]),
        fd=int(ev.fdnum[row]),
        fd_type=FD_LETTERS.get(int(fds.kind[fd]), b"o").decode() if fd >= 0 else "?",
        fd_name=name.decode("utf-8", "replace"),
        comm=strings.text(int(threads.comm[thread])),
        pid=int(threads.pid[thread]),
        tid=int(threads.tid[thread]),
        container=index.containers[box].name if box > 0 else "",
        text=render(data, mode),
    )
