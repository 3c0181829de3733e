"""Tables and lists of the engine as the screens see them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..core.views.drill import level_filter, target_of
from ..core.views.table import Table
from ..core.views.units import SECOND, duration
from . import figures as numbers
from .matches import Matches
from .model import AS_USUAL, CellValue, Check, Column, Figures, Progress, Target, never, nobody
from .rows import STRIKING

KEPT_ORDERS = 3  # of one table
_Kept = OrderedDict[tuple[int, bool], Table]
_WIDEST = 4000  # cells of a last column
_DROPPED = {  # columns that give way to the last one, the largest number first
    "thread.vtid": 9, "proc.vpid": 9, "evt.cpu": 8, "proc.ppid": 8, "thread.vmsize.b": 7, "proc.nthreads": 6,
    "container.type": 6, "container.image": 5, "container.name": 3, "thread.tid": 2,
    "http.client.pid": 9, "http.server.pid": 9, "http.size": 8, "http.servertime": 7,
    "http.client.container": 6, "http.server.container": 5, "http.client": 4,
    "dns.client.pid": 9, "dns.client.container": 7, "dns.server": 5,
    "proc.exit.code": 9, "proc.exit.signal": 9, "proc.pname": 5, "user.name": 4, "proc.lifetime": 4,
    "user.homedir": 8, "user.shell": 0, "proc.tty": 9, "user.loginname": 7,
}  # fmt: skip


_NAMED_BY = {  # fields whose cells say what a key is, in the breadcrumbs
    "container.id": ("container.name",),
    "http.id": ("http.method", "http.url"),
    "dns.id": ("dns.type", "dns.name"),
}


class ViewRows:
    """The rows of a view's table."""

    def __init__(self, table: Table, figures: Figures = AS_USUAL, kept: _Kept | None = None) -> None:
        """Take the table; nothing is read before it is asked for."""
        self.table = table
        self.figures = figures
        self.count = table.shown
        self.sort = None if table.sort is None else (table.sort, table.descending)
        self._found: tuple[tuple[str, Figures], Matches] | None = None
        self._kept: _Kept = OrderedDict() if kept is None else kept
        last = len(table.columns) - 1
        self.columns = [
            Column(
                column.name,
                right=column.numeric,
                limit=_WIDEST if at == last else max(column.width, 14) if column.width else 60,
                field=column.field,
                drop=_DROPPED.get(column.field, 0),
                title=numbers.header(column, figures),
                help=column.description,
            )
            for at, column in enumerate(table.columns)
        ]

    @property
    def rates(self) -> str:
        """What the rates of this table refer to."""
        if not any(numbers.is_rate(column) for column in self.table.columns):
            return ""
        span = duration(round(self.table.seconds * SECOND))
        return f"totals of {span}" if self.figures.totals else f"/s of {span}"

    def rows(self, start: int, stop: int) -> list[list[str]]:
        """Return the cells of rows ``start`` .. ``stop - 1`` as people read them."""
        columns, seconds, figures = self.table.columns, self.table.seconds, self.figures
        return [
            [
                numbers.text(column, value, seconds, figures)
                for column, value in zip(columns, row, strict=True)
            ]
            for row in self.table.page(start, stop)
        ]

    def values(self, row: int) -> Sequence[CellValue]:
        """Return one row, cell by cell; rates as totals too."""
        found: list[CellValue] = []
        table = self.table
        for column, value in zip(table.columns, table.page(row, row + 1)[0], strict=True):
            text = numbers.text(column, value, table.seconds, Figures(False, self.figures.totals))
            title = numbers.header(column, Figures(False, self.figures.totals))
            exact = numbers.raw(value)
            if numbers.is_rate(column):
                exact += f" in {table.seconds:.6f}s"
            elif column.type == "RELTIME" and exact:
                exact += " ns"
            found.append(CellValue(title, column.field, text, exact, column.description))
        return found

    def key(self, row: int) -> str:
        """Return what names a row."""
        return self.table.page_keys(row, row + 1)[0]

    def find_key(self, key: str) -> int | None:
        """Return the row that ``key`` names."""
        return self.table.find(key)

    def role(self, row: int, column: int) -> str | None:
        """Return the role that the view's colour rules give to a cell."""
        return self.table.role(row, column)

    def event(self, row: int) -> int | None:
        """Return the event behind a row of a list."""
        return self.table.event_row(row)

    def search(
        self, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
        """Return the next row holding ``text``; what was found out about the last text is kept."""
        key = (text, self.figures)
        if self._found is None or self._found[0] != key:
            self._found = (key, Matches(self.table, text, self.figures))
        return self._found[1].next(self.table, start, step, cancelled, progress)

    def striking(self, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next row that a colour rule marks as wrong or doubtful."""
        marks = self._marks
        if marks is None:
            return None
        marked = marks if self.table.order is None else marks[self.table.order]
        rows = np.flatnonzero(marked[: self.count])
        at = int(np.searchsorted(rows, start, side="left" if step > 0 else "right")) - (step < 0)
        return int(rows[at]) if 0 <= at < len(rows) else None

    @cached_property
    def _marks(self) -> NDArray[np.bool_] | None:
        """Which rows of the store a colour rule marks as wrong or doubtful; None: no rule does."""
        table = self.table
        rules = [rule for rule in table.store.roles if rule[1] in STRIKING]
        if not rules:
            return None
        marks = np.zeros(table.count, np.bool_)
        for where, _, rows, above in rules:
            if rows is not None:
                marks |= rows
            elif where is not None:
                cells = table.store.columns[where].cells(np.arange(table.count, dtype=np.int64))
                marks |= cells.valid & (cells.values > above)
        return marks

    def sorted_by(
        self, column: int, descending: bool | None, cancelled: Check = never, progress: Progress = nobody
    ) -> Self:
        """Return the rows ordered by a column; the last orders are kept, as a long list takes a while."""
        down = self.table.columns[column].descending if descending is None else descending
        found = self._kept.get((column, down))
        if found is None:
            found = self.table.sorted_by(column, down, cancelled, progress)
            self._kept[column, down] = found
            while len(self._kept) > KEPT_ORDERS:
                self._kept.popitem(last=False)
        return type(self)(found, self.figures, self._kept)

    def written(self, figures: Figures) -> Self:
        """Return the same rows with numbers written in another way."""
        return type(self)(self.table, figures, self._kept)

    def target(self, row: int) -> Target | None:
        """Return where Enter on a row leads: the view's target and the filter of the row's key."""
        view = self.table.view
        if view.key is None:
            return None
        field = view.key.drill(self.table.containers)
        value = self.table.key_value(row)
        shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        label = self._label(row, field, "nothing" if value is None else shown)
        return Target(target_of(view, field), level_filter(view, field, value), field, label)

    def _label(self, row: int, field: str, value: str) -> str:
        """Return a row's key for the breadcrumbs, with the name that goes with a number."""
        shown = {column.field: at for at, column in enumerate(self.table.columns)}
        names = _NAMED_BY.get(field, ())
        if names and all(name in shown for name in names):
            cells = self.rows(row, row + 1)[0]
            return " ".join(cells[shown[name]] for name in names)
        if field in ("proc.pid", "thread.tid"):
            for name in ("proc.name", "proc.exeline"):
                if name in shown:
                    words = self.rows(row, row + 1)[0][shown[name]].split()
                    return f"{words[0].rpartition('/')[2]}({value})" if words else value
        return value


class EventTable(ViewRows):
    """Rows that are events; their key is the event row, whatever the selection."""

    def key(self, row: int) -> str:
        """Return the event row."""
        return str(self.event(row))

    def find_key(self, key: str) -> int | None:
        """Return the row of an event, or the one after it."""
        events = self.table.store.events
        if events is None or not self.count:
            return None
        place = min(int(np.searchsorted(events, int(key))), len(events) - 1)
        order = self.table.order
        return place if order is None else int(np.flatnonzero(order == place)[0])
