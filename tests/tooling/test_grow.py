"""The long captures of the benchmark are sound: the same state, later in time."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from grow import GAP_NS, NO_TIME, grow, take_apart, time_of

from scaptui.core.capture import Capture


def test_grown_capture(demo: Path, tmp_path: Path) -> None:
    target = tmp_path / "grown.scap"
    assert grow(demo, target, 50_000) == 50_000
    source, grown = take_apart(gzip.decompress(demo.read_bytes())), take_apart(target.read_bytes())
    assert grown.preamble == source.preamble
    assert grown.events[: len(source.events)] == source.events
    assert len(grown.events) == 50_000
    times = [time for time in map(time_of, source.events) if time not in NO_TIME]
    later = [time_of(block) for block in grown.events[len(source.events) :]]
    assert later[: len(times)] == [time + max(times) - min(times) + GAP_NS for time in times]
    with Capture.open(target) as capture:
        assert capture.count == 50_000
        assert not capture.index.damage


def test_capture_without_events(tmp_path: Path) -> None:
    (tmp_path / "none.scap").write_bytes(b"")
    with pytest.raises(ValueError, match="holds no events"):
        grow(tmp_path / "none.scap", tmp_path / "out.scap", 10)
