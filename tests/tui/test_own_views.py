"""The user's own views on screen: read again by a key, mistakes with file and line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake import FakeGateway
from test_real import opened

from scaptui.core.views import catalogue
from scaptui.tui.model import Problem
from scaptui.tui.screens.problems import ProblemsScreen

VIEW = """id = "mine"
name = "My Programs"
kind = "table"
description = "Programs by calls."
sort = "CALLS"
applies_to = [""]

[key]
field = "proc.name"

[[column]]
name = "CALLS"
field = "evt.count"
aggregation = "sum"

[[column]]
name = "PROGRAM"
field = "proc.name"
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the user's views are; afterwards there are none again."""
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "scaptui" / "views"
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(path)
    catalogue.reload()


async def test_a_view_is_written_while_the_capture_is_open(start, demo: Path, folder: Path) -> None:  # type: ignore[no-untyped-def]
    async with start(opened(demo)) as walk:
        await walk.press("ctrl+r")
        assert "0 views of your own." in walk.lines()[-1]
        (folder / "mine.toml").write_text(VIEW)
        await walk.press("ctrl+r")
        assert "1 view of your own." in walk.lines()[-1]
        assert [view.group for view in walk.main.gateway.views("") if view.id == "mine"] == ["Your own"]
        await walk.press("f2", "end", "enter")
        assert walk.main.stack.top.view == "mine"
        assert "PROGRAM" in walk.text()
        (folder / "mine.toml").write_text(VIEW.replace('"PROGRAM"', '"WHO"'))
        await walk.press("ctrl+r")
        assert "PROGRAM" not in walk.main.table.render_line(0).text
        assert "WHO" in walk.main.table.render_line(0).text
        (folder / "mine.toml").unlink()
        await walk.press("ctrl+r")
        assert "mine" not in [view.id for view in walk.main.gateway.views("")]
        await walk.press("escape")
        assert walk.main.stack.top.view == "overview"


async def test_a_mistake_is_shown_with_its_line_and_the_good_view_stays(
    start, demo: Path, folder: Path
) -> None:  # type: ignore[no-untyped-def]
    (folder / "mine.toml").write_text(VIEW)
    (folder / "other.toml").write_text(
        VIEW.replace('"mine"', '"other"').replace('"CALLS"\nfield', '"N"\nfeild')
    )
    async with start(opened(demo)) as walk:
        await walk.press("ctrl+r")
        assert isinstance(walk.app.screen, ProblemsScreen)
        line = next(line for line in walk.lines() if line.startswith("other.toml"))
        assert line.split()[1] == "13"
        assert "field" in line
        await walk.press("escape")
        assert "mine" in [view.id for view in walk.main.gateway.views("")]
        (folder / "other.toml").write_text(
            VIEW.replace('"mine"', '"other"').replace("proc.name", "proc.nmae")
        )
        await walk.press("ctrl+r")
        assert "proc.nmae" in walk.text()
        assert "proc.name" in walk.text()


async def test_mistakes_are_told_at_the_start(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    gateway.problems = [Problem("/x/a.toml", 3, "no such key."), Problem("/x/b.toml", None, "is not text.")]
    async with start(gateway) as walk:
        assert "Your own views: 2 mistakes in 2 files. ^R shows more." in walk.lines()[-1]
        await walk.press("ctrl+r")
        assert "no such key." in walk.text()
        assert "/x/a.toml, line 3" in walk.text()
        await walk.press("ctrl+r")
        assert walk.app.screen is walk.main
