"""DNS messages: whole ones, cut ones, and those that mean harm."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.protocols import dns


def question(name: str = "www.example.org", kind: int = 1, ident: int = 7) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def answer(asked: bytes, *records: tuple[int, bytes], rcode: int = 0) -> bytes:
    head = asked[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(records), 0, 0)
    body = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in records
    )
    return head + asked[12:] + body


def test_a_question() -> None:
    message = dns.parse(question("flask-bakcend", 28))
    assert message is not None
    assert (message.name, message.type, message.response) == (b"flask-bakcend", 28, False)
    assert dns.type_name(message.type) == "AAAA"


def test_an_answer_with_addresses_and_names() -> None:
    asked = question()
    message = dns.parse(
        answer(
            asked,
            (5, b"\x03cdn\xc0\x10"),  # a name that ends where the question's does
            (1, bytes([93, 184, 216, 34])),
            (28, bytes(15) + b"\x01"),
            (16, b"\x05hello"),
        )
    )
    assert message is not None
    assert message.answers == (b"cdn.example.org", b"93.184.216.34", b"::1", b"TXT")
    assert message.response


def test_no_such_name() -> None:
    message = dns.parse(answer(question(), rcode=3))
    assert message is not None
    assert dns.rcode_name(message.rcode) == "NXDOMAIN"
    assert message.answers == ()


def test_an_answer_that_the_capture_cut_keeps_what_is_there() -> None:
    whole = answer(question(), (1, bytes(4)), (1, b"\1\2\3\4"))
    found = [dns.parse(whole[:size]) for size in range(len(whole) + 1)]
    assert [len(m.answers) for m in found if m] == sorted(len(m.answers) for m in found if m)
    last = found[-1]
    assert last is not None
    assert last.answers == (b"0.0.0.0", b"1.2.3.4")
    assert last.count == 2
    assert found[len(question())] is not None
    assert found[len(question()) - 1] is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        bytes(40),  # no question
        question()[:4] + b"\0\2" + question()[6:],  # two questions
        question()[:2] + b"\x10\0" + question()[4:],  # another opcode
        question()[:12] + b"\xc0\x0c" + question()[12:],  # a name that points to itself
        question()[:12] + b"\xc0\x20" + bytes(60),  # ahead
        question()[:12] + b"\x80" * 20,
        question()[:12] + b"\x3f" + b"a" * 20,
        question()[:12] + (b"\x01a" * 130) + b"\0\0\1\0\1",  # a name of more than 255 bytes
        question()[:-1] + b"\x09",  # an unknown class
    ],
)
def test_what_is_no_dns(data: bytes) -> None:
    assert dns.parse(data) is None


def test_odd_bytes_in_names_are_told_by_number() -> None:
    data = question()[:12] + b"\x04a\x1b.\\\0" + struct.pack(">HH", 1, 1)
    message = dns.parse(data)
    assert message is not None
    assert message.name == b"a\\027\\046\\092"


@given(st.binary(max_size=120))
def test_any_bytes_are_read_without_harm(data: bytes) -> None:
    dns.parse(data)
    message = dns.parse(question()[:12] + data)
    if message is not None:
        assert len(message.answers) <= dns.MOST_ANSWERS
        assert all(32 < byte < 127 for byte in message.name)


@given(st.binary(max_size=200), st.integers(0, 65535))
def test_any_answers_are_read_without_harm(data: bytes, count: int) -> None:
    head = struct.pack(">HHHHHH", 7, 0x8180, 1, count, 0, 0)
    message = dns.parse(head + question()[12:] + data)
    assert message is not None
    assert len(message.answers) <= min(count, dns.MOST_ANSWERS)
