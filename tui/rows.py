"""Rows held in memory: the ordinary implementation of :class:`..tui.model.Rows`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from .model import Check, Column

_versions = itertools.count(1)


def next_version() -> int:
    """Return a number no other rows have."""
    return next(_versions)


class ListRows:
    """A table whose cells are made on demand from rows in memory, in an order that can change.

    ``cells(i)`` gives the texts of row i; ``values(i, column)`` what to order by (None: no value).
    """

    def __init__(
        self,
        columns: Sequence[Column],
        keys: Sequence[str],
        cells: Callable[[int], Sequence[str]],
        values: Callable[[int, int], object] | None = None,
        order: Sequence[int] | None = None,
        sort: tuple[int, bool] | None = None,
    ) -> None:
        """Take the columns, the key of each row and the functions above; ``order`` permutes the rows."""
        self.columns = columns
        self.count = len(keys)
        self.version = next_version()
        self.sort = sort
        self._keys = keys
        self._cells = cells
        self._values = values
        self._order = order
        self._places: dict[str, int] | None = None

    def source_row(self, row: int) -> int:
        """Return the number a row had before it was put in order."""
        return row if self._order is None else self._order[row]

    def rows(self, start: int, stop: int) -> list[Sequence[str]]:
        """Return the cells of rows ``start`` .. ``stop - 1``."""
        return [self._cells(self.source_row(row)) for row in range(start, min(stop, self.count))]

    def key(self, row: int) -> str:
        """Return what names a row."""
        return self._keys[self.source_row(row)]

    def find_key(self, key: str) -> int | None:
        """Return the row that ``key`` names."""
        if self._places is None:
            self._places = {self.key(row): row for row in reversed(range(self.count))}
        return self._places.get(key)

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next row from ``start`` on that holds ``text``, in any case."""
        return search_cells(self, text, start, step, cancelled)

    def sorted_by(self, column: int, reverse: bool) -> ListRows:
        """Return the rows ordered by a column: figures from the largest, text from A, no value last."""
        values = self._values
        assert values is not None
        found = [(values(row, column), row) for row in range(self.count)]
        present = [(value, row) for value, row in found if value is not None]
        figures = all(isinstance(value, int | float) for value, _ in present)
        present.sort(key=lambda pair: pair[0] if figures else str(pair[0]), reverse=figures is not reverse)  # pyright: ignore[reportArgumentType, reportCallIssue]
        order = [row for _, row in present] + [row for value, row in found if value is None]
        return ListRows(self.columns, self._keys, self._cells, values, order, (column, reverse))


def search_cells(rows: object, text: str, start: int, step: int, cancelled: Check, page: int = 512) -> int | None:
    """Return the next row of any :class:`Rows` holding ``text``, reading pages of it; None at the end."""
    source: ListRows = rows  # pyright: ignore[reportAssignmentType]
    wanted = text.lower()
    row = start
    while 0 <= row < source.count and not cancelled():
        first, last = (row, min(source.count, row + page)) if step > 0 else (max(0, row - page + 1), row + 1)
        cells = source.rows(first, last)
        numbers = range(first, last) if step > 0 else reversed(range(first, last))
        for number in numbers:
            if any(wanted in cell.lower() for cell in cells[number - first]):
                return number
        row = last if step > 0 else first - 1
    return None
