"""Views evaluated over made captures: each rule of grouping, summing, missing values and sorting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builder import START, STEP, CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.errors import Cancelled, FilterError, UsageError
from scaptui.core.views.engine import run_view
from scaptui.core.views.loader import load_view
from scaptui.core.views.model import View
from scaptui.core.views.table import Table

BOX = '{"container":{"id":"59fd49aa4072","type":0,"name":"web","image":"app"}}'
CGROUP = "cpu=/docker/59fd49aa4072" + "0" * 52


def opened(tmp_path: Path, builder: CaptureBuilder) -> Capture:
    path = tmp_path / "made.scap"
    path.write_bytes(builder.bytes())
    return Capture.open(path)


def two_readers(modern: bool = False) -> CaptureBuilder:
    """Two programs that read and write files, and an idle one."""
    made = CaptureBuilder(modern=modern)
    made.proc(10, "cat", exe="/bin/cat", args=["a.txt"])
    made.proc(20, "tee", exe="/bin/tee", args=["b.txt"])
    made.proc(30, "idle", exe="/bin/idle")
    made.open(10, 3, "/tmp/a.txt").read(10, 3, b"x" * 100).read(10, 3, b"y" * 50)
    made.open(20, 4, "/tmp/b.txt").write(20, 4, b"z" * 7)
    made.open(20, -2, "/tmp/missing")
    made.read(10, 3, b"", res=-11)
    return made


def by_key(table: Table) -> dict[str, dict[str, Any]]:
    names = [column.name for column in table.columns]
    return {key: dict(zip(names, row, strict=True)) for key, row in zip(table.keys, table.rows, strict=True)}


def view_of(text: str) -> View:
    view, problems = load_view("made.toml", text)
    assert not problems
    assert view is not None
    return view


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    return opened(tmp_path, two_readers())


@pytest.fixture
def modern(tmp_path: Path) -> Capture:
    return opened(tmp_path, two_readers(modern=True))


@pytest.mark.parametrize("kind", ["capture", "modern"])
def test_files_add_up_bytes_calls_opens_and_errors(kind: str, request: pytest.FixtureRequest):
    rows = by_key(run_view(request.getfixturevalue(kind), "files"))
    assert rows["/tmp/a.txt"]["BYTES IN"] == 150
    assert rows["/tmp/a.txt"]["OPS"] == 4
    assert rows["/tmp/a.txt"]["OPENS"] == 1
    assert rows["/tmp/a.txt"]["ERRORS"] == 1
    assert rows["/tmp/b.txt"]["BYTES OUT"] == 7
    assert rows["/tmp/b.txt"]["ERRORS"] == 0


def test_idle_processes_are_rows_too(capture: Capture):
    rows = by_key(run_view(capture, "procs"))
    assert set(rows) == {"10", "20", "30"}
    assert rows["10"]["FILE"] == 150
    assert rows["30"]["FILE"] == 0
    assert rows["30"]["Command"] == "/bin/idle "


def test_idle_processes_make_calls_only_as_in_csysdig(capture: Capture, modern: Capture):
    assert by_key(run_view(capture, "procs_cpu"))["30"]["SYSCALLS"] == 1
    assert by_key(run_view(modern, "procs_cpu"))["30"]["SYSCALLS"] == 0
    assert by_key(run_view(modern, "procs_cpu"))["10"]["SYSCALLS"] == 4


def test_a_filter_leaves_out_idle_processes_that_it_does_not_fit(capture: Capture):
    assert set(by_key(run_view(capture, "procs", filter="proc.name=idle"))) == {"30"}
    assert set(by_key(run_view(capture, "procs", filter="evt.type=read"))) == {"10"}


def test_a_window_counts_only_what_lies_in_it(capture: Capture):
    whole = run_view(capture, "files")
    half = run_view(capture, "files", window=(capture.start_ts, capture.start_ts + 4 * STEP))
    assert sum(row["BYTES IN"] for row in by_key(whole).values()) == 150
    assert sum(row["BYTES IN"] for row in by_key(half).values()) == 100
    assert half.seconds == 4 * STEP / 1e9
    nothing = run_view(capture, "files", window=(START - 10, START))
    assert nothing.count == 0


def test_errors_by_name(capture: Capture):
    assert by_key(run_view(capture, "errors")) == {
        "ENOENT": {"COUNT": 1, "ERROR": "ENOENT"},
        "EAGAIN": {"COUNT": 1, "ERROR": "EAGAIN"},
    }


def test_the_mean_time_of_a_call_is_over_its_exits(capture: Capture):
    rows = by_key(run_view(capture, "syscalls"))
    assert rows["read"]["CALLS/S"] == 6
    assert rows["read"]["TOT TIME"] == 3 * STEP
    assert rows["read"]["AVG TIME"] == STEP
    assert "sysdigevent" not in rows


def test_new_captures_do_not_tell_times(modern: Capture):
    rows = by_key(run_view(modern, "syscalls"))
    assert rows["read"]["CALLS/S"] == 3
    assert rows["read"]["TOT TIME"] is None
    assert rows["read"]["AVG TIME"] is None


def test_containers_are_told_from_their_threads(tmp_path: Path):
    made = CaptureBuilder(modern=False)
    made.proc(10, "sh").proc(20, "web", cgroups=[CGROUP]).proc(
        21, "web", pid=20, cgroups=[CGROUP], flags=1 << 13
    )
    made.container(BOX)
    made.open(20, 3, "/data").write(20, 3, b"abc").open(10, 3, "/host").write(10, 3, b"abcdef")
    capture = opened(tmp_path, made)
    rows = by_key(run_view(capture, "containers", containers=True))
    assert set(rows) == {"59fd49aa4072"}
    assert rows["59fd49aa4072"]["FILE"] == 3
    assert rows["59fd49aa4072"]["NAME"] == "web"
    files = run_view(capture, "files", containers=True)
    assert set(files.keys) == {"59fd49aa4072:/data", ":/host"}
    assert "Container" in [column.name for column in files.columns]
    assert "Container" not in [column.name for column in run_view(capture, "files").columns]


def test_lists_keep_the_order_of_time_and_number_their_rows(capture: Capture):
    table = run_view(capture, "file_opens")
    assert table.keys == ["1", "2", "3"]
    assert [row[1] for row in table.rows] == ["SUCCESS", "SUCCESS", "ENOENT"]
    assert table.event_row(0) is not None
    assert table.role(2, 0) == "error"
    assert table.role(0, 0) is None


def test_events_are_read_page_by_page(capture: Capture):
    table = run_view(capture, "dig")
    assert table.count == 14
    assert [row[0] for row in table.page(3, 5)] == [4, 5]
    assert table.page(100, 200) == []


def test_sorting_and_limits(capture: Capture):
    table = run_view(capture, "files", sort="BYTES IN")
    values: list[Any] = [row[0] for row in table.rows]
    assert values == sorted(values, reverse=True)
    turned = run_view(capture, "files", sort="-BYTES IN")
    assert [row[0] for row in turned.rows] == sorted(values)
    by_name = run_view(capture, "files", sort="filename")
    assert by_name.keys == sorted(by_name.keys)
    assert run_view(capture, "files", sort=1).sort == 0
    short = run_view(capture, "files", limit=1)
    assert short.count == len(values)
    assert len(short.rows) == len(short.keys) == 1


def test_the_selection_follows_its_key(capture: Capture):
    table = run_view(capture, "files")
    for key in table.keys:
        row = table.find(key)
        assert row is not None
        assert table.keys[row] == key
        again = table.sorted_by("FILENAME")
        assert again.keys[again.find(key) or 0] == key
    assert table.find("/nowhere") is None


def test_keys_come_as_the_capture_has_them(tmp_path: Path):
    made = CaptureBuilder(modern=True).proc(10, "sh")
    made.open(10, 3, "/tmp/\u00e9").write(10, 3, b"abc")
    table = run_view(opened(tmp_path, made), "files")
    assert table.key_value(0) == "/tmp/\u00e9".encode()


def test_a_key_that_is_missing_is_told_from_an_empty_one(capture: Capture):
    table = run_view(capture, "io_by_type")
    row = table.find("")
    assert row is not None
    assert table.key_value(row) is None
    assert run_view(capture, "procs").key_value(0) in (10, 20, 30)


def test_wrong_names_and_filters_are_told(capture: Capture):
    with pytest.raises(UsageError, match="files"):
        run_view(capture, "fils")
    with pytest.raises(UsageError, match="BYTES IN"):
        run_view(capture, "files", sort="BYTES")
    with pytest.raises(FilterError) as caught:
        run_view(capture, "files", filter="proc.nme=cat")
    assert caught.value.column == 0
    with pytest.raises(UsageError, match="summary"):
        run_view(capture, "overview")


def test_cancelling_stops_the_work(capture: Capture):
    with pytest.raises(Cancelled):
        run_view(capture, "files", cancelled=lambda: True)


AGGREGATES = """
id = "made"
name = "Made"
kind = "table"
description = "Everything by program."
filter = "evt.type=read and evt.dir=<"
threads = false

