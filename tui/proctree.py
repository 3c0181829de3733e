"""The process tree as rows that fold: ancestry, what each process did, and its life as a bar over time.

Input: a :class:`~scaptui.core.views.proctree.ProcessTree`, and the columns of the view's file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Self

from ..core.views.drill import key_filter
from ..core.views.model import ColumnSpec
from ..core.views.proctree import Process, ProcessTree
from ..core.views.units import clock, duration, size
from .model import AS_USUAL, Bar, CellValue, Column, Figures, Target
from .rows import Cellwise
from .state import EVENTS, OVERVIEW, Window

BAR = "LIFE"
_BAR_CELLS = 24
_BAR_HELP = "When it lived, in the time shown: ├ it began, ┤ it ended; else it was there before, or lived on."
_WIDEST = 4000
_NAME = "tree.name"
_DROPPED = {  # columns that give way to the last one, the largest number first
    "proc.started": 9, "tree.threads": 8, "tree.user": 8, "tree.net_in": 7, "tree.net_out": 7,
    "tree.file_in": 6, "tree.file_out": 6, "tree.events": 5, "proc.lifetime": 4, "container.name": 3,
}  # fmt: skip
_ROLES = {"proc.exit.text": "error", "tree.errors": "warning"}
_SUMS = ("tree.events", "tree.errors", "tree.file_in", "tree.file_out", "tree.net_in", "tree.net_out")

VALUES: Mapping[str, Callable[[Process], int | str | None]] = {
    "proc.pid": lambda process: process.pid,
    "proc.ppid": lambda process: process.ppid or None,
    _NAME: lambda process: process.name,
    "tree.threads": lambda process: process.threads,
    "tree.user": lambda process: process.user,
    "proc.started": lambda process: process.began_ns if process.started else None,
    "proc.lifetime": lambda process: process.lifetime_ns,
    "proc.exit.text": lambda process: process.exit_text,
    "tree.events": lambda process: process.events,
    "tree.errors": lambda process: process.errors,
    "tree.file_in": lambda process: process.file_in,
    "tree.file_out": lambda process: process.file_out,
    "tree.net_in": lambda process: process.net_in,
    "tree.net_out": lambda process: process.net_out,
    "container.name": lambda process: process.container,
    "tree.command": lambda process: process.command,
}


class ProcessRows(Cellwise):
    """The lines of a process tree that are not folded away."""

    def __init__(
        self,
        tree: ProcessTree,
        specs: Sequence[ColumnSpec],
        window: Window | None,
        folded: frozenset[int] = frozenset(),
        figures: Figures = AS_USUAL,
    ) -> None:
        """Take the tree, the view's columns, the time of the bars and the numbers of folded processes."""
        self._tree = tree
        self._specs = specs
        self._window = window
        self._folded = folded
        self._lines = list(tree.lines(folded))
        self._places: dict[int, int] | None = None
        self.figures = figures
        self.rates = ""
        self.count = len(self._lines)
        self.columns = self._make_columns()

    def _make_columns(self) -> list[Column]:
        found: list[Column] = []
        for at, spec in enumerate(self._specs):
            last = at == len(self._specs) - 1
            if spec.field == "container.name" or (last and all(column.name != BAR for column in found)):
                found.append(Column(BAR, width=_BAR_CELLS, bar=True, help=_BAR_HELP))
            title = f"{spec.name} ns" if self.figures.raw and spec.field == "proc.lifetime" else ""
            found.append(
                Column(
                    spec.name,
                    right=spec.field in (*_SUMS, "proc.pid", "tree.threads", "proc.lifetime"),
                    limit=_WIDEST if last else 60 if spec.field == _NAME else max(spec.width, 14),
                    field=spec.field,
                    drop=_DROPPED.get(spec.field, 0),
                    title=title,
                    help=spec.description,
                )
            )
        return found

    # ------------------------------------------------------------------ cells

    def _text(self, field: str, process: Process, figures: Figures) -> str:
        value = VALUES[field](process) if field in VALUES else None
        if value is None:
            return ""
        if isinstance(value, str) or figures.raw or field in ("proc.pid", "tree.threads"):
            return str(value)
        if field == "proc.lifetime":
            return duration(value)
        return clock(value) if field == "proc.started" else size(value)

    def rows(self, start: int, stop: int) -> list[list[str]]:
        """Return the cells of lines ``start`` .. ``stop - 1``."""
        return [self._cells(process) for process in self._lines[start:stop]]

    def _cells(self, process: Process) -> list[str]:
        cells = [
            "" if column.bar else self._text(column.field, process, self.figures) for column in self.columns
        ]
        for at, column in enumerate(self.columns):
            if column.field == _NAME:
                cells[at] = self._guide(process) + cells[at]
        return cells

    def _guide(self, process: Process) -> str:
        *above, here = self._tree.guides(process.number) or (None,)
        lines = "".join("│ " if more else "  " for more in above)
        branch = "" if here is None else "├ " if here else "└ "
        mark = "" if not process.children else "▸ " if process.number in self._folded else "▾ "
        return lines + branch + mark

    def values(self, row: int) -> list[CellValue]:
        """Return one process, cell by cell."""
        process = self._lines[row]
        return [
            CellValue(
                spec.name,
                spec.field,
                self._text(spec.field, process, AS_USUAL),
                self._text(spec.field, process, Figures(raw=True)),
                spec.description,
            )
            for spec in self._specs
        ]

    def bar(self, row: int) -> Bar:
        """Return the life of a process as shares of the time shown."""
        process = self._lines[row]
        first, last = self._window or (self._tree.start_ts, self._tree.end_ts + 1)
        span = max(last - first, 1)
        start, end = ((edge - first) / span for edge in (process.began_ns, process.ended_ns))
        inside = start <= 1 and end >= 0
        return Bar(
            max(0.0, min(1.0, start)),
            max(0.0, min(1.0, end)),
            begins=process.started and 0 <= start <= 1,
            ends=process.ended and 0 <= end <= 1,
            role=("error" if process.failed and process.ended else "bar") if inside else "dim",
        )

    def inside(self, row: int) -> int | None:
        """Return None: processes are no events."""
        return None

    def role(self, row: int, column: int) -> str | None:
        """Return the role of a cell: failures stand out, ancestors that do not pass the filter do not."""
        process, field = self._lines[row], self.columns[column].field
        if field in _ROLES and (process.failed if field == "proc.exit.text" else process.errors):
            return _ROLES[field]
        return None if process.matched else "dim"

    # ------------------------------------------------------------------ lines

    def key(self, row: int) -> str:
        """Return what names a process, whatever is folded: its place in the capture."""
        return str(self._lines[row].life)

    def find_key(self, key: str) -> int | None:
        """Return the line of a process."""
        if self._places is None:
            self._places = {process.life: at for at, process in enumerate(self._lines)}
        return self._places.get(int(key)) if key.isdecimal() else None

    def event(self, row: int) -> int | None:
        """Return None: a process is no event."""
        return None

    def written(self, figures: Figures) -> Self:
        """Return the same lines with numbers written in another way."""
        return type(self)(self._tree, self._specs, self._window, self._folded, figures)

    # ------------------------------------------------------------------- tree

    def toggled(self, row: int) -> ProcessRows:
        """Return the lines with what is below one hidden or shown."""
        process = self._lines[row]
        return self._with(self._folded ^ {process.number}) if process.children else self

    def folded_all(self, hide: bool) -> ProcessRows:
        """Return the lines with everything below the topmost processes hidden, or everything shown."""
        parents = (process.number for process in self._tree.processes if process.children)
        return self._with(frozenset(parents) if hide else frozenset())

    def _with(self, folded: frozenset[int]) -> ProcessRows:
        return ProcessRows(self._tree, self._specs, self._window, folded, self.figures)

    def parent(self, row: int) -> int | None:
        """Return the line of the process above, None for the topmost."""
        above = self._lines[row].parent
        return self.find_key(str(self._tree.processes[above].life)) if above >= 0 else None

    def target(self, row: int) -> Target:
        """Return the system calls of a process."""
        process = self._lines[row]
        return Target(EVENTS, self._tree.filter(process.number), "proc.pid", _label(process))

    def overview(self, row: int, what: str) -> Target | None:
        """Return the Overview of the ``process``, its ``family`` (with all below) or its ``container``."""
        process = self._lines[row]
        if what == "container":
            if not process.container_id:
                return None
            text = key_filter("container.id", process.container_id)
            return Target(OVERVIEW, text, "container.id", process.container or process.container_id)
        family = what == "family"
        text = self._tree.filter(process.number, descendants=family)
        return Target(OVERVIEW, text, "proc.pid", _label(process) + (" and below" if family else ""))


def _label(process: Process) -> str:
    return f"{process.name}({process.pid})"
