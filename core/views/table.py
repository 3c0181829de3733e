"""The rows of an evaluated view: sorted, paged, read only as far as they are looked at.

Inputs: column stores of :mod:`.engine`. Outputs: Python values for the terminal, JSON and the
drill-down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..index.tables import StringTable
from ..query.cells import Cells, Kind
from ..text import printable
from . import units
from .aggregate import order_by
from .distinct import BLOCK, Distinct
from .model import View
from .source import Cancel, blocks
from .tomlfile import nearest

I64 = NDArray[np.int64]
Value = int | float | str | bool | bytes | None

_TIMES = ("RELTIME",)
TEXTUAL = (Kind.STR, Kind.TEXT, Kind.IP, Kind.BYTES)


@dataclass(frozen=True)
class Column:
    """One column of a table. ``type`` is the PT_ name of its field, ``fmt`` its print format."""

    name: str
    field: str
    kind: Kind
    type: str
    fmt: str
    width: int
    aggregation: str
    description: str

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, written to the right."""
        return self.kind not in TEXTUAL

    @property
    def rate(self) -> bool:
        """Whether the total is meant per second."""
        return self.aggregation == "time_avg"

    @property
    def descending(self) -> bool:
        """Whether sorting by this column begins with the largest."""
        return self.numeric and self.type != "PORT"

    def text(self, value: Value, seconds: float | None = None) -> str:
        """Return a value for people, safe to show; with ``seconds`` totals meant so become rates."""
        if value is None:
            return ""
        if isinstance(value, str | bytes):
            return printable(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if self.type in _TIMES:
            return units.duration(int(value))
        if self.type == "ABSTIME" and self.aggregation == "none":
            return units.clock(int(value))
        if self.rate and seconds is not None:
            return units.size(units.rate(value, seconds), 2)
        if self.kind is Kind.FLOAT:
            return units.percent(value)
        if self.fmt == "DEC" and self.type not in ("PORT", "ABSTIME"):
            return units.size(value, 2)
        return str(value)

    def json(self, value: Value, own: bool = False) -> Value:
        """Return a value for JSON: as csysdig has it, durations as text; in views of our ``own`` in ns."""
        if not own and self.type in _TIMES and isinstance(value, int | float):
            return units.json_duration(int(value))
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


class ColumnStore(Protocol):
    """The values of one column, one per row of the table in its unsorted order."""

    def cells(self, at: I64) -> Cells:
        """Return the cells of the given rows."""
        ...


@dataclass(frozen=True)
class Store:
    """Everything behind a table, unsorted."""

    count: int
    columns: tuple[ColumnStore, ...]
    fills: tuple[Value, ...]  # what stands for a missing value, one per column
    key: ColumnStore | None  # None: rows are numbered from 1
    drill: ColumnStore | None  # what a drill-down filters by, when it is not the key
    events: I64 | None  # event row of each row, in lists
    strings: StringTable
    roles: tuple[tuple[int | None, str, NDArray[np.bool_] | None, float], ...] = ()
    distinct: dict[int, Distinct] = field(default_factory=dict[int, Distinct], compare=False)  # by column


@dataclass(frozen=True)
class Table:
    """A view's answer. Rows are numbered from 0 in the order of ``sort``.

    ``count`` is how many rows there are, ``shown`` how many the limit lets through; ``seconds`` is
    the length of the time that rates refer to; ``note`` says why a table is empty.
    """

    view: View
    columns: tuple[Column, ...]
    count: int
    seconds: float
    store: Store
    containers: bool = False
    filter: str | None = None
    sort: int | None = None  # index of the column, None: order of time
    descending: bool = False
    limit: int | None = None
    note: str = ""
    order: I64 | None = None  # places in the store, by row; None: as they are

    # --- rows -------------------------------------------------------------------------------------

    @property
    def shown(self) -> int:
        """Return how many rows can be asked for."""
        return self.count if self.limit is None else min(self.count, max(self.limit, 0))

    @property
    def rows(self) -> list[tuple[Value, ...]]:
        """Return all shown rows as tuples of Python values."""
        return self.page(0, self.shown)

    @property
    def keys(self) -> list[str]:
        """Return the key of each shown row as text."""
        return self.page_keys(0, self.shown)

    def page(self, start: int, stop: int) -> list[tuple[Value, ...]]:
        """Return rows ``start`` .. ``stop - 1``, one tuple of Python values each; None: no value."""
        at = self._places(start, stop)
        columns = [
            _filled(store.cells(at), fill, self.store.strings)
            for store, fill in zip(self.store.columns, self.store.fills, strict=True)
        ]
        return list(zip(*columns, strict=True)) if columns else [()] * len(at)

    def page_keys(self, start: int, stop: int) -> list[str]:
        """Return the keys of rows ``start`` .. ``stop - 1`` as text."""
        at = self._places(start, stop)
        if self.store.key is None:
            return [str(place + 1) for place in at.tolist()]
        return [text or "" for text in self.store.key.cells(at).texts(self.store.strings)]

    def key_value(self, row: int) -> bytes | int | float | None:
        """Return what a drill-down into a row filters by: the key as the capture has it."""
        at = self._places(row, row + 1)
        source = self.store.drill or self.store.key
        if source is None or len(at) == 0:
            return None
        return _raw(source.cells(at), self.store.strings)

    def event_row(self, row: int) -> int | None:
        """Return the event row behind a row of a list; None in tables."""
        at = self._places(row, row + 1)
        return None if self.store.events is None or len(at) == 0 else int(self.store.events[at[0]])

    def find(self, key: str) -> int | None:
        """Return the row that has this key, or None; the selection follows it over re-sorting."""
        if self.store.key is None:
            place = int(key) - 1 if key.isdecimal() and 0 < int(key) <= self.count else None
        else:
            place = self._place_of_key.get(key)
        if place is None:
            return None
        row = place if self.order is None else int(np.flatnonzero(self.order == place)[0])
        return row if row < self.shown else None

    def role(self, row: int, column: int) -> str | None:
        """Return the role of the theme that the view's colour rules give to a cell."""
        at = self._places(row, row + 1)
        for where, role, rows, above in self.store.roles:
            if rows is not None:
                if len(at) and rows[at[0]]:
                    return role
            elif where == column:
                cells = self.store.columns[column].cells(at)
                if len(at) and cells.valid[0] and cells.values[0] > above:
                    return role
        return None

    # --- order ------------------------------------------------------------------------------------

    def sorted_by(
        self,
        column: int | str,
        descending: bool | None = None,
        cancelled: Cancel = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Table:
        """Return the table sorted by a column, given by name or number; its usual way round first.

        All values of the column are read here, which takes time for lists of many events; ``progress``
        is told the rows read and all rows. Raises UsageError for a column that does not exist, Cancelled.
        """
        index = self.column(column) if isinstance(column, str) else column
        if not 0 <= index < len(self.columns):
            raise UsageError(f"There is no column {index + 1}; the view has {len(self.columns)}.")
        down = self.columns[index].descending if descending is None else descending
        values = self._sortable(index, cancelled, progress or _nobody)
        order = order_by(values, down) if self.count else None
        return replace(self, sort=index, descending=down, order=order)

    def _sortable(self, column: int, cancelled: Cancel, progress: Callable[[int, int], None]) -> NDArray[Any]:
        """Return one number per row that sorts as the values of a column do."""
        distinct, store = self.distinct(column), self.store.columns[column]
        everything = np.arange(self.count, dtype=np.int64)
        coded: list[tuple[NDArray[np.int32], list[Any]]] = []
        cells: list[Cells] = []
        for number, block in enumerate(blocks(self.count, cancelled, BLOCK)):
            if distinct is not None:
                coded.append(distinct.block(number))
            else:
                cells.append(store.cells(everything[block]))
            progress(block.stop, self.count)
        if not self.count:
            return everything
        return _ranks_of_coded(coded) if distinct is not None else _numbers(cells, self.store.strings)

    def distinct(self, column: int) -> Distinct | None:
        """Return the distinct values of a column of texts that are made at each look; None for others."""
        if self.columns[column].kind not in (Kind.TEXT, Kind.BYTES):
            return None
        fresh = Distinct(self.store.columns[column].cells, self.store.count)
        return self.store.distinct.setdefault(column, fresh)

    def column(self, name: str) -> int:
        """Return the number of a column by name or by number from 1. Raises UsageError."""
        names = [column.name for column in self.columns]
        lowered = [known.lower() for known in names]
        if name.lower() in lowered:
            return lowered.index(name.lower())
        if name.isdigit() and 1 <= int(name) <= len(names):
            return int(name) - 1
        hint = nearest(name, names) or f"; it has {', '.join(names)}"
        raise UsageError(f"The view {self.view.id} has no column {name!r}{hint}.")

    @cached_property
    def _place_of_key(self) -> dict[str, int]:
        assert self.store.key is not None
        texts = self.store.key.cells(np.arange(self.count, dtype=np.int64)).texts(self.store.strings)
        return {text or "": place for place, text in reversed(list(enumerate(texts)))}

    def _places(self, start: int, stop: int) -> I64:
        start, stop = max(start, 0), min(stop, self.shown)
        if self.order is not None:
            return self.order[start:stop]
        return np.arange(start, max(stop, start), dtype=np.int64)

    # --- output -----------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return the table for JSON: totals; where csysdig has the view, the values that its JSON has."""
        own = self.view.own
        return {
            "view": self.view.id,
            "columns": [{"name": column.name, "field": column.field} for column in self.columns],
            "rows": [
                {"key": key, "values": [c.json(v, own) for c, v in zip(self.columns, row, strict=True)]}
                for key, row in zip(self.keys, self.rows, strict=True)
            ],
            "count": self.count,
        }


def _filled(cells: Cells, fill: Value, strings: StringTable) -> list[Value]:
    values = cells.objects(strings)
    if fill is None or cells.valid.all():
        return values
    return [fill if value is None else value for value in values]


def _raw(cells: Cells, strings: StringTable) -> bytes | int | float | None:
    if not cells.valid[0]:
        return None
    if cells.kind is Kind.STR:
        return strings[int(cells.values[0])]
    if cells.kind in (Kind.TEXT, Kind.BYTES):
        return bytes(cells.values[0])
    value = cells.objects(strings)[0]
    return value.encode() if isinstance(value, str) else value


def _nobody(done: int, total: int) -> None:
    """Take progress that nobody asked for."""


def _ranks_of_coded(pieces: list[tuple[NDArray[np.int32], list[Any]]]) -> I64:
    """Return the rank of each text among all, missing ones as empty; pieces may share a list of values."""
    lists = {id(values): values for _, values in pieces}
    texts: list[bytes] = []
    begin: dict[int, int] = {}
    for key, values in lists.items():
        begin[key] = len(texts)
        texts += [value or b"" for value in values]
    places = {text: rank for rank, text in enumerate(sorted(dict.fromkeys(texts)))}
    ranks = np.array([places[text] for text in texts], np.int64)
    return np.concatenate([ranks[codes + begin[id(values)]] for codes, values in pieces])


def _numbers(pieces: list[Cells], strings: StringTable) -> NDArray[Any]:
    """Return one number per cell that sorts as the values do; missing ones as zero or empty text."""
    kind = pieces[0].kind
    values = np.concatenate([np.where(cells.valid, cells.values, 0) for cells in pieces])
    if kind is Kind.UINT:
        return values.astype(np.int64, copy=False).view(np.uint64)
    if kind not in TEXTUAL:
        return values.astype(np.int64) if kind is Kind.BOOL else values
    distinct, inverse = np.unique(values, return_inverse=True)
    texts = np.array([strings[sid] for sid in distinct.tolist()], dtype=object)
    ranks = np.empty(len(texts), np.int64)
    ranks[np.argsort(texts, kind="stable")] = np.arange(len(texts))
    return ranks[inverse.reshape(-1)]
