"""Requests paired with their answers, and the two sides of a connection put together.

Inputs: messages of descriptors, each with its time and the connection it went over. Outputs:
:class:`Exchange`, one per request (or per answer whose request the capture does not hold).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

SLACK = 100_000_000  # ns by which the order of the two sides' events may differ from that of their bytes

MOST_TRIED = 64  # answers that one request is compared with

M = TypeVar("M")


class Seen(NamedTuple, Generic[M]):
    """A message where one process sent or got it."""

    row: int  # event row
    ts: int
    opened: int  # event row at which the descriptor got its name
    message: M


@dataclass(slots=True)
class Half(Generic[M]):
    """What one side of a connection saw of an exchange."""

    asked: Seen[M] | None
    answered: Seen[M] | None

    @property
    def first(self) -> Seen[M]:
        """The request, or the answer if there is no request."""
        found = self.asked or self.answered
        assert found is not None
        return found


@dataclass(slots=True)
class Exchange(Generic[M]):
    """A request and its answer, as the client and as the server saw them; one side may be missing."""

    client: Half[M] | None
    server: Half[M] | None

    @property
    def first(self) -> Seen[M]:
        """The earliest event of the exchange."""
        return min((half.first for half in (self.client, self.server) if half), key=lambda seen: seen.row)

    def asked(self) -> Seen[M] | None:
        """Return the request, as the client sent it where that is known."""
        return _either(self.client and self.client.asked, self.server and self.server.asked)

    def answered(self) -> Seen[M] | None:
        """Return the answer, as the client got it where that is known."""
        return _either(self.client and self.client.answered, self.server and self.server.answered)

    def latency(self) -> int | None:
        """Return the ns from the request to the first bytes of its answer, as far out as it was seen."""
        return next((span for half in (self.client, self.server) if (span := _span(half)) is not None), None)

    def thinking(self) -> int | None:
        """Return the ns that the server took, None if its side was not captured."""
        return _span(self.server)


def _either(first: Seen[M] | None, second: Seen[M] | None) -> Seen[M] | None:
    return first or second


def _span(half: Half[M] | None) -> int | None:
    if half is None or half.asked is None or half.answered is None:
        return None
    return max(half.answered.ts - half.asked.ts, 0)


def in_order(
    seen: Iterable[Seen[M]], is_request: Callable[[M], bool], fits: Callable[[M, M], bool] | None = None
) -> list[Half[M]]:
    """Pair the messages of one side of one connection, ascending by row: first asked, first answered.

    With ``fits`` (request, answer) an answer goes to the first waiting request that it fits. A request
    that waits when the same name is opened again was never answered.
    """
    found: list[Half[M]] = []
    waiting: deque[Half[M]] = deque()
    for one in seen:
        if is_request(one.message):
            while waiting and (asked := waiting[0].asked) and one.opened > asked.row:
                waiting.popleft()
            half = Half(one, None)
            waiting.append(half)
            found.append(half)
            continue
        chosen = _first_fitting(waiting, one, fits)
        if chosen is None:
            found.append(Half(None, one))
        else:
            chosen.answered = one
    return found


def _first_fitting(
    waiting: deque[Half[M]], answer: Seen[M], fits: Callable[[M, M], bool] | None
) -> Half[M] | None:
    if fits is None:
        return waiting.popleft() if waiting else None
    for half in waiting:
        if half.asked and fits(half.asked.message, answer.message):
            waiting.remove(half)
            return half
    return None


def both_sides(
    clients: Sequence[Half[M]], servers: Sequence[Half[M]], same: Callable[[Half[M], Half[M]], bool]
) -> list[Exchange[M]]:
    """Put together what the two sides of one connection saw; both are in the order of time.

    ``same`` tells whether two halves can be of one exchange by what was asked.
    """
    found: list[Exchange[M]] = []
    used = [False] * len(servers)
    low = 0  # servers before this one fit no client any more
    for client in clients:
        chosen = None
        while low < len(servers) and (used[low] or _over(servers[low], client)):
            low += 1
        for at in range(low, min(low + MOST_TRIED, len(servers))):
            if not used[at] and same(client, servers[at]) and _meet(client, servers[at]):
                chosen = servers[at]
                used[at] = True
                break
        found.append(Exchange(client, chosen))
    found.extend(Exchange(None, server) for server, taken in zip(servers, used, strict=True) if not taken)
    return found


def _over(server: Half[M], client: Half[M]) -> bool:
    """Return whether the server was done before the client, or any later one, asked."""
    asked = client.first.ts - SLACK
    return server.first.ts < asked and (server.answered is None or server.answered.ts < asked)


def _meet(client: Half[M], server: Half[M]) -> bool:
    """Return whether the server can have got what the client sent, and answered before the client heard."""
    if client.asked and server.asked and server.asked.ts < client.asked.ts - SLACK:
        return False
    if client.answered and server.answered and client.answered.ts < server.answered.ts - SLACK:
        return False
    if client.answered and server.asked and server.asked.ts > client.answered.ts + SLACK:
        return False
    return not (client.asked and server.answered and server.answered.ts < client.asked.ts - SLACK)


K = TypeVar("K")
T = TypeVar("T")


def grouped(items: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    """Return the items by key, each in the order they came."""
    found: dict[K, list[T]] = defaultdict(list)
    for key, item in items:
        found[key].append(item)
    return found
