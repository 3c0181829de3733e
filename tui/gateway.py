"""The engine as the screens see it: the only module of the TUI that asks a :class:`Capture` anything.

It is imported, with all of the engine, in a worker after the first paint.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core.capture import Capture
from ..core.errors import FilterError, ScaptuiError
from ..core.query.registry import ArgRule, specs
from ..core.streams import copy as stream_copy
from ..core.streams import echo
from ..core.streams.render import render
from ..core.views.catalogue import get_view, list_views
from ..core.views.drill import key_filter, level_filter, offered, target_of
from ..core.views.engine import run_view
from ..core.views.model import View
from ..core.views.summary import summary as run_summary
from ..core.views.table import Table
from ..core.views.units import amount, size
from .model import (
    Block,
    CaptureInfo,
    Check,
    Column,
    FieldValue,
    FilterProblem,
    Progress,
    Summary,
    Target,
    Tile,
    ViewInfo,
)
from .rows import search_cells
from .sessions import SessionRows, Started, tree
from .state import EVENTS, OVERVIEW, SESSIONS, STREAMS, Query, both

T = TypeVar("T")

KINDS = {"tiles": "tiles", "table": "table", "list": "table", "echo": "streams", "events": "events"}
CHUNK = 64  # blocks read at once
BUCKETS = 400
KEPT = 16  # answers kept, so that going back is immediate
_WIDEST = 4000  # cells of a last column
_DROPPED = {  # columns that give way to the last one, the largest number first
    "thread.vtid": 9, "proc.vpid": 9, "evt.cpu": 8, "proc.ppid": 8, "thread.vmsize.b": 7, "proc.nthreads": 6,
    "container.type": 6, "container.image": 5, "container.name": 3, "thread.tid": 2,
}  # fmt: skip
_FIRST = (
    "evt.num", "evt.datetime", "evt.type", "evt.dir", "evt.args", "evt.res", "proc.name", "proc.pid",
    "proc.cmdline", "proc.cwd", "user.name", "container.name", "container.id", "fd.num", "fd.type", "fd.name",
)  # fmt: skip


def open_capture(path: str, progress: Progress, cancelled: Check) -> CaptureGateway:
    """Read and index a capture. Raises :class:`ScaptuiError` for what is not one."""
    return CaptureGateway(Capture.open(path, progress=progress, cancelled=cancelled))


class CaptureGateway:
    """A :class:`~.model.Gateway` over an open capture."""

    def __init__(self, capture: Capture) -> None:
        """Take the capture; :meth:`close` closes it."""
        self._capture = capture
        self._containers = len(capture.index.containers) > 1
        name = capture.path.name
        self.info = CaptureInfo(
            str(capture.path), name, capture.count, capture.start_ts, capture.end_ts, _notice(capture)
        )
        self._answers: OrderedDict[tuple[str, Query], Any] = OrderedDict()
        self._lock = threading.Lock()
        self._infos = {view.id: _info(view) for view in list_views() if view.kind in KINDS}

    def close(self) -> None:
        """Close the capture."""
        self._capture.close()

    # ----------------------------------------------------------------- views

    def views(self, key_field: str) -> Sequence[ViewInfo]:
        """Return the views that make sense after a selection of ``key_field``: Overview, by name, streams."""
        ends = {OVERVIEW: -1, STREAMS: 1, EVENTS: 2}
        found = [view for view in offered(list_views(), key_field, None) if self._possible(view.id)]
        if all(view.id != OVERVIEW for view in found):
            found.append(get_view(OVERVIEW))
        found.sort(key=lambda view: ends.get(view.id, 0))
        return [self._infos[view.id] for view in found]

    @cache  # noqa: B019
    def _possible(self, view_id: str) -> bool:
        """Return whether every field of a view can be had from a capture."""
        view = get_view(view_id)
        if view_id not in self._infos:
            return False
        try:
            for column in view.columns:
                self._capture.fields.resolve(column.field)
        except ScaptuiError:
            return False
        return True

    def view(self, view_id: str) -> ViewInfo:
        """Return one view; raises :class:`ScaptuiError` when there is none."""
        return self._infos[get_view(view_id).id]

    def check(self, text: str) -> FilterProblem | None:
        """Return what is wrong with a filter."""
        try:
            self._capture.compile(text)
        except FilterError as error:
            hint = f" Did you mean {error.suggestion}?" if error.suggestion else ""
            return FilterProblem(error.column, f"Column {error.column + 1}: {error.reason}.{hint}")
        return None

    # --------------------------------------------------------------- answers

    def _remembered(self, what: str, query: Query, make: Callable[[], T]) -> T:
        """Return what was made for this question before, or make it; the last ones are kept."""
        with self._lock:
            if (what, query) in self._answers:
                self._answers.move_to_end((what, query))
                return self._answers[what, query]
        answer = make()
        with self._lock:
            self._answers[what, query] = answer
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return answer

    def summary(self, query: Query, cancelled: Check) -> Summary:
        """Return the tiles of a selection."""
        return self._remembered(OVERVIEW, query, lambda: self._summary(query, cancelled))

    def _summary(self, query: Query, cancelled: Check) -> Summary:
        text, window = query.filter or None, query.window
        found = run_summary(self._capture, filter=text, window=window, buckets=BUCKETS, cancelled=cancelled)
        names = {category.id: category.name for category in found.categories}
        tiles = [
            Tile(
                metric.id,
                metric.name,
                names.get(metric.category, metric.category),
                metric.total,
                (size if metric.unit == "bytes" else amount)(metric.total),
                metric.unit,
                metric.timeline,
                metric.target_view,
                metric.target_filter or "",
                metric.drill_key,
                metric.noteworthy,
            )
            for metric in found.metrics
        ]
        return Summary(tiles, found.start_ts, found.end_ts)

    def table(self, view_id: str, query: Query, cancelled: Check) -> ViewRows:
        """Return the rows of a table or list view."""
        return self._remembered(view_id, query, lambda: ViewRows(self._run(view_id, query, cancelled)))

    def _run(self, view_id: str, query: Query, cancelled: Check) -> Table:
        return run_view(
            self._capture,
            view_id,
            filter=query.filter or None,
            window=query.window,
            containers=self._containers,
            cancelled=cancelled,
        )

    def events(self, query: Query, cancelled: Check) -> EventTable:
        """Return the system calls of a selection."""
        return self._remembered(EVENTS, query, lambda: EventTable(self._run(EVENTS, query, cancelled)))

    def streams(self, query: Query, cancelled: Check) -> StreamBlocks:
        """Return the reads and writes of a selection."""
        return self._remembered(STREAMS, query, lambda: self._streams(query))

    def _streams(self, query: Query) -> StreamBlocks:
        rows = echo.select(self._capture.index, self._capture.select(query.filter or None, query.window))
        return StreamBlocks(self._capture, rows)

    def sessions(self, query: Query, cancelled: Check) -> SessionRows:
        """Return who ran what."""
        view = get_view(SESSIONS)
        rows = self._capture.select(both(view.filter or "", query.filter), query.window)
        strings = self._capture.index.strings
        fields = self._capture.fields

        def texts(name: str) -> list[str]:
            return [text or "" for text in fields.read(name, rows).texts(strings)]

        def numbers(name: str) -> list[int]:
            return [int(value or 0) for value in fields.read(name, rows).objects(strings)]

        changes = [kind in ("chdir", "fchdir") for kind in texts("evt.type")]
        columns = zip(
            rows.tolist(), texts("evt.time"), texts("user.name"), texts("container.name"),
            numbers("proc.tty"), numbers("proc.sid"), numbers("proc.pid"), numbers("proc.ppid"),
            texts("proc.pname"), texts("proc.name"), texts("proc.exeline"), texts("proc.cwd"),
            changes, strict=True,
        )  # fmt: skip
        return tree(
            [
                Started(
                    row, time, user, "" if box == "host" else box, tty, sid, pid, ppid,
                    name if cd else pname, f"cd {cwd}" if cd else line.strip() or name, cwd, cd,
                )
                for row, time, user, box, tty, sid, pid, ppid, pname, name, line, cwd, cd in columns
            ]
        )  # fmt: skip

    # ------------------------------------------------------------ drill-down

    def pivot(self, event: int, what: str) -> Target | None:
        """Return the Overview of the container or the process of an event."""
        field, name = ("container.id", "container.name") if what == "container" else ("proc.pid", "proc.name")
        rows = np.array([event], np.int64)
        key, label = (self._capture.fields.read(text, rows) for text in (field, name))
        strings = self._capture.index.strings
        value = key.objects(strings)[0]
        if value is None:
            return None
        text = label.texts(strings)[0] or str(value)
        shown = text if what == "container" else f"{text}({value})"
        return Target(OVERVIEW, key_filter(field, value), field, shown)

    def details(self, event: int, cancelled: Check) -> Sequence[FieldValue]:
        """Return every field that has a value for an event."""
        rows = np.array([event], np.int64)
        fields, strings = self._capture.fields, self._capture.index.strings
        found: list[FieldValue] = []
        known = specs()
        for spec in [
            *(known[name] for name in _FIRST),
            *(known[name] for name in known if name not in _FIRST),
        ]:
            if cancelled():
                break
            if spec.arg is ArgRule.REQUIRED or "TABLE_ONLY" in spec.flags:
                continue
            try:
                cells = fields.read(spec.name, rows)
            except ScaptuiError:
                continue
            if not cells.valid[0]:
                continue
            text = cells.texts(strings)[0] or ""
            value = cells.objects(strings)[0]
            usable = not spec.flags & {"PRINT_ONLY", "FILTER_ONLY"} and text
            chooses = key_filter(spec.name, value) if usable else ""
            group = "in short" if spec.name in _FIRST else spec.group
            found.append(FieldValue(group, spec.name, text, spec.desc, chooses))
        return found


class ViewRows:
    """The rows of a view's table."""

    def __init__(self, table: Table) -> None:
        """Take the table; nothing is read before it is asked for."""
        self.table = table
        self.count = table.shown
        self.sort = None if table.sort is None else (table.sort, table.descending)
        last = len(table.columns) - 1
        self.columns = [
            Column(
                column.name,
                right=column.numeric,
                limit=_WIDEST if at == last else max(column.width, 14) if column.width else 60,
                field=column.field,
                drop=_DROPPED.get(column.field, 0),
            )
            for at, column in enumerate(table.columns)
        ]

    def rows(self, start: int, stop: int) -> list[list[str]]:
        """Return the cells of rows ``start`` .. ``stop - 1`` as people read them."""
        columns, seconds = self.table.columns, self.table.seconds
        return [
            [column.text(value, seconds) for column, value in zip(columns, row, strict=True)]
            for row in self.table.page(start, stop)
        ]

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

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next row holding ``text``."""
        return search_cells(self, text, start, step, cancelled)

    def sorted_by(self, column: int, descending: bool | None) -> ViewRows:
        """Return the rows ordered by a column."""
        return ViewRows(self.table.sorted_by(column, descending))

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
        if field == "container.id" and "container.name" in shown:
            return self.rows(row, row + 1)[0][shown["container.name"]]
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
        return min(int(np.searchsorted(events, int(key))), self.count - 1)


class StreamBlocks:
    """The reads and writes among event rows."""

    def __init__(self, capture: Capture, rows: NDArray[np.int64]) -> None:
        """Take the event rows that are blocks, ascending."""
        self._capture = capture
        self._rows = rows
        self.count = len(rows)
        self._chunk = lru_cache(maxsize=16)(self._read)

    def _read(self, number: int) -> list[echo.EchoBlock]:
        part = self._rows[number * CHUNK : (number + 1) * CHUNK]
        return list(echo.blocks(self._capture, part, "raw"))

    def block(self, index: int) -> Block:
        """Return one block."""
        found = self._chunk(index // CHUNK)[index % CHUNK]
        return Block(
            found.row, found.ts, found.direction == "write", found.length, found.container, found.comm,
            found.pid, found.fd, found.fd_name, found.data,
        )  # fmt: skip

    def lines(self, index: int, mode: str) -> Sequence[str]:
        """Return the payload of a block as lines of text."""
        text = render(self.block(index).data, mode)  # pyright: ignore[reportArgumentType]
        return [line.removeprefix("\t") for line in text.split("\n")]

    def payload(self, index: int, cancelled: Check) -> tuple[bytes, int]:
        """Return the payloads of the blocks here that belong to the same stream, joined, and their number."""
        same = echo.same_stream(self._capture.index, int(self._rows[index]))
        rows = np.intersect1d(self._rows, same, assume_unique=True)
        copied = stream_copy.joined(echo.blocks(self._capture, rows, "raw"), "raw")
        return copied.data, copied.blocks

    def search(self, text: str, start: int, step: int, cancelled: Check) -> int | None:
        """Return the next block from ``start`` whose payload or names hold ``text``."""
        wanted, raw = text.lower(), text.lower().encode()
        index = start
        while 0 <= index < self.count and not cancelled():
            block = self.block(index)
            names = f"{block.name} {block.process} {block.container}".lower()
            if raw in block.data.lower() or wanted in names:
                return index
            index += step
        return None

    def find_event(self, event: int) -> int:
        """Return the block at or after an event row."""
        return min(int(np.searchsorted(self._rows, event)), max(self.count - 1, 0))


def _info(view: View) -> ViewInfo:
    kind = "tree" if view.id in (SESSIONS, "spy_users_wsysdig") else KINDS[view.kind]
    return ViewInfo(view.id, view.name, kind, view.description)


def _notice(capture: Capture) -> str:
    """Return what the user must know about a capture that is not whole; "" for a good one."""
    parts: list[str] = []
    if capture.index.damage:
        first = capture.index.damage[0]
        more = len(capture.index.damage) - 1
        others = f" (and {more} more place{'s' if more > 1 else ''})" if more else ""
        reason = first.reason.rstrip(".")
        parts.append(f"Damaged at offset {first.offset:,}: {reason}{others}. What could be read is shown.")
    if not capture.complete:
        parts.append(f"Reading was stopped: the first {capture.count:,} events are shown.")
    return " ".join(parts)