[key]
field = "proc.name"

[[column]]
name = "SUM"
field = "evt.rawres"
aggregation = "sum"

[[column]]
name = "AVG"
field = "evt.buflen"
aggregation = "avg"

[[column]]
name = "MIN"
field = "evt.rawres"
aggregation = "min"

[[column]]
name = "MAX"
field = "evt.rawres"
aggregation = "max"

[[column]]
name = "FIRST"
field = "evt.rawres"

[[column]]
name = "LAST"
field = "evt.res"
aggregation = "max"

[[column]]
name = "ONLY"
field = "evt.count"
aggregation = "sum"
where = "evt.rawres>60"
"""


def test_each_aggregation(capture: Capture):
    rows = by_key(run_view(capture, view_of(AGGREGATES)))
    assert rows == {
        "cat": {"SUM": 139, "AVG": 75, "MIN": -11, "MAX": 100, "FIRST": 100, "LAST": "EAGAIN", "ONLY": 1}
    }


TWO_LEVELS = """
id = "made"
name = "Made"
kind = "table"
description = "Means by thread, added up by process."
filter = "evt.type=read and evt.dir=<"
threads = false

[key]
field = "thread.tid"
group = "proc.pid"

[[column]]
name = "MEANS"
field = "evt.buflen"
aggregation = "avg"
group = "sum"

