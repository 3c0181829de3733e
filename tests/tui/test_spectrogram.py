"""The spectrogram: cursor, brush, and the events that a brush leads to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fake import START, FakeGateway
from test_real import never, opened

from scaptui.tui.state import Query
from scaptui.tui.widgets.spectrogram import AXIS, heat


def test_heat_is_the_logarithm_of_the_count() -> None:
    assert heat(0, 100) == 0
    assert [heat(n, 1000) for n in (1, 10, 100, 1000)] == [1, 3, 5, 8]
    assert heat(1, 1) == 8


async def test_the_cursor_begins_on_the_fullest_cell(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("9")
        picture = walk.main.spectrogram
        source = picture.source
        assert source.counts(picture.line)[picture.column] == source.peak
        assert f"{source.total:,} calls" in walk.lines()[1]
        assert f"{source.peak:,} calls" in walk.text()


async def test_a_brush_selects_time_and_latency(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("9", "home", *["up"] * 9, "right", "right", "space", "right", "down", "enter")
        step = (12 * 10**9) // walk.main.spectrogram.source.columns + 1
        top = walk.main.stack.top
        assert top.view == "dig"
        assert top.window == (START + 2 * step, START + 4 * step)
        assert top.filter == "evt.latency>=10000000 and evt.latency<1000000000"
        assert gateway.asked[-1] == ("dig", Query(top.filter, top.window))
        assert "Time " in walk.lines()[2]


async def test_escape_forgets_the_brush_and_then_goes_back(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("9", "space", "right")
        assert "brushing" in walk.lines()[1]
        assert walk.main.spectrogram.chosen()[0][1] - walk.main.spectrogram.chosen()[0][0] == 2
        await walk.press("escape")
        assert walk.main.spectrogram.chosen()[0][1] - walk.main.spectrogram.chosen()[0][0] == 1
        assert walk.main.stack.top.view == "spectro_all"
        await walk.press("escape")
        assert walk.main.stack.depth == 1


async def test_zooming_into_a_brush_draws_it_anew(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("9", "home", "space", "right", "right", "z")
        window = walk.main.stack.top.window
        assert walk.main.stack.top.view == "spectro_all"
        assert walk.main.spectrogram.source.start_ts == window[0]
        assert gateway.asked[-1] == ("spectro_all", Query("", window))


async def test_the_picture_has_the_size_of_the_screen(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(80, 24)) as walk:
        await walk.press("9")
        assert walk.main.spectrogram.source.columns == 80 - AXIS
        await walk.pilot.resize_terminal(70, 24)
        await walk.pilot.pause(0.4)
        await walk.settle()
        assert walk.main.spectrogram.source.columns == 70 - AXIS
        assert {len(line) for line in walk.lines()} == {70}


async def test_the_mouse_draws_a_brush(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("9")
        picture = walk.main.spectrogram
        await walk.pilot.mouse_down(picture, offset=(AXIS + 5, 2))
        await walk.pilot.hover(picture, offset=(AXIS + 9, 4))
        await walk.pilot.mouse_up(picture, offset=(AXIS + 9, 4))
        await walk.settle()
        assert picture.chosen() == ((5, 10), (2, 5))
        await walk.press("enter")
        assert walk.main.stack.top.view == "dig"


async def test_the_spectrogram_of_a_row(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("2", "f12")
        assert walk.main.stack.top.view == "spectro_all"
        assert walk.main.stack.top.filter == "proc.pid=100"


@pytest.fixture(scope="module")
def gateway(capture_file: Callable[[str], Path]):  # type: ignore[no-untyped-def]
    """An old capture: it knows when calls began."""
    return opened(capture_file("haproxy-502.scap"))


@pytest.mark.parametrize("size", [(70, 16), (180, 50), (20, 3), (1, 1)])
def test_a_picture_fits_and_its_cells_list_what_they_count(gateway, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    found = gateway.spectrum("spectro_all", Query(), size, never)
    assert found.columns == size[0]
    assert 0 < found.lines <= size[1]
    assert sum(sum(found.counts(line)) for line in range(found.lines)) == found.total == 4271
    assert found.peak == max(max(found.counts(line)) for line in range(found.lines))
    for line in range(found.lines - 1):
        assert found.latency(line)[0] == found.latency(line + 1)[1]
    columns, lines = (size[0] // 3, size[0] // 3 + max(1, size[0] // 4)), (0, max(1, found.lines // 2))
    brush = found.brush(columns, lines)
    counted = sum(sum(found.counts(line)[columns[0] : columns[1]]) for line in range(*lines))
    assert gateway.events(Query(brush.filter, brush.window), never).count == counted


def test_a_filter_applies(gateway) -> None:  # type: ignore[no-untyped-def]
    some = gateway.spectrum("spectro_all", Query("proc.name=haproxy"), (70, 16), never)
    assert 0 < some.total < 4271


async def test_a_capture_without_latencies_says_so(start, demo: Path) -> None:  # type: ignore[no-untyped-def]
    async with start(opened(demo)) as walk:
        await walk.press("9")
        assert "do not tell when their calls began" in walk.text()
        await walk.press("escape")
        assert "General" in walk.text()
