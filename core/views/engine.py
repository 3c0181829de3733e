"""Views evaluated over a capture, with csysdig's semantics and numbers.

Inputs: a view's data, the events that pass the filter, the threads alive at the end. Outputs: a
:class:`.table.Table`. Each column is read only for the rows that it needs: sums for all of them,
first and last values once per group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError, UsageError
from ..index.tables import EV_HIDDEN, EV_STATE_ONLY, Index
from ..query.cells import Cells, Kind
from ..query.fields import FieldRef, Fields
from ..query.filter import Filter
from ..query.filter import compile as compile_filter
from . import aggregate
from .aggregate import Groups
from .catalogue import get_view
from .drill import view_filter
from .listening import listening
from .loader import DEPTH
from .model import ColumnSpec, View
from .source import Cancel, Rows, Source, Window, alive_at, blocks, end_of, shown_types, stop_if
from .table import Column, Store, Table, Value

if TYPE_CHECKING:
    from ..capture import Capture

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NUMBERS = (Kind.INT, Kind.UINT, Kind.FLOAT, Kind.BOOL)
_IDS = (Kind.INT, Kind.UINT, Kind.BOOL)


@dataclass(frozen=True)
class Bound:
    """A column of a view with its field looked up; without ``ref`` it has no values in a capture."""

    spec: ColumnSpec
    ref: FieldRef | None
    kind: Kind
    type: str
    where: Filter | None

    def required(self, old: bool) -> bool:
        """Whether an event without a value is left out even where defaults are used.

        So it is with ports and addresses, and in captures of the old kind, as in the reference,
        with ids; other numbers count as 0, texts as empty.
        """
        if self.kind is Kind.IP or self.type == "PORT":
            return True
        return old and self.kind in _IDS and self.ref is not None and self.ref.spec.fmt != "DEC"


@dataclass(frozen=True)
class Fixed:
    """A column whose values are at hand."""

    values: Cells

    def cells(self, at: I64) -> Cells:
        """Return the cells of the given rows."""
        return self.values.take(at)


@dataclass(frozen=True)
class Late:
    """A column read when it is looked at: the field's value at one row of the source per table row."""

    source: Source
    ref: FieldRef
    rows: I64
    where: Filter | None = None

    def cells(self, at: I64) -> Cells:
        """Return the cells of the given rows."""
        rows = self.rows[at]
        found = self.source.read(self.ref, rows)
        return found if self.where is None else found.where(self.source.mask(self.where, rows))


def run_view(
    capture: Capture,
    view_id: str | View,
    *,
    filter: str | None = None,  # noqa: A002  (the word that users know)
    window: Window = None,
    containers: bool = False,
    sort: str | int | None = None,
    limit: int | None = None,
    depth: int = 0,
    cancelled: Cancel = None,
) -> Table:
    """Return a view of the events that pass ``filter`` in the window [from, to) ns.

    ``containers`` adds the container columns and keys (csysdig's ``-pc``); ``sort`` is a column's
    name or number from 1 (a minus turns it round); ``depth`` counts the drill-downs of span views.
    Raises FilterError, UsageError (view or column unknown), Cancelled.
    """
    view = get_view(view_id) if isinstance(view_id, str) else view_id
    if view.kind == "tiles":
        raise UsageError(f"The view {view.id} has tiles, not rows; 'scaptui summary' shows them.")
    stop_if(cancelled)
    fields = capture.fields
    columns = tuple(_bind(fields, capture.modern, spec, depth) for spec in view.shown_columns(containers))
    source, note = _rows(capture, view, filter, window, depth)
    stop_if(cancelled)
    if view.kind in ("list", "events", "echo"):
        store = _list(fields, view, columns, source, containers, cancelled)
    else:
        store = _grouped(fields, view, columns, source, containers, depth, cancelled)
    store = replace(store, roles=_roles(view, columns, store, fields))
    table = Table(
        view=view,
        columns=tuple(_column(column) for column in columns),
        count=store.count,
        seconds=_seconds(capture, window),
        store=store,
        containers=containers,
        filter=filter,
        limit=limit,
        note=note,
    )
    return _sorted(table, sort, cancelled)


