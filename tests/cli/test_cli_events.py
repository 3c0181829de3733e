"""``scaptui events`` in a pipe: JSON objects of chosen fields, and sysdig's formats."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from builder import CaptureBuilder
from program import Run

from scaptui.core.query.format import DEFAULT

MISSING_FILE = "/etc/usercount/users.db"
FAILED_OPENS = f"evt.type=openat and evt.failed=true and fd.name={MISSING_FILE}"


def _objects(stdout: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_fields_as_json_lines(scaptui: Run, demo: Path) -> None:
    done = scaptui(
        "events", demo, FAILED_OPENS, "--fields", "evt.num, evt.res,proc.name,evt.rawres,container.name"
    )
    rows = _objects(done.stdout)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    assert len(rows) == 15
    assert rows[0] == {
        "evt.num": 2330,
        "evt.res": "ENOENT",
        "proc.name": "python3",
        "evt.rawres": -2,
        "container.name": "usercount",
    }


def test_missing_value_is_null(scaptui: Run, demo: Path) -> None:
    rows = _objects(scaptui("events", demo, "evt.num=77", "--fields", "evt.type,fd.name,evt.failed").stdout)
    assert rows == [{"evt.type": "poll", "fd.name": None, "evt.failed": False}]


def test_default_json(scaptui: Run, demo: Path) -> None:
    rows = _objects(scaptui("events", demo, "evt.num=2330", "--json").stdout)
    assert rows[0]["evt.type"] == "openat"
    assert MISSING_FILE in rows[0]["evt.args"]
    assert rows[0]["evt.rawtime"] > 1_700_000_000_000_000_000


def test_format(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, FAILED_OPENS, "--format", "%evt.num|%10proc.name|%evt.res")
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 15
    assert lines[0] == "2330|python3   |ENOENT"


def test_format_as_json(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, "evt.num=2330", "--format", "%evt.num %proc.name", "--json")
    assert _objects(done.stdout) == [{"evt.num": 2330, "proc.name": "python3"}]


def test_json_of_a_format_leaves_out_what_lacks_a_field_unless_it_has_a_star(
    scaptui: Run, demo: Path
) -> None:
    wanted = f"{FAILED_OPENS} or evt.type=switch"
    some = _objects(scaptui("events", demo, wanted, "-p", "%evt.num %fd.name", "--json").stdout)
    every = _objects(scaptui("events", demo, wanted, "-p", "*%evt.num %fd.name", "--json").stdout)
    assert some == [row for row in every if row["fd.name"] is not None]
    assert 0 < len(some) < len(every)


def test_default_text_is_a_line_an_event(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, "proc.name=python3 and evt.type=openat")
    lines = done.stdout.decode().splitlines()
    assert any(f"name={MISSING_FILE}" in line for line in lines)
    assert all(" python3 (" in line for line in lines)


def test_number_of_events_is_that_of_the_capture(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, "--format", "%evt.num")
    numbers = [int(line) for line in done.stdout.split()]
    assert len(numbers) == 18_725
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ("evt.num,proc.nmae", 9),
        ("evt.num,,proc.name", 9),
        ("evt.num,", 9),
        ("nothing", 1),
        ("evt.num , x.y", 11),
    ],
)
def test_wrong_field_in_a_list(scaptui: Run, demo: Path, fields: str, column: int) -> None:
    done = scaptui("events", demo, "--fields", fields)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert lines[1] == "  " + fields
    assert lines[2] == " " * (column + 1) + "^"
    assert lines[3].startswith(f"Column {column}: ")
    assert done.stdout == b""


def test_comma_within_brackets(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, "evt.num=2330", "--fields", "evt.arg[name],proc.aname[1]")
    assert _objects(done.stdout)[0]["evt.arg[name]"] == MISSING_FILE


def test_no_escape_in_text(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, "--format", "%evt.info")
    allowed = set(range(0x20, 0x7F)) | {0x0A}
    assert not {byte for byte in done.stdout if byte < 0x80} - allowed


def _lines(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


@pytest.fixture
def request_number(scaptui: Run, demo: Path) -> str:
    """The number of the first event with an HTTP request in its buffer."""
    done = scaptui("events", demo, "evt.buffer contains 'GET /'", "-n", "1", "-p", "%evt.num")
    return _lines(done)[0]


@pytest.mark.parametrize(
    ("option", "begins", "holds"),
    [
        ("-A", "GET /", "HTTP/1.1"),
        ("-x", "\t0x0000: 4745 5420 2f", "\n\t0x0010: "),
        ("-X", "\t0x0000: 4745 5420 2f", "  GET /"),
    ],
)
def test_payload_modes_begin_lines(
    scaptui: Run, demo: Path, request_number: str, option: str, begins: str, holds: str
) -> None:
    done = scaptui("events", demo, f"evt.num={request_number}", option, "-p", "[%evt.buffer]")
    text = done.stdout.decode()
    assert text.startswith(f"[\n{begins}")
    assert holds in text
    whole = scaptui("events", demo, f"evt.num={request_number}", option).stdout.decode()
    assert text[1:].removesuffix("]\n") in whole


def test_base64_in_text_and_in_json(scaptui: Run, demo: Path, request_number: str) -> None:
    what = f"evt.num={request_number}"
    text = _lines(scaptui("events", demo, what, "-b", "-p", "%evt.buffer"))[0]
    rows = _objects(scaptui("events", demo, what, "-b", "--fields", "evt.buffer").stdout)
    assert base64.b64decode(text).startswith(b"GET /")
    assert rows == [{"evt.buffer": text}]


def test_first_bytes_of_buffers(scaptui: Run, demo: Path, request_number: str) -> None:
    what = f"evt.num={request_number}"
    assert _lines(scaptui("events", demo, what, "-s", "5", "-p", "%evt.buffer")) == ["GET /"]
    assert _lines(scaptui("events", demo, what, "-b", "-s", "3", "-p", "%evt.buffer")) == ["R0VU"]


def test_limit(scaptui: Run, demo: Path) -> None:
    assert _lines(scaptui("events", demo, "-n", "3", "-p", "%evt.num")) == ["77", "78", "79"]
    assert len(_lines(scaptui("events", demo, "--limit", "2", "--json"))) == 2
    wrong = scaptui("events", demo, "-n", "0")
    assert wrong.returncode == 2


def test_times(scaptui: Run, demo: Path) -> None:
    what = ("-n", "2", "-p", "%evt.rawtime %evt.outputtime")
    for line in _lines(scaptui("events", demo, "-t", "a", *what)):
        raw, shown = line.split()
        assert shown == f"{raw[:-9]}.{raw[-9:]}"
    assert _lines(scaptui("events", demo, "-t", "r", "-n", "1", "-p", "%evt.outputtime")) == ["0.000000000"]


def test_formats_by_name(scaptui: Run, demo: Path) -> None:
    named = scaptui("events", demo, "container.name=usercount", "-pc", "-n", "5")
    assert all(" usercount (" in line for line in _lines(named))
    assert _lines(scaptui("events", demo, "-pp")) == [DEFAULT]


def test_json_has_whole_parameters(scaptui: Run, tmp_path: Path) -> None:
    made = CaptureBuilder(modern=False).proc(10, "cat").fd(10, 3, "/etc/passwd")
    made.call("SYSCALL_READ", 10, [3, 500], [120, b"x" * 119 + b"\n"])
    path = made.save(tmp_path / "made.scap")
    cut = _lines(scaptui("events", path, "evt.num=2", "-p", "%evt.args|%evt.buffer"))[0]
    assert cut == f"res=120 data={'x' * 77}... |{'x' * 77}..."
    whole = _lines(scaptui("events", path, "evt.num=2", "-v", "-p", "%evt.args|%evt.buffer"))[0]
    assert whole == f"res=120 data={'x' * 119}. |{'x' * 119}."
    (row,) = _objects(
        scaptui("events", path, "evt.num=2", "--fields", "evt.args,evt.buffer,evt.arg.data").stdout
    )
    assert row == {
        "evt.args": f"res=120 data={'x' * 119}. ",
        "evt.buffer": "x" * 119 + ".",
        "evt.arg.data": "x" * 119 + ".",
    }
    (row,) = _objects(scaptui("events", path, "evt.num=2", "-p", "%evt.num %evt.info", "--json").stdout)
    assert row == {"evt.num": 2, "evt.info": f"res=120 data={'x' * 119}. "}


def test_one_look_at_buffers_only(scaptui: Run, demo: Path) -> None:
    done = scaptui("events", demo, "-A", "-x")
    assert done.returncode == 2
    assert b"not allowed with" in done.stderr
