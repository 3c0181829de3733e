"""Views evaluated over a capture, with csysdig's semantics and numbers.

Inputs: a view's data, the events that pass the filter, the threads alive at the end. Outputs: a
:class:`.table.Table`. Each column is read only for the rows that it needs: sums for all of them,
first and last values once per group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError, UsageError
from ..query.cells import Cells, Kind
from ..query.exchange_fields import exchanges_of
from ..query.fields import FieldRef, Fields
from ..query.filter import Filter
from ..query.filter import compile as compile_filter
from ..query.masks import gather
from ..query.registry import kind_of
from . import aggregate
from .aggregate import Groups
from .catalogue import get_view
from .drill import join, view_filter
from .exchanges import Exchanges, exchanges
from .listening import listening
from .loader import DEPTH
from .model import ColumnSpec, View
from .ownfields import own_field
from .processes import Processes
from .proctree import process_tree
from .source import Cancel, Rows, Source, Window, alive_at, blocks, end_of, shown_events, stop_if
from .sparse import telling
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
    if view.source in ("http", "dns"):
        exchanges_of(fields.context, view.source, cancelled)  # found once; here it can be stopped
    columns = tuple(
        _bind(fields, capture.modern, view, spec, depth) for spec in view.shown_columns(containers)
    )
    source, note = _rows(capture, view, filter, window, depth, cancelled)
    stop_if(cancelled)
    if view.kind in ("list", "tree", "events", "echo"):
        store, source = _list(fields, view, columns, source, containers, cancelled)
    else:
        store = _grouped(fields, view, columns, source, containers, depth, cancelled)
    store = replace(store, roles=_roles(view, columns, source, fields))
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


def count_rows(
    capture: Capture,
    view: View,
    *,
    filter: str | None = None,  # noqa: A002  (the word that users know)
    window: Window = None,
    containers: bool = False,
    cancelled: Cancel = None,
) -> int:
    """Return how many rows :func:`run_view` has, without the work for their values."""
    if view.kind != "table" or view.key is None:
        return run_view(
            capture, view, filter=filter, window=window, containers=containers, cancelled=cancelled
        ).count
    fields = capture.fields
    columns = tuple(_bind(fields, capture.modern, view, spec, 0) for spec in view.shown_columns(containers))
    rows, _ = _rows(capture, view, filter, window, 0, cancelled)
    if rows.count == 0:
        return 0
    key, group, needed = _keys(fields, view, columns, containers, 0)
    read = [key, *([group] if group else []), *(column.ref for column in needed if column.ref)]
    if isinstance(rows, Rows) and all(_of_thread(fields, ref) for ref in read):
        rows = rows.one_per_thread()
    source = rows.subset(_complete(rows, needed, cancelled))
    first = _group_rows(source, key, cancelled)
    if group is None:
        return len(first)
    cells = source.read(group, first.first)
    return len(aggregate.group(_codes(cells), cells.valid))


def _of_thread(fields: Fields, ref: FieldRef) -> bool:
    """Return whether the state of an event's thread decides a field."""
    decided = fields.dimension(ref)
    return decided is not None and decided.dim in ("thread", "tid") and ref.spec.group != "evt"


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


def _bind(fields: Fields, modern: bool, view: View, spec: ColumnSpec, depth: int) -> Bound:
    where_text = join((spec.where, spec.where_new if modern else None))
    where = compile_filter(where_text, fields) if where_text else None
    ref = own_field(view.source, spec.field)
    if ref is not None:
        return Bound(spec, ref, kind_of(ref.spec.type(modern)), ref.spec.type(modern), where)
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


def _rows(
    capture: Capture, view: View, text: str | None, window: Window, depth: int, cancelled: Cancel
) -> tuple[Source, str]:
    """Return the rows that pass the user's filter and the view's own, or none and the reason."""
    fields, index = capture.fields, capture.index
    user = capture.compile(text) if text else None
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
    if view.source in ("http", "dns"):
        return exchanges(fields, view.source, capture.rows_in(window), filters, cancelled), ""
    if view.source == "processes":
        tree = process_tree(capture, filter=join((text, own_text)), window=window, cancelled=cancelled)
        return Processes(fields, tree, np.arange(len(tree.processes), dtype=np.int64), ts), ""
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


