"""The Overview against ``sysdig -c wsysdig_summary``, and each tile against what it opens."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaptui.core.capture import Capture
from scaptui.core.views.engine import run_view
from scaptui.core.views.summary import Metric, summary

OLD = ["haproxy-502.scap", "curl-google.scap", "ipv6-conn.scap"]
NEW = ["lab1-http500.scap", "lab2-crashloop.scap", "lab3-shell.scap"]
# there these tiles contradict the view that they open; ours show what it lists
OURS = {
    "System Calls",
    "Running Containers",
    "Listening Ports",
    "Fork Count",
    "HTTP Requests",
    "Active Network Connections",
}


def reference(path: Path, *arguments: str) -> list[dict[str, Any]]:
    if shutil.which("sysdig") is None:
        pytest.skip("sysdig is not installed")
    command = ["sysdig", "-r", str(path), "-c", "wsysdig_summary", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return json.loads(done.stdout)["slices"][-1]["data"]["metrics"]


@pytest.mark.parametrize("name", OLD)
def test_totals_equal_the_reference(name: str, capture_file: Callable[[str], Path]) -> None:
    path = capture_file(name)
    expected = {metric["name"]: metric["data"]["tot"] for metric in reference(path, "100")}
    with Capture.open(path) as capture:
        found = {metric.name: metric.total for metric in summary(capture).metrics}
    assert {k: v for k, v in found.items() if k not in OURS} == {
        k: v for k, v in expected.items() if k not in OURS
    }


@pytest.mark.parametrize("buckets", [40, 100, 400])
@pytest.mark.parametrize("name", OLD)
def test_trends_equal_the_reference(name: str, buckets: int, capture_file: Callable[[str], Path]) -> None:
    path = capture_file(name)
    expected = {
        metric["name"]: [point["v"] for point in metric["data"]["timeLine"]]
        for metric in reference(path, str(buckets))
        if metric["name"] not in OURS
    }
    with Capture.open(path) as capture:
        found = {metric.name: metric.timeline for metric in summary(capture, buckets=buckets).metrics}
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        'container.name contains "web"',
        "proc.name = python",
        "proc.pid=13969",
        "fd.sport=80",
        "fd.directory=/etc",
    ],
)
def test_filtered_totals_equal_the_reference(text: str, capture_file: Callable[[str], Path]) -> None:
    path = capture_file(OLD[0])
    expected = {metric["name"]: metric["data"]["tot"] for metric in reference(path, "100", text)}
    with Capture.open(path) as capture:
        found = {metric.name: metric.total for metric in summary(capture, filter=text).metrics}
    # there, with a filter, only processes with an open descriptor run
    apart = OURS | {"Running Processes"}
    assert {k: v for k, v in found.items() if k not in apart} == {
        k: v for k, v in expected.items() if k not in apart
    }


def opened_by(capture: Capture, metric: Metric) -> int:
    """Return what a person sees who opens a tile: rows, bytes or calls of its view."""
    table = run_view(capture, metric.target_view, filter=metric.target_filter, containers=True)
    wanted: tuple[str, ...] = ()
    if metric.unit == "bytes":
        received, sent = ("BYTES IN", "BPS IN"), ("BYTES OUT", "BPS OUT")
        wanted = (
            received if metric.id.endswith("-in") else sent if metric.id.endswith("-out") else received + sent
        )
    elif metric.id == "system-calls":
        wanted = ("CALLS/S",)
    if not wanted:
        return table.count
    numbers = [number for number, column in enumerate(table.columns) if column.name in wanted]
    return sum(int(row[number] or 0) for row in table.rows for number in numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", OLD + NEW)
def test_a_tile_never_contradicts_what_it_opens(name: str, capture_file: Callable[[str], Path]) -> None:
    with Capture.open(capture_file(name)) as capture:
        metrics = summary(capture).metrics
        # lines of logs are fewer or more than the writes that carry them; processes without
        # an id in their container are not in the view with container columns, as in csysdig
        apart = {"app-log-messages", "app-log-warnings", "app-log-errors"}
        if name == "ipv6-conn.scap":
            apart.add("running-processes")
        wrong = {
            metric.name: (metric.total, opened_by(capture, metric))
            for metric in metrics
            if metric.id not in apart and opened_by(capture, metric) != metric.total
        }
    assert wrong == {}


def test_the_six_tiles_on_the_first_capture(capture_file: Callable[[str], Path]) -> None:
    with Capture.open(capture_file(OLD[0])) as capture:
        found = {metric.name: metric.total for metric in summary(capture).metrics}
    assert {name: found[name] for name in OURS} == {
        "System Calls": 4349,
        "Running Containers": 2,
        "Listening Ports": 3,
        "Fork Count": 74,
        "HTTP Requests": 285,
        "Active Network Connections": 118,
    }


def test_the_story_of_the_demo(demo: Path) -> None:
    """Every answer is a 500, and the cause is a file that cannot be opened."""
    with Capture.open(demo) as capture:
        found = {metric.id: metric for metric in summary(capture).metrics}
        errors = run_view(capture, "echo", filter=found["http-errors"].target_filter, containers=True)
    assert found["http-errors"].total == errors.count > 0
    assert found["file-open-errors"].total > 0
