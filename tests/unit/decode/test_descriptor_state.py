"""Descriptors through open, dup, fork, close and socket calls, in both generations."""

from __future__ import annotations

from pathlib import Path

import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.index.tables import FD_CLIENT, FD_PHANTOM, FD_SERVER, Index

HERE, THERE = ("10.0.0.1", 40000), ("10.0.0.2", 80)


@pytest.fixture(params=[True, False], ids=["modern", "old"])
def modern(request: pytest.FixtureRequest) -> bool:
    return request.param


def app(modern: bool) -> CaptureBuilder:
    return CaptureBuilder(modern).proc(10, "app", cwd=b"/srv")


def built(builder: CaptureBuilder, folder: Path) -> Index:
    return Capture.open(builder.save(folder / "made.scap")).index


def name(index: Index, event: int = -1) -> str | None:
    row = int(index.events.fd[event])
    return None if row < 0 else index.strings.text(int(index.fds.name[row]))


@pytest.mark.parametrize(
    ("path", "both", "old_only"),
    [
        ("/etc/hosts", "/etc/hosts", None),
        ("data", "/srv/data", None),
        ("../etc/./x//y", "/etc/x/y", None),
        ("/..", "/", None),
        ("/a/b/../../c/", "/c", None),
        ("/foo./bar", "/foo./bar", "/foobar"),
        (".hid", "/srv/.hid", None),
    ],
)
def test_open_names(path: str, both: str, old_only: str | None, modern: bool, tmp_path: Path) -> None:
    index = built(app(modern).openat(10, 3, path), tmp_path)
    assert name(index) == (both if modern or old_only is None else old_only)


def test_open_relative_to_a_directory(modern: bool, tmp_path: Path) -> None:
    builder = app(modern).openat(10, 3, "/var/log", 1024).openat(10, 4, "a.log", dirfd=3)
    assert name(built(builder, tmp_path)) == "/var/log/a.log"
    builder = app(modern).openat(10, 4, "a.log", dirfd=9)
    assert name(built(builder, tmp_path)) == "<UNKNOWN>a.log"


def test_a_failed_open_keeps_the_name_it_asked_for(modern: bool, tmp_path: Path) -> None:
    index = built(app(modern).openat(10, -2, "missing.txt").read(10, 3, b""), tmp_path)
    failed = [e for e in range(len(index.events.ts)) if index.events.fd[e] >= 0]
    assert [name(index, e) for e in failed] == ["/srv/missing.txt"]
    assert index.fds.flags[index.events.fd[failed[0]]] & FD_PHANTOM


def test_close_still_shows_the_name_and_then_forgets(modern: bool, tmp_path: Path) -> None:
    builder = app(modern).openat(10, 3, "/x").close(10, 3)
    assert name(built(builder, tmp_path)) == "/x"
    builder.read(10, 3, b"?")
    assert name(built(builder, tmp_path)) is None


def test_a_failed_close_keeps_the_descriptor(modern: bool, tmp_path: Path) -> None:
    builder = app(modern).openat(10, 3, "/x").close(10, 3, res=-4).read(10, 3, b"?")
    assert name(built(builder, tmp_path)) == "/x"


def test_dup_lives_on_after_the_original_is_closed(modern: bool, tmp_path: Path) -> None:
    builder = app(modern).openat(10, 3, "/x").dup(10, 3, 7).close(10, 3).read(10, 7, b"?")
    assert name(built(builder, tmp_path)) == "/x"


def test_fork_copies_the_table(modern: bool, tmp_path: Path) -> None:
    builder = app(modern).openat(10, 3, "/x").clone(10, 20, "app").close(10, 3).read(20, 3, b"?")
    assert name(built(builder, tmp_path)) == "/x"


def test_threads_share_the_table(modern: bool, tmp_path: Path) -> None:
    flags = 1 | 1 << 13
    builder = (
        app(modern).clone(10, 11, "app", flags=flags, child_pid=10).openat(11, 5, "/t").read(10, 5, b"?")
    )
    assert name(built(builder, tmp_path)) == "/t"


def test_many_descriptors_stay_apart(modern: bool, tmp_path: Path) -> None:
    builder = app(modern)
    for fd in range(3, 203):
        builder.openat(10, fd, f"/f/{fd}")
    for fd in range(3, 203, 2):
        builder.close(10, fd)
    for fd in range(3, 203):
        builder.read(10, fd, b"?")
    index = built(builder, tmp_path)
    reads = [e for e in range(len(index.events.ts)) if index.events.type[e] == 7]
    assert [name(index, e) for e in reads] == [None if fd % 2 else f"/f/{fd}" for fd in range(3, 203)]


