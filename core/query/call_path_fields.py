"""evt.path and evt.text: the file that a call is about, found or not; what it read or wrote, as text.

Inputs: parameters of events, names of descriptors. In captures of the old kind some calls tell their
path only where they begin; it is looked up from the exit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..index.tables import EV_PAIRED, I64
from .cells import Bools, Cells, Kind, na
from .context import Context
from .define import Arg, event
from .rows import RowSet

_NAMES = ("filename", "pathname", "path", "name", "oldpath", "linkpath", "dir")  # the best one first
_PATHS = ("FSPATH", "FSRELPATH")
_NO_TEXT = (b"", b"<NA>")
UNIX = 8  # fd type code


def path_params(ctx: Context) -> I64:
    """Return the position of the path of each event code, -1: it has none."""
    found = np.full(ctx.num_types, -1, np.int64)
    for info in ctx.catalogue:
        if "SYSCALL" not in info.sources:
            continue
        at = {
            param.name: place
            for place, param in reversed(list(enumerate(info.params)))
            if param.type in _PATHS or (param.type == "CHARBUF" and info.category == "FILE")
        }
        found[info.id] = next((at[name] for name in _NAMES if name in at), -1)
    return found


@event("evt.path")
def _path(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    cells = na(Kind.TEXT, rows.count)
    if rows.synthetic:
        return cells
    positions = path_params(ctx)
    place = positions[rows.type]
    _fill(ctx, cells, np.flatnonzero(place >= 0), rows.rows, place)
    left = np.flatnonzero(~cells.valid & (rows.fd >= 0) & ctx.about_fd[rows.type])
    for at in left.tolist():
        name = ctx.strings[int(ctx.index.fds.name[rows.fd[at]])]
        if ctx.index.fds.kind[rows.fd[at]] == UNIX:
            name = _of_socket(name)
        cells.values[at], cells.valid[at] = name, bool(name)
    tuples = np.flatnonzero(~cells.valid & ctx.named("connect")[rows.type])
    given = ctx.args.text("tuple", rows.rows[tuples])
    for at, text, ok in zip(tuples.tolist(), given.values.tolist(), given.valid.tolist(), strict=True):
        path = _of_socket(text) if ok else b""
        cells.values[at], cells.valid[at] = path, path.startswith((b"/", b"@"))
    if not ctx.modern:
        before = np.full(rows.count, -1, np.int64)
        wanted = ~cells.valid & _told_before(positions)[rows.type] & ((rows.flags & EV_PAIRED) != 0)
        before[wanted] = _enters(ctx, rows.rows[wanted])
        known = np.flatnonzero(before >= 0)
        _fill(ctx, cells, known, before, positions[ctx.index.events.type[np.maximum(before, 0)]])
    return cells


@event("evt.text")
def _text(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return the buffer of each event as text, for operators that buffers do not take."""
    if rows.synthetic:
        return na(Kind.TEXT, rows.count)
    return replace(ctx.args.buffer(rows.rows), kind=Kind.TEXT)


def _fill(ctx: Context, cells: Cells, places: I64, rows: I64, positions: I64) -> None:
    """Fill the cells at ``places`` with the parameter that each of their rows has at its position."""
    for position in np.unique(positions[places]).tolist():
        part = places[positions[places] == position]
        if position < 0:
            continue
        found = ctx.args.text(position, rows[part])
        for at, text, ok in zip(part.tolist(), found.values.tolist(), found.valid.tolist(), strict=True):
            if ok and text not in _NO_TEXT:
                cells.values[at], cells.valid[at] = text, True


def _of_socket(name: bytes) -> bytes:
    """Return the path in the name of a unix socket, ``source->destination path``."""
    _, arrow, tail = name.partition(b"->")
    return tail.partition(b" ")[2] if arrow else name


def _told_before(positions: I64) -> Bools:
    """Return which event codes are exits whose path stands on the enter event only."""
    codes = np.arange(len(positions))
    exits = codes % 2 == 1
    return exits & (positions < 0) & (positions[np.maximum(codes - 1, 0)] >= 0)


def _enters(ctx: Context, rows: I64) -> I64:
    """Return the event before each event row of the same thread, -1: none."""
    ev = ctx.index.events
    found = np.full(len(rows), -1, np.int64)
    for at, row in enumerate(rows.tolist()):
        tid = ctx.index.threads.tid[ev.thread[row]]
        wanted = ev.type[row] - 1
        low = max(row - 4096, 0)
        same = np.flatnonzero((ev.type[low:row] == wanted) & (ev.thread[low:row] >= 0))
        if len(same):
            mine = same[ctx.index.threads.tid[ev.thread[low + same]] == tid]
            if len(mine):
                found[at] = low + int(mine[-1])
    return found
