"""Spectrograms of the engine as the screen sees them: a grid of counts that fits the screen."""

from __future__ import annotations

import numpy as np

from ..core.capture import Capture
from ..core.views.spectrogram import Spectrogram, class_edges, spectrogram
from .model import Brush, Check
from .state import Query

_FINEST = 12  # classes of latency a decade


def spectrum(
    capture: Capture, view_id: str, query: Query, size: tuple[int, int], cancelled: Check
) -> SpectrumGrid:
    """Return the spectrogram of a selection in at most ``size`` (columns, lines)."""
    columns, lines = max(1, size[0]), max(1, size[1])

    def look(per_decade: int) -> Spectrogram:
        return spectrogram(
            capture,
            view_id,
            filter=query.filter or None,
            window=query.window,
            columns=columns,
            per_decade=per_decade,
            cancelled=cancelled,
        )

    found = look(_FINEST)
    used = found.used()
    if used == (0, 0):
        return SpectrumGrid(found, used, 1)
    fastest, slowest = int(found.edges[used[0]]), int(found.edges[used[1] - 1])
    fitting = max((p for p in range(1, _FINEST + 1) if _needed(p, fastest, slowest) <= lines), default=1)
    while fitting < _FINEST:
        found = look(fitting)
        used = found.used()
        if used[1] - used[0] <= lines or fitting == 1:
            break
        fitting -= 1  # the finest classes at either end lay beside an edge
    return SpectrumGrid(found, used, -(-(used[1] - used[0]) // lines))


def _needed(per_decade: int, fastest: int, slowest: int) -> int:
    """Return how many classes there are from the one of ``fastest`` to the one of ``slowest``."""
    first, last = np.searchsorted(class_edges(per_decade), (fastest, slowest), side="right").tolist()
    return last - first + 1


class SpectrumGrid:
    """Lines of counts, the slowest calls first. A line stands for ``each`` classes of latency."""

    def __init__(self, found: Spectrogram, used: tuple[int, int], each: int) -> None:
        """Take the spectrogram, the classes [first, last) that count something, the classes of a line."""
        self._found = found
        self._low = used[0]
        self.lines = -(-(used[1] - used[0]) // each)
        self._each = each
        self.columns = found.columns
        self.start_ts = found.start_ts
        self.end_ts = found.end_ts
        self.column_ns = found.column_ns
        self.note = found.note
        self.total = found.total
        self._rows = [self._sums(line) for line in range(self.lines)]
        self.peak = max((max(row) for row in self._rows), default=0)

    def _classes(self, line: int) -> tuple[int, int]:
        """Return the classes [from, to) of a line; line 0 has the slowest."""
        low = self._low + (self.lines - 1 - line) * self._each
        return low, min(low + self._each, self._found.classes)

    def _sums(self, line: int) -> list[int]:
        low, high = self._classes(line)
        return [int(count) for count in self._found.counts[:, low:high].sum(axis=1)]

    def counts(self, line: int) -> list[int]:
        """Return how many calls each column of a line counts."""
        return self._rows[line]

    def latency(self, line: int) -> tuple[int, int | None]:
        """Return the latencies [from, to) of a line in ns; None: no upper end."""
        low, high = self._classes(line)
        edges = self._found.edges
        return int(edges[low]), int(edges[high]) if high < self._found.classes else None

    def brush(self, columns: tuple[int, int], lines: tuple[int, int]) -> Brush:
        """Return the filter and the time of the part with columns and lines [from, to)."""
        low = self._classes(lines[1] - 1)[0]
        high = self._classes(lines[0])[1]
        part = self._found.brush(columns, (low, high))
        return Brush(part.window, part.filter)
