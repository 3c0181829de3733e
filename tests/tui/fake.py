"""A made-up capture for the TUI: two containers, five processes, a few streams, hostile names."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from scaptui.tui.model import (
    Block,
    CaptureInfo,
    Check,
    Column,
    FieldValue,
    FilterProblem,
    Summary,
    Target,
    Tile,
    ViewInfo,
)
from scaptui.tui.rows import ListRows, search_cells
from scaptui.tui.state import Query

START = 1_506_127_469_000_000_000
SECOND = 1_000_000_000
HOSTILE = "evil\x1b]0;owned\x07\x9b31m\u202e[red]x[/red]\r\n"

VIEWS = [
    ViewInfo("overview", "Overview", "tiles"),
    ViewInfo("connections", "Connections", "table"),
    ViewInfo("containers", "Containers", "table"),
    ViewInfo("files", "Files", "table"),
    ViewInfo("procs", "Processes", "table"),
    ViewInfo("spy_users", "Spy Users", "tree"),
    ViewInfo("echo", "I/O Streams", "streams"),
    ViewInfo("dig", "Events", "events"),
]
PROCS = [
    ("100", "nginx", 12_000, "web"),
    ("200", "python3", 800, "exporter"),
    ("300", HOSTILE, 55, "web"),
    ("400", "bash", 3, "web"),
    ("500", "sshd", 0, "host"),
]


class FakeTable(ListRows):
    """A table that sorts."""

    def __init__(
        self,
        columns: Sequence[Column],
        data: Sequence[tuple[Any, ...]],
        sort: tuple[int, bool] = (2, True),
    ) -> None:
        column, descending = sort
        self.data: list[tuple[Any, ...]] = sorted(data, key=lambda row: row[column], reverse=descending)
        self.sort = sort
        super().__init__(columns, [row[0] for row in self.data], lambda i: [str(v) for v in self.data[i]])

    def target(self, row: int) -> Target | None:
        """Lead from containers to processes, from processes to events."""
        key = self.key(row)
        if self.columns[0].name == "ID":
            return Target("procs", f"container.id={key}", "container.id", self.data[row][1])
        return Target("dig", f"proc.pid={key}", "proc.pid", f"pid {key}") if key != "500" else None

    def event(self, row: int) -> int | None:
        """Return None: these are not events."""
        return None

    def sorted_by(self, column: int, descending: bool | None) -> FakeTable:
        """Sort; figures from the largest."""
        if descending is None:
            descending = isinstance(self.data[0][column], int)
        return FakeTable(self.columns, self.data, (column, descending))


class HugeRows:
    """Any number of rows that exist only when asked for; counts how many were."""

    def __init__(self, count: int) -> None:
        self.columns = [Column("NUM", right=True), Column("NAME")]
        self.count = count
        self.asked = 0

    def rows(self, start: int, stop: int) -> list[list[str]]:
        """Return rows."""
        self.asked += stop - start
        return [[str(row), f"row {row}"] for row in range(start, stop)]

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

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
        """Search pages."""
        return search_cells(self, text, start, step, cancelled)


class FakeTree(ListRows):
    """Two sessions."""

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

    def event(self, row: int) -> int | None:
        """Return an event for commands."""
        return row if self.lines[row][1] else None

    def target(self, row: int) -> Target:
        """Lead to events."""
        return Target("dig", f"proc.sid={self.lines[row][0]}", "proc.sid", self.lines[row][2])


class FakeStreams:
    """Alternating reads and writes on two descriptors."""

    def __init__(self, count: int = 6, long: int = 0) -> None:
        self.count = count
        self.long = long

    def block(self, index: int) -> Block:
        """Return a block; the last may be long."""
        data = f"GET /metrics {index} HTTP/1.1\r\nHost: {HOSTILE}\r\n\r\n".encode("utf-8", "surrogateescape")
        if index == self.count - 1 and self.long:
            data = bytes(range(256)) * (self.long // 256)
        return Block(
            index * 10, START + index * SECOND, index % 3 > 0, len(data), "web", "nginx", 100, 5 + index % 2,
            "10.0.0.1:80", data,
        )  # fmt: skip

    def lines(self, index: int, mode: str) -> Sequence[str]:
        """Return text."""
        data = self.block(index).data
        if mode == "hex":
            return [data[at : at + 16].hex(" ") for at in range(0, len(data), 16)]
        return data.decode("utf-8", "replace").split("\n") if mode == "ascii" else [repr(data)]

    def payload(self, index: int, cancelled: Check) -> tuple[bytes, int]:
        """Join a stream."""
        same = [b for b in map(self.block, range(self.count)) if b.fd == self.block(index).fd]
        return b"".join(b.data for b in same), len(same)

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
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
        return next(view for view in VIEWS if view.id == view_id)

    def check(self, text: str) -> FilterProblem | None:
        """Refuse the field proc.nam."""
        at = text.find("proc.nam ")
        return FilterProblem(at, "There is no field proc.nam. Did you mean proc.name?") if at >= 0 else None

    def summary(self, query: Query, cancelled: Check) -> Summary:
        """Return seven tiles."""
        self._ask("overview", query, cancelled)
        trend = [float(n * 7 % 11) for n in range(100)]
        answers = 'evt.buffer contains "500"'
        tiles = [
            Tile("system-calls", "System Calls", "General", 8772, "8.8K", "calls", trend, "procs"),
            Tile("running_containers", "Containers", "General", 2, "2", "", trend[::-1], "containers"),
            Tile("file_bytes", "File Bytes", "File", 1954, "1.91K", "bytes", trend, "files"),
            Tile("net_bytes", "Net Bytes", "Network", 24060, "23.5K", "bytes", trend, "connections"),
            Tile("new_conns", "New Connections", "Network", 0, "0", "", [0.0] * 100, "dig"),
            Tile("execs", "Executed Commands", "Security", 3, "3", "", trend, "spy_users"),
            Tile("http_errors", "HTTP Errors", "Performance", 15, "15", "", trend, "echo", answers),
        ]  # fmt: skip
        return Summary(tiles, self.info.start_ts, self.info.end_ts)

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
