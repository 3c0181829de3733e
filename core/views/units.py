"""How numbers are written for people, and how csysdig writes them in its JSON."""

from __future__ import annotations

import time

SECOND = 1_000_000_000
_BYTES = ((1 << 50, "P"), (1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"))
_DECIMAL = ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


def size(value: float, decimals: int = 2) -> str:
    """Return a number with a suffix by powers of 1024: ``976``, ``1.94K``, ``3.50M``."""
    for scale, suffix in _BYTES:
        if abs(value) > scale:
            return f"{value / scale:.{decimals}f}{suffix}"
    return f"{value:.{decimals}f}" if value % 1 else f"{int(value)}"


def amount(value: float) -> str:
    """Return a count with a suffix by powers of 1000, one decimal: ``976``, ``22.4K``, ``1.2M``."""
    for scale, suffix in _DECIMAL:
        if abs(value) >= scale:
            return f"{value / scale:.1f}{suffix}"
    return f"{value:.1f}" if value % 1 else f"{int(value)}"


def duration(ns: int) -> str:
    """Return a time in ns as csysdig writes it: ``835ns``, ``1.59us``, ``16ms``, ``22.03s``, ``2:05``."""
    ns = int(ns)
    if ns < 0:
        return f"-{duration(-ns)}"
    if ns >= 3600 * SECOND:
        return f"{ns // (3600 * SECOND):02d}:{ns // (60 * SECOND) % 60:02d}:{ns // SECOND % 60:02d}"
    if ns >= 60 * SECOND:
        return f"{ns // (60 * SECOND)}:{ns // SECOND % 60:02d}"
    if ns >= SECOND:
        return f"{ns // SECOND}.{ns % SECOND // 10_000_000:02d}s"
    if ns >= 10_000_000:
        return f"{ns // 1_000_000}ms"
    if ns >= 1_000_000:
        return f"{ns // 1_000_000}.{ns % 1_000_000 // 10_000:02d}ms"
    if ns >= 10_000:
        return f"{ns // 1000}us"
    if ns >= 1000:
        return f"{ns // 1000}.{ns % 1000 // 10:02d}us"
    return f"{ns}ns"


def json_duration(ns: int) -> str:
    """Return a time as csysdig's JSON has it: right-aligned in ten cells; minutes without a zero."""
    ns = int(ns)
    if 60 * SECOND <= ns < 3600 * SECOND:
        return f"{ns // (60 * SECOND)}:{ns // SECOND % 60}".rjust(10)
    return duration(ns).rjust(10)


def clock(ns: int) -> str:
    """Return a time in ns since the epoch as local time of day: ``09:12:53.000397837``."""
    seconds, rest = divmod(int(ns), SECOND)
    try:
        return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest:09d}"
    except (OverflowError, OSError, ValueError):  # a year that no clock has
        return str(ns)


def percent(value: float) -> str:
    """Return a share with two decimals: ``38.46``."""
    return f"{value:.2f}"


def rate(total: float, seconds: float) -> float:
    """Return how much of ``total`` fell on each second; the total itself for an empty window."""
    return total / seconds if seconds > 0 else total
