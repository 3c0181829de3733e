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


def nobody(done: int, total: int) -> None:
    """Take progress that nobody asked for."""


def never() -> bool:
    """Return that the work goes on."""
    return False


@dataclass(frozen=True)
class Figures:
    """How the numbers of a table are written."""

    raw: bool = False  # as the capture has them: bytes, nanoseconds; else K, M, ms...
    totals: bool = False  # totals where a column shows how much fell on each second


AS_USUAL = Figures()


@dataclass(frozen=True)
class CellValue:
    """One cell of a row in full."""

    name: str  # of the column
    field: str
    text: str  # as people read it
    raw: str  # as the capture has it
    help: str


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
    kind: str  # tiles, table, tree (sessions), processes (their tree), spectrogram, streams, events
    purpose: str = ""
    group: str = ""  # title in the list of views
    digit: str = ""  # key that opens it
    own: bool = False  # from a file of the user


@dataclass(frozen=True)
class Column:
    """One column of a table. ``name`` says which it is, whatever its header reads."""

    name: str
    right: bool = False  # numbers
    width: int = 0  # cells; 0: as wide as its header and its visible cells, at most `limit`
    limit: int = 40
    field: str = ""
    drop: int = 0  # left out where the last column has no room; the largest first; 0: never
    title: str = ""  # what the header reads, when it is not the name
    help: str = ""  # what it shows, in a sentence
    bar: bool = False  # its cells are bars: see `Barred`

    @property
    def header(self) -> str:
        """What the header reads."""
        return self.title or self.name


@dataclass(frozen=True)
class About:
    """What there is to say about a view."""

    id: str
    name: str
    purpose: str
    filter: str = ""  # its own
    key: str = ""  # field that makes a row
    target: str = ""  # name of the view that a row opens
    columns: Sequence[Column] = ()


@dataclass(frozen=True)
class Bar:
    """A span of the time shown: from and to are shares of it, 0 to 1."""

    start: float
    end: float
    begins: bool  # it begins inside; else it was there before
    ends: bool
    role: str


