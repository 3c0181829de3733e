"""Putting the rows of a table into another order."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from ..jobs import Request
from ..model import ProcessTreeRows, TableRows
from ..widgets.virtual_table import VirtualTable
from .choice import Choice, ChoiceScreen
from .loading import Found, at
from .part import Part


class Sorting(Part):
    """Commands that sort; mixed into the main screen."""

    def sortable(self) -> TableRows | None:
        """Return the rows on screen when they can be sorted."""
        rows = self.table.source
        if self.shown is None or self.shown.info.kind not in ("table", "events") or rows is None:
            return None
        return rows  # pyright: ignore[reportReturnType]

    def arrangeable(self) -> TableRows | ProcessTreeRows | None:
        """Return the rows on screen when their columns can be chosen."""
        rows = self.table.source
        if self.shown is None or self.shown.info.kind not in ("table", "events", "processes") or rows is None:
            return None
        return rows  # pyright: ignore[reportReturnType]

    def do_sort_column(self, number: int) -> None:
        """Sort by the ``number``-th column shown (from 1); again: the other way round."""
        table = self.sortable()
        if table is not None:
            places = self.table.columns_as.shown(table.columns)
            if number <= len(places):
                self.sort_by(places[number - 1])

    def sort_by(self, column: int) -> None:
        """Sort by a column of the rows; by the same again: the other way round. It is remembered."""
        table, shown = self.sortable(), self.shown
        if table is None or shown is None:
            return
        descending = not table.sort[1] if table.sort and table.sort[0] == column else None
        self.remember()
        # who stands on the first row wants to see the new first ones
        selected = self.stack.top.selected if self.table.cursor else None
        view, name = shown.state.view, table.columns[column].name

        def work(request: Request) -> Found:
            return at(table.sorted_by(column, descending, request, request.report), selected)

        self.stack = self.stack.change(scroll=None, sort=(name, descending))
        self.run_work(shown.info, work, lambda: self._keep_order(view, name))

    def _keep_order(self, view: str, name: str) -> None:
        table = self.sortable()
        if table is not None and table.sort is not None:
            order = (name, table.sort[1])
            self.stack = self.stack.change(sort=order)
            self.keep_layout(view, replace(self.memory.layout(view), sort=order))

    def do_sort_menu(self) -> None:
        """Choose the column to sort by."""
        table = self.sortable()
        if table is None:
            return
        current = table.sort
        places = self.table.columns_as.shown(table.columns)
        choices = [
            Choice(
                str(at),
                table.columns[at].header,
                ("(V)" if current[1] else "(^)") if current and current[0] == at else "",
            )
            for at in places
        ]
        chosen = str(current[0]) if current else None
        self.app.push_screen(ChoiceScreen("Sort by", choices, chosen), self._sort_chosen)

    def _sort_chosen(self, number: str | None) -> None:
        if number is not None:
            self.sort_by(int(number))

    @on(VirtualTable.HeaderClicked)
    def _header_clicked(self, message: VirtualTable.HeaderClicked) -> None:
        self.sort_by(message.column)
