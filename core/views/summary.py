"""The Overview: one number and one trend for each tile.

Inputs: tile data, the events that pass the filter, the lives of threads. Outputs: a
:class:`Summary`. Totals and trends equal the reference's summary, except where a tile there
contradicts the view that it opens: here it shows what that view lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError
from ..query.cells import Cells
from ..query.filter import compile as compile_filter
from ..schema.catalogue import events
from .aggregate import group
from .buckets import Buckets, cut
from .catalogue import CATEGORIES, get_view, list_tiles
from .drill import join, literal
from .engine import count_rows
from .listening import listening
from .lives import trend_of_lives, trend_of_sockets
from .loader import slug
from .model import Category, Tile
from .source import Cancel, Window, shown_events, stop_if

if TYPE_CHECKING:
    from ..capture import Capture

I64 = NDArray[np.int64]

ALWAYS_SHOWN = ("general", "file", "network", "security", "performance")


@dataclass(frozen=True)
class Metric:
    """One tile: its total, its trend and what it opens."""

    id: str
    name: str
    category: str  # id
    description: str
    total: int | float
    unit: str
    timeline: list[int | float]
    target_view: str
    target_filter: str | None
    target_sort: str | None
    target_sum: tuple[str, ...]  # columns of the target view that add up to the total; none: its rows
    drill_key: str
    noteworthy: bool
    excludable: bool

    def to_json(self) -> dict[str, Any]:
        """Return the metric for JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "category": self.category,
            "total": self.total,
            "unit": self.unit,
            "timeline": self.timeline,
            "target_view": self.target_view,
            "target_filter": self.target_filter,
            "noteworthy": self.noteworthy,
        }


@dataclass(frozen=True)
class Summary:
    """The tiles of a capture or of a window of it; bucket i begins at ``start_ts + i * bucket_ns``."""

    metrics: list[Metric]
    categories: list[Category]
    start_ts: int
    end_ts: int
    bucket_ns: int

    def metric(self, metric_id: str) -> Metric | None:
        """Return a metric by its id, or None when its tile is left out."""
        return next((metric for metric in self.metrics if metric.id == metric_id), None)

    def to_json(self) -> dict[str, Any]:
        """Return the summary for JSON; times in ns since the epoch."""
        return {
            "start_ts": self.start_ts,
            "end_ts": self.end_ts,
            "duration_ns": self.end_ts - self.start_ts,
            "bucket_ns": self.bucket_ns,
            "categories": [{"id": category.id, "name": category.name} for category in self.categories],
            "metrics": [metric.to_json() for metric in self.metrics],
        }


def summary(
    capture: Capture,
    *,
    filter: str | None = None,  # noqa: A002  (the word that users know)
    window: Window = None,
    buckets: int = 100,
    cancelled: Cancel = None,
    everything: bool = False,
) -> Summary:
    """Return all tiles for the events that pass ``filter`` in the window [from, to) ns.

    Tiles that count nothing are left out where their file says so, unless ``everything`` is asked for.
    Raises FilterError, Cancelled.
    """
    work = _Work(capture, filter, window, buckets, cancelled)
    metrics: list[Metric] = []
    for tile in list_tiles():
        stop_if(cancelled)
        for variant, rows in work.variants(tile):
            total, trend = work.evaluate(variant, rows)
            if total or everything or not variant.excludable:
                metrics.append(_metric(variant, total, trend))
    found = {metric.category for metric in metrics}
    categories = [c for c in CATEGORIES if c.id in found or c.id in ALWAYS_SHOWN]
    return Summary(metrics, categories, work.start, work.end, work.buckets.bucket_ns)


def _metric(tile: Tile, total: int | float, trend: list[int | float]) -> Metric:
    return Metric(
        id=tile.id,
        name=tile.name,
        category=tile.category,
        description=tile.description,
        total=total,
        unit=tile.unit,
        timeline=trend,
        target_view=tile.target_view,
        target_filter=tile.target_filter,
        target_sort=tile.target_sort,
        target_sum=tile.target_sum,
        drill_key=tile.drill_key,
        noteworthy=tile.noteworthy,
        excludable=tile.excludable,
    )


def _merged(parts: list[I64]) -> I64:
    """Return the numbers of several ascending arrays in order."""
    return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts), kind="stable")


