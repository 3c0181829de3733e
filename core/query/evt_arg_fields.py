"""Fields that read the payload of events: parameters, buffers."""

from __future__ import annotations

import difflib

import numpy as np

from .args import arg_names, raw_kind
from .cells import Cells, Kind, na
from .context import Context
from .define import Arg, BadArgument, event
from .rows import RowSet

_MAX_DIGITS = 18  # of a position; what lies beyond the parameters of an event has no value


def is_position(arg: str) -> bool:
    """Return whether an argument is the position of a parameter."""
    return arg.isascii() and arg.isdigit() and len(arg) <= _MAX_DIGITS


def _check_name(ctx: Context, arg: Arg) -> None:
    known = arg_names(ctx.modern)
    if arg is None or arg not in known:
        near = difflib.get_close_matches((arg or "")[:60], known, 1)
        reason = f"expected the name of a parameter, and no event has one called '{arg}'"
        raise BadArgument(reason, near[0] if near else None)


def _check_arg(ctx: Context, arg: Arg) -> None:
    if arg is None or not is_position(arg):
        _check_name(ctx, arg)


@event("evt.arg", check=_check_arg)
def _arg(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    if rows.synthetic or arg is None:
        return na(Kind.TEXT, rows.count)
    return ctx.args.text(int(arg) if is_position(arg) else arg, rows.rows)


@event("evt.rawarg", check=_check_name)
def _rawarg(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    kind = raw_kind(arg or "", ctx.modern) or Kind.INT
    if rows.synthetic or arg is None:
        return na(kind, rows.count)
    return ctx.args.raw(arg, rows.rows)


@event("evt.args")
def arguments(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return all parameters of each event as text; there are none of synthetic events."""
    if rows.synthetic:
        cells = na(Kind.TEXT, rows.count)
        return Cells(cells.kind, cells.values, np.ones(rows.count, np.bool_))
    return ctx.args.args(rows.rows)


@event("evt.buffer")
def _buffer(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    if rows.synthetic:
        return na(Kind.BYTES, rows.count)
    return ctx.args.buffer(rows.rows)
