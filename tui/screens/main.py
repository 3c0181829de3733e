"""The screen of an open capture: list of views, the view, time navigator, and the way between views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from ..cells import clean
from ..commands import VIEW_CONTEXTS, Command
from ..jobs import Check, JobDone, Jobs
from ..model import (
    EventRows,
    Gateway,
    Rows,
    Streams,
    Summary,
    TableRows,
    Target,
    TreeRows,
    ViewInfo,
)
from ..state import EVENTS, OVERVIEW, STREAMS, Query, Stack, ViewState, Window, both
from ..widgets.bars import Footer, Header, Heading
from ..widgets.filterbar import FilterBar, FindBar
from ..widgets.navigator import Navigator
from ..widgets.streams import StreamView
from ..widgets.tiles import TileGrid
from ..widgets.viewlist import ViewList
from ..widgets.virtual_table import CHUNK, VirtualTable
from .copying import Copying
from .detail import DetailScreen, Use
from .filtering import Filtering
from .finding import Finding
from .part import Loaded, Shown
from .sorting import Sorting
from .timing import Timing

NARROW = 100  # below this many columns the list of views is shown only when asked for
PATIENCE = 0.15  # seconds before one is told to wait
_UNHELD = {
    "view.back",
    "view.home",
    "time.reset",
    "find.open",
}  # commands that do not wait for a view to load


class MainScreen(Timing, Filtering, Sorting, Finding, Copying):
    """Walks through a capture: a stack of frozen states, each view asked for in a worker."""

    CSS_PATH = "main.tcss"
    AUTO_FOCUS = ""

    def __init__(self, gateway: Gateway, filter: str = "") -> None:  # noqa: A002
        """Take the open capture and the filter to begin with."""
        super().__init__()
        self.gateway = gateway
        self.jobs = Jobs(self)
        self.stack = Stack((ViewState(filter=filter),))
        self.shown: Shown | None = None
        self._held: list[Command] = []
        self._patience: Timer | None = None
        self._list_wanted: bool | None = None  # None: as the width allows

    # --------------------------------------------------------------- widgets

    def compose(self) -> ComposeResult:
        """Header, list and view, bars, navigator, footer."""
        yield Header(Heading(self.gateway.info), id="header")
        with Horizontal(id="body"):
            yield ViewList(id="views", compact=True)
            with Vertical(id="main"):
                yield TileGrid(id="tiles")
                yield VirtualTable(id="table")
                yield Static("", id="peek", markup=False)
                yield StreamView(id="streams")
                yield Static("", id="message")
        yield FilterBar(id="filter")
        yield FindBar(id="find")
        yield Navigator(id="time")
        yield Footer(id="footer")

    @property
    def header(self) -> Header:
        """The header lines."""
        return self.query_one("#header", Header)

    @property
    def tiles(self) -> TileGrid:
        """The Overview."""
        return self.query_one("#tiles", TileGrid)

    @property
    def table(self) -> VirtualTable:
        """Tables, system calls and trees."""
        return self.query_one("#table", VirtualTable)

    @property
    def streams(self) -> StreamView:
        """I/O streams."""
        return self.query_one("#streams", StreamView)

    @property
    def views(self) -> ViewList:
        """The list of views."""
        return self.query_one("#views", ViewList)

    @property
    def filter_bar(self) -> FilterBar:
        """The filter bar."""
        return self.query_one("#filter", FilterBar)

    def content(self) -> TileGrid | VirtualTable | StreamView | None:
        """Return the widget of the view on screen."""
        if self.shown is None:
            return None
        return {"tiles": self.tiles, "streams": self.streams}.get(self.shown.info.kind, self.table)

    def contexts(self) -> tuple[str, ...]:
        """Return the contexts whose keys work; without a focus those of all views."""
        return super().contexts() if self.focused is not None else ("main", "global")

    def on_mount(self) -> None:
        """Show the Overview."""
        info = self.gateway.info
        self.query_one(Navigator).set_range(info.start_ts, info.end_ts)
        self._fit_list()
        self.start_trends()
        self.load()
        self.update_footer()

    def on_job_done(self, message: JobDone) -> None:
        """Hand a worker's result on."""
        self.jobs.deliver(message)
        if self.jobs.idle:
            self.header.change(busy=False)

    def on_resize(self, event: events.Resize) -> None:
        """Show or hide the list of views."""
        self._fit_list()

    def on_descendant_focus(self) -> None:
        """Show the keys of the new place."""
        self._pressed = ()
        self.update_footer()

    def update_footer(self) -> None:
        """Show the keys that work now."""
        self.query_one(Footer).show(self.contexts(), typing=isinstance(self.focused, Input))

    def tell(self, text: str, role: str = "notice") -> None:
        """Show a message on the last line, until the next key or for some seconds."""
        self.query_one(Footer).tell(text, role)

    def on_key(self, event: events.Key) -> None:
        """Take the message away, then do what the keymap says."""
        self.query_one(Footer).hush()
        super().on_key(event)

    # --------------------------------------------------------------- loading

    def load(self) -> None:
        """Ask for what the top of the stack is about; commands to the view wait until it is there."""
        state = self.stack.top
        info = self.gateway.view(state.view)
        self.views.offer(self.gateway.views(state.key_field), state.view)
        self.update_header()
        self.run_work(info, _loader(self.gateway, info, state))

    def run_work(self, info: ViewInfo, work: Callable[[Check], Loaded]) -> None:
        """Have ``work`` done for the top of the stack and show what comes back."""
        state = self.stack.top
        self.be_patient()
        self.jobs.start("view", work, lambda found: self._show(Shown(state, info, found)), self._failed)

    def be_patient(self) -> None:
        """Say so when the work that begins now takes longer than one notices."""
        if self._patience is not None:
            self._patience.stop()
        self._patience = self.set_timer(PATIENCE, self._waiting)

    def _waiting(self) -> None:
        self.header.change(busy=not self.jobs.idle)
        stale = self.shown is None or self.shown.state.view != self.stack.top.view
        if self.jobs.busy("view") and stale:
            self._message("Working…")

    def _message(self, text: str, role: str = "dim") -> None:
        for widget in (self.tiles, self.table, self.streams, self.query_one("#peek")):
            widget.display = False
        message = self.query_one("#message", Static)
        message.update(Text(clean(text), self.role(role)))
        message.display = True

    def _failed(self, text: str) -> None:
        self.shown = None
        self._held = []
        self._message(f"{text}\n\nBackspace goes back.", "error")
        self.set_focus(None)
        self.update_footer()

    def _show(self, shown: Shown) -> None:
        """Put what was loaded on screen, with the row that was left under the cursor."""
        self.shown = shown
        state, content = shown.state, shown.content
        widget = self.content()
        assert widget is not None
        busy_elsewhere = self.focused is not None and not (set(super().contexts()) & VIEW_CONTEXTS)
        for other in (self.tiles, self.table, self.streams):
            other.display = other is widget
        self.query_one("#message").display = False
        self.query_one("#peek").display = shown.info.kind == "events"
        if isinstance(widget, TileGrid) and isinstance(content, Summary):
            widget.show(content.tiles, state.selected, state.scroll or 0)
            count = len(content.tiles)
            if state.query == Query():
                self.take_trend(content)
        elif isinstance(widget, StreamView):
            source: Streams = content  # pyright: ignore[reportAssignmentType]
            cursor = source.find_event(int(state.selected)) if state.selected else 0
            widget.show(source, cursor, state.scroll or 0, self.gateway.info.start_ts)
            count = source.count
        else:
            rows: Rows = content  # pyright: ignore[reportAssignmentType]
            kind = shown.info.kind
            self.table.contexts = (kind if kind in ("events", "tree") else "table", "main")
            cursor = rows.find_key(state.selected) if state.selected is not None else 0
            order = getattr(rows, "sort", None)
            if order is not None:
                self.stack = self.stack.change(sort=order)
            self.table.show(rows, cursor or 0, state.scroll)
            count = rows.count
        if not count:
            narrowed = (
                " Perhaps the filter or the selected time leaves nothing."
                if state.filter or state.window
                else ""
            )
            self._message(f"No data for {shown.info.name} here.{narrowed}")
        if not busy_elsewhere:
            self.set_focus(widget if count else None)
        self.update_header()
        self.update_footer()
        held, self._held = self._held, []
        for command in held:
            self.perform(command)

    def perform(self, command: Command) -> None:
        """Carry out a command; one for a view that is still loading is held until it is there."""
        waits = not set(command.contexts).isdisjoint(VIEW_CONTEXTS) and command.id not in _UNHELD
        if waits and self.jobs.busy("view") and not self.filter_bar.display:
            if len(self._held) < 32:
                self._held.append(command)
            return
        super().perform(command)

    # ---------------------------------------------------------------- header

    def update_header(self) -> None:
        """Show where we are."""
        state = self.stack.top
        crumbs: list[str] = []
        for level in self.stack.levels:
            name = self.gateway.view(level.view).name
            crumbs.append(f"{level.label}: {name}" if level.label else name)
        navigator = self.query_one(Navigator)
        window = navigator.describe() if state.window is not None else ""
        self.header.change(crumbs=tuple(crumbs), filter=state.filter, window=window, place=self._place())

    def _place(self) -> str:
        widget = self.content()
        if widget is None:
            return ""
        if isinstance(widget, StreamView):
            return widget.place()
        if isinstance(widget, TileGrid):
            return f"tile {widget.cursor + 1} of {len(widget.tiles)}"
        if not widget.count:
            return ""
        more = widget.hidden_columns
        hidden = f"→ {more} more column{'s' if more > 1 else ''} · " if more else ""
        share = (widget.cursor + 1) * 100 // widget.count
        return f"{hidden}{widget.cursor + 1:,}/{widget.count:,} ({share}%)"

    @on(VirtualTable.Moved)
    @on(StreamView.Moved)
    @on(TileGrid.Moved)
    def _moved(self) -> None:
        if self.shown is None:
            return
        self.header.change(place=self._place())
        if self.shown.info.kind == "events":  # what does not fit into the line
            self.query_one("#peek", Static).update(Text(clean(self.table.last_cell()), self.role("dim")))

    # ------------------------------------------------------------- the stack

    def remember(self) -> None:
        """Keep the selected row and the scroll position with the level that is left."""
        widget = self.content()
        if widget is None or self.shown is None or self.shown.state.view != self.stack.top.view:
            return
        selected: str | None = None
        if isinstance(widget, TileGrid):
            selected = widget.tile.id if widget.tile else None
        elif isinstance(widget, StreamView):
            block = widget.block()
            selected = str(block.event) if block else None
        elif widget.source is not None and widget.count:
            selected = widget.source.key(widget.cursor)
        self.stack = self.stack.change(selected=selected, scroll=widget.first_row)

    def push(self, state: ViewState) -> None:
        """Go a level deeper."""
        self.remember()
        self.stack = self.stack.push(state)
        self.clear_search()
        self.load()

    def follow(self, target: Target, *, alone: bool = False) -> None:
        """Go where a row leads; ``alone``: without the filter in force."""
        text = target.filter if alone else both(self.stack.top.passed_on, target.filter)
        self.push(ViewState(target.view, text, key_field=target.key_field, label=target.label))

    def do_view_back(self) -> None:
        """Return to the level above, to the row that was left."""
        if self.stack.depth == 1:
            self.tell("This is the first view. q leaves.")
            return
        self.stack = self.stack.pop()
        self._held = []
        self.clear_search()
        self.load()

    def do_view_home(self) -> None:
        """Return to the Overview of the whole capture."""
        while self.stack.depth > 1:
            self.stack = self.stack.pop()
        self._held = []
        self.clear_search()
        self.load()

    # -------------------------------------------------------------- drilling

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
                self.push(ViewState(tile.view, text, kept, key_field=tile.key_field, label=tile.name))
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
        self._sideways(STREAMS)

    def do_view_events(self) -> None:
        """Show the system calls of the selection."""
        self._sideways(EVENTS)

    def _sideways(self, view: str) -> None:
        """Open the streams or the system calls of the selected tile or row, or of the whole view."""
        shown, widget = self.shown, self.content()
        if shown is None or self.stack.top.view == view:
            return
        target: Target | None = None
        if isinstance(widget, TileGrid) and widget.tile is not None:
            target = Target(view, widget.tile.filter, widget.tile.key_field, widget.tile.name)
        elif widget is self.table and shown.info.kind != "events":
            target = self._row_target()
        top = self.stack.top
        self.follow(replace(target, view=view) if target else Target(view, "", top.key_field, ""))

    def do_view_details(self) -> None:
        """Show every field of the selected event or block."""
        widget = self.content()
        event = self._event()
        if event is None or widget is None:
            self.tell("There is no event behind this row.")
        elif isinstance(widget, VirtualTable) and isinstance(self.shown, Shown):
            rows: EventRows = self.shown.content  # pyright: ignore[reportAssignmentType]
            self.app.push_screen(DetailScreen(self.gateway, rows.event, rows.count, widget.cursor), self._use)
        else:
            self.app.push_screen(DetailScreen(self.gateway, lambda _: event, 1, 0), self._use)

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

    def _pivot(self, what: str) -> None:
        event = self._event()
        target = self.gateway.pivot(event, what) if event is not None else None
        if target is None:
            self.tell(f"There is no {what} here.")
        else:
            self.follow(target, alone=True)

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

    def do_fold_toggle(self) -> None:
        """Hide or show what is below the selected line."""
        rows = self.table.source
        if self.shown is not None and self.shown.info.kind == "tree" and rows is not None:
            tree: TreeRows = rows  # pyright: ignore[reportAssignmentType]
            self._replace_rows(tree.toggled(self.table.cursor), self.table.cursor)

    def _replace_rows(self, rows: Rows, cursor: int) -> None:
        assert self.shown is not None
        self.shown = replace(self.shown, content=rows)
        self.table.show(rows, cursor, self.table.first_row)
        self.update_header()

    # --------------------------------------------------------- list of views

    def _fit_list(self) -> None:
        wide = self.size.width >= NARROW
        self.views.display = wide if self._list_wanted is None else self._list_wanted

    def do_view_list(self) -> None:
        """Go to the list of views, showing it if it is hidden."""
        self._list_wanted = True
        self._fit_list()
        self.views.focus()

    @on(ViewList.Left)
    def _list_left(self, message: ViewList.Left) -> None:
        self._list_wanted = False if message.hide else None
        self.return_focus()
        self._fit_list()

    @on(ViewList.Picked)
    def _view_picked(self, message: ViewList.Picked) -> None:
        if self.size.width < NARROW:
            self._list_wanted = None
        self.return_focus()
        self._fit_list()
        self.open_view(message.view)

    def open_view(self, view: str) -> None:
        """Show the same selection in another view; from the Overview that is a level deeper."""
        top = self.stack.top
        if view == top.view:
            return
        if top.view == OVERVIEW:
            self.push(ViewState(view, top.filter, key_field=top.key_field))
            return
        self.stack = self.stack.change(view=view, inherited=None, sort=None, selected=None, scroll=None)
        self.clear_search()
        self.load()

    def return_focus(self) -> None:
        """Give the keys back to the view."""
        widget: Widget | None = self.content()
        self.set_focus(widget if widget is not None and widget.display else None)
        self.update_footer()

    # ---------------------------------------------------------------- others

    def set_window(self, window: Window | None) -> None:
        """Show another time, on this level and all others."""
        if window != self.stack.top.window:
            self.remember()
            self.stack = self.stack.with_window(window)
            self.load()

    def on_unmount(self) -> None:
        """Stop all work."""
        self.jobs.close()


def _loader(gateway: Gateway, info: ViewInfo, state: ViewState) -> Callable[[Check], Loaded]:
    """Return the work that fetches a view; it also reads the first page, so that painting finds it ready."""

    def work(cancelled: Check) -> Loaded:
        query = state.query
        if info.kind == "tiles":
            return gateway.summary(query, cancelled)
        if info.kind == "streams":
            streams = gateway.streams(query, cancelled)
            for index in range(min(streams.count, 4)):
                streams.block(index)
            return streams
        rows: Rows
        if info.kind == "events":
            rows = gateway.events(query, cancelled)
        elif info.kind == "tree":
            rows = gateway.sessions(query, cancelled)
        else:
            table = gateway.table(info.id, query, cancelled)
            rows = table if state.sort is None else table.sorted_by(*state.sort)
        rows.rows(0, min(rows.count, CHUNK))
        return rows

    return work
