"""How a table looks: its columns, units, rates or totals; and what a view is about."""

from __future__ import annotations

from dataclasses import replace

from ..layout import Layout
from .about import AboutScreen
from .columns import ColumnsScreen
from .sorting import Sorting


class Arranging(Sorting):
    """Commands that change how a table is shown; mixed into the main screen."""

    def keep_layout(self, view: str, layout: Layout) -> None:
        """Remember the layout of a view, in this program and in the user's file."""
        if layout == self.memory.layout(view):
            return
        self.memory.keep(view, layout)
        self.jobs.start("remember", lambda _: self.memory.write(view), self._kept, self._kept)

    def _kept(self, problem: str) -> None:
        if problem:
            self.tell(problem, "error")

    def _arrange(self, layout: Layout) -> None:
        """Show the table on screen in another way, and remember it."""
        table, shown = self.arrangeable(), self.shown
        if table is None or shown is None:
            return
        self.keep_layout(shown.state.view, layout)
        rows = table if table.figures == layout.figures else table.written(layout.figures)
        self.replace_rows(rows, self.table.cursor)

    def do_columns_menu(self) -> None:
        """Choose, order and widen columns; the table follows at once."""
        table, shown = self.arrangeable(), self.shown
        if table is None or shown is None:
            self.tell("This view has no columns to choose.")
            return
        screen = ColumnsScreen(
            shown.info.name,
            self.arrangeable,
            lambda: self.memory.layout(shown.state.view),
            self.table.width_of_column,
            self._arrange,
            self.sort_by,
            self.do_columns_reset,
        )
        self.app.push_screen(screen)

    def do_figures_raw(self) -> None:
        """Write numbers as the capture has them, or for people."""
        if self.arrangeable() is not None and self.shown is not None:
            layout = self.memory.layout(self.shown.state.view)
            raw = not layout.figures.raw
            self._arrange(replace(layout, figures=replace(layout.figures, raw=raw)))
            self.tell("Figures as the capture has them." if raw else "Figures with units.")

    def do_figures_totals(self) -> None:
        """Show totals in place of rates, or rates again."""
        table = self.sortable()
        if table is None or self.shown is None:
            return
        if not table.rates:
            self.tell("No column of this view is a rate.")
            return
        layout = self.memory.layout(self.shown.state.view)
        totals = not layout.figures.totals
        self._arrange(replace(layout, figures=replace(layout.figures, totals=totals)))
        self.tell(
            "Totals of the selected time."
            if totals
            else "Rates: so much on each second of the selected time."
        )

    def do_columns_reset(self) -> None:
        """Forget what was chosen for this view."""
        if self.arrangeable() is None or self.shown is None:
            return
        self.keep_layout(self.shown.state.view, Layout())
        self.remember()
        self.stack = self.stack.change(sort=None, scroll=None)
        self.load()
        self.tell("The columns are as the view has them.")

    def do_view_about(self) -> None:
        """Say what the view on screen shows."""
        top = self.stack.top
        self.app.push_screen(AboutScreen(self.gateway.about(top.view), top.query, self.gateway.info))
