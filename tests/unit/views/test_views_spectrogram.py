"""Spectrograms: which call is counted where, and the filter of a part of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder
from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.capture import Capture
from scaptui.core.errors import UsageError
from scaptui.core.views.spectrogram import DECADES, Spectrogram, class_edges, spectrogram


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Capture]:
    """Ten reads of a file, each ten times as slow as the one before, from 10 ns on; a write of 50 ns."""
    b = (
        CaptureBuilder(False)
        .proc(10, "slow")
        .fd(10, 3, "/data")
        .socket_fd(10, 4, ("1.2.3.4", 1), ("1.2.3.5", 2))
    )
    for power in range(1, 11):
        b.event("SYSCALL_READ_E", 10, [3, 1]).wait(10**power - 1000).event("SYSCALL_READ_X", 10, [1, b"x"])
    b.event("SYSCALL_WRITE_E", 10, [4, 1]).wait(50 - 1000).event("SYSCALL_WRITE_X", 10, [1, b"x"])
    with Capture.open(b.save(tmp_path / "slow.scap")) as capture:
        yield capture


def test_every_decade_is_a_class(slow: Capture) -> None:
    found = spectrogram(slow, columns=1, per_decade=1)
    assert found.edges.tolist() == [10**k for k in range(DECADES + 1)]
    assert found.counts.tolist() == [[0, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1]]
    assert found.used() == (1, 11)
    assert spectrogram(slow, "spectro_file", columns=1, per_decade=1).counts[0, 1] == 1


def test_columns_are_moments(slow: Capture) -> None:
    found = spectrogram(slow, columns=10, per_decade=1)
    assert found.counts.sum() == 11
    assert found.counts[0].sum() == 8  # all but the two slowest end in the first tenth
    assert found.start_ts + found.columns * found.column_ns > found.end_ts


def test_the_brush_finds_what_was_counted(slow: Capture) -> None:
    found = spectrogram(slow, columns=7, per_decade=3)
    low, high = found.used()
    brush = found.brush((0, found.columns), (low, high))
    assert len(slow.select(brush.text)) == len(slow.select(brush.filter, brush.window)) == found.total == 11
    for column in range(found.columns):
        for level in range(found.classes):
            brush = found.brush((column, column + 1), (level, level + 1))
            assert len(slow.select(brush.text)) == found.counts[column, level]
            assert len(slow.select(brush.filter, brush.window)) == found.counts[column, level]


def test_a_brush_outside_is_refused(slow: Capture) -> None:
    found = spectrogram(slow, columns=7)
    with pytest.raises(UsageError, match="Nothing"):
        found.brush((9, 12), (0, 1))


def test_a_window_is_cut_into_as_many_columns(slow: Capture) -> None:
    window = (slow.start_ts, slow.start_ts + 100_000)
    found = spectrogram(slow, window=window, columns=5, per_decade=1)
    assert (found.columns, found.column_ns) == (5, 20_000)
    assert found.total == 4
    assert found.brush((4, 5), (0, 11)).window[1] == window[1]


def test_what_there_is_no_spectrogram_of(slow: Capture, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no spectrogram"):
        spectrogram(slow, "procs")
    with Capture.open(CaptureBuilder().proc(10, "a").read(10, 3, b"x").save(tmp_path / "new.scap")) as new:
        found = spectrogram(new)
        assert found.total == 0
        assert "do not tell when" in found.note


@given(st.integers(1, 40))
def test_classes_do_not_overlap(per_decade: int) -> None:
    edges = class_edges(per_decade)
    assert (np.diff(edges) > 0).all()
    assert edges[0] == 1
    assert edges[-1] == 10**DECADES


@pytest.mark.parametrize("name", ["haproxy-502.scap", "curl-google.scap"])
def test_all_calls_with_a_latency_are_counted(name: str, capture_file: Callable[[str], Path]) -> None:
    with Capture.open(capture_file(name)) as capture:
        found: Spectrogram = spectrogram(capture, filter="proc.name!=haproxy", columns=33)
        rows = capture.select("evt.dir=< and evt.latency>0 and proc.name!=haproxy")
        assert found.total == len(rows) > 0
        assert spectrogram(capture, "spectro_file").total == len(
            capture.select("evt.dir=< and fd.type=file and evt.latency>0")
        )
