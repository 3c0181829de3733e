"""Output formats: what is understood, what is refused and where, how values are laid out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.query.buffers import SHORT, WHOLE, Look, Style
from scaptui.core.query.format import CONTAINERS, DEFAULT, compile_format
from scaptui.core.query.shown import TimeType


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    made = CaptureBuilder(False).proc(10, "bash").fd(10, 3, "/etc/passwd")
    made.call("SYSCALL_READ", 10, [3, 500], [90, b"GET /" + b"x" * 85])
    made.event("SYSCALL_KILL_E", 10, [10, 9])
    return Capture.open(made.save(tmp_path / "made.scap"))


def lines(capture: Capture, text: str, look: Look = SHORT, time: TimeType = "h") -> list[str]:
    return list(compile_format(text, capture.fields, look, time).lines(np.arange(capture.count)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%evt.num", ["1", "2", "3"]),
        ("%evt.num.", ["1.", "2.", "3."]),
        ("x %evt.numb", ["x 1b", "x 2b", "x 3b"]),
        ("%evt.num%evt.type", ["1read", "2read", "3kill"]),
        ("%evt.num[3]", ["1[3]", "2[3]", "3[3]"]),
        ("%8evt.type|%2evt.type|%0evt.num", ["read    |re|1", "read    |re|2", "kill    |ki|3"]),
        ("100%%", ["100%"] * 3),
        (r"%evt.num\t\\t\n\x", ["1\t\\t\n\\x", "2\t\\t\n\\x", "3\t\\t\n\\x"]),
        ("plain", ["plain"] * 3),
        ("(%evt.arg.pid)", ["(bash)"]),
        ("*(%evt.arg.pid)", ["(<NA>)", "(<NA>)", "(bash)"]),
        ("*%6evt.arg.pid|", ["<NA>  |", "<NA>  |", "bash  |"]),
        ("*%evt.arg[0]", ["<f>/etc/passwd", "90", "bash"]),
        ("*%evt.arg.fd)", ["<f>/etc/passwd)", "<NA>)", "<NA>)"]),
        ("*%proc.aname[0]:", ["bash:"] * 3),
        ("**%evt.num", ["*1", "*2", "*3"]),
    ],
)
def test_formats(capture: Capture, text: str, expected: list[str]) -> None:
    assert lines(capture, text) == expected


def test_the_formats_of_sysdig(capture: Capture) -> None:
    shown = lines(capture, DEFAULT)
    assert shown[0].endswith(" 0 bash (10) > read fd=3(<f>/etc/passwd) size=500 ")
    assert shown[2].startswith("3 ") and shown[2].endswith(" 0 bash (10) > kill pid=10(bash) sig=9(SIGKILL) ")
    assert " host (host) bash (10:10) > kill " in lines(capture, CONTAINERS)[2]


def test_buffers_are_cut_unless_the_whole_is_wanted(capture: Capture) -> None:
    for text in ("%evt.buffer", "%evt.arg.data", "%evt.arg[1]"):
        assert lines(capture, text)[-1 if "[" not in text else 1] == "GET /" + "x" * 72 + "..."
        assert ("GET /" + "x" * 85) in lines(capture, text, WHOLE)
    assert "x..." in lines(capture, "*%evt.args")[1]
    assert "x" * 85 in lines(capture, "*%evt.args", WHOLE)[1]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("a", ["1700000000.000000000", "1700000000.000001000", "1700000000.000002000"]),
        ("r", ["0.000000000", "0.000001000", "0.000002000"]),
        ("d", ["0.000000000", "0.000001000", "0.000000000"]),
        ("D", ["0.000000000", "0.000001000", "0.000001000"]),
    ],
)
def test_times(capture: Capture, time: TimeType, expected: list[str]) -> None:
    assert lines(capture, "%evt.outputtime", time=time) == expected


@pytest.mark.parametrize("style", ["ascii", "hex", "hexascii"])
def test_only_buffers_may_begin_a_line(tmp_path: Path, style: Style) -> None:
    made = CaptureBuilder(False).proc(10, "a\nb").fd(10, 3, "/etc/x\ny\tz")
    made.event("SYSCALL_READ_E", 10, [3, 1])
    made.event("SYSCALL_READ_X", 10, [9, b"one\r\ntwo\x1b[2J\t\n"])
    made.event("SYSCALL_GETCWD_X", 10, [3, b"/a\nb\tc\x1b\xe2\x80\xae\0"])
    capture = Capture.open(made.save(tmp_path / "made.scap"))
    shown = lines(capture, "*%proc.name %evt.args|%evt.arg.path", Look(style))
    assert not any(bad in line for line in shown for bad in ("\x1b", "\u202e", "\r"))
    assert shown[0] == "a\\nb fd=3(<f>/etc/xyz) size=1 |<NA>"
    assert shown[2] == r"a\nb res=3 path=/a\nb\tc\x1b\u202e |/a\nb\tc\x1b\u202e"
    assert shown[1].count("\n") == {"ascii": 3, "hex": 2, "hexascii": 2}[style]


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("", 0, None),
        ("%", 1, None),
        ("%evt.num % evt.num", 10, None),
        ("%evt.num %foo.bar", 10, None),
        ("%proc.nme", 1, "proc.name"),
        ("*%20proc.nme", 4, "proc.name"),
        ("%evt.arg", 1, None),
        ("%evt.arg.nosuch", 1, None),
        ("%99999evt.num", 1, None),
        ("%-9evt.num", 1, None),
    ],
)
def test_errors_name_the_column(capture: Capture, text: str, column: int, suggestion: str | None) -> None:
    with pytest.raises(FilterError) as caught:
        compile_format(text, capture.fields)
    assert caught.value.column == column
    assert caught.value.text == text
    if suggestion:
        assert caught.value.suggestion == suggestion


def test_no_escape_gets_through(tmp_path: Path) -> None:
    made = CaptureBuilder(False).proc(10, "ba\x1b[2Jsh")
    made.event("SYSCALL_GETCWD_X", 10, [3, b"/\x1b]0;pwned\x07\xe2\x80\xae\n\0"])
    capture = Capture.open(made.save(tmp_path / "made.scap"))
    for line in lines(capture, "*%proc.name %evt.args %evt.arg.path %evt.rawarg.path"):
        assert line.isprintable()
        assert "\\x1b" in line and "\\u202e" in line


def test_no_rows_give_no_lines(capture: Capture) -> None:
    assert list(compile_format(DEFAULT, capture.fields).lines(np.zeros(0, np.int64))) == []
