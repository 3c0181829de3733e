"""Parameters of many events at once: events of one type together, one column per parameter.

Inputs: chunks of events with their blocks. Outputs: ``name=value(resolved)`` per parameter, joined
to lines, or single values. What was rendered once is remembered under all that its text hangs on:
the bytes, and for some types the descriptor, thread or container they meant at that event.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Index
from ..schema.catalogue import EventInfo, Param, events
from ..schema.params import NO_PARAM, Located
from . import render
from .arg_state import StateText
from .asof import AsOf
from .buffers import Look
from .render import Render

I64 = NDArray[np.int64]

_MEMO = 1 << 14  # rendered values kept per parameter
_GENERIC = 2  # codes below: system calls without an event of their own
_FDS = frozenset(("FD", "FD32"))
_PIDS = frozenset(("PID", "PID32"))
_IDS = frozenset(("UID", "GID"))
_NEVER_TWICE = frozenset(
    ("BYTEBUF", "CHARBUFARRAY", "CHARBUF_PAIR_ARRAY", "DYN", "FDLIST", "FSPATH", "FSRELPATH")
)


class Chunk:
    """Some events with their blocks and the places of all their parameters (see `params.Located`)."""

    def __init__(self, rows: I64, buffer: NDArray[np.uint8], found: Located) -> None:
        """Hold ``rows`` (event rows), whose blocks are in ``buffer``."""
        self.rows = rows
        self.buffer = buffer
        self.found = found

    @cached_property
    def data(self) -> bytes:
        """The blocks as one run of bytes."""
        return self.buffer.tobytes()

    def raws(self, places: I64) -> list[bytes]:
        """Return parameters by their places in the lists of ``found``."""
        data, start = self.data, self.found.start[places]
        ends = (start + self.found.length[places]).tolist()
        return [data[at:end] for at, end in zip(start.tolist(), ends, strict=True)]

    def numbers(self, places: I64, size: int) -> I64:
        """Return the signed numbers of ``size`` bytes at the beginning of parameters; 0 for shorter ones."""
        fits = self.found.length[places] >= size
        start = np.where(fits, self.found.start[places], 0)
        window = np.zeros((len(places), 8), np.uint8)
        if len(self.buffer) >= size:
            window[:, :size] = self.buffer[start[:, None] + np.arange(size)]
        values = window.view(np.int64).ravel()
        shift = 64 - 8 * size
        return np.where(fits, values << shift >> shift, 0)


class Slot:
    """How one parameter of one event type is shown."""

    __slots__ = ("dirfd", "kind", "label", "memo", "show")

    def __init__(self, label: bytes, kind: str, show: Render, dirfd: int) -> None:
        """Remember nothing yet; without a ``label`` it shows the resolved form alone, if there is one."""
        self.label = label
        self.kind = kind
        self.show = show
        self.dirfd = dirfd  # position of the descriptor that a path is relative to
        self.memo: dict[Hashable, bytes] = {}

    def text(self, raw: bytes) -> bytes:
        """Return ``name=value(resolved)``."""
        value, resolved = self.show(raw)
        if not self.label:
            return resolved or value
        return b"%b%b(%b)" % (self.label, value, resolved) if resolved else self.label + value


class ArgColumns:
    """Renders the parameters of chunks of events."""

    def __init__(self, index: Index, asof: AsOf) -> None:
        """Work on the events of ``index``."""
        self._index = index
        self._modern = index.modern
        self._events = events(index.modern)
        self._asof = asof
        self._state = StateText(index, asof)
        self._slots: dict[tuple[int, Look, bool], tuple[Slot, ...]] = {}

    def lines(self, chunk: Chunk, look: Look) -> list[bytes]:
        """Return all parameters of each event as ``name=value(resolved)``, joined by blanks."""
        end = b"" if self._modern else b" "
        lines = [b""] * len(chunk.rows)
        for code, count, members in _groups(chunk.found):
            slots = self._slots_of(code, look)[:count] if code >= _GENERIC else ()
            if not slots:  # generic system calls: the name says it all
                continue
            columns = [self._column(slot, chunk, members, place) for place, slot in enumerate(slots)]
            for i, parts in zip(members.tolist(), zip(*columns, strict=True), strict=True):
                lines[i] = b" ".join(parts) + end
        return lines

    def texts(self, chunk: Chunk, places: I64, look: Look) -> list[bytes | None]:
        """Return one parameter of each event: its resolved form, else its value; None without one.

        ``places`` has its position per event code.
        """
        texts: list[bytes | None] = [None] * len(chunk.rows)
        for code, count, members in _groups(chunk.found):
            place = int(places[code]) if code >= 0 else NO_PARAM
            if 0 <= place < count:
                slot = self._slots_of(code, look, labels=False)[place]
                for i, text in zip(members.tolist(), self._column(slot, chunk, members, place), strict=True):
                    texts[i] = text
        return texts

    def _slots_of(self, code: int, look: Look, *, labels: bool = True) -> tuple[Slot, ...]:
        slots = self._slots.get((code, look, labels))
        if slots is None:
            event = self._events[code]
            slots = tuple(self._slot(event, param, look, labels) for param in event.params)
            self._slots[code, look, labels] = slots
        return slots

    def _slot(self, event: EventInfo, param: Param, look: Look, labels: bool) -> Slot:
        dirfd = NO_PARAM if param.dirfd_param is None else param.dirfd_param
        if param.type == "FSRELPATH" and (
            not 0 <= dirfd < len(event.params) or event.params[dirfd].type not in _FDS
        ):  # of some events the old catalogue names another parameter: their paths are below cwd
            param, dirfd = replace(param, type="FSPATH"), NO_PARAM
        show = render.renderer(param, self._modern, self._state.renderer, look)
        return Slot(param.name.encode() + b"=" if labels else b"", param.type, show, dirfd)

    # --- columns -----------------------------------------------------------------------------------

    def _column(self, slot: Slot, chunk: Chunk, members: I64, place: int) -> list[bytes]:
        """Return parameter ``place`` of the events ``members`` of a chunk, which all have it."""
        places = chunk.found.first[members] + place
        raws = chunk.raws(places)
        if slot.kind in _NEVER_TWICE:
            return self._rendered(slot, chunk, members, range(len(raws)), raws)
        keys = self._keys(slot, chunk, members, places, raws)
        memo = slot.memo
        column = [memo.get(key) for key in keys]
        missing = [i for i, value in enumerate(column) if value is None]
        if missing:
            fresh = self._rendered(slot, chunk, members, missing, [raws[i] for i in missing])
            if len(memo) + len(missing) > _MEMO:
                memo.clear()
            for i, value in zip(missing, fresh, strict=True):
                column[i] = memo[keys[i]] = value
        return column  # pyright: ignore[reportReturnType]  # nothing is missing any more

    def _keys(
        self, slot: Slot, chunk: Chunk, members: I64, places: I64, raws: list[bytes]
    ) -> Sequence[Hashable]:
        """Return what the text of each parameter hangs on."""
        kind = slot.kind
        if kind in _FDS:
            size = render.SIGNED[kind]
            return list(zip(raws, self._fd_rows(chunk, members, places, size).tolist(), strict=True))
        if kind in _PIDS:
            tids = chunk.numbers(places, render.SIGNED[kind])
            rows = self._asof.threads(chunk.rows[members], tids)
            return list(zip(raws, rows.tolist(), strict=True))
        if kind in _IDS and self._modern:
            threads = self._index.events.thread[chunk.rows[members]]
            boxes = np.where(threads >= 0, self._index.container[np.maximum(threads, 0)], 0)
            return list(zip(raws, boxes.tolist(), strict=True))
        return raws

    def _fd_rows(self, chunk: Chunk, members: I64, places: I64, size: int) -> I64:
        """Return the row of `fds` of each descriptor number at its event, -1: none."""
        ev, fds = self._index.events, self._index.fds
        rows, nums = chunk.rows[members], chunk.numbers(places, size)
        found = np.where(ev.fdnum[rows] == nums, ev.fd[rows], -1).astype(np.int64)
        if len(fds.num):
            found[(found >= 0) & (fds.num[np.maximum(found, 0)] != nums)] = -1
        for i in np.flatnonzero((found < 0) & (nums >= 0)).tolist():
            row = int(rows[i])
            found[i] = self._asof.fd(row, int(ev.thread[row]), int(nums[i]))
        return found

    def _rendered(
        self, slot: Slot, chunk: Chunk, members: I64, which: Sequence[int], raws: list[bytes]
    ) -> list[bytes]:
        """Return parameters of the events ``members[which]``, each as of its event."""
        show = slot.text
        if not self._state.needed(slot.kind):
            return [show(raw) for raw in raws]
        ev, moment = self._index.events, self._state.moment
        own = members[np.asarray(which, np.int64)]
        rows = chunk.rows[own]
        states = zip(
            rows.tolist(),
            ev.thread[rows].tolist(),
            ev.fd[rows].tolist(),
            ev.fdnum[rows].tolist(),
            _directories(slot, chunk, own),
            raws,
            strict=True,
        )
        column: list[bytes] = []
        for moment.row, moment.thread, moment.fd, moment.fdnum, moment.directory, raw in states:
            column.append(show(raw))
        return column


def _directories(slot: Slot, chunk: Chunk, members: I64) -> list[bytes | None]:
    """Return the parameter that each path of events ``members`` is relative to; None where there is none."""
    found: list[bytes | None] = [None] * len(members)
    if slot.dirfd >= 0:
        places = chunk.found.first[members] + slot.dirfd
        there = np.flatnonzero(places < chunk.found.first[members + 1])
        for at, raw in zip(there.tolist(), chunk.raws(places[there]), strict=True):
            found[at] = raw
    return found


def _groups(found: Located) -> list[tuple[int, int, I64]]:
    """Return the events of a chunk by event code and number of parameters: both, and their places."""
    counts = np.diff(found.first)
    keys = found.code * (1 << 16) + counts
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    groups = np.split(order, cuts) if len(order) else []
    return [(int(found.code[group[0]]), int(counts[group[0]]), group) for group in groups]
