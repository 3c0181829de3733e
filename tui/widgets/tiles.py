"""The Overview: figures in their categories, each with its total and its trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..cells import clean, cut, fit, sparkline, width_of
from ..model import Tile
from .base import Painted

NARROWEST = 34  # cells of a column
GAP = 2
FIGURE = 8  # cells of a total in one line
SHORTEST_NAME, SHORTEST_TREND = 18, 8


@dataclass(frozen=True)
class _Place:
    """Where a tile or a category's title stands."""

    tile: int | None  # index of the tile, None: a title
    title: str
    column: int
    top: int


def noteworthy(tile: Tile) -> bool:
    """Return whether a tile counts something that an investigator looks at first."""
    return tile.noteworthy and bool(tile.total)


class TileGrid(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """Tiles in columns. A tile takes one line, or two or three where there is room for all of them."""

    DEFAULT_CSS = """
    TileGrid { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    contexts = ("overview", "main")

    class Moved(Message):
        """The cursor is on another tile."""

    @dataclass
    class Chosen(Message):
        """A tile was double-clicked."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start empty."""
        super().__init__(id=id)
        self.tiles: Sequence[Tile] = ()  # those shown
        self.every = False  # whether tiles that count nothing are shown
        self._all: Sequence[Tile] = ()
        self.cursor = 0
        self.pattern = ""
        self.overlays: dict[str, str] = {}  # tile id → role of its lane
        self._places: list[_Place] = []
        self._columns = 1
        self._height = 1
        self._longest = SHORTEST_NAME  # cells of the longest name

    @property
    def tile(self) -> Tile | None:
        """The tile under the cursor."""
        return self.tiles[self.cursor] if self.tiles else None

    @property
    def first_row(self) -> int:
        """The line at the top."""
        return round(self.scroll_y)

    def show(self, tiles: Sequence[Tile], selected: str | None = None, scroll: int = 0) -> None:
        """Show ``tiles`` with the cursor on the one with id ``selected``."""
        self._all = tiles
        self.tiles = tiles = [tile for tile in tiles if self.every or not tile.spare]
        self._longest = max((width_of(clean(tile.name)) for tile in tiles), default=SHORTEST_NAME)
        self.cursor = next((i for i, tile in enumerate(tiles) if tile.id == selected), 0)
        self._arrange()
        self.scroll_to(y=scroll, animate=False, force=True)
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    @property
    def spare(self) -> int:
        """How many tiles are left out."""
        return len(self._all) - len(self.tiles)

    def do_tile_every(self) -> None:
        """Show tiles that count nothing, or leave them out again."""
        self.every = not self.every
        self.show(self._all, self.tile.id if self.tile else None, self.first_row)

    def do_mark_next(self) -> None:
        """Go to the next noteworthy tile."""
        self._to_noteworthy(1)

    def do_mark_previous(self) -> None:
        """Go to the noteworthy tile before."""
        self._to_noteworthy(-1)

    def _to_noteworthy(self, step: int) -> None:
        count = len(self.tiles)
        order = ((self.cursor + step * n) % count for n in range(1, count + 1))
        found = next((at for at in order if noteworthy(self.tiles[at])), None)
        if found is not None:
            self.move_to(found)

    def overlay(self, overlays: dict[str, str]) -> None:
        """Mark the tiles whose trends are in the time navigator with the roles of their lanes."""
        self.overlays = dict(overlays)
        self.refresh()

    # ---------------------------------------------------------------- layout

    def _arrange(self) -> None:
        """Give each tile its place: whole categories flow down the columns, in order."""
        width, height = self.size.width, self.size.height
        self._columns = max(1, min(width // NARROWEST, 5))
        groups: list[tuple[str, list[int]]] = []
        for index, tile in enumerate(self.tiles):
            if not groups or groups[-1][0] != tile.category:
                groups.append((tile.category, []))
            groups[-1][1].append(index)
        for self._height in (3, 2, 1):
            self._places, tallest = self._flow(groups, self._height)
            if tallest <= height:
                break
        else:
            tallest = max((place.top + 1 for place in self._places), default=0)
        self.virtual_size = Size(width, tallest)

    def _flow(self, groups: list[tuple[str, list[int]]], tile_height: int) -> tuple[list[_Place], int]:
        """Return the places for a height of tiles and the lines they take, columns about equally long."""
        sizes = [1 + tile_height * len(members) + 1 for _, members in groups]
        limit = max([*sizes, -(-sum(sizes) // self._columns)], default=1)
        while self._needs(sizes, limit) > self._columns:
            limit += 1
        places: list[_Place] = []
        column, top, tallest = 0, 0, 0
        for (title, members), size in zip(groups, sizes, strict=True):
            if top and top + size - 1 > limit:
                column, top = column + 1, 0
            places.append(_Place(None, title, column, top))
            for number, index in enumerate(members):
                places.append(_Place(index, "", column, top + 1 + number * tile_height))
            top += size
            tallest = max(tallest, top - 1)
        return places, tallest

    @staticmethod
    def _needs(sizes: list[int], limit: int) -> int:
        columns, top = 1, 0
        for size in sizes:
            if top and top + size - 1 > limit:
                columns, top = columns + 1, 0
            top += size
        return columns

    def on_resize(self) -> None:
        """Arrange the tiles anew."""
        self._arrange()
        self._reveal()

    # -------------------------------------------------------------- painting

    def render_line(self, y: int) -> Strip:
        """Paint one line of all columns."""
        width = self.size.width
        line = y + round(self.scroll_y)
        each = (width - GAP * (self._columns - 1)) // self._columns
        segments: list[Segment] = []
        for column in range(self._columns):
            if column:
                segments.append(Segment(" " * GAP, self.rich_style))
            segments += self._column_line(column, line, each)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _column_line(self, column: int, line: int, width: int) -> list[Segment]:
        for place in self._places:
            if place.column != column:
                continue
            if place.tile is None and place.top == line:
                return [Segment(fit(place.title, width), self.role("tile.category"))]
            if place.tile is not None and place.top <= line < place.top + self._height:
                return self._tile_line(place.tile, line - place.top, width)
        return [Segment(" " * width, self.rich_style)]

    def _tile_line(self, index: int, part: int, width: int) -> list[Segment]:
        tile = self.tiles[index]
        here = index == self.cursor
        base = self.role("selection" if self.has_focus else "selection.blurred") if here else None
        lane = self.overlays.get(tile.id)

        def style(role: str) -> Style:
            return base or self.role(role)

        striking = noteworthy(tile)
        mark = ("■" if lane else ">" if here else " ") + ("!" if striking else " ")
        mark_role = lane or ("tile.noteworthy" if striking else "tile.name")
        mark_style = style("tile.name") if here else self.role(mark_role)
        trend = lane or "tile.trend"
        name_role = "tile.noteworthy" if striking else "tile.name" if tile.total else "tile.zero"
        total = cut(tile.shown, 10)
        if self._height == 1:
            room = width - 2 - FIGURE - 1  # for the name and the trend
            spark = max(0, min(max(SHORTEST_TREND, room - self._longest), room - SHORTEST_NAME))
            name_width = max(1, room - spark)
            gap = " " if spark else ""
            return [
                Segment(mark, mark_style),
                Segment(fit(tile.name, name_width), style(name_role)),
                Segment(fit(total, FIGURE, right=True), style("tile.total" if tile.total else "tile.zero")),
                Segment(gap + sparkline(tile.timeline, spark), style(trend)),
            ]
        if part == 0:
            unit = f" {clean(tile.unit)}"
            if width_of(unit) + width_of(total) + width_of(clean(tile.name)) + 3 > width:
                unit = ""
            room = width - 3 - width_of(total) - width_of(unit)
            return [
                Segment(mark, mark_style),
                Segment(fit(tile.name, room), style(name_role)),
                Segment(f" {total}", style("tile.total" if tile.total else "tile.zero")),
                Segment(unit, style("tile.zero")),
            ]
        if part == 1:
            return [
                Segment("  ", style("tile.name")),
                Segment(sparkline(tile.timeline, width - 2), style(trend)),
            ]
        return [Segment(" " * width, self.rich_style)]

    def set_pattern(self, pattern: str) -> None:
        """Remember what is searched for."""
        self.pattern = pattern

    # ---------------------------------------------------------------- cursor

    def _place(self, index: int) -> _Place | None:
        return next((place for place in self._places if place.tile == index), None)

    def _reveal(self) -> None:
        place = self._place(self.cursor)
        if place is None:
            return
        top = 0 if place.top <= 1 else place.top
        if top < self.scroll_y:
            self.scroll_to(y=top, animate=False, force=True)
        elif place.top + self._height > self.scroll_y + self.size.height:
            self.scroll_to(y=place.top + self._height - self.size.height, animate=False, force=True)

    def move_to(self, index: int) -> None:
        """Put the cursor on a tile."""
        if self.tiles:
            self.cursor = max(0, min(index, len(self.tiles) - 1))
            self._reveal()
            self.refresh()
            self.post_message(self.Moved())

    def _sideways(self, step: int) -> None:
        """Go to the tile at the same height in the next column that has one, around the edges."""
        here = self._place(self.cursor)
        if here is None:
            return
        for distance in range(1, self._columns + 1):
            column = (here.column + step * distance) % self._columns
            others = [place for place in self._places if place.column == column and place.tile is not None]
            if others:
                nearest = min(others, key=lambda place: abs(place.top - here.top))
                self.move_to(nearest.tile if nearest.tile is not None else 0)
                return

    def on_click(self, event: events.Click) -> None:
        """Select a tile; a double click drills."""
        each = (self.size.width - GAP * (self._columns - 1)) // self._columns + GAP
        column, line = event.x // max(1, each), event.y + round(self.scroll_y)
        for place in self._places:
            hit = place.column == column and place.top <= line < place.top + self._height
            if place.tile is not None and hit:
                self.move_to(place.tile)
                if event.chain == 2:
                    self.post_message(self.Chosen(place.tile))

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as inactive."""
        self.refresh()

    def do_cursor_up(self) -> None:
        """One tile up, to the column before at the top."""
        self.move_to((self.cursor - 1) % max(1, len(self.tiles)))

    def do_cursor_down(self) -> None:
        """One tile down, to the next column at the bottom."""
        self.move_to((self.cursor + 1) % max(1, len(self.tiles)))

    def do_cursor_left(self) -> None:
        """To the column on the left."""
        self._sideways(-1)

    def do_cursor_right(self) -> None:
        """To the column on the right."""
        self._sideways(1)

    def do_cursor_page_up(self) -> None:
        """A screen up."""
        self.move_to(self.cursor - max(1, self.size.height // self._height))

    def do_cursor_page_down(self) -> None:
        """A screen down."""
        self.move_to(self.cursor + max(1, self.size.height // self._height))

    def do_cursor_first(self) -> None:
        """To the first tile."""
        self.move_to(0)

    def do_cursor_last(self) -> None:
        """To the last tile."""
        self.move_to(len(self.tiles) - 1)
