"""evt.*: number, type, direction, category, result and what the call did."""

from __future__ import annotations

import difflib
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..index.tables import EV_HAS_RES, EV_PAIRED, FD_PHANTOM
from ..schema.catalogue import tables
from .cells import Bools, Cells, Kind, bools, ids, ints
from .context import GENERIC_TYPES, Context
from .define import Arg, BadArgument, Definition, define, dimension, event
from .rows import RowSet

# --- number, processor, type --------------------------------------------------------------------------


@event("evt.num")
def _num(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return ints(rows.rows + 1 if rows.synthetic else ctx.index.numbers(rows.rows), kind=Kind.UINT)


@event("evt.cpu")
def _cpu(_ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return ints(rows.cpu)


@dimension("name", "evt.type", words="types")
def _type(ctx: Context, _arg: Arg) -> Cells:
    return ctx.type_names


@dimension("name", "syscall.type")
def _syscall_type(ctx: Context, _arg: Arg) -> Cells:
    if ctx.modern:
        kept = np.array(["SYSCALL" in e.sources for e in ctx.catalogue], np.bool_)
    else:
        kept = ~(ctx.flagged("SKIPPARSERESET") | ctx.named("switch", exits=False))
    rest = np.zeros(ctx.num_names - ctx.num_types, np.bool_)
    rest[: len(ctx.syscalls)] = True
    return ctx.type_names.where(np.append(kept, rest))


def type_words(ctx: Context) -> frozenset[bytes]:
    """Return every name that evt.type can have."""
    return frozenset(ctx.strings[sid] for sid in ctx.type_names.values.tolist())


def unknown_type(ctx: Context, name: bytes) -> BadArgument:
    """Return the error for an event name that does not exist."""
    text = name.decode("utf-8", "replace")
    known = [word.decode() for word in type_words(ctx)]
    near = difflib.get_close_matches(text[:60], known, 1)
    reason = f"expected the name of an event or system call, and there is none called '{text}'"
    return BadArgument(reason, near[0] if near else None)


def _check_type(ctx: Context, arg: Arg) -> None:
    if arg is None or arg == "":
        raise BadArgument("expected an event name or number, as in evt.type.is.open")
    if arg.isascii() and arg.isdigit():
        if len(arg) > 5 or int(arg) >= ctx.num_types:
            raise BadArgument(f"expected an event number below {ctx.num_types}")
    elif arg.encode() not in type_words(ctx):
        raise unknown_type(ctx, arg.encode())


@event("evt.type.is", check=_check_type)
def _type_is(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    wanted = arg or ""
    if wanted.isdigit():
        return ints(rows.type == int(wanted))
    named = (ctx.type_names.values == ctx.text(wanted))[ctx.keys("name", rows)]
    codes = np.array([e.name == wanted for e in ctx.catalogue[:GENERIC_TYPES]], np.bool_)
    return ints(named | np.append(codes, np.zeros(ctx.num_types, np.bool_))[rows.type])


@dimension("type", "evt.dir")
def _dir(ctx: Context, _arg: Arg) -> Cells:
    enter, leave = ctx.text(">"), ctx.text("<")
    return ids(np.where(ctx.is_exit, leave, enter))


@dimension("type", "evt.source")
def _source(ctx: Context, _arg: Arg) -> Cells:
    return ctx.words(["syscall"] * ctx.num_types)


@dimension("type", "evt.is_async")
def _is_async(ctx: Context, _arg: Arg) -> Cells:
    return bools(np.array(["METAEVENT" in e.sources for e in ctx.catalogue], np.bool_))


@dimension("type", "evt.asynctype")
def _asynctype(ctx: Context, _arg: Arg) -> Cells:
    return ctx.words([e.name if "METAEVENT" in e.sources else None for e in ctx.catalogue])


@event("evt.hostname")
def _hostname(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return ctx.words([ctx.index.machine.hostname or None]).take(np.zeros(rows.count, np.int64))


# --- category -----------------------------------------------------------------------------------------

_IO = ("IO_READ", "IO_WRITE", "IO_OTHER")
_FD_CLASS = {
    "file": (1, 2, 16),
    "net": (3, 4, 5, 6),
    "ipc": (7, 8, 9, 11, 13),
}


def _word(category: str, modern: bool) -> str:
    if category == "IPC":
        return "IPC"
    if category == "INTERNAL" and not modern:
        return "unknown"
    return "unknown" if category in _IO else category.lower()


@event("evt.category")
def _category(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    named = ["OTHER" if ctx.modern else category for _, category in ctx.syscalls]
    words: list[str | None] = [
        _word(name, ctx.modern) for name in (*(e.category for e in ctx.catalogue), *named)
    ]
    words += ["other"] * (ctx.num_names - len(words))
    cells = ctx.words(words).take(ctx.keys("name", rows))
    io = np.flatnonzero(ctx.in_category(*_IO)[rows.type])
    if len(io):
        classes = np.full(ctx.num_fds + 1, ctx.text("unknown"), np.int64)
        kinds = ctx.index.fds.kind
        for word, codes in _FD_CLASS.items():
            classes[:-1][np.isin(kinds, codes)] = ctx.text(word)
        cells.values[io] = classes[np.where(own_fd(ctx, rows)[io], rows.fd[io], -1)]
    return cells


def own_fd(ctx: Context, rows: RowSet) -> Bools:
    """Return where an event works on a known descriptor (an exit only together with its enter)."""
    known = (rows.fd >= 0) & (((rows.flags & EV_PAIRED) != 0) | ~ctx.is_exit[rows.type])
    if ctx.num_fds:
        known = known & ((ctx.index.fds.flags[np.maximum(rows.fd, 0)] & FD_PHANTOM) == 0)
    return known


# --- result -------------------------------------------------------------------------------------------


def has_result(rows: RowSet) -> Bools:
    """Return where the result of the call is known."""
    return (rows.flags & EV_HAS_RES) != 0


@event("evt.rawres")
def _rawres(_ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return ints(rows.res, has_result(rows))


@event("evt.res")
def _res(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    names: dict[str, str] = tables()["errno"]
    codes = np.minimum(rows.res, 0) * 4 - _written_results(ctx)[rows.type]
    distinct, inverse = _few_codes(codes)
    words: list[str | None] = []
    for code in distinct.tolist():
        number, written = -(-code // 4), -code % 4
        word = (names.get(str(-number), str(number)), str(number), f"{number & _UINT64:X}")[written]
        words.append("SUCCESS" if number == 0 else word)
    return ctx.words(words).take(inverse.reshape(-1)).where(has_result(rows))


_UINT64 = (1 << 64) - 1
_SMALL = 1 << 16


def _few_codes(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct codes, all 0 or less, and the place of each code among them."""
    if not len(codes) or int(codes.min()) <= -_SMALL:
        distinct, inverse = np.unique(codes, return_inverse=True)
        return distinct, inverse.reshape(-1)
    used = np.flatnonzero(np.bincount(-codes, minlength=1))
    place = np.zeros(int(used[-1]) + 1, np.int64)
    place[used] = np.arange(len(used))
    return -used, place[-codes]


def _written_results(ctx: Context) -> NDArray[np.int64]:
    """Return how event codes show an error by the type of their result: 0 by name, 1 in decimal, 2 in hex.

    That of clone is a process, that of mmap an address.
    """
    first = [e.params[0] if e.params else None for e in ctx.catalogue]
    return np.array([_WRITTEN.get(p.type, 0) if p else 0 for p in first], np.int64)


_WRITTEN = {"PID": 1, "INT64": 1, "UINT64": 2}


@event("evt.failed")
def _failed(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    known = has_result(rows)
    return bools(known & (rows.res < 0), known if ctx.modern else None)


# --- what the call does -------------------------------------------------------------------------------


def _flagged(ctx: Context, _arg: Arg, flags: tuple[str, ...]) -> Cells:
    return bools(ctx.flagged(*flags))


for _name, _flags in (
    ("evt.is_io", ("READS_FROM_FD", "WRITES_TO_FD")),
    ("evt.is_io_read", ("READS_FROM_FD",)),
    ("evt.is_io_write", ("WRITES_TO_FD",)),
    ("evt.is_wait", ("WAITS",)),
):
    define(_name, Definition(dim="type", per_dim=partial(_flagged, flags=_flags)))


@dimension("type", "evt.io_dir")
def _io_dir(ctx: Context, _arg: Arg) -> Cells:
    reads, writes = ctx.flagged("READS_FROM_FD"), ctx.flagged("WRITES_TO_FD")
    words = ["read" if r else "write" if w else None for r, w in zip(reads, writes, strict=True)]
    return ctx.words(list(words))


def syslog_rows(ctx: Context, rows: RowSet) -> Bools:
    """Return where a call writes to the system log's socket."""
    if not ctx.num_fds:
        return np.zeros(rows.count, np.bool_)
    found = ctx.flagged("WRITES_TO_FD")[rows.type] & own_fd(ctx, rows)
    names = ctx.index.fds.name[rows.fd[found]]  # of these only: a page of a table asks, too
    found[found] = ctx.decide(names, lambda name: b"/dev/log" in name)
    return found


@event("evt.is_syslog")
def _is_syslog(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    return bools(syslog_rows(ctx, rows))


# --- opening files ------------------------------------------------------------------------------------

_O_RDONLY, _O_WRONLY = 1, 2
_CREATES = 4 | 8192  # O_CREAT, O_TMPFILE
_CREATED = 0x4000
_EXECUTABLE = 0o111


def _opens(ctx: Context, rows: RowSet, bits: int) -> Bools:
    """Return which open calls have any of ``bits`` in their flags."""
    hit = np.zeros(rows.count, np.bool_)
    places = np.flatnonzero(_open_types(ctx)[rows.type])
    if len(places) and not rows.synthetic:
        flags = ctx.args.raw("flags", rows.rows[places])
        hit[places] = flags.valid & ((flags.values & bits) != 0)
    return hit


def _open_types(ctx: Context) -> Bools:
    """Return the exits of the open family (of one old layout the enter, which has the parameters)."""
    exits = ctx.named("open", "openat", "openat2", "open_by_handle_at")
    has_flags = np.array([any(p.name == "flags" for p in e.params) for e in ctx.catalogue], np.bool_)
    layouts = np.array([e.sym == "PPME_SYSCALL_OPENAT_E" for e in ctx.catalogue], np.bool_)
    return (exits & has_flags) | layouts


def _opened(ctx: Context, rows: RowSet, _arg: Arg, bits: int) -> Cells:
    return bools(_opens(ctx, rows, bits))


for _name, _bits in (
    ("evt.is_open_read", _O_RDONLY),
    ("evt.is_open_write", _O_WRONLY),
    ("evt.is_open_create", _CREATED),
):
    define(_name, Definition(per_event=partial(_opened, bits=_bits)))


@event("evt.is_open_exec")
def _is_open_exec(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    hit = _opens(ctx, rows, _CREATES) | ctx.named("creat")[rows.type]
    places = np.flatnonzero(hit)
    if len(places) and not rows.synthetic:
        mode = ctx.args.raw("mode", rows.rows[places])
        hit[places] = mode.valid & ((mode.values & _EXECUTABLE) != 0)
    return bools(hit)