def _roles(
    view: View, columns: tuple[Bound, ...], source: Source, fields: Fields
) -> tuple[tuple[int | None, str, Bools | None, float], ...]:
    """Return the colour rules: column and limit, or one mark per row of a list."""
    names = [column.spec.name for column in columns]
    found: list[tuple[int | None, str, Bools | None, float]] = []
    for rule in view.colors:
        if rule.filter is not None and view.kind not in ("table", "spectrogram"):
            marks = source.mask(compile_filter(rule.filter, fields), slice(0, source.count))
            found.append((None, rule.role, marks, 0.0))
        elif rule.column in names and rule.above is not None:
            found.append((names.index(rule.column), rule.role, None, rule.above))
    return tuple(found)


# --- lists ----------------------------------------------------------------------------------------


def _list(
    fields: Fields, view: View, columns: tuple[Bound, ...], rows: Source, containers: bool, cancelled: Cancel
) -> tuple[Store, Source]:
    old = not fields.index.modern
    needed = columns if not view.use_defaults else tuple(c for c in columns if c.required(old))
    if not view.of_events:
        needed = ()
    source = rows if view.kind in ("events", "echo") else rows.subset(_complete(rows, needed, cancelled))
    everything = np.arange(source.count, dtype=np.int64)
    drill = None
    if view.key is not None:
        drill = Late(source, fields.resolve(view.key.first(containers)), everything)
    store = Store(
        count=source.count,
        columns=tuple(_late(column, source, everything) for column in columns),
        fills=tuple(_fill(view, column) for column in columns),
        key=None,
        drill=drill,
        events=_events(source),
        strings=fields.index.strings,
    )
    return store, source


def _events(source: Source) -> I64 | None:
    """Return the event row behind each row, where there is one."""
    if isinstance(source, Exchanges):
        return source.events
    return source.events if isinstance(source, Rows) and len(source.lives) == 0 else None


def _fill(view: View, column: Bound) -> Value:
    """Return what stands for a missing value: nothing in lists of events and for ids, else 0 or \"\"."""
    if view.kind in ("events", "echo") or (column.ref is None and column.kind is not Kind.STR):
        return None
    if not view.of_events:
        return None  # a row is more than an event: what is missing there is not known
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
    tables: dict[str, Bools] = {}  # per dimension: which of its rows have all values
    for name, ref in list(refs.items()):
        decided = source.fields.dimension(ref) if isinstance(source, Rows) else None
        if decided is not None and ref.spec.group != "evt":
            valid = decided.cells.valid
            tables[decided.dim] = valid & tables[decided.dim] if decided.dim in tables else valid
            del refs[name]
    for block in blocks(source.count, cancelled):
        for dim, table in tables.items():
            assert isinstance(source, Rows)
            keep[block] &= gather(table, source.keys(dim, block))
        for ref in refs.values():
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
    key, group, needed = _keys(fields, view, columns, containers, depth)
    source = rows.subset(_complete(rows, needed, cancelled))
    first = _group_rows(source, key, cancelled)
    if group is None:
        stores = tuple(_aggregate(column, source, first, cancelled) for column in columns)
        return _store(fields, view, columns, len(first), stores, Late(source, key, first.first))
    upper_cells = source.read(group, first.first)
    second = aggregate.group(_codes(upper_cells), upper_cells.valid)
    stores = tuple(_merge(column, source, first, second, cancelled) for column in columns)
    return _store(fields, view, columns, len(second), stores, Late(source, group, first.first[second.first]))


