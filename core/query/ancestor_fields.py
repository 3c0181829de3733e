"""proc.a*: the process of an event and those it descends from, by level.

Without a level these fields mean the process itself when they are read, and any of its ancestors
in a filter.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .cells import Cells, ids, ints
from .context import Context
from .define import Arg, Definition, define, dimension, level
from .proc_fields import command_lines, spaced, variable


def _check(_ctx: Context, arg: Arg) -> None:
    if arg is not None:
        level(arg)


def _ancestor(ctx: Context, arg: Arg, column: str) -> Cells:
    values = getattr(ctx.index.threads, column)
    cells = ints(values) if column == "pid" else ids(values)
    return cells.take(ctx.threads.ancestor(0 if arg is None else level(arg)))


for _name, _column in (
    ("proc.aname", "comm"),
    ("proc.apid", "pid"),
    ("proc.aexe", "exe"),
    ("proc.aexepath", "exepath"),
):
    define(
        _name,
        Definition(dim="thread", per_dim=partial(_ancestor, column=_column), check=_check, ancestors=True),
    )


def _acmdline(ctx: Context, arg: Arg) -> Cells:
    rows = ctx.threads.ancestor(0 if arg is None else level(arg))
    return command_lines(ctx, "comm", always_space=False).take(rows)


def _aargs(ctx: Context, arg: Arg) -> Cells:
    args = ctx.derive(ctx.index.threads.args, spaced)
    return args.take(ctx.threads.ancestor(0 if arg is None else level(arg)))


define("proc.acmdline", Definition(dim="thread", per_dim=_acmdline, check=_check, ancestors=True))
define("proc.aargs", Definition(dim="thread", per_dim=_aargs, check=_check, ancestors=True))


def _check_aenv(_ctx: Context, arg: Arg) -> None:
    if arg is not None and arg.isascii() and arg.isdigit():  # otherwise the name of a variable
        level(arg)


@dimension("thread", "proc.aenv", check=_check_aenv)
def _aenv(ctx: Context, arg: Arg) -> Cells:
    env = ids(ctx.index.threads.env)
    joined = ctx.derive(env.values, spaced)
    if arg is None:
        return joined.take(ctx.threads.ancestor(0))
    if arg.isascii() and arg.isdigit():
        return joined.take(ctx.threads.ancestor(level(arg)))
    values = ctx.derive(env.values, lambda text: variable(text, arg))
    found = values.take(ctx.threads.ancestor(1))
    for step in range(2, ctx.threads.depth + 1):
        more = values.take(ctx.threads.ancestor(step))
        found = Cells(found.kind, np.where(found.valid, found.values, more.values), found.valid | more.valid)
    return found


@dimension("thread", "proc.loginshellid")
def _loginshellid(ctx: Context, _arg: Arg) -> Cells:
    threads = ctx.index.threads
    shell = ctx.decide(threads.comm, lambda comm: comm.endswith(b"sh"))
    found = np.full(ctx.num_threads, -1, np.int64)
    for step in range(ctx.threads.depth + 1):
        rows = ctx.threads.ancestor(step)
        here = rows >= 0
        here[here] = shell[rows[here]]
        found = np.where(here, threads.pid[np.maximum(rows, 0)], found)
    return ints(found, found >= 0)
