"""Views that csysdig does not have: exits, failed files, users, sessions, the tree as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.views.catalogue import list_views
from scaptui.core.views.engine import run_view
from scaptui.core.views.table import Table


def machine(modern: bool) -> CaptureBuilder:
    b = CaptureBuilder(modern).user(1000, "alice", home="/home/alice", shell="/bin/sh")
    b.proc(1, "init").proc(10, "sh", ptid=1, sid=10, uid=1000, tty=34816, cwd="/home/alice")
    b.clone(10, 20, "sh", ptid=1, uid=1000, cwd="/home/alice")
    b.execve(20, "/bin/cat", ("a", "b"), comm="cat", ptid=10, uid=1000, cwd="/home/alice")
    b.openat(20, -2, "a").openat(20, -2, "a").openat(20, -13, "/etc/shadow")
    b.call("SYSCALL_UNLINK_2", 20, [], [-2, "a"])
    b.procexit(20, 256)
    b.clone(10, 30, "sh", ptid=1, uid=1000).procexit(30, 128 + 11)
    b.clone(1, 40, "init", ptid=0, flags=0).clone(40, 41, "init", pid=40, child_pid=40, flags=1 << 13)
    b.procexit(41, 0)
    return b


@pytest.fixture(params=[True, False], ids=["new", "old"])
def capture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Capture]:
    with Capture.open(machine(request.param).save(tmp_path / "own.scap")) as opened:
        yield opened


def columns(table: Table, *names: str) -> list[tuple[object, ...]]:
    at = [table.column(name) for name in names]
    return [tuple(row[place] for place in at) for row in table.rows]


def test_exits_of_processes_not_of_threads(capture: Capture) -> None:
    table = run_view(capture, "proc_exits")
    assert columns(table, "PID", "EXIT", "CODE", "SIGNAL", "Parent") == [
        (20, "exit 1", 1, None, "sh"),
        (30, "SIGSEGV, core dumped", None, "SIGSEGV", "sh"),
    ]
    assert [table.role(row, 0) for row in (0, 1)] == ["error", "error"]
    assert run_view(capture, "proc_exits", filter="proc.exit.code=1").count == 1
    assert run_view(capture, "proc_exits", filter="proc.exit.signal=SIGSEGV").count == 1


def test_failed_calls_by_file(capture: Capture) -> None:
    table = run_view(capture, "failed_files")
    assert set(columns(table, "FILE", "FAILURES", "ERROR", "CALL")) == {
        ("/home/alice/a", 3, "ENOENT", "openat"),
        ("/etc/shadow", 1, "EACCES", "openat"),
    }
    assert table.rows[0][0] == 3
    opened = run_view(capture, "dig", filter='evt.failed=true and evt.path="/home/alice/a"')
    assert opened.count == 3


def test_users_and_sessions(capture: Capture) -> None:
    users = run_view(capture, "users")
    assert ("alice", 1) in columns(users, "USER", "PROGRAMS")
    assert dict(columns(users, "USER", "ERRORS"))["alice"] == 4
    sessions = run_view(capture, "sessions")
    assert (10, "sh", 4) in columns(sessions, "SESSION", "LEADER", "ERRORS")


def test_the_tree_as_a_table(capture: Capture) -> None:
    table = run_view(capture, "proc_tree")
    assert columns(table, "NAME", "EXIT") == [
        ("init", None),
        ("  sh", None),
        ("    cat", "exit 1"),
        ("    sh", "SIGSEGV, core dumped"),
        ("  init", None),
    ]
    assert [table.key_value(row) for row in range(3)] == [1, 10, 20]
    assert table.role(2, 0) == "error"
    by_errors = table.sorted_by("ERRORS")
    assert by_errors.rows[0][by_errors.column("ERRORS")] == 4


def test_columns_of_the_tree_are_for_the_tree_only() -> None:
    from scaptui.core.views.loader import load_view

    text = 'id="x"\nname="X"\nkind="list"\ndescription="d"\n[[column]]\nname="A"\nfield="tree.name"\n'
    view, problems = load_view("x.toml", text)
    assert view is None
    assert "tree.name" in problems[0].reason


@pytest.mark.parametrize("name", ["haproxy-502.scap", "lab1-http500.scap", "lab3-shell.scap"])
def test_every_view_of_ours_opens(name: str, capture_file: Callable[[str], Path]) -> None:
    with Capture.open(capture_file(name)) as capture:
        for view in list_views():
            if view.own and view.kind != "tiles":
                for text in (None, "proc.name!=sh", "evt.failed=true"):
                    table = run_view(capture, view, filter=text, containers=True)
                    assert len(table.rows) == table.count
                    table.to_json()
