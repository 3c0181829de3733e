"""The time navigator: the trend of the chosen tiles over the whole capture, and the selected time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from ..cells import amount, duration, fit, size, sparkline, width_of
from ..state import Window
from .base import Painted

SHORTEST_NS = 1_000
MOST_LANES = 6
WIDE_LABEL = 32  # cells left of the axis where there is room


@dataclass(frozen=True)
class Lane:
    """One trend: a name, figures in equal steps over [start, end) (ns), and the role that colours it."""

    id: str
    name: str
    values: Sequence[float]
    role: str
    start_ts: int
    end_ts: int
    unit: str = ""

    @property
    def step(self) -> float:
        """Nanoseconds that one figure stands for."""
        return max(self.end_ts - self.start_ts, 1) / max(len(self.values), 1)

    def between(self, first: int, last: int) -> Sequence[float]:
        """Return the figures of the steps that lie between two times."""
        low = math.floor((first - self.start_ts) / self.step + 1e-9)
        high = math.ceil((last - self.start_ts) / self.step - 1e-9)
        return self.values[max(0, low) : max(0, high)]

    def over(self, first: int, last: int, columns: int) -> list[float]:
        """Return the trend between two times in ``columns`` values: means of the steps that each covers."""
        if not self.values or columns <= 0:
            return [0.0] * max(columns, 0)
        step = self.step
        found: list[float] = []
        for column in range(columns):
            begin = (first + (last - first) * column / columns - self.start_ts) / step
            end = (first + (last - first) * (column + 1) / columns - self.start_ts) / step
            low, high = math.floor(begin + 1e-9), max(math.floor(begin + 1e-9) + 1, math.ceil(end - 1e-9))
            part = self.values[max(0, low) : max(0, high)]
            found.append(float(sum(part)) / len(part) if part else 0.0)
        return found


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
    class Zoomed(Message):
        """The axis shows another time: the trends may be had in finer steps."""

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, Navigator.Zoomed)

    class Unselected(Message):
        """The axis cannot show the selected time: there is none."""

    @dataclass
    class Left(Message):
        """The user is done here."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start without a capture."""
        super().__init__(id=id)
        self.start_ts = 0
        self.end_ts = 0
        self.window: Window | None = None
        self.axis: Window | None = None  # the time that the axis shows; None: the whole capture
        self.lanes: Sequence[Lane] = ()
        self._pressed_at: int | None = None  # column where a mouse button went down
        self._dragged = False

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
        return 18 if self.size.width < 100 else WIDE_LABEL

    @property
    def _plot(self) -> int:
        return max(10, self.size.width - self._label)

    @property
    def shown(self) -> Window:
        """The time that the axis shows, ns, [from, to)."""
        return self.axis or (self.start_ts, self.end_ts + 1)

    def _columns(self) -> tuple[int, int]:
        """Return the columns [first, last) of the plot that the selection covers, at least one."""
        plot = self._plot
        if self.window is None:
            return 0, plot
        begin, end = self.shown
        span = max(end - begin, 1)
        first = (self.window[0] - begin) * plot // span
        last = -(-(self.window[1] - begin) * plot // span)
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
        line = sparkline(lane.over(*self.shown, self._plot), self._plot)
        inside, outside = self.role(lane.role), self.role("time.outside")
        most = f" {self._most(lane)} "
        name = fit(f"■ {lane.name}", self._label - width_of(most))
        return Strip(
            [
                Segment(name, inside),
                Segment(most, self.role("dim")),
                Segment(line[:first], outside),
                Segment(line[first:last], inside),
                Segment(line[last:], outside),
            ]
        ).adjust_cell_length(self.size.width, self.rich_style)

    def _most(self, lane: Lane) -> str:
        """Return the largest figure of a trend in the time shown, where there is room with its step."""
        peak = max(lane.between(*self.shown), default=0.0)
        if not peak:
            return ""
        figure = f"≤{(size if lane.unit == 'bytes' else amount)(round(peak, 1))}"
        return figure if self._label < WIDE_LABEL else f"{figure}/{duration(round(lane.step))}"

    def _axis(self) -> Strip:
        plot = self._plot
        first, last = self._columns()
        line = ["─"] * plot
        if self.window is not None:
            line[first:last] = ["═"] * (last - first)
            line[first] = "["
            line[last - 1] = "]" if last - first > 1 else "|"
        begin, end = (duration(max(0, edge - self.start_ts)) for edge in self.shown)
        if self.axis is None:
            begin, end = "0s", duration(self.end_ts - self.start_ts)
        for at, text in ((0, begin), (plot - len(end), end)):
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
        words = ["Time", "zoomed" if self.axis else "", "selecting" if self.has_focus else ""]
        if self.axis and self.has_focus and self._label < WIDE_LABEL:
            words = ["Time", "zoomed"]
        return Strip(
            [
                Segment(fit(" ".join(word for word in words if word), self._label - 1), head),
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
        """Show a selection without telling anybody; a zoomed axis follows it."""
        self.window = window
        if self.axis is not None:
            self._follow(window)
        self.refresh()

    def _follow(self, window: Window | None) -> None:
        """Move or widen the zoomed axis so that the selection is in it; without one show everything."""
        assert self.axis is not None
        begin, end = self.axis
        if window is None:
            axis = None
        elif window[1] - window[0] > end - begin:
            axis = window
        else:
            by = min(0, window[0] - begin) or max(0, window[1] - end)
            axis = (begin + by, end + by)
        if axis is not None and axis[1] - axis[0] >= self.end_ts - self.start_ts:
            axis = None
        if axis != self.axis:
            self.axis = axis
            self.post_message(self.Zoomed())

    def do_time_axis(self) -> None:
        """Let the axis show the selection, or the selection's half of it, or the whole capture again."""
        if self.window is not None and self.window != self.axis:
            self.axis = self.window
        elif self.axis is not None:
            self.axis = None
        else:
            self.post_message(self.Unselected())
            return
        self.refresh()
        self.post_message(self.Zoomed())

    def _edges(self) -> tuple[int, int]:
        return self.window or (self.start_ts, self.end_ts + 1)

    def _step(self) -> int:
        first, last = self._edges()
        begin, end = self.shown
        return max(1, (end - begin) // self._plot, (last - first) // 8)

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

    # ------------------------------------------------------------------ mouse

    def _time_at(self, x: int) -> float:
        begin, end = self.shown
        return begin + max(0, min(x - self._label, self._plot)) * (end - begin) / self._plot

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select."""
        if event.button == 1 and event.x >= self._label:
            self._pressed_at = event.x
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select from where the button went down to the mouse."""
        if self._pressed_at is not None and event.x != self._pressed_at:
            first, last = sorted((self._pressed_at, event.x))
            self.select(self._time_at(first), self._time_at(last + 1))
            self._dragged = True

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End the selection; a click moves it here, or selects a tenth where there was none."""
        if self._pressed_at is None:
            return
        self.release_mouse()
        dragged, self._pressed_at, self._dragged = self._dragged, None, False
        if dragged:
            return
        first, last = self._edges()
        begin, end = self.shown
        span = (end - begin) / 10 if self.window is None else last - first
        middle = self._time_at(event.x)
        self.select(middle - span / 2, middle + span / 2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Select half the time."""
        event.stop()
        self.do_time_zoom_in()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Select twice the time."""
        event.stop()
        self.do_time_zoom_out()

    def on_focus(self) -> None:
        """Show that keys go here."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.refresh()
