"""Field values as they are printed: text that is safe for a terminal, or values for JSON.

Inputs: fields of a capture, how buffers look and which time ``evt.outputtime`` is. Outputs: one
value per event row. Text of a capture is cleaned here; only the line feeds and tabs of buffers stay
in styles that have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..index.tables import StringTable
from ..text import printable
from .buffers import SHORT, Look, renderer
from .cells import Cells, Kind
from .evt_arg_fields import is_position
from .fields import FieldRef, Fields
from .rows import RowSet
from .syslog_fields import information

TimeType = Literal["h", "a", "r", "d", "D"]
TIME_TYPES: tuple[TimeType, ...] = get_args(TimeType)

_SECOND = 1_000_000_000
_ARGS = frozenset(("evt.args", "evt.info"))
# -t of sysdig: the field whose nanoseconds `evt.outputtime` is
_TIME_FIELDS: dict[TimeType, str] = {
    "a": "evt.rawtime",
    "r": "evt.reltime",
    "d": "evt.latency",
    "D": "evt.deltatime",
}


@dataclass(frozen=True)
class Shown:
    """Shows fields of one capture."""

    fields: Fields
    look: Look = SHORT
    time: TimeType = "h"

    @cached_property
    def _safe(self) -> Look:
        return self.look._replace(safe=True)

    def texts(self, field: FieldRef, rows: NDArray[np.int64]) -> list[str | None]:
        """Return a field as text for each event row, safe to print; None where it has no value."""
        name = field.spec.name
        if name in _ARGS:
            lines = [line.decode() for line in self.fields.context.args.lines(rows, self._safe)]
            for at, told in self._told(name, rows).items():
                lines[at] = printable(told.decode("utf-8", "surrogateescape"))
            return lines  # pyright: ignore[reportReturnType]
        if name == "evt.arg" and field.arg is not None:
            cells = self.fields.context.args.text(_select(field.arg), rows, self._safe)
            return cells.texts(self.fields.index.strings)
        if name == "evt.outputtime" and self.time != "h":
            cells = self.fields.read(_TIME_FIELDS[self.time], rows)
            return [_seconds(ns) for ns in np.where(cells.valid, cells.values, 0).tolist()]
        cells = self.fields.read(field, rows)
        if cells.kind is Kind.BYTES:
            return self._buffers(cells)
        return _texts(cells, self.fields.index.strings)

    def objects(self, field: FieldRef, rows: NDArray[np.int64]) -> list[Any]:
        """Return a field as values for JSON; None where it has no value. Texts are not cleaned.

        ``evt.outputtime`` is nanoseconds since the epoch there, whatever ``time`` says.
        """
        name, args = field.spec.name, self.fields.context.args
        if name in _ARGS:
            cells = args.args(rows, self.look)
            for at, told in self._told(name, rows).items():
                cells.values[at] = told
        elif name == "evt.arg" and field.arg is not None:
            cells = args.text(_select(field.arg), rows, self.look)
        else:
            cells = self.fields.read("evt.rawtime" if name == "evt.outputtime" else field, rows)
        if cells.kind is Kind.BYTES:
            return self._buffers(cells)
        return cells.objects(self.fields.index.strings)

    def _told(self, name: str, rows: NDArray[np.int64]) -> dict[int, bytes]:
        """Return what a field says in the place of the arguments, by position in ``rows``."""
        if name != "evt.info":
            return {}
        return information(self.fields.context, RowSet(self.fields.index, rows))

    def _buffers(self, cells: Cells) -> list[str | None]:
        show = renderer(self.look, self.fields.index.modern)
        pairs = zip(cells.values.tolist(), cells.valid.tolist(), strict=True)
        return [show(value).decode() if ok else None for value, ok in pairs]


def _select(arg: str) -> str | int:
    return int(arg) if is_position(arg) else arg


def _seconds(ns: int) -> str:
    return f"{ns // _SECOND}.{ns % _SECOND:09d}"


def _texts(cells: Cells, strings: StringTable) -> list[str | None]:
    """Return cells as text that is safe to print."""
    if cells.kind in (Kind.INT, Kind.STR, Kind.IP) and len(cells):
        distinct, place = np.unique(cells.values, return_inverse=True)
        known = Cells(cells.kind, distinct, np.ones(len(distinct), np.bool_), cells.fmt).texts(strings)
        words = _printable(known)
        column = [words[i] for i in place.reshape(-1).tolist()]
    else:
        column = _printable(cells.texts(strings))
    if not cells.valid.all():
        for i in np.flatnonzero(~cells.valid).tolist():
            column[i] = None
    return column


def _printable(texts: list[str | None]) -> list[str | None]:
    whole = "".join(text for text in texts if text is not None)
    if whole.isascii() and whole.isprintable():
        return texts
    return [text if text is None else printable(text) for text in texts]
