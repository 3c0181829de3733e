"""I/O streams: reads and writes as blocks, one after the other, in two colours."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.message import Message
from textual.strip import Strip

from ..cells import clean, fit, width_of
from ..highlight import Span, spans
from ..model import Block, Streams
from .base import Painted, marked

MODES = ("dotted", "ascii", "hex")
NOWHERE = -1
BAR = {False: "│", True: "┃"}


class Line(NamedTuple):
    """A line of a block."""

    role: str
    text: str  # cleaned
    at: int = NOWHERE  # place in the payload as text, NOWHERE: it has none


class StreamView(Painted, can_focus=True, inherit_bindings=False):
    """The blocks of a :class:`Streams`; only those on screen are read and laid out.

    The place on screen is a block and a line in it, as the height of a block is known only when it is
    laid out. The cursor is a block: a step goes on through a long block before it goes to the next.
    """

    contexts = ("streams", "main")

    class Moved(Message):
        """The cursor is on another block."""

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, StreamView.Moved)

    @dataclass
    class Chosen(Message):
        """A block was double-clicked."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start empty."""
        super().__init__(id=id)
        self.source: Streams | None = None
        self.mode = MODES[0]
        self.pattern = ""
        self.cursor = 0
        self.start_ts = 0
        self._top = (0, 0)  # block and line at the top
        self.colours = True  # recognised text in colours, in ascii
        self._layouts: LRUCache[tuple[int, str, int], list[Line]] = LRUCache(256)
        self._spans: LRUCache[int, list[Span]] = LRUCache(256)

    # ---------------------------------------------------------------- blocks

    def show(self, source: Streams, cursor: int, scroll: int, start_ts: int) -> None:
        """Show ``source`` with the cursor on a block and block ``scroll`` at the top.

        Times count from ``start_ts``.
        """
        self.source = source
        self.start_ts = start_ts
        self.cursor = max(0, min(cursor, source.count - 1))
        self._layouts.clear()
        self._spans.clear()
        self._top = (max(0, min(scroll, source.count - 1)), 0)
        self._reveal()
        self._changed()

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return self.source.count if self.source is not None else 0

    @property
    def first_row(self) -> int:
        """The block at the top."""
        return self._top[0]

    def block(self) -> Block | None:
        """Return the block under the cursor."""
        return self.source.block(self.cursor) if self.source is not None and self.count else None

    def _layout(self, index: int) -> list[Line]:
        """Return the lines of a block: header, payload, a blank one."""
        assert self.source is not None
        width = max(10, self.size.width - 1)
        key = (index, self.mode, width)
        found = self._layouts.get(key)
        if found is None:
            block = self.source.block(index)
            side = "stream.write" if block.write else "stream.read"
            found = [Line("stream.header", self._title(block))]
            at = 0
            for line in self.source.lines(index, self.mode):
                shown = clean(line)
                start = at if shown == line and line.isascii() else NOWHERE
                for piece in wrap(shown, width - 2):
                    found.append(Line(side, piece, start))
                    start += len(piece) if start >= 0 else 0
                at += len(line) + 1
            while len(found) > 2 and not found[-1].text:
                found.pop()
            if len(block.data) < block.size:
                text = f"({len(block.data):,} of {block.size:,} bytes are in the capture)"
                found.append(Line("stream.cut", text))
            found.append(Line("", ""))
            self._layouts[key] = found
        return found

    def _title(self, block: Block) -> str:
        sign, verb = (">", "Write") if block.write else ("<", "Read")
        where = f"{block.container} " if block.container else ""
        return clean(
            f"{sign} +{(block.ts - self.start_ts) / 1e9:.6f}s {verb} {block.size}B "
            f"{where}{block.process}({block.pid}) fd {block.fd} {block.name}"
        )

    # -------------------------------------------------------------- position

    def _height(self, index: int) -> int:
        return len(self._layout(index))

    def _last_top(self) -> tuple[int, int]:
        """Return the place at the top when the end is at the bottom."""
        room, index = self.size.height, self.count - 1
        while index >= 0:
            height = self._height(index)
            if height >= room:
                return (index, height - room)
            room -= height
            index -= 1
        return (0, 0)

    def _scroll(self, lines: int) -> None:
        index, line = self._top
        line += lines
        while line < 0 and index > 0:
            index -= 1
            line += self._height(index)
        while index < self.count - 1 and line >= self._height(index):
            line -= self._height(index)
            index += 1
        self._top = max((0, 0), min((index, line), self._last_top())) if self.count else (0, 0)

    def _screen_row(self, index: int) -> int:
        """Return the line of the screen on which a block begins; beyond the screen is enough to know."""
        block, line = self._top
        if index < block:
            return (
                -1
                if index < block - self.size.height
                else -sum(self._height(i) for i in range(index, block)) - line
            )
        row = -line
        for other in range(block, index):
            row += self._height(other)
            if row > self.size.height:
                break
        return row

    def _reveal(self) -> None:
        """Bring the block under the cursor into sight, as much of it as fits."""
        if not self.count or not self.size.height:
            return
        row = self._screen_row(self.cursor)
        height = min(self._height(self.cursor) - 1, self.size.height)
        if row < 0:
            self._top = (self.cursor, 0)
        elif row + height > self.size.height:
            self._top = (self.cursor, 0)
            self._scroll(height - self.size.height)

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """Lay out anew."""
        self._scroll(0)
        self._reveal()

    def set_mode(self, mode: str) -> None:
        """Show payloads as ``dotted``, ``ascii`` or ``hex``."""
        self.mode = mode
        self._top = (self.cursor, 0)
        self._scroll(0)
        self._changed()

    def set_pattern(self, pattern: str) -> None:
        """Set off ``pattern`` in the payloads."""
        self.pattern = pattern
        self.refresh()

    # -------------------------------------------------------------- painting

    def render_line(self, y: int) -> Strip:
        """Paint one line of a block."""
        width = self.size.width
        index, line = self._top
        line += y
        while index < self.count and line >= self._height(index):
            line -= self._height(index)
            index += 1
        if index >= self.count or width < 12:
            return Strip.blank(max(0, width), self.rich_style)
        role, text, at = self._layout(index)[line]
        block = self.source.block(index) if self.source is not None else None
        segments: list[Segment] = []
        inner = width - 1
        if role and block is not None:
            bar = self.role("stream.write.bar" if block.write else "stream.read.bar")
            side = self.role("stream.write" if block.write else "stream.read")
            here = index == self.cursor
            if role == "stream.header":
                style: Style = side + self.role("stream.header")
                if here:
                    style = self.role("selection" if self.has_focus else "selection.blurred")
                segments = [Segment(BAR[block.write], bar), Segment(fit(text, inner - 1), style)]
            else:
                pieces = marked(
                    text, self.pattern, self.role(role), self.role("match.current" if here else "match")
                )
                if self.colours and self.mode == "ascii" and at >= 0:
                    pieces = self._coloured(pieces, self._parts(index), at, self.role(role))
                segments = [Segment(BAR[block.write] + " ", bar), *pieces]
        body = Strip(segments).adjust_cell_length(inner, self.rich_style)
        return Strip.join([body, Strip([Segment(self._thumb(y), self.role("guide"))])])

    def _parts(self, index: int) -> list[Span]:
        """Return the parts of a block's text that have a colour of their own."""
        found = self._spans.get(index)
        if found is None:
            assert self.source is not None
            found = self._spans[index] = spans("\n".join(self.source.lines(index, "ascii")))
        return found

    def _coloured(self, pieces: list[Segment], parts: list[Span], at: int, base: Style) -> list[Segment]:
        """Return the pieces of a line, whose text begins at ``at``; what is not in ``base`` stays."""
        first = bisect_right(parts, at, key=lambda part: part.end)
        segments: list[Segment] = []
        for text, style, _ in pieces:
            end = at + len(text)
            for part in islice(parts, first, None) if style == base else ():
                start, stop = max(part.start, at), min(part.end, end)
                if part.start >= end:
                    break
                if start < stop:
                    segments.append(Segment(text[: start - at], base))
                    segments.append(Segment(text[start - at : stop - at], base + self.role(part.role)))
                    text, at = text[stop - at :], stop
            segments.append(Segment(text, style))
            at = end
        return [segment for segment in segments if segment.text]

    def _thumb(self, y: int) -> str:
        """Return the character of the scroll bar on line ``y``."""
        height = self.size.height
        if self.count * 3 <= height:
            return " "
        at = self._top[0] * (height - 1) // max(1, self.count - 1)
        return "█" if y == at else "░"

    # ---------------------------------------------------------------- cursor

    def move_to(self, index: int) -> None:
        """Put the cursor on a block."""
        self.cursor = max(0, min(index, self.count - 1))
        self._reveal()
        self._changed()

    def do_cursor_down(self) -> None:
        """On through the block, or to the next one."""
        end = self._screen_row(self.cursor) + self._height(self.cursor) - 1 if self.count else 0
        if end > self.size.height:
            self._scroll(1)
            self._changed()
        elif self.cursor < self.count - 1:
            self.cursor += 1
            row = self._screen_row(self.cursor)
            if row >= self.size.height - 1:  # show its first lines
                self._scroll(min(self._height(self.cursor), self.size.height // 2))
            elif self._height(self.cursor) <= self.size.height:
                self._reveal()
            self._changed()

    def do_cursor_up(self) -> None:
        """Back through the block, or to the one before."""
        if self._screen_row(self.cursor) < 0:
            self._scroll(-1)
        elif self.cursor > 0:
            self.cursor -= 1
            if self._screen_row(self.cursor) < 0:
                self._scroll(-min(self._height(self.cursor), self.size.height // 2))
        self._changed()

    def do_cursor_page_down(self) -> None:
        """A page on."""
        self._scroll(self.size.height - 1)
        self._follow()

    def do_cursor_page_up(self) -> None:
        """A page back."""
        self._scroll(1 - self.size.height)
        self._follow()

    def _follow(self) -> None:
        """Put the cursor on the first block that begins on the screen, or the one that fills it."""
        index, line = self._top
        if line and index < self.count - 1 and self._height(index) - line < self.size.height:
            index += 1
        at_end = self._top == self._last_top()
        self.cursor = self.count - 1 if at_end and self.count else index
        if self._top == (0, 0):
            self.cursor = 0
        self._changed()

    def do_cursor_first(self) -> None:
        """To the first block."""
        self.move_to(0)

    def do_cursor_last(self) -> None:
        """To the last block."""
        self.cursor = max(0, self.count - 1)
        self._top = self._last_top() if self.count else (0, 0)
        self._changed()

    def do_cursor_left(self) -> None:
        """To the block before."""
        self.move_to(self.cursor - 1)

    def do_cursor_right(self) -> None:
        """To the next block."""
        self.move_to(self.cursor + 1)

    do_block_previous = do_cursor_left
    do_block_next = do_cursor_right

    def do_stream_as(self, mode: str) -> None:
        """Show payloads in another way."""
        self.set_mode(mode)

    def do_stream_colours(self) -> None:
        """Show the parts of recognised text in colours, or do not; only text has them."""
        if self.mode != "ascii":
            self.colours = True
            self.set_mode("ascii")
            return
        self.colours = not self.colours
        self._changed()

    def do_stream_mode(self) -> None:
        """Show payloads in the next way."""
        self.set_mode(MODES[(MODES.index(self.mode) + 1) % len(MODES)])

    def on_click(self, event: events.Click) -> None:
        """Select the block under the mouse."""
        index, line = self._top
        line += event.y
        while index < self.count and line >= self._height(index):
            line -= self._height(index)
            index += 1
        if index < self.count:
            self.cursor = index
            self._changed()
            if event.chain == 2:
                self.post_message(self.Chosen(index))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self._scroll(3)
        self._changed()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self._scroll(-3)
        self._changed()

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as inactive."""
        self.refresh()

    def place(self) -> str:
        """Return where the cursor is, for the header line."""
        mode = self.mode if self.colours or self.mode != "ascii" else "ascii, no colours"
        return f"block {self.cursor + 1:,} of {self.count:,} · {mode}" if self.count else "no blocks"


def wrap(text: str, width: int) -> list[str]:
    """Return cleaned ``text`` in lines of at most ``width`` cells; an empty one gives one empty line."""
    if width_of(text) <= width:
        return [text]
    if text.isascii():
        return [text[at : at + width] for at in range(0, len(text), width)]
    lines, line, used = [], [], 0
    for char in text:
        cells = width_of(char)
        if used + cells > width:
            lines.append("".join(line))
            line, used = [], 0
        line.append(char)
        used += cells
    return [*lines, "".join(line)]
