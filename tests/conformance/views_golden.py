"""What csysdig printed for views: the recorded data beside the captures, and how rows are compared."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scaptui.core.capture import Capture
from scaptui.core.query.cells import Kind
from scaptui.core.views.engine import run_view

Row = tuple[str, list[Any]]

OLD = ["haproxy-502.scap", "curl-google.scap", "ipv6-conn.scap"]
# how the captures were called when the further runs were recorded
RENAMED = {"502Error.scap": OLD[0], "curl_google.scap": OLD[1]}
# csysdig 0.29.3 shows bytes that it never set as the peer of a bound UDP socket
UNSET_ADDRESS = "->145.216.3.255:"
THE_ADDRESS = "127.0.0.1:55441->127.0.0.1:514"
# its spectrograms have one class where there is no screen
SPECTROGRAMS = ("spectro_all", "spectro_file", "spectro_traces")
# these it prints as lines and blocks
APART = ("dig", "echo")


@dataclass(frozen=True)
class Run:
    """One recorded run of csysdig."""

    path: Path
    capture: str
    view: str
    filter: str | None
    containers: bool
    options: tuple[str, ...]  # -A, -X, --sortingcol 3, ...

    @property
    def name(self) -> str:
        """How the run is called in reports."""
        return self.path.stem


def golden() -> Path:
    """Return the folder of recorded outputs, which need not be there."""
    captures = os.environ.get("SCAPTUI_CAPTURES")
    shared = Path(captures).parent if captures else Path(__file__).parents[3] / "shared"
    return shared / "golden" / "csysdig"


@cache
def recorded() -> tuple[Run, ...]:
    """Return all recorded runs of views with JSON; none where the data is not here."""
    found: list[Run] = []
    for folder in (golden(), golden() / "extra"):
        index = folder / "index.json"
        if index.exists():
            runs = json.loads(index.read_text())
            found.extend(_run(run["file"], run["argv"]) for run in runs if {"-v", "-j"} <= set(run["argv"]))
    return tuple(found)


def plain_runs(view: str) -> list[dict[str, Any]]:
    """Return the recorded runs of a view that prints lines or blocks, as the index has them."""
    index = golden() / "index.json"
    if not index.exists():
        return []
    return [run for run in json.loads(index.read_text()) if run["file"].startswith(f"{view}__")]


@dataclass(frozen=True)
class Summary:
    """One recorded run of the summary of sysdig."""

    path: Path
    capture: str
    buckets: int
    filter: str | None


@cache
def summaries() -> tuple[Summary, ...]:
    """Return all recorded summaries; none where the data is not here."""
    found: list[Summary] = []
    for folder in (golden(), golden() / "extra"):
        index = folder / "index.json"
        if index.exists():
            for run in json.loads(index.read_text()):
                argv: list[str] = run["argv"]
                if "wsysdig_summary" in argv:
                    at = argv.index("wsysdig_summary")
                    text = argv[at + 2] if len(argv) > at + 2 else None
                    name = RENAMED.get(argv[2], argv[2])
                    found.append(Summary(golden() / run["file"], name, int(argv[at + 1]), text))
    return tuple(found)


def _run(file: str, argv: list[str]) -> Run:
    capture, view = argv[argv.index("-r") + 1], argv[argv.index("-v") + 1]
    rest = [word for word in argv[1:] if word not in ("-r", "-v", "-j", "-pc", capture, view)]
    filters = [word for word in rest[-1:] if not word.startswith("-") and not word.isdigit()]
    return Run(
        golden() / file,
        RENAMED.get(capture, capture),
        view,
        filters[0] if filters else None,
        "-pc" in argv,
        tuple(word for word in rest if word not in filters),
    )


def document(path: Path) -> dict[str, Any]:
    """Return what csysdig printed."""
    return json.loads(path.read_text(encoding="utf-8", errors="replace"))


def rows_of(printed: dict[str, Any]) -> list[Row]:
    """Return the rows of a table that csysdig printed."""
    return [(row["k"], row["d"]) for row in printed["slices"][-1].get("data", [])]


def differences(
    capture: Capture,
    view: str,
    text: str | None,
    containers: bool,
    theirs: list[Row],
    apart: tuple[str, ...] = (),
) -> list[str]:
    """Return the rows that are not in both, but for the knowing differences of ARCHITECTURE.md.

    ``apart`` names further columns that are not compared.
    """
    table = run_view(capture, view, filter=text, containers=containers)
    names = [column.name for column in table.columns]
    unequal = {number for number, column in enumerate(table.columns) if column.kind is Kind.IP}  # mangled
    unequal |= {names.index(name) for name in apart}
    if view == "syscalls":  # there the mean is over enter events too, and the thread table is a call
        unequal.add(names.index("AVG TIME"))
        theirs = [row for row in theirs if row[0] != "sysdigevent"]
    if view == "procs" and not containers:
        unequal.add(names.index("USER"))  # there: of any of the threads, known or not
    if view == "procs_cpu":  # there a share that was 0 once does not count until it changes again
        total, user, system = (names.index(name) for name in ("TOT", "USER", "SYS"))
        assert all(row[user] == pytest.approx(row[total] - row[system]) for row in table.rows)
        unequal.add(user)
    if view == "containers" and text is not None and "proc.pid=" in text:
        unequal |= {names.index("PROCS"), names.index("THREADS")}  # there: once a second, added up
    ours = [(row["key"], row["values"]) for row in table.to_json()["rows"]]
    mine, reference = _comparable(ours, unequal), _comparable(theirs, unequal)
    return [f"only here: {row}" for row in (mine - reference).elements()] + [
        f"only there: {row}" for row in (reference - mine).elements()
    ]


def _comparable(rows: list[Row], unequal: set[int]) -> Counter[str]:
    kept = [
        (key, [rounded(value) for number, value in enumerate(values) if number not in unequal])
        for key, values in rows
        if UNSET_ADDRESS not in key and not key.endswith(THE_ADDRESS)
    ]
    return Counter(json.dumps(row) for row in kept)


def rounded(value: Any) -> Any:
    """Return a number as far as csysdig prints it."""
    return round(value, 9) if isinstance(value, float) else value
