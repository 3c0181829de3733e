"""One row of a table in full: each cell as people read it and as the capture has it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ..cells import clean
from ..model import CellValue, Column
from ..rows import ListRows
from ..widgets.virtual_table import VirtualTable
from .help import PaneTable
from .keyed import KeyedModal


class RowScreen(KeyedModal):
    """Shows the cells of a row below each other."""

    CSS_PATH = "pane.tcss"

    def __init__(self, title: str, values: Sequence[CellValue]) -> None:
        """Take a title and the cells."""
        super().__init__()
        self._heading = title
        self._values = values

    def compose(self) -> ComposeResult:
        """Title, cells, the chosen one in full, keys."""
        yield Static(Text(f" {clean(self._heading)} ", self.role("header")), id="heading")
        yield PaneTable(id="lines")
        yield Static("", id="value", markup=False)
        yield Static(Text(f" {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Fill the table."""
        values = self._values
        columns = [
            Column("COLUMN", limit=20),
            Column("VALUE", limit=60),
            Column("IN THE CAPTURE", limit=60),
            Column("FIELD", limit=26),
        ]
        names = [str(at) for at in range(len(values))]
        cells = [(value.name, value.text, value.raw, value.field) for value in values]
        table = self.query_one(PaneTable)
        table.show(ListRows(columns, names, cells.__getitem__))
        table.focus()

    @on(VirtualTable.Moved)
    def _describe(self) -> None:
        table = self.query_one(PaneTable)
        if table.count:
            value = self._values[table.cursor]
            text = Text(clean(value.raw[:4000]))
            if value.help:
                text.append("\n" + clean(value.help), self.role("dim"))
            self.query_one("#value", Static).update(text)

    def do_pane_close(self) -> None:
        """Return."""
        self.dismiss(None)

    do_view_details = do_pane_close
