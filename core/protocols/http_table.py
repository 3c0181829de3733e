"""All HTTP exchanges of a capture.

Inputs: the index and the raw events. Outputs: :class:`HttpTable`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import Cancelled
from ..format.records import RecordStore
from ..index.tables import Index
from ..schema.directions import READ, WRITE
from . import http
from .exchange import Exchange, Half, Seen, both_sides, grouped, in_order
from .payloads import ANSWER, REQUEST, TOO_SHORT, Cancel, Payloads
from .streams import Message, Way, messages
from .transactions import Transactions, table

I64 = NDArray[np.int64]

_KEPT = 1 << 20  # payloads kept at hand while messages are looked for


@dataclass(frozen=True)
class HttpTable:
    """HTTP exchanges with what was asked and answered, lists and arrays with one entry each."""

    common: Transactions
    method: list[bytes]  # empty: the request is not in the capture
    host: list[bytes]
    target: list[bytes]
    status: I64  # 0: the answer is not in the capture
    reason: list[bytes]
    kind: list[bytes]  # content type of the answer
    sent: I64  # length of the request's body, -1: not known
    received: I64  # length of the answer's body, -1: not known

    def url(self, at: int) -> bytes:
        """Return what was asked for: host and path."""
        return http.url(self.host[at], self.target[at])


class _Part(NamedTuple):
    """A message and the events that it took."""

    message: Message
    events: I64


def http_table(index: Index, records: RecordStore, cancelled: Cancel = None) -> HttpTable:
    """Find all HTTP exchanges. Only payloads that begin like HTTP, and what follows them, are looked at.

    Raises Cancelled, CaptureError.
    """
    payloads = Payloads(index, records)
    begins = payloads.beginnings(cancelled)
    parts = list(_parts(index, payloads, begins, cancelled))
    parts.sort(key=lambda part: part.message.row)
    exchanges = _exchanges(index, parts)
    exchanges.sort(key=lambda exchange: exchange.first.row)
    return _table(index, exchanges)


# --- messages -------------------------------------------------------------------------------------


def _parts(index: Index, payloads: Payloads, begins: NDArray[np.uint8], cancelled: Cancel) -> Iterator[_Part]:
    """Yield the messages of all descriptors that show one."""
    like = (begins >= REQUEST) & (begins <= TOO_SHORT)
    sure = (begins == REQUEST) | (begins == ANSWER)
    keys = _stream_keys(index, payloads.rows)
    used = np.isin(keys, keys[sure])
    chosen = np.flatnonzero(used)
    if len(chosen) == 0:
        return
    order = chosen[np.argsort(keys[chosen], kind="stable")]
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    kept: dict[int, bytes] = {}
    for stream in np.split(order, borders):
        if cancelled is not None and cancelled():
            raise Cancelled
        yield from _of_stream(index, payloads, stream, like, kept)


def _stream_keys(index: Index, rows: I64) -> I64:
    """Return a number per event row that is the same for the same process, descriptor and name."""
    ev = index.events
    pid = index.threads.pid[ev.thread[rows]].astype(np.uint64)
    name = index.fds.name[ev.fd[rows]].astype(np.uint64)
    key = pid * np.uint64(0x9E3779B97F4A7C15) + ev.fdnum[rows].astype(np.int64).view(np.uint64)
    key = (key ^ (key >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + name
    return (key * np.uint64(0x94D049BB133111EB)).view(np.int64)


def _of_stream(
    index: Index, payloads: Payloads, places: I64, like: NDArray[np.bool_], kept: dict[int, bytes]
) -> Iterator[_Part]:
    sizes = index.events.res[payloads.rows[places]]
    ways: dict[int, Way] = {}
    rows_of: dict[int, I64] = {}
    begins: list[tuple[int, int, int]] = []
    for way in (READ, WRITE):
        mine = payloads.way[places] == way
        rows = payloads.rows[places[mine]]
        rows_of[way] = rows
        ways[way] = Way.of(rows.tolist(), sizes[mine].tolist())
        marked = np.flatnonzero(like[places[mine]])
        begins.extend(
            (row, way, place) for row, place in zip(rows[marked].tolist(), marked.tolist(), strict=True)
        )
    begins.sort()
    if len(kept) > _KEPT // 64:
        kept.clear()
    wanted = np.array([row for row, _, _ in begins], np.int64)
    kept.update(zip(wanted.tolist(), payloads.data(wanted), strict=True))

    def data(row: int) -> bytes:
        text = kept.get(row)
        if text is None:
            text = kept[row] = payloads.one(row)
        return text

    found = messages(ways, begins, data)
    for at, message in enumerate(found):
        last = message.last
        if not message.ends:  # until the next message on this way
            after = next((m.first for m in found[at + 1 :] if m.way == message.way), None)
            last = len(rows_of[message.way]) - 1 if after is None else max(after - 1, last)
        yield _Part(message, rows_of[message.way][message.first : last + 1])


# --- exchanges ------------------------------------------------------------------------------------


def _exchanges(index: Index, parts: list[_Part]) -> list[Exchange[_Part]]:
    """Pair the messages: per side of a connection first, then its two sides."""
    ev, fds = index.events, index.fds
    sides: dict[tuple[int, int, bool], list[Seen[_Part]]] = grouped(
        (
            (
                int(fds.name[ev.fd[part.message.row]]),
                int(index.container[ev.thread[part.message.row]]),
                part.message.head.is_request == (part.message.way == WRITE),  # the client's side
            ),
            Seen(
                part.message.row,
                int(ev.ts[part.message.row]),
                int(fds.first_event[ev.fd[part.message.row]]),
                part,
            ),
        )
        for part in parts
    )
    halves: dict[tuple[int, bool], list[Half[_Part]]] = grouped(
        ((name, client), half)
        for (name, _, client), seen in sides.items()
        for half in in_order(seen, lambda part: part.message.head.is_request)
    )
    found: list[Exchange[_Part]] = []
    for name in {name for name, _ in halves}:
        clients, servers = halves.get((name, True), []), halves.get((name, False), [])
        clients.sort(key=lambda half: half.first.row)
        servers.sort(key=lambda half: half.first.row)
        found.extend(both_sides(clients, servers, _same))
    return found


def _same(client: Half[_Part], server: Half[_Part]) -> bool:
    """Return whether two sides can have seen the same exchange; a capture may have cut either."""
    if client.asked and server.asked:
        one, other = client.asked.message.message.head, server.asked.message.message.head
        shorter = min(len(one.target), len(other.target))
        cut = one.cut or other.cut
        same = one.target[:shorter] == other.target[:shorter] if cut else one.target == other.target
        if one.method != other.method or not same:
            return False
    if client.answered and server.answered:
        return client.answered.message.message.head.status == server.answered.message.message.head.status
    return True


def _table(index: Index, exchanges: list[Exchange[_Part]]) -> HttpTable:
    asked = [_head(exchange.asked()) for exchange in exchanges]
    answered = [_head(exchange.answered()) for exchange in exchanges]
    events = [_events(exchange) for exchange in exchanges]
    return HttpTable(
        common=table(index, exchanges, events),
        method=[head.method if head else b"" for head in asked],
        host=[head.host if head else b"" for head in asked],
        target=[head.target + (b"..." if head.cut else b"") if head else b"" for head in asked],
        status=np.array([head.status if head else 0 for head in answered], np.int64),
        reason=[head.reason if head else b"" for head in answered],
        kind=[head.kind if head else b"" for head in answered],
        sent=np.array([_size(head) for head in asked], np.int64),
        received=np.array([_size(head) for head in answered], np.int64),
    )


def _head(seen: Seen[_Part] | None) -> http.Head | None:
    return None if seen is None else seen.message.message.head


def _size(head: http.Head | None) -> int:
    if head is None:
        return -1
    return head.length if head.length >= 0 or not head.complete or not head.is_request else 0


def _events(exchange: Exchange[_Part]) -> I64:
    parts = [
        seen.message.events
        for half in (exchange.client, exchange.server)
        if half
        for seen in (half.asked, half.answered)
        if seen
    ]
    return np.sort(np.concatenate(parts))
