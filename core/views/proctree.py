"""The process tree: who started whom, what each process did, how long it lived and how it ended.

Inputs: the lives of threads, the events that pass the filter. Outputs: a :class:`ProcessTree`, its
processes in the order of a tree: children below their parent, by the time they began.

A process is one life of a main thread: a pid that was given out again is another process, an exec is
not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..query.ending_fields import exit_words, process_lives, signal_name, spans
from ..query.filter import compile as compile_filter
from .drill import key_filter
from .ownfields import SUMS
from .source import Cancel, Window, blocks, end_of, shown_events, stop_if

if TYPE_CHECKING:
    from ..capture import Capture
    from ..query.context import Context
    from ..query.filter import Filter

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Process:
    """One process. Texts are as the capture has them: clean them for a terminal.

    ``events`` .. ``net_out`` are over the events that pass the filter, in the window: numbers and
    bytes; ``events`` counts enter and exit apart, as the views do. ``began_ns`` and ``ended_ns`` are
    cut to the capture; ``started`` and ``ended`` tell whether they lie inside of it.
    """

    number: int  # place in :attr:`ProcessTree.processes`
    life: int  # row of `lives`
    pid: int
    vpid: int  # inside its container
    ppid: int  # of the parent that started it; 0: none known
    name: str
    command: str  # command line, starting with argument 0
    user: str
    container: str  # name; empty for the host
    container_id: str
    parent: int  # number of the parent's process, -1: none
    children: tuple[int, ...]  # numbers, by the time they began
    depth: int  # 0: no parent
    threads: int  # that the process had in the capture, itself included
    began_ns: int
    ended_ns: int
    started: bool
    ended: bool
    exit_status: int  # of wait(2), -1: it did not end in the capture
    events: int
    errors: int
    file_in: int
    file_out: int
    net_in: int
    net_out: int
    matched: bool  # it passes the filter; the others are there as ancestors of such

    @property
    def exit_code(self) -> int | None:
        """Code that it exited with; None if it runs, was there to the end, or was killed."""
        return self.exit_status >> 8 & 0xFF if self.exit_status >= 0 and not self.exit_status & 0x7F else None

    @property
    def exit_signal(self) -> str | None:
        """Name of the signal that killed it, None if none did."""
        killed = self.exit_status >= 0 and self.exit_status & 0x7F
        return signal_name(self.exit_status & 0x7F) if killed else None

    @property
    def exit_text(self) -> str:
        """How it ended: ``exit 1``, ``SIGSEGV, core dumped``; empty if it did not end in the capture."""
        return exit_words(self.exit_status) if self.exit_status >= 0 else ""

    @property
    def failed(self) -> bool:
        """Whether it ended with a code other than 0 or by a signal."""
        return self.exit_status > 0

    @property
    def lifetime_ns(self) -> int:
        """How long it lived inside the capture."""
        return self.ended_ns - self.began_ns


@dataclass(frozen=True)
class ProcessTree:
    """The processes of a selection and their ancestors, parents before their children."""

    processes: tuple[Process, ...]
    start_ts: int  # of the capture, ns
    end_ts: int

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """Numbers of the processes without a parent."""
        return tuple(process.number for process in self.processes if process.parent < 0)

    def lines(self, folded: frozenset[int] | set[int] = frozenset()) -> Iterator[Process]:
        """Yield the processes in the order of the tree, without those below a ``folded`` one."""
        hidden: int | None = None  # depth below which everything is hidden
        for process in self.processes:
            if hidden is not None and process.depth > hidden:
                continue
            hidden = process.depth if process.number in folded else None
            yield process

    def below(self, number: int) -> range:
        """Return the numbers of all descendants of a process; they follow it."""
        depth = self.processes[number].depth
        last = number + 1
        while last < len(self.processes) and self.processes[last].depth > depth:
            last += 1
        return range(number + 1, last)

    def guides(self, number: int) -> tuple[bool, ...]:
        """Return for each level above a process, and for itself, whether a brother or sister follows."""
        found: list[bool] = []
        at = number
        while self.processes[at].parent >= 0:
            family = self.processes[self.processes[at].parent].children
            found.append(family[-1] != at)
            at = self.processes[at].parent
        return tuple(reversed(found))

    def filter(self, number: int, *, descendants: bool = False) -> str:
        """Return the filter of a process's events, with ``descendants`` also of those below it."""
        process = self.processes[number]
        own = f"proc.pid={process.pid}"
        if process.pid in self._reused:
            started = process.began_ns if process.started else None
            own += f" and {key_filter('proc.started', started)}"
        return f"({own}) or proc.apid={process.pid}" if descendants else own

    @cached_property
    def _reused(self) -> frozenset[int]:
        """Pids that more than one process had."""
        seen: set[int] = set()
        return frozenset(p.pid for p in self.processes if p.pid in seen or seen.add(p.pid))

    def to_json(self) -> list[dict[str, Any]]:
        """Return one object per process for JSON, in the order of the tree; times in ns, sizes in bytes."""
        return [
            {name: getattr(process, name) for name in _TOLD}
            | {
                "exit": process.exit_text or None,
                "exit_code": process.exit_code,
                "signal": process.exit_signal,
            }
            for process in self.processes
        ]


