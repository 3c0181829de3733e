"""Rows held in memory: the ordinary implementation of :class:`..tui.model.Rows`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .model import Check, Column, Progress, Rows, nobody

PAGE = 512  # rows read at once by a search
STRIKING = ("error", "warning")


class Cellwise:
    """Looking through :class:`Rows` of any kind cell by cell."""

    def search(
        self: Rows, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
        """Return the next row from ``start`` on that holds ``text``, in any case."""
        return search_cells(self, text, start, step, cancelled, progress)

    def striking(self: Rows, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next row with a cell in a role of :data:`STRIKING`."""
        row = start
        while 0 <= row < self.count and not cancelled():
            if any(self.role(row, at) in STRIKING for at in range(len(self.columns))):
                return row
            row += step
        return None


class ListRows(Cellwise):
    """A table whose cells are made on demand: ``cells(i)`` gives the texts of row i."""

    def __init__(
        self,
        columns: Sequence[Column],
        keys: Sequence[str],
        cells: Callable[[int], Sequence[str]],
    ) -> None:
        """Take the columns, the key of each row and what gives its cells."""
        self.columns = columns
        self.count = len(keys)
        self._keys = keys
        self._cells = cells
        self._places: dict[str, int] | None = None

    def rows(self, start: int, stop: int) -> list[Sequence[str]]:
        """Return the cells of rows ``start`` .. ``stop - 1``."""
        return [self._cells(row) for row in range(start, min(stop, self.count))]

    def key(self, row: int) -> str:
        """Return what names a row."""
        return self._keys[row]

    def find_key(self, key: str) -> int | None:
        """Return the row that ``key`` names."""
        if self._places is None:
            self._places = {key: row for row, key in reversed(list(enumerate(self._keys)))}
        return self._places.get(key)

    def role(self, row: int, column: int) -> str | None:
        """Return None: all cells look the same."""
        return None


def search_cells(
    source: Rows, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
) -> int | None:
    """Return the next row of any :class:`Rows` holding ``text``, reading pages of it; None at the end."""
    wanted = text.lower()
    row = start
    while 0 <= row < source.count and not cancelled():
        progress(abs(row - start), source.count)
        first, last = (row, min(source.count, row + PAGE)) if step > 0 else (max(0, row - PAGE + 1), row + 1)
        cells = source.rows(first, last)
        numbers = range(first, last) if step > 0 else reversed(range(first, last))
        for number in numbers:
            if any(wanted in cell.lower() for cell in cells[number - first]):
                return number
        row = last if step > 0 else first - 1
    return None
