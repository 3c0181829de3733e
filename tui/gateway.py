"""The engine as the screens see it: the only module of the TUI that asks a :class:`Capture` anything.

It is imported, with all of the engine, in a worker after the first paint.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np

from ..core.capture import Capture
from ..core.errors import DataFileError, FilterError, ScaptuiError
from ..core.macrofile import default_path
from ..core.query.places import Expected
from ..core.query.registry import ArgRule, specs
from ..core.streams import echo
from ..core.views import catalogue
from ..core.views.catalogue import get_view, list_views
from ..core.views.drill import key_filter, offered, target_of
from ..core.views.engine import run_view
from ..core.views.model import ColumnSpec, View
from ..core.views.proctree import process_tree
from ..core.views.summary import summary as run_summary
from ..core.views.table import Table
from ..core.views.units import amount, size
from .blocks import StreamBlocks
from .groups import load_groups
from .model import (
    About,
    CaptureInfo,
    Check,
    Column,
    Completion,
    FieldValue,
    FilterProblem,
    Offer,
    Problem,
    Progress,
    Summary,
    Target,
    Tile,
    ViewInfo,
    nobody,
)
from .proctree import ProcessRows
from .sessions import SessionRows, Started, tree
from .spectra import SpectrumGrid, spectrum
from .state import EVENTS, OVERVIEW, PROCESSES, SESSIONS, STREAMS, Query, both
from .tables import EventTable, ViewRows

T = TypeVar("T")

SPECTROGRAMS = ("spectro_all", "spectro_file")  # of any selection; csysdig has keys for them
KINDS = {
    "tiles": "tiles", "table": "table", "list": "table", "tree": "processes", "spectrogram": "spectrogram",
    "echo": "streams", "events": "events",
}  # fmt: skip
BUCKETS = 400
KEPT = 16  # answers kept, so that going back is immediate
_FIRST = (
    "evt.num", "evt.datetime", "evt.type", "evt.dir", "evt.args", "evt.res", "proc.name", "proc.pid",
    "proc.cmdline", "proc.cwd", "user.name", "container.name", "container.id", "fd.num", "fd.type", "fd.name",
)  # fmt: skip


def open_capture(path: str, progress: Progress, cancelled: Check) -> CaptureGateway:
    """Read and index a capture. Raises :class:`ScaptuiError` for what is not one."""
    return CaptureGateway(Capture.open(path, progress=progress, cancelled=cancelled, macros=default_path()))


class CaptureGateway:
    """A :class:`~.model.Gateway` over an open capture."""

    def __init__(self, capture: Capture) -> None:
        """Take the capture; :meth:`close` closes it."""
        self._capture = capture
        self._containers = capture.has_containers
        name = capture.path.name
        self.info = CaptureInfo(
            str(capture.path), name, capture.count, capture.start_ts, capture.end_ts, _notice(capture)
        )
        self._answers: OrderedDict[tuple[str, Query], Any] = OrderedDict()
        self._lock = threading.Lock()
        self._infos = _infos()

    def close(self) -> None:
        """Close the capture."""
        self._capture.close()

    # ----------------------------------------------------------------- views

    def views(self, key_field: str) -> Sequence[ViewInfo]:
        """Return the views that make sense after a selection of ``key_field``, in groups."""
        found = [view for view in offered(list_views(), key_field, None) if self._possible(view.id)]
        ids = dict.fromkeys([*(view.id for view in found), OVERVIEW, *SPECTROGRAMS])
        return load_groups().arranged([self._infos[id_] for id_ in ids])

    @cache  # noqa: B019
    def _possible(self, view_id: str) -> bool:
        """Return whether every field of a view can be had from a capture."""
        view = get_view(view_id)
        return view_id in self._infos and (not view.of_events or not self._unknown(view))

    def _unknown(self, view: View) -> str:
        """Return why a field of a view cannot be had, "" when all can."""
        for column in view.columns:
            try:
                self._capture.fields.resolve(column.field)
            except ScaptuiError as error:
                return f"column {column.name}: {error}"
        return ""

    def reload_views(self) -> Sequence[Problem]:
        """Read the user's own views again; answers that were kept for them are forgotten."""
        catalogue.reload()
        self._infos = _infos()
        type(self)._possible.cache_clear()
        with self._lock:
            self._answers.clear()
        return self.view_problems()

    def view_problems(self) -> Sequence[Problem]:
        """Return what was wrong with the user's own views when they were last read."""
        own = [view for view in list_views() if view.id not in catalogue.built_in()]
        return [
            *(Problem(error.path, error.line, _reason(error)) for error in catalogue.library().problems),
            *(Problem(view.origin, None, text) for view in own if (text := self._unknown(view))),
        ]

    def view(self, view_id: str) -> ViewInfo:
        """Return one view; raises :class:`ScaptuiError` when there is none."""
        return self._infos[get_view(view_id).id]

    def about(self, view_id: str) -> About:
        """Return what a view shows."""
        view = get_view(view_id)
        field = view.key.drill(self._containers) if view.key is not None else ""
        columns = [
            Column(column.name, field=column.field, help=_meaning(column))
            for column in view.shown_columns(self._containers)
        ]
        target = get_view(target_of(view, field)).name if field else ""
        return About(view.id, view.name, view.description, view.filter or "", field, target, columns)

    def check(self, text: str) -> FilterProblem | None:
        """Return what is wrong with a filter."""
        try:
            self._capture.compile(text)
        except FilterError as error:
            hint = f" Did you mean {error.suggestion}?" if error.suggestion else ""
            return FilterProblem(error.column, f"Column {error.column + 1}: {error.reason}.{hint}")
        return None

    def complete(
        self,
        text: str,
        cursor: int,
        window: tuple[int, int] | None,
        cancelled: Check,
        progress: Progress = nobody,
    ) -> Completion | None:
        """Return how a filter can go on; None where nothing can be offered."""
        found = self._capture.completion(text, cursor, window, cancelled, progress)
        if found is None:
            return None
        offers = [Offer(offer.text, offer.kind, offer.about, offer.shown) for offer in found.offers]
        return Completion(
            found.start, found.end, found.word, _TITLES[found.expected](found.subject), offers, found.joined
        )

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
        found = run_summary(
            self._capture, filter=text, window=window, buckets=BUCKETS, cancelled=cancelled, everything=True
        )
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
                metric.target_sort or "",
                metric.description,
                metric.excludable and not metric.total,
            )
            for metric in found.metrics
        ]
        return Summary(tiles, found.start_ts, found.end_ts, found.bucket_ns)

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

    def processes(self, query: Query, cancelled: Check) -> ProcessRows:
        """Return the tree of processes of a selection."""
        return self._remembered(PROCESSES, query, lambda: self._processes(query, cancelled))

    def _processes(self, query: Query, cancelled: Check) -> ProcessRows:
        found = process_tree(
            self._capture, filter=query.filter or None, window=query.window, cancelled=cancelled
        )
        return ProcessRows(found, get_view(PROCESSES).shown_columns(self._containers), query.window)

    def spectrum(self, view_id: str, query: Query, size: tuple[int, int], cancelled: Check) -> SpectrumGrid:
        """Return a spectrogram that fits the screen."""
        make = partial(spectrum, self._capture, view_id, query, size, cancelled)
        return self._remembered(f"{view_id} {size}", query, make)

    def streams(self, query: Query, cancelled: Check) -> StreamBlocks:
        """Return the reads and writes of a selection."""
        return self._remembered(STREAMS, query, lambda: self._streams(query))

    def _streams(self, query: Query) -> StreamBlocks:
        chosen = self._capture.select(query.filter or None, query.window)
        rows = echo.select(self._capture.index, chosen, unknown=True)
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
            chooses = key_filter(spec.name, value) if usable and not isinstance(value, list) else ""
            group = "in short" if spec.name in _FIRST else spec.group
            found.append(FieldValue(group, spec.name, text, spec.desc, chooses))
        return found