_TOLD = (
    "number", "parent", "depth", "pid", "vpid", "ppid", "name", "command", "user", "container", "threads",
    "began_ns", "ended_ns", "started", "ended", *SUMS, "matched",
)  # fmt: skip


def process_tree(
    capture: Capture,
    *,
    filter: str | None = None,  # noqa: A002  (the word that users know)
    window: Window = None,
    cancelled: Cancel = None,
) -> ProcessTree:
    """Return the tree of the processes that pass ``filter``, with their ancestors.

    Without a filter these are all that existed in the window [from, to) ns; with one, those with an
    event that passes it, or that pass it as they are. Raises FilterError, Cancelled.
    """
    ctx = capture.fields.context
    index = capture.index
    user = compile_filter(filter, capture.fields) if filter else None
    own = process_lives(ctx)
    lives = np.unique(own)
    known = index.threads.pid[index.lives.last_row[lives]] >= 0  # others stand for threads nobody saw
    place = np.full(len(index.lives.tid), -1, np.int64)
    place[lives] = np.arange(len(lives))
    process_of = place[own]  # per row of `threads`
    events = shown_events(index, capture.select(user, window))
    sums = _sums(capture, events, process_of, len(lives), cancelled)
    matched = _matched(capture, lives, sums["events"], user, window)
    parent = _parents(ctx, process_of, len(lives))
    parent = np.where(known[parent], parent, -1) if len(lives) else parent
    kept = _with_ancestors(matched, parent) & (known | (sums["events"] > 0))
    order, depth = _in_order(capture, lives, parent, kept)
    stop_if(cancelled)
    return _tree(capture, lives, order, depth, parent, sums, matched)


def _sums(capture: Capture, events: I64, process_of: I64, count: int, cancelled: Cancel) -> dict[str, I64]:
    """Return per process the sums over its events."""
    totals = {name: np.zeros(count, np.int64) for name in SUMS}
    threads = capture.index.events.thread
    events = events[threads[events] >= 0]
    for block in blocks(len(events), cancelled):
        part = events[block]
        process = process_of[threads[part]]
        for name, field in SUMS.items():
            cells = capture.fields.read(field, part)
            some = np.flatnonzero(cells.valid & (cells.values != 0))
            np.add.at(totals[name], process[some], cells.values[some])
    return totals


def _matched(capture: Capture, lives: I64, events: I64, user: Filter | None, window: Window) -> Bools:
    begin, end, _, _ = spans(capture.index, lives)
    last = end_of(capture, window)[1]
    if user is not None:
        alive = np.ones(len(lives), np.bool_) if window is None else (begin < window[1]) & (end >= window[0])
        alive[alive] = user.mask_threads(lives[alive], last)
        return alive | (events > 0)
    if window is None:
        return np.ones(len(lives), np.bool_)
    return ((begin < window[1]) & (end >= window[0])) | (events > 0)


def _parents(ctx: Context, process_of: I64, count: int) -> I64:
    """Return the process that started each process, -1: not known. There are no circles."""
    parent = np.full(count, -1, np.int64)
    up = ctx.index.parent.astype(np.int64)
    known = np.flatnonzero(up >= 0)[::-1]  # the first state that has a parent is written last
    main = known[ctx.threads.is_main[known]]
    for rows in (known, main):  # a thread's parent does where nothing is known of the main thread
        parent[process_of[rows]] = process_of[up[rows]]
    parent[parent == np.arange(count)] = -1
    return _without_circles(parent)


