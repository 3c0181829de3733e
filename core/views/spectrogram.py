"""Spectrograms: how long calls took, over time: counts of events by moment and class of latency.

Inputs: a view of the kind ``spectrogram`` (its filter, and the field that it measures), the events that
pass the filter. Outputs: :class:`Spectrogram`, a grid of counts, and for a part of it the
:class:`Brush` that finds its events.

Classes are equal steps of the logarithm, as in csysdig, from 1 ns on; events without a latency (their
begin is not in the capture) are in none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError, UsageError
from ..query.filter import compile as compile_filter
from .catalogue import get_view
from .drill import join, view_filter
from .model import View
from .source import Cancel, Window, blocks, shown_events, stop_if

if TYPE_CHECKING:
    from ..capture import Capture

I64 = NDArray[np.int64]

DECADES = 11  # from 1 ns to 100 s; what takes longer is in the last class
QUANTIZED = ".quantized"


@dataclass(frozen=True)
class Brush:
    """A part of a spectrogram: its events are those of ``window`` that pass ``filter``.

    ``window`` is [from, to) in ns; ``text`` is both as one filter.
    """

    window: tuple[int, int]
    filter: str
    text: str


@dataclass(frozen=True)
class Spectrogram:
    """Counts of events. Column i begins at ``start_ts + i * column_ns``, class k at ``edges[k]`` ns.

    ``counts`` has the shape (columns, classes); ``edges`` one entry more than there are classes: the
    last class has no upper end. ``note`` says why there is nothing to count.
    """

    view: View
    field: str  # what was measured: evt.latency, span.duration
    start_ts: int
    end_ts: int  # of the last event or of the window, inclusive
    column_ns: int
    edges: I64
    counts: I64
    note: str = ""

    @property
    def columns(self) -> int:
        """How many moments there are."""
        return self.counts.shape[0]

    @property
    def classes(self) -> int:
        """How many classes of latency there are."""
        return self.counts.shape[1]

    @property
    def total(self) -> int:
        """How many events were counted."""
        return int(self.counts.sum())

    def used(self) -> tuple[int, int]:
        """Return the first class that counts something and the one after the last; (0, 0) for none."""
        found = np.flatnonzero(self.counts.sum(axis=0))
        return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)

    def brush(self, columns: tuple[int, int], classes: tuple[int, int]) -> Brush:
        """Return the part with the columns [from, to) and the classes [from, to), cut to what there is.

        Raises UsageError when nothing is left.
        """
        first, last = _cut(columns, self.columns)
        low, high = _cut(classes, self.classes)
        end = self.start_ts + last * self.column_ns
        if last == self.columns:
            end = self.end_ts + 1
        window = (self.start_ts + first * self.column_ns, end)
        checks = [f"{self.field}>={self.edges[low]}"]
        if high < self.classes:
            checks.append(f"{self.field}<{self.edges[high]}")
        chosen = join((view_filter(self.view), " and ".join(checks))) or ""
        when = f"evt.rawtime>={window[0]} and evt.rawtime<{window[1]}"
        return Brush(window, chosen, f"{when} and {chosen}")

    def to_json(self) -> dict[str, Any]:
        """Return the spectrogram for JSON; times in ns."""
        return {
            "field": self.field,
            "start_ts": self.start_ts,
            "end_ts": self.end_ts,
            "column_ns": self.column_ns,
            "edges": self.edges.tolist(),
            "counts": self.counts.tolist(),
        }


def _cut(part: tuple[int, int], count: int) -> tuple[int, int]:
    first, last = max(part[0], 0), min(part[1], count)
    if first >= last:
        raise UsageError("Nothing of the spectrogram is selected.")
    return first, last


def class_edges(per_decade: int) -> I64:
    """Return where the classes begin, ns, and where the last one would end; each edge once."""
    steps = [round(10 ** (k / per_decade)) for k in range(DECADES * per_decade + 1)]
    return np.unique(np.array(steps, np.int64))


def spectrogram(
    capture: Capture,
    view_id: str | View = "spectro_all",
    *,
    filter: str | None = None,  # noqa: A002  (the word that users know)
    window: Window = None,
    columns: int = 100,
    per_decade: int = 8,
    cancelled: Cancel = None,
) -> Spectrogram:
    """Return the spectrogram of the events that pass ``filter`` in the window [from, to) ns.

    The time is cut into ``columns`` equal parts, each decade of latency into ``per_decade`` classes
    (fewer below 10 ns, where a class has at least 1 ns). Raises FilterError, UsageError for a view of
    another kind, Cancelled.
    """
    view = get_view(view_id) if isinstance(view_id, str) else view_id
    if view.kind != "spectrogram" or view.key is None:
        raise UsageError(f"The view {view.id} is no spectrogram.")
    field = view.key.field.removesuffix(QUANTIZED)
    start = capture.start_ts if window is None else window[0]
    end = capture.end_ts if window is None else max(window[1] - 1, window[0])
    columns = max(columns, 1)
    width = max((end - start) // columns + 1, 1)
    edges = class_edges(max(per_decade, 1))
    counts = np.zeros((columns, len(edges) - 1), np.int64)
    blank = Spectrogram(view, field, start, end, width, edges, counts)
    fields = capture.fields
    user = compile_filter(filter, fields) if filter else None
    try:
        own_text = view_filter(view)
        own = compile_filter(own_text, fields) if own_text else None
        ref = fields.resolve(field)
    except FilterError as error:
        return _with_note(blank, f"A capture does not tell this: {error.reason}.")
    if capture.modern and field.startswith("evt.latency"):
        return _with_note(blank, "The events of this capture do not tell when their calls began.")
    stop_if(cancelled)
    rows = shown_events(capture.index, capture.select(user, window))
    if own is not None:
        rows = rows[own.mask(rows)]
    flat = counts.reshape(-1)
    ts = capture.index.events.ts
    for block in blocks(len(rows), cancelled):
        part = rows[block]
        cells = fields.read(ref, part)
        known = cells.valid & (cells.values > 0)
        column = np.clip((ts[part[known]] - start) // width, 0, columns - 1)
        latency = np.searchsorted(edges[:-1], cells.values[known], side="right") - 1
        flat += np.bincount(column * counts.shape[1] + latency, minlength=len(flat))
    return blank


def _with_note(blank: Spectrogram, note: str) -> Spectrogram:
    return Spectrogram(
        blank.view,
        blank.field,
        blank.start_ts,
        blank.end_ts,
        blank.column_ns,
        blank.edges,
        blank.counts,
        note,
    )
