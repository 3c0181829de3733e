"""Messages to the system log: what evt.info and syslog.* say of them, and that sysdig says the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.query.format import compile_format

FORMAT = (
    "*%evt.num|%evt.args|%evt.info|%syslog.facility|%syslog.facility.str|%syslog.severity|"
    "%syslog.severity.str|%syslog.message|%evt.is_syslog"
)
MESSAGES = [
    *(b"<%d>facility" % (number << 3) for number in range(26)),
    *(b"<%d>severity" % (8 + number) for number in range(8)),
    *(
        b"no priority",
        b"<>x",
        b"<85",
        b"<85>",
        b"<8a>x",
        b"<999999>big",
        b"<4294967295>x",
        b"<-1>x",
        b"",
        b"<",
    ),
    b"<13>cut\0after",
    b"<15>" + b"y" * 200,
]


def story(modern: bool = False) -> CaptureBuilder:
    """Write messages to the log's socket, and the same elsewhere."""
    b = CaptureBuilder(modern, event_version=2 if modern else 1).proc(1, "logger", ptid=0)
    b.fd(1, 3, "/dev/log").fd(1, 4, "/tmp/other").fd(1, 5, "/run/x/dev/log.2")
    for message in MESSAGES:
        b.write(1, 3, message)
    b.write(1, 4, b"<13>a file").write(1, 5, b"<13>a name with it inside")
    b.call("SYSCALL_WRITE", 1, [3, 9], [-9, b"<13>failed", 3, 9])
    b.call("SYSCALL_READ", 1, [3, 9], [9, b"<13>read", 3, 9])
    return b


def told(path: Path, field: str) -> list[str | None]:
    """Return a field of every event that wrote something."""
    with Capture.open(path) as capture:
        rows = capture.select("evt.type=write and evt.rawres>=0")
        return capture.fields.read(field, rows).texts(capture.index.strings)


def test_a_message_is_told_in_the_place_of_the_arguments(tmp_path: Path) -> None:
    path = story().save(tmp_path / "log.scap")
    lines = told(path, "evt.info")
    assert lines[0] == "syslog sev=emerg msg=facility"
    assert lines[26 + 5] == "syslog sev=notice msg=severity"
    assert lines[26 + 8] == told(path, "evt.args")[26 + 8] == "res=11 data=no priority "
    assert told(path, "syslog.facility.str")[9:16:6] == ["clock", "cron"]
    assert lines[-2] == "res=10 data=<13>a file "
    assert lines[-1] == "syslog sev=notice msg=a name with it inside"


def test_the_new_reader_tells_the_arguments(tmp_path: Path) -> None:
    path = story(True).save(tmp_path / "log.scap")
    assert told(path, "evt.info") == told(path, "evt.args")


@pytest.mark.parametrize("name", ["evt.info contains sev=notice", "not evt.info contains syslog"])
def test_filters_see_what_is_told(tmp_path: Path, name: str) -> None:
    with Capture.open(story().save(tmp_path / "log.scap")) as capture:
        texts = capture.fields.read("evt.info", np.arange(capture.count)).texts(capture.index.strings)
        wanted = [
            ("sev=notice" in (text or "")) if "notice" in name else "syslog" not in (text or "")
            for text in texts
        ]
        assert capture.compile(name).mask().tolist() == wanted


def test_sysdig_says_the_same(tmp_path: Path) -> None:
    if shutil.which("sysdig") is None:
        pytest.skip("sysdig is not installed")
    path = story().save(tmp_path / "log.scap")
    done = subprocess.run(
        ["sysdig", "-r", str(path), "-p", FORMAT], capture_output=True, timeout=60, check=True
    )
    with Capture.open(path) as capture:
        ours = list(compile_format(FORMAT, capture.fields).lines(np.arange(capture.count)))
    theirs = done.stdout.decode().splitlines()
    assert [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]] == []
