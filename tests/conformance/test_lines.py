"""Event lines against the reference: live sysdig for old captures, golden data for new ones."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.args import ArgReader
from scaptui.core.query.format import CONTAINERS, DEFAULT, compile_format

OLD = ["haproxy-502", "curl-google", "ipv6-conn"]
NEW = ["lab1-http500", "lab2-crashloop", "lab3-shell", "lab4-exfil"]
# sysdig 0.29.3 shows bytes that it never set as the peer of a bound UDP socket
UNSET_ADDRESS = "->145.216.3.255:"
# share of lines that must be equal, after those with the unset address
SHARE = {"haproxy-502": 1.0, "curl-google": 1.0, "ipv6-conn": 1.0}


def sysdig(*arguments: str | Path) -> list[str]:
    if shutil.which("sysdig") is None:
        pytest.skip("sysdig is not installed")
    done = subprocess.run(["sysdig", *map(str, arguments)], capture_output=True, timeout=120, check=False)
    return done.stdout.decode("utf-8", "replace").splitlines()


def golden(name: str) -> Path:
    captures = os.environ.get("SCAPTUI_CAPTURES")
    shared = Path(captures).parent if captures else Path(__file__).parents[3] / "shared"
    path = shared / "golden" / "modern" / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    return path


def same_share(ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, str]:
    """Return the share of equal lines, and the first difference."""
    assert len(ours) == len(theirs)
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if UNSET_ADDRESS not in b]
    wrong = [(a, b) for a, b in pairs if a != b]
    first = f"\nours   {wrong[0][0]}\ntheirs {wrong[0][1]}" if wrong else ""
    return 1 - len(wrong) / max(len(pairs), 1), f"{len(wrong)} of {len(pairs)} lines differ{first}"


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize(("options", "text"), [((), DEFAULT), (("-pc",), CONTAINERS)], ids=["plain", "pc"])
def test_the_lines_of_sysdig(
    capture_file: Callable[[str], Path], name: str, options: tuple[str, ...], text: str
) -> None:
    path = capture_file(f"{name}.scap")
    theirs = sysdig("-r", path, *options)
    with Capture.open(path) as capture:
        rows = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
        ours = list(compile_format(text, capture.fields).lines(rows))
    share, difference = same_share(ours, theirs)
    assert share >= SHARE[name], difference


@pytest.mark.parametrize("name", OLD)
def test_whole_parameters_as_in_json(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(f"{name}.scap")
    theirs = [json.loads(line) for line in sysdig("-r", path, "-j", "-p", "*%evt.num %evt.args %evt.buffer")]
    with Capture.open(path) as capture:
        rows = np.array([line["evt.num"] - 1 for line in theirs])
        reader = ArgReader(capture.index, capture.records)
        ours = [line.decode("utf-8", "replace") for line in reader.lines(rows, full=True)]
        buffers = reader.buffer(rows).texts(capture.index.strings)
    share, difference = same_share(ours, [line["evt.args"] for line in theirs])
    assert share >= SHARE[name], difference
    assert buffers == [line["evt.buffer"] for line in theirs]


FIELDS = [
    "evt.arg.fd",
    "evt.arg.res",
    "evt.arg.name",
    "evt.arg.flags",
    "evt.arg[0]",
    "evt.arg[1]",
    "evt.rawarg.res",
]


@pytest.mark.parametrize("name", OLD)
def test_single_parameters(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(f"{name}.scap")
    text = "*" + " | ".join(f"%{field}" for field in FIELDS)
    theirs = sysdig("-r", path, "-p", text)
    with Capture.open(path) as capture:
        rows = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
        ours = list(compile_format(text, capture.fields).lines(rows))
    share, difference = same_share(ours, theirs)
    assert share >= SHARE[name], difference


@pytest.mark.parametrize("name", NEW)
def test_the_parameters_of_the_newest_reader(capture_file: Callable[[str], Path], name: str) -> None:
    reference = golden(name)
    path = capture_file(f"{name}.scap")
    with gzip.open(reference, "rt", encoding="utf-8") as lines:
        theirs = {event["evt.num"]: event["evt.args"] or "" for event in map(json.loads, lines)}
    with Capture.open(path) as capture:
        rows = np.array(sorted(theirs)) - 1
        reader = ArgReader(capture.index, capture.records)
        ours = [line.decode("utf-8", "replace") for line in reader.lines(rows)]
    wrong = [
        (row + 1, a, theirs[row + 1])
        for row, a in zip(rows.tolist(), ours, strict=True)
        if a != theirs[row + 1]
    ]
    assert not wrong, f"{len(wrong)} of {len(ours)} events differ, first {wrong[0]}"
