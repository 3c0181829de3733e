"""evt.* about time: clock, relative time, latency. All numbers are nanoseconds or whole seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..index.tables import EV_HIDDEN
from .cells import Cells, Kind, ints, texts_of
from .context import Context
from .define import Arg, BadArgument, Definition, define, event
from .rows import RowSet

SECOND = 1_000_000_000
_MAX_SECONDS = 1 << 36  # beyond it there is no calendar

# --- the three parts of a time --------------------------------------------------------------------------


def parts(name: str, value: Callable[[Context, RowSet], Cells], fmt: str, rest_fmt: str) -> None:
    """Define ``name`` (ns), ``name.s`` (whole seconds) and ``name.ns`` (the remainder)."""

    def whole(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
        cells = value(ctx, rows)
        return ints(cells.values, cells.valid, fmt, Kind.UINT)

    def seconds(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
        cells = value(ctx, rows)
        return ints(_unsigned(cells.values, np.floor_divide), cells.valid, "DEC", Kind.UINT)

    def rest(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
        cells = value(ctx, rows)
        return ints(_unsigned(cells.values, np.remainder), cells.valid, rest_fmt, Kind.UINT)

    define(name, Definition(per_event=whole))
    define(f"{name}.s", Definition(per_event=seconds))
    define(f"{name}.ns", Definition(per_event=rest))


def _unsigned(values: NDArray[np.int64], operation: np.ufunc) -> NDArray[np.int64]:
    return operation(values.view(np.uint64), np.uint64(SECOND)).astype(np.int64)


def _rawtime(_ctx: Context, rows: RowSet) -> Cells:
    return ints(rows.ts)


def _reltime(ctx: Context, rows: RowSet) -> Cells:
    return ints(np.maximum(rows.ts - ctx.index.start_ts, 0))


def _latency(ctx: Context, rows: RowSet) -> Cells:
    """Return the time since the enter event; 0 where there is none, NA for reports of the recorder."""
    here = rows.thread >= 0
    if rows.synthetic:
        return ints(np.zeros(rows.count, np.int64), np.zeros(rows.count, np.bool_))
    internal = ctx.in_category("INTERNAL")[rows.type] & here & (not ctx.modern)
    return ints(np.where(here, rows.latency, 0), ~internal)


def _deltatime(ctx: Context, rows: RowSet) -> Cells:
    """Return the time since the event shown before; 0 for the first."""
    if rows.synthetic:
        return ints(np.zeros(rows.count, np.int64))
    before = rows.rows - 1
    flags, ts = ctx.index.events.flags, ctx.index.events.ts
    while True:
        hidden = before >= 0
        hidden[hidden] = (flags[before[hidden]] & EV_HIDDEN) != 0
        if not np.any(hidden):
            break
        before = before - hidden
    return ints(np.where(before >= 0, rows.ts - ts[np.maximum(before, 0)], 0))


parts("evt.rawtime", _rawtime, "DEC", "10_PADDED_DEC")
parts("evt.reltime", _reltime, "10_PADDED_DEC", "10_PADDED_DEC")
parts("evt.latency", _latency, "DEC", "10_PADDED_DEC")
parts("evt.deltatime", _deltatime, "DEC", "10_PADDED_DEC")


@event("evt.wait_latency")
def _wait_latency(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    waits = (ctx.flagged("WAITS") & ctx.is_exit)[rows.type]
    return ints(rows.latency, waits & (rows.thread >= 0), kind=Kind.UINT)


def human(ns: int) -> str:
    """Return a duration with its unit, cut and not rounded.

    ``835ns``, ``1.59us``, ``17us``, ``333ms``, ``12.50s``; from a minute on ``2:5`` (minutes, seconds)
    and from an hour on ``01:02:03``.
    """
    seconds = ns // SECOND
    if seconds >= 3600:
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if seconds >= 60:
        return f"{seconds // 60}:{seconds % 60}"
    unit, name = 1, "ns"
    for size, label in ((1_000, "us"), (1_000_000, "ms"), (SECOND, "s")):
        if ns >= size:
            unit, name = size, label
    if unit == 1 or (ns >= 10 * unit and unit != SECOND):
        return f"{ns // unit}{name}"
    return f"{ns // unit}.{ns * 100 // unit % 100:02d}{name}"


@event("evt.latency.human")
def _latency_human(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    cells = _latency(ctx, rows)
    distinct, inverse = np.unique(cells.values, return_inverse=True)
    words = ctx.words([human(int(ns)) for ns in distinct.tolist()])
    return words.take(inverse.reshape(-1)).where(cells.valid)


_STEPS, _DECADES = 10, 11


@event("evt.latency.quantized")
def _latency_quantized(_ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return the column of a spectrogram: ten to a power of ten, from 1 for 1 ns to 111 for 100 s."""
    cells = _latency(_ctx, rows)
    return ints(quantized(cells.values), cells.valid & (cells.values > 0), kind=Kind.UINT)


