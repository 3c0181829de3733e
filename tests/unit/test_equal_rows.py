"""Rows that are equal."""

from __future__ import annotations

import numpy as np
import pytest

from scaptui.core import equal_rows
from scaptui.core.equal_rows import distinct_rows


def _check(rows: np.ndarray) -> None:
    first, place = distinct_rows(rows)
    assert first.tolist() == sorted(first.tolist())
    assert (rows[first[place]] == rows).all()
    assert len({tuple(row) for row in rows.tolist()}) == len(first)
    assert all(place[row] == at for at, row in enumerate(first.tolist()))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("count", [0, 1, 5, 4000])
def test_first_of_each_kind(dtype: type, count: int) -> None:
    _check(np.random.default_rng(count).integers(0, 4, (count, 5)).astype(dtype))


def test_rows_with_the_same_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_rows.os, "urandom", bytes)  # all factors are 1
    _check(np.array([[1, 2], [2, 1], [0, 3], [2, 1], [1, 2]]))
