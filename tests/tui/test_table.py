"""The virtual table: the cost of a screen does not depend on how many rows there are."""

from __future__ import annotations

from collections.abc import Callable

from fake import FakeGateway, HugeRows
from textual.strip import Strip

from scaptui.tui.widgets.virtual_table import CHUNK, VirtualTable

MANY = 10**8


def watch_painting(table: VirtualTable) -> list[int]:
    """Record which rows are painted from now on."""
    painted: list[int] = []
    paint: Callable[[int, int], Strip] = table._line

    def line(row: int, under: int) -> Strip:
        painted.append(row)
        return paint(row, under)

    table._line = line  # type: ignore[method-assign]
    return painted


async def test_a_hundred_million_rows_at_both_ends(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    gateway.huge = HugeRows(MANY)
    async with start(gateway) as walk:
        await walk.press("d")
        assert "row 0 " in walk.text()
        await walk.press("end")
        assert f"row {MANY - 1} " in walk.text()
        assert f"{MANY:,}/{MANY:,} (100%)" in walk.text()
        await walk.press("pageup", "pageup", "home")
        assert "row 0 " in walk.text()
        assert gateway.huge.asked <= 12 * CHUNK


async def test_dragging_the_scroll_bar_asks_for_the_visible_rows_only(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    gateway.huge = HugeRows(MANY)
    async with start(gateway) as walk:
        await walk.press("d")
        walk.main.table.scroll_to(y=MANY // 2, animate=False)
        assert walk.main.table.first_row == MANY // 2
        await walk.settle()
        assert f"row {MANY // 2} " in walk.text()
        assert gateway.huge.asked <= 6 * CHUNK


async def test_a_step_of_the_cursor_paints_two_lines(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", "down")
        painted = watch_painting(walk.main.table)
        await walk.press("down")
        assert painted
        assert set(painted) <= {1, 2}


async def test_columns_give_way_to_the_last_one_and_come_back(start) -> None:  # type: ignore[no-untyped-def]
    from scaptui.tui.model import Column
    from scaptui.tui.rows import ListRows

    async with start(size=(80, 24)) as walk:
        columns = [Column("A", drop=1), Column("B" * 30, drop=2), Column("C"), Column("INFO", limit=4000)]
        rows = ListRows(columns, ["k"], lambda row: ["a" * 30, "b", "c", "i" * 200])
        walk.main.table.show(rows)
        walk.main.table.display = True
        await walk.pilot.pause()
        table = walk.main.table
        assert table.hidden_columns == 1
        table.do_cursor_right()
        assert table.hidden_columns == 0
        table.do_cursor_right()
        assert table.scroll_x > 0
        table.do_cursor_left()
        table.do_cursor_left()
        assert table.hidden_columns == 1


async def test_a_wide_column_that_gives_way_lets_narrow_ones_come_back(start) -> None:  # type: ignore[no-untyped-def]
    from scaptui.tui.model import Column
    from scaptui.tui.rows import ListRows

    async with start(size=(80, 24)) as walk:
        columns = [
            Column("VIRT", drop=7),
            Column("ENGINE", drop=6),
            Column("IMAGE", limit=60, drop=5),
            Column("NAME"),
        ]
        walk.main.table.show(ListRows(columns, ["k"], lambda row: ["1M", "docker", "i" * 60, "n" * 20]))
        walk.main.table.display = True
        await walk.pilot.pause()
        assert walk.main.table.render_line(0).text.split() == ["VIRT", "ENGINE", "NAME"]


async def test_what_does_not_fit_into_the_last_column_is_shown_below(start) -> None:  # type: ignore[no-untyped-def]
    from scaptui.tui.model import Column
    from scaptui.tui.rows import ListRows

    async with start(size=(80, 24)) as walk:
        await walk.press("down", "enter")
        table, peek = walk.main.table, walk.main.query_one("#peek")
        assert not peek.display
        lines = ["short", "x" * 90 + "the-end", "y" * 85 + "\x1b[31m"]
        table.show(
            ListRows([Column("A"), Column("URL", limit=4000)], ["1", "2", "3"], lambda n: ["", lines[n]])
        )
        await walk.pilot.pause()
        assert not peek.display
        await walk.press("down")
        assert "the-end" in walk.text()
        await walk.press("down")
        assert "the-end" not in walk.text()
        assert "\\x1b[31m" in walk.text()
        await walk.press("up", "up")
        assert peek.display, "the lines do not jump"


async def test_rows_have_exactly_the_width_of_the_table(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(100, 30)) as walk:
        await walk.press("d")
        table = walk.main.table
        widths = {table.render_line(y).cell_length for y in range(table.size.height)}
        assert widths == {table.size.width}
