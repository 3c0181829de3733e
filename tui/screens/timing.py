"""The time navigator's side of the main screen: trends, overlays, the selected time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from textual import on
from textual.timer import Timer

from ..model import Summary
from ..state import Query, Window
from ..theme import LANES
from ..widgets.navigator import MOST_LANES, Lane, Navigator
from .part import Part

DEBOUNCE = 0.15  # seconds without a key before the views follow the selection
DEFAULT_TILE = "system-calls"
MOST_TRENDS = 12  # summaries kept for the lanes


@dataclass(frozen=True)
class Pinned:
    """A tile whose trend stays in the navigator: its id, the filter it was pinned under, its colour."""

    tile: str
    filter: str
    role: str

    @property
    def id(self) -> str:
        """What names the lane."""
        return f"{self.tile}\n{self.filter}"


class Timing(Part):
    """Commands of the time navigator; mixed into the main screen."""

    _debounce: Timer | None = None
    _default: Pinned | None = None

    def start_trends(self) -> None:
        """Ask for the trend that is shown while no tile is chosen, unless the first view brings it."""
        self._overlays: list[Pinned] = []
        self._trends: dict[tuple[str, Window | None], Summary] = {}
        if self.stack.top.query != Query():
            work = partial(self.gateway.summary, Query())
            self.jobs.start("trend", work, self.take_trend, lambda text: None)

    def take_trend(self, summary: Summary) -> None:
        """Show the first tile's trend, of the whole capture, as long as no tile is chosen."""
        self._trends["", None] = summary
        if self._default is None:
            tiles = [tile for tile in summary.tiles if tile.total]
            chosen = next((tile for tile in tiles if tile.id == DEFAULT_TILE), tiles[0] if tiles else None)
            if chosen is not None:
                self._default = Pinned(chosen.id, "", LANES[0])
        self._update_lanes()

    def _pinned(self) -> list[Pinned]:
        return self._overlays or ([self._default] if self._default else [])

    def _update_lanes(self) -> None:
        """Show the trends that are there, in the finest steps there are; ask for the others."""
        navigator = self.query_one(Navigator)
        lanes: list[Lane] = []
        for pin in self._pinned():
            finest = self._trends.get((pin.filter, navigator.axis))
            summary = finest or self._trends.get((pin.filter, None))
            tile = next((tile for tile in summary.tiles if tile.id == pin.tile), None) if summary else None
            if summary is not None and tile is not None:
                end = summary.start_ts + summary.step_ns * len(tile.timeline)
                lanes.append(
                    Lane(pin.id, tile.name, tile.timeline, pin.role, summary.start_ts, end, tile.unit)
                )
        navigator.set_lanes(lanes)
        here = self.stack.top.filter
        self.tiles.overlay({pin.tile: pin.role for pin in self._overlays if pin.filter == here})
        self._ask_for_trends(navigator.axis)

    def _ask_for_trends(self, axis: Window | None) -> None:
        filters = dict.fromkeys(pin.filter for pin in self._pinned())
        missing = next((text for text in filters if (text, axis) not in self._trends), None)
        if missing is None:
            return

        def done(summary: Summary) -> None:
            if len(self._trends) > MOST_TRENDS:
                self._trends = {key: found for key, found in self._trends.items() if key[1] is None}
            self._trends[missing, axis] = summary
            self._update_lanes()

        self.jobs.start(
            "overlay",
            lambda check: self.gateway.summary(Query(missing, axis), check),
            done,
            lambda text: self.tell(text, "error"),
        )

    @on(Navigator.Zoomed)
    def _zoomed(self) -> None:
        self._update_lanes()

    @on(Navigator.Unselected)
    def _unselected(self) -> None:
        self.tell("Select a time first: the axis then shows it alone.")

    def do_tile_overlay(self) -> None:
        """Show the selected tile's trend in the navigator, or take it away."""
        tile = self.tiles.tile
        if tile is None:
            return
        here = self.stack.top.filter
        old = next((pin for pin in self._overlays if (pin.tile, pin.filter) == (tile.id, here)), None)
        if old is not None:
            self._overlays.remove(old)
        elif len(self._overlays) == MOST_LANES:
            self.tell(f"There is room for {MOST_LANES} trends. Take one away first.")
            return
        else:
            used = {pin.role for pin in self._overlays}
            self._overlays.append(Pinned(tile.id, here, next(role for role in LANES if role not in used)))
            shown = self.shown
            if shown is not None and isinstance(shown.content, Summary) and shown.state.window is None:
                self._trends[here, None] = shown.content
        self._update_lanes()

    # -------------------------------------------------------- selected time

    def do_time_focus(self) -> None:
        """Go to the navigator, or back to the view."""
        navigator = self.query_one(Navigator)
        if self.focused is navigator:
            self.return_focus()
        else:
            navigator.focus()

    @on(Navigator.Left)
    def _navigator_left(self) -> None:
        self.return_focus()

    @on(Navigator.Changed)
    def _window_changed(self, message: Navigator.Changed) -> None:
        window = message.window
        if self._debounce is not None:
            self._debounce.stop()
        navigator = self.query_one(Navigator)
        self.header.change(window=navigator.describe() if window is not None else "")
        self._debounce = self.set_timer(DEBOUNCE, lambda: self._settle(window))

    def show_window(self) -> None:
        """Let the navigator show the time that is selected."""
        self.query_one(Navigator).set_window(self.stack.top.window)
        self.update_header()

    def _settle(self, window: Window | None) -> None:
        self._debounce = None
        self.set_window(window)

    def do_time_reset(self) -> None:
        """Drop the selected time."""
        if self.query_one(Navigator).window is None:
            self.tell("No time is selected.")
        self.query_one(Navigator).do_time_reset()
