"""What is wrong with the user's own views, each with its file and line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ..cells import clean
from ..model import Column, Problem
from ..rows import ListRows
from ..widgets.virtual_table import VirtualTable
from .help import PaneTable
from .keyed import KeyedModal


class ProblemsScreen(KeyedModal):
    """Lists problems; the one under the cursor is written out."""

    CSS_PATH = "pane.tcss"

    def __init__(self, title: str, problems: Sequence[Problem]) -> None:
        """Take a title and the problems."""
        super().__init__()
        self._heading = title
        self._problems = problems

    def compose(self) -> ComposeResult:
        """Title, list, the chosen one in full, keys."""
        yield Static(Text(f" {clean(self._heading)} ", self.role("header")), id="heading")
        yield PaneTable(id="lines")
        yield Static("", id="value", markup=False)
        yield Static(Text(f" {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Fill the table."""
        rows = [
            (problem.path.rpartition("/")[2], str(problem.line or ""), problem.message)
            for problem in self._problems
        ]
        columns = [Column("FILE", limit=30), Column("LINE", right=True), Column("WHAT IS WRONG", limit=400)]
        table = self.query_one(PaneTable)
        table.show(ListRows(columns, [str(at) for at in range(len(rows))], rows.__getitem__))
        table.focus()

    @on(VirtualTable.Moved)
    def _describe(self) -> None:
        table = self.query_one(PaneTable)
        if table.count:
            problem = self._problems[table.cursor]
            where = f"{problem.path}, line {problem.line}" if problem.line else problem.path
            text = Text(clean(where), self.role("dim"))
            self.query_one("#value", Static).update(text.append("\n" + clean(problem.message)))

    def do_pane_close(self) -> None:
        """Return."""
        self.dismiss(None)

    do_views_reload = do_pane_close
