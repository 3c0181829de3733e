"""The front door: open a capture, ask it questions. Used by the TUI, the command line and notebooks."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from .decode.driver import decode
from .errors import DataFileError
from .format.records import RecordStore
from .index.build import build
from .index.tables import I64, EventColumns, Index
from .macrofile import MacroFile
from .schema import catalogue
from .schema.params import split

if TYPE_CHECKING:
    from .query.completion import Completion
    from .query.fields import Fields
    from .query.filter import Filter
    from .query.macros import Macros

Window = tuple[int, int]


class Capture:
    """An indexed capture. All methods may be called from any thread."""

    def __init__(
        self,
        path: Path,
        index: Index,
        records: RecordStore,
        file_size: int,
        complete: bool,
        macros: Macros | MacroFile | None = None,
    ) -> None:
        """Bundle what :meth:`open` built."""
        from .query.fields import Fields

        self.path = path
        self.index = index
        self.records = records
        self.file_size = file_size
        self.complete = complete  # False: loading was stopped; only the events read so far are there
        self.fields: Fields = Fields(index, records)
        self._macros = macros

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        macros: Macros | PathLike[str] | str | None = None,
    ) -> Capture:
        """Decode and index a capture.

        ``macros`` are names that filters may use, or the file that defines them
        (:func:`.macrofile.default_path` is the user's); the file is read again when it changes.

        ``progress`` gets (bytes read, bytes in all) from time to time. When ``cancelled`` says so, the
        capture holds what was read until then (``complete`` is False); before the first event
        :class:`~.errors.Cancelled` is raised. Raises :class:`~.errors.CaptureError` when the file is
        not a capture; damage further on is in ``index.damage``.
        """
        decoded = decode(path, progress=progress, cancelled=cancelled)
        events = EventColumns(*(decoded.column(name) for name in EventColumns._fields))
        records = RecordStore(path, decoded.store is not None, events.offset, events.length, decoded.store)
        infos = catalogue.events(decoded.modern)
        index = build(decoded, lambda row: split(records.record(row), infos[int(events.type[row])]), events)
        names = MacroFile(Path(macros)) if isinstance(macros, str | PathLike) else macros
        return cls(Path(path), index, records, decoded.file_size, not decoded.cancelled, names)

    @property
    def modern(self) -> bool:
        """Whether the capture is of the new kind: no enter events, exits carry everything."""
        return self.index.modern

    @property
    def has_containers(self) -> bool:
        """Whether any container was seen: views of such a capture are shown with container columns."""
        return len(self.index.containers) > 1

    @property
    def count(self) -> int:
        """How many events there are, hidden ones included."""
        return len(self.index.events.ts)

    @property
    def start_ts(self) -> int:
        """Time of the first event that is not a record of containers or users, ns since the epoch."""
        return self.index.start_ts

    @property
    def end_ts(self) -> int:
        """Time of the last event, ns since the epoch."""
        ts = self.index.events.ts
        return int(ts[-1]) if len(ts) else 0

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from the first to the last event."""
        return max(self.end_ts - self.start_ts, 0)

    @property
    def macros(self) -> Macros:
        """The names that filters may use now.

        Raises :class:`~.errors.DataFileError` when the file that defines them is wrong.
        """
        from .query.macros import NO_MACROS

        if isinstance(self._macros, MacroFile):
            return self._macros.current()
        return NO_MACROS if self._macros is None else self._macros

    def compile(self, text: str) -> Filter:
        """Parse a filter of the user's; raises :class:`~.errors.FilterError` with the column.

        Raises :class:`~.errors.DataFileError` when the filter uses names and the file that defines
        them is wrong.
        """
        from .query.filter import compile as compile_filter

        return compile_filter(text, self.fields, lambda: self.macros)

    def completion(
        self,
        text: str,
        cursor: int,
        window: Window | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Completion | None:
        """Return what a filter can go on with at ``cursor``; values are those of events in ``window``.

        None where nothing can be offered. Names are not offered while the file that defines them is
        wrong. Raises :class:`~.errors.Cancelled`.
        """
        from .query.completion import complete
        from .query.macros import NO_MACROS

        try:
            macros = self.macros
        except DataFileError:  # told where a name is used
            macros = NO_MACROS
        return complete(text, cursor, self.fields, macros, self.rows_in(window), cancelled, progress)

    def rows_in(self, window: Window | None) -> I64:
        """Return the ascending event rows with ``from <= time < to``; all of them without a window."""
        if window is None:
            return np.arange(self.count, dtype=np.int64)
        ts = self.index.events.ts
        return np.flatnonzero((ts >= window[0]) & (ts < window[1]))

    def select(self, filter: str | Filter | None = None, window: Window | None = None) -> I64:  # noqa: A002
        """Return the ascending event rows that pass ``filter`` and lie in ``window`` (hidden ones too)."""
        chosen = self.compile(filter) if isinstance(filter, str) and filter.strip() else filter
        rows = self.rows_in(window)
        if chosen is None or isinstance(chosen, str):
            return rows
        if window is None:
            return np.flatnonzero(chosen.mask())
        return rows[chosen.mask(rows)]

    def close(self) -> None:
        """Release the file; payloads cannot be read afterwards."""
        self.records.close()

    def __enter__(self) -> Self:
        """Use as a context manager: closes at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
