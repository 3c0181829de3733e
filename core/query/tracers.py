"""Tracers: writes to /dev/null that the old reader shows as events of their own.

``attach`` goes once through the events that use a descriptor of /dev/null, if there are any. What
they say becomes an event ``tracer`` in the place of the write: in the index by its type, in the
records by its parameters. The enter events of such writes and the pieces of texts that come in
pieces are hidden, as 0.29.3 does; new captures are left as they are, as the newest reader does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..format import writer
from ..format.records import RecordStore
from ..index.tables import EV_HAS_RES, EV_HIDDEN, EV_PAIRED, NO_FD, Index
from ..schema.catalogue import events
from .args import ArgReader
from .descriptors import Descriptors
from .tracer_text import Args, Broken, Cut, Ids, Tags, Text, parse

I64 = NDArray[np.int64]

OPENS, CLOSES = 268, 269  # codes of the events
_DEVICE = b"/dev/null"
_CALLS = ("read", "write", "readv", "writev", "pread", "pwrite", "preadv", "pwritev")
_UNDECIDED, _TRACES, _OTHER = 0, 1, 2  # what a descriptor of /dev/null is used for
_COPIES = ("dup", "dup2", "dup3", "fcntl")
_MOST_COPIES = 64  # copies of copies that are followed
_LONG_CALL = 4096  # events among which the beginning of a call is looked for
_MOST_PENDING = 65536  # bytes of an incomplete text that are kept


@dataclass(frozen=True, eq=False)
class Span:
    """A span that was begun."""

    id: int
    tags: Tags
    args: Args
    tid: int
    pid: int
    ts: int  # ns since the epoch
    row: int  # of the event that began it


@dataclass(frozen=True, eq=False)
class Tracer:
    """One event that begins or ends a span, or a text that is no tracer and says so in its tag."""

    row: int
    opens: bool
    id: int
    tags: Tags
    args: Args
    span: Span | None = None  # the one that begins or ends here; None: it began before the capture
    parent: Span | None = None  # the one around it


@dataclass
class Tracers:
    """All tracers of a capture, ascending by row."""

    items: list[Tracer] = field(default_factory=list)
    writers: dict[int, int] = field(default_factory=dict)  # life -> event row of its first attempt
    hidden: list[int] = field(default_factory=list)  # event rows

    def __post_init__(self) -> None:
        """Make room for the rows."""
        self.rows: I64 = np.zeros(0, np.int64)

    def finish(self) -> None:
        """Note the rows of all items."""
        self.rows = np.array([item.row for item in self.items], np.int64)


class TracedRecords(RecordStore):
    """The blocks of events, with those of tracers in the place of the writes."""

    def __init__(self, records: RecordStore, blocks: dict[int, bytes]) -> None:
        """Take the records of the capture and the block of each tracer's event row."""
        self._records = records
        self._blocks_of = blocks
        self._rows = np.array(sorted(blocks), np.int64)

    def __len__(self) -> int:
        """How many event rows there are."""
        return len(self._records)

    def record(self, row: int) -> bytes:
        """Return the whole block of event ``row``."""
        block = self._blocks_of.get(row)
        return self._records.record(row) if block is None else block

    def gather(self, rows: I64) -> tuple[NDArray[np.uint8], I64]:
        """Return the blocks of event ``rows``, as the store of the capture does."""
        rows = np.asarray(rows, dtype=np.int64)
        mine = np.flatnonzero(np.isin(rows, self._rows))
        if not len(mine):
            return self._records.gather(rows)
        data, starts = self._records.gather(rows)
        pieces: list[bytes] = []
        begin = 0
        for at in mine.tolist():
            pieces += (data[begin : int(starts[at])].tobytes(), self._blocks_of[int(rows[at])])
            begin = int(starts[at + 1])
        pieces.append(data[begin:].tobytes())
        lengths = np.diff(starts)
        lengths[mine] = [len(self._blocks_of[row]) for row in rows[mine].tolist()]
        return np.frombuffer(b"".join(pieces), np.uint8), np.concatenate(([0], np.cumsum(lengths)))

    def close(self) -> None:
        """Let go of the file."""
        self._records.close()


