"""One row of a table in full: each cell as people read it and as the capture has it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ..model import CellValue, Column
from .pane import Pane

_COLUMNS = (
    Column("COLUMN", limit=20),
    Column("VALUE", limit=60),
    Column("IN THE CAPTURE", limit=60),
    Column("FIELD", limit=26),
)


class RowScreen(Pane):
    """Shows the cells of a row below each other."""

    def __init__(self, title: str, values: Sequence[CellValue]) -> None:
        """Take a title and the cells."""
        super().__init__(title)
        self._values = values

    def fill(self) -> None:
        """Show a line for each cell."""
        lines = [(value.name, value.text, value.raw, value.field) for value in self._values]
        self.show(_COLUMNS, len(lines), lines.__getitem__)

    def full(self, line: int) -> Text:
        """Return the whole value, and what its column means."""
        value = self._values[line]
        return self.explained(value.raw, value.help)

    do_view_details = Pane.do_pane_close
