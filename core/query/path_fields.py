"""fs.path.*, evt.abspath and fd.nameraw: the paths that a call names, resolved or as given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from . import render
from .cells import Cells, Kind, na, texts_of
from .context import Context
from .define import Arg, BadArgument, Definition, define, event
from .evt_fields import has_result
from .rows import RowSet

I64 = NDArray[np.int64]

_OPENS = ("open", "openat", "openat2", "creat", "open_by_handle_at")
_UNKNOWN_BASE = b"<UNKNOWN>/"


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
_RENAMES = ("rename", "renameat", "renameat2")
_LINKS = ("link", "linkat")
_SYMLINKS = ("symlink", "symlinkat")
_ROLES = {
    "name": _Role({**{call: _ONE for call in _NAMED}, "quotactl": ("special",)}, ("fchmod", "fchown")),
    # of links the source is the new name, the target what it leads to
    "source": _Role(
        {
            **{call: ("oldpath",) for call in _RENAMES},
            **{call: ("newpath",) for call in _LINKS},
            **{call: ("linkpath",) for call in _SYMLINKS},
            "mount": ("dev",),
        }
    ),
    "target": _Role(
        {
            **{call: ("newpath",) for call in _RENAMES},
            **{call: ("oldpath",) for call in _LINKS},
            **{call: ("target",) for call in _SYMLINKS},
            "mount": ("dir",),
        }
    ),
}


def _positions(ctx: Context, params: dict[str, tuple[str, ...]]) -> I64:
    """Return the position of the meant parameter per event code, -1: none."""
    found = np.full(ctx.num_types, -1, np.int64)
    for info in ctx.catalogue:
        wanted = params.get(info.name)
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


# --- fs.path ------------------------------------------------------------------------------------------


def _read(ctx: Context, rows: RowSet, role: _Role, raw: bool) -> Cells:
    cells = na(Kind.TEXT, rows.count)
    if rows.synthetic:
        return cells
    positions = _positions(ctx, role.params)[rows.type]
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


def _values(ctx: Context, rows: RowSet, places: I64, position: int, raw: bool) -> Cells:
    wanted = rows.rows[places]
    if raw:
        return _given(ctx, position, wanted)
    cells = ctx.args.text(position, wanted)
    asof = ctx.args.asof
    for i in np.flatnonzero(cells.valid).tolist():
        value: bytes = cells.values[i]
        if value.startswith(b"<"):  # the reader's words for what it does not know
            continue
        absolute = value.startswith(b"/")
        base = b"" if absolute else asof.cwd(int(wanted[i]), int(rows.thread[places[i]]))
        if absolute or base:
            cells.values[i] = render.join_path(base, value, ctx.modern)
    return cells


def _given(ctx: Context, position: int, events: I64) -> Cells:
    """Return the texts of a parameter as the calls gave them."""
    given = ctx.args.raw(position, events)
    values = zip(given.values.tolist(), given.valid.tolist(), strict=True)
    return texts_of([render.until_nul(value) if ok else None for value, ok in values])


def _path(ctx: Context, rows: RowSet, _arg: Arg, role: str, raw: bool) -> Cells:
    return _read(ctx, rows, _ROLES[role], raw)


for _role in _ROLES:
    define(f"fs.path.{_role}", Definition(per_event=partial(_path, role=_role, raw=False)))
    define(f"fs.path.{_role}raw", Definition(per_event=partial(_path, role=_role, raw=True)))


# --- evt.abspath --------------------------------------------------------------------------------------

_AT_ONE = {  # call -> directory descriptor and path
    "openat": ("dirfd", "name"),
    "openat2": ("dirfd", "name"),
    "unlinkat": ("dirfd", "name"),
    "mkdirat": ("dirfd", "path"),
    "fchmodat": ("dirfd", "filename"),
    "fchownat": ("dirfd", "pathname"),
    "symlinkat": ("linkdirfd", "linkpath"),
}
_AT_OLD = {
    "renameat": ("olddirfd", "oldpath"),
    "renameat2": ("olddirfd", "oldpath"),
    "linkat": ("olddir", "oldpath"),
}
_AT_NEW = {
    call: (fd.replace("old", "new"), path.replace("old", "new")) for call, (fd, path) in _AT_OLD.items()
}
_AT: dict[str | None, dict[str, tuple[str, str]]] = {
    None: {**_AT_ONE, **_AT_OLD},
    "src": {**_AT_ONE, **_AT_OLD},
    "dst": {**_AT_ONE, **_AT_NEW},
}


def _check_side(_ctx: Context, arg: Arg) -> None:
    if arg not in _AT:
        raise BadArgument("expected evt.abspath, evt.abspath.src or evt.abspath.dst")


@event("evt.abspath", check=_check_side)
def _abspath(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    cells = na(Kind.TEXT, rows.count)
    if rows.synthetic:
        return cells
    calls = _AT[arg]
    paths = _positions(ctx, {call: (path,) for call, (_, path) in calls.items()})
    fds = _positions(ctx, {call: (fd,) for call, (fd, _) in calls.items()})
    known = np.where((paths >= 0) & (fds >= 0), paths * 64 + fds, -1)[rows.type]
    known = np.where(rows.thread >= 0, known, -1)
    for code in np.unique(known).tolist():
        if code >= 0:
            places = np.flatnonzero(known == code)
            part = _resolved(ctx, rows, places, code // 64, code % 64)
            cells.values[places] = part.values
            cells.valid[places] = part.valid
    return _by_handle(ctx, rows, cells)


def _resolved(ctx: Context, rows: RowSet, places: I64, path: int, fd: int) -> Cells:
    """Return the paths in a parameter, below the directory that the parameter ``fd`` names."""
    events = rows.rows[places]
    cells = _given(ctx, path, events)
    numbers = ctx.args.raw(fd, events)
    nums = np.array([_number(raw) for raw in numbers.values], np.int64)
    thread = np.asarray(rows.thread[places], np.int64)
    found = ctx.tables.find(ctx.tables.owner_of[thread], 2 * events, nums)
    for i in np.flatnonzero(cells.valid & numbers.valid).tolist():
        value: bytes = cells.values[i]
        if value.startswith(b"/"):
            base = b""
        elif nums[i] == render.AT_FDCWD:
            base = ctx.args.asof.cwd(int(events[i]), int(thread[i]))
        elif found[i] >= 0:
            base = ctx.strings[int(ctx.index.fds.name[found[i]])] + b"/"
        else:
            base = _UNKNOWN_BASE
        cells.values[i] = render.join_path(base, value, ctx.modern)
    return cells.where(numbers.valid & _not_empty(cells))


def _number(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "little", signed=True) if len(raw) >= 4 else -1


def _not_empty(cells: Cells) -> NDArray[np.bool_]:
    return np.array([len(value) > 0 for value in cells.values], np.bool_)


def _by_handle(ctx: Context, rows: RowSet, cells: Cells) -> Cells:
    """Add the files that were opened by handle: their path is part of the event."""
    opened = has_result(rows) & (rows.res > 0) & ctx.named("open_by_handle_at")[rows.type]
    places = np.flatnonzero(opened & (rows.thread >= 0) & ctx.modern)
    if len(places):
        given = ctx.args.raw("path", rows.rows[places])
        for place, path, ok in zip(places.tolist(), given.values, given.valid.tolist(), strict=True):
            if ok:
                cells.values[place] = render.join_path(b"", render.until_nul(path), True)
                cells.valid[place] = True
    return cells


# --- fd.nameraw ---------------------------------------------------------------------------------------


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
