"""``scaptui events`` in a pipe: JSON objects of chosen fields, and sysdig's formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from program import Run

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
