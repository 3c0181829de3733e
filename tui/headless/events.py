"""``scaptui events``: the events one a line, as JSON objects of chosen fields or as formatted text."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import FilterError
from . import output
from .opening import opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...core.capture import Capture
    from ...core.query.fields import FieldRef

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


def run(arguments: argparse.Namespace) -> None:
    """Print the events that pass; those that only describe containers and users are left out."""
    with opened(Path(arguments.capture)) as capture:
        if arguments.fields is not None:
            _print_json(capture, arguments.filter, _resolve(capture, arguments.fields))
        elif arguments.json and arguments.format is None:
            _print_json(capture, arguments.filter, _resolve(capture, ",".join(DEFAULT_FIELDS)))
        else:
            _print_format(capture, arguments.filter, arguments.format, arguments.json)


def split_fields(text: str) -> list[tuple[str, int]]:
    """Split a list of fields at its commas: each name and its column; brackets keep their commas.

    Raises :class:`FilterError` for an empty name.
    """
    names: list[tuple[str, int]] = []
    depth = 0
    start = 0
    for column, char in enumerate(text + ","):
        depth += (char == "[") - (char == "]")
        if char == "," and (depth <= 0 or column == len(text)):
            part = text[start:column]
            if not part.strip():
                raise FilterError(text, start, "expected a field name")
            names.append((part.strip(), start + len(part) - len(part.lstrip())))
            start = column + 1
    return names


def _resolve(capture: Capture, text: str) -> dict[str, FieldRef]:
    """Return the fields of a list by the names written there; errors have the column in the whole list."""
    refs: dict[str, FieldRef] = {}
    for name, column in split_fields(text):
        try:
            refs[name] = capture.fields.resolve(name)
        except FilterError as error:
            raise FilterError(text, column + error.column, error.reason, error.suggestion) from None
    return refs


def _chunks(capture: Capture, filter_text: str | None) -> Iterator[NDArray[np.int64]]:
    from ...core.index.tables import EV_HIDDEN

    rows = capture.select(filter_text)
    rows = rows[(capture.index.events.flags[rows] & EV_HIDDEN) == 0]
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _print_json(capture: Capture, filter_text: str | None, refs: dict[str, FieldRef]) -> None:
    strings = capture.index.strings
    for rows in _chunks(capture, filter_text):
        columns = [capture.fields.read(ref, rows).objects(strings) for ref in refs.values()]
        for values in zip(*columns, strict=True):
            output.write(output.json_text(dict(zip(refs, values, strict=True))) + "\n")


def _print_format(capture: Capture, filter_text: str | None, text: str | None, as_json: bool) -> None:
    from ...core.query.format import DEFAULT, compile_format

    compiled = compile_format(DEFAULT if text is None else text, capture.fields)
    if as_json:
        refs = [piece.field for piece in compiled.pieces if piece.field is not None]
        _print_json(capture, filter_text, {ref.text: ref for ref in refs})
        return
    for rows in _chunks(capture, filter_text):
        for line in compiled.lines(rows):
            output.write(line + "\n")
