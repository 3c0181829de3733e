"""Rows of values as lines of JSON, one object each, a column at a time: most values repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from . import output


def json_lines(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield an object per row, in ASCII, with a line feed; ``columns`` belong to ``names``."""
    if not names:
        return
    keys = (_text(name).replace("%", "%%") for name in names)
    template = "{" + ",".join(f"{key}:%s" for key in keys) + "}\n"
    yield from (template % values for values in zip(*map(_column, columns), strict=True))


def _column(values: Sequence[Any]) -> list[str]:
    known: dict[str, str] = {}
    column: list[str] = []
    for value in values:
        kind = type(value)
        text = known.get(value) if kind is str else None
        if text is None:
            text = _text(value) if kind is str else str(value) if kind is int else output.json_text(value)
            if kind is str:
                known[value] = text
        column.append(text)
    return column


def _text(text: str) -> str:
    return encode_basestring_ascii(text).replace("\x7f", "\\u007f")
