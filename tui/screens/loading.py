"""The work behind a view: asks the gateway, puts rows into order and finds the row to begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..jobs import Request
from ..layout import Layout
from ..model import Gateway, Rows, Spectrum, Streams, Summary, TableRows, ViewInfo
from ..state import ViewState
from ..widgets.virtual_table import CHUNK

Loaded = Summary | Rows | Streams | Spectrum


@dataclass(frozen=True)
class Found:
    """What came back, and the row that the cursor goes to."""

    content: Loaded
    cursor: int = 0


def loader(
    gateway: Gateway, info: ViewInfo, state: ViewState, layout: Layout, room: tuple[int, int]
) -> Callable[[Request], Found]:
    """Return the work that fetches a view; it also reads the first page, so that painting finds it ready.

    ``room`` is how many columns and lines of cells a picture may have.
    """

    def work(request: Request) -> Found:
        query = state.query
        if info.kind == "tiles":
            return Found(gateway.summary(query, request))
        if info.kind == "streams":
            streams = gateway.streams(query, request)
            cursor = streams.find_event(int(state.selected)) if state.selected and streams.count else 0
            for index in range(cursor, min(streams.count, cursor + 4)):
                streams.block(index)
            return Found(streams, cursor)
        if info.kind == "spectrogram":
            return Found(gateway.spectrum(info.id, query, room, request))
        if info.kind == "tree":
            return at(gateway.sessions(query, request), state.selected)
        if info.kind == "processes":
            return at(gateway.processes(query, request).written(layout.figures), state.selected)
        events = info.kind == "events"
        table = gateway.events(query, request) if events else gateway.table(info.id, query, request)
        return at(arranged(table, state.sort or layout.sort, layout, request), state.selected)

    return work


def arranged(
    table: TableRows, sort: tuple[str, bool | None] | None, layout: Layout, request: Request
) -> TableRows:
    """Return the rows ordered and written as wanted; a column that the view does not have changes nothing."""
    names = [column.name for column in table.columns]
    if sort is not None and sort[0] in names:
        table = table.sorted_by(names.index(sort[0]), sort[1], request, request.report)
    return table.written(layout.figures)


def at(rows: Rows, selected: str | None) -> Found:
    """Return rows with the cursor on the one that ``selected`` names, or on the first."""
    cursor = rows.find_key(selected) if selected is not None else None
    first = max(0, (cursor or 0) - CHUNK // 2)
    rows.rows(first, min(rows.count, first + CHUNK))
    return Found(rows, cursor or 0)
