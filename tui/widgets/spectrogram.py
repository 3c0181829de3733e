"""The spectrogram: how long calls took, over time, as cells whose colour tells how many there were."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from ..cells import amount, duration, fit
from ..model import Brush, Spectrum
from ..theme import HEATS
from .base import Painted

SHADES = "·:∙░▒▓▓█"  # one for each heat, so that the picture reads without colours
AXIS = 10  # cells left of the picture
STATUS = 2  # lines below: the time axis, and what is under the cursor


def heat(count: int, peak: int) -> int:
    """Return the heat of a cell, 0 for none, else 1 .. 8 by the logarithm of its count."""
    if count <= 0:
        return 0
    if peak <= 1:
        return len(HEATS)
    return min(len(HEATS), 1 + int(math.log(count) / math.log(peak) * (len(HEATS) - 1) + 1e-9))


class SpectrogramView(Painted, can_focus=True, inherit_bindings=False):
    """Cells of a :class:`Spectrum` with a cursor; from where a brush began, all up to it are chosen."""

    contexts = ("spectrogram", "main")

    class Moved(Message):
        """The cursor is on another cell."""

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, SpectrogramView.Moved)

    class Chosen(Message):
        """The brush is to be opened."""

    @dataclass
    class Resized(Message):
        """There is room for another number of cells."""

        size: Size

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, SpectrogramView.Resized)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start empty."""
        super().__init__(id=id)
        self.source: Spectrum | None = None
        self.start_ts = 0
        self.column, self.line = 0, 0
        self.brushed_from: tuple[int, int] | None = None  # column and line where a brush began
        self.pattern = ""
        self._dragging = False

    @property
    def room(self) -> tuple[int, int]:
        """How many columns and lines of cells there is room for."""
        return max(1, self.size.width - AXIS), max(1, self.size.height - STATUS)

    @property
    def count(self) -> int:
        """How many calls are in the picture."""
        return self.source.total if self.source is not None and self.source.lines else 0

    @property
    def cursor(self) -> int:
        """The column of the cursor."""
        return self.column

    @property
    def first_row(self) -> int:
        """The line of the cursor."""
        return self.line

    def show(self, source: Spectrum, start_ts: int) -> None:
        """Show ``source``, with the cursor on its fullest cell; times count from ``start_ts``."""
        self.source, self.start_ts = source, start_ts
        self.brushed_from = None
        if source.lines:
            cells = [(count, -line, column) for line in range(source.lines)
                     for column, count in enumerate(source.counts(line)) if count]  # fmt: skip
            _, line, column = max(cells, default=(0, 0, 0))
            self.line, self.column = -line, column
        else:
            self.line, self.column = 0, 0
        self._changed()

    def set_pattern(self, pattern: str) -> None:
        """Remember what is searched for."""
        self.pattern = pattern

    def move_to(self, place: int) -> None:
        """Put the cursor into a column."""
        self._move_to(place, self.line)

    def on_resize(self) -> None:
        """Ask for as many cells as there is room for."""
        self.post_message(self.Resized(self.size))

    # ------------------------------------------------------------------ brush

    def chosen(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the columns and the lines [from, to) chosen: those of the brush, or the cursor's."""
        column, line = self.brushed_from or (self.column, self.line)
        columns = sorted((column, self.column))
        lines = sorted((line, self.line))
        return (columns[0], columns[1] + 1), (lines[0], lines[1] + 1)

    def brush(self) -> Brush | None:
        """Return the chosen part."""
        if self.source is None or not self.count:
            return None
        return self.source.brush(*self.chosen())

    def describe(self) -> str:
        """Return what is chosen in words: latency, time, calls."""
        source = self.source
        if source is None or not source.lines:
            return ""
        (first, last), (top, bottom) = self.chosen()
        slow, fast = source.latency(top), source.latency(bottom - 1)
        calls = sum(sum(source.counts(line)[first:last]) for line in range(top, bottom))
        begin = source.start_ts + first * source.column_ns - self.start_ts
        end = min(source.start_ts + last * source.column_ns, source.end_ts + 1) - self.start_ts
        upper = duration(slow[1]) if slow[1] is not None else "longer"
        return (
            f"{duration(fast[0])} to {upper} · +{begin / 1e9:.6f}s to +{end / 1e9:.6f}s · "
            f"{calls:,} call{'s' if calls != 1 else ''}"
        )

    def place(self) -> str:
        """Return what the header tells."""
        source = self.source
        return (
            f"{source.total:,} calls · brushing" if source and self.brushed_from else f"{self.count:,} calls"
        )

    # --------------------------------------------------------------- painting

    def render_line(self, y: int) -> Strip:
        """Paint a line of cells, the axis or the description."""
        width, source = self.size.width, self.source
        if source is None or not source.lines:
            return Strip.blank(width, self.rich_style)
        if y < source.lines:
            return self._cells(source, y).adjust_cell_length(width, self.rich_style)
        if y == source.lines:
            return self._axis(source).adjust_cell_length(width, self.rich_style)
        if y == source.lines + 1:
            role = "selection" if self.has_focus else "selection.blurred"
            return Strip([Segment(fit(f" {self.describe()}", width), self.role(role))])
        return Strip.blank(width, self.rich_style)

    def _cells(self, source: Spectrum, line: int) -> Strip:
        slow, fast = source.latency(max(0, line - 1)), source.latency(line)
        decade = line == 0 or line == source.lines - 1 or len(str(slow[0])) != len(str(fast[0]))
        label = duration(fast[0]) if decade else ""
        segments = [
            Segment(fit(label, AXIS - 2, right=True) + (" ┤" if label else " │"), self.role("time.axis"))
        ]
        (first, last), (top, bottom) = self.chosen()
        for column, count in enumerate(source.counts(line)):
            level = heat(count, source.peak)
            char = SHADES[level - 1] if level else " "
            style = self.role(HEATS[level - 1]) if level else self.rich_style
            if column == self.column and line == self.line:
                char, style = (
                    "+" if not level else char,
                    self.role("selection" if self.has_focus else "heat.brush"),
                )
            elif first <= column < last and top <= line < bottom:
                style = self.role("heat.brush")
            segments.append(Segment(char, style))
        return Strip(segments).simplify()

    def _axis(self, source: Spectrum) -> Strip:
        begin = f"+{(source.start_ts - self.start_ts) / 1e9:.3f}s"
        end = f"+{(source.end_ts - self.start_ts) / 1e9:.3f}s"
        middle = "─" * max(0, source.columns - len(begin) - len(end))
        scale = f"1{'·' * 2}{amount(source.peak)}"
        return Strip([Segment(fit(scale, AXIS - 1) + "└" + begin + middle + end, self.role("time.axis"))])

    # ----------------------------------------------------------------- cursor

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Moved())

    def _move_to(self, column: int, line: int) -> None:
        source = self.source
        if source is None or not source.lines:
            return
        self.column = max(0, min(column, source.columns - 1))
        self.line = max(0, min(line, source.lines - 1))
        self._changed()

    def do_brush_start(self) -> None:
        """Begin a brush at the cursor, or forget it."""
        self.brushed_from = None if self.brushed_from is not None else (self.column, self.line)
        self._changed()

    def do_cursor_up(self) -> None:
        """To slower calls."""
        self._move_to(self.column, self.line - 1)

    def do_cursor_down(self) -> None:
        """To faster calls."""
        self._move_to(self.column, self.line + 1)

    def do_cursor_left(self) -> None:
        """Earlier."""
        self._move_to(self.column - 1, self.line)

    def do_cursor_right(self) -> None:
        """Later."""
        self._move_to(self.column + 1, self.line)

    def do_cursor_page_up(self) -> None:
        """A quarter of the lines up."""
        self._move_to(self.column, self.line - max(1, self.room[1] // 4))

    def do_cursor_page_down(self) -> None:
        """A quarter of the lines down."""
        self._move_to(self.column, self.line + max(1, self.room[1] // 4))

    def do_cursor_first(self) -> None:
        """To the first column."""
        self._move_to(0, self.line)

    def do_cursor_last(self) -> None:
        """To the last column."""
        self._move_to(self.source.columns - 1 if self.source else 0, self.line)

    # ------------------------------------------------------------------ mouse

    def _cell_at(self, event: events.MouseEvent) -> tuple[int, int] | None:
        source = self.source
        if source is None or not (AXIS <= event.x < AXIS + source.columns and 0 <= event.y < source.lines):
            return None
        return event.x - AXIS, event.y

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a brush."""
        cell = self._cell_at(event)
        if cell is not None and event.button == 1:
            self.brushed_from = None
            self._move_to(*cell)
            self._dragging = True
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw the brush."""
        source = self.source
        if self._dragging and source is not None:
            if self.brushed_from is None and (event.x - AXIS, event.y) != (self.column, self.line):
                self.brushed_from = (self.column, self.line)
            self._move_to(event.x - AXIS, event.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End the brush."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Open the cell of a double click."""
        if event.chain == 2 and self._cell_at(event) is not None:
            self.post_message(self.Chosen())

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as inactive."""
        self.refresh()
