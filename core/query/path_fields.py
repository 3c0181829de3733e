"""fs.path.*, evt.abspath and fd.nameraw: the paths that a call names, resolved or as given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from . import render
from .asof import AsOf
from .cells import Cells, Kind, na, texts_of
from .context import Context
from .define import Arg, BadArgument, Definition, define, event
from .evt_fields import has_result
from .rows import RowSet

_OPENS = ("open", "openat", "openat2", "creat", "open_by_handle_at")


@dataclass(frozen=True)
class _Role:
    """Which parameter of which calls is meant; ``fd_calls`` mean the descriptor's name."""

    params: dict[str, tuple[str, ...]]  # call -> names of the parameter (the first that exists)
    fd_calls: tuple[str, ...] = ()


_ONE = ("path", "name", "filename", "pathname")
_NAMED = (
    *_OPENS,
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "chmod",
    "fchmodat",
    "chown",
    "lchown",
    "fchownat",
    "umount",
    "umount2",
)
_MOVES = ("rename", "renameat", "renameat2", "link", "linkat")
_ROLES = {
    "name": _Role({call: _ONE for call in _NAMED}, ("fchmod", "fchown")),
    "source": _Role(
        {
            **{call: ("oldpath",) for call in _MOVES},
            "symlink": ("linkpath",),
            "symlinkat": ("linkpath",),
            "mount": ("dev",),
        }
    ),
    "target": _Role(
        {
            **{call: ("newpath",) for call in _MOVES},
            "symlink": ("target",),
            "symlinkat": ("target",),
            "mount": ("dir",),
        }
    ),
}
_AT = ("openat", "openat2", "mkdirat", "unlinkat", "fchmodat", "fchownat")
_ABSOLUTE = {
    None: _Role(
        {**{c: _ONE for c in _AT}, "symlinkat": ("linkpath",), **{c: ("oldpath",) for c in _MOVES[1:]}}
    ),
    "src": _ROLES["source"],
    "dst": _Role({call: ("newpath",) for call in _MOVES}),
}


def _positions(ctx: Context, role: _Role) -> np.ndarray:
    """Return the position of the meant parameter per event code, -1: none."""
    found = np.full(ctx.num_types, -1, np.int64)
    for info in ctx.catalogue:
        wanted = role.params.get(info.name)
        if wanted is None:
            continue
        names = [p.name for p in info.params]
        # the parameters stand on the exit, or in old layouts only on the enter
        if info.is_enter and any(w in (p.name for p in ctx.catalogue[info.id + 1].params) for w in wanted):
            continue
        for name in wanted:
            if name in names:
                found[info.id] = names.index(name)
                break
    return found


def _read(ctx: Context, rows: RowSet, role: _Role, raw: bool) -> Cells:
    cells = na(Kind.TEXT, rows.count)
    if rows.synthetic:
        return cells
    positions = _positions(ctx, role)[rows.type]
    failed = has_result(rows) & (rows.res < 0) & ~ctx.named(*_OPENS)[rows.type]
    positions = np.where(failed, -1, positions)
    for position in np.unique(positions).tolist():
        if position < 0:
            continue
        places = np.flatnonzero(positions == position)
        part = _values(ctx, rows, places, position, raw)
        cells.values[places] = part.values
        cells.valid[places] = part.valid
    by_fd = np.flatnonzero(ctx.named(*role.fd_calls)[rows.type] & (rows.fd >= 0) & ~failed)
    for place in by_fd.tolist():
        cells.values[place] = ctx.strings[int(ctx.index.fds.name[rows.fd[place]])]
        cells.valid[place] = True
    return cells


def _values(ctx: Context, rows: RowSet, places: np.ndarray, position: int, raw: bool) -> Cells:
    wanted = rows.rows[places]
    if raw:
        given = ctx.args.raw(position, wanted)
        values = zip(given.values.tolist(), given.valid.tolist(), strict=True)
        return texts_of([render.until_nul(value) if ok else None for value, ok in values])
    cells = ctx.args.text(position, wanted)
    asof = AsOf(ctx.index)
    for i in np.flatnonzero(cells.valid).tolist():
        value: bytes = cells.values[i]
        if value.startswith(b"<"):  # the reader's words for what it does not know
            continue
        absolute = value.startswith(b"/")
        base = b"" if absolute else asof.cwd(int(wanted[i]), int(rows.thread[places[i]]))
        if absolute or base:
            cells.values[i] = render.join_path(base, value, ctx.modern)
    return cells


def _path(ctx: Context, rows: RowSet, _arg: Arg, role: str, raw: bool) -> Cells:
    return _read(ctx, rows, _ROLES[role], raw)


for _role in _ROLES:
    define(f"fs.path.{_role}", Definition(per_event=partial(_path, role=_role, raw=False)))
    define(f"fs.path.{_role}raw", Definition(per_event=partial(_path, role=_role, raw=True)))


def _check_side(_ctx: Context, arg: Arg) -> None:
    if arg not in _ABSOLUTE:
        raise BadArgument("expected evt.abspath, evt.abspath.src or evt.abspath.dst")


@event("evt.abspath", check=_check_side)
def _abspath(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    cells = na(Kind.TEXT, rows.count)
    if rows.synthetic:
        return cells
    positions = _positions(ctx, _ABSOLUTE[arg])[rows.type]
    for position in np.unique(positions).tolist():
        if position >= 0:
            places = np.flatnonzero(positions == position)
            part = _values(ctx, rows, places, position, raw=False)
            cells.values[places] = part.values
            cells.valid[places] = part.valid
    return cells


@event("fd.nameraw")
def _nameraw(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return the name as the opening call gave it; for other calls the descriptor's name."""
    cells = na(Kind.TEXT, rows.count)
    known = np.flatnonzero((rows.fd >= 0) & ctx.about_fd[rows.type] & (rows.thread >= 0))
    for place in known.tolist():
        cells.values[place] = ctx.strings[int(ctx.index.fds.name[rows.fd[place]])]
        cells.valid[place] = True
    if rows.synthetic:
        return cells
    given = _read(ctx, rows, _Role({call: _ONE for call in _OPENS}), raw=True)
    cells.values[given.valid] = given.values[given.valid]
    cells.valid[given.valid] = True
    return cells