[[column]]
name = "LARGEST"
field = "evt.buflen"
aggregation = "sum"
group = "max"

[[column]]
name = "FIRST"
field = "thread.tid"
"""


def test_two_levels_add_up_the_means_of_the_first(tmp_path: Path):
    made = CaptureBuilder(modern=False)
    made.proc(10, "app").proc(11, "app", pid=10, flags=1 << 13 | 1).fd(10, 3, "/tmp/f")
    made.read(10, 3, b"a" * 10).read(10, 3, b"a" * 20).read(11, 3, b"a" * 40)
    rows = by_key(run_view(opened(tmp_path, made), view_of(TWO_LEVELS)))
    assert rows == {"10": {"MEANS": 55, "LARGEST": 40, "FIRST": 10}}


NO_DEFAULTS = AGGREGATES.replace("threads = false", "threads = false\nuse_defaults = false")


def test_without_defaults_an_event_needs_a_value_in_every_column(capture: Capture):
    rows = by_key(run_view(capture, view_of(NO_DEFAULTS)))
    assert rows["cat"]["SUM"] == 150  # the failed read moved no bytes


def test_json_has_the_times_as_csysdig_writes_them(capture: Capture):
    found = run_view(capture, "syscalls", limit=1, sort="CALLS/S").to_json()
    assert found["view"] == "syscalls"
    assert found["columns"][0] == {"name": "CALLS/S", "field": "evt.count"}
    assert found["rows"][0]["key"] == "open"
    assert found["rows"][0]["values"] == [6, "    3.00us", "    1.00us", "open"]
    assert found["count"] == len(run_view(capture, "syscalls").rows)


def test_listening_sockets_are_rows(tmp_path: Path):
    made = CaptureBuilder(modern=False)
    made.proc(10, "web", exe="/usr/sbin/web").server_fd(10, 3, ("0.0.0.0", 80)).server_fd(
        10, 4, ("0.0.0.0", 443)
    )
    made.proc(20, "ssh").server_fd(20, 3, ("127.0.0.1", 22))
    made.open(10, 5, "/x")
    capture = opened(tmp_path, made)
    table = run_view(capture, "listening_ports", sort="PORT")
    assert table.keys == ["22", "80", "443"]
    assert [row[:4] for row in table.rows][1] == (80, "0.0.0.0:80", "tcp", 10)
    assert run_view(capture, "listening_ports", filter="proc.name=ssh").keys == ["22"]
