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
from ..jobs import JobDone, Jobs, Request
from ..model import Gateway, Rows, Spectrum, Streams, Summary, Tile, ViewInfo
from ..remember import Memory
from ..state import EVENTS, STREAMS, Query, Stack, ViewState, Window
from ..widgets.bars import Footer, Header, Heading
from ..widgets.filterbar import FilterBar, FindBar
from ..widgets.navigator import Navigator
from ..widgets.spectrogram import SpectrogramView
from ..widgets.streams import StreamView
from ..widgets.tiles import TileGrid
from ..widgets.viewlist import ViewList
from ..widgets.virtual_table import VirtualTable
from .arranging import Arranging
from .brushing import Brushing
from .columns import ColumnsScreen
from .copying import Copying
from .drilling import Drilling
from .filtering import Filtering
from .finding import Finding
from .folding import Folding
from .loading import Found, loader
from .part import Content, Shown
from .switching import Switching
from .timing import Timing

PATIENCE = 0.15  # seconds before one is told to wait
LOW = 30  # below this many lines the Overview says less about a tile
TICK = 0.25  # seconds between two looks at how far the work is
_UNHELD = {
    "view.back",
    "view.home",
    "view.leave",
    "time.reset",
    "find.open",
}  # commands that do not wait for a view to load

_LEADS_TO = {"view.streams": STREAMS, "view.events": EVENTS}  # commands that only show a view
_CONTEXTS = {  # of the table, by the kind of the view
    "tree": ("tree", "main"),
    "processes": ("processes", "tree", "main"),
    "events": ("events", "table", "main"),
}


