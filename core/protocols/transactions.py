"""What HTTP and DNS exchanges have in common as a table: who asked whom, when, and which events it took.

Inputs: exchanges. Outputs: :class:`Transactions`, one row per exchange in the order of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Index
from .exchange import Exchange, Half

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
M = TypeVar("M")


@dataclass(frozen=True)
class Transactions:
    """Exchanges, numbered from 0 in the order of time. Rows of events and times in ns; -1: not known.

    ``event`` and ``owner`` say which events belong to which exchange: each event to one, the first that
    begins in it. ``number`` is what the events of an exchange are told by: its own number plus one,
    or, for one that begins in the middle of another's block, that of the other.
    """

    begin: I64  # first event
    number: I64
    asked: I64  # event with the request, on the client's side where that was captured
    answered: I64  # event with the answer, likewise
    latency: I64  # from the request to the first bytes of the answer
    thinking: I64  # the same on the server's side
    client: I64  # row of `threads` of who asked
    server: I64  # row of `threads` of who answered
    fd: I64  # row of `fds`
    event: I64  # ascending event rows
    owner: I64  # the exchange of each of them

    def __len__(self) -> int:
        """How many exchanges there are."""
        return len(self.begin)

    def of(self, rows: I64) -> I64:
        """Return the exchange that each event row belongs to, -1: none."""
        if len(self.event) == 0:
            return np.full(len(rows), -1, np.int64)
        at = np.minimum(np.searchsorted(self.event, rows), len(self.event) - 1)
        return np.where(self.event[at] == rows, self.owner[at], -1)


def table(index: Index, exchanges: Sequence[Exchange[M]], parts: Sequence[I64]) -> Transactions:
    """Return the table of exchanges that are in the order of their first event.

    ``parts`` are the event rows of each exchange.
    """
    count = len(exchanges)
    begin = np.fromiter((exchange.first.row for exchange in exchanges), np.int64, count)
    event, owner = _owners(parts, count)
    ev = index.events
    client = np.full(count, -1, np.int64)
    server = np.full(count, -1, np.int64)
    columns = {name: np.full(count, -1, np.int64) for name in ("asked", "answered", "latency", "thinking")}
    for at, exchange in enumerate(exchanges):
        values = {
            "asked": _row(exchange.asked()),
            "answered": _row(exchange.answered()),
            "latency": exchange.latency(),
            "thinking": exchange.thinking(),
        }
        for name, value in values.items():
            if value is not None:
                columns[name][at] = value
        client[at] = _thread(ev.thread, exchange.client)
        server[at] = _thread(ev.thread, exchange.server)
    found = Transactions(
        begin=begin,
        number=np.arange(1, count + 1, dtype=np.int64),
        **columns,
        client=client,
        server=server,
        fd=ev.fd[begin].astype(np.int64),
        event=event,
        owner=owner,
    )
    held = found.of(begin)
    found.number[:] = np.where(held >= 0, held + 1, found.number)
    return found


def _row(seen: object) -> int | None:
    return None if seen is None else seen.row  # type: ignore[attr-defined]


def _thread(threads: NDArray[np.int32], half: Half[M] | None) -> int:
    return -1 if half is None else int(threads[half.first.row])


def _owners(parts: Sequence[I64], count: int) -> tuple[I64, I64]:
    """Return the event rows of all exchanges, ascending and once each, and the first exchange of each."""
    if count == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows = np.concatenate(parts)
    owner = np.repeat(np.arange(count, dtype=np.int64), [len(part) for part in parts])
    event, first = np.unique(rows, return_index=True)
    return event, owner[first]
