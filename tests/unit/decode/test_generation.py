"""Which kind a capture is of: with enter and exit events, or with exits that carry everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture


def modern(builder: CaptureBuilder, folder: Path) -> bool:
    """Return whether a capture is taken for one of the new kind."""
    with Capture.open(builder.save(folder / "made.scap")) as capture:
        return capture.modern


def story(*, version: int = 2) -> CaptureBuilder:
    """Begin a capture of the writers between: their blocks are new, and exits have more parameters."""
    return CaptureBuilder(True, event_version=version).proc(1, "mv", ptid=0).fd(1, 3, "/etc/hosts")


def test_exits_alone_that_carry_more_are_new(tmp_path: Path) -> None:
    b = story()
    for _ in range(3):
        b.event("SYSCALL_READ_X", 1, [1, b"x", 3, 1])
    assert modern(b, tmp_path)


@pytest.mark.parametrize("before", [1, 5, 40])
def test_an_enter_event_behind_such_exits_makes_it_old(tmp_path: Path, before: int) -> None:
    b = story()
    for _ in range(before):
        b.event("SYSCALL_READ_X", 1, [1, b"x", 3, 1])
    b.event("SYSCALL_BRK_4_E", 1, [0])
    assert not modern(b, tmp_path)


def test_an_enter_event_that_comes_first_makes_it_old(tmp_path: Path) -> None:
    b = story().event("SYSCALL_READ_E", 1, [3, 1])
    b.event("SYSCALL_READ_X", 1, [1, b"x", 3, 1])
    assert not modern(b, tmp_path)


def test_blocks_of_the_first_version_are_old(tmp_path: Path) -> None:
    b = story(version=1)
    b.event("SYSCALL_READ_X", 1, [1, b"x"])
    assert not modern(b, tmp_path)


def test_samples_of_processor_times_are_old_unless_an_exit_carries_more(tmp_path: Path) -> None:
    b = story().event("PROCINFO_E", 1, [1, 2])
    assert not modern(b, tmp_path)
    b.event("SYSCALL_READ_X", 1, [1, b"x", 3, 1])
    assert modern(b, tmp_path)


def test_users_that_0_29_3_does_not_know_are_not_counted_in_a_capture_between(tmp_path: Path) -> None:
    b = story().event("USER_ADDED_E", 1, [7, 7, "u", "/", "/bin/sh", ""])
    b.event("SYSCALL_READ_X", 1, [1, b"x", 3, 1]).event("SYSCALL_READ_E", 1, [3, 1])
    with Capture.open(b.save(tmp_path / "made.scap")) as capture:
        rows = capture.select("evt.type=read")
        numbers = capture.fields.read("evt.num", rows).objects(capture.index.strings)
    assert numbers == [1, 2]
