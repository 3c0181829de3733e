"""The time axis of trends: which bucket an event falls into, and when the ticks are.

A whole capture is cut as the reference does it when the number of buckets divides 400: 400 fine
buckets of duration / 399, each trend value standing for a few of them. Any other number of
buckets, and any window, is cut into exactly as many equal parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]

FINE = 400


@dataclass(frozen=True)
class Buckets:
    """``fine`` buckets of ``width`` ns from ``start`` on; ``ratio`` of them make one trend value."""

    start: int
    width: int
    fine: int
    ratio: int
    reference: bool  # the axis of the reference: the last, partial bucket has no tick

    @property
    def count(self) -> int:
        """How many values a trend has."""
        return self.fine // self.ratio

    @property
    def bucket_ns(self) -> int:
        """How much time one value stands for."""
        return self.width * self.ratio

    def of(self, ts: I64) -> I64:
        """Return the fine bucket of each time; times outside fall into the first or the last one."""
        return np.clip((ts - self.start) // self.width, 0, self.fine - 1)

    def ticks(self, ts: I64) -> I64:
        """Return the event row at which each fine bucket ends: the first one after it, or the end.

        ``ts`` are the times of all events, ascending.
        """
        ends = self.start + self.width * np.arange(1, self.fine + 1, dtype=np.int64)
        if self.reference:
            ends = ends[:-1]
        rows = np.searchsorted(ts, ends, side="right")
        return np.minimum(rows, max(len(ts) - 1, 0)).astype(np.int64)

    def values(self, fine: NDArray[Any], *, mean: bool = False) -> list[float | int]:
        """Return the trend of the values of the fine buckets: sums, or means for levels."""
        parts = fine[: self.count * self.ratio].reshape(self.count, self.ratio)
        if mean and self.ratio > 1:
            means = parts.sum(axis=1) / self.ratio
            return [int(value) if value == int(value) else float(value) for value in means.tolist()]
        return parts.sum(axis=1).tolist()


def cut(start: int, end: int, buckets: int, *, whole: bool) -> Buckets:
    """Cut the time from ``start`` to ``end`` (inclusive) into buckets; ``whole``: it is all of a capture."""
    buckets = max(1, buckets)
    duration = max(end - start, 0)
    if whole and FINE % buckets == 0 and duration >= FINE * (FINE - 1):
        return Buckets(start, duration // (FINE - 1), FINE, FINE // buckets, True)
    return Buckets(start, max(duration // buckets + 1, 1), buckets, 1, False)