class MainScreen(Timing, Filtering, Arranging, Finding, Copying, Drilling, Folding, Switching, Brushing):
    """Walks through a capture: a stack of frozen states, each view asked for in a worker."""

    CSS_PATH = "main.tcss"
    AUTO_FOCUS = ""

    def __init__(self, gateway: Gateway, filter: str = "", memory: Memory | None = None) -> None:  # noqa: A002
        """Take the open capture, the filter to begin with and the layouts of earlier days."""
        super().__init__()
        self.gateway = gateway
        self.memory = memory or Memory(None)
        self.jobs = Jobs(self)
        self.stack = Stack((ViewState(filter=filter),))
        self.shown: Shown | None = None
        self.held: list[Command] = []
        self._patience: Timer | None = None
        self._ticking: Timer | None = None

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
                yield SpectrogramView(id="spectrogram")
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
    def spectrogram(self) -> SpectrogramView:
        """The spectrogram."""
        return self.query_one("#spectrogram", SpectrogramView)

    @property
    def views(self) -> ViewList:
        """The list of views."""
        return self.query_one("#views", ViewList)

    @property
    def filter_bar(self) -> FilterBar:
        """The filter bar."""
        return self.query_one("#filter", FilterBar)

    def content(self) -> Content | None:
        """Return the widget of the view on screen."""
        if self.shown is None:
            return None
        kinds = {"tiles": self.tiles, "streams": self.streams, "spectrogram": self.spectrogram}
        return kinds.get(self.shown.info.kind, self.table)

    def contexts(self) -> tuple[str, ...]:
        """Return the contexts whose keys work; without a focus those of all views."""
        return super().contexts() if self.focused is not None else ("main", "global")

    def on_mount(self) -> None:
        """Show the Overview."""
        info = self.gateway.info
        self.query_one(Navigator).set_range(info.start_ts, info.end_ts)
        self.fit_list()
        self.start_trends()
        self.load()
        self.update_footer()
        if self.memory.problem:
            self.tell(self.memory.problem)
            self.memory.problem = ""
        else:
            self.tell_of_problems()

    def on_job_done(self, message: JobDone) -> None:
        """Hand a worker's result on."""
        self.jobs.deliver(message)
        if self.jobs.idle:
            self.header.change(busy="")

    def on_resize(self, event: events.Resize) -> None:
        """Show or hide the list of views."""
        self.fit_list()

    def on_descendant_focus(self) -> None:
        """Show the keys of the new place."""
        self._pressed = ()
        self.update_footer()

    def update_footer(self) -> None:
        """Show the keys that work now."""
        here = [command for command, view in _LEADS_TO.items() if self.stack.top.view == view]
        if isinstance(self.focused, Navigator):
            here.append("time.focus")
        self.query_one(Footer).show(self.contexts(), typing=isinstance(self.focused, Input), without=here)

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
        self.run_work(
            info, loader(self.gateway, info, state, self.memory.layout(state.view), self.spectrogram_room())
        )

    def run_work(
        self, info: ViewInfo, work: Callable[[Request], Found], then: Callable[[], None] | None = None
    ) -> None:
        """Have ``work`` done for the top of the stack, show what comes back and do what is to follow."""
        state = self.stack.top

        def done(found: Found) -> None:
            self._show(Shown(state, info, found.content), found.cursor)
            if then is not None:
                then()
            if isinstance(self.app.screen, ColumnsScreen):
                self.app.screen.fill()

        self.be_patient()
        self.jobs.start("view", work, done, self._failed)

    def be_patient(self) -> None:
        """Say so when the work that begins now takes longer than one notices."""
        if self._patience is not None:
            self._patience.stop()
        self._patience = self.set_timer(PATIENCE, self._waiting)

    def _waiting(self) -> None:
        if self.jobs.busy("view") and not self.in_place():
            self._message("Working…")
            self.update_header()
        self._tick()
        if self._ticking is None:
            self._ticking = self.set_interval(TICK, self._tick)

    def _tick(self) -> None:
        """Show how far the work is, as long as there is any."""
        if self.jobs.idle:
            self.header.change(busy="")
            if self._ticking is not None:
                self._ticking.stop()
                self._ticking = None
            return
        told = next((request for request in self.jobs.waiting() if request.total), None)
        share = f" {min(99, told.done * 100 // told.total)}%" if told is not None else ""
        self.header.change(busy=f"working…{share} Esc stops")

    def in_place(self) -> bool:
        """Return whether what is on screen belongs to the top of the stack, perhaps in another order."""
        top = self.stack.top
        shown = self.shown.state if self.shown is not None else None
        return shown is not None and (shown.view, shown.filter) == (top.view, top.filter)

    def _message(self, text: str, role: str = "dim") -> None:
        for widget in (self.tiles, self.table, self.streams, self.spectrogram, self.query_one("#peek")):
            widget.display = False
        message = self.query_one("#message", Static)
        message.update(Text(clean(text), self.role(role)))
        message.display = True

    def _failed(self, text: str) -> None:
        self.shown = None
        self.held = []
        self._message(f"{text}\n\nBackspace goes back.", "error")
        self.set_focus(None)
        self.update_footer()

    def _show(self, shown: Shown, cursor: int) -> None:
        """Put what was loaded on screen, with the cursor on the row that was left."""
        self.shown = shown
        state, content = shown.state, shown.content
        widget, note = self.content(), ""
        assert widget is not None
        busy_elsewhere = self.focused is not None and not (set(super().contexts()) & VIEW_CONTEXTS)
        for other in (self.tiles, self.table, self.streams, self.spectrogram):
            other.display = other is widget
        self.query_one("#message").display = False
        peek = self.query_one("#peek")
        peek.display = shown.info.kind in ("events", "tiles")
        peek.styles.height = 1 if shown.info.kind == "tiles" and self.size.height < LOW else 2
        if isinstance(widget, TileGrid) and isinstance(content, Summary):
            widget.show(content.tiles, state.selected, state.scroll or 0)
            count = len(content.tiles)
            if state.query == Query():
                self.take_trend(content)
        elif isinstance(widget, StreamView):
            source: Streams = content  # pyright: ignore[reportAssignmentType]
            widget.show(
                source, cursor, cursor if state.scroll is None else state.scroll, self.gateway.info.start_ts
            )
            count = source.count
        elif isinstance(widget, SpectrogramView):
            spectrum: Spectrum = content  # pyright: ignore[reportAssignmentType]
            widget.show(spectrum, self.gateway.info.start_ts)
            count, note = widget.count, spectrum.note
        else:
            rows: Rows = content  # pyright: ignore[reportAssignmentType]
            kind = shown.info.kind
            self.table.contexts = _CONTEXTS.get(kind, ("table", "main"))
            self.table.show(rows, cursor, state.scroll, self.memory.layout(state.view))
            count = rows.count
        if not count:
            narrowed = (
                " Perhaps the filter or the selected time leaves nothing."
                if state.filter or state.window
                else ""
            )
            self._message(note or f"No data for {shown.info.name} here.{narrowed}")
        if not busy_elsewhere:
            self.set_focus(widget if count else None)
        self.update_header()
        self.update_footer()
        held, self.held = self.held, []
        for command in held:
            self.perform(command)

    def perform(self, command: Command) -> None:
        """Carry out a command; one for a view that is still loading is held until it is there."""
        waits = not set(command.contexts).isdisjoint(VIEW_CONTEXTS) and command.id not in _UNHELD
        if waits and self.jobs.busy("view") and not self.filter_bar.display:
            if len(self.held) < 32:
                self.held.append(command)
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
        if not self.in_place():
            return ""
        if isinstance(widget, StreamView | SpectrogramView):
            return widget.place()
        if isinstance(widget, TileGrid):
            spare = f" · {widget.spare} count nothing" if widget.spare else ""
            return f"tile {widget.cursor + 1} of {len(widget.tiles)}{spare}"
        if not widget.count:
            return ""
        more = widget.hidden_columns
        hidden = f"→ {more} more column{'s' if more > 1 else ''} · " if more else ""
        share = (widget.cursor + 1) * 100 // widget.count
        rates = getattr(widget.source, "rates", "")
        return f"{hidden}{rates + ' · ' if rates else ''}{widget.cursor + 1:,}/{widget.count:,} ({share}%)"

    @on(VirtualTable.Moved)
    @on(StreamView.Moved)
    @on(TileGrid.Moved)
    @on(SpectrogramView.Moved)
    def _moved(self) -> None:
        if self.shown is None:
            return
        self.header.change(place=self._place())
        peek = self.query_one("#peek", Static)
        if self.shown.info.kind == "events":  # what does not fit into the line
            peek.update(Text(clean(self.table.last_cell()), self.role("dim")))
        elif isinstance(self.shown.content, Summary) and self.tiles.tile is not None:
            peek.update(self._about_tile(self.tiles.tile))
        elif self.content() is self.table:  # once there is something to say, it stays: no jumping lines
            cut_off = self.table.cut_off()
            peek.display = peek.display or bool(cut_off)
            peek.update(Text(clean(cut_off), self.role("dim")))

    def _about_tile(self, tile: Tile) -> Text:
        """Return what a tile counts and where it leads."""
        text = Text(f"{tile.total:,} {clean(tile.unit)}".rstrip(), self.role("cell"))
        opens = self.gateway.view(tile.view).name
        order = f" by {tile.sort}" if tile.sort else ""
        return text.append(clean(f" → {opens}{order}. {tile.help}"), self.role("dim"))

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
        elif isinstance(widget, VirtualTable) and widget.source is not None and widget.count:
            selected = widget.source.key(widget.cursor)
        self.stack = self.stack.change(selected=selected, scroll=widget.first_row)

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

    def replace_rows(self, rows: Rows, cursor: int) -> None:
        """Show other rows of the same view: folded, or written in another way."""
        assert self.shown is not None
        self.shown = replace(self.shown, content=rows)
        self.table.show(rows, cursor, self.table.first_row, self.memory.layout(self.stack.top.view))
        self.update_header()

    def do_view_leave(self) -> None:
        """Stop what is at work; otherwise forget the search or the brush; otherwise go back."""
        widget = self.content()
        if self.jobs.busy("find"):
            self.jobs.cancel("find")
            self.tell("The search was stopped.")
        elif self.jobs.busy("view") and self.in_place():
            self.jobs.cancel("view")
            self.held = []
            if self.shown is not None:
                self.stack = self.stack.change(sort=self.shown.state.sort)
            self.tell("Stopped. Everything is as it was.")
        elif self.searching:
            self.clear_search()
        elif isinstance(widget, SpectrogramView) and widget.brushed_from is not None:
            widget.do_brush_start()
        else:
            self.do_view_back()
        if self.jobs.idle:
            self.header.change(busy="")

    def on_unmount(self) -> None:
        """Stop all work."""
        self.jobs.close()