class _Work:
    """What the tiles of one summary share: rows, buckets, filters decided once."""

    def __init__(
        self, capture: Capture, text: str | None, window: Window, buckets: int, cancelled: Cancel
    ) -> None:
        self.capture = capture
        self.fields = capture.fields
        self.index = capture.index
        self.text = text
        self.window = window
        self.cancelled = cancelled
        self.user = capture.compile(text) if text else None
        self.rows = shown_events(self.index, capture.select(self.user, window))
        self.start = capture.start_ts if window is None else window[0]
        self.end = capture.end_ts if window is None else max(window[1] - 1, window[0])
        self.buckets: Buckets = cut(self.start, self.end, buckets, whole=window is None)
        self._bases: dict[str, I64] = {}

    # --- rows -------------------------------------------------------------------------------------

    @cached_property
    def by_type(self) -> tuple[I64, I64]:
        """All rows, those of one event code together, and where each code begins."""
        types = self.index.events.type[self.rows]
        order = np.argsort(types, kind="stable")
        return self.rows[order], np.searchsorted(types[order], np.arange(len(events(self.index.modern)) + 1))

    def passing(self, text: str) -> I64:
        """Return the rows that pass a filter, ascending: only events of fitting types are looked at."""
        chosen = compile_filter(text, self.fields)
        may, must = chosen.by_type()
        rows, starts = self.by_type
        sure = [rows[starts[code] : starts[code + 1]] for code in np.flatnonzero(must).tolist()]
        open_ = [rows[starts[code] : starts[code + 1]] for code in np.flatnonzero(may & ~must).tolist()]
        left = _merged(open_) if open_ else rows[:0]
        return _merged([*sure, left[chosen.mask(left)]])

    def base(self, text: str) -> I64:
        """Return the rows that pass a filter that tiles share."""
        if text not in self._bases:
            self._bases[text] = self.passing(text)
        return self._bases[text]

    def matching(self, tile: Tile) -> I64:
        """Return the rows that a tile counts; none when a capture does not tell its fields."""
        try:
            if tile.base is None:
                return self.rows if tile.filter is None else self.passing(tile.filter)
            rows = self.base(tile.base)
            return rows if tile.filter is None else rows[compile_filter(tile.filter, self.fields).mask(rows)]
        except FilterError:
            return self.rows[:0]

    def variants(self, tile: Tile) -> list[tuple[Tile, I64]]:
        """Return the tile with its rows; a split tile once for each value of its field."""
        if tile.value == "rows":
            return [(tile, self.rows)]
        rows = self.matching(tile)
        if tile.split is None:
            return [(tile, rows)]
        cells = self.fields.read(tile.split, rows)
        found: dict[str, list[int]] = {}
        for row, text in zip(rows.tolist(), cells.texts(self.index.strings), strict=True):
            if text is not None:
                found.setdefault(text, []).append(row)
        return [(_named(tile, value), np.array(chosen, np.int64)) for value, chosen in sorted(found.items())]

    # --- values -----------------------------------------------------------------------------------

    def evaluate(self, tile: Tile, rows: I64) -> tuple[int | float, list[int | float]]:
        """Return a tile's total and trend."""
        if tile.value == "rows":
            return self.count_rows(tile), self.trend(tile)
        if tile.value == "count":
            return len(rows), self.buckets.values(self.per_bucket(rows))
        cells = self.fields.read(tile.field or "", rows)
        if tile.value == "distinct":
            return self.distinct(rows, cells)
        numbers = np.where(cells.valid, cells.values, 0).astype(np.int64)
        fine = np.zeros(self.buckets.fine, np.int64)
        np.add.at(fine, self.bucket_of(rows), numbers)
        return int(numbers.sum()), self.buckets.values(fine)

    def bucket_of(self, rows: I64) -> I64:
        """Return the fine bucket of each event row."""
        return self.buckets.of(self.index.events.ts[rows])

    def per_bucket(self, rows: I64) -> I64:
        """Return how many of the event rows fall into each fine bucket."""
        counts = np.bincount(self.bucket_of(rows), minlength=self.buckets.fine)
        return counts.astype(np.int64, copy=False)

    def distinct(self, rows: I64, cells: Cells) -> tuple[int, list[int | float]]:
        """Return how many values there are, and in each bucket (added up over its fine buckets)."""
        rows, values = rows[cells.valid], cells.values[cells.valid].astype(np.int64)
        groups = group(values, np.ones(len(values), np.bool_))
        pairs = np.unique(self.bucket_of(rows) * max(len(groups), 1) + groups.codes)
        fine = np.bincount(pairs // max(len(groups), 1), minlength=self.buckets.fine)
        return len(groups), self.buckets.values(fine)

    def alive(self, tile: Tile) -> I64:
        """Return how many entities exist at the tick of each fine bucket."""
        conditions = [compile_filter(tile.filter, self.fields)] if tile.filter else []
        return trend_of_lives(
            self.capture, tile.field or "proc.pid", conditions, self.user, self.rows, self.buckets
        )

    def count_rows(self, tile: Tile) -> int:
        """Return how many rows the target view has."""
        both = join(part for part in (self.text, tile.target_filter) if part)
        return count_rows(
            self.capture,
            get_view(tile.target_view),
            filter=both,
            window=self.window,
            containers=self.capture.has_containers,
            cancelled=self.cancelled,
        )

    def trend(self, tile: Tile) -> list[int | float]:
        """Return the trend of a tile whose total is the rows of a view."""
        if tile.trend == "alive":
            return self.buckets.values(self.alive(tile), mean=True)
        if tile.trend == "distinct":
            rows = self.matching(tile)
            return self.distinct(rows, self.fields.read(tile.field or "", rows))[1]
        sockets = listening(self.fields, [] if self.user is None else [self.user], len(self.index.events.ts))
        fine = trend_of_sockets(self.index, sockets, self.buckets)
        return self.buckets.values(fine, mean=True)


def _named(tile: Tile, value: str) -> Tile:
    """Return the variant of a split tile for one value."""
    from dataclasses import replace

    target = tile.target_filter
    return replace(
        tile,
        id=f"{tile.id}-{slug(value)}",
        name=tile.name.replace("{value}", value),
        target_filter=target.replace("{value}", literal(value)) if target else None,
    )
