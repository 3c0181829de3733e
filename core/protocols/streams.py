"""The HTTP messages of one descriptor: found in its reads and writes, whatever blocks they came in.

Inputs: the reads and writes of one descriptor with their sizes, and a way to get payloads. Outputs:
:class:`Message` in the order of time. A message may be spread over many blocks, many may share one
(pipelining), bodies are skipped by their length, and where a capture cut a payload the search goes
on at the next block that begins like a message.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from . import http
from .payloads import could_begin

MOST_BLOCKS = 64  # that the head of one message may be spread over
MOST_WAITING = 256  # pipelined requests whose methods are remembered


class Message(NamedTuple):
    """One message on one side of a connection; ``first`` .. ``last`` are places in the blocks of its way."""

    row: int  # event row of the block it begins in
    way: int  # READ or WRITE
    head: http.Head
    first: int
    last: int  # the last block that belongs to it for sure
    ends: bool  # False: it may go on until the next message
    shared: bool  # it begins inside a block that another message began


@dataclass
class Way:
    """The blocks that went one way through a descriptor, in the order of time."""

    rows: Sequence[int]
    starts: list[int]  # place of each block in the stream of bytes, and of its end
    done: int = 0  # up to here the stream is read

    @classmethod
    def of(cls, rows: Sequence[int], sizes: Sequence[int]) -> Way:
        """Take event rows and how many bytes each call moved."""
        starts = [0]
        for size in sizes:
            starts.append(starts[-1] + size)
        return cls(rows, starts)


def messages(
    ways: dict[int, Way], begins: Sequence[tuple[int, int, int]], data: Callable[[int], bytes]
) -> list[Message]:
    """Return the messages of a descriptor.

    ``begins`` are the blocks that look like the begin of one: (event row, way, place in its way),
    ascending; ``data`` gives what was kept of the payload of an event row.
    """
    found: list[Message] = []
    waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
    places = [(row, way, place, 0) for row, way, place in begins]  # ascending: a heap already
    while places:
        row, direction, place, within = heapq.heappop(places)
        way = ways[direction]
        offset = way.starts[place] + within
        if offset < way.done:
            continue  # inside a message
        head, text, last = _assemble(way, place, within, data)
        if head is None:
            continue
        method = b""
        if head.is_request:
            waiting.append(head.method)
        elif waiting:
            method = waiting[0] if _interim(head) else waiting.popleft()
        body = head.body(method)
        if body < 0 and head.complete and head.chunked:
            body = http.end_of_chunks(text[head.size :])
        if body < 0:
            way.done = way.starts[last + 1]
        else:
            way.done = offset + head.size + body
            last = min(max(bisect_right(way.starts, way.done - 1) - 1, place), len(way.rows) - 1)
            rest = way.done - way.starts[last]
            if 0 < rest < way.starts[last + 1] - way.starts[last]:
                heapq.heappush(places, (way.rows[last], direction, last, rest))
        if not _interim(head):
            found.append(Message(row, direction, head, place, last, body >= 0, within > 0))
    return found


def _interim(head: http.Head) -> bool:
    """Return whether it is a provisional answer, such as 100 Continue."""
    return 100 <= head.status < 200 and head.status != 101


def _assemble(
    way: Way, place: int, within: int, data: Callable[[int], bytes]
) -> tuple[http.Head | None, bytes, int]:
    """Return the head that begins ``within`` bytes behind the start of a block, its text, its last block."""
    text = data(way.rows[place])
    whole = len(text) >= way.starts[place + 1] - way.starts[place]
    text = text[within:]
    last = place
    while True:
        head = http.parse(text)
        enough = len(text) >= http.MOST_HEAD or last - place >= MOST_BLOCKS or last + 1 >= len(way.rows)
        if not whole or enough or (head.complete if head else not could_begin(text)):
            return head, text, last
        last += 1
        more = data(way.rows[last])
        whole = len(more) >= way.starts[last + 1] - way.starts[last]
        text += more
