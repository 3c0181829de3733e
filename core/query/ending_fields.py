"""proc.exit.*, proc.started, proc.ended, proc.lifetime: how long a process lived and how it ended.

Inputs: the lives of threads. A process lives as long as its main thread.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import I64, Index
from ..schema.catalogue import tables
from .cells import Bools, Cells, Kind, bools, ints
from .context import Context
from .define import Arg, dimension

_CORE = 0x80


def process_lives(ctx: Context) -> I64:
    """Return the row of `lives` of the process of each row of `threads`: that of its main thread."""
    group = ctx.threads.group
    return np.where(group >= 0, group, ctx.index.threads.life.astype(np.int64))


def exit_words(status: int) -> str:
    """Return a wait status as text: ``exit 1``, ``SIGKILL``, ``SIGSEGV, core dumped``."""
    signal = status & 0x7F
    if signal == 0:
        return f"exit {status >> 8 & 0xFF}"
    return signal_name(signal) + (", core dumped" if status & _CORE else "")


def signal_name(number: int) -> str:
    """Return the name of a signal, ``signal 65`` where there is none."""
    return tables()["signals"].get(str(number), f"signal {number}")


def ended(index: Index) -> Bools:
    """Return which lives ended in the capture with a status."""
    return index.lives.exit_status >= 0


def _statuses(ctx: Context) -> tuple[I64, Bools]:
    """Return the wait status of the process of each row of `threads`, and where there is one."""
    lives = process_lives(ctx)
    if not len(lives):
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    return ctx.index.lives.exit_status[lives], ended(ctx.index)[lives]


def _words(ctx: Context, statuses: I64, known: Bools, plain: bool) -> Cells:
    distinct, inverse = np.unique(np.where(known, statuses, 0), return_inverse=True)
    words = ctx.words([signal_name(s & 0x7F) if plain else exit_words(s) for s in distinct.tolist()])
    return words.take(inverse.reshape(-1)).where(known)


@dimension("thread", "proc.exit.code")
def _code(ctx: Context, _arg: Arg) -> Cells:
    statuses, known = _statuses(ctx)
    return ints(statuses >> 8 & 0xFF, known & (statuses & 0x7F == 0))


@dimension("thread", "proc.exit.signal")
def _signal(ctx: Context, _arg: Arg) -> Cells:
    statuses, known = _statuses(ctx)
    return _words(ctx, statuses, known & (statuses & 0x7F != 0), True)


@dimension("thread", "proc.exit.text")
def _text(ctx: Context, _arg: Arg) -> Cells:
    return _words(ctx, *_statuses(ctx), False)


@dimension("thread", "proc.exit.failed")
def _failed(ctx: Context, _arg: Arg) -> Cells:
    statuses, known = _statuses(ctx)
    return bools(statuses != 0, known)


# --- times --------------------------------------------------------------------------------------------


def spans(index: Index, lives: I64) -> tuple[I64, I64, Bools, Bools]:
    """Return begin and end of lives in ns, cut to the capture, and which of both are inside of it."""
    ts = index.events.ts
    if not len(ts):
        nothing = np.zeros(len(lives), np.int64)
        return nothing, nothing, nothing > 0, nothing > 0
    first, end = index.lives.first_event[lives], index.lives.end_event[lives]
    born, gone = first >= 0, ended(index)[lives]
    begin = np.where(born, ts[np.maximum(first, 0)], index.start_ts)
    last = ts[np.clip(end - 1, 0, len(ts) - 1)]  # an entry is gone with the event after its exit
    return begin, np.maximum(last, begin), born, gone


@dimension("thread", "proc.started")
def _started(ctx: Context, _arg: Arg) -> Cells:
    begin, _, born, _ = spans(ctx.index, process_lives(ctx))
    return ints(begin, born, kind=Kind.UINT)


@dimension("thread", "proc.ended")
def _ended(ctx: Context, _arg: Arg) -> Cells:
    _, end, _, gone = spans(ctx.index, process_lives(ctx))
    return ints(end, gone, kind=Kind.UINT)


@dimension("thread", "proc.lifetime")
def _lifetime(ctx: Context, _arg: Arg) -> Cells:
    begin, end, _, _ = spans(ctx.index, process_lives(ctx))
    return ints(end - begin, kind=Kind.UINT)
