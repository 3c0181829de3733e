"""Wrong usage is one sentence and exit code 2; nothing ends in a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program import Run

from scaptui import __version__


def test_version_is_printed(scaptui: Run) -> None:
    done = scaptui("--version")
    assert done.stdout.decode() == f"scaptui {__version__}\n"
    assert done.returncode == 0


@pytest.mark.parametrize("unwanted", ["numba", "numpy", "textual", "rich"])
def test_version_loads_nothing_heavy(settings: dict[str, str], unwanted: str) -> None:
    script = (
        "import sys; from scaptui.tui.cli import main; code = main(['--version']); "
        f"sys.exit(3 if {unwanted!r} in sys.modules else code)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=settings, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_engine_loads_no_screen(settings: dict[str, str]) -> None:
    script = (
        "import sys, scaptui.core.capture, scaptui.core.views.summary, scaptui.core.views.engine; "
        "sys.exit(3 if {'rich', 'textual'} & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=settings, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name one capture, or --demo"),
        (["a.scap", "--demo"], "name one capture, or --demo"),
        (["a.scap", "proc.name=x"], "unexpected argument 'proc.name=x'; a filter comes after -f"),
        (["sumary", "a.scap"], "there is no command 'sumary'; did you mean summary?"),
        (["summary", "a.scap", "--window", "1", "a"], "invalid time value: 'a'"),
        (["summary"], "the following arguments are required: CAPTURE"),
        (["view", "a.scap"], "the following arguments are required: VIEW"),
        (["summary", "a.scap", "--buckets", "0"], "invalid count value: '0'"),
        (["summary", "a.scap", "--buckets", "many"], "invalid count value: 'many'"),
        (["streams", "a.scap", "--as", "octal"], "invalid choice: 'octal'"),
        (["events", "a.scap", "--fields", "evt.num", "--format", "%evt.num"], "not allowed with argument"),
        (["--nonsense"], "unexpected argument '--nonsense'"),
    ],
)
def test_wrong_usage(scaptui: Run, arguments: list[str], said: str) -> None:
    done = scaptui(*arguments)
    error = done.stderr.decode()
    assert done.returncode == 2, error
    assert error.startswith("usage: scaptui")
    assert said in error
    assert done.stdout == b""


def test_help_names_every_command(scaptui: Run) -> None:
    text = scaptui("--help").stdout.decode()
    for name in ("summary", "view", "events", "streams", "views", "fields"):
        assert f"  {name} " in text


def test_the_screen_does_not_share_its_keys_with_a_capture(scaptui: Run) -> None:
    done = scaptui("-")
    assert done.returncode == 2
    assert done.stderr.startswith(b"scaptui: The screen needs standard input for its keys.")


def test_screen_needs_a_terminal(scaptui: Run, demo: Path) -> None:
    done = scaptui(demo)
    assert done.returncode == 2
    assert done.stderr.startswith(b"scaptui: The screen needs a terminal")


def test_capture_named_like_a_command_can_be_opened(scaptui: Run, tmp_path: Path) -> None:
    (tmp_path / "view").write_bytes(b"x")
    for arguments in (["--", "view"], ["./view"]):
        done = scaptui(*arguments, cwd=tmp_path)
        assert done.stderr.startswith(b"scaptui: The screen needs a terminal"), done.stderr


def test_options_may_stand_between_the_arguments(scaptui: Run, demo: Path) -> None:
    first = scaptui("view", demo, "procs", "--json", "proc.name=python3")
    second = scaptui("view", "--json", demo, "procs", "proc.name=python3")
    assert first.returncode == 0, first.stderr.decode()
    assert first.stdout == second.stdout
    assert b"python3" in first.stdout


@pytest.mark.parametrize(
    ("text", "caret", "sentence"),
    [
        ("proc.nam=cat", 0, "Did you mean proc.name?"),
        ("evt.type=open and proc.nmae=cat", 18, "Did you mean proc.name?"),
        ("(evt.type=open", None, "Column"),
        ("日本=1", 0, "Column 1"),
    ],
)
def test_wrong_filter(scaptui: Run, demo: Path, text: str, caret: int | None, sentence: str) -> None:
    done = scaptui("summary", demo, text)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert lines[1] == "  " + text
    assert lines[2].strip() == "^"
    if caret is not None:
        assert lines[2].index("^") == caret + 2
    assert lines[3].startswith("Column ")
    assert sentence in lines[3]
    assert len(lines) == 4
    assert done.stdout == b""


def test_filter_that_is_not_utf8(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, os.fsdecode(b"proc.name=\xff\x1b"))
    assert done.returncode == 1
    assert b"Column 11: a filter is UTF-8 text" in done.stderr
    assert b"\x1b" not in done.stderr


def test_reader_that_leaves_early(settings: dict[str, str], demo: Path) -> None:
    command = [sys.executable, "-m", "scaptui", "events", str(demo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=settings) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(120) == 0


def test_closed_stdout(scaptui: Run, demo: Path) -> None:
    done = scaptui("views", capture_output=False, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert done.returncode == 1
    assert done.stderr == b"scaptui: Nothing can be written: standard output is closed.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", ["views", "summary"])
def test_full_disk(scaptui: Run, demo: Path, command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        arguments = [command] if command == "views" else [command, demo]
        done = scaptui(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b"scaptui: Standard output cannot be written: No space left on device.\n"


def test_interrupt_is_one_word(settings: dict[str, str], tmp_path: Path) -> None:
    pipe = tmp_path / "endless.scap"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "scaptui", "summary", str(pipe)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)
    with child, pipe.open("wb") as writer:
        writer.write((0x0A0D0D0A).to_bytes(4, "little"))  # then nothing: the program waits for more
        writer.flush()
        time.sleep(1.5)
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=60)
    assert error == b"scaptui: interrupted.\n"
    assert child.returncode == 1


def test_output_of_any_encoding(scaptui: Run, settings: dict[str, str]) -> None:
    done = scaptui("fields", env=settings | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr.decode()
    assert b"proc.name" in done.stdout
