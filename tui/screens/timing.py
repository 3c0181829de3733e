"""The time navigator's side of the main screen: trends, overlays, the selected time."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.timer import Timer

from ..model import Summary, Tile
from ..state import Query, Window
from ..theme import LANES
from ..widgets.navigator import MOST_LANES, Lane, Navigator
from .part import Part

DEBOUNCE = 0.15  # seconds without a key before the views follow the selection
DEFAULT_TILE = "system-calls"


class Timing(Part):
    """Commands of the time navigator; mixed into the main screen."""

    _debounce: Timer | None = None

    _default: Lane | None = None

    def start_trends(self) -> None:
        """Ask for the trend that is shown while no tile is chosen, unless the first view brings it."""
        self._overlays: list[Lane] = []
        if self.stack.top.query != Query():
            work = partial(self.gateway.summary, Query())
            self.jobs.start("trend", work, self.take_trend, lambda text: None)

    def take_trend(self, summary: Summary) -> None:
        """Show the first tile's trend, of the whole capture, as long as no tile is chosen."""
        if self._default is not None:
            return
        tiles = [tile for tile in summary.tiles if tile.total]
        chosen = next((tile for tile in tiles if tile.id == DEFAULT_TILE), tiles[0] if tiles else None)
        if chosen is not None:
            self._default = Lane(chosen.id, chosen.name, chosen.timeline, LANES[0])
        self._update_lanes()

    def _update_lanes(self) -> None:
        lanes = self._overlays or ([self._default] if self._default else [])
        self.query_one(Navigator).set_lanes(lanes)
        suffix = "\n" + self.stack.top.filter
        self.tiles.overlay(
            {lane.id.removesuffix(suffix): lane.role for lane in self._overlays if lane.id.endswith(suffix)}
        )

    def do_tile_overlay(self) -> None:
        """Show the selected tile's trend in the navigator, or take it away."""
        tile = self.tiles.tile
        if tile is None:
            return
        filter_text = self.stack.top.filter
        lane_id = f"{tile.id}\n{filter_text}"
        if any(lane.id == lane_id for lane in self._overlays):
            self._overlays = [lane for lane in self._overlays if lane.id != lane_id]
            self._update_lanes()
        elif len(self._overlays) == MOST_LANES:
            self.tell(f"There is room for {MOST_LANES} trends. Take one away first.")
        elif self.stack.top.window is None:
            self._add_lane(lane_id, tile)
        else:  # its timeline covers the selected time only; the navigator shows all of it
            self.jobs.start(
                "overlay",
                lambda check: self.gateway.summary(Query(filter_text), check),
                lambda summary: self._add_lane(
                    lane_id, next((t for t in summary.tiles if t.id == tile.id), tile)
                ),
                lambda text: self.tell(text, "error"),
            )

    def _add_lane(self, lane_id: str, tile: Tile) -> None:
        used = {lane.role for lane in self._overlays}
        role = next(role for role in LANES if role not in used)
        self._overlays.append(Lane(lane_id, tile.name, tile.timeline, role))
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

    def _settle(self, window: Window | None) -> None:
        self._debounce = None
        self.set_window(window)

    def do_time_reset(self) -> None:
        """Drop the selected time."""
        self.query_one(Navigator).do_time_reset()