def attach(index: Index, records: RecordStore) -> RecordStore:
    """Find the tracers of a capture and show them in ``index``; return the records that show them."""
    if index.tracers is None:
        index.tracers = _Search(index, records).run()
        _show(index, index.tracers)
    found: Tracers = index.tracers
    return TracedRecords(records, _blocks(index, found)) if found.items else records


# --- finding ------------------------------------------------------------------------------------------


class _Search:
    """One walk over the events that use a descriptor of /dev/null."""

    def __init__(self, index: Index, records: RecordStore) -> None:
        self._index = index
        self._args = ArgReader(index, records)
        self._tables: Descriptors = self._args.asof.tables
        self._uses: dict[tuple[int, int], list[tuple[int, int]]] = {}  # (owner, fd row) -> (event, use)
        self._pending: dict[int, bytes] = {}  # life -> an incomplete text
        self._open: list[Span] = []  # the newest last
        self._found = Tracers()

    def run(self) -> Tracers:
        """Return all tracers."""
        rows = self._candidates()
        if not len(rows):
            return self._found
        index = self._index
        enters = np.array([e.is_enter for e in events(False)], np.bool_)[index.events.type[rows]]
        writes = np.array(["WRITES_TO_FD" in e.flags for e in events(False)], np.bool_)[
            index.events.type[rows]
        ]
        data = self._args.buffer(rows)
        for row, enter, write, raw in zip(
            rows.tolist(), enters.tolist(), writes.tolist(), data.values.tolist(), strict=True
        ):
            thread, fd = int(index.events.thread[row]), int(index.events.fd[row])
            owner = int(self._tables.owner_of[thread])
            use = self._use(owner, fd, row)
            if enter:
                if use == _TRACES:
                    self._found.hidden.append(row)
            elif use == _TRACES or (use == _UNDECIDED and write):
                self._text(row, owner, fd, raw, use == _TRACES)
        self._found.finish()
        return self._found

    def _candidates(self) -> I64:
        """Return the rows of the calls that may write tracers, and of the enter events of writes."""
        index = self._index
        ev, fds = index.events, index.fds
        nothing = np.zeros(0, np.int64)
        if index.modern or not len(ev.ts) or not len(fds.name):
            return nothing
        names = np.unique(fds.name)
        device = names[[index.strings[int(sid)] == _DEVICE for sid in names.tolist()]]
        if not len(device):
            return nothing
        meant = np.isin(fds.name, device)
        codes = np.array([e.name in _CALLS and (not e.is_enter or e.name == "write") for e in events(False)])
        rows = np.flatnonzero(
            codes[ev.type] & (ev.fd >= 0) & (ev.thread >= 0) & ((ev.flags & EV_PAIRED) != 0)
        )
        return rows[meant[ev.fd[rows]]]

    def _use(self, owner: int, fd: int, event: int) -> int:
        """Return what is known of a descriptor at an event; copies know what their source knew."""
        lives = self._index.lives.first_event
        for _ in range(_MOST_COPIES):
            for since, use in reversed(self._uses.get((owner, fd), [])):
                if since <= event:
                    return use
            source, birth = int(self._tables.source[owner]), int(lives[owner])
            born = int(self._index.fds.first_event[fd])
            if born >= 0 and (birth < 0 or born >= birth):
                fd, event = self._original(fd), born
                if fd < 0:
                    break
            elif source >= 0 and birth >= 0:
                owner, event = int(self._tables.owner_of[source]), birth
            else:
                break
        return _UNDECIDED

    def _original(self, fd: int) -> int:
        """Return the descriptor that ``fd`` is a duplicate of, -1: it is none."""
        ev, life = self._index.events, self._index.threads.life
        row = int(self._index.fds.first_event[fd])
        code, thread = int(ev.type[row]), int(ev.thread[row])
        if thread < 0 or events(False)[code].name not in _COPIES:
            return -1
        for before in range(row - 1, max(row - _LONG_CALL, 0) - 1, -1):
            other = int(ev.thread[before])
            if other >= 0 and ev.type[before] == code - 1 and life[other] == life[thread]:
                return int(ev.fd[before])
        return -1

    def _text(self, row: int, owner: int, fd: int, raw: bytes, traces: bool) -> None:
        index = self._index
        thread = int(index.events.thread[row])
        life = int(index.threads.life[thread])
        ids = Ids(
            *(int(column[thread]) for column in (index.threads.tid, index.threads.pid, index.threads.ptid))
        )
        self._found.writers.setdefault(life, row)
        before = self._pending.pop(life, b"")
        try:
            text = parse(before + raw, ids)
        except Cut:
            if len(before) <= _MOST_PENDING:
                self._pending[life] = before + raw
            self._found.hidden.append(row)
            return
        except Broken:
            if traces:
                words = b"invalid tracer %b, len%d" % (raw.partition(b"\0")[0], len(raw))
                self._found.items.append(Tracer(row, True, 0, (words,), ()))
            else:
                self._uses.setdefault((owner, fd), []).append((row, _OTHER))
            return
        if not traces:
            self._uses.setdefault((owner, fd), []).append((row, _TRACES))
        self._found.items.append(self._span(row, ids, text))

    def _span(self, row: int, ids: Ids, text: Text) -> Tracer:
        """Begin the span of a tracer, or end the newest one with its id and tags."""
        if text.opens:
            ts = int(self._index.events.ts[row])
            span = Span(text.id, text.tags, text.args, ids.tid, ids.pid, ts, row)
            self._open.append(span)
        else:
            span = self._newest(text.id, text.tags)
            if span is not None:
                self._open.remove(span)
        parent = self._newest(text.id, text.tags[:-1]) if text.tags else None
        return Tracer(row, text.opens, text.id, text.tags, text.args, span=span, parent=parent)

    def _newest(self, number: int, tags: Tags) -> Span | None:
        return next((s for s in reversed(self._open) if s.id == number and s.tags == tags), None)