def _sorted(table: Table, sort: str | int | None, cancelled: Cancel) -> Table:
    if sort is None:
        return table.sorted_by(table.view.sort, None, cancelled) if table.view.sort else table
    text = str(sort)
    turned = text.startswith("-")
    column = table.column(text.removeprefix("-"))
    return table.sorted_by(column, (not table.columns[column].descending) if turned else None, cancelled)


def _seconds(capture: Capture, window: Window) -> float:
    ns = capture.duration_ns if window is None else window[1] - window[0]
    return ns / 1e9


# --- fields and rows ------------------------------------------------------------------------------


def _bind(fields: Fields, modern: bool, spec: ColumnSpec, depth: int) -> Bound:
    where = compile_filter(spec.where, fields) if spec.where else None
    try:
        ref = fields.resolve(spec.field.replace(DEPTH, str(depth)))
    except FilterError:
        return Bound(spec, None, Kind.STR, "CHARBUF", where)
    if modern and spec.field.startswith("evt.latency"):
        return Bound(spec, None, Kind.UINT, "RELTIME", where)  # the capture does not tell when calls began
    return Bound(spec, ref, fields.kind(ref), ref.spec.type(modern), where)


def _column(bound: Bound) -> Column:
    spec = bound.spec
    fmt = bound.ref.spec.fmt if bound.ref else "DEC"
    return Column(
        spec.name, spec.field, bound.kind, bound.type, fmt, spec.width, spec.aggregation, spec.description
    )


def _rows(capture: Capture, view: View, text: str | None, window: Window, depth: int) -> tuple[Source, str]:
    """Return the rows that pass the user's filter and the view's own, or none and the reason."""
    fields, index = capture.fields, capture.index
    user = compile_filter(text, fields) if text else None
    own_text = view_filter(view, depth)
    try:
        own = compile_filter(own_text, fields) if own_text else None
        _check_keys(fields, view, depth)
    except FilterError as error:
        return Rows(fields, np.zeros(0, np.int64)), f"A capture does not tell this: {error.reason}."
    filters = [condition for condition in (user, own) if condition is not None]
    last, ts = end_of(capture, window)
    if view.source == "listening":
        return listening(fields, filters, last), ""
    plain = view.kind in ("events", "echo")
    events = shown_events(index, capture.select(user, window), hidden=plain)
    if own is not None:
        events = events[own.mask(events)]
    lives = alive_at(index, last) if view.threads and not plain else np.zeros(0, np.int64)
    for condition in filters:
        lives = lives[condition.mask_threads(lives, ts)] if len(lives) else lives
    return Rows(fields, events, lives, ts), ""


def _check_keys(fields: Fields, view: View, depth: int) -> None:
    """Raise FilterError when the rows of a table are made by a field that no capture tells."""
    if view.key is not None and view.kind in ("table", "spectrogram"):
        for name in (view.key.field, view.key.group):
            if name is not None:
                fields.resolve(name.replace(DEPTH, str(depth)))


def shown_events(index: Index, events: I64, *, hidden: bool = False) -> I64:
    """Return the given event rows without records of state; with ``hidden`` also without internal ones."""
    flags = index.events.flags[events]
    if hidden:
        return events[(flags & EV_HIDDEN) == 0]
    return events[shown_types(index)[index.events.type[events]] & ((flags & EV_STATE_ONLY) == 0)]


def _roles(
    view: View, columns: tuple[Bound, ...], store: Store, fields: Fields
) -> tuple[tuple[int | None, str, Bools | None, float], ...]:
    """Return the colour rules: column and limit, or one mark per row of a list."""
    names = [column.spec.name for column in columns]
    found: list[tuple[int | None, str, Bools | None, float]] = []
    for rule in view.colors:
        if rule.filter is not None and store.events is not None:
            found.append((None, rule.role, compile_filter(rule.filter, fields).mask(store.events), 0.0))
        elif rule.column in names and rule.above is not None:
            found.append((names.index(rule.column), rule.role, None, rule.above))
    return tuple(found)


# --- lists ----------------------------------------------------------------------------------------


