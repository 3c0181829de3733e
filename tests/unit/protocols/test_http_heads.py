"""What the first bytes of an HTTP message say, whole, cut and hostile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.protocols import http
from scaptui.core.protocols.payloads import could_begin


def test_a_request() -> None:
    head = http.parse(b"POST /up?a=1 HTTP/1.1\r\nHost: shop\r\nCONTENT-LENGTH:  5\r\n\r\nhello")
    assert head is not None
    assert (head.method, head.target, head.host, head.length) == (b"POST", b"/up?a=1", b"shop", 5)
    assert head.is_request
    assert head.complete
    assert not head.cut
    assert head.size == 57
    assert head.body() == 5
    assert http.url(head.host, head.target) == b"shop/up?a=1"


def test_an_answer() -> None:
    head = http.parse(b"HTTP/1.0 502 Bad Gateway\nContent-Type: text/html\n\n<html>")
    assert head is not None
    assert (head.status, head.reason, head.kind) == (502, b"Bad Gateway", b"text/html")
    assert not head.is_request
    assert head.complete
    assert head.body() == -1  # until the connection ends


@pytest.mark.parametrize(
    ("text", "target", "cut"),
    [
        (b"GET /a/very/long/pa", b"/a/very/long/pa", True),
        (b"GET /a HTT", b"/a", True),
        (b"GET /a HTTP/1.1", b"/a", True),
        (b"GET /a HTTP/1.1\r\n", b"/a", False),
        (b"OPTIONS * HTTP/1.1\r\n", b"*", False),
        (b"GET http://shop/a HTTP/1.1\r\nHo", b"http://shop/a", False),
        (b"CONNECT shop:443 HTTP/1.1\r\n\r\n", b"shop:443", False),
    ],
)
def test_a_request_that_a_capture_cut(text: bytes, target: bytes, cut: bool) -> None:
    head = http.parse(text)
    assert head is not None
    assert (head.target, head.cut) == (target, cut)
    assert head.body() in (-1, 0)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"GET",
        b"GET ",
        b"GET /x\r\n",  # HTTP/0.9: no version
        b"GET /x FTP/1.0\r\n\r\n",
        b"GET /\x1b[2J HTTP/1.1\r\n\r\n",
        b"FETCH / HTTP/1.1\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 xyz\r\n",
        b"HTTP/1.1 99\r\n",
        b"HTTP/1.1 600 no\r\n",
        b"HTTP/1.1",
        b"SIP/2.0 200 OK\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_http(text: bytes) -> None:
    assert http.parse(text) is None


@pytest.mark.parametrize(
    ("text", "method", "length"),
    [
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", b"GET", 0),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"GET", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"HEAD", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"GET", 9),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\n", b"GET", -1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", b"GET", -1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n", b"GET", -1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", b"GET", -1),
    ],
)
def test_the_length_of_an_answers_body(text: bytes, method: bytes, length: int) -> None:
    head = http.parse(text)
    assert head is not None
    assert head.body(method) == length


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (b"5\r\nhello\r\n0\r\n\r\nGET /", 15),
        (b"5;x=y\r\nhello\r\n0\r\nTrailer: a\r\n\r\n", 31),
        (b"0\r\n\r\n", 5),
        (b"5\r\nhello\r\n0\r\n", -1),
        (b"5\r\nhel", -1),
        (b"", -1),
        (b"\r\n", -1),
        (b"FFFFFFFFFFFF\r\n", -1),
        (b"-5\r\nhello", -1),
        (b"5" * 300, -1),
    ],
)
def test_the_end_of_a_body_in_chunks(text: bytes, end: int) -> None:
    assert http.end_of_chunks(text) == end


WORDS = st.sampled_from(
    [b"GET ", b"HTTP/1.1 ", b"200 ", b"/", b"\r\n", b"\n", b":", b"Host: a", b"Content-Length: ", b"7", b" ",
     b"Transfer-Encoding: chunked", b"\0", b"\xff", b"PURGE ", b"HTTP/"]
)  # fmt: skip


@given(st.lists(WORDS | st.binary(max_size=8), max_size=30))
def test_any_bytes_are_read_without_harm(parts: list[bytes]) -> None:
    text = b"".join(parts)
    head = http.parse(text)
    if head is not None:
        assert could_begin(text)
        assert 0 <= head.size <= len(text)
        assert head.body() >= -1
        assert head.complete or head.body() == -1
        assert all(byte >= 32 for byte in head.target + head.reason)
    assert -1 <= http.end_of_chunks(text) <= len(text)


@given(st.integers(0, 60))
def test_a_message_may_be_cut_anywhere(size: int) -> None:
    text = b"GET /index.html HTTP/1.1\r\nHost: shop\r\n\r\n"[:size]
    head = http.parse(text)
    if head is not None:
        assert b"/index.html".startswith(head.target)
        assert head.complete == (size >= 40)
    assert could_begin(text)
