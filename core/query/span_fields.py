"""span.* and evtin.span.*: tracers, and the spans that an event falls into.

Programs mark spans by writing tracers to /dev/null (see :mod:`.tracers`); only old captures show them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, Kind, intern_all, ints, na
from .context import Context
from .define import Arg, BadArgument, Definition, define
from .evt_time_fields import human, moment, quantized
from .rows import RowSet
from .tracer_text import Args, Tags
from .tracers import CLOSES, OPENS, Span, Tracer, Tracers

I64 = NDArray[np.int64]

_MAX_PLACE = 1 << 16


# --- arguments of the fields --------------------------------------------------------------------------


def _place(arg: Arg) -> int | None:
    """Return the number that an argument is, also below 0; None: it is a name."""
    text = (arg or "").removeprefix("-")
    if not (text.isascii() and text.isdigit()) or int(text[:9]) >= _MAX_PLACE:
        return None
    return int(arg or "0")


def _check_place(_ctx: Context, arg: Arg) -> None:
    if _place(arg) is None:
        raise BadArgument("expected a place in brackets, as in span.tag[0]; [-1] is the last one")


def _check_name(_ctx: Context, arg: Arg) -> None:
    if not arg:
        raise BadArgument(
            "expected the name of an argument or its place, as in span.arg.query or span.arg[0]"
        )


def _tag(tags: Tags, arg: Arg) -> bytes | None:
    place = _place(arg) or 0
    return tags[place] if -len(tags) <= place < len(tags) else None


def _argument(args: Args, arg: Arg) -> bytes | None:
    place = _place(arg)
    if place is None:
        wanted = (arg or "").encode("utf-8", "surrogateescape")
        return next((value for name, value in args if name == wanted), None)
    return args[place][1] if -len(args) <= place < len(args) else None


def _joined(args: Args, equals: bytes) -> bytes:
    return b",".join(name + equals + value for name, value in args)


# --- tracers ------------------------------------------------------------------------------------------

Answer = Callable[[Tracer, Arg], Any]


def _items(ctx: Context, rows: RowSet) -> tuple[I64, list[Tracer]]:
    """Return the places of tracers among the rows, and the tracers."""
    found: Tracers | None = ctx.index.tracers
    if found is None or not len(found.rows) or rows.synthetic:
        return np.zeros(0, np.int64), []
    places = np.flatnonzero((rows.type == OPENS) | (rows.type == CLOSES))
    at = np.minimum(np.searchsorted(found.rows, rows.rows[places]), len(found.rows) - 1)
    known = found.rows[at] == rows.rows[places]
    return places[known], [found.items[i] for i in at[known].tolist()]


def _texts(ctx: Context, rows: RowSet, arg: Arg, answer: Answer) -> Cells:
    cells = na(Kind.STR, rows.count)
    places, items = _items(ctx, rows)
    found = intern_all(ctx.strings, [answer(item, arg) for item in items])
    cells.values[places], cells.valid[places] = found.values, found.valid
    return cells


def _numbers(ctx: Context, rows: RowSet, arg: Arg, answer: Answer, kind: Kind) -> Cells:
    cells = na(kind, rows.count)
    places, items = _items(ctx, rows)
    found = [answer(item, arg) for item in items]
    cells.values[places] = [number or 0 for number in found]
    cells.valid[places] = [number is not None for number in found]
    return cells


def _duration(item: Tracer, ctx: Context) -> int | None:
    if item.opens or item.span is None:
        return None
    return max(int(ctx.index.events.ts[item.row]) - item.span.ts, 0)


def _of_duration(ctx: Context, rows: RowSet, arg: Arg, answer: Callable[[int, Tracer, Arg], Any]) -> Cells:
    """Return NUMBER or text cells made of durations; NA for tracers that end nothing."""

    def told(item: Tracer, given: Arg) -> Any:
        ns = _duration(item, ctx)
        return None if ns is None else answer(ns, item, given)

    return _numbers(ctx, rows, arg, told, Kind.UINT)


def _bucket(ns: int, _item: Tracer, _arg: Arg) -> int | None:
    return int(quantized(np.array([ns]))[0]) if ns else None


def _for_tag(ns: int, item: Tracer, arg: Arg) -> int | None:
    return ns if len(item.tags) - 1 == _place(arg) else None


def _human(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    def told(item: Tracer, _arg: Arg) -> bytes | None:
        ns = _duration(item, ctx)
        return None if ns is None else human(ns).encode()

    return _texts(ctx, rows, arg, told)


def _time(ctx: Context, rows: RowSet, arg: Arg) -> Cells:
    def told(item: Tracer, _arg: Arg) -> bytes | None:
        return None if item.span is None else moment(int(ctx.index.events.ts[item.row])).encode()

    return _texts(ctx, rows, arg, told)


def _within(answer: Callable[[Span, Tracer, Arg], Any]) -> Answer:
    """Return an answer that only tracers with a known beginning give."""

    def told(item: Tracer, arg: Arg) -> Any:
        return None if item.span is None else answer(item.span, item, arg)

    return told


_TEXTS: dict[str, Answer] = {
    "span.tags": lambda item, _: b".".join(item.tags),
    "span.tag": lambda item, arg: _tag(item.tags, arg),
    "span.idtag": _within(lambda _, item, arg: b"%d" % item.id + (_tag(item.tags, arg) or b"")),
    "span.args": _within(lambda _, item, __: _joined(item.args, b"=")),
    "span.arg": _within(lambda _, item, arg: _argument(item.args, arg)),
    "span.enterargs": _within(lambda span, _, __: _joined(span.args, b"=")),
    "span.enterarg": _within(lambda span, _, arg: _argument(span.args, arg)),
    "span.rawtime": _within(lambda span, _, __: b"%d" % span.ts),
    "span.rawparenttime": _within(lambda _, item, __: b"%d" % item.parent.ts if item.parent else None),
}
_COUNTS: dict[str, Answer] = {
    "span.ntags": lambda item, _: len(item.tags),
    "span.nargs": _within(lambda span, _, __: len(span.args)),
    "span.count": lambda item, _: int(not item.opens),
    "span.count.fortag": lambda item, arg: int(not item.opens and len(item.tags) - 1 == _place(arg)),
    "span.childcount.fortag": lambda item, arg: int(
        not item.opens and len(item.tags) > (_place(arg) or 0) + 1
    ),
}
_PLACED = ("span.tag", "span.idtag", "span.count.fortag", "span.childcount.fortag", "span.duration.fortag")


def _checked(name: str, per_event: Any) -> Definition:
    if name in _PLACED or name.endswith(".tag"):
        return Definition(per_event=per_event, check=_check_place)
    named = name.endswith((".arg", ".enterarg"))
    return Definition(per_event=per_event, check=_check_name if named else None)


for _name, _answer in _TEXTS.items():
    define(_name, _checked(_name, partial(_texts, answer=_answer)))
for _name, _answer in _COUNTS.items():
    define(_name, _checked(_name, partial(_numbers, answer=_answer, kind=Kind.UINT)))
define("span.id", Definition(per_event=partial(_numbers, answer=lambda item, _: item.id, kind=Kind.INT)))
define("span.time", Definition(per_event=_time))
define("span.duration", Definition(per_event=partial(_of_duration, answer=lambda ns, _, __: ns)))
define("span.duration.human", Definition(per_event=_human))
define("span.duration.quantized", Definition(per_event=partial(_of_duration, answer=_bucket)))
define("span.duration.fortag", _checked("span.duration.fortag", partial(_of_duration, answer=_for_tag)))


# --- the spans around an event ------------------------------------------------------------------------


class Question(NamedTuple):
    """What is asked about events that have the same spans around them."""

    spans: list[Span]  # the newest first
    thread: int  # row of `threads`
    event: int  # event row


class Around:
    """The spans that are open at events, the newest first."""

    def __init__(self, ctx: Context) -> None:
        """Look into the tracers of ``ctx``."""
        self._ctx = ctx
        self._found: Tracers = ctx.index.tracers or Tracers()
        opened = np.array(
            [int(item.span is not None) * (1 if item.opens else -1) for item in self._found.items]
        )
        self.most = int(np.cumsum(opened).max(initial=0))  # spans that are open at a time

    def each(self, rows: RowSet, filtering: bool) -> tuple[I64, I64, list[Question]]:
        """Return the places of rows that may be in spans; for each, which question; the questions.

        Shown are the spans around the events of threads that wrote tracers. A filter (``filtering``)
        looks at all events, also at the tracers: the end of a span belongs to it, its beginning does not.
        """
        none = np.zeros(0, np.int64)
        if not len(self._found.rows) or rows.synthetic:
            return none, none, []
        thread = np.asarray(rows.thread, np.int64)
        asked = thread >= 0
        own = np.zeros(rows.count, np.int64)  # 1 + the tracer that the event is
        tracer = (rows.type == OPENS) | (rows.type == CLOSES)
        if filtering:
            at = np.minimum(np.searchsorted(self._found.rows, rows.rows), len(self._found.rows) - 1)
            own = np.where(tracer & (self._found.rows[at] == rows.rows), at + 1, 0)
        else:
            asked = asked & ~tracer & self._wrote(rows, thread)
        places = np.flatnonzero(asked)
        version = np.searchsorted(self._found.rows, rows.rows[places], side="right")
        distinct, first, inverse = np.unique(
            np.stack((version, thread[places], own[places])), axis=1, return_index=True, return_inverse=True
        )
        return places, inverse.reshape(-1), self._questions(distinct, rows.rows[places[first]])

    def _wrote(self, rows: RowSet, thread: I64) -> NDArray[np.bool_]:
        """Return which events are of threads that wrote a tracer before."""
        life = np.where(thread >= 0, self._ctx.index.threads.life[np.maximum(thread, 0)], -1)
        since = np.full(len(self._ctx.index.lives.tid) + 1, len(self._ctx.index.events.ts), np.int64)
        for writer, first in self._found.writers.items():
            since[writer] = first
        return since[life] <= rows.rows

    def _questions(self, distinct: I64, events: I64) -> list[Question]:
        """Replay the tracers once; ``distinct`` ascends by how many of them came before."""
        questions: list[Question] = []
        opened: list[Span] = []
        done = 0
        for (version, thread, own), event in zip(distinct.T.tolist(), events.tolist(), strict=True):
            if done < version:
                opened = list(opened)
            for item in self._found.items[done:version]:
                if item.span is None:
                    continue
                if item.opens:
                    opened.insert(0, item.span)
                else:
                    opened.remove(item.span)
            done = version
            spans = opened
            if own and self._found.items[own - 1].span is not None:
                item = self._found.items[own - 1]
                spans = [span for span in opened if span is not item.span]
                if not item.opens:
                    spans.append(item.span)
            questions.append(Question(spans, thread, event))
        return questions


def _seen(ctx: Context, which: str, span: Span, thread: int, event: int) -> bool:
    """Return whether a thread counts as inside a span: by thread, process, parent, or machine."""
    threads = ctx.index.threads
    if which == "m":
        return True
    if which == "s":
        return ctx.args.asof.thread(event, span.tid) >= 0 and span.pid == int(threads.ptid[thread])
    return span.tid == int(threads.tid[thread])


_ABOUT: dict[str, Callable[[Span, Arg], Any]] = {
    "id": lambda span, _: span.id,
    "ntags": lambda span, _: len(span.tags),
    "nargs": lambda span, _: len(span.args),
    "tags": lambda span, _: b".".join(span.tags),
    "tag": lambda span, arg: _tag(span.tags, arg),
    "args": lambda span, _: _joined(span.args, b":"),
    "arg": lambda span, arg: _argument(span.args, arg),
}


_NEWER = "\0"  # stands before arguments that a filter tries: the place of the span it looks at


def _tries(ctx: Context, arg: Arg) -> list[str]:
    """Return the arguments that a filter tries: it looks at all spans around an event."""
    most = ctx.once("around", lambda: Around(ctx)).most
    return [f"{_NEWER}{place}{_NEWER}{arg or ''}" for place in range(most + 1 if most else 0)]


def _evtin(ctx: Context, rows: RowSet, arg: Arg, which: str, part: str) -> Cells:
    """Return what the newest of the spans around an event says, or that at a place (see `_tries`)."""
    around = ctx.once("around", lambda: Around(ctx))
    skipped, filtering = 0, arg is not None and arg.startswith(_NEWER)
    if filtering:
        _, place, arg = (arg or "").split(_NEWER, 2)
        skipped = int(place)
    places, question, questions = around.each(rows, filtering)
    about = _ABOUT[part]
    answers: list[Any] = []
    for spans, thread, event in questions:
        told = (about(span, arg) for span in spans if _seen(ctx, which, span, thread, event))
        answers.append(next(islice((answer for answer in told if answer is not None), skipped, None), None))
    if part in ("id", "ntags", "nargs"):
        cells = na(Kind.INT if part == "id" else Kind.UINT, rows.count)
        values = np.array([answer or 0 for answer in answers], np.int64)
        found = ints(values, np.array([answer is not None for answer in answers], np.bool_))
    else:
        cells = na(Kind.STR, rows.count)
        found = intern_all(ctx.strings, answers)
    if len(places):
        cells.values[places], cells.valid[places] = found.values[question], found.valid[question]
    return cells


for _which, _head in (
    ("", "evtin.span"),
    ("p", "evtin.span.p"),
    ("s", "evtin.span.s"),
    ("m", "evtin.span.m"),
):
    for _part in _ABOUT:
        _full = f"{_head}.{_part}"
        _shown = _checked(_full, partial(_evtin, which=_which, part=_part))
        define(_full, replace(_shown, tries=_tries))