def test_closing_one_of_several_at_the_same_place_keeps_the_others(modern: bool, tmp_path: Path) -> None:
    same = [3, 19, 35, 4]  # the first three share a place in a table of 16, the last is pushed on
    builder = app(modern)
    for fd in same:
        builder.openat(10, fd, f"/f/{fd}")
    builder.close(10, 3)
    for fd in same:
        builder.read(10, fd, b"?")
    index = built(builder, tmp_path)
    reads = [e for e in range(len(index.events.ts)) if index.events.type[e] == 7]
    assert [name(index, e) for e in reads] == [None, "/f/19", "/f/35", "/f/4"]


def test_connect_names_the_tuple_with_the_client_first(modern: bool, tmp_path: Path) -> None:
    index = built(app(modern).socket(10, 3).connect(10, 3, HERE, THERE).write(10, 3, b"GET"), tmp_path)
    row = int(index.events.fd[-1])
    assert name(index) == "10.0.0.1:40000->10.0.0.2:80"
    assert index.fds.flags[row] & FD_CLIENT
    assert (index.fds.kind[row], index.fds.l4proto[row], index.fds.dport[row]) == (3, 2, 80)


def test_connect_in_progress_counts_as_connected(modern: bool, tmp_path: Path) -> None:
    index = built(
        app(modern).socket(10, 3).connect(10, 3, HERE, THERE, res=-115).write(10, 3, b"x"), tmp_path
    )
    assert name(index) == "10.0.0.1:40000->10.0.0.2:80"


def test_a_refused_connect_names_its_target_only_in_its_own_event(tmp_path: Path) -> None:
    builder = app(False).socket(10, 3).connect(10, 3, HERE, THERE, res=-111)
    assert name(built(builder, tmp_path)) == "10.0.0.1:40000->10.0.0.2:80"
    builder.close(10, 3)
    assert name(built(builder, tmp_path)) == ""


def test_accept_makes_a_server_side(modern: bool, tmp_path: Path) -> None:
    index = built(app(modern).accept(10, 5, HERE, THERE).read(10, 5, b"GET"), tmp_path)
    assert name(index) == "10.0.0.1:40000->10.0.0.2:80"
    assert index.fds.flags[index.events.fd[-1]] & FD_SERVER


def test_ipv6_and_mapped_addresses(modern: bool, tmp_path: Path) -> None:
    plain = app(modern).accept(10, 5, ("2001:db8::1", 1), ("2001:db8::2", 443))
    assert name(built(plain, tmp_path)) == "2001:db8::1:1->2001:db8::2:443"
    index = built(app(modern).accept(10, 5, ("::ffff:10.0.0.1", 1), ("::ffff:10.0.0.2", 443)), tmp_path)
    assert name(index) == "10.0.0.1:1->10.0.0.2:443"
    assert index.fds.kind[index.events.fd[-1]] == 3


def test_bind_makes_a_listening_socket(modern: bool, tmp_path: Path) -> None:
    index = built(app(modern).socket(10, 3).bind(10, 3, ("0.0.0.0", 8080)).close(10, 3), tmp_path)
    assert name(index) == "0.0.0.0:8080"
    assert index.fds.kind[index.events.fd[-1]] == 5


def test_connections_of_the_fd_list_are_turned_by_listening_ports(modern: bool, tmp_path: Path) -> None:
    builder = app(modern).server_fd(10, 4, ("0.0.0.0", 80)).socket_fd(10, 5, THERE, HERE)
    index = built(builder.read(10, 5, b"?"), tmp_path)
    assert name(index) == "10.0.0.1:40000->10.0.0.2:80"
    assert index.fds.flags[index.events.fd[-1]] & FD_SERVER


def test_pipes_have_no_name(modern: bool, tmp_path: Path) -> None:
    index = built(app(modern).pipe(10, 3, 4, ino=99).write(10, 4, b"x"), tmp_path)
    row = int(index.events.fd[-1])
    assert (name(index), index.fds.kind[row], index.fds.ino[row]) == ("", 7, 99)


def test_exec_closes_marked_descriptors_in_new_captures(tmp_path: Path) -> None:
    builder = app(True).openat(10, 3, "/keep").openat(10, 4, "/drop", 1 | 4096)
    index = built(builder.execve(10, "/bin/x").read(10, 3, b"?").read(10, 4, b"?"), tmp_path)
    assert [name(index, -2), name(index, -1)] == ["/keep", None]
