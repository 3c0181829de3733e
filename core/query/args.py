"""The parameters of events as text and as values: evt.args, evt.arg, evt.rawarg, evt.buffer.

Inputs: an index and the raw blocks of its events. Outputs: cells, one per asked event row. Captures
of the old kind are shown as sysdig 0.29.3 shows them, new ones as the newest reader does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format.records import RecordStore
from ..index.tables import FD_CLIENT, FD_SERVER, Index
from ..schema.catalogue import EventInfo, Param, events
from ..schema.params import NO_PARAM, locate_all, locate_one, wanted_by_name
from . import render
from .asof import AsOf
from .cells import Cells, Kind, ints, na, texts_of
from .render import Render, Rendered

CHUNK = 1 << 14  # events whose blocks are in memory at once
_MEMO = 1 << 14  # rendered values kept per parameter
_GENERIC = 2  # codes below: system calls without an event of their own

Select = str | int  # a parameter: its name or its position


class Spans(NamedTuple):
    """One parameter of many events inside one buffer; start -1: the event does not have it."""

    buffer: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int64]


class _Moment(threading.local):
    """The event that a thread of ours is rendering, for parameters that are more than their bytes."""

    row = -1  # event row
    thread = -1  # row of `threads`
    fd = -1  # row of `fds` of the event's own descriptor
    fdnum = -1  # its number
    directory: bytes | None = None  # the parameter that holds the directory descriptor


class _Chunk(NamedTuple):
    """Some events with their blocks and the places of all their parameters (see `params.Located`)."""

    rows: list[int]
    thread: list[int]
    fd: list[int]
    fdnum: list[int]
    data: bytes
    code: list[int]
    first: list[int]
    start: list[int]
    length: list[int]

    def param(self, i: int, which: int) -> bytes | None:
        """Return parameter ``which`` of event ``i`` of the chunk, None if it has no such one."""
        k = self.first[i] + which
        if which < 0 or k >= self.first[i + 1]:
            return None
        return self.data[self.start[k] : self.start[k] + self.length[k]]


class _Slot:
    """How one parameter of one event type is shown."""

    __slots__ = ("dirfd", "label", "memo", "show")

    def __init__(self, label: bytes, show: Render, memo: dict[bytes, bytes] | None, dirfd: int) -> None:
        self.label = label
        self.show = show
        self.memo = memo  # bytes -> "name=value(resolved)", only where nothing else matters
        self.dirfd = dirfd  # position of the descriptor that a path is relative to


@cache
def arg_names(modern: bool) -> frozenset[str]:
    """Return the names of all parameters of the catalogue."""
    return frozenset(p.name for e in events(modern) for p in e.params)


@cache
def raw_kind(name: str, modern: bool) -> Kind | None:
    """Return how ``evt.rawarg.NAME`` is stored, None if no event has such a parameter.

    The first event of the catalogue with that parameter decides, as it does for the reference.
    """
    for event in events(modern):
        for param in event.params:
            if param.name == name:
                return _kind(param.type)
    return None


def _kind(type_name: str) -> Kind:
    if type_name in ("UINT64", "RELTIME", "ABSTIME"):
        return Kind.UINT
    if type_name in render.SIGNED or type_name in render.UNSIGNED:
        return Kind.INT
    return Kind.TEXT if type_name in render.TEXTS else Kind.BYTES


class ArgReader:
    """Reads and renders parameters. Rows are event rows; every answer has one cell per given row."""

    def __init__(self, index: Index, records: RecordStore) -> None:
        """Work on the events of ``index``, whose blocks ``records`` holds."""
        self._index = index
        self._records = records
        self._modern = index.modern
        self._events = events(index.modern)
        self._slots: dict[tuple[int, bool], tuple[_Slot, ...]] = {}
        self.asof = AsOf(index)
        self._moment = _Moment()
        self._fd_text: dict[int, bytes] = {}

    # --- what the fields ask for -------------------------------------------------------------------

    def args(self, rows: NDArray[np.int64], *, full: bool = False) -> Cells:
        """Return all parameters as ``name=value(resolved)`` joined by blanks (evt.args, evt.info).

        In captures of the old kind buffers are cut to 80 characters, unless ``full``: the reference
        does the one in text and the other in JSON.
        """
        return texts_of(list(self.lines(rows, full=full)))

    def lines(self, rows: NDArray[np.int64], *, full: bool = False) -> Iterator[bytes]:
        """Yield what :meth:`args` returns, without keeping all of it in memory."""
        moment = self._moment
        end = b"" if self._modern else b" "
        for chunk in self._chunks(rows):
            starts, lengths, data = chunk.start, chunk.length, chunk.data
            for i, code in enumerate(chunk.code):
                if code < _GENERIC:  # generic system calls: the name says it all
                    yield b""
                    continue
                moment.row, moment.thread = chunk.rows[i], chunk.thread[i]
                moment.fd, moment.fdnum = chunk.fd[i], chunk.fdnum[i]
                parts: list[bytes] = []
                places = range(chunk.first[i], chunk.first[i + 1])
                for slot, k in zip(self._slots_of(code, full), places, strict=False):
                    at = starts[k]
                    raw = data[at : at + lengths[k]]
                    memo = slot.memo
                    part = memo.get(raw) if memo is not None else None
                    if part is None:
                        if slot.dirfd >= 0:
                            moment.directory = chunk.param(i, slot.dirfd)
                        value, resolved = slot.show(raw)
                        part = slot.label + (b"%b(%b)" % (value, resolved) if resolved else value)
                        if memo is not None:
                            if len(memo) >= _MEMO:
                                memo.clear()
                            memo[raw] = part
                    parts.append(part)
                yield b" ".join(parts) + end if parts else b""

    def text(self, which: Select, rows: NDArray[np.int64], *, full: bool = False) -> Cells:
        """Return one parameter as text: its resolved form if it has one, else its value.

        ``which`` is a name (evt.arg.NAME) or a position (evt.arg[n]). NA where the event lacks it.
        ``full`` as in :meth:`args`.
        """
        moment = self._moment
        found: list[bytes | None] = [None] * len(rows)
        places = self._places(which)
        wanted = np.flatnonzero(places[self._types(rows)] != NO_PARAM)
        where = iter(wanted.tolist())
        for chunk in self._chunks(rows[wanted]):
            for i, code in enumerate(chunk.code):
                at = next(where)
                n = int(places[code]) if code >= 0 else NO_PARAM
                raw = chunk.param(i, n)
                if raw is not None:
                    slot = self._slots_of(code, full)[n]
                    moment.row, moment.thread = chunk.rows[i], chunk.thread[i]
                    moment.fd, moment.fdnum = chunk.fd[i], chunk.fdnum[i]
                    moment.directory = chunk.param(i, slot.dirfd)
                    value, resolved = slot.show(raw)
                    found[at] = resolved or value
        return texts_of(found)

    def raw(self, which: Select, rows: NDArray[np.int64]) -> Cells:
        """Return one parameter as a typed value (evt.rawarg): a number, text or bytes.

        The kind of the cells is :func:`raw_kind`; NA where the event lacks the parameter or has it
        with another kind.
        """
        kind = raw_kind(which, self._modern) if isinstance(which, str) else Kind.BYTES
        if kind is None:
            return na(Kind.INT, len(rows))
        places = self._places(which)
        raws = self._raws(places, rows)
        types = self._types(rows)
        if kind in (Kind.INT, Kind.UINT):
            values = np.zeros(len(rows), np.int64)
            valid = np.zeros(len(rows), np.bool_)
            for i, raw in enumerate(raws):
                if raw is not None:
                    code = int(types[i])
                    number = render.number_of(self._events[code].params[int(places[code])].type, raw)
                    if number is not None:
                        values[i] = number - (1 << 64) if number >= 1 << 63 else number
                        valid[i] = True
            return ints(values, valid, kind=kind)
        if kind is Kind.TEXT:
            return texts_of([None if raw is None else render.until_nul(raw) for raw in raws])
        return texts_of(raws, Kind.BYTES)

    def buffer(self, rows: NDArray[np.int64]) -> Cells:
        """Return the I/O buffer (the parameter ``data``) of each event as bytes; NA without one."""
        return texts_of(self._raws(self._places("data"), rows), Kind.BYTES)

    def buffer_spans(self, rows: NDArray[np.int64]) -> Spans:
        """Return the I/O buffers of events as places in one gathered buffer, for search kernels.

        Only blocks of event types that have a buffer are read. For many rows ask in portions: all
        of their blocks are in memory at once.
        """
        places = self._places("data")
        start = np.full(len(rows), -1, dtype=np.int64)
        length = np.zeros(len(rows), dtype=np.int64)
        wanted = np.flatnonzero(places[self._types(rows)] != NO_PARAM)
        if not len(wanted):
            return Spans(np.zeros(0, np.uint8), start, length)
        buffer, blocks = self._records.gather(rows[wanted])
        start[wanted], length[wanted] = locate_one(buffer, blocks, places, self._modern)
        return Spans(buffer, start, length)

    # --- reading blocks ----------------------------------------------------------------------------

    def _types(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._index.events.type[rows].astype(np.int64)

    def _places(self, which: Select) -> NDArray[np.int64]:
        """Return the position of the parameter per event code."""
        if isinstance(which, str):
            return _places_of(which, self._modern)
        counts = np.array([len(e.params) for e in self._events], dtype=np.int64)
        return np.where((counts > which) & (which >= 0), which, NO_PARAM)

    def _raws(self, places: NDArray[np.int64], rows: NDArray[np.int64]) -> list[bytes | None]:
        found: list[bytes | None] = [None] * len(rows)
        wanted = np.flatnonzero(places[self._types(rows)] != NO_PARAM)
        for begin in range(0, len(wanted), CHUNK):
            part = wanted[begin : begin + CHUNK]
            buffer, blocks = self._records.gather(rows[part])
            start, length = locate_one(buffer, blocks, places, self._modern)
            data = buffer.tobytes()
            for i, at, size in zip(part.tolist(), start.tolist(), length.tolist(), strict=True):
                if at >= 0:
                    found[i] = data[at : at + size]
        return found

    def _chunks(self, rows: NDArray[np.int64]) -> Iterator[_Chunk]:
        ev = self._index.events
        for begin in range(0, len(rows), CHUNK):
            part = rows[begin : begin + CHUNK]
            buffer, blocks = self._records.gather(part)
            found = locate_all(buffer, blocks, self._modern)
            yield _Chunk(
                part.tolist(),
                ev.thread[part].tolist(),
                ev.fd[part].tolist(),
                ev.fdnum[part].tolist(),
                buffer.tobytes(),
                found.code.tolist(),
                found.first.tolist(),
                found.start.tolist(),
                found.length.tolist(),
            )

    # --- rendering that needs the state ------------------------------------------------------------

    def _slots_of(self, code: int, full: bool) -> tuple[_Slot, ...]:
        slots = self._slots.get((code, full))
        if slots is None:
            event: EventInfo = self._events[code]
            slots = self._slots[code, full] = tuple(self._slot(param, full) for param in event.params)
        return slots

    def _slot(self, param: Param, full: bool) -> _Slot:
        show = render.renderer(param, self._modern, self._special, full)
        pure = param.type not in _STATEFUL and param.type not in _BULKY
        dirfd = NO_PARAM if param.dirfd_param is None else param.dirfd_param
        return _Slot(param.name.encode() + b"=", show, {} if pure else None, dirfd)

    def _special(self, param: Param) -> Render | None:
        kind = param.type
        if kind in ("FD", "FD32"):
            return lambda raw: self._show_fd(kind, raw)
        if kind in ("PID", "PID32"):
            return lambda raw: self._show_pid(kind, raw)
        if kind in ("UID", "GID"):
            return self._show_user if kind == "UID" else self._show_group
        if kind == "FDLIST":
            return self._show_fd_list
        if kind == "FSPATH":
            return self._show_path
        if kind == "FSRELPATH":
            return self._show_relative
        return None

    def _fd_row(self, num: int) -> int:
        """Return the row of `fds` of descriptor ``num`` of the event that is being rendered."""
        moment = self._moment
        if moment.fdnum == num and moment.fd >= 0 and int(self._index.fds.num[moment.fd]) == num:
            return moment.fd
        return self.asof.fd(moment.row, moment.thread, num)

    def _show_fd(self, kind: str, raw: bytes) -> Rendered:
        num = render.number_of(kind, raw)
        if num is None:
            return (b"<NA>" if self._modern else b""), b""
        if num < 0:
            return b"%d" % num, b"AT_FDCWD" if num == render.AT_FDCWD else render.errno_name(-num)
        row = self._fd_row(num)
        return b"%d" % num, self._describe_fd(row) if row >= 0 else b""

    def _describe_fd(self, row: int) -> bytes:
        """Return ``<TP>name`` of a row of `fds`: letters of type and protocol, name."""
        text = self._fd_text.get(row)
        if text is None:
            fds = self._index.fds
            kind = int(fds.kind[row])
            letters = render.FD_LETTERS.get(kind, b"o")
            l4 = int(fds.l4proto[row])
            told = l4 == render.L4_RAW or kind not in render.TUPLE_KINDS
            if kind in render.IP_KINDS and (told or int(fds.flags[row]) & (FD_CLIENT | FD_SERVER)):
                letters += render.L4_LETTERS.get(l4, b"")
            name = render.clean(self._index.strings[int(fds.name[row])], self._modern)
            text = self._fd_text[row] = b"<%b>%b" % (letters, name)
        return text

    def _show_fd_list(self, raw: bytes) -> Rendered:
        if not raw:
            return (b"NULL" if self._modern else b""), b""
        count = min(int.from_bytes(raw[:2], "little"), (len(raw) - 2) // 10)
        parts: list[bytes] = []
        for at in range(2, 2 + 10 * max(count, 0), 10):
            num = int.from_bytes(raw[at : at + 8], "little", signed=True)
            flags = int.from_bytes(raw[at + 8 : at + 10], "little", signed=True) & 0xFFFFFFFF
            row = self._fd_row(num) if num >= 0 else -1
            letter = render.FD_LETTERS.get(int(self._index.fds.kind[row]), b"o") if row >= 0 else b"?"
            parts.append(b"%d:%b%x" % (num & 0xFFFFFFFFFFFFFFFF, letter, flags))
        return b" ".join(parts), b""

    def _show_pid(self, kind: str, raw: bytes) -> Rendered:
        tid = render.number_of(kind, raw)
        if tid is None:
            return (b"<NA>" if self._modern else b""), b""
        row = self.asof.thread(self._moment.row, tid)
        if row < 0:
            return b"%d" % tid, b""
        comm = self._index.strings[int(self._index.threads.comm[row])]
        return b"%d" % tid, render.clean(comm, True) if self._modern else comm

    def _show_user(self, raw: bytes) -> Rendered:
        return self._show_id(raw, "UID")

    def _show_group(self, raw: bytes) -> Rendered:
        return self._show_id(raw, "GID")

    def _show_id(self, raw: bytes, kind: str) -> Rendered:
        code = render.number_of(kind, raw)
        if code is None:
            return (b"<NA>" if self._modern else b""), b""
        if code == render.UNKNOWN_ID:
            return b"-1", b"<NONE>"
        shown = code if self._modern or code < 1 << 31 else code - (1 << 32)
        entries = self._index.users if kind == "UID" else self._index.groups
        entry = entries.get((self._container(), code))
        return b"%d" % shown, b"<NA>" if entry is None else render.clean(entry.name.encode(), self._modern)

    def _container(self) -> str:
        if not self._modern or self._moment.thread < 0:
            return ""
        row = int(self._index.container[self._moment.thread])
        return self._index.containers[row].id if row > 0 else ""

    def _show_path(self, raw: bytes) -> Rendered:
        return self._joined(raw, lambda: self.asof.cwd(self._moment.row, self._moment.thread))

    def _show_relative(self, raw: bytes) -> Rendered:
        return self._joined(raw, self._directory)

    def _joined(self, raw: bytes, base: Callable[[], bytes]) -> Rendered:
        if not raw:
            return (b"<NA>" if self._modern else b""), b""
        path = render.until_nul(raw)
        shown = render.clean(path, self._modern)
        if path.startswith((b"/", b"<NA>")) or self._moment.thread < 0 or (self._modern and not path):
            return shown, b""
        return shown, render.join_path(base(), path, self._modern)

    def _directory(self) -> bytes:
        """Return the directory that a path is relative to, as text that ends in a slash."""
        moment = self._moment
        raw = moment.directory
        num = render.number_of("FD", raw) if raw is not None else None
        if num is None or num == render.AT_FDCWD:
            return self.asof.cwd(moment.row, moment.thread)
        row = self._fd_row(num) if num >= 0 else -1
        if row < 0:
            return b""
        name = self._index.strings[int(self._index.fds.name[row])]
        return name if self._modern and (not name or name.endswith(b"/")) else name + b"/"


_STATEFUL = frozenset(("FD", "FD32", "PID", "PID32", "UID", "GID", "FDLIST", "FSPATH", "FSRELPATH", "DYN"))
_BULKY = frozenset(("BYTEBUF", "CHARBUFARRAY", "CHARBUF_PAIR_ARRAY"))  # seldom the same twice


@cache
def _places_of(name: str, modern: bool) -> NDArray[np.int64]:
    return wanted_by_name(name, modern)
