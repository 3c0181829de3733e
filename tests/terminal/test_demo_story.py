"""The story of the demo capture, walked by key in a real terminal: from a number to a file's name."""

from __future__ import annotations

import base64
import re

import pytest
from pty_screen import Start, Terminal

MISSING_FILE = "/etc/usercount/users.db"


def _open_demo(terminal: Start, columns: int, lines: int) -> Terminal:
    screen = terminal("--demo", columns=columns, lines=lines)
    screen.wait("http500.scap", "Overview", "HTTP Errors", seconds=240)
    screen.settle()
    return screen


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 60)])
def test_from_the_errors_to_the_missing_file(terminal: Start, columns: int, lines: int) -> None:
    screen = _open_demo(terminal, columns, lines)
    screen.select("HTTP Errors")
    assert re.search(r"HTTP Errors +30\b", screen.selected())

    screen.press("enter")  # the tile's stream
    screen.wait("HTTP Errors: I/O Streams", "block 1 of 30", "HTTP/1.1 500 INTERNAL SERVER ERROR")
    assert "Write 193B usercount python3(11694)" in screen.selected()

    screen.press("c")  # the container of the block
    screen.wait("usercount: Overview", 'container.id="9b2118634cc0"')
    screen.settle()
    screen.select("File Open Errors")
    assert re.search(r"File Open Errors +15\b", screen.selected())

    screen.press("enter")  # the failed opens
    screen.wait("File Open Errors: ", "1/15")
    assert re.search(r"\b2330\b.* python3 .*openat", screen.selected())

    screen.press("enter")  # all fields of the event
    screen.wait("fd.name")
    assert screen.line("fd.name").split()[-1] == MISSING_FILE
    assert screen.line("evt.res").split()[-1] == "ENOENT"
    screen.press("esc")
    screen.wait("1/15")
    screen.press("backspace")
    screen.wait("usercount: Overview")
    screen.settle()
    assert "File Open Errors" in screen.selected()  # the row that was left
    screen.press("backspace", "backspace")
    screen.wait("Filter none")
    screen.settle()
    assert "HTTP Errors" in screen.selected()

    screen.press("q")
    assert screen.end() == 0


def test_filter_bar(terminal: Start) -> None:
    screen = _open_demo(terminal, 120, 40)
    screen.press("f4")
    screen.type("evt.type=openat and proc.nmae=python3")
    screen.wait("Column 21", "Did you mean proc.name?")
    screen.press("esc")
    screen.wait("Column 21", gone=True)
    screen.wait("Filter none")

    screen.press("f4")
    screen.type(f"fd.name={MISSING_FILE}")
    screen.press("enter")
    screen.wait(f"Filter fd.name={MISSING_FILE}")
    screen.settle()
    screen.select("File Open Errors")
    assert re.search(r"File Open Errors +15\b", screen.selected())
    screen.press("backspace")
    screen.wait("Filter none")


def test_copying_a_stream(terminal: Start) -> None:
    screen = _open_demo(terminal, 120, 40)
    screen.select("HTTP Errors")
    screen.press("enter")
    screen.wait("block 1 of 30")
    before = len(screen.sent)
    screen.press("y")
    sent = bytes(screen.sent[before:])
    found = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)(?:\x07|\x1b\\)", sent)
    assert found is not None, screen.text()
    data = base64.b64decode(found[1])
    assert b"HTTP/1.1 500 INTERNAL SERVER ERROR" in data
    assert re.search(rf"\b{len(data):,}\b", screen.text()), screen.text()


def test_terminal_too_small_to_be_of_use_does_not_end_it(terminal: Start) -> None:
    screen = terminal("--demo", columns=20, lines=6)
    screen.settle(60)
    screen.press("q")
    assert screen.end(60) == 0
    assert b"Traceback" not in screen.sent
