"""How numbers are written."""

from __future__ import annotations

import time

import pytest

from scaptui.core.query.cells import Kind
from scaptui.core.views import units
from scaptui.core.views.table import Column


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0ns"),
        (835, "835ns"),
        (1_590, "1.59us"),
        (16_500, "16us"),
        (1_210_000, "1.21ms"),
        (22_000_000, "22ms"),
        (22_030_000_000, "22.03s"),
        (125_000_000_000, "2:05"),
        (3_725_000_000_000, "01:02:05"),
        (-1_590, "-1.59us"),
    ],
)
def test_durations(ns: int, text: str):
    assert units.duration(ns) == text


def test_durations_of_json():
    assert units.json_duration(1_590) == "    1.59us"
    assert units.json_duration(125_000_000_000) == "       2:5"


@pytest.mark.parametrize(
    ("value", "text"),
    [(976, "976"), (1954, "1.91K"), (3_670_016, "3.50M"), (1 << 40, "1024.00G"), (1.5, "1.50")],
)
def test_sizes(value: float, text: str):
    assert units.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0K"), (22_359, "22.4K"), (1_200_000, "1.2M"), (30.75, "30.8")],
)
def test_amounts(value: float, text: str):
    assert units.amount(value) == text


def column(**changes: object) -> Column:
    plain = Column("N", "evt.count", Kind.INT, "UINT32", "DEC", 8, "sum", "")
    return Column(**{**plain.__dict__, **changes})  # type: ignore[arg-type]


def test_cells():
    assert column().text(2048) == "2.00K"
    assert column().text(None) == ""
    assert column(fmt="ID").text(13969) == "13969"
    assert column(type="PORT").text(55441) == "55441"
    assert column(type="RELTIME").text(1_590) == "1.59us"
    assert column(kind=Kind.FLOAT).text(0.384) == "0.38"
    assert column(aggregation="time_avg").text(24060, 12.0) == "1.96K"
    assert column(aggregation="time_avg").text(24060) == "23.50K"
    assert column(kind=Kind.STR).text("\x1b[31mred") == "\\x1b[31mred"
    assert column(kind=Kind.BOOL).text(True) == "true"


def test_which_way_round_a_column_sorts_first():
    assert column().descending
    assert not column(type="PORT").descending
    assert not column(kind=Kind.STR).descending


def test_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert units.clock(1_700_000_000_000_000_001) == "22:13:20.000000001"
    assert units.clock(2**63 - 1) == "23:47:16.854775807"
    assert units.clock(10**30) == "1" + "0" * 30
