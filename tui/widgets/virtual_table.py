"""A table that asks for the visible rows only: its cost does not depend on how many there are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..cells import clean, cut, fit, width_of
from ..layout import Layout
from ..model import Bar, Barred, Rows
from .base import Painted, marked

GAP = 1  # cells between columns
NARROW = 3
CHUNK = 64  # rows asked for at once
LAST_SHARE = 0.45  # of the width, before columns give way to the last one


def bar_text(bar: Bar, width: int) -> str:
    """Return a bar in ``width`` cells: ``├──┤``; an end that is not inside is open: ``╶──┤``."""
    if width <= 0:
        return ""
    first = min(int(bar.start * width), width - 1)
    last = max(first, min(math.ceil(bar.end * width) - 1, width - 1))
    if first == last:
        middle = "┃" if bar.begins and bar.ends else "├" if bar.begins else "┤" if bar.ends else "─"
    else:
        ends = ("├" if bar.begins else "╶", "┤" if bar.ends else "╴")
        middle = ends[0] + "─" * (last - first - 1) + ends[1]
    return " " * first + middle + " " * (width - last - 1)


class VirtualTable(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of a :class:`Rows` under a header line, with a cursor.

    Text is cleaned here, in :meth:`_line`, and nowhere is markup made of it. Lines are cached by what they
    show, so that a step of the cursor paints two lines.
    """

    DEFAULT_CSS = """
    VirtualTable { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    contexts = ("table", "main")
    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Chosen(Message):
        """A row was double-clicked."""

        row: int

    @dataclass
    class HeaderClicked(Message):
        """A column's title was clicked."""

        column: int

    class Moved(Message):
        """The cursor is on another row."""

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, VirtualTable.Moved)

    COLUMN_LIMIT: ClassVar[int] = 60

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start empty."""
        super().__init__(id=id)
        self.source: Rows | None = None
        self.pattern = ""
        self.columns_as = Layout()
        self._widths: list[int] = []
        self._version = 0
        self._shown: list[tuple[int, int]] = []  # number and width of the columns shown
        self._wanted = 0  # columns that would be shown if there were room
        self._every_column = False
        self._wanted_top: int | None = None  # row to have at the top as soon as there is room
        self._chunks: LRUCache[int, list[list[str]]] = LRUCache(16)
        self._lines: LRUCache[tuple[object, ...], Strip] = LRUCache(512)

    # ------------------------------------------------------------------ rows

    def show(
        self, source: Rows, cursor: int = 0, scroll: int | None = None, layout: Layout | None = None
    ) -> None:
        """Show ``source`` with the cursor on row ``cursor`` and, if given, row ``scroll`` at the top.

        ``layout`` says which columns, in which order and how wide.
        """
        self.source = source
        self.columns_as = layout or Layout()
        self._version += 1
        self._chunks.clear()
        self._lines.clear()
        self._widths = [self._header_width(index) for index in range(len(source.columns))]
        cursor = max(0, min(cursor, source.count - 1))
        first = cursor - self.page_rows // 2 if scroll is None else scroll
        if scroll is None and cursor < self.page_rows:
            first = 0
        self._measure(max(0, min(first, source.count - self.page_rows)))
        self._resize()
        self.set_reactive(VirtualTable.cursor, cursor)
        self._wanted_top = None if self.size.height else max(0, first)
        self.scroll_to(x=0, y=max(0, first), animate=False, force=True)
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.source.count if self.source is not None else 0

    @property
    def page_rows(self) -> int:
        """How many rows fit on the screen."""
        return max(1, self.size.height - 1)

    @property
    def first_row(self) -> int:
        """The row shown at the top."""
        return round(self.scroll_y)

    def _cells(self, row: int) -> list[str]:
        """Return the cleaned cells of a row; its neighbours are asked for with it."""
        assert self.source is not None
        number, place = divmod(row, CHUNK)
        chunk = self._chunks.get(number)
        if chunk is None:
            found = self.source.rows(number * CHUNK, min(self.count, (number + 1) * CHUNK))
            chunk = [[clean(cell) for cell in cells] for cells in found]
            self._chunks[number] = chunk
        return chunk[place] if place < len(chunk) else []

    # ---------------------------------------------------------------- widths

    def _header_width(self, index: int) -> int:
        assert self.source is not None
        column = self.source.columns[index]
        room_for_mark = 1 if getattr(self.source, "sort", None) is not None else 0
        return max(NARROW, width_of(column.header) + room_for_mark, column.width)

    def _measure(self, first: int) -> None:
        """Widen the columns to what the page from ``first`` on needs; they never get narrower."""
        if self.source is None:
            return
        widths = list(self._widths)
        for row in range(first, min(self.count, first + self.page_rows)):
            for index, cell in enumerate(self._cells(row)):
                limit = max(self.source.columns[index].limit, self._header_width(index))
                widths[index] = max(widths[index], min(limit, width_of(cell)))
        if widths != self._widths:
            self._widths = widths
            self._lines.clear()
            self._resize()

    def _resize(self) -> None:
        """Choose the columns that are shown; some give way where the last one has no room."""
        if self.source is None:
            return
        columns, width, layout = self.source.columns, self.size.width, self.columns_as
        shown = layout.shown(columns)
        self._wanted = len(shown)
        fixed = {at: layout.width(columns[at]) for at in shown}
        cells = {at: fixed[at] or self._widths[at] for at in shown}
        if not self._every_column:
            shown = self._fitting(shown, cells, [at for at in shown[:-1] if fixed[at] is None])
        widths = [cells[at] for at in shown]
        if shown:
            used = sum(widths[:-1]) + GAP * len(widths)
            if not columns[shown[-1]].right:  # texts get the rest of the line; figures stay with the others
                widths[-1] = max(widths[-1], width - used)
        if list(zip(shown, widths, strict=True)) != self._shown:
            self._shown = list(zip(shown, widths, strict=True))
            self._lines.clear()
            self.post_message(self.Moved())
        self.virtual_size = Size(max(sum(widths) + GAP * len(widths), width), self.count + 1)

    def _fitting(self, wanted: list[int], cells: dict[int, int], free: list[int]) -> list[int]:
        """Return the columns that leave the last one its room; of ``free`` ones the least wanted give way."""
        assert self.source is not None
        columns = self.source.columns
        room = self.size.width - min(cells[wanted[-1]], self.size.width * LAST_SHARE)
        room -= sum(cells[at] + GAP for at in wanted[:-1])
        gone: list[int] = []
        for at in sorted((at for at in free if columns[at].drop), key=lambda at: -columns[at].drop):
            if room >= 0:
                break
            gone.append(at)
            room += cells[at] + GAP
        for at in reversed(gone.copy()):  # one may have made room for others
            if cells[at] + GAP <= room:
                gone.remove(at)
                room -= cells[at] + GAP
        return [at for at in wanted if at not in gone]

    @property
    def hidden_columns(self) -> int:
        """How many columns are left out for want of room."""
        return self._wanted - len(self._shown) if self.source is not None else 0

    def last_cell(self) -> str:
        """Return the last cell of the row under the cursor in full."""
        cells = self._cells(self.cursor) if self.count else []
        last = self._shown[-1][0] if self._shown else len(cells) - 1
        return cells[last] if 0 <= last < len(cells) else ""

    def cut_off(self) -> str:
        """Return the last cell of the row under the cursor in full when it does not fit, else ""."""
        if not self.size.width:
            return ""  # nobody knows yet
        text = self.last_cell()
        before = sum(width + GAP for _, width in self._shown[:-1]) - round(self.scroll_x)
        return text if width_of(text) > self.size.width - before else ""

    def width_of_column(self, index: int) -> tuple[int, bool]:
        """Return how many cells a column takes, or would take, and whether it is on screen."""
        shown = dict(self._shown)
        return shown.get(index, self._widths[index]), index in shown

    def on_resize(self) -> None:
        """Keep the cursor in sight when the size changes."""
        self._lines.clear()
        self._measure(self.first_row)
        self._resize()
        if self._wanted_top is not None and self.size.height:
            self.scroll_to(y=self._wanted_top, animate=False, force=True)
            self._wanted_top = None
        self._reveal()
        self.post_message(self.Moved())  # another width: other columns, and other cells that do not fit

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Make room for what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._measure(self.first_row)

    # -------------------------------------------------------------- painting

    def render_line(self, y: int) -> Strip:
        """Paint one line: the header, or a row."""
        width = self.size.width
        if self.source is None or width <= 0:
            return Strip.blank(max(width, 0), self.rich_style)
        left, top = round(self.scroll_x), self.first_row
        row = top + y - 1
        if y == 0:
            return self._header().crop_extend(left, left + width, self.role("column"))
        if row >= self.count:
            return Strip.blank(width, self.rich_style)
        under = 0 if row != self.cursor else 2 if self.has_focus else 1
        key = (self._version, row, under, width, left, self.scaptui.palette.name, self.pattern)
        line = self._lines.get(key)
        if line is None:
            line = self._line(row, under).crop_extend(left, left + width, self._row_style(under))
            self._lines[key] = line
        return line

    def _row_style(self, under: int) -> Style:
        return self.role(("cell", "selection.blurred", "selection")[under])

    def _header(self) -> Strip:
        assert self.source is not None
        order = getattr(self.source, "sort", None)
        segments: list[Segment] = []
        for index, width in self._shown:
            column = self.source.columns[index]
            is_sorted = order is not None and order[0] == index
            mark = ("▼" if order[1] else "▲") if is_sorted and order else ""
            name = cut(column.header, width - len(mark)) + mark
            style = self.role("column.sorted" if is_sorted else "column")
            segments += [
                Segment(fit(name, width, right=column.right), style),
                Segment(" " * GAP, self.role("column")),
            ]
        return Strip(segments)

    def _line(self, row: int, under: int) -> Strip:
        assert self.source is not None
        base = self._row_style(under)
        hit = self.role("match.current" if under else "match")
        segments: list[Segment] = []
        cells = self._cells(row)
        for at, width in self._shown:
            column = self.source.columns[at]
            if column.bar:
                barred: Barred = self.source  # pyright: ignore[reportAssignmentType]
                bar = barred.bar(row)
                segments += [
                    Segment(bar_text(bar, width), base if under else self.role(bar.role)),
                    Segment(" " * GAP, base),
                ]
                continue
            text = fit(cells[at] if at < len(cells) else "", width, right=column.right)
            role = None if under else self.source.role(row, at)
            segments += marked(text, self.pattern, self.role(role) if role else base, hit)
            segments.append(Segment(" " * GAP, base))
        return Strip(segments)

    def set_pattern(self, pattern: str) -> None:
        """Set off ``pattern`` in the cells."""
        self.pattern = pattern
        self.refresh()

    # ---------------------------------------------------------------- cursor

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two lines and keep the cursor in sight."""
        self.refresh_lines(old + 1)
        self.refresh_lines(new + 1)
        self._reveal()
        self.post_message(self.Moved())

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, self.count - 1))

    def _reveal(self) -> None:
        top = self.first_row
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + self.page_rows:
            self.scroll_to(y=self.cursor - self.page_rows + 1, animate=False, force=True)

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as inactive."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Select a row, drill on a double click, sort by a header."""
        if self.source is None:
            return
        if event.y == 0:
            x = event.x + round(self.scroll_x)
            for index, width in self._shown:
                x -= width + GAP
                if x < 0:
                    self.post_message(self.HeaderClicked(index))
                    return
            return
        row = self.first_row + event.y - 1
        if row < self.count:
            self.cursor = row
            if event.chain == 2:
                self.post_message(self.Chosen(row))

    def do_cursor_up(self) -> None:
        """One row up."""
        self.cursor -= 1

    def do_cursor_down(self) -> None:
        """One row down."""
        self.cursor += 1

    def do_cursor_page_up(self) -> None:
        """A page up."""
        self.cursor -= self.page_rows

    def do_cursor_page_down(self) -> None:
        """A page down."""
        self.cursor += self.page_rows

    def do_cursor_first(self) -> None:
        """To the first row."""
        self.cursor = 0

    def do_cursor_last(self) -> None:
        """To the last row."""
        self.cursor = self.count - 1

    def do_cursor_left(self) -> None:
        """Scroll four cells to the left; at the edge: leave out columns again."""
        if self._every_column and not round(self.scroll_x):
            self._every_column = False
            self._resize()
            self.refresh()
        self.scroll_to(x=max(0, round(self.scroll_x) - 4), animate=False, force=True)

    def do_cursor_right(self) -> None:
        """Show the columns that were left out, then scroll four cells to the right."""
        if self.hidden_columns:
            self._every_column = True
            self._resize()
            self.refresh()
            return
        self.scroll_to(x=min(self.max_scroll_x, round(self.scroll_x) + 4), animate=False, force=True)
