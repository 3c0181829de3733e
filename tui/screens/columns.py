"""The columns of a table: which are shown, in which order and how wide. The table behind follows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ..layout import Layout
from ..model import Column, ProcessTreeRows, TableRows
from ..rows import ListRows
from ..widgets.virtual_table import VirtualTable
from .keyed import KeyedModal

Arrangeable = TableRows | ProcessTreeRows
STEP = 2  # cells that a column gets wider or narrower
_LINES = (
    Column("SHOWN"),
    Column("COLUMN"),
    Column("CELLS", right=True),
    Column("FIELD"),
    Column("WHAT IT SHOWS", limit=400),
)


class ColumnTable(VirtualTable):
    """The list of columns."""

    contexts = ("columns",)


class ColumnsScreen(KeyedModal):
    """Changes the layout of the table behind; every change is shown there and remembered."""

    CSS_PATH = "columns.tcss"
    screen_contexts = ("columns",)

    def __init__(
        self,
        view: str,
        rows: Callable[[], Arrangeable | None],
        layout: Callable[[], Layout],
        width: Callable[[int], tuple[int, bool]],
        changed: Callable[[Layout], None],
        sort: Callable[[int], None],
        reset: Callable[[], None],
    ) -> None:
        """Take the view's name, what gives its rows, layout and widths of now, and what to call."""
        super().__init__()
        self._view = view
        self._rows = rows
        self._layout = layout
        self._width = width
        self._changed = changed
        self._sort = sort
        self._reset = reset

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(id="box"):
            yield Static(Text(f" Columns of {self._view} ", self.role("header")), id="heading")
            yield ColumnTable(id="lines")
            yield Static(Text(f" {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Show the columns."""
        self.query_one(ColumnTable).focus()
        self.fill()

    def fill(self, name: str | None = None) -> None:
        """Show the columns as they are now, with the cursor on the one called ``name``."""
        rows, table = self._rows(), self.query_one(ColumnTable)
        if rows is None:
            return
        layout, columns = self._layout(), rows.columns
        places = layout.arranged(columns)
        names = [columns[at].name for at in places]
        shown = layout.shown(columns)

        def cells(row: int) -> tuple[str, ...]:
            at = places[row]
            column = columns[at]
            order = getattr(rows, "sort", None)
            mark = ("▼" if order[1] else "▲") if order is not None and order[0] == at else ""
            fixed = layout.width(column)
            cells, visible = self._width(at)
            width = str(fixed) if fixed is not None else f"({cells})"
            state = "no" if at not in shown else "yes" if visible else "no room"
            return (state, column.header + mark, width, column.field, column.help)

        cursor = names.index(name) if name in names else min(table.cursor, len(names) - 1)
        table.show(ListRows(_LINES, names, cells), cursor, table.first_row)

    def _chosen(self) -> tuple[Arrangeable, Layout, Column, int] | None:
        """Return rows, layout, the column under the cursor and its number."""
        rows, table = self._rows(), self.query_one(ColumnTable)
        if rows is None or not table.count:
            return None
        at = self._layout().arranged(rows.columns)[table.cursor]
        return rows, self._layout(), rows.columns[at], at

    def _apply(self, layout: Layout, name: str) -> None:
        self._changed(layout)
        self.fill(name)

    def do_column_toggle(self) -> None:
        """Hide or show the column; the last one stays."""
        chosen = self._chosen()
        if chosen is None:
            return
        rows, layout, column, at = chosen
        if layout.shown(rows.columns) == [at]:
            self.notify("One column stays.", markup=False)
            return
        self._apply(layout.toggled(column.name), column.name)

    def _move(self, step: int) -> None:
        chosen = self._chosen()
        if chosen is not None:
            rows, layout, column, _ = chosen
            self._apply(layout.moved(rows.columns, column.name, step), column.name)

    def do_column_earlier(self) -> None:
        """Move the column to the left."""
        self._move(-1)

    def do_column_later(self) -> None:
        """Move the column to the right."""
        self._move(1)

    def _resize(self, by: int) -> None:
        chosen = self._chosen()
        if chosen is not None:
            _, layout, column, at = chosen
            width = layout.width(column) or self._width(at)[0]
            self._apply(layout.resized(column.name, width + by), column.name)

    def do_column_wider(self) -> None:
        """Give the column more room."""
        self._resize(STEP)

    def do_column_narrower(self) -> None:
        """Give the column less room."""
        self._resize(-STEP)

    def do_column_fit(self) -> None:
        """Give the column the room its cells need."""
        chosen = self._chosen()
        if chosen is not None:
            _, layout, column, _ = chosen
            self._apply(layout.resized(column.name, None), column.name)

    def do_column_sort(self) -> None:
        """Sort by the column; again: the other way round."""
        chosen = self._chosen()
        if chosen is not None:
            self._sort(chosen[3])

    def do_figures_raw(self) -> None:
        """Numbers as the capture has them, or for people."""
        layout = self._layout()
        self._changed(replace(layout, figures=replace(layout.figures, raw=not layout.figures.raw)))
        self.fill()

    def do_figures_totals(self) -> None:
        """Totals, or rates."""
        layout = self._layout()
        self._changed(replace(layout, figures=replace(layout.figures, totals=not layout.figures.totals)))
        self.fill()

    def do_columns_reset(self) -> None:
        """Forget everything that was chosen."""
        self._reset()
        self.fill()

    def do_pane_close(self) -> None:
        """Return."""
        self.dismiss(None)
