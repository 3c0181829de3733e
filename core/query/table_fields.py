"""Fields of a whole descriptor table: how many are open, of which types, the three standard ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, Kind, floats, ids, ints, na
from .context import Context
from .define import Arg, BadArgument, Definition, define, event
from .fd_fields import kind_word, kind_words
from .opencounts import KINDS
from .rows import RowSet

_MAX_FD = (1 << 31) - 1


def _when(ctx: Context, rows: RowSet) -> NDArray[np.int64]:
    """Times at which tables are looked at: that of the event, the end for the thread table."""
    if rows.synthetic:
        return np.full(rows.count, 2 * len(ctx.index.events.ts), np.int64)
    return 2 * rows.rows


def _of_process(ctx: Context, rows: RowSet) -> NDArray[np.int64]:
    """Owner of the table of the main thread, -1: unknown."""
    thread = np.asarray(rows.thread, np.int64)
    if not ctx.num_threads:
        return np.full(rows.count, -1, np.int64)
    main = np.where(thread >= 0, ctx.threads.main[np.maximum(thread, 0)], -1)
    return np.where(main >= 0, ctx.index.threads.life[np.maximum(main, 0)], -1).astype(np.int64)


def _of_thread(ctx: Context, rows: RowSet) -> NDArray[np.int64]:
    """Owner of the table that the thread uses, -1: no thread."""
    thread = np.asarray(rows.thread, np.int64)
    if not ctx.num_threads:
        return np.full(rows.count, -1, np.int64)
    return np.where(thread >= 0, ctx.tables.owner_of[np.maximum(thread, 0)], -1)


# --- how many -----------------------------------------------------------------------------------------


def _opened(ctx: Context, rows: RowSet) -> NDArray[np.int64]:
    return ctx.tables.opened(_of_process(ctx, rows), _when(ctx, rows))[0]


@event("proc.fdopencount")
def _fdopencount(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return ints(_opened(ctx, rows), rows.thread >= 0, kind=Kind.UINT)


@event("proc.fdusage")
def _fdusage(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return open descriptors in percent of the limit: 0 without a limit, 100 beyond it."""
    thread = np.asarray(rows.thread, np.int64)
    if not ctx.num_threads:
        return na(Kind.FLOAT, rows.count)
    main = np.where(thread >= 0, ctx.threads.main[np.maximum(thread, 0)], -1)
    limit = np.where(main >= 0, ctx.index.threads.fdlimit[np.maximum(main, 0)], 0)
    used = _opened(ctx, rows).astype(np.float64) * 100
    share = np.divide(used, limit, out=np.zeros(rows.count), where=limit > 0)
    return floats(np.minimum(share, 100), thread >= 0)


# --- which types --------------------------------------------------------------------------------------


def _check_number(_ctx: Context, arg: Arg) -> None:
    if arg is not None and not (arg.isascii() and arg.isdigit() and len(arg) <= 12 and int(arg) <= _MAX_FD):
        raise BadArgument("expected the number of a descriptor in brackets, as in fd.types[0]")


@event("fd.types", check=_check_number)
def _types(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    """Return the types of all open descriptors, each once, or that of one descriptor."""
    concerned = ctx.about_fd[rows.type] & (rows.thread >= 0)
    if arg is None:
        masks = ctx.tables.opened(_of_thread(ctx, rows), _when(ctx, rows))[1]
    else:
        row = _row(ctx, rows, int(arg))
        kinds = ctx.index.fds.kind[np.maximum(row, 0)] if ctx.num_fds else row
        masks = np.where(row >= 0, np.int64(1) << np.minimum(kinds, KINDS - 1).astype(np.int64), 0)
    distinct, inverse = np.unique(np.where(concerned, masks, 0), return_inverse=True)
    lists = np.empty(len(distinct), object)
    lists[:] = [_words(mask) for mask in distinct.tolist()]
    return Cells(Kind.LIST, lists[inverse.reshape(-1)], concerned & (masks != 0))


def _words(mask: int) -> tuple[bytes, ...]:
    """Return the type words of the types in ``mask``, each once."""
    named = (kind_word(code).encode() for code in range(KINDS) if mask >> code & 1)
    return tuple(dict.fromkeys(named))


# --- standard input, output, errors -------------------------------------------------------------------


def _word_of(ctx: Context, rows: RowSet, num: int, place: int) -> Cells:
    """Return the type of descriptor ``num`` (``place`` as in `kind_words`), NA: not open."""
    return kind_words(ctx, place).take(_row(ctx, rows, num))


def _row(ctx: Context, rows: RowSet, num: int) -> NDArray[np.int64]:
    owner = _of_thread(ctx, rows)
    return ctx.tables.find(owner, _when(ctx, rows), np.full(rows.count, num, np.int64))


def _std_type(ctx: Context, rows: RowSet, _arg: Arg, num: int) -> Cells:
    return _word_of(ctx, rows, num, 1)


def _std_name(ctx: Context, rows: RowSet, _arg: Arg, num: int) -> Cells:
    return ids(ctx.index.fds.name).take(_row(ctx, rows, num))


for _num, _name in enumerate(("stdin", "stdout", "stderr")):
    define(f"proc.{_name}.type", Definition(per_event=partial(_std_type, num=_num)))
    define(f"proc.{_name}.name", Definition(per_event=partial(_std_name, num=_num)))