# --- showing ------------------------------------------------------------------------------------------


def _show(index: Index, found: Tracers) -> None:
    """Change the events that are tracers, and hide what belongs to them."""
    ev = index.events
    if not found.items and not found.hidden:
        return
    columns = {name: getattr(ev, name).copy() for name in ("type", "fd", "fdnum", "res", "latency", "flags")}
    rows = found.rows
    columns["type"][rows] = [OPENS if item.opens else CLOSES for item in found.items]
    columns["fd"][rows] = -1
    columns["fdnum"][rows] = NO_FD
    columns["res"][rows] = 0
    columns["latency"][rows] = 0
    columns["flags"][rows] &= 0xFF ^ (EV_HAS_RES | EV_PAIRED)
    columns["flags"][found.hidden] |= EV_HIDDEN
    _forget_latency(index, rows, columns["latency"])
    index.events = ev._replace(**columns)


def _forget_latency(index: Index, rows: I64, latency: I64) -> None:
    """Set the latency of switches after a tracer to 0: they show that of the event before."""
    ev, life = index.events, index.threads.life
    switch = np.array([e.name == "switch" for e in events(False)], np.bool_)
    own = np.where(ev.thread >= 0, life[np.maximum(ev.thread, 0)], -1)
    for one in np.unique(own[rows]).tolist():
        mine = np.flatnonzero(own == one)
        calls = mine[~switch[ev.type[mine]]]
        for row in rows[own[rows] == one].tolist():
            end = int(calls[np.searchsorted(calls, row, side="right")]) if row < calls[-1] else len(ev.ts)
            after = mine[(mine > row) & (mine < end)]
            latency[after] = 0


def _blocks(index: Index, found: Tracers) -> dict[int, bytes]:
    """Return the blocks of all tracers: id, tags, arguments."""
    blocks: dict[int, bytes] = {}
    for item in found.items:
        thread = int(index.events.thread[item.row])
        params = (
            struct.pack("<q", item.id),
            b".".join(item.tags),
            b",".join(name + b":" + value for name, value in item.args),
        )
        blocks[item.row] = writer.event(
            OPENS if item.opens else CLOSES,
            int(index.events.ts[item.row]),
            int(index.threads.tid[thread]),
            [param[: _MOST_PENDING - 64] for param in params],
            cpu=int(index.events.cpu[item.row]),
        )
    return blocks
