"""Going from what is selected to what is behind it, and back."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from ..model import EventRows, ProcessTreeRows, TableRows, Target, TreeRows
from ..state import EVENTS, OVERVIEW, STREAMS, ViewState, both
from ..widgets.bars import Header
from ..widgets.spectrogram import SpectrogramView
from ..widgets.streams import StreamView
from ..widgets.tiles import TileGrid
from ..widgets.virtual_table import VirtualTable
from .detail import DetailScreen, Use
from .part import Part, Shown
from .row import RowScreen


class Drilling(Part):
    """Commands that go a level deeper, sideways or back; mixed into the main screen."""

    def push(self, state: ViewState) -> None:
        """Go a level deeper."""
        self.remember()
        self.stack = self.stack.push(state)
        self.clear_search()
        self.load()

    def follow(self, target: Target, selected: str | None = None, *, alone: bool = False) -> None:
        """Go where a row leads; to the row ``selected`` there. ``alone``: without the filter in force."""
        text = target.filter if alone else both(self.stack.top.passed_on, target.filter)
        self.push(
            ViewState(target.view, text, key_field=target.key_field, label=target.label, selected=selected)
        )

    def do_view_back(self) -> None:
        """Return to the level above, to the row that was left."""
        if self.stack.depth == 1:
            self.tell("This is the first view. q leaves.")
            return
        self.stack = self.stack.pop()
        self.held = []
        self.clear_search()
        self.load()

    @on(Header.CrumbClicked)
    def _crumb_clicked(self, message: Header.CrumbClicked) -> None:
        if message.level < self.stack.depth - 1:
            self._return_to(message.level)

    def do_view_home(self) -> None:
        """Return to the Overview of the whole capture."""
        self._return_to(0)

    def _return_to(self, level: int) -> None:
        while self.stack.depth > level + 1:
            self.stack = self.stack.pop()
        self.held = []
        self.clear_search()
        self.load()

    def do_view_drill(self) -> None:
        """Go into the selected tile, row, event or block."""
        widget = self.content()
        shown = self.shown
        if widget is None or shown is None:
            return
        if isinstance(widget, TileGrid):
            tile = widget.tile
            if tile is not None:
                top = self.stack.top
                # what a tree shows is more than the events that its tile counts
                kept = top.filter if self.gateway.view(tile.view).kind == "tree" else None
                text = both(top.filter, tile.filter)
                order = (tile.sort, None) if tile.sort else None
                self.push(ViewState(tile.view, text, kept, tile.key_field, tile.name, sort=order))
        elif isinstance(widget, SpectrogramView):
            self.do_brush_open()
        elif isinstance(widget, StreamView) or shown.info.kind == "events":
            self.do_view_details()
        elif widget.count:
            target = self._row_target()
            if target is not None:
                self.follow(target)
            elif self._event() is not None:
                self.do_view_details()
            else:
                self.tell("This row leads nowhere. F6 shows the system calls of this view.")

    def _row_target(self) -> Target | None:
        """Return where the selected row of a table or tree leads."""
        rows, cursor = self.table.source, self.table.cursor
        if rows is None or not rows.count or self.shown is None:
            return None
        table: TableRows | TreeRows = rows  # pyright: ignore[reportAssignmentType]
        return table.target(cursor)

    @on(VirtualTable.Chosen)
    @on(TileGrid.Chosen)
    @on(StreamView.Chosen)
    def _chosen(self) -> None:
        self.do_view_drill()

    def do_view_streams(self) -> None:
        """Show what the selection read and wrote."""
        self.sideways(STREAMS)

    def do_view_events(self) -> None:
        """Show the system calls of the selection."""
        self.sideways(EVENTS)

    def sideways(self, view: str) -> None:
        """Open the streams, system calls or spectrogram of the selected tile or row, or of the whole view."""
        shown, widget = self.shown, self.content()
        if shown is None or self.stack.top.view == view:
            return
        target: Target | None = None
        if isinstance(widget, TileGrid) and widget.tile is not None:
            target = Target(view, widget.tile.filter, widget.tile.key_field, widget.tile.name)
        elif widget is self.table and shown.info.kind != "events":
            target = self._row_target()
        top, event = self.stack.top, self._event()
        here = str(event) if target is None and event is not None else None  # streams ↔ system calls
        self.follow(replace(target, view=view) if target else Target(view, "", top.key_field, ""), here)

    def do_view_details(self) -> None:
        """Show every field of the selected event or block."""
        widget = self.content()
        event = self._event()
        if event is None and self._show_row():
            return
        if event is None or widget is None:
            self.tell("There is no event behind this row.")
        elif isinstance(widget, VirtualTable) and isinstance(self.shown, Shown):
            rows: EventRows = self.shown.content  # pyright: ignore[reportAssignmentType]
            self.app.push_screen(DetailScreen(self.gateway, rows.event, rows.count, widget.cursor), self._use)
        elif isinstance(widget, StreamView) and (blocks := widget.source) is not None:

            def event_of(block: int) -> int:
                return blocks.block(block).event

            self.app.push_screen(DetailScreen(self.gateway, event_of, blocks.count, widget.cursor), self._use)
        else:
            self.app.push_screen(DetailScreen(self.gateway, lambda _: event, 1, 0), self._use)

    def _show_row(self) -> bool:
        """Show a row of a table in full; False when there is none."""
        rows, shown = self.table.source, self.shown
        kinds = ("table", "processes")
        if shown is None or shown.info.kind not in kinds or rows is None or not rows.count:
            return False
        table: TableRows | ProcessTreeRows = rows  # pyright: ignore[reportAssignmentType]
        title = f"{shown.info.name}, row {self.table.cursor + 1:,} of {rows.count:,}"
        self.app.push_screen(RowScreen(title, table.values(self.table.cursor)))
        return True

    def _use(self, use: Use | None) -> None:
        """Go on with a value chosen among the details."""
        if use is not None:
            field = use.value
            target = Target(EVENTS, field.filter, field.name, f"{field.name}={field.value[:40]}")
            self.follow(target, alone=not use.narrow)

    def do_view_container(self) -> None:
        """Open the container of the selected event or block."""
        self._pivot("container")

    def do_view_process(self) -> None:
        """Open the process of the selected event or block."""
        self._pivot("process")

    def do_view_family(self) -> None:
        """Open the selected process with all that it started."""
        self._pivot("family")

    def _pivot(self, what: str) -> None:
        event, rows = self._event(), self.table.source
        if self.shown is not None and self.shown.info.kind == "processes" and rows is not None and rows.count:
            processes: ProcessTreeRows = rows  # pyright: ignore[reportAssignmentType]
            target = processes.overview(self.table.cursor, what)
        elif self.shown is not None and self.shown.info.kind == "tree" and event is None:
            target = self._pivot_of_line(what)
        else:
            target = self.gateway.pivot(event, what) if event is not None else None
        if target is None:
            self.tell(f"There is no {what} here.")
        else:
            self.follow(target, alone=True)

    def _pivot_of_line(self, what: str) -> Target | None:
        """Return the way to the container or the process of a session or shell, which are no events."""
        rows, row = self.table.source, self.table.cursor
        if rows is None or not rows.count:
            return None
        sessions: TreeRows = rows  # pyright: ignore[reportAssignmentType]
        if what == "process":
            line = sessions.target(row)
            return replace(line, view=OVERVIEW) if line.key_field == "proc.pid" else None
        event = sessions.inside(row)
        return self.gateway.pivot(event, what) if event is not None else None

    def _event(self) -> int | None:
        """Return the event row of the selected event, block or command."""
        widget = self.content()
        if isinstance(widget, StreamView):
            block = widget.block()
            return block.event if block else None
        if isinstance(widget, VirtualTable) and widget.source is not None and widget.count:
            rows: EventRows = widget.source  # pyright: ignore[reportAssignmentType]
            return rows.event(widget.cursor)
        return None
