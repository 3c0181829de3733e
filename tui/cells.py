"""Text in terminal cells: cleaning, cutting, sparklines, human figures.

Everything a widget paints from a capture passes through :func:`clean` or :func:`fit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size

from ..core.text import printable
from ..core.views.units import SECOND, amount, duration, size

__all__ = ["amount", "clean", "cut", "duration", "fit", "resample", "size", "sparkline", "utc", "width_of"]

BARS = "▁▂▃▄▅▆▇█"
ELLIPSIS = "…"


def clean(text: str) -> str:
    """Return ``text`` with nothing left in it that could act on a terminal."""
    return printable(text)


def width_of(text: str) -> int:
    """Return how many cells cleaned ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return cleaned ``text`` in exactly ``width`` cells, cut with an ellipsis or padded."""
    text = printable(text)
    size = width_of(text)
    if size > width:
        text = cut(text, width)
        size = width_of(text)
    gap = " " * (width - size)
    return gap + text if right else text + gap


def cut(text: str, width: int) -> str:
    """Return cleaned ``text`` in at most ``width`` cells; what is cut off ends in an ellipsis."""
    text = printable(text)
    if width_of(text) <= width:
        return text
    if width <= 0:
        return ""
    return (text[: width - 1] if text.isascii() else set_cell_size(text, width - 1)) + ELLIPSIS


def resample(values: Sequence[float], width: int) -> list[float]:
    """Return ``values`` as ``width`` columns: sums of neighbours, or repeats when there are fewer.

    Peaks stay visible: a column never averages over less than it covers.
    """
    count = len(values)
    if not count or width <= 0:
        return [0.0] * max(width, 0)
    if count <= width:
        return [float(values[column * count // width]) for column in range(width)]
    edges = [column * count // width for column in range(width + 1)]
    return [float(sum(values[edges[c] : edges[c + 1]])) / (edges[c + 1] - edges[c]) for c in range(width)]


def sparkline(values: Sequence[float], width: int) -> str:
    """Return ``values`` as ``width`` block characters, scaled to their own maximum; zero is a space."""
    columns = resample(values, width)
    peak = max(columns, default=0.0)
    if peak <= 0:
        return " " * width
    return "".join(
        " " if value <= 0 else BARS[min(len(BARS) - 1, int(value / peak * len(BARS)))] for value in columns
    )


def utc(ns: int) -> str:
    """Return a time with date and zone: ``2017-09-23 00:44:29 UTC``."""
    try:
        return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{ns} ns"
