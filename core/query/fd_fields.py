"""fd.*: the descriptor that an event works on: number, type, name, file.

The ``fd`` dimension has a row per row of `fds`, then one per event code for events that concern a
descriptor of which nothing is known.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..index.tables import EV_FD_GUESSED, FD_CONNECTED, FD_NAME_CHANGED, FD_PHANTOM, NO_FD
from .cells import Bools, Cells, Kind, bools, ids, ints, na, texts_of
from .context import Context
from .define import Arg, Definition, define, dimension, event
from .rows import RowSet

FILES = (1, 16)
DIRECTORY = 2
_WORDS: dict[int, tuple[str, str]] = {
    1: ("f", "file"),
    16: ("f", "file"),
    2: ("d", "directory"),
    3: ("4", "ipv4"),
    5: ("4", "ipv4"),
    4: ("6", "ipv6"),
    6: ("6", "ipv6"),
    8: ("u", "unix"),
    7: ("p", "pipe"),
    9: ("e", "event"),
    11: ("s", "signalfd"),
    12: ("l", "eventpoll"),
    13: ("i", "inotify"),
    14: ("t", "timerfd"),
    15: ("n", "netlink"),
    17: ("b", "bpf"),
    18: ("u", "userfaultfd"),
    19: ("r", "io_uring"),
    20: ("m", "memfd"),
    21: ("P", "pidfd"),
    10: ("X", "<NA>"),
}
_UNKNOWN = ("o", "<NA>")
_OLD_OPENAT_X = 103
_CREATED_LETTER = {
    "open": "f",
    "openat": "f",
    "openat2": "f",
    "creat": "f",
    "socket": "4",
    "accept": "4",
    "accept4": "4",
    "pipe": "p",
    "pipe2": "p",
    "eventfd": "e",
    "eventfd2": "e",
    "signalfd": "s",
    "signalfd4": "s",
    "timerfd_create": "t",
    "inotify_init": "i",
    "inotify_init1": "i",
}


def of_fds(ctx: Context, cells: Cells, known: Bools | None = None) -> Cells:
    """Return cells of the ``fd`` dimension from one per row of `fds`; NA where nothing is known."""
    real = (ctx.index.fds.flags & FD_PHANTOM) == 0
    if known is not None:
        real = real & known
    blank = na(cells.kind, ctx.num_types)
    return Cells(
        cells.kind,
        np.concatenate((cells.values, blank.values)),
        np.concatenate((cells.valid & real, blank.valid)),
        cells.fmt,
    )


def kind_word(code: int) -> str:
    """Return the word for a type code of descriptors."""
    return _WORDS.get(code, _UNKNOWN)[1]


def kind_words(ctx: Context, place: int) -> Cells:
    """Return the letter (0) or the word (1) of each row of `fds`."""
    words = ctx.words([_WORDS.get(code, _UNKNOWN)[place] for code in range(256)])
    return words.take(ctx.index.fds.kind.astype(np.int64))


# --- type ---------------------------------------------------------------------------------------------


@dimension("fd", "fd.type")
def _type(ctx: Context, _arg: Arg) -> Cells:
    return of_fds(ctx, kind_words(ctx, 1))


@dimension("fd", "fd.typechar")
def _typechar(ctx: Context, _arg: Arg) -> Cells:
    letters = ctx.words([_CREATED_LETTER.get(e.name, "o") for e in ctx.catalogue])
    own = kind_words(ctx, 0)
    values = own.values.copy()
    phantom = np.flatnonzero(ctx.index.fds.flags & FD_PHANTOM)
    if len(phantom):
        makers = ctx.index.events.type[np.maximum(ctx.index.fds.first_event[phantom], 0)]
        values[phantom] = letters.values[makers]
    return ids(np.concatenate((values, letters.values)))


# --- number -------------------------------------------------------------------------------------------


@event("fd.num")
def _num(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    known = ctx.about_fd[rows.type] & (rows.thread >= 0)
    return ints(np.where(rows.fdnum == NO_FD, -1, rows.fdnum), known)


@event("fd.uid")
def _uid(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    number = _num(ctx, rows, None)
    if not ctx.num_threads:
        return na(Kind.TEXT, rows.count)
    tids = ctx.index.threads.tid[np.maximum(rows.thread, 0)]
    pairs = zip(tids.tolist(), number.values.tolist(), number.valid.tolist(), strict=True)
    return texts_of([f"{tid}{num}".encode() if ok else None for tid, num, ok in pairs])


# --- name ---------------------------------------------------------------------------------------------


def names(ctx: Context) -> Cells:
    """Return the name by row of the ``fd`` dimension; empty for exits without a descriptor."""
    empty = np.zeros(ctx.num_types, np.int64)
    empty[ctx.named("accept", "accept4")] = ctx.text("NULL")  # how their missing tuple is shown
    return ids(
        np.concatenate((ctx.index.fds.name.astype(np.int64), empty)),
        np.concatenate((np.ones(ctx.num_fds, np.bool_), _tells(ctx))),
    )


@dimension("fd", "fd.name")
def _name(ctx: Context, _arg: Arg) -> Cells:
    return names(ctx)


def _up_to_slash(name: bytes) -> bytes:
    """Return the directory of a name; a name that ends in a slash is one."""
    head, _, tail = name.rpartition(b"/")
    return (head if tail else name) if head else b"/"


def directories(ctx: Context) -> Cells:
    """Return the directory by row of the ``fd`` dimension: only files, directories, failed opens."""
    kind, flags = ctx.index.fds.kind, ctx.index.fds.flags
    cut = ctx.derive(ctx.index.fds.name, _up_to_slash)
    values = np.where(kind == DIRECTORY, ctx.index.fds.name, cut.values)
    known = np.isin(kind, (*FILES, DIRECTORY)) | ((flags & FD_PHANTOM) != 0)
    root = np.full(ctx.num_types, ctx.text("/"), np.int64)
    return ids(np.concatenate((values, root)), np.concatenate((known, _tells(ctx))))


def _tells(ctx: Context) -> Bools:
    """Return which event codes show some name although nothing is known of the descriptor."""
    tells = ctx.is_exit.copy()
    if not ctx.modern:
        tells[_OLD_OPENAT_X] = False  # its name stands in the enter event, which is gone by then
    return tells


@dimension("fd", "fd.directory")
def _directory(ctx: Context, _arg: Arg) -> Cells:
    return directories(ctx)


@dimension("fd", "fd.filename")
def _filename(ctx: Context, _arg: Arg) -> Cells:
    def last(name: bytes) -> bytes:
        _, slash, tail = name.rpartition(b"/")
        return (tail or name) if slash else b"/"

    return of_fds(ctx, ctx.derive(ctx.index.fds.name, last), np.isin(ctx.index.fds.kind, FILES))


# --- attributes ---------------------------------------------------------------------------------------


@dimension("fd", "fd.connected")
def _connected(ctx: Context, _arg: Arg) -> Cells:
    return of_fds(ctx, bools((ctx.index.fds.flags & FD_CONNECTED) != 0))


@dimension("fd", "fd.ino")
def _ino(ctx: Context, _arg: Arg) -> Cells:
    return of_fds(ctx, ints(ctx.index.fds.ino))


def _device(ctx: Context, _arg: Arg, part: str) -> Cells:
    dev = ctx.index.fds.dev
    known = None if ctx.modern else np.isin(ctx.index.fds.kind, (*FILES, DIRECTORY))
    if part == "major":
        return of_fds(ctx, ints((dev & 0xFFF00) >> 8), known)
    if part == "minor":
        return of_fds(ctx, ints((dev & 0xFF) | ((dev >> 12) & 0xFFF00)), known)
    return of_fds(ctx, ints(dev, fmt="HEX"), known)


for _label, _part in (("fd.dev", ""), ("fd.dev.major", "major"), ("fd.dev.minor", "minor")):
    define(_label, Definition(dim="fd", per_dim=partial(_device, part=_part)))


def _layer(ctx: Context, _arg: Arg, bit: int) -> Cells:
    return of_fds(ctx, bools((ctx.index.fds.openflags & bit) != 0))


for _label, _bit in (("fd.is_upper_layer", 32768), ("fd.is_lower_layer", 65536)):
    define(_label, Definition(dim="fd", per_dim=partial(_layer, bit=_bit)))


@event("fd.name_changed")
def _name_changed(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    """Return whether the event gave the descriptor its name: it opened or connected it."""
    known = ctx.about_fd[rows.type] & (rows.thread >= 0) & (rows.fd >= 0)
    if not ctx.num_fds:
        return na(Kind.BOOL, rows.count)
    fd = np.maximum(rows.fd, 0)
    known = known & ((ctx.index.fds.flags[fd] & FD_PHANTOM) == 0)
    begun = (ctx.index.fds.first_event[fd] == rows.rows) & ((rows.flags & EV_FD_GUESSED) == 0)
    return bools(begun & ((ctx.index.fds.flags[fd] & FD_NAME_CHANGED) != 0), known)
