"""Damage: everything before it is kept, the place is named, and nothing crashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from builder import CaptureBuilder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaptui.core.capture import Capture
from scaptui.core.errors import CaptureError, ScaptuiError
from scaptui.core.format import writer


def story() -> CaptureBuilder:
    builder = CaptureBuilder().proc(1, "init").proc(10, "bash", ptid=1)
    builder.openat(10, 3, "/etc/passwd").read(10, 3, b"root:x:0").close(10, 3)
    return builder.clone(10, 20, "bash").execve(20, "/bin/ls").accept(20, 4, ("10.0.0.1", 1), ("10.0.0.2", 2))


WHOLE = story().bytes()
COUNT = len(story()._events)


def open_bytes(data: bytes, folder: Path) -> Capture:
    path = folder / "damaged.scap"
    path.write_bytes(data)
    return Capture.open(path)


def test_a_cut_capture_keeps_what_came_before(tmp_path: Path) -> None:
    capture = open_bytes(WHOLE[:-5], tmp_path)
    assert capture.count == COUNT - 1
    (damage,) = capture.index.damage
    assert damage.code == "truncated"
    last = writer_offset()
    assert damage.offset == last
    assert damage.skipped == len(WHOLE) - 5 - last


def writer_offset() -> int:
    return len(WHOLE) - len(story()._events[-1])


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_any_cut_gives_a_prefix_or_a_sentence(cut: int, tmp_path: Path) -> None:
    try:
        capture = open_bytes(WHOLE[:-cut], tmp_path)
    except CaptureError as error:
        assert str(error).endswith(".")
        return
    assert 0 < capture.count <= COUNT


def test_unknown_codes_and_blocks_are_counted_and_skipped(tmp_path: Path) -> None:
    builder = CaptureBuilder().proc(10, "app").openat(10, 3, "/a")
    data = builder.bytes() + writer.event(4000, 1, 10, []) + writer.block(0x7777, b"abcd")
    data += CaptureBuilder().openat(10, 4, "/b")._events[0]
    index = open_bytes(data, tmp_path).index
    assert len(index.events.ts) == 2
    assert index.unknown_events == {4000: 1}
    assert index.unknown_blocks == {0x7777: 1}


def test_an_impossible_length_is_passed_over(tmp_path: Path) -> None:
    good = CaptureBuilder().proc(10, "app").openat(10, 3, "/a")
    broken = bytearray(good._events[0])
    broken[4:8] = (20).to_bytes(4, "little")
    data = good.bytes() + bytes(broken) + good._events[0]
    index = open_bytes(data, tmp_path).index
    assert len(index.events.ts) == 2
    assert index.damage[0].offset == len(good.bytes())


def test_no_events_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no events"):
        open_bytes(CaptureBuilder().proc(1, "init").bytes(), tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_flipped_bytes_never_crash(data: st.DataObject, tmp_path: Path) -> None:
    raw = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(16, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        with open_bytes(bytes(raw), tmp_path) as capture:
            capture.fields.read("proc.cmdline", capture.rows_in(None))
            capture.fields.read("evt.args", capture.rows_in(None))
    except ScaptuiError as error:
        assert str(error)
