"""Grouping and summing of whole columns: plain functions over arrays, no field or view in sight.

Rows belong to groups by ``codes`` (int64, 0 .. groups-1). All sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_DENSE = 1 << 22  # values in a range of this size are grouped by look-up instead of sorting


@dataclass(frozen=True)
class Groups:
    """Which group each row belongs to; groups are numbered in the order of their first row."""

    codes: I64  # one per row
    first: I64  # first row of each group
    values: NDArray[Any]  # the value that makes each group
    valid: Bools  # False: the group of the rows without a value

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.first)


def group(values: I64, valid: Bools) -> Groups:
    """Group rows by value; all rows without a value make one group."""
    count = len(values)
    if count == 0:
        return Groups(np.zeros(0, np.int64), np.zeros(0, np.int64), values[:0], valid[:0])
    codes, groups = _dense(values, valid) if _is_dense(values, count) else _sorted(values, valid)
    first = np.empty(groups, np.int64)
    first[codes[::-1]] = np.arange(count - 1, -1, -1, dtype=np.int64)
    order = np.argsort(first, kind="stable")
    rank = np.empty(groups, np.int64)
    rank[order] = np.arange(groups, dtype=np.int64)
    first = first[order]
    return Groups(rank[codes], first, values[first], valid[first])


def _is_dense(values: I64, count: int) -> bool:
    low, high = int(values.min()), int(values.max())
    return high - low < min(_DENSE, 16 * count + 1024)


def _dense(values: I64, valid: Bools) -> tuple[I64, int]:
    low = int(values.min())
    shifted = np.where(valid, values - low + 1, 0)
    used = np.bincount(shifted) > 0
    ranks = np.cumsum(used) - 1
    return ranks[shifted].astype(np.int64, copy=False), int(ranks[-1]) + 1


def _sorted(values: I64, valid: Bools) -> tuple[I64, int]:
    distinct, codes = np.unique(values, return_inverse=True)
    codes = codes.reshape(-1).astype(np.int64, copy=False)
    if valid.all():
        return codes, len(distinct)
    codes = np.where(valid, codes, len(distinct))
    present, codes = np.unique(codes, return_inverse=True)
    return codes.reshape(-1).astype(np.int64, copy=False), len(present)


def last_rows(codes: I64, groups: int) -> I64:
    """Return the last row of each group."""
    last = np.zeros(groups, np.int64)
    last[codes] = np.arange(len(codes), dtype=np.int64)
    return last


def add(totals: NDArray[Any], codes: I64, values: NDArray[Any], valid: Bools) -> None:
    """Add the values of each group to ``totals``: exact for int64, which wraps as in the reference."""
    np.add.at(totals, codes, np.where(valid, values, 0).astype(totals.dtype, copy=False))


def count(totals: I64, codes: I64, valid: Bools) -> None:
    """Add to ``totals`` how many rows of each group have a value."""
    picked = codes if valid.all() else codes[valid]
    totals += np.bincount(picked, minlength=len(totals))


def largest(best: NDArray[Any], codes: I64, values: NDArray[Any], valid: Bools) -> None:
    """Raise ``best`` to the largest value of each group; start it at the least value of its type."""
    np.maximum.at(best, codes[valid], values[valid].astype(best.dtype, copy=False))


def smallest(best: NDArray[Any], codes: I64, values: NDArray[Any], valid: Bools) -> None:
    """Lower ``best`` to the smallest value of each group; start it at the greatest value of its type."""
    np.minimum.at(best, codes[valid], values[valid].astype(best.dtype, copy=False))


def order_by(values: NDArray[Any], descending: bool) -> I64:
    """Return the stable order of rows by value; equal rows stay in their order either way."""
    if not descending:
        return np.argsort(values, kind="stable").astype(np.int64, copy=False)
    if values.dtype.kind in "iu":
        return np.argsort(~values, kind="stable").astype(np.int64, copy=False)
    if values.dtype.kind == "f":
        return np.argsort(-values, kind="stable").astype(np.int64, copy=False)
    turned = np.argsort(values[::-1], kind="stable")[::-1]
    return (len(values) - 1 - turned).astype(np.int64, copy=False)
