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
from numpy.typing import NDArray
from views_golden import UNSET_ADDRESS

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.args import ArgReader
from scaptui.core.query.buffers import WHOLE, Look
from scaptui.core.query.format import CONTAINERS, DEFAULT, compile_format
from scaptui.core.query.shown import Shown, TimeType

OLD = ["haproxy-502", "curl-google", "ipv6-conn"]
NEW = ["lab1-http500", "lab2-crashloop", "lab3-shell", "lab4-exfil"]


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


def check_lines(ours: Sequence[str], theirs: Sequence[str]) -> None:
    """All lines are equal but for those with the address that is not set."""
    assert len(ours) == len(theirs)
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if UNSET_ADDRESS not in b]
    wrong = [(a, b) for a, b in pairs if a != b]
    first = f"\nours   {wrong[0][0]}\ntheirs {wrong[0][1]}" if wrong else ""
    assert not wrong, f"{len(wrong)} of {len(pairs)} lines differ{first}"


PAYLOADS: dict[str, Look] = {
    "-A": Look("ascii"),
    "-x": Look("hex"),
    "-X": Look("hexascii"),
    "-b": Look("base64"),
    "-v": WHOLE,
}
FILTERS = ["evt.is_io=true and fd.type in (ipv4, ipv6, unix)", "evt.buffer contains HTTP", "proc.name=curl"]


def shown(capture: Capture, filter_text: str | None = None) -> NDArray[np.int64]:
    """Return the rows of the events that sysdig shows."""
    rows = capture.select(filter_text)
    return rows[(capture.index.events.flags[rows] & EV_HIDDEN) == 0]


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize(("options", "text"), [((), DEFAULT), (("-pc",), CONTAINERS)], ids=["plain", "pc"])
def test_the_lines_of_sysdig(
    capture_file: Callable[[str], Path], name: str, options: tuple[str, ...], text: str
) -> None:
    path = capture_file(f"{name}.scap")
    theirs = sysdig("-r", path, *options)
    with Capture.open(path) as capture:
        ours = list(compile_format(text, capture.fields).lines(shown(capture)))
    check_lines(ours, theirs)


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("option", PAYLOADS)
def test_payload_modes(capture_file: Callable[[str], Path], name: str, option: str) -> None:
    path = capture_file(f"{name}.scap")
    theirs = sysdig("-r", path, option)
    with Capture.open(path) as capture:
        lines = compile_format(DEFAULT, capture.fields, PAYLOADS[option]).lines(shown(capture))
        ours = "\n".join(lines).split("\n")
    check_lines(ours, theirs)


@pytest.mark.parametrize("filter_text", FILTERS)
@pytest.mark.parametrize("option", ["-A", "-X"])
def test_payload_modes_behind_a_filter(
    capture_file: Callable[[str], Path], option: str, filter_text: str
) -> None:
    path = capture_file("haproxy-502.scap")
    theirs = sysdig("-r", path, option, "-d", "-p", "*%evt.num %evt.args %evt.buffer", filter_text)
    with Capture.open(path) as capture:
        compiled = compile_format("*%evt.num %evt.args %evt.buffer", capture.fields, PAYLOADS[option])
        ours = "\n".join(compiled.lines(shown(capture, filter_text))).split("\n")
    assert len(ours) > 100
    check_lines(ours, theirs)


@pytest.mark.parametrize("time", ["r", "d", "D"])
@pytest.mark.parametrize("name", OLD)
def test_times(capture_file: Callable[[str], Path], name: str, time: TimeType) -> None:
    path = capture_file(f"{name}.scap")
    theirs = sysdig("-r", path, "-t", time, "-p", "%evt.num %evt.outputtime")
    with Capture.open(path) as capture:
        text = "%evt.num %evt.outputtime"
        ours = list(compile_format(text, capture.fields, time=time).lines(shown(capture)))
    assert ours == theirs


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("option", ["", "-A", "-x", "-X", "-b"])
def test_whole_parameters_as_in_json(capture_file: Callable[[str], Path], name: str, option: str) -> None:
    path = capture_file(f"{name}.scap")
    options = ["-j", *([option] if option else [])]
    fields = ["evt.num", "evt.outputtime", "evt.args", "evt.buffer", "evt.arg.data"]
    theirs = [
        json.loads(line)
        for line in sysdig("-r", path, *options, "-p", "*" + " ".join(f"%{field}" for field in fields))
    ]
    with Capture.open(path) as capture:
        rows = np.array([line["evt.num"] - 1 for line in theirs])
        shown = Shown(capture.fields, PAYLOADS.get(option, WHOLE))
        columns = [shown.objects(capture.fields.resolve(field), rows) for field in fields]
    ours = [json.dumps(dict(zip(fields, values, strict=True))) for values in zip(*columns, strict=True)]
    check_lines(ours, [json.dumps({f: line[f] for f in fields}) for line in theirs])


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
        ours = list(compile_format(text, capture.fields).lines(shown(capture)))
    check_lines(ours, theirs)


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
