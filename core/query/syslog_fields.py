"""syslog.* and evt.info: messages written to the system log's socket, ``<priority>text``."""

from __future__ import annotations

from functools import partial

import numpy as np

from .cells import Cells, Kind, ints, na, texts_of
from .context import Context
from .define import Arg, Definition, define, event
from .evt_arg_fields import arguments
from .evt_fields import has_result, syslog_rows
from .rows import RowSet

_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "clock", "authpriv"),
    *("ftp", "ntp", "logaudit", "logalert", "cron"),  # as the reader of 0.29.3 calls them
    *(f"local{number}" for number in range(8)),
)
_PRIORITY_DIGITS = 15
_MAX_PRIORITY = 2**31 - 1
_SEVERITIES = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]


def _messages(ctx: Context, rows: RowSet) -> list[tuple[int, bytes] | None]:
    """Return priority and text of each message; None for everything else."""
    found: list[tuple[int, bytes] | None] = [None] * rows.count
    if rows.synthetic:
        return found
    sent = has_result(rows) & (rows.res >= 0) & ctx.is_exit[rows.type]
    places = np.flatnonzero(syslog_rows(ctx, rows) & sent)
    buffers = ctx.args.buffer(rows.rows[places])
    for place, buffer, ok in zip(places.tolist(), buffers.values, buffers.valid.tolist(), strict=True):
        if ok:
            found[place] = parse(buffer)
    return found


def parse(buffer: bytes) -> tuple[int, bytes] | None:
    """Return priority and text of a syslog datagram, None: it has no priority in front.

    As the reader does: the first byte, usually ``<``, is passed over, and the priority is what stands
    before ``>``.
    """
    head = buffer[1 : 1 + _PRIORITY_DIGITS].partition(b">")[0].partition(b"\0")[0]
    if not head.isdigit() or len(buffer) < len(head) + 2 or int(head) > _MAX_PRIORITY:
        return None
    return int(head), buffer[len(head) + 2 :].split(b"\0", 1)[0]


def information(ctx: Context, rows: RowSet) -> dict[int, bytes]:
    """Return what ``evt.info`` says in the place of the arguments, by position in ``rows``.

    Only the old reader tells messages to the system log from other writes.
    """
    if ctx.modern:
        return {}
    return {
        at: f"syslog sev={_SEVERITIES[found[0] & 7]} msg=".encode() + found[1]
        for at, found in enumerate(_messages(ctx, rows))
        if found is not None
    }


@event("evt.info")
def _info(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    cells = arguments(ctx, rows, arg)
    for at, line in information(ctx, rows).items():
        cells.values[at] = line
    return cells


def _number(ctx: Context, rows: RowSet, _arg: Arg, part: str) -> Cells:
    messages = _messages(ctx, rows)
    numbers = [0 if m is None else m[0] >> 3 if part == "facility" else m[0] & 7 for m in messages]
    return ints(np.array(numbers, np.int64), np.array([m is not None for m in messages], np.bool_))


def _word(ctx: Context, rows: RowSet, _arg: Arg, part: str) -> Cells:
    names = _FACILITIES if part == "facility" else _SEVERITIES
    cells = _number(ctx, rows, _arg, part)
    inside = np.where((cells.values >= 0) & (cells.values < len(names)), cells.values, len(names))
    return ctx.words([*names, "<NA>"]).take(np.where(cells.valid, inside, -1))


def _text(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    if rows.synthetic:
        return na(Kind.TEXT, rows.count)
    return texts_of([None if m is None else m[1] for m in _messages(ctx, rows)])


for _part in ("facility", "severity"):
    define(f"syslog.{_part}", Definition(per_event=partial(_number, part=_part)))
    define(f"syslog.{_part}.str", Definition(per_event=partial(_word, part=_part)))
define("syslog.message", Definition(per_event=_text))
