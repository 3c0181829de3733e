"""HTTP messages found in the reads and writes of one descriptor."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.protocols.payloads import could_begin
from scaptui.core.protocols.streams import Message, Way, messages
from scaptui.core.schema.directions import READ, WRITE


@dataclass
class Descriptor:
    """Blocks in the order of time: (way, what the call moved, how much of it the capture kept)."""

    blocks: list[tuple[int, bytes, int]] = field(default_factory=list)

    def read(self, data: bytes, kept: int | None = None) -> Descriptor:
        self.blocks.append((READ, data, len(data) if kept is None else kept))
        return self

    def write(self, data: bytes, kept: int | None = None) -> Descriptor:
        self.blocks.append((WRITE, data, len(data) if kept is None else kept))
        return self

    def messages(self) -> list[Message]:
        ways: dict[int, Way] = {}
        begins: list[tuple[int, int, int]] = []
        for way in (READ, WRITE):
            rows = [row for row, block in enumerate(self.blocks) if block[0] == way]
            ways[way] = Way.of(rows, [len(self.blocks[row][1]) for row in rows])
            begins += [
                (row, way, place)
                for place, row in enumerate(rows)
                if (data := self.data(row)) and could_begin(data)
            ]
        return messages(ways, sorted(begins), self.data)

    def data(self, row: int) -> bytes:
        _, data, kept = self.blocks[row]
        return data[:kept]

    def told(self) -> list[bytes | int]:
        return [m.head.target if m.head.is_request else m.head.status for m in self.messages()]


GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


def test_requests_and_answers_in_their_order() -> None:
    d = Descriptor().read(GET % b"1").write(OK % 2 + b"hi").read(GET % b"2").write(OK % 0)
    assert d.told() == [b"/1", 200, b"/2", 200]


def test_a_head_in_many_blocks() -> None:
    d = Descriptor()
    for byte in GET % b"slow":
        d.read(bytes([byte]))
    for piece in (b"HTTP/1.0 200 OK\r\n", b"Server: x\r\n", b"\r\n", b"bar"):
        d.write(piece)
    found = d.messages()
    assert [m.head.complete for m in found] == [True, True]
    assert found[0].last - found[0].first == len(GET % b"slow") - 1


def test_many_requests_in_one_block() -> None:
    d = Descriptor().read(GET % b"1" + GET % b"2" + (GET % b"3")[:9]).read((GET % b"3")[9:])
    d.write(OK % 3 + b"abc" + (OK % 1)[:5]).write((OK % 1)[5:] + b"x" + OK % 0)
    assert d.told() == [b"/1", b"/2", b"/3", 200, 200, 200]
    assert [m.shared for m in d.messages() if m.head.is_request] == [False, True, True]


def test_a_body_is_no_message() -> None:
    post = b"POST /up HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
    inner = GET % b"inside"
    d = (
        Descriptor()
        .read(post % len(inner))
        .read(inner)
        .write(OK % len(inner))
        .write(inner)
        .read(GET % b"next")
    )
    assert d.told() == [b"/up", 200, b"/next"]


def test_a_body_in_chunks_is_skipped_where_its_end_is_seen() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    d = Descriptor().write(head + b"4\r\nGET \r\n0\r\n\r\n" + b"HTTP/1.1 404 Not Found\r\n\r\n")
    assert d.told() == [200, 404]


def test_the_answer_to_head_has_no_body() -> None:
    head = b"HEAD /big HTTP/1.1\r\n\r\n"
    d = Descriptor().read(head).write(OK % 1000000).read(GET % b"2").write(OK % 0)
    assert d.told() == [b"/big", 200, b"/2", 200]


def test_after_a_cut_payload_the_next_message_is_found() -> None:
    long = b"GET /" + b"x" * 100 + b" HTTP/1.1\r\n\r\n"
    d = Descriptor().read(long, 20).write(OK % 500 + bytes(500), 10).read(GET % b"2", 25).write(OK % 0)
    assert d.told() == [b"/" + b"x" * 15, b"/2", 200]  # "HTTP/1.1 2" is too little to be an answer


def test_a_provisional_answer_is_not_the_answer() -> None:
    d = Descriptor().read(b"POST /up HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    d.write(b"HTTP/1.1 100 Continue\r\n\r\n").read(b"hi").write(b"HTTP/1.1 201 Created\r\n\r\n")
    assert d.told() == [b"/up", 201]


def test_another_protocol_on_the_same_connection() -> None:
    d = Descriptor().write(b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
    d.read(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").write(b"\x81\x05hello").read(b"\x81\x02hi")
    assert d.told() == [b"/chat", 101]


INSIDE = GET % b"inside"
POST = b"POST /2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(INSIDE)
TEXT = GET % b"1" + POST + INSIDE + GET % b"3"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_where_the_blocks_end_does_not_matter(sizes: list[int]) -> None:
    d = Descriptor()
    at = 0
    for size in [*sizes, len(TEXT)]:
        if TEXT[at : at + size]:
            d.read(TEXT[at : at + size])
        at += size
    assert d.told() == [b"/1", b"/2", b"/3"]


BLOCKS = st.tuples(
    st.sampled_from([READ, WRITE]),
    st.sampled_from(
        [GET % b"x", OK % 5, OK % 5 + b"hello", b"G", b"HTTP/1.1 2", b"\r\n\r\n", b"\0\1", b"0\r\n\r\n"]
    )
    | st.binary(min_size=1, max_size=20),
    st.integers(0, 60),
)


@given(st.lists(BLOCKS, max_size=30))
def test_any_blocks_are_read_without_harm(blocks: list[tuple[int, bytes, int]]) -> None:
    d = Descriptor([(way, data, min(kept, len(data))) for way, data, kept in blocks])
    found = d.messages()
    assert [m.row for m in found] == sorted(m.row for m in found)
    counts = {way: sum(block[0] == way for block in blocks) for way in (READ, WRITE)}
    for m in found:
        assert 0 <= m.first <= m.last < counts[m.way]
