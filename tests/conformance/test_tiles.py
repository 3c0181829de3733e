"""A tile never contradicts what it opens: every tile, every capture, many filters and times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import views_story
from views_golden import OLD

from scaptui.core.capture import Capture
from scaptui.core.views.catalogue import get_view, list_tiles
from scaptui.core.views.drill import join
from scaptui.core.views.engine import run_view
from scaptui.core.views.summary import Metric, summary

NEW = ["lab1-http500.scap", "lab2-crashloop.scap", "lab3-shell.scap", "lab4-leak.scap", "lab4-exfil.scap"]
STORIES = ["story-old", "story-new"]
FILTERS = (
    None,
    "proc.name!=haproxy",
    "container.id!=host",
    "evt.failed=false",
    "evt.type in (read, write, open, openat, connect, sendto, recvfrom, execve)",
    "not fd.type=file and not fd.name contains /dev",
    "evt.text icontains http or fd.name startswith /etc or fd.sport=80",
)
PARTS = (None, (0.0, 0.3), (0.25, 0.75), (0.5, 1.1), (0.9, 0.901))  # of the time of the capture

Window = tuple[int, int] | None


@pytest.fixture(params=[*OLD, *NEW, *STORIES])
def capture(
    request: pytest.FixtureRequest, capture_file: Callable[[str], Path], tmp_path: Path
) -> Iterator[Capture]:
    name: str = request.param
    story = name in STORIES
    path = views_story.save(tmp_path, name == STORIES[1]) if story else capture_file(name)
    with Capture.open(path) as opened:
        yield opened


def windows(capture: Capture) -> list[Window]:
    start, length = capture.start_ts, capture.duration_ns
    return [part and (start + int(part[0] * length), start + int(part[1] * length) + 1) for part in PARTS]


def listed(capture: Capture, metric: Metric, text: str | None, window: Window) -> int:
    """Return what a person sees who opens a tile: rows of its view, or the sum of some of its columns."""
    table = run_view(
        capture,
        metric.target_view,
        filter=join((text, metric.target_filter)),
        window=window,
        containers=capture.has_containers,
    )
    if not metric.target_sum:
        return table.count
    numbers = [table.column(name) for name in metric.target_sum]
    return sum(int(row[number] or 0) for row in table.rows for number in numbers)  # type: ignore[arg-type]


def test_tiles_show_what_they_list(capture: Capture) -> None:
    wrong: list[tuple[str, str | None, Window, float, int]] = []
    seen: set[str] = set()
    for window in windows(capture):
        for text in FILTERS:
            for metric in summary(capture, filter=text, window=window).metrics:
                seen.add(metric.id)
                found = listed(capture, metric, text, window)
                if found != metric.total:
                    wrong.append((metric.id, text, window, metric.total, found))
    assert wrong == []
    if capture.path.stem in STORIES:
        slow = set() if capture.path.stem == STORIES[0] else {f"slow-file-io-{n}ms" for n in (1, 10, 100)}
        single = {tile.id for tile in list_tiles() if not tile.id.startswith("service") and not tile.split}
        assert single - slow <= seen  # the story has something for every tile


def test_what_a_tile_counts_can_be_looked_up() -> None:
    for tile in list_tiles():
        view = get_view(tile.target_view)
        names = {column.name for column in view.columns}
        assert set(tile.target_sum) <= names, tile.id
        assert not tile.target_sum or tile.value in ("sum", "count"), tile.id


def test_trends_add_up_to_the_total(capture: Capture) -> None:
    tiles = {tile.id: tile.value for tile in list_tiles()}
    for window in windows(capture):
        for buckets in (7, 40, 400):
            found = summary(capture, window=window, buckets=buckets)
            for metric in found.metrics:
                assert len(metric.timeline) == buckets or window is None
                if tiles.get(metric.id) in ("count", "sum") and (window or 400 % buckets == 0):
                    assert sum(metric.timeline) == metric.total, (metric.id, window, buckets)