_TITLES: dict[Expected, Callable[[str], str]] = {
    Expected.CHECK: lambda _: "Fields and named filters",
    Expected.FIELD: lambda _: "Fields",
    Expected.OPERATOR: lambda field: f"Operators of {field}",
    Expected.VALUE: lambda field: f"Values of {field}",
    Expected.LIST: lambda field: f"Lists for {field}",
    Expected.JOINT: lambda _: "Going on",
}


def _infos() -> dict[str, ViewInfo]:
    """Return what the screens know of each view."""
    built_in = catalogue.built_in()
    found = (view for view in list_views() if view.kind in KINDS)
    return {view.id: replace(_info(view), own=view.id not in built_in) for view in found}


def _reason(error: DataFileError) -> str:
    return f"{error.key}: {error.sentence}" if error.key else error.sentence


_MEANINGS = {
    "sum": "Sum.", "avg": "Mean.", "time_avg": "Sum, shown per second.",
    "min": "Smallest.", "max": "Largest.",
}  # fmt: skip


def _meaning(column: ColumnSpec) -> str:
    """Return what a column shows, how its events are put together, and which of them count."""
    words = [column.description, _MEANINGS.get(column.aggregation, "")]
    if column.where:
        words.append(f"Only events with {column.where}.")
    return " ".join(word for word in words if word)


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
