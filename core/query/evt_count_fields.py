"""evt.count* and evt.buflen*: numbers that views add up."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..index.tables import EV_HIDDEN
from .cells import Bools, Cells, Kind, ints
from .context import Context
from .define import Arg, Definition, define, event
from .evt_fields import has_result, own_fd
from .rows import RowSet
from .thread_fields import PROCINFO

_FILES = (1, 2, 16)  # file, directory
_REGULAR = (1, 16)
_SOCKETS = (3, 4, 5, 6)
_ENDS = (*_SOCKETS, 8)  # with those of the machine itself
_IO = ("IO_READ", "IO_WRITE", "IO_OTHER")


def _fd_is(ctx: Context, rows: RowSet, kinds: tuple[int, ...]) -> Bools:
    """Return where the event works on a known descriptor of one of ``kinds``."""
    if not ctx.num_fds:
        return np.zeros(rows.count, np.bool_)
    return own_fd(ctx, rows) & np.isin(ctx.index.fds.kind, kinds)[np.maximum(rows.fd, 0)]


def _one(where: Bools) -> Cells:
    return ints(np.ones(len(where), np.int64), where)


# --- counts -------------------------------------------------------------------------------------------


@event("evt.count")
def _count(_ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _one(np.ones(rows.count, np.bool_))


@event("util.cnt")
def _counter(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return the place of an event among those that are shown, from 1."""
    shown = ctx.once("shown", lambda: np.cumsum((ctx.index.events.flags & EV_HIDDEN) == 0))
    if rows.synthetic:
        return ints(np.arange(1, rows.count + 1), kind=Kind.UINT)
    return ints(shown[rows.rows], kind=Kind.UINT)


@event("evt.count.exit")
def _exits(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _one(ctx.is_exit[rows.type])


def _reports(ctx: Context, rows: RowSet) -> Bools:
    """Return which events stand for a thread that exists.

    Old captures report every thread once a second; new ones have no such reports, so that every event
    of a thread says it. A mean over either is 1 for each thread.
    """
    return rows.thread >= 0 if ctx.modern else rows.type == PROCINFO


@event("evt.count.threadinfo")
def _threadinfo(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _one(_reports(ctx, rows))


@event("evt.count.procinfo")
def _procinfo(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    hit = _reports(ctx, rows) & (rows.thread >= 0)
    if ctx.num_threads:
        hit = hit & ctx.threads.is_main[np.maximum(rows.thread, 0)]
    return _one(hit)


def _errors(ctx: Context, rows: RowSet, among: Bools | None) -> Cells:
    """Return 1 for failed calls; for others 0 in new captures, NA in old ones."""
    known = has_result(rows)
    failed = known & (rows.res < 0)
    valid = known if ctx.modern else failed
    return ints(failed, valid if among is None else valid & among)


def _about_files(ctx: Context, rows: RowSet) -> Bools:
    return _fd_is(ctx, rows, _FILES) | (_opens(ctx, rows) & ~own_fd(ctx, rows))


def _about_sockets(ctx: Context, rows: RowSet) -> Bools:
    return _fd_is(ctx, rows, _ENDS) | (_joins(ctx, rows) & ~own_fd(ctx, rows))


def _opens(ctx: Context, rows: RowSet) -> Bools:
    return ctx.named("open", "openat", "openat2", "creat", "open_by_handle_at")[rows.type]


def _joins(ctx: Context, rows: RowSet) -> Bools:
    return ctx.named("accept", "accept4", "connect")[rows.type]


def _about_memory(ctx: Context, rows: RowSet) -> Bools:
    return ctx.in_category("MEMORY")[rows.type]


@event("evt.count.error")
def _error(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _errors(ctx, rows, None)


@event("evt.count.error.file")
def _error_file(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _errors(ctx, rows, _about_files(ctx, rows))


@event("evt.count.error.net")
def _error_net(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _errors(ctx, rows, _about_sockets(ctx, rows))


@event("evt.count.error.memory")
def _error_memory(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _errors(ctx, rows, _about_memory(ctx, rows))


@event("evt.count.error.other")
def _error_other(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    own = own_fd(ctx, rows)
    without = ~own & ~_opens(ctx, rows) & ~_joins(ctx, rows) & ~_about_memory(ctx, rows)
    return _errors(ctx, rows, without | (own & ~_fd_is(ctx, rows, (*_FILES, *_ENDS))))


# --- bytes --------------------------------------------------------------------------------------------


def _buflen(
    ctx: Context, rows: RowSet, _arg: Arg, categories: tuple[str, ...], kinds: tuple[int, ...] | None
) -> Cells:
    calls = (ctx.in_category(*categories) & ctx.is_exit)[rows.type]
    known = calls & has_result(rows) & (rows.res >= 0)
    known = known & (own_fd(ctx, rows) if kinds is None else _fd_is(ctx, rows, kinds))
    return ints(np.where(known, rows.res, 0), known, kind=Kind.UINT)


for _suffix, _kinds in (("", None), (".file", _REGULAR), (".net", _SOCKETS)):
    for _tail, _categories in (("", _IO), (".in", ("IO_READ",)), (".out", ("IO_WRITE",))):
        define(
            f"evt.buflen{_suffix}{_tail}",
            Definition(per_event=partial(_buflen, categories=_categories, kinds=_kinds)),
        )
