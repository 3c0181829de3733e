"""thread.*: what a thread is, uses and may do."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..schema.catalogue import tables
from .cells import Cells, Kind, bools, intern_all, ints, na
from .context import Context
from .define import Arg, BadArgument, Definition, define, dimension, event
from .rows import RowSet

PROCINFO = 234


@dimension("tid", "thread.tid")
def _tid(ctx: Context, _arg: Arg) -> Cells:
    return ints(np.concatenate((ctx.index.threads.tid, ctx.strangers)))


@dimension("thread", "thread.vtid")
def _vtid(ctx: Context, _arg: Arg) -> Cells:
    vtid = ctx.index.threads.vtid
    return ints(vtid, vtid != -1)


@dimension("thread", "thread.ismain")
def _ismain(ctx: Context, _arg: Arg) -> Cells:
    return bools(ctx.threads.is_main)


@dimension("thread", "thread.nametid")
def _nametid(ctx: Context, _arg: Arg) -> Cells:
    threads = ctx.index.threads
    pairs = zip(threads.comm.tolist(), threads.tid.tolist(), strict=True)
    return intern_all(ctx.strings, [ctx.strings[comm] + str(tid).encode() for comm, tid in pairs])


_RENAMED = {b"perf": b"perf_event", b"mem": b"memory", b"io": b"blkio"}


def cgroups(text: bytes, modern: bool) -> list[tuple[bytes, bytes]]:
    """Return (subsystem, path) of each cgroup of a thread, subsystems by their usual names.

    The path begins behind the first ``=``, for the old reader behind the last.
    """
    found: list[tuple[bytes, bytes]] = []
    for item in text.removesuffix(b"\0").split(b"\0") if text else ():
        subsystem, _, path = item.partition(b"=") if modern else item.rpartition(b"=")
        subsystem = subsystem.removesuffix(b"_cgroup")
        found.append((_RENAMED.get(subsystem, subsystem), path))
    return found


@dimension("thread", "thread.cgroups")
def _cgroups(ctx: Context, _arg: Arg) -> Cells:
    return ctx.derive(
        ctx.index.threads.cgroups,
        lambda text: (
            b" ".join(subsystem + b"=" + path for subsystem, path in cgroups(text, ctx.modern)) or None
        ),
    )


def _check_subsystem(_ctx: Context, arg: Arg) -> None:
    if arg is None or not arg.replace("_", "").isalnum():
        raise BadArgument("expected a cgroup subsystem, as in thread.cgroup.cpuset")


def _first(items: list[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    return next((path for subsystem, path in items if subsystem == wanted), None)


@dimension("thread", "thread.cgroup", check=_check_subsystem)
def _cgroup(ctx: Context, arg: Arg) -> Cells:
    wanted = (arg or "").encode()
    return ctx.derive(ctx.index.threads.cgroups, lambda text: _first(cgroups(text, ctx.modern), wanted))


def _capabilities(ctx: Context, _arg: Arg, column: str) -> Cells:
    names: list[str] = tables()["capabilities_bit_order"]
    masks = getattr(ctx.index.threads, column)
    distinct, inverse = np.unique(masks, return_inverse=True)
    texts = [" ".join(n for bit, n in enumerate(names) if mask >> bit & 1) for mask in distinct.tolist()]
    known = np.ones(len(masks), np.bool_) if ctx.modern else masks != 0  # old captures rarely hold them
    return ctx.words(list(texts)).take(inverse.reshape(-1)).where(known)


for _name in ("permitted", "inheritable", "effective"):
    define(
        f"thread.cap_{_name}",
        Definition(dim="thread", per_dim=partial(_capabilities, column=f"cap_{_name}")),
    )


# --- memory and page faults ---------------------------------------------------------------------------


def _memory(ctx: Context, rows: RowSet, _arg: Arg, column: str, factor: int, main_only: bool) -> Cells:
    values = getattr(ctx.index.mems, column)
    thread = rows.thread
    known = thread >= 0
    mem = np.where(known, rows.mem, -1)
    if len(values):
        amounts = np.where(mem >= 0, values[np.maximum(mem, 0)], 0) * factor
    else:
        amounts = np.zeros(rows.count, np.int64)
    if main_only and len(ctx.threads.is_main):
        amounts = np.where(ctx.threads.is_main[np.maximum(thread, 0)], amounts, 0)
    return ints(amounts, known, kind=Kind.UINT)


for _name, _column, _factor, _main in (
    ("thread.pfmajor", "pfmajor", 1, False),
    ("thread.pfminor", "pfminor", 1, False),
    ("thread.vmsize", "vmsize", 1, True),
    ("thread.vmrss", "vmrss", 1, True),
    ("thread.vmsize.b", "vmsize", 1024, True),
    ("thread.vmrss.b", "vmrss", 1024, True),
    ("proc.vmsize", "vmsize", 1, False),
    ("proc.vmrss", "vmrss", 1, False),
    ("proc.vmswap", "vmswap", 1, False),
):
    define(_name, Definition(per_event=partial(_memory, column=_column, factor=_factor, main_only=_main)))


# --- processor time -----------------------------------------------------------------------------------


def _cpu(ctx: Context, rows: RowSet, _arg: Arg, user: bool, system: bool) -> Cells:
    table = ctx.index.cpu
    found = na(Kind.FLOAT, rows.count)
    if rows.synthetic or not len(table.event):
        return found
    places = np.flatnonzero(rows.type == PROCINFO)
    if not len(places):
        return found
    at = np.minimum(np.searchsorted(table.event, rows.rows[places]), len(table.event) - 1)
    places, at = places[table.event[at] == rows.rows[places]], at[table.event[at] == rows.rows[places]]
    ticks = np.zeros(len(at), np.int64)
    if user:
        ticks += np.minimum(table.user[at], 100)
    if system:
        ticks += np.minimum(table.system[at], 100)
    found.values[places] = np.minimum(ticks, 100) if user and system else ticks
    found.valid[places] = rows.thread[places] >= 0
    return found


for _name, _user, _system in (
    ("thread.cpu", True, True),
    ("thread.cpu.user", True, False),
    ("thread.cpu.system", False, True),
):
    define(_name, Definition(per_event=partial(_cpu, user=_user, system=_system)))


@event("thread.exectime")
def _exectime(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    times = np.zeros(rows.count, np.int64) if rows.synthetic else ctx.switches.at(rows.rows)
    return ints(times, kind=Kind.UINT)


@event("thread.totexectime")
def _totexectime(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    known = rows.thread >= 0
    times = np.zeros(rows.count, np.int64)
    if not rows.synthetic and ctx.num_threads:
        lives = ctx.index.threads.life[np.maximum(rows.thread, 0)].astype(np.int64)
        times = ctx.switches.total(lives, rows.rows)
    return ints(times, known, kind=Kind.UINT)
