"""``scaptui summary``, ``view``, ``views`` and ``fields`` in a pipe, as JSON and as text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import views_story
from program import Run

from scaptui.tui.headless.output import fitted

SEVEN = ("overview", "containers", "procs", "files", "connections", "echo", "spy_users")


def _json(run: Run, *arguments: str | Path) -> Any:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1
    return json.loads(done.stdout)


def _cells(run: Run, *arguments: str | Path) -> list[list[str]]:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert {len(row) for row in rows} == {len(rows[0])}
    return rows


def test_summary(scaptui: Run, demo: Path) -> None:
    result = _json(scaptui, "summary", demo)
    metrics = {metric["id"]: metric for metric in result["metrics"]}
    keys = {"id", "name", "category", "total", "unit", "timeline", "target_view", "target_filter"}
    assert all(keys <= set(metric) for metric in result["metrics"])
    assert len(metrics) == len(result["metrics"])
    errors = next(m for m in result["metrics"] if m["name"] == "HTTP Errors")
    assert errors["total"] == 30  # fifteen answers, each written once and read once
    assert all(len(metric["timeline"]) == 100 for metric in result["metrics"])
    assert result["end_ts"] > result["start_ts"] > 0
    assert result["damage"] == []


def test_summary_with_filter_and_buckets(scaptui: Run, demo: Path) -> None:
    whole = _json(scaptui, "summary", demo, "--buckets", "40")
    part = _json(scaptui, "summary", demo, "container.name=usercount", "--buckets", "40")
    assert all(len(metric["timeline"]) == 40 for metric in part["metrics"])
    totals = [{m["name"]: m["total"] for m in result["metrics"]} for result in (whole, part)]
    assert totals[1]["HTTP Errors"] == 15  # as the exporter wrote them
    assert 0 < totals[1]["System Calls"] < totals[0]["System Calls"]
    assert part["filter"] == "container.name=usercount"


def test_summary_as_text(scaptui: Run, demo: Path) -> None:
    rows = _cells(scaptui, "summary", demo)
    assert rows[0] == ["CATEGORY", "TILE", "TOTAL", "UNIT"]
    assert ["HTTP Errors", "30"] in [row[1:3] for row in rows]


def test_view(scaptui: Run, demo: Path) -> None:
    result = _json(scaptui, "view", demo, "procs", "--containers")
    assert set(result) == {"view", "columns", "rows", "count"}
    assert result["view"] == "procs"
    assert result["count"] == len(result["rows"]) > 3
    assert all(set(column) == {"name", "field"} for column in result["columns"])
    assert all(len(row["values"]) == len(result["columns"]) for row in result["rows"])
    assert any("usercount" in row["values"] for row in result["rows"])


def test_view_with_filter_sort_and_limit(scaptui: Run, demo: Path) -> None:
    arguments = ("view", demo, "files", "evt.failed=true")
    by_name = _json(scaptui, *arguments, "--sort", "Filename")
    first = _json(scaptui, *arguments, "--sort", "Filename", "--limit", "2")
    at = [column["name"].lower() for column in by_name["columns"]].index("filename")
    names = [row["values"][at] for row in by_name["rows"]]
    assert names == sorted(names)
    assert first["rows"] == by_name["rows"][:2]
    assert first["count"] == by_name["count"]


def test_view_as_text_is_tab_separated(scaptui: Run, demo: Path) -> None:
    rows = _cells(scaptui, "view", demo, "containers")
    names = [column["name"] for column in _json(scaptui, "view", demo, "containers")["columns"]]
    assert rows[0] == names
    assert any("usercount" in row for row in rows[1:])


def test_unknown_view_and_column(scaptui: Run, demo: Path) -> None:
    done = scaptui("view", demo, "porcs")
    assert done.returncode == 2
    assert b"Did you mean 'procs'?" in done.stderr
    done = scaptui("view", demo, "procs", "--sort", "nothing")
    assert done.returncode == 2
    assert b"nothing" in done.stderr
    assert done.stdout == b""


def test_views(scaptui: Run) -> None:
    result = _json(scaptui, "views")
    ids = [view["id"] for view in result["views"]]
    assert set(SEVEN) <= set(ids)
    rows = _cells(scaptui, "views")
    assert [row[0] for row in rows[1:]] == ids


def test_one_view(scaptui: Run) -> None:
    result = _json(scaptui, "views", "procs")
    assert [view["id"] for view in result["views"]] == ["procs"]
    fields = [column["field"] for column in result["views"][0]["columns"]]
    assert "proc.name" in fields or "proc.pid" in fields
    text = scaptui("views", "procs").stdout.decode()
    table = text[text.index("COLUMN\t") :].splitlines()
    assert [line.split("\t")[1] for line in table[1:]] == fields
    assert "one for each value of thread.tid, then put together by proc.pid" in text
    assert "evt.type!=switch" in text
    assert "to threads by proc.pid" in text


def test_views_that_no_capture_answers_are_told_apart(scaptui: Run) -> None:
    found = {view["id"]: view["answered"] for view in _json(scaptui, "views")["views"]}
    assert found["procs"]
    for view in (view for view, answered in found.items() if not answered):
        assert b"No capture answers this view: " in scaptui("views", view).stdout


def test_fields(scaptui: Run) -> None:
    names = {field["name"] for field in _json(scaptui, "fields")["fields"]}
    assert {"evt.num", "fd.name", "proc.name", "thread.tid", "container.name", "user.name"} <= names
    assert {re.split(r"\.…|\[", row[0])[0] for row in _cells(scaptui, "fields")[1:]} == names


@pytest.mark.parametrize(("name", "count"), [("evt.num", 1), ("proc.aname", 1)])
def test_one_field(scaptui: Run, name: str, count: int) -> None:
    found = _json(scaptui, "fields", name)["fields"]
    assert [field["name"] for field in found] == [name] * count


def test_class_of_fields(scaptui: Run) -> None:
    found = _json(scaptui, "fields", "user")["fields"]
    assert len(found) > 3
    assert {field["class"] for field in found} == {"user"}


def test_unknown_field(scaptui: Run) -> None:
    done = scaptui("fields", "proc.nmae")
    assert done.returncode == 2
    assert b"Did you mean proc.name?" in done.stderr


def test_a_spectrogram_is_drawn(scaptui: Run, tmp_path: Path) -> None:
    capture = views_story.save(tmp_path, False)
    drawn = scaptui("view", capture, "spectro_all").stdout.decode().splitlines()
    assert drawn[0].split() == ["LATENCY", "TIME", "COUNT"]
    counts = [int(line.split()[-1]) for line in drawn[1:-1]]
    found = _json(scaptui, "view", capture, "spectro_all")
    grid = found["spectrogram"]
    assert sum(counts) == sum(map(sum, grid["counts"])) == sum(row["values"][1] for row in found["rows"])
    assert len(grid["edges"]) == len(grid["counts"][0]) + 1
    assert drawn[-1].startswith(f"{sum(counts)} events")
    new = views_story.save(tmp_path, True)
    assert b"do not tell when their calls began" in scaptui("view", new, "spectro_all").stdout


def test_a_window_of_time(scaptui: Run, tmp_path: Path) -> None:
    capture = views_story.save(tmp_path, True)
    whole = {m["id"]: m["total"] for m in _json(scaptui, "summary", capture)["metrics"]}
    parts = [
        {m["id"]: m["total"] for m in _json(scaptui, "summary", capture, "--window", *part)["metrics"]}
        for part in (("0", "0.4"), ("0.4", "100"))
    ]
    assert sum(part["net-bytes"] for part in parts) == whole["net-bytes"]
    assert 0 < parts[0]["net-bytes"] < whole["net-bytes"]
    part = _json(scaptui, "summary", capture, "--window", "0", "0.4", "--buckets", "5")
    assert part["duration_ns"] == 400_000_000 - 1
    assert all(len(metric["timeline"]) == 5 for metric in part["metrics"])
    rows = _json(scaptui, "view", capture, "files", "--window", "0", "0.4")["rows"]
    assert len(rows) > 0
    done = scaptui("summary", capture, "--window", "2", "1")
    assert done.returncode == 2
    assert b"ends after it begins" in done.stderr
    assert scaptui("view", capture, "files", "--window", "x", "1").returncode == 2


@pytest.mark.parametrize(
    ("needed", "right", "room", "widths"),
    [
        ([5, 10, 20], [True, False, False], 40, [5, 10, 20]),  # there is room
        ([5, 10, 50], [True, False, False], 50, [5, 10, 35]),  # the last one folds first
        ([5, 60, 40], [True, False, False], 60, [5, 25, 30]),  # then the others give way
        ([5, 60, 12, 40], [True, False, False, False], 60, [5, 13, 12, 30]),  # the long ones before the short
        ([5, 60, 40], [True, False, False], 26, [5, 10, 11]),  # figures never do
        ([5, 60, 40], [True, False, False], 20, [5, 10, 40]),  # a line that is too long does not fold
        ([9, 9, 9], [True, True, True], 10, [9, 9, 9]),
        ([30, 40, 9], [False, False, True], 60, [21, 30, 9]),
    ],
)
def test_figures_are_never_cut(needed: list[int], right: list[bool], room: int, widths: list[int]) -> None:
    assert fitted(needed, right, room) == widths


def test_fields_say_nothing_that_is_not_so(scaptui: Run) -> None:
    """Every field is read from captures of all generations."""
    assert b"only in captures" not in scaptui("fields").stdout
