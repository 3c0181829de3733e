"""Values of fields on the small machine of `query_story`; numbers are event numbers."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import query_story
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.query.evt_time_fields import human
from scaptui.core.query.fields import Fields

# numbers of the events of interest: (old capture, new capture)
READ_FILE, MISSING, NOTES, WRITE_NOTES = (5, 3), (9, 5), (11, 6), (13, 7)
ACCEPT, GET, AGAIN = (17, 9), (19, 10), (23, 12)
CHILD_CLONE, EXEC, TCP6, NSCD = (26, 14), (28, 15), (32, 17), (38, 20)
PAGE, SWITCH1, SWITCH2, GENERIC = (42, 22), (43, 23), (44, 24), (45, 25)
INFO1, INFO2, EXIT = (46, 26), (47, 27), (48, 28)

SAME = [
    ("evt.num", READ_FILE, ("5", "3")),
    ("evt.dir", READ_FILE, "<"),
    ("evt.dir", EXIT, ">"),
    ("evt.type", GET, "read"),
    ("syscall.type", SWITCH1, (None, None)),
    ("syscall.type", GET, "read"),
    ("evt.type.is.read", GET, "1"),
    ("evt.type.is.open", GET, "0"),
    ("evt.type.is.7", GET, "1"),
    ("evt.category", READ_FILE, "file"),
    ("evt.category", GET, "net"),
    ("evt.category", GENERIC, "other"),
    ("evt.category", INFO1, ("unknown", "internal")),
    ("evt.cpu", SWITCH1, "1"),
    ("evt.rawres", MISSING, "-2"),
    ("evt.res", MISSING, "ENOENT"),
    ("evt.res", GET, "SUCCESS"),
    ("evt.res", SWITCH1, None),
    ("evt.failed", AGAIN, "true"),
    ("evt.failed", GET, "false"),
    ("evt.failed", SWITCH1, ("false", None)),
    ("evt.is_io", GET, "true"),
    ("evt.is_io_write", GET, "false"),
    ("evt.io_dir", WRITE_NOTES, "write"),
    ("evt.io_dir", EXIT, None),
    ("evt.is_open_read", READ_FILE, "false"),
    ("evt.is_open_write", NOTES, "true"),
    ("evt.is_open_exec", NOTES, "true"),
    ("evt.is_open_exec", PAGE, "false"),
    ("evt.buflen", GET, "26"),
    ("evt.buflen", AGAIN, None),
    ("evt.buflen.net.in", GET, "26"),
    ("evt.buflen.net.out", GET, None),
    ("evt.buflen.file", GET, None),
    ("evt.buflen.file.out", WRITE_NOTES, "14"),
    ("evt.count", EXIT, "1"),
    ("evt.count.exit", EXIT, None),
    ("evt.count.exit", GET, "1"),
    ("evt.count.error", MISSING, "1"),
    ("evt.count.error", GET, (None, "0")),
    ("evt.count.error.file", MISSING, "1"),
    ("evt.count.error.net", AGAIN, "1"),
    ("evt.count.error.net", MISSING, None),
    ("evt.count.error.other", MISSING, None),
    ("evt.count.procinfo", INFO1, "1"),
    ("evt.count.threadinfo", GET, (None, "1")),
    ("evt.buffer", GET, "GET /index.html HTTP/1.1.."),
    ("evt.arg.fd", ACCEPT, "<4t>10.0.0.9:40000->10.0.0.2:80"),
    ("evt.rawarg.res", GET, "26"),
    ("evt.abspath", PAGE, "/tmp/page.html"),
    ("fs.path.name", PAGE, "/tmp/page.html"),
    ("fs.path.nameraw", PAGE, "page.html"),
    ("fd.nameraw", PAGE, "page.html"),
    ("fd.num", READ_FILE, "3"),
    ("fd.num", MISSING, "-1"),
    ("fd.num", EXIT, None),
    ("fd.uid", READ_FILE, "203"),
    ("fd.type", READ_FILE, "file"),
    ("fd.type", MISSING, None),
    ("fd.type", TCP6, "ipv6"),
    ("fd.typechar", MISSING, "f"),
    ("fd.typechar", NSCD, "u"),
    ("fd.name", MISSING, "/etc/missing.conf"),
    ("fd.name", EXIT, None),
    ("fd.name", NSCD, ("0->ffff888800000000 /run/nscd", "")),
    ("fd.directory", MISSING, "/etc"),
    ("fd.directory", NOTES, "/home/alice"),
    ("fd.directory", GET, None),
    ("fd.filename", NOTES, "notes.txt"),
    ("fd.filename", MISSING, None),
    ("fd.containername", NOTES, ":/home/alice/notes.txt"),
    ("fd.containername", GET, f"{query_story.SHORT_ID}:10.0.0.9:40000->10.0.0.2:80"),
    ("fd.containerdirectory", NOTES, ":/home/alice"),
    ("fd.cip", GET, "10.0.0.9"),
    ("fd.sip", GET, "10.0.0.2"),
    ("fd.cport", GET, "40000"),
    ("fd.sport", GET, "80"),
    ("fd.sproto", GET, "80"),
    ("fd.lport", GET, "80"),
    ("fd.rip", GET, "10.0.0.9"),
    ("fd.is_server", GET, ("true", "false")),  # the newest reader knows no addresses of containers
    ("fd.sip", TCP6, "2001:db8::2"),
    ("fd.lip", TCP6, "2001:db8::2"),
    ("fd.l4proto", GET, "tcp"),
    ("fd.l4proto", READ_FILE, "<NA>"),
    ("fd.l4proto", MISSING, None),
    ("fd.sockfamily", GET, "ip"),
    ("fd.sockfamily", NSCD, "unix"),
    ("fd.sockfamily", READ_FILE, None),
    ("fd.connected", GET, "true"),
    ("fd.name_changed", ACCEPT, "true"),
    ("fd.name_changed", GET, "false"),
    ("proc.pid", SWITCH1, "30"),
    ("thread.tid", SWITCH1, "31"),
    ("thread.ismain", SWITCH1, "false"),
    ("thread.vtid", SWITCH1, "6"),
    ("proc.vpid", SWITCH1, "5"),
    ("thread.nametid", SWITCH1, "worker31"),
    ("proc.name", EXEC, "curl"),
    ("proc.name", CHILD_CLONE, "zsh"),
    ("proc.exe", EXEC, "/usr/bin/curl"),
    ("proc.exepath", EXEC, "/usr/bin/curl"),
    ("proc.args", EXEC, "-s http://[::1]:8080/"),
    ("proc.args[1]", EXEC, "http://[::1]:8080/"),
    ("proc.args[2]", EXEC, None),
    ("proc.cmdline", EXEC, "curl -s http://[::1]:8080/"),
    ("proc.exeline", EXEC, "/usr/bin/curl -s http://[::1]:8080/"),
    ("proc.exeline", CHILD_CLONE, "-zsh "),
    ("proc.cmdline", CHILD_CLONE, "zsh"),
    ("proc.cmdnargs", EXEC, "2"),
    ("proc.cmdlenargs", EXEC, "20"),
    ("proc.env", EXEC, "A=b"),
    ("proc.env[A]", EXEC, "b"),
    ("proc.env[B]", EXEC, None),
    ("proc.env[MODE]", SWITCH1, "prod"),
    ("proc.cwd", NOTES, "/home/alice/"),
    ("proc.cwd", PAGE, "/tmp/"),
    ("proc.ppid", EXEC, "20"),
    ("proc.pname", EXEC, "zsh"),
    ("proc.pcmdline", EXEC, "zsh"),
    ("proc.aname", EXEC, "curl"),
    ("proc.aname[0]", EXEC, "curl"),
    ("proc.aname[1]", EXEC, "zsh"),
    ("proc.aname[2]", EXEC, "sshd"),
    ("proc.aname[3]", EXEC, "systemd"),
    ("proc.aname[4]", EXEC, None),
    ("proc.apid[3]", EXEC, "1"),
    ("proc.acmdline[1]", EXEC, "zsh"),
    ("proc.aexe[1]", EXEC, "-zsh"),
    ("proc.aenv[1]", EXEC, ""),
    ("proc.loginshellid", EXEC, "20"),
    ("proc.loginshellid", GET, None),
    ("proc.sid", EXEC, "20"),
    ("proc.sname", EXEC, "zsh"),
    ("proc.sname", GET, "systemd"),
    ("proc.tty", NOTES, "34816"),
    ("proc.nthreads", GET, "2"),
    ("proc.nthreads", SWITCH1, "2"),
    ("proc.nchilds", GET, "1"),
    ("proc.nchilds", SWITCH1, "0"),
    ("proc.nthreads", NOTES, "1"),
    ("proc.nthreads", EXIT, ("1", "0")),
    ("proc.duration", CHILD_CLONE, "1000"),
    ("proc.duration", NOTES, None),
    ("proc.fdlimit", SWITCH1, "1024"),
    ("proc.vmsize", SWITCH1, "0"),  # a switch tells the memory of the whole process
    ("proc.vmsize", GENERIC, "7000"),
    ("thread.vmrss.b", GENERIC, "819200"),
    ("thread.vmrss.b", SWITCH1, "0"),
    ("proc.vmsize", EXIT, "1000"),
    ("thread.cgroups", GET, f"cpuset=/docker/{query_story.FULL_ID} memory=/docker/{query_story.FULL_ID}"),
    ("thread.cgroup.memory", GET, f"/docker/{query_story.FULL_ID}"),
    ("thread.cgroup.cpu", GET, None),
    ("thread.cpu", INFO1, "0.0"),
    ("thread.cpu", INFO2, "21.0"),
    ("thread.cpu.user", INFO2, "20.0"),
    ("thread.cpu.system", INFO2, "1.0"),
    ("thread.cpu", GET, None),
    ("thread.exectime", SWITCH1, "0"),
    ("thread.exectime", SWITCH2, "2000"),
    ("thread.exectime", GET, "0"),
    ("thread.totexectime", INFO1, "2000"),
    ("thread.totexectime", GET, "0"),
    ("user.uid", NOTES, "1000"),
    ("user.name", NOTES, "alice"),
    ("user.homedir", NOTES, "/home/alice"),
    ("user.shell", NOTES, "/bin/zsh"),
    ("user.loginuid", NOTES, "1000"),
    ("user.loginname", NOTES, "alice"),
    ("group.gid", NOTES, "100"),
    ("group.name", NOTES, "users"),
    ("container.id", GET, query_story.SHORT_ID),
    ("container.name", GET, "web"),
    ("container.type", GET, "docker"),
    ("container.image", GET, "shop/web:1.2"),
    ("container.image.id", GET, "feed"),
    ("container.image.repository", GET, "shop/web"),
    ("container.image.tag", GET, "1.2"),
    ("container.image.digest", GET, "sha256:77"),
    ("container.privileged", GET, "true"),
    ("container.mounts", GET, "/srv:/data:ro:false:rslave,/tmp:/tmp::true:"),
    ("container.mount[0]", GET, "/srv:/data:ro:false:rslave"),
    ("container.mount[/t*]", GET, "/tmp:/tmp::true:"),
    ("container.mount[9]", GET, None),
    ("container.mount.source[/data]", GET, "/srv"),
    ("container.mount.dest[/srv]", GET, "/data"),
    ("container.mount.rdwr[1]", GET, "true"),
    ("container.mount.mode[0]", GET, "ro"),
    ("container.healthcheck", GET, "curl -f http://localhost"),
    ("container.liveness_probe", GET, "NONE"),
    ("container.id", NOTES, "host"),
    ("container.name", NOTES, "host"),
    ("container.type", NOTES, "host"),
    ("container.image", NOTES, None),
    ("container.mounts", NOTES, None),
]


@pytest.mark.parametrize(("field", "numbers", "expected"), SAME)
def test_values(
    old: Capture,
    new: Capture,
    field: str,
    numbers: tuple[int, int],
    expected: str | tuple[str | None, str | None] | None,
) -> None:
    wanted = expected if isinstance(expected, tuple) else (expected, expected)
    found = tuple(
        capture.fields.read(field, np.array([number - 1])).texts(capture.index.strings)[0]
        for capture, number in zip((old, new), numbers, strict=True)
    )
    assert found == wanted


def test_rows_may_come_in_any_order(old: Capture) -> None:
    rows = np.arange(old.count)
    dice = np.random.default_rng(1).permutation(old.count)
    for field in (
        "evt.type",
        "fd.name",
        "fd.containername",
        "proc.nthreads",
        "evt.args",
        "evt.category",
        "fd.uid",
    ):
        straight = old.fields.read(field, rows).texts(old.index.strings)
        mixed = old.fields.read(field, dice).texts(old.index.strings)
        assert mixed == [straight[i] for i in dice.tolist()]


def test_events_without_a_thread_have_no_process(old: Capture) -> None:
    record = np.array([0])
    for field in ("proc.name", "container.name", "user.uid", "fd.name", "proc.vmsize"):
        assert old.fields.read(field, record).texts(old.index.strings) == [None]
    for field, value in (("thread.tid", "-1"), ("evt.latency", "0")):
        assert old.fields.read(field, record).texts(old.index.strings) == [value]


def test_times(old: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/GMT-2")  # two hours east
    time.tzset()
    try:

        def one(field: str, number: int) -> str | None:
            return old.fields.read(field, np.array([number - 1])).texts(old.index.strings)[0]

        assert one("evt.time", 2) == "00:13:20.000001000"
        assert one("evt.time.s", 2) == "00:13:20"
        assert one("evt.datetime", 2) == "2023-11-15 00:13:20.000001000"
        assert one("evt.datetime.s", 2) == "2023-11-15 00:13:20"
        assert one("evt.time.iso8601", 2) == "2023-11-14T22:13:20.000001000+0000"
        assert one("evt.rawtime", 2) == "1700000000000001000"
        assert one("evt.rawtime.s", 2) == "1700000000"
        assert one("evt.rawtime.ns", 2) == "000001000"
        assert one("evt.reltime", 4) == "000002000"
        assert one("evt.reltime.s", 42) == "0"
        assert one("evt.deltatime", 2) == "0"
        assert one("evt.deltatime", 3) == "1000"
        assert one("evt.latency", 3) == "1000"
        assert one("evt.latency", 2) == "0"
        assert one("evt.latency.ns", 3) == "000001000"
        assert one("evt.latency.human", 3) == "1.00us"
        assert one("evt.latency.s", 3) == "0"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1_000, "1.00us"),
        (9_999, "9.99us"),
        (10_000, "10us"),
        (333_079_123, "333ms"),
        (1_815_830, "1.81ms"),
        (2_500_000_000, "2.50s"),
        (12_345_000_000, "12.34s"),
        (61_000_000_000, "1:1"),
        (3_723_000_000_000, "01:02:03"),
    ],
)
def test_human_durations(ns: int, text: str) -> None:
    assert human(ns) == text


def test_threads_stand_for_events(old: Capture) -> None:
    """At the end of a capture the views ask for every thread as if it had an event of its own."""
    index = old.index
    lives = np.flatnonzero(index.lives.end_event == old.count)
    tids = index.lives.tid[lives].tolist()
    server = tids.index(30)

    def read(field: str) -> str | None:
        return old.fields.read_threads(field, lives, old.end_ts).texts(index.strings)[server]

    assert 40 not in tids
    assert read("thread.tid") == "30"
    assert read("evt.type") == "sysdigevent"
    assert read("evt.num") == "0"
    assert read("evt.dir") == "<"
    assert read("evt.count") == "1"
    assert read("evt.count.exit") == "1"
    assert read("container.name") == "web"
    assert read("proc.nthreads") == "2"
    assert read("thread.vmsize.b") == str(7000 * 1024)
    assert read("thread.vmrss") == "800"
    assert read("evt.rawtime") == str(old.end_ts)
    for field in (
        "evt.res",
        "evt.buflen",
        "fd.num",
        "fd.name",
        "thread.cpu",
        "evt.count.procinfo",
        "evt.latency",
    ):
        assert read(field) is None
    assert read("evt.failed") == "false"


def test_dimensions_lead_to_the_same_values(old: Capture) -> None:
    fields = Fields(old.index, old.records)
    assert len(fields.keys("pair")) == old.count  # even before a field asked for it
    rows = np.arange(old.count)
    for name in (
        "proc.name",
        "fd.name",
        "evt.type",
        "fd.containername",
        "evt.dir",
        "container.id",
        "fd.sport",
    ):
        decided = fields.dimension(name)
        assert decided is not None
        keys = fields.keys(decided.dim)
        assert decided.cells.take(keys).texts(old.index.strings) == fields.read(name, rows).texts(
            old.index.strings
        )
    assert fields.dimension("evt.num") is None
    assert fields.dimension("evt.args") is None


@pytest.mark.parametrize(
    ("env", "old", "new"),
    [
        (["", "", ""], "", "  "),  # the title of a process was written over it
        (["", "A=1"], " A=1", " A=1"),
        (["A=1", "", "B=2", ""], "A=1  B=2", "A=1  B=2 "),
        (["A=1"], "A=1", "A=1"),
    ],
)
def test_an_environment_ends_where_nothing_follows(
    tmp_path: Path, env: list[str], old: str, new: str
) -> None:
    for modern, text in ((False, old), (True, new)):
        b = CaptureBuilder(modern)
        b.proc(1, "nginx", ptid=0, env=env)
        b.close(1, 3)
        with Capture.open(b.save(tmp_path / f"{modern}.scap")) as capture:
            cells = capture.fields.read("proc.env", np.array([0], np.int64))
            assert cells.texts(capture.index.strings) == [text]


def test_one_empty_argument_is_not_the_same_as_none(tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(1, "none").proc(2, "one", args=b"\0").proc(3, "two", args=b"\0\0")
    for tid in (1, 2, 3):
        builder.event("SYSCALL_GETCWD_E", tid)
    capture = Capture.open(builder.save(tmp_path / "made.scap"))
    rows = np.arange(3)
    lines = capture.fields.read("proc.cmdline", rows).texts(capture.index.strings)
    assert lines == ["none", "one ", "two  "]
    assert capture.fields.read("proc.cmdnargs", rows).texts(capture.index.strings) == ["0", "1", "2"]


def test_an_exit_without_its_enter_shows_the_descriptor_before_it(tmp_path: Path) -> None:
    builder = CaptureBuilder(False).proc(1, "sh").fd(1, 0, "/dev/tty").fd(1, 3, "/etc/hosts")
    builder.event("SYSCALL_READ_X", 1, [1, b"x"]).event("SYSCALL_READ_E", 1, [3, 9])
    builder.event("SYSCALL_WRITE_X", 1, [1, b"x"])
    capture = Capture.open(builder.save(tmp_path / "made.scap"))
    names = capture.fields.read("fd.name", np.arange(3)).texts(capture.index.strings)
    assert names == ["/dev/tty", "/etc/hosts", "/etc/hosts"]