class Barred(Protocol):
    """Rows with a column of bars."""

    def bar(self, row: int) -> Bar:
        """Return the bar of a row."""
        ...


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

    def search(
        self, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
        """Return the next row from ``start`` holding ``text``, in any case; ``step``: 1 or -1."""
        ...

    def striking(self, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next row from ``start`` that the view's colour rules mark as wrong or doubtful."""
        ...


class EventRows(Rows, Protocol):
    """Rows that may stand for events."""

    def event(self, row: int) -> int | None:
        """Return the event row of the capture, or None."""
        ...


class TableRows(EventRows, Protocol):
    """Rows of a view: they can be put into another order, be written in other ways, and lead on."""

    @property
    def sort(self) -> tuple[int, bool] | None:
        """The column they are ordered by, and whether the largest comes first."""
        ...

    @property
    def figures(self) -> Figures:
        """How numbers are written."""
        ...

    @property
    def rates(self) -> str:
        """What rates refer to, such as ``/s of 12.1s``; "" when no column has any."""
        ...

    def sorted_by(
        self, column: int, descending: bool | None, cancelled: Check = never, progress: Progress = nobody
    ) -> TableRows:
        """Return the rows ordered by ``column``; None: its usual way round (figures from the largest)."""
        ...

    def written(self, figures: Figures) -> TableRows:
        """Return the same rows with numbers written in another way."""
        ...

    def values(self, row: int) -> Sequence[CellValue]:
        """Return one row, cell by cell, with the values as the capture has them."""
        ...

    def target(self, row: int) -> Target | None:
        """Return where Enter on a row leads, or None."""
        ...


class TreeRows(EventRows, Protocol):
    """Rows of a tree that folds."""

    def toggled(self, row: int) -> TreeRows:
        """Return the rows with what is below ``row`` hidden or shown."""
        ...

    def folded_all(self, hide: bool) -> TreeRows:
        """Return the rows with everything below the topmost hidden, or everything shown."""
        ...

    def parent(self, row: int) -> int | None:
        """Return the row above which ``row`` hangs, None for the topmost."""
        ...

    def inside(self, row: int) -> int | None:
        """Return the event row of a line, or of the first line below it that has one."""
        ...

    def target(self, row: int) -> Target:
        """Return where Enter on a row leads."""
        ...


class ProcessTreeRows(TreeRows, Barred, Protocol):
    """Processes below the ones that started them."""

    @property
    def figures(self) -> Figures:
        """How numbers are written."""
        ...

    def written(self, figures: Figures) -> ProcessTreeRows:
        """Return the same rows with numbers written in another way."""
        ...

    def values(self, row: int) -> Sequence[CellValue]:
        """Return one process, cell by cell."""
        ...

    def overview(self, row: int, what: str) -> Target | None:
        """Return the way to the ``process``, its ``family`` (with all below) or its ``container``."""
        ...


@dataclass(frozen=True)
class Brush:
    """A part of a spectrogram."""

    window: tuple[int, int]  # ns, [from, to)
    filter: str


class Spectrum(Protocol):
    """Counts of calls by time (columns) and latency (lines, the slowest first)."""

    columns: int
    lines: int
    start_ts: int
    end_ts: int
    column_ns: int
    total: int
    peak: int  # the largest count of a cell
    note: str  # why there is nothing

    def counts(self, line: int) -> Sequence[int]:
        """Return the counts of a line, one per column."""
        ...

    def latency(self, line: int) -> tuple[int, int | None]:
        """Return the latencies [from, to) of a line in ns; None: no upper end."""
        ...

    def brush(self, columns: tuple[int, int], lines: tuple[int, int]) -> Brush:
        """Return the filter and the time of the columns and lines [from, to)."""
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
    sort: str = ""  # column that the view is sorted by
    help: str = ""  # what it counts, in a sentence
    spare: bool = False  # counts nothing, and is shown only when all are


@dataclass(frozen=True)
class Summary:
    """All tiles; timelines go from ``start_ts`` to ``end_ts`` in steps of ``step_ns``."""

    tiles: Sequence[Tile]
    start_ts: int
    end_ts: int
    step_ns: int


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


@dataclass(frozen=True)
class Payload:
    """Payloads of blocks, joined."""

    data: bytes
    blocks: int
    moved: int  # bytes that the calls moved; a capture may keep the beginning of each payload only


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

    def payload(self, index: int, cancelled: Check) -> Payload:
        """Return the payloads of all blocks here that belong to the same stream."""
        ...

    def search(
        self, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
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


@dataclass(frozen=True)
class Offer:
    """One way to go on with a filter."""

    text: str  # as it is written in a filter
    kind: str  # what it is: text, a number, named filter, 12 events...
    about: str = ""  # what it means
    shown: str = ""  # as it reads in a list, when that is not `text`


@dataclass(frozen=True)
class Completion:
    """Ways to go on with a filter: they take the place of ``word``, which stands at ``start`` .. ``end``."""

    start: int
    end: int
    word: str
    title: str  # what is asked for
    offers: Sequence[Offer] = ()
    joined: bool = True  # whether an offer may follow what stands before it without a blank


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file of the user."""

    path: str
    line: int | None  # from 1
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

    def reload_views(self) -> Sequence[Problem]:
        """Read the user's own views again; return what is wrong with them."""
        ...

    def view_problems(self) -> Sequence[Problem]:
        """Return what was wrong with the user's own views when they were last read."""
        ...

    def about(self, view_id: str) -> About:
        """Return what a view shows."""
        ...

    def check(self, text: str) -> FilterProblem | None:
        """Return what is wrong with a filter, or None."""
        ...

    def complete(
        self,
        text: str,
        cursor: int,
        window: tuple[int, int] | None,
        cancelled: Check,
        progress: Progress = nobody,
    ) -> Completion | None:
        """Return how a filter can go on at ``cursor``, with values from the time of ``window``."""
        ...

    def summary(self, query: Query, cancelled: Check) -> Summary:
        """Return the tiles of a selection, spare ones too."""
        ...

    def table(self, view_id: str, query: Query, cancelled: Check) -> TableRows:
        """Return the rows of a table view."""
        ...

    def events(self, query: Query, cancelled: Check) -> TableRows:
        """Return the system calls of a selection."""
        ...

    def sessions(self, query: Query, cancelled: Check) -> TreeRows:
        """Return who ran what."""
        ...

    def processes(self, query: Query, cancelled: Check) -> ProcessTreeRows:
        """Return the tree of processes of a selection."""
        ...

    def spectrum(self, view_id: str, query: Query, size: tuple[int, int], cancelled: Check) -> Spectrum:
        """Return a spectrogram of at most ``size`` (columns, lines)."""
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
