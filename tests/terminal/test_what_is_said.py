"""What the program says on a real terminal: errors, damage, tables; and what it never sends there."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pty_screen import Start

TITLE = b"\x1b]0;pwn\x07"  # sets a terminal's title
CLEAR = b"\x1b[2J\x9b31m"  # clears it, and makes it red with C1


@pytest.fixture
def hostile(demo: Path, tmp_path: Path) -> Path:
    """The demo capture with an escape sequence in the name of the missing file and in payloads."""
    data = gzip.decompress(demo.read_bytes())
    for harmless, escape in ((b"users.db", TITLE), (b"Werkzeug", CLEAR)):
        assert len(harmless) == len(escape)
        assert harmless in data
        data = data.replace(harmless, escape)
    path = tmp_path / "hostile.scap"
    path.write_bytes(gzip.compress(data, 1))
    return path


def _sent_nothing_of(sent: bytes) -> None:
    assert b"]0;pwn\x07" not in sent
    assert b"\x9b31" not in sent
    assert "\x9b31".encode() not in sent


def test_hostile_names_on_the_screen(terminal: Start, hostile: Path) -> None:
    screen = terminal(hostile, "-f", "evt.failed=true and fd.name startswith /etc/usercount", columns=160)
    screen.wait("File Open Errors", seconds=240)
    screen.settle()
    screen.select("File Open Errors")
    screen.press("enter")
    screen.wait("name=/etc/usercount/]0;pwn")  # as sysdig prints it
    screen.press("enter")
    screen.wait("fd.name")
    assert screen.line("fd.name").split()[-1] == "/etc/usercount/\\x1b]0;pwn\\x07"
    _sent_nothing_of(bytes(screen.sent))


def test_hostile_payloads_on_the_screen(terminal: Start, hostile: Path) -> None:
    screen = terminal(hostile)
    screen.wait("HTTP Errors", seconds=240)
    screen.settle()
    screen.select("HTTP Errors")
    screen.press("enter")
    screen.wait("Server: .[2J.31m/2")
    screen.press("v", "a")
    screen.wait("ascii")
    screen.press("v", "x")
    screen.wait("1b5b 324a")
    _sent_nothing_of(bytes(screen.sent))


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "evt.num=2330"),
        ("events", "evt.num=2330", "--fields", "fd.name,evt.args"),
        ("view", "dig", "evt.num=2330"),
        ("view", "files", "evt.num=2330"),
        ("streams", "evt.buffer contains ' 500 INTERNAL'", "--as", "ascii"),
    ],
)
def test_hostile_names_in_printed_text(terminal: Start, hostile: Path, arguments: tuple[str, ...]) -> None:
    screen = terminal(arguments[0], hostile, *arguments[1:], columns=200)
    assert screen.end(240) == 0
    assert len(screen.sent) > 50
    _sent_nothing_of(bytes(screen.sent))


def test_table_on_a_terminal(terminal: Start, demo: Path) -> None:
    screen = terminal("summary", demo, lines=60)
    assert screen.end(240) == 0
    assert "─────" in screen.text()
    assert screen.line("HTTP Errors").split()[:5] == ["Performance", "HTTP", "Errors", "30", "messages"]


def test_rows_on_a_terminal_are_for_people(terminal: Start, demo: Path) -> None:
    screen = terminal("view", demo, "files", "--limit", "2", lines=60)
    assert screen.end(240) == 0
    assert "2 of " in screen.line(" rows")


def test_figures_are_whole_on_a_narrow_terminal(terminal: Start, demo: Path) -> None:
    screen = terminal("view", demo, "procs", "--limit", "3", columns=80, lines=60)
    assert screen.end(240) == 0
    header = screen.line("PID").split()
    assert header[:6] == ["PID", "PPID", "CPU", "USER", "TH", "VIRT"]
    assert "11694" in screen.text()


def test_raw_bytes_are_not_sent_to_a_terminal(terminal: Start, demo: Path) -> None:
    screen = terminal("streams", demo, "--as", "raw")
    assert screen.end(60) == 2
    assert "Raw bytes are not sent to a terminal" in screen.text()


def test_a_terminal_is_no_capture(terminal: Start) -> None:
    screen = terminal("summary", "-")
    assert screen.end(60) == 1
    assert "standard input: this is a terminal; a capture comes through a pipe." in screen.text()


def test_cut_capture_says_so_on_the_screen(terminal: Start, demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.scap"
    path.write_bytes(demo.read_bytes()[:400_000])
    screen = terminal(path)
    screen.wait("HTTP Errors", "offset", seconds=240)
    screen.press("q")
    assert screen.end() == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"", "is empty"), (b"text " * 99, "not a sysdig capture")],
    ids=["missing", "empty", "text"],
)
def test_what_cannot_be_opened(terminal: Start, tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "x.scap"
    if content is not None:
        path.write_bytes(content)
    screen = terminal(path, columns=200)
    screen.wait(said, seconds=240)
    screen.press("q")
    assert screen.end() == 1
    assert b"Traceback" not in screen.sent


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "vt100", "COLORTERM": ""},
        {"TERM": "linux", "COLORTERM": ""},
        {"TERM": "xterm-256color", "COLORTERM": ""},
        {"NO_COLOR": "1"},
    ],
    ids=["vt100", "linux", "256", "no-color"],
)
def test_any_terminal(terminal: Start, env: dict[str, str]) -> None:
    screen = terminal("--demo", columns=80, lines=24, **env)
    screen.wait("HTTP Errors", seconds=240)
    screen.press("q")
    assert screen.end() == 0


@pytest.mark.parametrize(("option", "said"), [("--keymap", "is not a keymap"), ("--theme", "is not a theme")])
def test_unknown_keymap_or_theme(terminal: Start, option: str, said: str) -> None:
    screen = terminal("--demo", option, "nothing")
    assert screen.end(60) in (1, 2)
    assert said in screen.text()


def test_suspending_gives_the_terminal_to_the_shell_and_back(terminal: Start) -> None:
    shell = ("bash", "-c", 'set -m; "$@"; echo in the shell; read -r line; fg >/dev/null', "bash")
    screen = terminal("--demo", wrapper=shell)
    screen.wait("HTTP Errors", seconds=240)
    screen.settle()
    screen.press("\x1a")
    screen.wait("in the shell")
    screen.press("enter")
    screen.wait("HTTP Errors")
    screen.press("q")
    assert screen.end() == 0


def test_without_a_shell_nothing_stops(terminal: Start) -> None:
    screen = terminal("--demo")
    screen.wait("HTTP Errors", seconds=240)
    screen.settle()
    screen.press("\x1a")
    screen.wait("There is no shell to return to.")
    screen.press("\x03")
    screen.wait("q leaves scaptui.")
    screen.press("q")
    assert screen.end() == 0


def test_wrong_first_filter(terminal: Start) -> None:
    screen = terminal("--demo", "-f", "proc.nmae=x")
    screen.wait("proc.name", seconds=240)
    screen.press("q")
    screen.end()
    assert b"Traceback" not in screen.sent
