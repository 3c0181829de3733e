"""Descriptor tables as of any event: look-ups in bulk and one by one, counts, types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builder import AF_INET, CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.query.descriptors import Descriptors

O_CLOEXEC = 4096


def story(modern: bool) -> CaptureBuilder:
    b = CaptureBuilder(modern, event_version=2 if modern else 1)
    b.proc(1, "init", ptid=0).proc(20, "shell", ptid=1, fdlimit=10)
    b.fd(20, 0, "/dev/null").fd(20, 1, "/out").fd(20, 2, "pipe:[1]", kind=7)
    b.openat(20, 3, "/a", 1 | O_CLOEXEC).openat(20, 4, "/b").socket(20, 5, domain=AF_INET)
    b.clone(20, 30, "child", ptid=1)
    b.close(20, 4).close(30, 1).openat(30, 1, "/log").dup(30, 1, 7)
    b.execve(30, "/bin/x", ptid=20).openat(30, 3, "/after")
    b.pipe(30, 8, 9)
    if modern:
        b.event("SYSCALL_CLOSE_RANGE_X", 30, [0, 5, 8, 0])
        b.event("SYSCALL_CLOSE_RANGE_X", 30, [0, 0, 0xFFFFFFFF, 4])
    b.openat(30, 3, "/last")
    return b


@pytest.fixture(params=[False, True], ids=["old", "new"])
def capture(request: pytest.FixtureRequest, tmp_path: Path) -> Capture:
    return Capture.open(story(request.param).save(tmp_path / "tables.scap"))


def table(capture: Capture, tid: int, event: int) -> dict[int, str]:
    """Names of the open descriptors of a thread at an event, found by walking through the table."""
    index, tables = capture.index, capture.fields.context.tables
    thread = int(np.flatnonzero(index.threads.tid == tid)[0])
    owner = int(tables.owner_of[thread])
    found: dict[int, str] = {}
    for num in range(12):
        row = tables.find_one(owner, 2 * event, num)
        if row >= 0:
            found[num] = index.strings.text(int(index.fds.name[row]))
    return found


def test_copies_go_their_own_way(capture: Capture) -> None:
    last = capture.count - 1
    assert table(capture, 20, last) == {0: "/dev/null", 1: "/out", 2: "pipe:[1]", 3: "/a", 5: ""}
    child = {0: "/dev/null", 1: "/log", 2: "pipe:[1]", 3: "/last", 4: "/b"}
    if not capture.modern:  # a program that starts keeps everything, and ranges are not known
        child |= {5: "", 7: "/log", 8: "", 9: ""}
    else:  # 5 to 8 were closed together
        child |= {9: ""}
    assert table(capture, 30, last) == child


def test_what_closes_on_exec_is_gone_at_the_exec(capture: Capture) -> None:
    types = capture.fields.read("evt.type", np.arange(capture.count)).texts(capture.index.strings)
    done = max(row for row, kind in enumerate(types) if kind == "execve")
    assert table(capture, 30, done - 2)[3] == "/a"
    assert (3 in table(capture, 30, done)) is not capture.modern


def test_in_bulk_as_one_by_one(capture: Capture) -> None:
    tables: Descriptors = capture.fields.context.tables
    owners, events, nums = (
        grid.reshape(-1)
        for grid in np.meshgrid(
            np.arange(len(capture.index.lives.tid)), np.arange(capture.count), np.arange(12), indexing="ij"
        )
    )
    many = tables.find(owners, 2 * events, nums)
    triples = zip(owners.tolist(), (2 * events).tolist(), nums.tolist(), strict=True)
    assert many.tolist() == [tables.find_one(*triple) for triple in triples]


def test_counts_are_those_of_the_tables(capture: Capture) -> None:
    tables: Descriptors = capture.fields.context.tables
    lives = len(capture.index.lives.tid)
    for event in range(capture.count):
        when = np.full(12, 2 * event)
        total, kinds = tables.opened(np.arange(lives), np.full(lives, 2 * event))
        for owner in range(lives):
            if event < capture.index.lives.first_event[owner]:
                continue
            rows = tables.find(np.full(12, owner), when, np.arange(12))
            opened = rows[rows >= 0]
            assert total[owner] == len(opened), (event, owner)
            mask = sum({1 << int(kind) for kind in capture.index.fds.kind[opened]})
            assert kinds[owner] == mask, (event, owner)


def test_fields(capture: Capture) -> None:
    row = np.array([capture.count - 1])
    strings = capture.index.strings

    def value(field: str) -> str | None:
        return capture.fields.read(field, row).texts(strings)[0]

    assert value("proc.fdopencount") == ("6" if capture.modern else "9")
    assert value("proc.fdlimit") == "1024"
    assert value("proc.fdusage") == ("0.6" if capture.modern else "0.9")
    assert value("proc.stdin.name") == "/dev/null"
    assert value("proc.stdout.type") == "file"
    assert value("proc.stderr.type") == "pipe"
    assert value("fd.types[2]") == "(pipe)"
    assert value("fd.types[99]") is None
    assert value("fd.types") == ("(pipe,file)" if capture.modern else "(ipv4,pipe,file)")
    assert len(capture.select("fd.types intersects (ipv4)")) > 0
    assert capture.fields.read("fd.types", row).objects(strings)[0][-1] == "file"  # type: ignore[index]
