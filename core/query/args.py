"""The parameters of events as text and as values: evt.args, evt.arg, evt.rawarg, evt.buffer.

Inputs: an index and the raw blocks of its events. Outputs: cells, one per asked event row. Captures
of the old kind are shown as sysdig 0.29.3 shows them, new ones as the newest reader does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format.records import RecordStore
from ..index.tables import Index
from ..schema.catalogue import events
from ..schema.params import NO_PARAM, locate_all, locate_one, wanted_by_name
from . import render
from .arg_columns import ArgColumns, Chunk
from .asof import AsOf
from .buffers import SHORT, Look
from .cells import Cells, Kind, ints, na, texts_of

CHUNK = 1 << 14  # events whose blocks are in memory at once

Select = str | int  # a parameter: its name or its position


class Spans(NamedTuple):
    """One parameter of many events inside one buffer; start -1: the event does not have it."""

    buffer: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int64]


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
        self.asof = AsOf(index, self.raw)
        self._columns = ArgColumns(index, self.asof)

    # --- what the fields ask for -------------------------------------------------------------------

    def args(self, rows: NDArray[np.int64], look: Look = SHORT) -> Cells:
        """Return all parameters as ``name=value(resolved)`` joined by blanks (evt.args, evt.info)."""
        return texts_of(list(self.lines(rows, look)))

    def lines(self, rows: NDArray[np.int64], look: Look = SHORT) -> Iterator[bytes]:
        """Yield what :meth:`args` returns, without keeping all of it in memory."""
        for chunk in self._chunks(rows):
            yield from self._columns.lines(chunk, look)

    def text(self, which: Select, rows: NDArray[np.int64], look: Look = SHORT) -> Cells:
        """Return one parameter as text: its resolved form if it has one, else its value.

        ``which`` is a name (evt.arg.NAME) or a position (evt.arg[n]). NA where the event lacks it.
        """
        found: list[bytes | None] = [None] * len(rows)
        places = self._places(which)
        wanted = np.flatnonzero(places[self._types(rows)] != NO_PARAM)
        begin = 0
        for chunk in self._chunks(rows[wanted]):
            end = begin + len(chunk.rows)
            texts = self._columns.texts(chunk, places, look)
            for at, text in zip(wanted[begin:end].tolist(), texts, strict=True):
                found[at] = text
            begin = end
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

    def _chunks(self, rows: NDArray[np.int64]) -> Iterator[Chunk]:
        for begin in range(0, len(rows), CHUNK):
            part = rows[begin : begin + CHUNK]
            buffer, blocks = self._records.gather(part)
            yield Chunk(part, buffer, locate_all(buffer, blocks, self._modern))


@cache
def _places_of(name: str, modern: bool) -> NDArray[np.int64]:
    return wanted_by_name(name, modern)