def _list(
    fields: Fields, view: View, columns: tuple[Bound, ...], rows: Source, containers: bool, cancelled: Cancel
) -> Store:
    old = not fields.index.modern
    needed = columns if not view.use_defaults else tuple(c for c in columns if c.required(old))
    source = rows if view.kind in ("events", "echo") else rows.subset(_complete(rows, needed, cancelled))
    everything = np.arange(source.count, dtype=np.int64)
    drill = None
    if view.key is not None:
        drill = Late(source, fields.resolve(view.key.first(containers)), everything)
    return Store(
        count=source.count,
        columns=tuple(_late(column, source, everything) for column in columns),
        fills=tuple(_fill(view, column) for column in columns),
        key=None,
        drill=drill,
        events=source.events if isinstance(source, Rows) and len(source.lives) == 0 else None,
        strings=fields.index.strings,
    )


def _fill(view: View, column: Bound) -> Value:
    """Return what stands for a missing value: nothing in lists of events and for ids, else 0 or ""."""
    if view.kind in ("events", "echo") or (column.ref is None and column.kind is not Kind.STR):
        return None
    if column.kind not in _NUMBERS:
        return ""
    return None if column.ref is not None and column.ref.spec.fmt == "ID" else 0


def _late(column: Bound, source: Source, rows: I64) -> Late | Fixed:
    if column.ref is None:
        return Fixed(_missing(column.kind, len(rows)))
    return Late(source, column.ref, rows, column.where)


def _missing(kind: Kind, count: int) -> Cells:
    return Cells(kind, np.zeros(count, np.int64), np.zeros(count, np.bool_))


def _complete(source: Source, needed: tuple[Bound, ...], cancelled: Cancel) -> Bools:
    """Return which rows have a value in all columns that must have one."""
    keep = np.ones(source.count, np.bool_)
    refs = {column.ref.text: column.ref for column in needed if column.ref is not None}
    if any(column.ref is None for column in needed):
        keep[:] = False  # a field that no capture has
    for ref in refs.values():
        for block in blocks(source.count, cancelled):
            keep[block] &= source.read(ref, block).valid
    return keep


# --- tables ---------------------------------------------------------------------------------------


def _grouped(
    fields: Fields,
    view: View,
    columns: tuple[Bound, ...],
    rows: Source,
    containers: bool,
    depth: int,
    cancelled: Cancel,
) -> Store:
    assert view.key is not None
    if rows.count == 0:
        return _nothing(fields, view, columns)
    key = fields.resolve(view.key.first(containers).replace(DEPTH, str(depth)))
    group = fields.resolve(view.key.group) if view.key.group else None
    needed = columns
    if view.use_defaults:
        needed = tuple(column for column in columns if column.required(not fields.index.modern))
    for ref in (key, group):
        if ref is not None:
            spec = ColumnSpec("", ref.text)
            bound = Bound(spec, ref, fields.kind(ref), ref.spec.type(fields.index.modern), None)
            if bound.required(True) or not view.use_defaults:
                needed = (*needed, bound)
    source = rows.subset(_complete(rows, needed, cancelled))
    first = _group_rows(source, key, cancelled)
    if group is None:
        stores = tuple(_aggregate(column, source, first, cancelled) for column in columns)
        return _store(fields, view, columns, len(first), stores, Late(source, key, first.first))
    upper_cells = source.read(group, first.first)
    second = aggregate.group(_codes(upper_cells), upper_cells.valid)
    stores = tuple(_merge(column, source, first, second, cancelled) for column in columns)
    return _store(fields, view, columns, len(second), stores, Late(source, group, first.first[second.first]))


def _store(
    fields: Fields, view: View, columns: tuple[Bound, ...], count: int, stores: Any, key: Late
) -> Store:
    fills = tuple(_fill(view, column) for column in columns)
    return Store(count, stores, fills, key, None, None, fields.index.strings)


def _nothing(fields: Fields, view: View, columns: tuple[Bound, ...]) -> Store:
    stores = tuple(Fixed(_missing(column.kind, 0)) for column in columns)
    fills = tuple(_fill(view, column) for column in columns)
    return Store(0, stores, fills, Fixed(_missing(Kind.STR, 0)), None, None, fields.index.strings)


