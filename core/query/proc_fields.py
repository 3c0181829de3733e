"""proc.*: the process of an event, its session and its parent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, Kind, bools, ids, intern_all, ints
from .context import Context
from .define import Arg, BadArgument, Definition, define, dimension, event
from .rows import RowSet

# --- plain columns ------------------------------------------------------------------------------------


def _number(ctx: Context, _arg: Arg, column: str, unknown: int | None = None) -> Cells:
    values = getattr(ctx.index.threads, column)
    return ints(values, None if unknown is None else values != unknown)


for _name, _column, _unknown in (
    ("proc.pid", "pid", None),
    ("proc.sid", "sid", None),
    ("proc.vpgid", "vpgid", None),
    ("proc.vpid", "vpid", -1),
    ("proc.tty", "tty", None),
    ("proc.exe_ino", "exe_ino", 0),
):
    define(_name, Definition(dim="thread", per_dim=partial(_number, column=_column, unknown=_unknown)))


def _recorded(ctx: Context, _arg: Arg, column: str, unknown: int) -> Cells:
    """Return a column that old captures rarely hold: there ``unknown`` stands for what is not recorded."""
    return _number(ctx, _arg, column, None if ctx.modern else unknown)


for _name, _column, _unknown in (
    ("proc.pgid", "pgid", -1),
    ("proc.exe_ino.ctime", "exe_ino_ctime", 0),
    ("proc.exe_ino.mtime", "exe_ino_mtime", 0),
    ("proc.pidns_init_start_ts", "pidns_init_start_ts", 0),
    ("proc.pid.ts", "clone_ts", 0),
):
    define(_name, Definition(dim="thread", per_dim=partial(_recorded, column=_column, unknown=_unknown)))


def _text(ctx: Context, _arg: Arg, column: str) -> Cells:
    return ids(getattr(ctx.index.threads, column))


for _name, _column in (("proc.name", "comm"), ("proc.exe", "exe"), ("proc.exepath", "exepath")):
    define(_name, Definition(dim="thread", per_dim=partial(_text, column=_column)))


def _flag(ctx: Context, _arg: Arg, bit: int) -> Cells:
    return bools((ctx.index.threads.exe_flags & bit) != 0)


for _name, _bit in (
    ("proc.is_exe_writable", 1),
    ("proc.is_exe_upper_layer", 2),
    ("proc.is_exe_from_memfd", 4),
    ("proc.is_exe_lower_layer", 8),
):
    define(_name, Definition(dim="thread", per_dim=partial(_flag, bit=_bit)))


def _leads(ctx: Context, _arg: Arg, group: str, own: str) -> Cells:
    threads = ctx.index.threads
    leader = getattr(threads, group)
    known = leader != -1 if group == "pgid" and not ctx.modern else None
    return bools(leader == getattr(threads, own), known)


for _name, _group, _own in (
    ("proc.is_sid_leader", "sid", "vpid"),
    ("proc.is_vpgid_leader", "vpgid", "vpid"),
    ("proc.is_pgid_leader", "pgid", "pid"),
):
    define(_name, Definition(dim="thread", per_dim=partial(_leads, group=_group, own=_own)))


# --- argument lists -----------------------------------------------------------------------------------


def items(text: bytes) -> list[bytes]:
    """Return the items of a list of NUL-terminated texts."""
    return text.removesuffix(b"\0").split(b"\0") if text else []


def spaced(text: bytes) -> bytes:
    """Return the items of a list of NUL-terminated texts with blanks between them."""
    return text.removesuffix(b"\0").replace(b"\0", b" ")


def _check_index(_ctx: Context, arg: Arg) -> None:
    if arg is not None and not (arg.isascii() and arg.isdigit() and len(arg) < 6):
        raise BadArgument("expected the number of an argument, from 0")


@dimension("thread", "proc.args", check=_check_index)
def _args(ctx: Context, arg: Arg) -> Cells:
    if arg is None:
        return ctx.derive(ctx.index.threads.args, spaced)
    place = int(arg)

    def one(text: bytes) -> bytes | None:
        found = items(text)
        return found[place] if place < len(found) else None

    return ctx.derive(ctx.index.threads.args, one)


def variable(text: bytes, name: str) -> bytes | None:
    """Return the value of an environment variable in a NUL-separated list, None: not set."""
    prefix = f"{name}=".encode()
    for item in items(text):
        if item.startswith(prefix):
            return item[len(prefix) :]
    return None


@dimension("thread", "proc.env")
def _env(ctx: Context, arg: Arg) -> Cells:
    env = ids(ctx.index.threads.env).take(ctx.threads.main)
    if arg is None:
        # the old reader stops where nothing but NUL follows, as in what a process overwrote with its title
        make = spaced if ctx.modern else lambda text: spaced(text.rstrip(b"\0"))
        return ctx.derive(env.values, make).where(env.valid)
    return ctx.derive(env.values, lambda text: variable(text, arg)).where(env.valid)


@dimension("thread", "proc.cwd")
def _cwd(ctx: Context, _arg: Arg) -> Cells:
    return ids(ctx.index.threads.cwd).take(ctx.threads.main)


def command_lines(ctx: Context, first: str, always_space: bool) -> Cells:
    """Return ``first`` (a column of `threads`) and the arguments of every row of `threads`."""
    threads = ctx.index.threads
    columns = np.stack([getattr(threads, first).astype(np.int64), threads.args.astype(np.int64)])
    distinct, inverse = np.unique(columns, axis=1, return_inverse=True)
    texts: list[bytes | None] = []
    for head, args in distinct.T.tolist():
        tail = spaced(ctx.strings[args])
        texts.append(ctx.strings[head] + (b" " + tail if args or always_space else b""))
    return intern_all(ctx.strings, texts).take(inverse.reshape(-1))


@dimension("thread", "proc.cmdline")
def _cmdline(ctx: Context, _arg: Arg) -> Cells:
    return command_lines(ctx, "comm", always_space=False)


@dimension("thread", "proc.exeline")
def _exeline(ctx: Context, _arg: Arg) -> Cells:
    return command_lines(ctx, "exe", always_space=True)


def _measure(ctx: Context, _arg: Arg, measure: Callable[[bytes], int]) -> Cells:
    distinct, inverse = np.unique(ctx.index.threads.args, return_inverse=True)
    sizes = np.array([measure(ctx.strings[sid]) for sid in distinct.tolist()], np.int64)
    return ints(sizes[inverse.reshape(-1)], kind=Kind.UINT)


define("proc.cmdnargs", Definition(dim="thread", per_dim=partial(_measure, measure=lambda t: len(items(t)))))
define(
    "proc.cmdlenargs",
    Definition(dim="thread", per_dim=partial(_measure, measure=lambda t: sum(map(len, items(t))))),
)

# --- the parent ---------------------------------------------------------------------------------------


@dimension("thread", "proc.ppid")
def _ppid(ctx: Context, _arg: Arg) -> Cells:
    threads = ctx.index.threads
    if ctx.modern:
        return ints(threads.pid).take(ctx.threads.parent)
    return ints(threads.ptid).take(ctx.threads.main)


def _of_parent(ctx: Context, _arg: Arg, column: str) -> Cells:
    return ids(getattr(ctx.index.threads, column)).take(ctx.threads.parent)


for _name, _column in (("proc.pname", "comm"), ("proc.pexe", "exe"), ("proc.pexepath", "exepath")):
    define(_name, Definition(dim="thread", per_dim=partial(_of_parent, column=_column)))


@dimension("thread", "proc.pcmdline")
def _pcmdline(ctx: Context, _arg: Arg) -> Cells:
    return command_lines(ctx, "comm", always_space=False).take(ctx.threads.parent)


@dimension("thread", "proc.pvpid")
def _pvpid(ctx: Context, _arg: Arg) -> Cells:
    return ints(ctx.index.threads.vpid).take(ctx.threads.parent)


@dimension("thread", "proc.ppid.ts")
def _ppid_ts(ctx: Context, _arg: Arg) -> Cells:
    return _recorded(ctx, _arg, "clone_ts", 0).take(ctx.threads.parent)


# --- session and group leaders ------------------------------------------------------------------------


def _of_leader(ctx: Context, _arg: Arg, group: str, column: str) -> Cells:
    leads = ids(getattr(ctx.index.threads, column)).take(ctx.threads.leader(group))
    return leads.where(_number(ctx, _arg, "pgid", -1).valid) if group == "pgid" and not ctx.modern else leads


for _name, _group, _column in (
    ("proc.sname", "sid", "comm"),
    ("proc.sid.exe", "sid", "exe"),
    ("proc.sid.exepath", "sid", "exepath"),
    ("proc.vpgid.name", "vpgid", "comm"),
    ("proc.vpgid.exe", "vpgid", "exe"),
    ("proc.vpgid.exepath", "vpgid", "exepath"),
    ("proc.pgid.name", "pgid", "comm"),
    ("proc.pgid.exe", "pgid", "exe"),
    ("proc.pgid.exepath", "pgid", "exepath"),
):
    define(_name, Definition(dim="thread", per_dim=partial(_of_leader, group=_group, column=_column)))


# --- what changes from event to event -----------------------------------------------------------------


@event("proc.nthreads")
def _nthreads(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    known = rows.thread >= 0
    if ctx.num_threads:
        known = known & (ctx.threads.group[np.maximum(rows.thread, 0)] >= 0)
    return ints(ctx.threads.members(rows.thread, _when(ctx, rows)), known)


@event("proc.nchilds")
def _nchilds(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    known = rows.thread >= 0
    if not ctx.modern and ctx.num_threads:
        lives = ctx.index.threads.life[np.maximum(rows.thread, 0)].astype(np.int64)
        return ints(ctx.threads.followers(lives, _when(ctx, rows)), known)
    count = np.maximum(ctx.threads.members(rows.thread, _when(ctx, rows)) - 1, 0)
    if ctx.num_threads:
        count = np.where(ctx.threads.is_main[np.maximum(rows.thread, 0)], count, 0)
    return ints(count, known)


def _when(ctx: Context, rows: RowSet) -> NDArray[np.int64]:
    """Event rows at which the state of the machine counts: the last one for the thread table."""
    if rows.synthetic:
        return np.full(rows.count, len(ctx.index.events.ts) - 1, np.int64)
    return rows.rows


@event("proc.duration")
def _duration(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return _since(rows, ints(ctx.index.threads.clone_ts).take(rows.thread))


@event("proc.ppid.duration")
def _ppid_duration(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    start = ints(ctx.index.threads.clone_ts).take(ctx.threads.parent)
    return _since(rows, start.take(rows.thread))


def _since(rows: RowSet, start: Cells) -> Cells:
    return ints(rows.ts - start.values, start.valid & (start.values != 0), kind=Kind.UINT)


# --- age of the executable ----------------------------------------------------------------------------


@dimension("thread", "proc.exe_ino.ctime_duration_proc_start")
def _ctime_to_start(ctx: Context, _arg: Arg) -> Cells:
    threads = ctx.index.threads
    known = (threads.exe_ino_ctime != 0) & (threads.clone_ts != 0)
    return ints(threads.clone_ts - threads.exe_ino_ctime, known)


@dimension("thread", "proc.exe_ino.ctime_duration_pidns_start")
def _pidns_to_ctime(ctx: Context, _arg: Arg) -> Cells:
    threads = ctx.index.threads
    known = (threads.exe_ino_ctime != 0) & (threads.pidns_init_start_ts != 0)
    return ints(threads.exe_ino_ctime - threads.pidns_init_start_ts, known)


@dimension("thread", "proc.fdlimit")
def _fdlimit(ctx: Context, _arg: Arg) -> Cells:
    return ints(ctx.index.threads.fdlimit).take(ctx.threads.main)
