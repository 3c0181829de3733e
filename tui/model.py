"""What the screens ask for and get: the protocol between the TUI and a capture.

:mod:`.gateway` implements it over the engine; tests implement it over made-up data. Nothing here imports the
engine. Text in these objects is raw text of the capture: widgets clean it when they paint it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .state import Query

Check = Callable[[], bool]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CaptureInfo:
    """The capture as a whole."""

    path: str
    name: str
    events: int
    start_ts: int  # ns since the epoch
    end_ts: int
    notice: str = ""  # a sentence when the capture is damaged

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from the first to the last event."""
        return self.end_ts - self.start_ts


@dataclass(frozen=True)
class ViewInfo:
    """One entry of the list of views."""

    id: str
    name: str
    kind: str  # tiles, table, tree, streams, events
    purpose: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    right: bool = False  # numbers
    width: int = 0  # cells; 0: as wide as its header and its visible cells, at most `limit`
    limit: int = 40
    field: str = ""
    drop: int = 0  # left out where the last column has no room; the largest first; 0: never


class Rows(Protocol):
    """Rows of a table; asks of it cost the same for ten rows and for 10^8."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns."""
        ...

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def rows(self, start: int, stop: int) -> Sequence[Sequence[str]]:
        """Return the cells of rows ``start`` .. ``stop - 1``."""
        ...

    def key(self, row: int) -> str:
        """Return what names a row, whatever the order of the rows."""
        ...

    def find_key(self, key: str) -> int | None:
        """Return the row that ``key`` names."""
        ...

    def role(self, row: int, column: int) -> str | None:
        """Return the role of the theme for a cell, or None for the usual one."""
        ...

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next row from ``start`` holding ``text``, in any case; ``step``: 1 or -1."""
        ...


class EventRows(Rows, Protocol):
    """Rows that may stand for events."""

    def event(self, row: int) -> int | None:
        """Return the event row of the capture, or None."""
        ...


class TableRows(EventRows, Protocol):
    """Rows of a view: they can be put into another order, and lead on."""

    @property
    def sort(self) -> tuple[int, bool] | None:
        """The column they are ordered by, and whether the largest comes first."""
        ...

    def sorted_by(self, column: int, descending: bool | None) -> TableRows:
        """Return the rows ordered by ``column``; None: its usual way round (figures from the largest)."""
        ...

    def target(self, row: int) -> Target | None:
        """Return where Enter on a row leads, or None."""
        ...


class TreeRows(EventRows, Protocol):
    """Rows of a tree that folds."""

    def toggled(self, row: int) -> TreeRows:
        """Return the rows with what is below ``row`` hidden or shown."""
        ...

    def target(self, row: int) -> Target:
        """Return where Enter on a row leads."""
        ...


@dataclass(frozen=True)
class Tile:
    """One figure of the Overview."""

    id: str
    name: str
    category: str  # title of its category
    total: float
    shown: str  # the total as people read it
    unit: str
    timeline: Sequence[float]
    view: str
    filter: str = ""
    key_field: str = ""
    noteworthy: bool = False


@dataclass(frozen=True)
class Summary:
    """All tiles; timelines go from ``start_ts`` to ``end_ts`` in equal steps."""

    tiles: Sequence[Tile]
    start_ts: int
    end_ts: int


@dataclass(frozen=True)
class Target:
    """Where a drill-down leads: a view, the filter to add and the field that was chosen."""

    view: str
    filter: str
    key_field: str
    label: str


@dataclass(frozen=True)
class Block:
    """One read or write with its payload."""

    event: int  # event row
    ts: int
    write: bool
    size: int  # bytes the call moved; the payload may hold fewer
    container: str
    process: str
    pid: int
    fd: int
    name: str  # of the descriptor
    data: bytes


class Streams(Protocol):
    """The blocks of a selection, in time order."""

    @property
    def count(self) -> int:
        """How many blocks there are."""
        ...

    def block(self, index: int) -> Block:
        """Return one block."""
        ...

    def lines(self, index: int, mode: str) -> Sequence[str]:
        """Return the payload of a block as lines of text: ``dotted``, ``ascii`` or ``hex``."""
        ...

    def payload(self, index: int, cancelled: Check) -> tuple[bytes, int]:
        """Return the payloads of all blocks of the same stream, joined, and how many blocks that are."""
        ...

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next block from ``start`` in direction ``step`` holding ``text``, in any case."""
        ...

    def find_event(self, event: int) -> int:
        """Return the index of the block at or after event row ``event``."""
        ...


@dataclass(frozen=True)
class FieldValue:
    """One field of an event."""

    group: str
    name: str
    value: str
    help: str = ""
    filter: str = ""  # the filter that chooses this value; "": cannot be filtered on


@dataclass(frozen=True)
class FilterProblem:
    """What is wrong with a filter, and where (column from 0)."""

    column: int
    message: str


@dataclass
class Opening:
    """Progress of opening a capture; written by the worker, read by the screen."""

    done: int = 0
    total: int = 0
    stage: str = ""  # what happens now, if it is not reading
    ended: bool = False


class Gateway(Protocol):
    """An open capture as the screens see it. Everything with ``cancelled`` runs in a worker."""

    info: CaptureInfo

    def views(self, key_field: str) -> Sequence[ViewInfo]:
        """Return the views that make sense after a selection of ``key_field`` ("": whole capture)."""
        ...

    def view(self, view_id: str) -> ViewInfo:
        """Return one view."""
        ...

    def check(self, text: str) -> FilterProblem | None:
        """Return what is wrong with a filter, or None."""
        ...

    def summary(self, query: Query, cancelled: Check) -> Summary:
        """Return the tiles of a selection."""
        ...

    def table(self, view_id: str, query: Query, cancelled: Check) -> TableRows:
        """Return the rows of a table view."""
        ...

    def events(self, query: Query, cancelled: Check) -> EventRows:
        """Return the system calls of a selection."""
        ...

    def sessions(self, query: Query, cancelled: Check) -> TreeRows:
        """Return who ran what."""
        ...

    def streams(self, query: Query, cancelled: Check) -> Streams:
        """Return the reads and writes of a selection."""
        ...

    def pivot(self, event: int, what: str) -> Target | None:
        """Return the way to the ``container`` or the ``process`` of an event."""
        ...

    def details(self, event: int, cancelled: Check) -> Sequence[FieldValue]:
        """Return every field of an event."""
        ...

    def close(self) -> None:
        """Let go of the capture."""
        ...
