"""Tiles, their trends in the time navigator, and the way from a tile to its view."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fake import SECOND, START, FakeGateway

from scaptui.tui.state import Query
from scaptui.tui.widgets.navigator import Lane, Navigator
from scaptui.tui.widgets.tiles import TileGrid


def navigator(walk) -> Navigator:  # type: ignore[no-untyped-def]
    """The navigator."""
    return walk.main.query_one(Navigator)


async def settle_time(walk) -> None:  # type: ignore[no-untyped-def]
    """Wait until the views follow the selected time."""
    await asyncio.sleep(0.3)
    await walk.settle()


async def test_tiles_that_count_nothing_are_a_key_away(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        assert "New Symlinks" not in walk.text()
        assert "1 count nothing" in walk.lines()[1]
        await walk.press("down", "a")
        assert "New Symlinks" in walk.text()
        assert walk.main.tiles.tile.id == "running_containers"
        await walk.press("a")
        assert "New Symlinks" not in walk.text()


async def test_noteworthy_tiles_have_a_mark_and_a_key(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        assert "!HTTP Errors" in walk.text()
        assert walk.text().count(" !") == 1
        await walk.press("full_stop")
        assert walk.main.tiles.tile.id == "http_errors"
        await walk.press("enter")
        assert walk.main.stack.top.view == "echo"


async def test_the_tile_under_the_cursor_is_explained(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("full_stop")
        line = next(line for line in walk.lines() if "Answers that failed." in line)
        assert line.split(" → ")[0].endswith("15")
        assert "→ I/O Streams." in line


async def test_units_stand_where_there_is_room(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(120, 50)) as walk:
        assert "8.8K calls" in walk.text()
        await walk.pilot.resize_terminal(80, 16)
        await walk.settle()
        assert "8.8K calls" not in walk.text()


async def test_a_name_never_runs_into_its_figure(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    found = gateway.summary(Query(), lambda: False)
    tiles = [replace(tile, name="x" * 60, shown="777", unit="programs") for tile in found.tiles]
    gateway.summary = lambda query, cancelled: replace(found, tiles=tiles)  # type: ignore[method-assign]
    for size in ((80, 24), (120, 50)):
        async with start(gateway, size=size) as walk:
            assert "777" in walk.text()
            assert "x777" not in walk.text()
            assert "…777" not in walk.text()


async def test_a_narrow_header_keeps_its_parts_apart(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(37, 12)) as walk:
        place = walk.main._place()
        assert f" {place}" in walk.lines()[1]
        assert walk.lines()[1].startswith(" Over")


async def test_a_tile_opens_its_view_in_the_order_of_its_file(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "down", "down", "enter")
        assert walk.main.stack.top.view == "connections"
        assert walk.main.table.source.sort == (1, False)  # by NAME
        await walk.press("backspace", "up", "enter")
        assert walk.main.table.source.sort == (2, True)  # as the view says
        assert walk.main.memory.layout("connections").sort is None


async def test_each_overlay_has_its_colour_and_its_own_line(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("space", "down", "space", "full_stop", "space")
        lanes = navigator(walk).lanes
        assert [lane.name for lane in lanes] == ["System Calls", "Containers", "HTTP Errors"]
        assert len({walk.app.palette[lane.role].color for lane in lanes}) == 3
        assert navigator(walk).size.height == 4
        assert walk.main.tiles.overlays == {lane.id.partition("\n")[0]: lane.role for lane in lanes}
        await walk.press("space")
        assert len(navigator(walk).lanes) == 2


async def test_there_is_room_for_some_overlays_only(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("a", *["space", "down"] * 6, "space")
        assert len(navigator(walk).lanes) == 6
        assert "Take one away first" in walk.lines()[-1]


async def test_an_overlay_of_a_selection_stays_in_the_whole(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("f4")
        await walk.type("x=1")
        await walk.press("enter", "space")
        assert [lane.id for lane in navigator(walk).lanes] == ["system-calls\nx=1"]
        await walk.press("backspace")
        assert [lane.id for lane in navigator(walk).lanes] == ["system-calls\nx=1"]
        assert walk.main.tiles.overlays == {}


def lane_of(values: list[float], start: int = 0, step: int = 10) -> Lane:
    return Lane("x", "X", values, "lane.1", start, start + step * len(values))


def test_a_peak_lies_at_its_time_whatever_is_shown() -> None:
    values = [0.0] * 100
    values[40] = 5.0
    lane = lane_of(values)  # the peak is at 400 .. 410
    for first, last, columns in (
        (0, 1000, 50),
        (0, 1000, 100),
        (0, 1000, 400),
        (350, 450, 10),
        (300, 500, 37),
    ):
        found = lane.over(first, last, columns)
        assert len(found) == columns
        hits = [at for at, value in enumerate(found) if value]
        assert hits, (first, last, columns)
        width = (last - first) / columns
        assert first + hits[0] * width <= 410
        assert first + (hits[-1] + 1) * width >= 400
        assert (hits[-1] - hits[0] + 1) * width <= 10 + 2 * width


def test_lanes_with_other_steps_line_up() -> None:
    coarse = [0.0] * 10
    coarse[4] = 7.0  # 400 .. 500
    fine = [0.0] * 100
    fine[45] = 3.0  # 450 .. 460
    one = lane_of(coarse, step=100).over(0, 1000, 100)
    two = lane_of(fine).over(0, 1000, 100)
    assert one[45]
    assert two[45]
    assert not one[39]
    assert not one[50]


def test_a_lane_of_another_time_is_empty_outside_of_it() -> None:
    lane = lane_of([1.0] * 10, start=500)
    assert lane.over(400, 600, 4) == [0, 0, 1, 1]
    assert list(lane.between(0, 400)) == []


async def test_the_axis_zooms_and_the_trends_are_cut_anew(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("t", "up", "up")  # a quarter, in the middle
        await settle_time(walk)
        window = walk.main.stack.top.window
        await walk.press("z")
        await settle_time(walk)
        assert navigator(walk).shown == window
        assert ("overview", Query("", window)) in gateway.asked
        lane = navigator(walk).lanes[0]
        assert (lane.start_ts, len(lane.values)) == (window[0], 100)
        assert lane.step < 2 * (window[1] - window[0]) / 100
        assert "zoomed" in walk.lines()[-3]
        await walk.press("z")
        await settle_time(walk)
        assert navigator(walk).shown == (START, START + 12 * SECOND + 1)
        assert navigator(walk).lanes[0].start_ts == START


async def test_the_axis_asks_for_a_selection_first(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("t", "z")
        assert "Select a time first" in walk.text()


async def test_a_zoomed_axis_follows_the_selection(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("t", "up", "up", "z", "up", *["right"] * 12)
        await settle_time(walk)
        window, (begin, end) = walk.main.stack.top.window, navigator(walk).shown
        assert begin <= window[0] < window[1] <= end
        assert end - begin == pytest.approx(3 * SECOND, rel=0.01)
        await walk.press("r")
        await settle_time(walk)
        assert navigator(walk).axis is None


async def test_the_mouse_selects_time(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        bar = navigator(walk)
        left, plot = bar._label, bar._plot
        await walk.pilot.mouse_down(bar, offset=(left + plot // 4, 1))
        await walk.pilot.hover(bar, offset=(left + plot // 2 - 1, 1))
        await walk.pilot.mouse_up(bar, offset=(left + plot // 2 - 1, 1))
        await settle_time(walk)
        window = walk.main.stack.top.window
        assert window is not None
        assert window[0] - START == pytest.approx(3 * SECOND, rel=0.05)
        assert window[1] - START == pytest.approx(6 * SECOND, rel=0.05)
        await walk.pilot.click(bar, offset=(left + plot - 10, 1))
        await settle_time(walk)
        moved = walk.main.stack.top.window
        assert moved[1] - moved[0] == window[1] - window[0]
        assert moved[0] > window[0]


async def test_a_click_on_a_tile_selects_and_a_second_one_opens(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        grid = walk.main.query_one(TileGrid)
        lines = [grid.render_line(y).text for y in range(grid.size.height)]
        y = next(n for n, line in enumerate(lines) if "Containers" in line)
        x = lines[y].index("Containers")
        await walk.pilot.click(grid, offset=(x, y))
        await walk.settle()
        assert walk.main.tiles.tile.id == "running_containers"
        await walk.pilot.click(grid, offset=(x, y), times=2)
        await walk.settle()
        assert walk.main.stack.top.view == "containers"
