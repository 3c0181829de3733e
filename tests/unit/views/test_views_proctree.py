"""The process tree: families, lives and ends of processes, and what they did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.views.engine import run_view
from scaptui.core.views.proctree import Process, ProcessTree, process_tree


def family(modern: bool = True) -> CaptureBuilder:
    b = CaptureBuilder(modern).proc(1, "init").proc(10, "shell", ptid=1).proc(11, "shell", pid=10, ptid=1)
    b.fd(10, 0, "/dev/pts/0")
    b.read(10, 0, b"make\n")
    b.clone(10, 20, "shell", ptid=1)
    b.execve(20, "/usr/bin/make", ("all",), comm="make", ptid=10)
    b.clone(20, 30, "make", ptid=10).execve(30, "/usr/bin/cc", ("-c",), comm="cc", ptid=20)
    b.openat(30, 3, "/src/a.c").read(30, 3, b"int x;").openat(30, -2, "/src/missing.h")
    b.procexit(30, 256).wait(5_000).procexit(20, 9)
    return b


def opened(b: CaptureBuilder, folder: Path) -> Capture:
    return Capture.open(b.save(folder / "tree.scap"))


def named(tree: ProcessTree) -> dict[str, Process]:
    return {process.name: process for process in tree.processes}


@pytest.mark.parametrize("modern", [True, False])
def test_families(modern: bool, tmp_path: Path) -> None:
    tree = process_tree(opened(family(modern), tmp_path))
    assert [(p.depth, p.name, p.pid, p.ppid) for p in tree.processes] == [
        (0, "init", 1, 0),
        (1, "shell", 10, 1),
        (2, "make", 20, 10),
        (3, "cc", 30, 20),
    ]
    assert tree.roots == (0,)
    assert [p.children for p in tree.processes] == [(1,), (2,), (3,), ()]
    assert list(tree.below(1)) == [2, 3]
    assert [p.number for p in tree.lines({1})] == [0, 1]
    assert tree.guides(3) == (False, False, False)
    assert named(tree)["shell"].threads == 2


@pytest.mark.parametrize("modern", [True, False])
def test_lives_and_ends(modern: bool, tmp_path: Path) -> None:
    capture = opened(family(modern), tmp_path)
    found = named(process_tree(capture))
    cc, make, shell = found["cc"], found["make"], found["shell"]
    assert (cc.exit_code, cc.exit_signal, cc.exit_text, cc.failed) == (1, None, "exit 1", True)
    assert (make.exit_code, make.exit_signal, make.exit_text) == (None, "SIGKILL", "SIGKILL")
    assert (shell.exit_code, shell.exit_text, shell.failed, shell.ended) == (None, "", False, False)
    assert cc.started
    assert not shell.started
    assert (shell.began_ns, shell.ended_ns) == (capture.start_ts, capture.end_ts)
    assert make.began_ns < cc.began_ns < cc.ended_ns < make.ended_ns == capture.end_ts
    assert make.lifetime_ns > cc.lifetime_ns + 5_000


def test_sums(tmp_path: Path) -> None:
    cc = named(process_tree(opened(family(), tmp_path)))["cc"]
    assert (cc.file_in, cc.file_out, cc.net_in, cc.errors) == (6, 0, 0, 1)
    assert cc.events > 4


def test_a_filter_keeps_the_ancestors(tmp_path: Path) -> None:
    capture = opened(family(), tmp_path)
    tree = process_tree(capture, filter="evt.failed=true")
    assert [(p.name, p.matched, p.events) for p in tree.processes] == [
        ("init", False, 0),
        ("shell", False, 0),
        ("make", False, 0),
        ("cc", True, 1),
    ]
    # the child was a shell until it became make
    found = process_tree(capture, filter="proc.name=shell").processes
    assert [p.name for p in found if p.matched] == ["shell", "make"]
    assert process_tree(capture, filter="proc.name=nobody").processes == ()


def test_a_window_keeps_who_lived_in_it(tmp_path: Path) -> None:
    capture = opened(family(), tmp_path)
    cc = named(process_tree(capture))["cc"]
    tree = process_tree(capture, window=(capture.start_ts, cc.began_ns))
    assert "cc" not in named(tree)
    after = process_tree(capture, window=(cc.ended_ns + 1, capture.end_ts + 1))
    assert [p.name for p in after.processes] == ["init", "shell", "make"]
    assert all(p.file_in == 0 for p in after.processes)


def test_a_pid_that_was_given_out_again(tmp_path: Path) -> None:
    b = family().clone(10, 30, "shell", ptid=1).openat(30, 3, "/etc/motd")
    b.execve(30, "/bin/ls", (), comm="ls", ptid=10)
    capture = opened(b, tmp_path)
    tree = process_tree(capture)
    two = [p for p in tree.processes if p.pid == 30]
    assert [p.name for p in two] == ["cc", "ls"]
    assert {tree.processes[p.parent].name for p in two} == {"make", "shell"}
    rows = [set(capture.select(tree.filter(p.number)).tolist()) for p in two]
    assert rows[0] and rows[1] and not rows[0] & rows[1]
    assert rows[0] | rows[1] == set(capture.select("proc.pid=30").tolist())


def test_the_filter_with_descendants(tmp_path: Path) -> None:
    capture = opened(family(), tmp_path)
    tree = process_tree(capture)
    make = named(tree)["make"]
    pids = capture.fields.read("proc.pid", capture.select(tree.filter(make.number, descendants=True)))
    assert set(pids.values.tolist()) == {20, 30}


def test_circles_of_a_hostile_capture_end(tmp_path: Path) -> None:
    b = CaptureBuilder().proc(10, "a", ptid=11).proc(11, "b", ptid=12).proc(12, "c", ptid=10)
    b.proc(13, "self", ptid=13).proc(14, "lost", ptid=99)
    for pid in (10, 11, 12, 13, 14):
        b.openat(pid, 3, "/x")
    tree = process_tree(opened(b, tmp_path))
    assert sorted(p.name for p in tree.processes) == ["a", "b", "c", "lost", "self"]
    assert len(list(tree.lines())) == 5


def test_deep_families(tmp_path: Path) -> None:
    b = CaptureBuilder().proc(1, "init")
    for pid in range(2, 3000):
        b.proc(pid, f"p{pid}", ptid=pid - 1)
    tree = process_tree(opened(b.openat(2999, 3, "/x"), tmp_path), filter="evt.type=openat")
    assert tree.processes[-1].depth == 2998


@pytest.mark.parametrize(
    "name", ["haproxy-502.scap", "lab1-http500.scap", "lab2-crashloop.scap", "lab3-shell.scap"]
)
def test_sums_equal_those_of_the_view(name: str, capture_file: Callable[[str], Path]) -> None:
    with Capture.open(capture_file(name)) as capture:
        tree = process_tree(capture)
        view = run_view(capture, "procs")
        names = [column.name for column in view.columns]
        for label, wanted in (("FILE", ("file_in", "file_out")), ("NET", ("net_in", "net_out"))):
            at = names.index(label)
            theirs = sum(int(row[at] or 0) for row in view.rows)
            assert theirs == sum(getattr(p, part) for p in tree.processes for part in wanted)


def test_the_story_of_the_crash_loop(capture_file: Callable[[str], Path]) -> None:
    with Capture.open(capture_file("lab2-crashloop.scap")) as capture:
        ends = [p.exit_text for p in process_tree(capture).processes if p.name == "nginx"]
    assert ends == ["exit 1"] * 8
