"""Putting the rows of a table into another order."""

from __future__ import annotations

from textual import on

from ..model import TableRows
from ..widgets.virtual_table import VirtualTable
from .choice import Choice, ChoiceScreen
from .part import Part


class Sorting(Part):
    """Commands that sort; mixed into the main screen."""

    def do_sort_column(self, number: int) -> None:
        """Sort by the ``number``-th column (from 1); again: the other way round."""
        rows = self.table.source
        shown = self.shown
        if shown is None or shown.info.kind != "table" or rows is None or number > len(rows.columns):
            return
        table: TableRows = rows  # pyright: ignore[reportAssignmentType]
        column = number - 1
        descending = not table.sort[1] if table.sort and table.sort[0] == column else None
        self.remember()
        self.stack = self.stack.change(scroll=None)
        self.run_work(shown.info, lambda _: table.sorted_by(column, descending))

    def do_sort_menu(self) -> None:
        """Choose the column to sort by."""
        rows = self.table.source
        if self.shown is None or self.shown.info.kind != "table" or rows is None:
            return
        current = getattr(rows, "sort", None)
        choices = [
            Choice(
                str(n + 1),
                column.name,
                ("(V)" if current[1] else "(^)") if current and current[0] == n else "",
            )
            for n, column in enumerate(rows.columns)
        ]
        at = str(current[0] + 1) if current else None
        self.app.push_screen(ChoiceScreen("Sort by", choices, at), self._sort_chosen)

    def _sort_chosen(self, number: str | None) -> None:
        if number is not None:
            self.do_sort_column(int(number))

    @on(VirtualTable.HeaderClicked)
    def _header_clicked(self, message: VirtualTable.HeaderClicked) -> None:
        self.do_sort_column(message.column + 1)
