"""Rows of views against csysdig: run now, and as recorded in the golden data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scaptui.core.capture import Capture
from scaptui.core.query.cells import Kind
from scaptui.core.views.engine import run_view

OLD = ["haproxy-502.scap", "curl-google.scap", "ipv6-conn.scap"]
NAMES = """
containers procs files connections errors sports threads directories io_by_type file_opens spy_users
spy_users_wsysdig incoming_connections port_bindings backlog page_faults procs_cpu procs_errors
syscall_procs syscalls slow_io containers_errors
"""
VIEWS = NAMES.split()
FILTERED = [
    "containers",
    "procs",
    "files",
    "connections",
    "errors",
    "sports",
    "threads",
    "directories",
    "syscalls",
]
# csysdig 0.29.3 shows bytes that it never set as the peer of a bound UDP socket
UNSET_ADDRESS = "->145.216.3.255:"
# its spectrograms without a screen have one class, and it counts open descriptors as it goes
NOT_COMPARED = {"echo", "dig", "spectro_all", "spectro_file", "spectro_traces", "procs_fd_usage"}

APART = {
    # there the share of a processor without the kernel's part is not the rest of the total
    ("curl-google.scap", "procs_cpu"): ("USER",),
    # there a report on a processor forgets the time of the thread's last call
    ("ipv6-conn.scap", "io_by_type"): ("TIME",),
}

Row = tuple[str, tuple[Any, ...]]


def golden() -> Path:
    captures = os.environ.get("SCAPTUI_CAPTURES")
    shared = Path(captures).parent if captures else Path(__file__).parents[3] / "shared"
    return shared / "golden" / "csysdig"


@cache
def runs() -> tuple[dict[str, Any], ...]:
    """Return the recorded runs of views on the first capture: file name and command line."""
    index = golden() / "index.json"
    if not index.exists():
        return ()
    found = json.loads(index.read_text())
    return tuple(run for run in found if "-v" in run["argv"] and run["argv"][-2:] != ["-v", "-j"])


def view_of(arguments: list[str]) -> str:
    return arguments[arguments.index("-v") + 1]


def recorded(view: str, *, filtered: bool) -> list[dict[str, Any]]:
    return [run for run in runs() if view_of(run["argv"]) == view and has_filter(run) == filtered]


def has_filter(run: dict[str, Any]) -> bool:
    return not run["argv"][-1].startswith("-")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="module")
def captures() -> Iterator[Callable[[Path], Capture]]:
    """Open each capture once."""
    known: dict[Path, Capture] = {}

    def get(path: Path) -> Capture:
        if path not in known:
            known[path] = Capture.open(path)
        return known[path]

    yield get
    for capture in known.values():
        capture.close()


def theirs(document: dict[str, Any]) -> list[Row]:
    return [(row["k"], tuple(row["d"])) for row in document["slices"][-1].get("data", [])]


def compare(
    capture: Capture, view: str, filter_text: str | None, containers: bool, expected: list[Row]
) -> None:
    table = run_view(capture, view, filter=filter_text, containers=containers)
    found = table.to_json()
    names = [column["name"] for column in found["columns"]]
    unequal = {number for number, column in enumerate(table.columns) if column.kind is Kind.IP}  # mangled
    unequal |= {names.index(column) for column in APART.get((capture.path.name, view), ())}
    if view == "syscalls":  # there the mean is over enter events too, and the thread table is a call
        unequal.add(names.index("AVG TIME"))
        expected = [row for row in expected if row[0] != "sysdigevent"]
    if view == "containers" and filter_text is not None and "proc.pid=13969" in filter_text:
        unequal |= {names.index("PROCS"), names.index("THREADS")}  # there: once a second, added up

    def comparable(rows: list[Row]) -> list[str]:
        kept = [
            (key, [value for number, value in enumerate(values) if number not in unequal])
            for key, values in rows
            if UNSET_ADDRESS not in key and not key.endswith("127.0.0.1:55441->127.0.0.1:514")
        ]
        return sorted(json.dumps([key, [rounded(value) for value in values]]) for key, values in kept)

    ours = [(row["key"], tuple(row["values"])) for row in found["rows"]]
    assert len(ours) == len(expected)
    assert comparable(ours) == comparable(expected)


def rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", OLD)
def test_the_rows_of_csysdig(
    name: str, view: str, capture_file: Callable[[str], Path], captures: Callable[[Path], Capture]
) -> None:
    path = capture_file(name)
    if shutil.which("csysdig") is None:
        pytest.skip("csysdig is not installed")
    done = subprocess.run(
        ["csysdig", "-r", str(path), "-v", view, "-j", "-pc"], capture_output=True, timeout=120, check=True
    )
    compare(captures(path), view, None, True, theirs(json.loads(done.stdout.decode("utf-8", "replace"))))


@pytest.mark.parametrize("view", sorted({view_of(run["argv"]) for run in runs()} - NOT_COMPARED))
def test_all_views_as_recorded(
    view: str, capture_file: Callable[[str], Path], captures: Callable[[Path], Capture]
) -> None:
    capture = captures(capture_file(OLD[0]))
    for run in recorded(view, filtered=False):
        containers = "-pc" in run["argv"]
        if view == "procs" and not containers:
            continue  # which thread stands for a process is left to chance there
        document = json.loads((golden() / run["file"]).read_text(encoding="utf-8", errors="replace"))
        compare(capture, view, None, containers, theirs(document))


@pytest.mark.parametrize("view", FILTERED)
def test_filtered_views_as_recorded(
    view: str, capture_file: Callable[[str], Path], captures: Callable[[Path], Capture]
) -> None:
    capture = captures(capture_file(OLD[0]))
    if not runs():
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    for run in recorded(view, filtered=True):
        document = json.loads((golden() / run["file"]).read_text(encoding="utf-8", errors="replace"))
        compare(capture, view, run["argv"][-1], "-pc" in run["argv"], theirs(document))
