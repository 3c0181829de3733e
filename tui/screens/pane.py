"""A pane above the view: a title, a table, the line under the cursor in full, the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ..cells import clean
from ..model import Column
from ..rows import ListRows
from ..widgets.virtual_table import VirtualTable
from .keyed import KeyedModal


class PaneTable(VirtualTable):
    """A table inside a pane, with the pane's keys."""

    contexts = ("pane",)


class Pane(KeyedModal):
    """Lists lines; the one under the cursor is written out below."""

    CSS_PATH = "pane.tcss"

    def __init__(self, title: str = "") -> None:
        """Take the title."""
        super().__init__()
        self._title = title

    @property
    def table(self) -> PaneTable:
        """The lines."""
        return self.query_one(PaneTable)

    def compose(self) -> ComposeResult:
        """Title, lines, the chosen one in full, keys."""
        yield Static(id="heading")
        yield PaneTable(id="lines")
        yield Static("", id="value", markup=False)
        yield Static(Text(f" {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Fill the pane."""
        self.entitle(self._title)
        self.table.focus()
        self.fill()

    def entitle(self, title: str) -> None:
        """Show a title."""
        self.query_one("#heading", Static).update(Text(f" {clean(title)} ", self.role("header")))

    def fill(self) -> None:
        """Show the lines, as soon as they are known."""

    def show(
        self, columns: Sequence[Column], count: int, cells: Callable[[int], tuple[str, ...]], cursor: int = 0
    ) -> None:
        """Show ``count`` lines with the cursor on one of them."""
        self.table.show(ListRows(columns, [str(at) for at in range(count)], cells), cursor)

    def full(self, line: int) -> Text:
        """Return what is written below for a line."""
        return Text(clean(self.table.last_cell()))

    @on(VirtualTable.Moved)
    def describe(self) -> None:
        """Write out the line under the cursor."""
        if self.table.count:
            self.query_one("#value", Static).update(self.full(self.table.cursor))

    def explained(self, value: str, help_text: str) -> Text:
        """Return a value, and below it what it is."""
        text = Text(clean(value[:4000]))
        if help_text:
            text.append("\n" + clean(help_text), self.role("dim"))
        return text

    def do_pane_close(self) -> None:
        """Return."""
        self.dismiss(None)