def _codes(cells: Cells) -> I64:
    """Return one int64 per cell that is equal where the values are."""
    if cells.kind in (Kind.TEXT, Kind.BYTES):
        _, codes = np.unique(cells.values.astype(object), return_inverse=True)
        return codes.reshape(-1).astype(np.int64)
    if cells.kind is Kind.FLOAT:
        return cells.values.view(np.int64)
    return cells.values.astype(np.int64, copy=False)


def _group_rows(source: Source, key: FieldRef, cancelled: Cancel) -> Groups:
    values = np.zeros(source.count, np.int64)
    valid = np.zeros(source.count, np.bool_)
    for block in blocks(source.count, cancelled):
        cells = source.read(key, block)
        values[block], valid[block] = _codes(cells), cells.valid
    return aggregate.group(values, valid)


def _values(column: Bound, source: Source, block: slice) -> Cells:
    assert column.ref is not None
    cells = source.read(column.ref, block)
    return cells if column.where is None else cells.where(source.mask(column.where, block))


def _aggregate(column: Bound, source: Source, groups: Groups, cancelled: Cancel) -> Fixed | Late:
    """Return a column of a one-level table, or of the first level."""
    spec = column.spec
    if column.ref is None:
        return Fixed(_missing(column.kind, len(groups)))
    if column.kind not in _NUMBERS:
        rows = aggregate.last_rows(groups.codes, len(groups)) if spec.aggregation == "max" else groups.first
        return Late(source, column.ref, rows, column.where)
    if spec.aggregation == "none":
        return Late(source, column.ref, groups.first, column.where)
    pieces = (
        (groups.codes[block], _values(column, source, block)) for block in blocks(source.count, cancelled)
    )
    return Fixed(_reduce(spec.aggregation, column.kind, pieces, len(groups)))


def _merge(column: Bound, source: Source, first: Groups, second: Groups, cancelled: Cancel) -> Fixed | Late:
    """Return a column of a two-level table: the rows of the first level put together by group."""
    spec = column.spec
    lower = _aggregate(column, source, first, cancelled)
    if column.ref is None or column.kind not in _NUMBERS or spec.group == "none":
        at = aggregate.last_rows(second.codes, len(second)) if spec.group == "max" else second.first
        if isinstance(lower, Late):
            return replace(lower, rows=lower.rows[at])
        return Fixed(lower.values.take(at))
    cells = lower.cells(np.arange(len(first), dtype=np.int64))
    return Fixed(_reduce(spec.group, column.kind, ((second.codes, cells),), len(second)))


def _reduce(kind: str, cell_kind: Kind, pieces: Iterable[tuple[I64, Cells]], groups: int) -> Cells:
    """Return the sum, mean, largest or smallest number of each group of the pieces (codes, cells)."""
    dtype: Any = np.float64 if cell_kind is Kind.FLOAT else np.int64
    if kind in ("min", "max") and cell_kind is Kind.UINT:
        dtype = np.uint64
    totals = np.zeros(groups, dtype)
    if kind in ("min", "max"):
        limits: Any = np.finfo(dtype) if dtype is np.float64 else np.iinfo(dtype)
        totals[:] = limits.max if kind == "min" else limits.min
    counts = np.zeros(groups, np.int64)
    for codes, cells in pieces:
        values = cells.values.view(np.uint64) if dtype is np.uint64 else cells.values
        if kind == "max":  # a missing value counts as 0, as in the reference
            aggregate.largest(totals, codes, np.where(cells.valid, values, 0), np.ones(len(codes), np.bool_))
        elif kind == "min":
            aggregate.smallest(totals, codes, values, cells.valid)
        else:
            aggregate.add(totals, codes, values, cells.valid)
        if kind in ("avg", "min"):
            aggregate.count(counts, codes, cells.valid)
    if kind == "min":
        totals[counts == 0] = 0
    elif kind == "avg":
        divisor = np.maximum(counts, 1)
        totals = totals / divisor if dtype is np.float64 else totals // divisor
    return Cells(
        cell_kind, totals.view(np.int64) if dtype is np.uint64 else totals, np.ones(groups, np.bool_)
    )
