"""A made-up capture for the TUI: two containers, five processes, a few streams, hostile names."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scaptui.core.errors import Cancelled
from scaptui.core.views.units import amount
from scaptui.tui.groups import load_groups
from scaptui.tui.model import (
    AS_USUAL,
    About,
    Bar,
    Block,
    Brush,
    CaptureInfo,
    CellValue,
    Check,
    Column,
    Completion,
    FieldValue,
    Figures,
    FilterProblem,
    Offer,
    Payload,
    Problem,
    Progress,
    Summary,
    Target,
    Tile,
    ViewInfo,
    never,
    nobody,
)
from scaptui.tui.rows import ListRows, search_cells
from scaptui.tui.state import Query

START = 1_506_127_469_000_000_000
SECOND = 1_000_000_000
HOSTILE = "evil\x1b]0;owned\x07\x9b31m\u202e[red]x[/red]\r\n"

VIEWS = load_groups().arranged(
    [
        ViewInfo("overview", "Overview", "tiles"),
        ViewInfo("connections", "Connections", "table"),
        ViewInfo("containers", "Containers", "table"),
        ViewInfo("files", "Files", "table"),
        ViewInfo("procs", "Processes", "table"),
        ViewInfo("proc_tree", "Process Tree", "processes"),
        ViewInfo("spectro_all", "Spectrogram", "spectrogram"),
        ViewInfo("spy_users", "Spy Users", "tree"),
        ViewInfo("echo", "I/O Streams", "streams"),
        ViewInfo("dig", "Events", "events"),
    ]
)
PROCS = [
    ("100", "nginx", 12_000, "web"),
    ("200", "python3", 800, "exporter"),
    ("300", HOSTILE, 55, "web"),
    ("400", "bash", 3, "web"),
    ("500", "sshd", 0, "host"),
]


class FakeTable(ListRows):
    """A table that sorts. Its third column is a rate over the 12 seconds of the capture."""

    def __init__(
        self,
        columns: Sequence[Column],
        data: Sequence[tuple[Any, ...]],
        sort: tuple[int, bool] = (2, True),
        figures: Figures = AS_USUAL,
    ) -> None:
        column, descending = sort
        self.data: list[tuple[Any, ...]] = sorted(data, key=lambda row: row[column], reverse=descending)
        self.sort = sort
        self.figures = figures
        self.rates = "totals of 12s" if figures.totals else "/s of 12s"
        self._plain = columns
        name = columns[2].name
        title = name if figures.totals else f"{name}/s"
        columns = [*columns[:2], replace(columns[2], title=title), *columns[3:]]
        super().__init__(columns, [row[0] for row in self.data], lambda i: [*map(str, self._row(i))])

    def _row(self, row: int) -> list[Any]:
        values = list(self.data[row])
        values[2] = values[2] if self.figures.totals else round(values[2] / 12, 2)
        if not self.figures.raw:
            values[2] = amount(values[2])
        return values

    def target(self, row: int) -> Target | None:
        """Lead from containers to processes, from processes to events."""
        key = self.key(row)
        if self.columns[0].name == "ID":
            return Target("procs", f"container.id={key}", "container.id", self.data[row][1])
        return Target("dig", f"proc.pid={key}", "proc.pid", f"pid {key}") if key != "500" else None

    def event(self, row: int) -> int | None:
        """Return None: these are not events."""
        return None

    def sorted_by(
        self, column: int, descending: bool | None, cancelled: Check = never, progress: Progress = nobody
    ) -> FakeTable:
        """Sort; figures from the largest."""
        if descending is None:
            descending = isinstance(self.data[0][column], int)
        return FakeTable(self._plain, self.data, (column, descending), self.figures)

    def written(self, figures: Figures) -> FakeTable:
        """Write numbers in another way."""
        return FakeTable(self._plain, self.data, self.sort, figures)

    def values(self, row: int) -> list[CellValue]:
        """Return a row in full."""
        cells = zip(self.columns, self._row(row), self.data[row], strict=True)
        return [CellValue(c.header, c.field, str(text), str(raw), c.help) for c, text, raw in cells]


class HugeRows:
    """Any number of rows that exist only when asked for; counts how many were."""

    figures = AS_USUAL
    rates = ""

    def __init__(self, count: int) -> None:
        self.columns = [Column("NUM", right=True), Column("NAME")]
        self.count = count
        self.asked = 0
        self.sort: tuple[int, bool] | None = None
        self.sorting_takes = 0.0  # seconds
        self.searching_takes = 0.0  # seconds for each page

    def rows(self, start: int, stop: int) -> list[list[str]]:
        """Return rows."""
        self.asked += stop - start
        numbers = range(start, stop)
        if self.sort is not None and self.sort[1]:
            numbers = range(self.count - 1 - start, self.count - 1 - stop, -1)
        return [[str(row), f"row {row}"] for row in numbers]

    def sorted_by(
        self, column: int, descending: bool | None, cancelled: Check = never, progress: Progress = nobody
    ) -> HugeRows:
        """Turn the order round, in as long as it is said to take."""
        end = time.monotonic() + self.sorting_takes
        while (left := end - time.monotonic()) > 0:
            if cancelled():
                raise Cancelled
            progress(round((1 - left / self.sorting_takes) * self.count), self.count)
            time.sleep(0.01)
        found = HugeRows(self.count)
        found.sort = (column, bool(descending))
        return found

    def written(self, figures: Figures) -> HugeRows:
        """Return the same: there are no figures."""
        return self

    def values(self, row: int) -> list[CellValue]:
        """Return nothing."""
        return []

    def target(self, row: int) -> Target | None:
        """Lead nowhere."""
        return None

    def key(self, row: int) -> str:
        """Return the number."""
        return str(row)

    def find_key(self, key: str) -> int | None:
        """Return the number."""
        return int(key)

    def event(self, row: int) -> int:
        """Return the number."""
        return row

    def role(self, row: int, column: int) -> str | None:
        """Return nothing."""
        return None

    def search(
        self, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
        """Search pages."""

        def check() -> bool:
            time.sleep(self.searching_takes)
            return cancelled()

        return search_cells(self, text, start, step, check, progress)

    def striking(self, start: int, step: int, cancelled: Check) -> int | None:
        """Mark every row whose number ends in 500."""
        return next(
            (row for row in range(start, self.count if step > 0 else -1, step) if row % 1000 == 500), None
        )


class FakeTree(ListRows):
    """Two sessions."""

    figures = AS_USUAL

    LINES = (
        ("s1", 0, "root pts/0"),
        ("a", 1, "bash"),
        ("b", 2, "cat /etc/passwd"),
        ("s2", 0, "www"),
        ("c", 1, "id"),
    )

    def __init__(self, folded: frozenset[str] = frozenset()) -> None:
        self.folded = folded
        self.lines: list[tuple[str, int, str]] = []
        hide_below = 99
        for key, depth, text in self.LINES:
            if depth > hide_below:
                continue
            hide_below = depth if key in folded else 99
            self.lines.append((key, depth, text))
        columns = [Column("WHO"), Column("WHAT")]
        super().__init__(
            columns, [line[0] for line in self.lines], lambda i: ("  " * self.lines[i][1], self.lines[i][2])
        )

    def toggled(self, row: int) -> FakeTree:
        """Fold or unfold."""
        return FakeTree(self.folded ^ {self.lines[row][0]})

    def folded_all(self, hide: bool) -> FakeTree:
        """Fold or unfold everything."""
        return FakeTree(frozenset({"s1", "s2"}) if hide else frozenset())

    def parent(self, row: int) -> int | None:
        """Return the session of a line."""
        return (
            next((at for at in range(row, -1, -1) if not self.lines[at][1]), 0)
            if self.lines[row][1]
            else None
        )

    def event(self, row: int) -> int | None:
        """Return an event for commands."""
        return row if self.lines[row][1] else None

    def inside(self, row: int) -> int | None:
        """Return an event for sessions, too."""
        return row + 1

    def target(self, row: int) -> Target:
        """Lead to events."""
        return Target("dig", f"proc.sid={self.lines[row][0]}", "proc.sid", self.lines[row][2])


class FakeSpectrum:
    """Slow calls in the middle, quick ones everywhere."""

    note = ""

    def __init__(self, size: tuple[int, int], window: tuple[int, int] | None) -> None:
        self.columns, self.lines = size[0], min(size[1], 8)
        self.start_ts, self.end_ts = window or (START, START + 12 * SECOND)
        self.column_ns = max(1, (self.end_ts - self.start_ts) // self.columns + 1)
        self.grid = [
            [
                (9 - line if abs(column - self.columns // 2) <= 1 else 0)
                if line < 6
                else 1 + column % 50 * line
                for column in range(self.columns)
            ]
            for line in range(self.lines)
        ]
        self.total = sum(map(sum, self.grid))
        self.peak = max(map(max, self.grid))

    def counts(self, line: int) -> Sequence[int]:
        """Return a line."""
        return self.grid[line]

    def latency(self, line: int) -> tuple[int, int | None]:
        """Return a decade for each line."""
        low = 10 ** (self.lines - line)
        return low, low * 10

    def brush(self, columns: tuple[int, int], lines: tuple[int, int]) -> Brush:
        """Return the part."""
        window = (self.start_ts + columns[0] * self.column_ns, self.start_ts + columns[1] * self.column_ns)
        return Brush(
            window,
            f"evt.latency>={self.latency(lines[1] - 1)[0]} and evt.latency<{self.latency(lines[0])[1]}",
        )


class FakeProcesses(FakeTree):
    """The same tree, as processes with lives."""

    rates = ""

    def __init__(self, folded: frozenset[str] = frozenset()) -> None:
        super().__init__(folded)
        self.columns = [Column("WHO"), Column("LIFE", width=12, bar=True), Column("WHAT")]
        cells = self._cells
        self._cells = lambda row: (cells(row)[0], "", cells(row)[1])

    def bar(self, row: int) -> Bar:
        """Return a life, later for later lines."""
        return Bar(row / 6, 0.5 + row / 10, begins=row > 0, ends=row == 2, role="bar")

    def toggled(self, row: int) -> FakeProcesses:
        """Fold or unfold."""
        return FakeProcesses(self.folded ^ {self.lines[row][0]})

    def folded_all(self, hide: bool) -> FakeProcesses:
        """Fold or unfold everything."""
        return FakeProcesses(frozenset({"s1", "s2"}) if hide else frozenset())

    def event(self, row: int) -> int | None:
        """Return None: processes are no events."""
        return None

    def written(self, figures: Figures) -> FakeProcesses:
        """Return the same."""
        return self

    def values(self, row: int) -> list[CellValue]:
        """Return a line."""
        return [CellValue("WHAT", "proc.name", self.lines[row][2], self.lines[row][2], "Name.")]

    def overview(self, row: int, what: str) -> Target | None:
        """Lead to the processes."""
        return Target("procs", f"{what}={self.lines[row][0]}", "proc.pid", self.lines[row][2])


class FakeStreams:
    """Alternating reads and writes on two descriptors."""

    def __init__(self, count: int = 6, long: int = 0, cut: int | None = None) -> None:
        self.count = count
        self.long = long
        self.cut = cut  # bytes of each payload that the capture kept

    def block(self, index: int) -> Block:
        """Return a block; the last may be long."""
        data = f"GET /metrics {index} HTTP/1.1\r\nHost: {HOSTILE}\r\n\r\n".encode("utf-8", "surrogateescape")
        if index == self.count - 1 and self.long:
            data = bytes(range(256)) * (self.long // 256)
        return Block(
            index * 10, START + index * SECOND, index % 3 > 0, len(data), "web", "nginx", 100, 5 + index % 2,
            "10.0.0.1:80", data[: self.cut],
        )  # fmt: skip

    def lines(self, index: int, mode: str) -> Sequence[str]:
        """Return text."""
        data = self.block(index).data
        if mode == "hex":
            return [data[at : at + 16].hex(" ") for at in range(0, len(data), 16)]
        return data.decode("utf-8", "replace").split("\n") if mode == "ascii" else [repr(data)]

    def payload(self, index: int, cancelled: Check) -> Payload:
        """Join a stream."""
        same = [b for b in map(self.block, range(self.count)) if b.fd == self.block(index).fd]
        return Payload(b"".join(b.data for b in same), len(same), sum(b.size for b in same))

    def search(
        self, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
        """Look in payloads."""
        index = start
        while 0 <= index < self.count:
            if text.lower().encode() in self.block(index).data.lower():
                return index
            index += step
        return None

    def find_event(self, event: int) -> int:
        """Return the block of an event."""
        return event // 10


class WebStreams(FakeStreams):
    """A request and its answer."""

    TEXTS = (
        'POST /x HTTP/1.1\nHost: a.b\nAuthorization: Basic YTpi\n\n{"user": "bob", "id": 12, "ok": true}',
        'HTTP/1.1 200 OK\nContent-Type: text/html\n\n<html><body class="a">done</body></html>',
    )

    def __init__(self) -> None:
        super().__init__(count=2)

    def block(self, index: int) -> Block:
        """Return the request or the answer."""
        data = self.TEXTS[index].encode()
        ts = START + index * SECOND
        return Block(index, ts, index == 0, len(data), "web", "nginx", 100, 5, "10.0.0.1:80", data)

    def lines(self, index: int, mode: str) -> Sequence[str]:
        """Return text."""
        return self.TEXTS[index].split("\n")


class FakeGateway:
    """Answers at once; ``slow`` and ``broken`` make views hang or fail. ``asked`` records every question."""

    def __init__(self, *, notice: str = "") -> None:
        self.info = CaptureInfo("/x/fake.scap", "fake.scap", 22_381, START, START + 12 * SECOND, notice)
        self.asked: list[tuple[str, Query]] = []
        self.broken: Exception | None = None
        self.slow: set[str] = set()
        self.finished: list[str] = []
        self.huge = HugeRows(100_000)
        self.streams_of = FakeStreams()
        self.closed = False
        self.problems: list[Problem] = []

    def _ask(self, what: str, query: Query, cancelled: Check) -> None:
        self.asked.append((what, query))
        if self.broken is not None:
            raise self.broken
        while what in self.slow and not cancelled():
            time.sleep(0.01)
        self.finished.append(what)

    def views(self, key_field: str) -> Sequence[ViewInfo]:
        """Offer no containers inside a container."""
        return [view for view in VIEWS if not (key_field == "container.id" and view.id == "containers")]

    def view(self, view_id: str) -> ViewInfo:
        """Return a view."""
        return next((view for view in VIEWS if view.id == view_id), ViewInfo(view_id, view_id, "table"))

    def reload_views(self) -> Sequence[Problem]:
        """Return what is wrong."""
        self.asked.append(("reload", Query()))
        return self.problems

    def view_problems(self) -> Sequence[Problem]:
        """Return what is wrong."""
        return self.problems

    def about(self, view_id: str) -> About:
        """Say little."""
        view = self.view(view_id)
        columns = [Column("PID", field="proc.pid", help="Process id."), Column("NAME", field="proc.name")]
        return About(view.id, view.name, f"All about {view.name}.", "", "proc.pid", "Events", columns)

    def check(self, text: str) -> FilterProblem | None:
        """Refuse the field proc.nam."""
        at = text.find("proc.nam ")
        return FilterProblem(at, "There is no field proc.nam. Did you mean proc.name?") if at >= 0 else None

    def complete(
        self,
        text: str,
        cursor: int,
        window: tuple[int, int] | None,
        cancelled: Check,
        progress: Progress = nobody,
    ) -> Completion | None:
        """Offer some words for the last one, and nothing behind a bracket."""
        if "[" in text[:cursor]:
            return None
        start = text.rfind(" ", 0, cursor) + 1
        offers = [
            Offer("proc.name", "text", "name of the process"),
            Offer("proc.pid", "number", "number of the process"),
            Offer("fd.\x1b[31mname", "text", "[b]name[/b] of \x1b[2J the descriptor"),
        ]
        return Completion(start, cursor, text[start:cursor], "Fields", offers)

    def summary(self, query: Query, cancelled: Check) -> Summary:
        """Return seven tiles."""
        self._ask("overview", query, cancelled)
        trend = [float(n * 7 % 11) for n in range(100)]
        start, end = query.window or (self.info.start_ts, self.info.end_ts)
        answers = 'evt.buffer contains "500"'
        tiles = [
            Tile("system-calls", "System Calls", "General", 8772, "8.8K", "calls", trend, "procs"),
            Tile("running_containers", "Containers", "General", 2, "2", "", trend[::-1], "containers"),
            Tile("file_bytes", "File Bytes", "File", 1954, "1.91K", "bytes", trend, "files"),
            Tile("net_bytes", "Net Bytes", "Network", 24060, "23.5K", "bytes", trend, "connections",
                 sort="NAME"),
            Tile("new_conns", "New Connections", "Network", 0, "0", "", [0.0] * 100, "dig"),
            Tile("execs", "Executed Commands", "Security", 3, "3", "", trend, "spy_users"),
            Tile("links", "New Symlinks", "Security", 0, "0", "", [0.0] * 100, "dig", spare=True),
            Tile("http_errors", "HTTP Errors", "Performance", 15, "15", "", trend, "echo", answers,
                 noteworthy=True, help="Answers that failed."),
        ]  # fmt: skip
        return Summary(tiles, start, end, (end - start) // 100 + 1)

    def table(self, view_id: str, query: Query, cancelled: Check) -> FakeTable:
        """Return processes or containers."""
        self._ask(view_id, query, cancelled)
        if view_id == "containers":
            names = [("1", "web", 12_058), ("2", "exporter", 800), ("3", "host", 0)]
            return FakeTable([Column("ID"), Column("NAME"), Column("CALLS", right=True)], names)
        columns = [
            Column("PID", right=True),
            Column("NAME"),
            Column("CALLS", right=True),
            Column("CONTAINER"),
        ]
        rows = PROCS
        if "container.id=1" in query.filter:
            rows = [row for row in PROCS if row[3] == "web"]
        if query.filter == "nothing":
            rows = []
        return FakeTable(columns, rows)

    def events(self, query: Query, cancelled: Check) -> HugeRows:
        """Return many events."""
        self._ask("dig", query, cancelled)
        return self.huge

    def sessions(self, query: Query, cancelled: Check) -> FakeTree:
        """Return a tree."""
        self._ask("spy_users", query, cancelled)
        return FakeTree()

    def processes(self, query: Query, cancelled: Check) -> FakeProcesses:
        """Return a tree."""
        self._ask("proc_tree", query, cancelled)
        return FakeProcesses()

    def spectrum(self, view_id: str, query: Query, size: tuple[int, int], cancelled: Check) -> FakeSpectrum:
        """Return a picture."""
        self._ask(view_id, query, cancelled)
        return FakeSpectrum(size, query.window)

    def streams(self, query: Query, cancelled: Check) -> FakeStreams:
        """Return blocks."""
        self._ask("echo", query, cancelled)
        return self.streams_of

    def pivot(self, event: int, what: str) -> Target | None:
        """Lead to the container web."""
        return Target("procs", "container.id=1", "container.id", "web") if what == "container" else None

    def details(self, event: int, cancelled: Check) -> Sequence[FieldValue]:
        """Return three fields."""
        self._ask("details", Query(str(event)), cancelled)
        return [
            FieldValue("evt", "evt.num", str(event + 1), "Number", f"evt.num={event + 1}"),
            FieldValue("proc", "proc.name", HOSTILE, "Name", 'proc.name="x"'),
            FieldValue("fd", "fd.name", "/etc/users.txt", "Name of the file", 'fd.name="/etc/users.txt"'),
        ]

    def close(self) -> None:
        """Note it."""
        self.closed = True


def web() -> FakeGateway:
    """Return a capture with a request over HTTP."""
    gateway = FakeGateway()
    gateway.streams_of = WebStreams()
    return gateway
