"""``scaptui events``: the events one a line, as JSON objects of chosen fields or as formatted text."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import FilterError
from . import output
from .jsonlines import json_lines
from .opening import opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...core.capture import Capture
    from ...core.query.buffers import Look
    from ...core.query.fields import FieldRef

CHUNK = 1 << 14  # events read at a time
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
            _print_fields(capture, arguments, _resolve(capture, arguments.fields))
        elif arguments.json and arguments.format is None:
            _print_fields(capture, arguments, _resolve(capture, ",".join(DEFAULT_FIELDS)))
        else:
            _print_format(capture, arguments)


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


def _chunks(capture: Capture, arguments: argparse.Namespace) -> Iterator[NDArray[np.int64]]:
    from ...core.index.tables import EV_HIDDEN

    rows = capture.select(arguments.filter)
    rows = rows[(capture.index.events.flags[rows] & EV_HIDDEN) == 0]
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _look(arguments: argparse.Namespace) -> Look:
    """Return how buffers are shown: whole in JSON and with ``-v``, else as the options say."""
    from ...core.query.buffers import Look

    whole = arguments.verbose or arguments.json or arguments.fields is not None
    return Look(arguments.buffers or ("dots" if whole else "short"), arguments.snaplen or 0)


def _print_fields(
    capture: Capture, arguments: argparse.Namespace, refs: dict[str, FieldRef], *, keep_missing: bool = True
) -> None:
    """Print an object for each event; without ``keep_missing`` for those that have all of the fields."""
    from ...core.query.shown import Shown

    shown = Shown(capture.fields, _look(arguments), arguments.time)
    names = list(refs)

    def lines(rows: NDArray[np.int64]) -> Iterator[str]:
        columns = [shown.objects(ref, rows) for ref in refs.values()]
        found = json_lines(names, columns)
        if keep_missing:
            return found
        return (line for line, *values in zip(found, *columns, strict=True) if None not in values)

    _write(lines, _chunks(capture, arguments), arguments.limit)


def _print_format(capture: Capture, arguments: argparse.Namespace) -> None:
    from ...core.query.format import DEFAULT, NAMED, compile_format

    asked: str = DEFAULT if arguments.format is None else arguments.format
    if asked == "p":
        output.write(DEFAULT + "\n")
        return
    text = NAMED.get(asked, asked)
    compiled = compile_format(text, capture.fields, _look(arguments), arguments.time)
    if arguments.json:
        _print_fields(
            capture, arguments, {ref.text: ref for ref in compiled.refs}, keep_missing=compiled.keep_missing
        )
        return

    def lines(rows: NDArray[np.int64]) -> Iterator[str]:
        return (line + "\n" for line in compiled.lines(rows))

    _write(lines, _chunks(capture, arguments), arguments.limit)


def _write(
    lines: Callable[[NDArray[np.int64]], Iterator[str]],
    chunks: Iterator[NDArray[np.int64]],
    limit: int | None,
) -> None:
    """Write the lines of each chunk of events, ``limit`` of them at most."""
    left = limit
    for rows in chunks:
        found = list(lines(rows) if left is None else islice(lines(rows), left))
        output.write("".join(found))
        if left is not None:
            left -= len(found)
            if left <= 0:
                return
