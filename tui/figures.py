"""Numbers of a table as people read them, as the capture has them, as rates and as totals."""

from __future__ import annotations

from ..core.text import printable
from ..core.views import units
from ..core.views.table import Column, Value
from .model import Figures

_RELATIVE = "RELTIME"
_TOTALS = {"BPS": "BYTES", "IOPS": "IO CALLS"}


def is_rate(column: Column) -> bool:
    """Return whether a column is shown as so much per second."""
    return column.rate and column.numeric and column.type != _RELATIVE


def header(column: Column, figures: Figures) -> str:
    """Return a column's header: rates end in ``/s`` (or say so otherwise: BPS, IOPS), raw times in ``ns``."""
    name = column.name
    if is_rate(column):
        stem = name[:-2] if name.upper().endswith("/S") else name
        first, space, rest = stem.partition(" ")
        if figures.totals:
            return f"{_TOTALS.get(first, first)}{space}{rest}"
        return name if first in _TOTALS else f"{stem}/s"
    if column.type == _RELATIVE and figures.raw:
        return f"{name} ns"
    return name


def text(column: Column, value: Value, seconds: float, figures: Figures) -> str:
    """Return a cell; ``seconds`` is the time that rates refer to."""
    rate = is_rate(column) and not figures.totals
    if figures.raw:
        return raw(units.rate(value, seconds) if rate and isinstance(value, int | float) else value)
    return column.text(value, seconds if rate else None)


def raw(value: Value) -> str:
    """Return a value as the capture has it: bytes, counts and nanoseconds in digits."""
    if value is None:
        return ""
    if isinstance(value, str | bytes):
        return printable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
