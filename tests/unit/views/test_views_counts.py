"""How many rows a view has, asked for alone; long lists; keys of any kind over many blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import views_story
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.views import source
from scaptui.core.views.catalogue import list_views
from scaptui.core.views.engine import count_rows, run_view


@pytest.fixture(params=["haproxy-502.scap", "lab3-shell.scap", "story-old", "story-new"])
def capture(
    request: pytest.FixtureRequest, capture_file: Callable[[str], Path], tmp_path: Path
) -> Iterator[Capture]:
    name: str = request.param
    if name.startswith("story"):
        path = views_story.save(tmp_path, name.endswith("new"))
    else:
        path = capture_file(name)
    with Capture.open(path) as opened:
        yield opened


def test_rows_are_counted_without_reading_them(capture: Capture) -> None:
    third = capture.duration_ns // 3
    for view in list_views():
        if view.kind == "tiles":
            continue
        for text in (None, "proc.name!=sh", "fd.type=file", "evt.failed=true"):
            for window in (None, (capture.start_ts + third, capture.start_ts + 2 * third)):
                for containers in (True, False):
                    asked = {"filter": text, "window": window, "containers": containers}
                    assert count_rows(capture, view, **asked) == run_view(capture, view, **asked).count, (
                        view.id,
                        asked,
                    )


def test_small_blocks_change_nothing(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    views = [view for view in list_views() if view.kind != "tiles"]
    whole = [run_view(capture, view, containers=True).to_json() for view in views]
    monkeypatch.setattr(source, "BLOCK", 37)
    monkeypatch.setattr(source.blocks, "__defaults__", (None, 37))
    for view, expected in zip(views, whole, strict=True):
        assert run_view(capture, view, containers=True).to_json() == expected, view.id


def test_nothing_is_cut_at_3000_rows(tmp_path: Path) -> None:
    b = CaptureBuilder().proc(10, "cat")
    for number in range(3500):
        b.openat(10, -2, f"/missing/{number}")
    with Capture.open(b.save(tmp_path / "long.scap")) as capture:
        for view in ("file_opens", "dig", "failed_files"):
            table = run_view(capture, view)
            assert table.count == len(table.rows) == len(table.to_json()["rows"]) == 3500, view
