"""Every event code of the old readers with many parameter values, against sysdig itself.

``SCAPTUI_SEED`` chooses other values. Compared is what an event says of itself: parameters, type,
category, result. What events do to processes and descriptors has its own tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from event_variety import CODES, capture_of, left_out

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.buffers import STYLES, Look, Style
from scaptui.core.query.format import compile_format
from scaptui.core.schema.catalogue import events
from scaptui.core.text import printable

pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")

SEED = int(os.environ.get("SCAPTUI_SEED", "1"))
PART = 24  # codes that one test compares
FIELDS = [
    "evt.num",
    "evt.outputtime",
    "evt.cpu",
    "evt.dir",
    "evt.type",
    "syscall.type",
    "evt.category",
    "evt.failed",
    "evt.args",
    "evt.info",
]
BETWEEN, END = "\x1f", "\x1e"
FORMAT = "*" + BETWEEN.join(f"%{field}" for field in FIELDS)
OPTIONS: dict[Style, str] = {
    "dots": "-v",
    "ascii": "-A",
    "hex": "-x",
    "hexascii": "-X",
    "base64": "-b",
}
# Of these, sysdig reads parameters that are not there to follow the state of the machine.
NEEDS_ALL = frozenset(
    ("clone", "clone3", "fork", "vfork", "execve", "execveat", "open", "creat", "openat", "openat2")
)


def codes(part: int) -> list[int]:
    return [code for code in range(part * PART, (part + 1) * PART) if not left_out(events(False)[code])]


def cleaned(line: str) -> list[str]:
    """Return the fields of a line of sysdig, as safe to print as ours."""
    return [printable(value, newlines=True).replace("\\t0x", "\t0x") for value in line.split(BETWEEN)]


def theirs(path: Path, *options: str) -> tuple[list[list[str]], int]:
    """Return the fields of each line that sysdig prints, and its exit code."""
    command = ["sysdig", "-r", str(path), *options, "-p", FORMAT + END]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    lines = done.stdout.decode("utf-8", "replace").split(f"{END}\n")[:-1]
    return [cleaned(line) for line in lines], done.returncode


def ours(path: Path, look: Look) -> list[list[str]]:
    with Capture.open(path) as capture:
        rows = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
        return [line.split(BETWEEN) for line in compile_format(FORMAT, capture.fields, look).lines(rows)]


def differences(
    code: int, mine: Sequence[list[str]], reference: Sequence[list[str]], fields: Sequence[str] = FIELDS
) -> list[str]:
    """Return a text for each field that differs; a sysdig that fell over has fewer lines."""
    found: list[str] = []
    for line, other in zip(mine, reference, strict=False):
        for field, a, b in zip(FIELDS, line, other, strict=True):
            if field in fields and a != b:
                found.append(f"{events(False)[code].sym} #{other[0]} {field}\n  ours   {a}\n  theirs {b}")
    return found


@pytest.mark.parametrize("part", range(CODES // PART))
def test_every_code(tmp_path: Path, part: int) -> None:
    wrong: list[str] = []
    for code in codes(part):
        path = tmp_path / f"{code}.scap"
        path.write_bytes(capture_of(code, SEED))
        reference, result = theirs(path)
        mine = ours(path, Look())
        assert result == 0, events(False)[code].sym
        assert len(mine) == len(reference), events(False)[code].sym
        wrong += differences(code, mine, reference)
    assert not wrong, f"{len(wrong)} differ, first:\n" + "\n".join(wrong[:5])


@pytest.mark.parametrize("style", OPTIONS)
def test_buffers_of_every_code(tmp_path: Path, style: Style) -> None:
    wrong: list[str] = []
    holders = [e for e in events(False)[:CODES] if any(p.type in ("BYTEBUF", "DYN") for p in e.params)]
    for event in holders[list(OPTIONS).index(style) :: len(OPTIONS)]:
        path = tmp_path / f"{event.id}.scap"
        path.write_bytes(capture_of(event.id, SEED + 1))
        reference, _ = theirs(path, OPTIONS[style])
        mine = ours(path, Look(style))
        assert len(mine) == len(reference) > 10, event.sym
        wrong += differences(event.id, mine, reference)
    assert not wrong, f"{len(wrong)} differ, first:\n" + "\n".join(wrong[:5])


def test_parameters_missing_at_the_end(tmp_path: Path) -> None:
    wrong: list[str] = []
    compared = 0
    for code in range(CODES):
        event = events(False)[code]
        if event.params and event.name not in NEEDS_ALL and not left_out(event):
            path = tmp_path / f"{code}.scap"
            path.write_bytes(capture_of(code, SEED, short=True))
            reference, _ = theirs(path)  # it falls over when too much is missing
            wrong += differences(code, ours(path, Look()), reference, ("evt.num", "evt.args", "evt.info"))
            compared += len(reference)
    assert compared > 1000
    assert not wrong, f"{len(wrong)} differ, first:\n" + "\n".join(wrong[:5])


def test_all_styles_are_compared() -> None:
    assert {"short", *OPTIONS} == set(STYLES)
