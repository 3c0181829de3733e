"""syslog.*: messages written to the system log's socket, ``<priority>text``."""

from __future__ import annotations

from functools import partial

import numpy as np

from .cells import Cells, Kind, ints, na, texts_of
from .context import Context
from .define import Arg, Definition, define
from .evt_fields import syslog_rows
from .rows import RowSet

_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv"),
    *("ftp", "ntp", "logaudit", "logalert", "clock"),
    *(f"local{number}" for number in range(8)),
)
_SEVERITIES = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]


def _messages(ctx: Context, rows: RowSet) -> list[tuple[int, bytes] | None]:
    """Return priority and text of each message; None for everything else."""
    found: list[tuple[int, bytes] | None] = [None] * rows.count
    if rows.synthetic:
        return found
    places = np.flatnonzero(syslog_rows(ctx, rows) & ctx.is_exit[rows.type])
    buffers = ctx.args.buffer(rows.rows[places])
    for place, buffer, ok in zip(places.tolist(), buffers.values, buffers.valid.tolist(), strict=True):
        if ok:
            found[place] = parse(buffer)
    return found


def parse(buffer: bytes) -> tuple[int, bytes] | None:
    """Return priority and text of a syslog datagram, None: it has no priority in front."""
    end = buffer.find(b">", 0, 6)
    if not buffer.startswith(b"<") or end < 2:
        return None
    digits = buffer[1:end]
    if not digits.isdigit() or int(digits) >= 8 * len(_FACILITIES):
        return None
    return int(digits), buffer[end + 1 :].split(b"\0", 1)[0]


def _number(ctx: Context, rows: RowSet, _arg: Arg, part: str) -> Cells:
    messages = _messages(ctx, rows)
    numbers = [0 if m is None else m[0] // 8 if part == "facility" else m[0] % 8 for m in messages]
    return ints(np.array(numbers, np.int64), np.array([m is not None for m in messages], np.bool_))


def _word(ctx: Context, rows: RowSet, _arg: Arg, part: str) -> Cells:
    names = _FACILITIES if part == "facility" else _SEVERITIES
    cells = _number(ctx, rows, _arg, part)
    return ctx.words(list(names)).take(np.where(cells.valid, cells.values, -1))


def _text(ctx: Context, rows: RowSet, _arg: Arg) -> Cells:
    if rows.synthetic:
        return na(Kind.TEXT, rows.count)
    return texts_of([None if m is None else m[1] for m in _messages(ctx, rows)])


for _part in ("facility", "severity"):
    define(f"syslog.{_part}", Definition(per_event=partial(_number, part=_part)))
    define(f"syslog.{_part}.str", Definition(per_event=partial(_word, part=_part)))
define("syslog.message", Definition(per_event=_text))
