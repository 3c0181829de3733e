"""The time navigator: the trend of the chosen tiles over the whole capture, and the selected time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from ..cells import duration, fit, sparkline
from ..state import Window
from .base import Painted

SHORTEST_NS = 1_000
MOST_LANES = 6


@dataclass(frozen=True)
class Lane:
    """One trend: a name, figures over the whole capture, and the role that colours it."""

    id: str
    name: str
    values: Sequence[float]
    role: str


class Navigator(Painted, can_focus=True, inherit_bindings=False):
    """An axis with the selection, and below it a line of block characters per trend."""

    DEFAULT_CSS = """
    Navigator { height: 2; }
    """
    contexts = ("navigator",)

    @dataclass
    class Changed(Message):
        """Another time is selected; ``window`` is None for the whole capture."""

        window: Window | None

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, Navigator.Changed)

    @dataclass
    class Left(Message):
        """The user is done here."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start without a capture."""
        super().__init__(id=id)
        self.start_ts = 0
        self.end_ts = 0
        self.window: Window | None = None
        self.lanes: Sequence[Lane] = ()

    def set_range(self, start_ts: int, end_ts: int) -> None:
        """Take the first and last time of the capture (ns)."""
        self.start_ts, self.end_ts = start_ts, max(end_ts, start_ts + 1)
        self.refresh()

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show these trends; the widget grows and shrinks with their number."""
        self.lanes = lanes
        self.styles.height = 1 + max(1, len(lanes))
        self.refresh()

    # -------------------------------------------------------------- painting

    @property
    def _label(self) -> int:
        return 16 if self.size.width < 100 else 24

    @property
    def _plot(self) -> int:
        return max(10, self.size.width - self._label)

    def _columns(self) -> tuple[int, int]:
        """Return the columns [first, last) of the plot that the selection covers, at least one."""
        plot = self._plot
        if self.window is None:
            return 0, plot
        span = self.end_ts - self.start_ts
        first = (self.window[0] - self.start_ts) * plot // span
        last = -(-(self.window[1] - self.start_ts) * plot // span)
        first = max(0, min(first, plot - 1))
        return first, max(first + 1, min(last, plot))

    def render_line(self, y: int) -> Strip:
        """Paint the axis or a trend."""
        if y == 0:
            return self._axis()
        if y > len(self.lanes):
            return Strip.blank(self.size.width, self.rich_style)
        lane = self.lanes[y - 1]
        first, last = self._columns()
        line = sparkline(lane.values, self._plot)
        inside, outside = self.role(lane.role), self.role("time.outside")
        return Strip(
            [
                Segment(fit(lane.name, self._label - 1) + " ", inside),
                Segment(line[:first], outside),
                Segment(line[first:last], inside),
                Segment(line[last:], outside),
            ]
        ).adjust_cell_length(self.size.width, self.rich_style)

    def _axis(self) -> Strip:
        plot = self._plot
        first, last = self._columns()
        line = ["─"] * plot
        if self.window is not None:
            line[first:last] = ["═"] * (last - first)
            line[first] = "["
            line[last - 1] = "]" if last - first > 1 else "|"
        end = duration(self.end_ts - self.start_ts)
        for at, text in ((0, "0s"), (plot - len(end), end)):
            if not any(char in "[]|═" for char in line[at : at + len(text)]):
                line[at : at + len(text)] = text
        text = self.describe()
        if self.window is not None:
            for at in (last + 1, first - 1 - len(text), first + 1):
                if at >= 0 and at + len(text) <= plot:
                    line[at : at + len(text)] = text
                    break
        axis = "".join(line)
        head = self.role("selection") if self.has_focus else self.role("time.axis")
        window = self.role("time.window") if self.window is not None else self.role("time.axis")
        return Strip(
            [
                Segment(fit("Time" + (" (selecting)" if self.has_focus else ""), self._label - 1), head),
                Segment(" ", self.rich_style),
                Segment(axis[:first], self.role("time.axis")),
                Segment(axis[first:last], window),
                Segment(axis[last:], self.role("time.axis")),
            ]
        ).adjust_cell_length(self.size.width, self.rich_style)

    def describe(self) -> str:
        """Return the selection in words: ``4.1s to 5.2s (1.1s)``."""
        if self.window is None:
            return "whole capture"
        first, last = (edge - self.start_ts for edge in self.window)
        return f" {duration(first)} to {duration(last)} ({duration(last - first)}) "

    # ------------------------------------------------------------- selection

    def select(self, first: float, last: float) -> None:
        """Select [first, last) in ns, moved into the capture; all of it means no selection."""
        span = max(SHORTEST_NS, min(round(last - first), self.end_ts - self.start_ts))
        start = round(max(self.start_ts, min(first, self.end_ts + 1 - span)))
        whole = span >= self.end_ts - self.start_ts
        self.set_window(None if whole else (start, min(start + span, self.end_ts + 1)))
        self.post_message(self.Changed(self.window))

    def set_window(self, window: Window | None) -> None:
        """Show a selection without telling anybody."""
        self.window = window
        self.refresh()

    def _edges(self) -> tuple[int, int]:
        return self.window or (self.start_ts, self.end_ts + 1)

    def _step(self) -> int:
        first, last = self._edges()
        return max(1, (self.end_ts - self.start_ts) // self._plot, (last - first) // 8)

    def _move(self, by: int) -> None:
        first, last = self._edges()
        self.select(first + by, last + by)

    def do_time_left(self) -> None:
        """Earlier; from the whole capture: its first half."""
        if self.window is None:
            self.select(self.start_ts, (self.start_ts + self.end_ts) // 2)
        else:
            self._move(-self._step())

    def do_time_right(self) -> None:
        """Later; from the whole capture: its second half."""
        if self.window is None:
            self.select((self.start_ts + self.end_ts) // 2, self.end_ts + 1)
        else:
            self._move(self._step())

    def do_time_zoom_in(self) -> None:
        """Half the span, around its middle."""
        first, last = self._edges()
        quarter = (last - first) / 4
        self.select(first + quarter, last - quarter)

    def do_time_zoom_out(self) -> None:
        """Twice the span, around its middle."""
        first, last = self._edges()
        half = (last - first) / 2
        self.select(first - half, last + half)

    def do_time_grow(self) -> None:
        """Move the end to the right."""
        first, last = self._edges()
        self.select(first, min(self.end_ts + 1, last + self._step()))

    def do_time_shrink(self) -> None:
        """Move the end to the left."""
        first, last = self._edges()
        self.select(first, max(first + SHORTEST_NS, last - self._step()))

    def do_time_first(self) -> None:
        """To the start of the capture."""
        first, last = self._edges()
        self.select(self.start_ts, self.start_ts + last - first)

    def do_time_last(self) -> None:
        """To the end of the capture."""
        first, last = self._edges()
        self.select(self.end_ts + 1 - (last - first), self.end_ts + 1)

    def do_time_reset(self) -> None:
        """Select the whole capture."""
        self.set_window(None)
        self.post_message(self.Changed(None))

    def do_time_leave(self) -> None:
        """Return to the view."""
        self.post_message(self.Left())

    def on_click(self, event: events.Click) -> None:
        """Move the selection to the mouse; without one, select a tenth there."""
        if event.x < self._label:
            return
        first, last = self._edges()
        span = (self.end_ts - self.start_ts) / 10 if self.window is None else last - first
        middle = self.start_ts + (event.x - self._label) * (self.end_ts - self.start_ts) / self._plot
        self.select(middle - span / 2, middle + span / 2)

    def on_focus(self) -> None:
        """Show that keys go here."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.refresh()