def _keys(
    fields: Fields, view: View, columns: tuple[Bound, ...], containers: bool, depth: int
) -> tuple[FieldRef, FieldRef | None, tuple[Bound, ...]]:
    """Return what makes the rows of the first and the second level, and what must have a value."""
    assert view.key is not None
    key = fields.resolve(view.key.first(containers).replace(DEPTH, str(depth)))
    group = fields.resolve(view.key.group) if view.key.group else None
    needed = columns
    if not view.of_events:
        needed = ()
    elif view.use_defaults:
        needed = tuple(column for column in columns if column.required(not fields.index.modern))
    for ref in (key, group):
        if ref is not None and view.of_events:
            spec = ColumnSpec("", ref.text)
            bound = Bound(spec, ref, fields.kind(ref), ref.spec.type(fields.index.modern), None)
            if bound.required(True) or not view.use_defaults:
                needed = (*needed, bound)
    return key, group, needed


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
    """Return the rows of a source by the value of a field."""
    values = np.zeros(source.count, np.int64)
    valid = np.zeros(source.count, np.bool_)
    decided = source.fields.dimension(key) if isinstance(source, Rows) else None
    if decided is not None and key.spec.group != "evt":
        assert isinstance(source, Rows)
        _, table = np.unique(_codes(decided.cells), return_inverse=True)
        table = np.where(decided.cells.valid, table.reshape(-1), -1)
        for block in blocks(source.count, cancelled):
            rows = source.keys(decided.dim, block)
            known = rows >= 0
            values[block] = np.where(known, table[np.where(known, rows, 0)], -1) if len(table) else -1
        return aggregate.group(values, values >= 0)
    seen: dict[bytes, int] = {}  # texts get numbers as they come
    for block in blocks(source.count, cancelled):
        cells = source.read(key, block)
        if cells.kind in (Kind.TEXT, Kind.BYTES):
            values[block] = [seen.setdefault(bytes(text), len(seen)) for text in cells.values.tolist()]
        else:
            values[block] = _codes(cells)
        valid[block] = cells.valid
    return aggregate.group(values, valid)


def _pieces(column: Bound, source: Source, groups: Groups, cancelled: Cancel) -> Iterator[tuple[I64, Cells]]:
    """Yield group and value of the rows that can change the aggregates of a column."""
    assert column.ref is not None
    for block in blocks(source.count, cancelled):
        at: I64 | slice = block
        if isinstance(source, Rows):
            border = min(block.stop, len(source.events))
            if block.start < border:
                events = source.range_of(block.start, border)
                marks = telling(source.fields.context, column.ref, column.spec.aggregation, events)
                if marks is not None:
                    told = np.flatnonzero(marks) + block.start
                    at = np.concatenate((told, np.arange(border, block.stop)))
        cells = source.read(column.ref, at)
        if column.where is not None:
            cells = cells.where(source.mask(column.where, at))
        yield groups.codes[at], cells


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
    pieces = _pieces(column, source, groups, cancelled)
    return Fixed(_reduce(spec.aggregation, column.kind, pieces, len(groups)))


def _merge(column: Bound, source: Source, first: Groups, second: Groups, cancelled: Cancel) -> Fixed | Late:
    """Return a column of a two-level table: the rows of the first level put together by group."""
    spec = column.spec
    lower = _aggregate(column, source, first, cancelled)
    if column.ref is None or column.kind not in _NUMBERS or spec.group == "none":
        if spec.group == "max":
            at = aggregate.last_rows(second.codes, len(second))
        else:
            at = _first_known(lower, first, second)
        if isinstance(lower, Late):
            return replace(lower, rows=lower.rows[at])
        return Fixed(lower.values.take(at))
    cells = lower.cells(np.arange(len(first), dtype=np.int64))
    return Fixed(_reduce(spec.group, column.kind, ((second.codes, cells),), len(second)))


def _first_known(lower: Fixed | Late, first: Groups, second: Groups) -> I64:
    """Return the first row of each group that has a text, or its first row if none has."""
    cells = lower.cells(np.arange(len(first), dtype=np.int64))
    if cells.kind is not Kind.STR:
        return second.first
    known = np.flatnonzero(cells.valid & (cells.values != 0))[::-1]
    at = second.first.copy()
    at[second.codes[known]] = known
    return at


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