def quantized(ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the column of a spectrogram that durations (above 0) fall into."""
    decades = np.minimum(np.log10(np.maximum(ns, 1).astype(np.float64)), _DECADES)
    return (decades * _STEPS).astype(np.int64) + 1


# --- the clock ----------------------------------------------------------------------------------------


def _clock(
    _ctx: Context,
    rows: RowSet,
    _arg: Arg,
    pattern: str,
    to_parts: Callable[[int], time.struct_time],
    tail: bytes | None,
) -> Cells:
    """Return times by ``pattern``; ``tail``: what follows the nanoseconds, None: without them."""
    seconds, rest = np.divmod(rows.ts, SECOND)
    distinct, place = np.unique(seconds, return_inverse=True)
    known = [_second(second, pattern, to_parts) for second in distinct.tolist()]
    places = place.reshape(-1).tolist()
    if tail is None:
        return texts_of([known[i] for i in places])
    return texts_of(
        [b"%b.%09d%b" % (known[i], ns, tail) for i, ns in zip(places, rest.tolist(), strict=True)]
    )


def _second(second: int, pattern: str, to_parts: Callable[[int], time.struct_time]) -> bytes:
    inside = -_MAX_SECONDS < second < _MAX_SECONDS
    return (time.strftime(pattern, to_parts(second)) if inside else str(second)).encode()


def moment(ts: int) -> str:
    """Return a time of the clock as evt.time shows it."""
    second, ns = divmod(ts, SECOND)
    return f"{_second(second, '%H:%M:%S', time.localtime).decode()}.{ns:09d}"


for _name, _pattern, _convert, _tail in (
    ("evt.time", "%H:%M:%S", time.localtime, b""),
    ("evt.time.s", "%H:%M:%S", time.localtime, None),
    ("evt.time.iso8601", "%Y-%m-%dT%H:%M:%S", time.gmtime, b"+0000"),
    ("evt.datetime", "%Y-%m-%d %H:%M:%S", time.localtime, b""),
    ("evt.datetime.s", "%Y-%m-%d %H:%M:%S", time.localtime, None),
    ("evt.outputtime", "%H:%M:%S", time.localtime, b""),
):
    define(
        _name,
        Definition(per_event=partial(_clock, pattern=_pattern, to_parts=_convert, tail=_tail)),
    )

# --- around a moment ----------------------------------------------------------------------------------


def _check_moment(_ctx: Context, arg: Arg) -> None:
    if arg is None or not (arg.isascii() and arg.isdigit()) or len(arg) > 19:
        raise BadArgument("expected a time in ns in brackets, as in evt.around[1506127469900617765]=10")


@event("evt.around", check=_check_moment)
def _around(_ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    """Return the distance from the moment in ms, rounded up: a filter on it accepts what is nearer."""
    distance = np.abs(rows.ts - int(arg or "0"))
    return ints(-(-distance // 1_000_000), kind=Kind.UINT)
