"""What a view shows: its purpose, its columns, what it counts, and where it leads."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ..cells import clean, duration
from ..model import About, CaptureInfo, Column
from ..rows import ListRows
from ..state import Query
from ..widgets.virtual_table import VirtualTable
from .help import PaneTable
from .keyed import KeyedModal


class AboutScreen(KeyedModal):
    """Explains a view."""

    CSS_PATH = "pane.tcss"

    def __init__(self, about: About, query: Query, info: CaptureInfo) -> None:
        """Take what there is to say, and the selection it is shown for."""
        super().__init__()
        self._about = about
        self._query = query
        self._info = info

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        yield Static(Text(f" {self._about.name} ", self.role("header")), id="heading")
        yield PaneTable(id="lines")
        yield Static("", id="value", markup=False)
        yield Static(Text(f" {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Fill the table."""
        about, query = self._about, self._query
        span = self._info.duration_ns if query.window is None else query.window[1] - query.window[0]
        lines = [
            ("Purpose", "", about.purpose),
            ("Id", "", about.id),
            ("Own filter", "", about.filter or "none"),
            ("Filter here", "", query.filter or "none"),
            ("Time", "", f"{duration(span)}{'' if query.window is None else ', selected'}"),
            ("A row is", "", about.key or "an event"),
            ("Enter opens", "", about.target or "the fields of the event"),
            *([("Columns", "", "")] if about.columns else []),
            *((f"  {column.name}", column.field, column.help) for column in about.columns),
        ]
        columns = [Column("WHAT", limit=22), Column("FIELD", limit=30), Column("MEANING", limit=400)]
        table = self.query_one(PaneTable)
        table.show(ListRows(columns, [str(n) for n in range(len(lines))], lines.__getitem__))
        table.focus()

    @on(VirtualTable.Moved)
    def _describe(self) -> None:
        table = self.query_one(PaneTable)
        self.query_one("#value", Static).update(Text(clean(table.last_cell())))

    def do_pane_close(self) -> None:
        """Return."""
        self.dismiss(None)

    do_view_about = do_pane_close
