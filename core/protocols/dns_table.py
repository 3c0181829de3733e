"""All DNS questions of a capture that went over UDP, with their answers.

Inputs: the index and the raw events. Outputs: :class:`DnsTable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format.records import RecordStore
from ..index.tables import Index
from ..schema.directions import WRITE
from . import dns
from .exchange import Exchange, Seen, both_sides, grouped, in_order
from .payloads import DNS, Cancel, Payloads
from .transactions import Transactions, table

I64 = NDArray[np.int64]

_UDP = (0, 3)  # fds.l4proto: not known, UDP
_SERVERS = (5, 6)  # fd type codes of server sockets


@dataclass(frozen=True)
class DnsTable:
    """DNS exchanges, lists and arrays with one entry each."""

    common: Transactions
    name: list[bytes]  # what was asked for
    type: I64  # record type of the question
    rcode: I64  # response code, -1: no answer in the capture
    answers: list[tuple[bytes, ...]]  # as many as the capture kept
    id: I64  # transaction id


class _Datagram(NamedTuple):
    row: int
    way: int
    message: dns.Message


def dns_table(index: Index, records: RecordStore, cancelled: Cancel = None) -> DnsTable:
    """Find all DNS exchanges over UDP. Raises Cancelled, CaptureError."""
    payloads = Payloads(index, records)
    ev, fds = index.events, index.fds
    datagrams = np.isin(fds.l4proto[ev.fd[payloads.rows]], _UDP) & (fds.kind[ev.fd[payloads.rows]] != 8)
    marked = np.flatnonzero(datagrams)
    begins = payloads.beginnings(cancelled, marked)
    marked = marked[begins == DNS]
    rows = payloads.rows[marked]
    found: list[_Datagram] = []
    for row, way, data in zip(
        rows.tolist(), payloads.way[marked].tolist(), payloads.data(rows, cancelled), strict=True
    ):
        message = dns.parse(data)
        if message is not None and _plausible(index, row, data, message):
            found.append(_Datagram(row, way, message))
    exchanges = _exchanges(index, found)
    exchanges.sort(key=lambda exchange: exchange.first.row)
    return _table(index, exchanges)


def _plausible(index: Index, row: int, data: bytes, message: dns.Message) -> bool:
    """Return whether a datagram is DNS: by its port, or else because nothing in it speaks against it."""
    fds, fd = index.fds, int(index.events.fd[row])
    if int(fds.sport[fd]) in dns.PORTS or int(fds.dport[fd]) in dns.PORTS:
        return True
    return message.type in dns.TYPES and b"." in message.name and data[2] & 0x78 == 0


def _exchanges(index: Index, found: list[_Datagram]) -> list[Exchange[_Datagram]]:
    ev, threads = index.events, index.threads
    sides = grouped(
        (
            (
                int(threads.pid[ev.thread[one.row]]),
                int(ev.fdnum[one.row]),
                one.message.response != (one.way == WRITE),  # the client's side
            ),
            Seen(one.row, int(ev.ts[one.row]), -1, one),
        )
        for one in found
    )
    halves = grouped(
        ((question, client), half)
        for (_, _, client), seen in sides.items()
        for half in in_order(seen, lambda one: not one.message.response, _fits)
        for question in (_question(half.first.message.message),)
    )
    pairs: list[Exchange[_Datagram]] = []
    for question in {question for question, _ in halves}:
        clients, servers = halves.get((question, True), []), halves.get((question, False), [])
        clients.sort(key=lambda half: half.first.row)
        servers.sort(key=lambda half: half.first.row)
        pairs.extend(
            both_sides(
                clients,
                servers,
                lambda client, server: _one_connection(index, client.first.row, server.first.row),
            )
        )
    return pairs


def _question(message: dns.Message) -> tuple[int, bytes, int]:
    return message.id, message.name.lower(), message.type


def _fits(question: _Datagram, answer: _Datagram) -> bool:
    return _question(question.message) == _question(answer.message)


def _one_connection(index: Index, client: int, server: int) -> bool:
    fds, fd = index.fds, index.events.fd
    kinds = (int(fds.kind[fd[client]]), int(fds.kind[fd[server]]))
    return any(kind in _SERVERS for kind in kinds) or fds.name[fd[client]] == fds.name[fd[server]]


def _table(index: Index, exchanges: list[Exchange[_Datagram]]) -> DnsTable:
    questions = [exchange.first.message.message for exchange in exchanges]
    answers = [seen.message.message if (seen := exchange.answered()) else None for exchange in exchanges]
    parts = [
        np.array(
            sorted(
                seen.row
                for half in (exchange.client, exchange.server)
                if half
                for seen in (half.asked, half.answered)
                if seen
            ),
            np.int64,
        )
        for exchange in exchanges
    ]
    return DnsTable(
        common=table(index, exchanges, parts),
        name=[question.name for question in questions],
        type=np.array([question.type for question in questions], np.int64),
        rcode=np.array([answer.rcode if answer else -1 for answer in answers], np.int64),
        answers=[answer.answers if answer else () for answer in answers],
        id=np.array([question.id for question in questions], np.int64),
    )
