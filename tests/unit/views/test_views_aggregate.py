"""Grouping and summing against the obvious loops."""

from __future__ import annotations

import numpy as np
import pytest

from scaptui.core.views import aggregate


def slow_groups(values: list[int], valid: list[bool]) -> tuple[list[int], list[int]]:
    names: list[int | None] = []
    codes: list[int] = []
    first: list[int] = []
    for at, (value, ok) in enumerate(zip(values, valid, strict=True)):
        name = value if ok else None
        if name not in names:
            names.append(name)
            first.append(at)
        codes.append(names.index(name))
    return codes, first


@pytest.mark.parametrize("scale", [1, 10**15])
@pytest.mark.parametrize("holes", [0.0, 0.3, 1.0])
def test_groups_are_numbered_by_first_row(scale: int, holes: float):
    rng = np.random.default_rng(7)
    values = (rng.integers(-20, 20, 500) * scale).astype(np.int64)
    valid = rng.random(500) >= holes
    found = aggregate.group(values, valid)
    codes, first = slow_groups(values.tolist(), valid.tolist())
    assert found.codes.tolist() == codes
    assert found.first.tolist() == first
    assert found.valid.tolist() == [valid[at] for at in first]
    assert [v for v, ok in zip(found.values.tolist(), found.valid.tolist(), strict=True) if ok] == [
        values[at] for at in first if valid[at]
    ]


def test_extreme_values_do_not_overflow():
    values = np.array([np.iinfo(np.int64).min, np.iinfo(np.int64).max, 0, np.iinfo(np.int64).min])
    found = aggregate.group(values, np.ones(4, np.bool_))
    assert found.codes.tolist() == [0, 1, 2, 0]


def test_no_rows():
    found = aggregate.group(np.zeros(0, np.int64), np.zeros(0, np.bool_))
    assert len(found) == 0


def test_sums_counts_and_extremes():
    codes = np.array([0, 1, 0, 1, 2])
    values = np.array([2**62, 5, 2**62, -7, 9])
    valid = np.array([True, True, True, True, False])
    totals = np.zeros(3, np.int64)
    aggregate.add(totals, codes, values, valid)
    assert totals.tolist() == [-(2**63), -2, 0]  # wraps as 64-bit numbers do
    counts = np.zeros(3, np.int64)
    aggregate.count(counts, codes, valid)
    assert counts.tolist() == [2, 2, 0]
    best = np.full(3, np.iinfo(np.int64).min)
    aggregate.largest(best, codes, values, valid)
    assert best[:2].tolist() == [2**62, 5]
    least = np.full(3, np.iinfo(np.int64).max)
    aggregate.smallest(least, codes, values, valid)
    assert least[:2].tolist() == [2**62, -7]


def test_sums_are_exact_beyond_what_floats_hold():
    totals = np.zeros(1, np.int64)
    aggregate.add(totals, np.zeros(3, np.int64), np.array([2**53, 1, 1]), np.ones(3, np.bool_))
    assert totals[0] == 2**53 + 2


def test_last_rows():
    assert aggregate.last_rows(np.array([0, 1, 0, 2, 1]), 3).tolist() == [2, 4, 3]


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.float64])
def test_sorting_is_stable_either_way(dtype: type):
    values = np.array([3, 1, 3, 2, 1], dtype)
    assert aggregate.order_by(values, False).tolist() == [1, 4, 3, 0, 2]
    assert aggregate.order_by(values, True).tolist() == [0, 2, 3, 1, 4]
