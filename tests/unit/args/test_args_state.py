"""Parameters that depend on the state of the machine: descriptors, processes, users, paths."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from builder import AT_FDCWD, CaptureBuilder, sockaddr, socktuple
from numpy.typing import NDArray

from scaptui.core.capture import Capture
from scaptui.core.format import entries
from scaptui.core.query.args import ArgReader, arg_names, raw_kind
from scaptui.core.query.cells import Kind

SHELL, WORKER = 10, 11


def base(modern: bool) -> CaptureBuilder:
    made = CaptureBuilder(modern)
    made.proc(1, "init", ptid=0)
    made.proc(SHELL, "bash", ptid=1, cwd="/home/u", uid=1000)
    made.user(1000, "bob").group(1000, "bobs")
    made.fd(SHELL, 3, "/etc/passwd").fd(SHELL, 4, "/tmp/dir", entries.FD_DIRECTORY)
    made.socket_fd(SHELL, 5, ("10.0.0.1", 4000), ("10.0.0.2", 80))
    return made


def begun(modern: bool) -> CaptureBuilder:
    """Return the base with an enter event, which tells an old capture, if it is to be one."""
    return base(modern) if modern else base(modern).event("SYSCALL_READ_E", SHELL, [3, 5])


class Opened:
    """A capture with a reader of its parameters."""

    def __init__(self, made: CaptureBuilder, path: Path) -> None:
        self.capture = Capture.open(made.save(path / "made.scap"))
        self.reader = ArgReader(self.capture.index, self.capture.records)

    @property
    def rows(self) -> NDArray[np.int64]:
        return np.arange(self.capture.count, dtype=np.int64)

    def args(self, row: int = -1) -> str:
        return [line.decode() for line in self.reader.lines(self.rows)][row].strip()

    def lines(self) -> list[str]:
        return [line.decode().strip() for line in self.reader.lines(self.rows)]


def opened(made: CaptureBuilder, path: Path) -> Opened:
    return Opened(made, path)


def fd_list(*fds: tuple[int, int]) -> bytes:
    return struct.pack("<H", len(fds)) + b"".join(struct.pack("<qH", fd, flags) for fd, flags in fds)


def test_a_descriptor_shows_what_it_stands_for(tmp_path: Path) -> None:
    made = base(False)
    for fd in (3, 4, 5, 77, -9, AT_FDCWD):
        made.event("SYSCALL_READ_E", SHELL, [fd, 5])
    assert opened(made, tmp_path).lines() == [
        "fd=3(<f>/etc/passwd) size=5",
        "fd=4(<d>/tmp/dir) size=5",
        "fd=5(<4t>10.0.0.1:4000->10.0.0.2:80) size=5",
        "fd=77 size=5",
        "fd=-9(EBADF) size=5",
        "fd=-100(AT_FDCWD) size=5",
    ]


def test_lines_of_old_captures_end_in_a_blank_and_those_of_new_ones_do_not(tmp_path: Path) -> None:
    for modern, end in ((False, b" "), (True, b"")):
        made = base(modern).call("SYSCALL_READ", SHELL, [3, 5], [2, b"ab", 3, 5])
        reader = opened(made, tmp_path).reader
        line = next(reader.lines(np.array([0 if modern else 1])))
        assert line == (b"res=2 data=ab" + (b" fd=3(<f>/etc/passwd) size=5" if modern else b"") + end)


@pytest.mark.parametrize("modern", [False, True])
def test_other_descriptors_are_those_of_the_moment(tmp_path: Path, modern: bool) -> None:
    """The descriptors of a poll are looked up as of the poll: before, between and after changes."""
    poll = [fd_list((3, 1), (9, 4), (5, 0x8005), (-1, 2)), -1]

    def look(made: CaptureBuilder) -> CaptureBuilder:
        return made.event("SYSCALL_POLL_X", SHELL, [0, *poll[:1]])

    made = look(base(modern))
    look(made.open(SHELL, 9, "/tmp/first"))
    look(made.call("SYSCALL_CLOSE", SHELL, [9], [0, 9]))
    made.call("SOCKET_SOCKET", SHELL, [2, 1, 6], [9, 2, 1, 6])
    look(made)
    lines = [line for line in opened(made, tmp_path).lines() if "fds=" in line]
    shown = [line.partition("fds=")[2].split(" timeout")[0] for line in lines]
    assert shown == [
        "3:f1 9:?4 5:4ffff8005 18446744073709551615:?2",
        "3:f1 9:f4 5:4ffff8005 18446744073709551615:?2",
        "3:f1 9:?4 5:4ffff8005 18446744073709551615:?2",
        "3:f1 9:44 5:4ffff8005 18446744073709551615:?2",
    ]


def test_a_child_sees_the_descriptors_its_parent_had_at_the_fork(tmp_path: Path) -> None:
    made = base(True).open(SHELL, 9, "/tmp/early")
    made.clone(SHELL, 20)
    made.open(SHELL, 8, "/tmp/late")
    made.event("SYSCALL_POLL_X", 20, [0, fd_list((9, 1), (8, 1))])
    made.call("SYSCALL_CLOSE", 20, [9], [0, 9])
    made.event("SYSCALL_POLL_X", 20, [0, fd_list((9, 1))])
    made.event("SYSCALL_POLL_X", SHELL, [0, fd_list((9, 1), (8, 1))])
    lines = [line for line in opened(made, tmp_path).lines() if "fds=" in line]
    assert [line.partition("fds=")[2] for line in lines] == ["9:f1 8:?1", "9:?1", "9:f1 8:f1"]


def test_threads_share_the_descriptors_of_their_process(tmp_path: Path) -> None:
    made = base(True).proc(WORKER, "worker", pid=SHELL, ptid=SHELL, cwd="/home/u", flags=1 | 1 << 13)
    made.open(SHELL, 9, "/tmp/shared")
    made.event("SYSCALL_POLL_X", WORKER, [0, fd_list((9, 1), (3, 1))])
    assert opened(made, tmp_path).args() == "res=0 fds=9:f1 3:f1"


def test_processes_are_named_as_they_were_called_then(tmp_path: Path) -> None:
    made = base(False)
    made.event("SYSCALL_KILL_E", SHELL, [1, 9]).event("SYSCALL_KILL_E", SHELL, [999, 9])
    made.event("SYSCALL_KILL_E", 1, [SHELL, 0])
    made.execve(SHELL, "/bin/sleep", ["10"])
    made.event("SYSCALL_KILL_E", 1, [SHELL, 0])
    lines = [line for line in opened(made, tmp_path).lines() if "sig=" in line]
    assert lines == [
        "pid=1(init) sig=9(SIGKILL)",
        "pid=999 sig=9(SIGKILL)",
        "pid=10(bash) sig=0",
        "pid=10(sleep) sig=0",
    ]


def test_users_and_groups(tmp_path: Path) -> None:
    made = base(False)
    for uid in (0, 1000, 5555, 0xFFFFFFFF):
        made.event("SYSCALL_SETUID_E", SHELL, [uid])
    made.event("SYSCALL_SETGID_E", SHELL, [1000])
    assert opened(made, tmp_path).lines() == [
        "uid=0(root)",
        "uid=1000(bob)",
        "uid=5555(<NA>)",
        "uid=-1(<NONE>)",
        "gid=1000(bobs)",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rel/x", "rel/x(/home/u/rel/x)", "rel/x(/home/u/rel/x)"),
        ("../b", "../b(/home/b)", "../b(/home/b)"),
        ("/abs/../x", "/abs/../x", "/abs/../x"),
        ("", "(/home/u)", ""),
        ("<NA>", "<NA>", "<NA>"),
    ],
)
@pytest.mark.parametrize("modern", [False, True])
def test_paths_are_joined_with_the_working_directory(
    tmp_path: Path, name: str, old: str, new: str, modern: bool
) -> None:
    made = begun(modern).event("SYSCALL_OPEN_X", SHELL, [-2, name, 1, 0, 0])
    assert f" name={new if modern else old} flags=" in opened(made, tmp_path).args()


@pytest.mark.parametrize(
    ("dirfd", "name", "shown"),
    [
        (4, "f1", "dirfd=4(<d>/tmp/dir) name=f1(/tmp/dir/f1)"),
        (AT_FDCWD, "f1", "dirfd=-100(AT_FDCWD) name=f1(/home/u/f1)"),
        (99, "f1", "dirfd=99 name=f1(f1)"),
        (4, "/f1", "dirfd=4(<d>/tmp/dir) name=/f1"),
    ],
)
def test_paths_below_a_descriptor(tmp_path: Path, dirfd: int, name: str, shown: str) -> None:
    made = begun(False).event("SYSCALL_UNLINKAT_2_X", SHELL, [0, dirfd, name, 0])
    assert opened(made, tmp_path).args() == f"res=0 {shown} flags=0"


def test_control_characters_leave_names_and_paths(tmp_path: Path) -> None:
    made = begun(False).event("SYSCALL_OPEN_X", SHELL, [-2, b"a\x1b[2J\xc3\xa9\0", 1, 0, 0])
    assert " name=a[2J(/home/u/a.[2J..) " in opened(made, tmp_path).args()


def test_generic_calls_show_no_parameters_but_have_them(tmp_path: Path) -> None:
    opened_ = opened(base(False).event("GENERIC_E", SHELL, [3, 0]), tmp_path)
    assert opened_.lines() == [""]
    assert opened_.reader.text("ID", opened_.rows).values.tolist() == [b"read"]
    assert opened_.reader.raw("ID", opened_.rows).values.tolist() == [3]


def test_one_parameter_as_text_prefers_its_resolved_form(tmp_path: Path) -> None:
    made = base(False)
    made.event("SYSCALL_OPEN_X", SHELL, [9, "rel/x", 4103, 0o644, 0x2F])
    made.event("SYSCALL_READ_E", SHELL, [3, 5])
    made.event("SOCKET_BIND_X", SHELL, [0, sockaddr(("1.2.3.4", 80))])
    made.event("SOCKET_CONNECT_X", SHELL, [0, socktuple(("1.2.3.4", 1), ("5.6.7.8", 2))])
    read = opened(made, tmp_path)

    def text(which: str | int) -> list[str | None]:
        return read.reader.text(which, read.rows).texts(read.capture.index.strings)

    assert text("fd") == ["<f>/home/u/rel/x", "<f>/etc/passwd", None, None]
    assert text("name") == ["/home/u/rel/x", None, None, None]
    assert text("flags") == ["O_CREAT|O_RDWR|O_CLOEXEC", None, None, None]
    assert text("addr") == [None, None, "1.2.3.4:80", None]
    assert text(0) == ["<f>/home/u/rel/x", "<f>/etc/passwd", "0", "0"]
    assert text(1) == ["/home/u/rel/x", "5", "1.2.3.4:80", "1.2.3.4:1->5.6.7.8:2"]
    assert text(30) == [None] * 4


def test_typed_values(tmp_path: Path) -> None:
    made = base(False)
    made.event("SYSCALL_OPEN_X", SHELL, [-2, "rel/x", 4103, 0o644, 0x2F])
    made.event("SYSCALL_NANOSLEEP_E", SHELL, [2**64 - 1])
    made.event("SYSCALL_READ_X", SHELL, [3, b"ab\0"])
    read = opened(made, tmp_path)
    fd = read.reader.raw("fd", read.rows)
    assert (fd.kind, fd.valid.tolist(), fd.values[0]) == (Kind.INT, [True, False, False], -2)
    name = read.reader.raw("name", read.rows)
    assert (name.kind, name.values[0], name.valid.tolist()) == (Kind.TEXT, b"rel/x", [True, False, False])
    interval = read.reader.raw("interval", read.rows)
    assert interval.kind is Kind.UINT and interval.values[1] == -1
    assert interval.texts(read.capture.index.strings)[1] == str(2**64 - 1)
    data = read.reader.raw("data", read.rows)
    assert (data.kind, data.values[2]) == (Kind.BYTES, b"ab\0")
    assert raw_kind("no-such", False) is None
    assert {"fd", "res", "data", "ID"} <= arg_names(False)


def test_buffers_and_their_places(tmp_path: Path) -> None:
    made = base(False)
    for payload in (b"first", b"", b"second\0"):
        made.event("SYSCALL_READ_E", SHELL, [3, 5]).event("SYSCALL_READ_X", SHELL, [len(payload), payload])
    read = opened(made, tmp_path)
    cells = read.reader.buffer(read.rows)
    assert cells.valid.tolist() == [False, True] * 3
    assert cells.values.tolist()[1::2] == [b"first", b"", b"second\0"]
    spans = read.reader.buffer_spans(read.rows)
    found = [
        spans.buffer[s : s + n].tobytes() if s >= 0 else None
        for s, n in zip(spans.start, spans.length, strict=True)
    ]
    assert found == [None, b"first", None, b"", None, b"second\0"]
    nothing = read.reader.buffer_spans(read.rows[::2])
    assert len(nothing.buffer) == 0 and nothing.start.tolist() == [-1, -1, -1]


def test_rows_come_in_the_order_they_were_asked_for(tmp_path: Path) -> None:
    made = base(False)
    for fd in range(20):
        made.event("SYSCALL_READ_E", SHELL, [100 + fd, 5])
    read = opened(made, tmp_path)
    order = np.array([7, 3, 3, 19, 0])
    assert [x.split()[0] for x in (y.decode() for y in read.reader.lines(order))] == [
        f"fd={100 + i}" for i in order
    ]


def test_damaged_events_are_shown_as_far_as_they_go(tmp_path: Path) -> None:
    made = base(False).event("SYSCALL_OPEN_X", SHELL, [3]).event("SYSCALL_OPEN_X", SHELL, [b"\x03", b"x"])
    assert opened(made, tmp_path).lines()[0] == "fd=3(<f>/etc/passwd)"


def test_threads_are_found_one_by_one_and_all_at_once(demo: Path) -> None:
    with Capture.open(demo) as capture:
        asof = ArgReader(capture.index, capture.records).asof
        rng = np.random.default_rng(1)
        known = np.concatenate((capture.index.threads.tid, [-1, 0, 2**40, 2**63 - 1, -(2**63)]))
        rows = rng.integers(0, capture.count, 4000)
        tids = rng.choice(known, 4000).astype(np.int64)
        one_by_one = [asof.thread(int(row), int(tid)) for row, tid in zip(rows, tids, strict=True)]
        assert asof.threads(rows, tids).tolist() == one_by_one
    assert len(set(one_by_one)) > 20
