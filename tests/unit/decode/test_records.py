"""Events that no thread made: records of containers and users, and switches of threads nobody knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN

WEB = '{"container":{"id":"0123456789ab","name":"web","type":0}}'
USER = [1000, 1000, "ada", "/home/ada", "/bin/sh", ""]


def shown(builder: CaptureBuilder, folder: Path) -> list[list[str | None]]:
    """Number, type and thread of every event that is shown."""
    capture = Capture.open(builder.save(folder / "made.scap"))
    rows = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
    columns = [
        capture.fields.read(name, rows).texts(capture.index.strings)
        for name in ("evt.num", "evt.type", "thread.tid")
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def test_records_are_hidden_as_long_as_nothing_else_happened(tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(10, "sh")
    builder.container(WEB).container(WEB).event("SYSCALL_GETCWD_E", 10).container(WEB)
    assert shown(builder, tmp_path) == [["3", "getcwd", "10"], ["4", "container", "-1"]]


def test_a_container_seems_to_write_its_own_record(tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(10, "sh").event("SYSCALL_GETCWD_E", 10).container(WEB)
    capture = Capture.open(builder.container(WEB).save(tmp_path / "made.scap"))
    rows = np.array([0, 1, 2])
    expected = {
        "proc.name": ["sh", "container:0123456789ab", "container:0123456789ab"],
        "thread.tid": ["10", "-1", "-1"],
        "thread.vtid": ["10", "-2", "-2"],
        "container.name": ["host", "web", "web"],
        "proc.nthreads": ["1", "1", "1"],
        "evt.latency": ["0", "0", "0"],
    }
    for field, values in expected.items():
        assert capture.fields.read(field, rows).texts(capture.index.strings) == values, field


def test_a_container_that_could_not_be_looked_up_is_not_shown(tmp_path: Path) -> None:
    failed = WEB.replace('"type":0', '"lookup_state":2')
    builder = CaptureBuilder(False).proc(10, "sh").event("SYSCALL_GETCWD_E", 10).container(failed)
    assert shown(builder, tmp_path) == [["1", "getcwd", "10"]]


def test_the_reader_of_old_captures_does_not_count_user_records(tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(10, "sh")
    builder.event("USER_ADDED_E", -1, USER).event("SYSCALL_GETCWD_E", 10)
    builder.event("USER_ADDED_E", -1, USER).event("SYSCALL_CLOSE_E", 10, [3])
    assert shown(builder, tmp_path) == [["1", "getcwd", "10"], ["2", "close", "10"]]


def test_user_records_of_new_captures_count(tmp_path: Path) -> None:
    builder = CaptureBuilder(True).proc(10, "sh")
    builder.event("USER_ADDED_E", -1, USER).close(10, 3).event("USER_ADDED_E", -1, USER)
    assert shown(builder, tmp_path) == [["2", "close", "10"], ["3", "useradded", "-1"]]


@pytest.mark.parametrize("tid", [0, 77])
def test_a_switch_away_from_an_unknown_thread_keeps_its_number(tid: int, tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(10, "sh")
    builder.event("SYSCALL_GETCWD_E", 10).switch(tid, 10).switch(10, tid)
    assert shown(builder, tmp_path) == [
        ["1", "getcwd", "10"],
        ["2", "switch", str(tid)],
        ["3", "switch", "10"],
    ]
    capture = Capture.open(tmp_path / "made.scap")
    assert np.flatnonzero(capture.compile(f"thread.tid={tid}").mask()).tolist() == [1]
    assert np.flatnonzero(capture.compile("proc.name exists").mask()).tolist() == [0, 2]


def test_notices_of_the_kernel_belong_to_the_thread_they_interrupt(tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(10, "sh")
    builder.call("SYSCALL_CLOSE", 10, [3], [0]).event("PAGE_FAULT_E", 10, [1, 2, 3])
    builder.event("PAGE_FAULT_E", 11, [1, 2, 3])
    capture = Capture.open(builder.save(tmp_path / "made.scap"))
    rows = np.arange(1, 4)
    names = [
        capture.fields.read(field, rows).texts(capture.index.strings)
        for field in ("proc.name", "thread.tid", "evt.latency")
    ]
    assert names == [["sh", "sh", None], ["10", "10", "11"], ["1000", "0", "0"]]