def _without_circles(parent: I64) -> I64:
    state = np.zeros(len(parent), np.int8)  # 1: on the way up, 2: leads to a root
    up = parent.tolist()
    for start in range(len(up)):
        path: list[int] = []
        at = start
        while at >= 0 and state[at] == 0:
            state[at] = 1
            path.append(at)
            at = up[at]
        if at >= 0 and state[at] == 1:
            up[path[-1]] = -1  # a hostile capture
        state[path] = 2
    return np.array(up, np.int64)


def _with_ancestors(matched: Bools, parent: I64) -> Bools:
    kept = matched.copy()
    at = np.flatnonzero(matched)
    while len(at):
        at = parent[at]
        at = np.unique(at[at >= 0])
        at = at[~kept[at]]
        kept[at] = True
    return kept


def _in_order(capture: Capture, lives: I64, parent: I64, kept: Bools) -> tuple[list[int], list[int]]:
    """Return the kept processes, parents before children, and their depths."""
    begin, _, born, _ = spans(capture.index, lives)
    pids = capture.index.lives.tid[lives]
    chosen = np.flatnonzero(kept)
    chosen = chosen[np.lexsort((pids[chosen], begin[chosen], born[chosen]))]
    children: dict[int, list[int]] = {}
    for at in chosen.tolist():
        children.setdefault(int(parent[at]), []).append(at)
    order: list[int] = []
    depths: list[int] = []
    waiting = [(at, 0) for at in reversed(children.get(-1, []))]
    while waiting:
        at, depth = waiting.pop()
        order.append(at)
        depths.append(depth)
        waiting.extend((child, depth + 1) for child in reversed(children.get(at, [])))
    return order, depths


def _tree(
    capture: Capture,
    lives: I64,
    order: list[int],
    depths: list[int],
    parent: I64,
    sums: dict[str, I64],
    matched: Bools,
) -> ProcessTree:
    index, strings = capture.index, capture.index.strings
    chosen = lives[order]
    begin, end, born, gone = spans(index, chosen)
    number_of = {at: number for number, at in enumerate(order)}
    children: list[list[int]] = [[] for _ in order]
    parents: list[int] = []
    for number, at in enumerate(order):
        up = number_of.get(int(parent[at]), -1)
        parents.append(up)
        if up >= 0:
            children[up].append(number)
    ts = capture.end_ts

    def texts(field: str) -> list[str]:
        found = capture.fields.read_threads(field, chosen, ts).texts(strings)
        return ["" if text is None or text == "<NA>" else text for text in found]

    rows = index.lives.last_row[chosen]
    threads = np.bincount(
        process_lives(capture.fields.context)[_first_rows(index.threads.life)], minlength=len(index.lives.tid)
    )
    columns = zip(
        texts("proc.name"), texts("proc.exeline"), texts("user.name"), texts("container.name"),
        texts("container.id"), strict=True,
    )  # fmt: skip
    found: list[Process] = []
    for number, (name, command, user, box, box_id) in enumerate(columns):
        at, row, life = order[number], int(rows[number]), int(chosen[number])
        up = parents[number]
        found.append(
            Process(
                number=number,
                life=life,
                pid=int(index.threads.pid[row]),
                vpid=int(index.threads.vpid[row]),
                ppid=found[up].pid if up >= 0 else max(int(index.threads.ptid[row]), 0),
                name=name,
                command=command.strip() or name,
                user=user,
                container="" if box_id in ("", "host") else box,
                container_id="" if box_id == "host" else box_id,
                parent=up,
                children=tuple(children[number]),
                depth=depths[number],
                threads=int(threads[life]),
                began_ns=int(begin[number]),
                ended_ns=int(end[number]),
                started=bool(born[number]),
                ended=bool(gone[number]),
                exit_status=int(index.lives.exit_status[life]),
                **{key: int(values[at]) for key, values in sums.items()},
                matched=bool(matched[at]),
            )
        )
    return ProcessTree(tuple(found), capture.start_ts, capture.end_ts)


def _first_rows(life: NDArray[Any]) -> I64:
    """Return the first row of `threads` of each life that has one."""
    return np.unique(life, return_index=True)[1].astype(np.int64)
