"""Tiles over made captures, buckets, ticks and lives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builder import START, CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.errors import Cancelled
from scaptui.core.views.buckets import FINE, cut
from scaptui.core.views.lives import overlaps
from scaptui.core.views.summary import summary

SECOND = 1_000_000_000
CLIENT, SERVER = ("10.0.0.1", 5000), ("10.0.0.2", 80)


def opened(tmp_path: Path, builder: CaptureBuilder) -> Capture:
    path = tmp_path / "made.scap"
    path.write_bytes(builder.bytes())
    return Capture.open(path)


def web(modern: bool = False) -> CaptureBuilder:
    """A client that fails to open a file and gets three answers, one of them a 502."""
    made = CaptureBuilder(modern=modern)
    made.proc(10, "curl")
    made.open(10, -2, "/etc/missing").open(10, 3, "/var/log/app.log", 2)
    made.write(10, 3, b"all is well\nWARNING: low\nan error came\n")
    made.socket(10, 4).connect(10, 4, CLIENT, SERVER)
    made.write(10, 4, b"GET / HTTP/1.1\r\n\r\n").wait(SECOND)
    for status in (b"200 OK", b"502 Bad Gateway 200", b"200 OK"):
        made.read(10, 4, b"HTTP/1.1 " + status + b"\r\n\r\n").wait(SECOND)
    made.clone(10, 11, "curl")
    made.event("SIGNALDELIVER_E", 10, [0, 10, 11])
    return made


@pytest.fixture(params=["old", "new"])
def capture(tmp_path: Path, request: pytest.FixtureRequest) -> Capture:
    return opened(tmp_path, web(request.param == "new"))


def totals(capture: Capture, **more: object) -> dict[str, int | float]:
    return {metric.id: metric.total for metric in summary(capture, **more).metrics}  # type: ignore[arg-type]


def test_totals(capture: Capture):
    found = totals(capture)
    assert found["file-open-errors"] == 1
    assert found["http-requests"] == 4
    assert found["http-errors"] == 1
    assert found["new-outbound-connections"] == 1
    assert found["net-bytes-out"] == 18
    assert found["service-http"] == found["net-bytes"]
    assert found["fork-count"] == 1
    assert found["received-signals"] == 1
    assert found["segmentation-faults"] == 1
    assert found["app-log-messages"] == 1
    assert found["app-log-warnings"] == 1
    assert "app-log-errors" not in found
    assert found["active-connections"] == 1


def test_tiles_that_count_nothing_stay_out_unless_their_file_keeps_them(capture: Capture):
    found = totals(capture)
    assert "sudo-invocations" not in found
    assert "docker-events" not in found
    assert found["executed-commands"] == 0


def test_categories_have_the_order_of_the_overview(capture: Capture):
    names = [category.name for category in summary(capture).categories]
    assert names == ["General", "File", "Network", "Network Apps", "Security", "Performance", "Logs"]


@pytest.mark.parametrize("buckets", [1, 7, 40, 100, 400, 1000])
def test_a_trend_has_the_total_as_its_sum(capture: Capture, buckets: int):
    found = summary(capture, buckets=buckets)
    for name in ("net-bytes", "system-calls", "http-requests", "file-open-errors"):
        metric = found.metric(name)
        assert metric is not None
        assert len(metric.timeline) == buckets
        assert sum(metric.timeline) == metric.total


def test_a_window_has_finer_buckets_and_its_own_totals(capture: Capture):
    start = capture.start_ts + SECOND
    found = summary(capture, window=(start, start + 2 * SECOND), buckets=20)
    assert found.start_ts == start
    assert len(found.metrics[0].timeline) == 20
    assert found.bucket_ns <= SECOND // 10 + 1
    requests = found.metric("http-requests")
    assert requests is not None
    assert requests.total == 2
    assert found.metric("file-open-errors") is None


def test_a_filter_on_events_works(capture: Capture):
    found = totals(capture, filter="evt.type=read")
    assert found["http-requests"] == 3
    assert found["running-processes"] == 1
    assert "file-open-errors" not in found


def test_a_filter_that_nothing_passes_leaves_an_empty_overview(capture: Capture):
    found = totals(capture, filter="proc.name=nobody")
    assert set(found.values()) == {0}
    assert found["system-calls"] == 0


def test_cancelling_stops_the_work(capture: Capture):
    with pytest.raises(Cancelled):
        summary(capture, cancelled=lambda: True)


def test_json(capture: Capture):
    found = summary(capture, buckets=10).to_json()
    assert set(found) == {"start_ts", "end_ts", "duration_ns", "bucket_ns", "categories", "metrics"}
    metric = next(m for m in found["metrics"] if m["id"] == "http-errors")
    assert metric["total"] == 1
    assert metric["target_view"] == "echo"
    assert len(metric["timeline"]) == 10


# --- buckets and lives --------------------------------------------------------------------------------


def test_a_whole_capture_is_cut_as_the_reference_does_it():
    found = cut(START, START + 12_099_382_234, 100, whole=True)
    assert (found.fine, found.ratio, found.width) == (400, 4, 30_324_266)
    assert found.count == 100
    assert found.of(
        np.array([START, START + 30_324_265, START + 30_324_266, START + 12_099_382_234])
    ).tolist() == [
        0,
        0,
        1,
        399,
    ]


def test_other_numbers_and_windows_are_cut_into_equal_parts():
    found = cut(0, 999, 7, whole=True)
    assert (found.fine, found.ratio) == (7, 1)
    assert found.of(np.array([0, 999])).tolist() == [0, 6]
    window = cut(0, 12_099_382_234, 100, whole=False)
    assert (window.fine, window.ratio) == (100, 1)


def test_times_outside_fall_into_the_first_or_last_bucket():
    found = cut(1000, 2000, 10, whole=False)
    assert found.of(np.array([0, 5000])).tolist() == [0, 9]


def test_a_capture_without_duration():
    found = cut(5, 5, 100, whole=True)
    assert found.of(np.array([5])).tolist() == [0]


def test_means_of_levels_and_sums_of_counts():
    found = cut(0, 400 * 399 * 100, 100, whole=True)
    fine = np.arange(FINE)
    assert found.values(fine)[:2] == [6, 22]
    assert found.values(fine, mean=True)[:2] == [1.5, 5.5]


def slow_overlaps(entities: list[int], begin: list[int], end: list[int], ticks: int) -> list[int]:
    return [
        len({e for e, b, f in zip(entities, begin, end, strict=True) if b <= tick < f})
        for tick in range(ticks)
    ]


def test_overlapping_lives_of_one_entity_count_once():
    rng = np.random.default_rng(3)
    for _ in range(50):
        count, ticks = int(rng.integers(1, 30)), 12
        entities = rng.integers(0, 5, count)
        begin = rng.integers(0, ticks, count)
        end = begin + rng.integers(1, ticks, count)
        end = np.minimum(end, ticks)
        expected = slow_overlaps(entities.tolist(), begin.tolist(), end.tolist(), ticks)
        assert overlaps(entities, begin, end, ticks).tolist() == expected
    assert overlaps(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), 3).tolist() == [
        0,
        0,
        0,
    ]
