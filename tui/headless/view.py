"""``scaptui view``: the rows of one view."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import output
from .opening import opened, window_of

if TYPE_CHECKING:
    from ...core.views.table import Table, Value

PAGE = 4096  # rows read at a time


def run(arguments: argparse.Namespace) -> None:
    """Print a view of one capture; in a pipe numbers stay whole: bytes, counts, nanoseconds."""
    from ...core.views.catalogue import get_view
    from .views import tell_problems

    tell_problems()
    view = get_view(arguments.view)  # a wrong name is told before the capture is read
    with opened(Path(arguments.capture)) as capture:
        from ...core.views.engine import run_view

        window = window_of(capture, arguments.window)
        table = run_view(
            capture,
            view,
            filter=arguments.filter,
            window=window,
            containers=arguments.containers,
            sort=arguments.sort,
            limit=arguments.limit,
        )
        if view.kind == "spectrogram":
            from .spectrogram import write

            write(capture, table, arguments.filter, window, arguments.json)
        elif arguments.json:
            output.write(output.json_text(table.to_json()) + "\n")
        else:
            _print(table, arguments.totals)


def _print(table: Table, totals: bool) -> None:
    from ..figures import header
    from ..model import Figures

    figures = Figures(totals=totals or not output.on_terminal())
    names = [header(column, figures) if output.on_terminal() else column.name for column in table.columns]
    output.rows(names, _lines(table, totals), [column.numeric for column in table.columns])
    if output.on_terminal():
        output.write(_footing(table) + "\n")


def _lines(table: Table, totals: bool) -> Iterator[list[str]]:
    for_people = output.on_terminal()
    seconds = None if totals else table.seconds
    for start in range(0, table.shown, PAGE):
        for row in table.page(start, start + PAGE):
            if for_people:
                pairs = zip(table.columns, row, strict=True)
                yield [column.text(value, seconds) for column, value in pairs]
            else:
                yield [_plain(value) for value in row]


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _footing(table: Table) -> str:
    if table.count == 0:
        return table.note or "No rows."
    return f"{table.shown} of {table.count} rows" if table.shown < table.count else f"{table.count} rows"
