"""``scaptui events``: the events one a line, as JSON objects of chosen fields or as formatted text."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import FilterError
from ...core.text import printable
from . import output
from .opening import opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...core.capture import Capture

CHUNK = 8192  # events read at a time
DEFAULT_FIELDS = (
    "evt.num",
    "evt.rawtime",
    "evt.cpu",
    "container.name",
    "proc.name",
    "thread.tid",
    "evt.dir",
    "evt.type",
    "evt.args",
)
DEFAULT_FORMAT = "%evt.num %evt.time %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info"


def run(arguments: argparse.Namespace) -> None:
    """Print the events that pass; those that only describe containers and users are left out."""
    fields = split_fields(arguments.fields) if arguments.fields is not None else list(DEFAULT_FIELDS)
    with opened(Path(arguments.capture)) as capture:
        if arguments.fields is not None or (arguments.json and arguments.format is None):
            _check(capture, fields, arguments.fields)
            _print_json(capture, arguments.filter, fields)
        else:
            _print_text(capture, arguments.filter, arguments.format or DEFAULT_FORMAT, arguments.json)


def split_fields(text: str) -> list[str]:
    """Split a list of fields at its commas; those within brackets belong to an argument.

    Raises :class:`FilterError` for an empty name.
    """
    names: list[str] = []
    depth = 0
    start = 0
    for column, char in enumerate(text + ","):
        depth += (char == "[") - (char == "]")
        if char == "," and (depth <= 0 or column == len(text)):
            name = text[start:column].strip()
            if not name:
                raise FilterError(text, start, "a field name is expected here")
            names.append(name)
            start = column + 1
    return names


def _check(capture: Capture, fields: list[str], text: str | None) -> None:
    """Resolve every field once, so that a wrong one is told with its column in the whole list."""
    position = 0
    for name in fields:
        try:
            capture.fields.resolve(name)
        except FilterError as error:
            if text is None:
                raise
            position = text.index(name, position)
            raise FilterError(text, position + error.column, error.reason, error.suggestion) from None
        position = position if text is None else text.index(name, position) + len(name)


def _chunks(capture: Capture, filter_text: str | None) -> Iterator[NDArray[np.int64]]:
    from ...core.index.tables import EV_HIDDEN

    rows = capture.select(filter_text)
    rows = rows[(capture.index.events.flags[rows] & EV_HIDDEN) == 0]
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _print_json(capture: Capture, filter_text: str | None, fields: list[str]) -> None:
    refs = [capture.fields.resolve(name) for name in fields]
    strings = capture.index.strings
    for rows in _chunks(capture, filter_text):
        columns = [capture.fields.read(ref, rows).objects(strings) for ref in refs]
        lines = [
            output.json_text(dict(zip(fields, values, strict=True))) for values in zip(*columns, strict=True)
        ]
        output.write("\n".join(lines) + "\n")


def _print_text(capture: Capture, filter_text: str | None, fmt: str, as_json: bool) -> None:
    from ...core.query.format import Format

    template = Format(fmt, capture.fields)
    for rows in _chunks(capture, filter_text):
        for text in template.lines(rows):
            line = output.json_text(text) if as_json else printable(text)
            output.write(line + "\n")
