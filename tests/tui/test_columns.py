"""Columns of a table: hiding, moving, widening, units, totals; and what is remembered of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fake import FakeGateway

from scaptui.tui.remember import Memory
from scaptui.tui.screens.about import AboutScreen
from scaptui.tui.screens.columns import ColumnsScreen
from scaptui.tui.screens.row import RowScreen


def header(walk) -> list[str]:  # type: ignore[no-untyped-def]
    """The titles of the columns on screen."""
    return walk.main.table.render_line(0).text.split()


async def to_procs(walk) -> None:  # type: ignore[no-untyped-def]
    """Open a table with PID, NAME, CALLS and CONTAINER."""
    await walk.press("down", "down", "enter")


async def test_columns_are_hidden_and_shown(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        assert header(walk) == ["PID", "NAME", "CALLS/s▼", "CONTAINER"]
        await walk.press("C", "down", "space")
        assert isinstance(walk.app.screen, ColumnsScreen)
        assert header(walk) == ["PID", "CALLS/s▼", "CONTAINER"]
        await walk.press("space", "down", "down", "space", "escape")
        assert header(walk) == ["PID", "NAME", "CALLS/s▼"]
        assert walk.app.screen is walk.main


async def test_the_last_column_stays(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        await walk.press("C", "space", "down", "space", "down", "space", "down", "space")
        assert header(walk) == ["CONTAINER"]


async def test_columns_are_moved_and_sorted_by_their_place(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        await walk.press("C", "down", "K", "escape")
        assert header(walk) == ["NAME", "PID", "CALLS/s▼", "CONTAINER"]
        await walk.press("exclamation_mark")
        assert header(walk)[0] == "NAME▲"
        await walk.press("C", "J", "J", "escape")
        assert header(walk) == ["PID", "CALLS/s", "NAME▲", "CONTAINER"]


async def test_columns_get_wider_and_narrower(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        before = walk.main.table.width_of_column(1)[0]
        place = walk.main.table.render_line(0).text.index("CALLS")
        await walk.press("C", "down", "right", "right")
        assert walk.main.table.width_of_column(1) == (before + 4, True)
        assert walk.main.table.render_line(0).text.index("CALLS") == place + 4
        await walk.press("left", "left", "left")
        assert walk.main.table.width_of_column(1) == (before - 2, True)
        await walk.press("equals_sign")
        assert walk.main.table.width_of_column(1) == (before, True)


async def test_sorting_from_the_list_of_columns(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        await walk.press("C", "down", "enter")
        assert walk.main.table.source.sort == (1, False)
        assert "NAME▲" in walk.app.screen.query_one("#lines").render_line(2).text
        await walk.press("enter")
        assert walk.main.table.source.sort == (1, True)


async def test_totals_and_raw_figures_are_a_key_away(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        assert "1.0K" in walk.text()
        assert "/s of 12s" in walk.lines()[1]
        await walk.press("T")
        assert "CALLS▼" in header(walk)
        assert "12.0K" in walk.text()
        assert "totals of 12s" in walk.lines()[1]
        await walk.press("u")
        assert "12000" in walk.text()
        await walk.press("T", "u")
        assert header(walk)[2] == "CALLS/s▼"
        assert "12000" not in walk.text()


async def test_a_row_in_full(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        await walk.press("i")
        assert isinstance(walk.app.screen, RowScreen)
        line = next(line for line in walk.lines() if line.startswith("CALLS/s"))
        assert line.split() == ["CALLS/s", "1.0K", "12000"]
        await walk.press("escape")
        assert walk.app.screen is walk.main


async def test_what_a_view_is_about(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await to_procs(walk)
        await walk.press("f7")
        assert isinstance(walk.app.screen, AboutScreen)
        assert "All about Files." in walk.text()
        assert "Process id." in walk.text()
        await walk.press("f7")
        assert walk.app.screen is walk.main


async def test_choices_are_remembered_for_each_view(start, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "tables.json"
    async with start(memory=Memory(path)) as walk:
        await to_procs(walk)
        await walk.press("C", "down", "space", "down", "enter", "escape", "u")
        shown = header(walk)
        assert shown == ["PID", "CALLS/s▲", "CONTAINER"]
        await walk.press("backspace", "up", "enter")
        assert header(walk) == ["ID", "NAME", "CALLS/s▼"]
    async with start(memory=Memory(path)) as walk:
        await to_procs(walk)
        assert header(walk) == shown
        assert walk.main.table.source.figures.raw
        await walk.press("R")
        assert header(walk) == ["PID", "NAME", "CALLS/s▼", "CONTAINER"]
    assert Memory(path).layout("files") == Memory(None).layout("files")


async def test_a_damaged_file_is_told_on_screen(start, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "tables.json"
    path.write_text("{")
    async with start(memory=Memory(path)) as walk:
        assert "tables.json cannot be read" in walk.lines()[-1]


async def test_a_file_that_cannot_be_written_is_told(start, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("")
    async with start(memory=Memory(tmp_path / "file" / "tables.json")) as walk:
        await to_procs(walk)
        await walk.press("u")
        for _ in range(100):
            await walk.pilot.pause(0.02)
            if "not remembered" in walk.lines()[-1]:
                break
        assert "The columns are not remembered" in walk.lines()[-1]


async def test_events_can_be_sorted_and_sorting_stopped(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("d", "down")
        gateway.huge.sorting_takes = 30.0
        await walk.pilot.press("exclamation_mark")
        for _ in range(100):
            await walk.pilot.pause(0.02)
            if "%" in walk.lines()[1] and "Esc stops" in walk.lines()[1]:
                break
        assert "working…" in walk.lines()[1]
        assert "row 1 " in walk.text()  # the rows stay on screen
        await walk.press("escape")
        assert walk.main.shown.state.view == "dig"
        assert walk.main.table.source.sort is None
        assert "Everything is as it was." in walk.lines()[-1]
        gateway.huge.sorting_takes = 0.0
        await walk.press("exclamation_mark", "exclamation_mark")
        assert walk.main.table.source.sort == (0, True)
        assert "row 99999 " in walk.text()


async def test_a_long_search_tells_how_far_it_is_and_can_be_stopped(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("d", "down", "slash")
        gateway.huge.searching_takes = 0.02
        await walk.type("zebra")
        await walk.pilot.press("enter")
        for _ in range(150):
            await asyncio.sleep(0.02)
            if "working… " in walk.lines()[1] and "%" in walk.lines()[1].rpartition("working")[2]:
                break
        assert "% Esc stops" in walk.lines()[1]
        await walk.press("escape")
        assert walk.main.jobs.idle
        assert "The search was stopped." in walk.lines()[-1]
        assert walk.main.table.cursor == 1


async def test_escape_takes_the_marks_away_and_then_goes_back(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "slash")
        await walk.type("web")
        await walk.press("enter")
        assert walk.main.table.pattern == "web"
        await walk.press("escape")
        assert walk.main.table.pattern == ""
        assert walk.main.stack.depth == 2
        await walk.press("escape")
        assert walk.main.stack.depth == 1


async def test_leaving_the_search_bar_returns_to_where_it_began(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", "down", "slash")
        await walk.type("row 77")
        await walk.settle()
        assert walk.main.table.cursor == 77
        await walk.press("escape")
        assert walk.main.table.cursor == 1


async def test_from_an_event_to_its_block_and_back(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", *["down"] * 20, "e")
        assert walk.main.streams.cursor == 2
        await walk.press("d")
        assert walk.main.table.cursor == 20
