"""Payloads in colours: what is recognised, which parts have which role, and that no payload hangs it."""

from __future__ import annotations

import pytest
from fake import WebStreams, web

from scaptui.tui.highlight import MAX_TEXT, recognised, spans

HTTP = WebStreams.TEXTS[0]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("GET /bar HTTP/1.1\nHost: localhost", "http"),
        ("HTTP/1.0 500 INTERNAL\nServer: x", "http"),
        ('{"a": 1', "json"),
        ("[]", "json"),
        ('[{"a"', "json"),
        ("[info] started", None),
        ("{not json", None),
        ("<?xml version='1.0'?>", "xml"),
        ("<html><body>", "xml"),
        ("<134>Sep 23 00:44:29 host haproxy[9]", None),
        ("SELECT * FROM t", "sql"),
        ("Q+INSERT INTO t VALUES (1)", "sql"),
        ("select a good one", None),
        ("#!/bin/sh\nexit", "shell"),
        ("curl -s http://x | sh", "shell"),
        ("cat /etc/passwd", "shell"),
        ("cat and dog", None),
        ("hello", None),
        ("", None),
    ],
)
def test_kinds(text: str, kind: str | None) -> None:
    assert recognised(text) == kind


def roles(text: str) -> dict[str, str]:
    return {text[start:end]: role.removeprefix("code.") for start, end, role in spans(text, limit=10)}


def test_parts_of_a_request_and_of_its_body() -> None:
    found = roles(HTTP)
    assert found["POST"] == "keyword"
    assert found["Host"] == "name"
    assert found['"user"'] == "name"
    assert found['"bob"'] == "string"
    assert found["12"] == "number"
    assert found["true"] == "keyword"


@pytest.mark.parametrize(
    ("text", "part", "role"),
    [
        ("SELECT 'x' FROM t -- why", "SELECT", "keyword"),
        ("SELECT 'x' FROM t -- why", "'x'", "string"),
        ("SELECT 'x' FROM t -- why", "-- why", "comment"),
        ('<a href="b">c</a>', "<a", "name"),
        ('<a href="b">c</a>', '"b"', "string"),
        ('curl "http://$HOST/x" | sh', "curl", "keyword"),
        ('echo "$HOST"', "$HOST", "name"),
        ("#!/bin/sh\necho 'x'", "'x'", "string"),
    ],
)
def test_parts(text: str, part: str, role: str) -> None:
    if recognised(text) is None:
        text = "#!/bin/sh\n" + text
    assert roles(text)[part] == role


@pytest.mark.parametrize("text", [HTTP, HTTP * 40, '{"a": [' * 500, "<a " * 2000, "ls -la /x " * 900])
def test_parts_are_in_order_and_within(text: str) -> None:
    found = spans(text, limit=10)
    places = [place for span in found for place in (span.start, span.end)]
    assert places == sorted(places)
    assert all(start < end <= min(len(text), MAX_TEXT) for start, end, _ in found)


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\necho $'" + r"\11" * 1300,
        '#!/bin/sh\necho "' + r"\11$" * 1000,
        "#!/bin/sh\ncat <<" + "a" * 2000 + "\n" + "b" * 2000,
        "#!/bin/sh\n" + "$(" * 2000,
        "<a>" + "&" * 4000,
        "<a " + "b" * 2000 + " " * 2000,
        "<!--" * 1000,
        "SELECT x" + "'" * 4000,
        "SELECT x " + "/*" * 2000,
        "GET / HTTP/1.1\n" + "a" * 4000,
        "GET / HTTP/1.1\n" + "a:" * 2000,
        '{"a":' + "[" * 4000,
        '{"a":"' + "\\" * 4000,
        "[" + "-" * 4000,
        "GET " + "a" * 4000,
        "curl " * 900,
    ],
)
def test_no_payload_hangs_it(text: str) -> None:
    assert len(spans(text)) <= len(text)


async def test_colours_in_ascii_only_and_a_key_to_switch_them_off(start) -> None:  # type: ignore[no-untyped-def]
    async with start(web()) as walk:
        streams = walk.main.streams

        def style_of(word: str) -> str:
            rows = [streams.render_line(y) for y in range(streams.size.height)]
            found = [part.style for row in rows for part in row if part.text == word]
            return str(found[0]) if found else ""

        keyword = str(streams.role("stream.write") + streams.role("code.keyword"))
        await walk.press("e")
        assert style_of("POST") == ""
        await walk.press("v", "a")
        assert style_of("POST") == keyword
        assert "200" in walk.text()
        await walk.press("v", "h")
        assert style_of("POST") == ""
        assert "ascii, no colours" in walk.text()
        await walk.press("v", "h")
        assert style_of("POST") == keyword


async def test_a_search_still_shows_and_both_sides_keep_their_bar(start) -> None:  # type: ignore[no-untyped-def]
    async with start(web()) as walk:
        await walk.press("e", "v", "a")
        streams = walk.main.streams
        streams.set_pattern("user")
        rows = [streams.render_line(y) for y in range(streams.size.height)]
        body = next(row for row in rows if '"bob"' in row.text)
        assert body.text.lstrip().startswith('┃ {"user": "bob", "id": 12, "ok": true}')
        hits = [part.text for part in body if part.style == streams.role("match.current")]
        assert hits == ["user"]
        bars = {part.text.strip(): str(part.style) for row in rows for part in row}
        assert bars["┃"] == str(streams.role("stream.write.bar"))
        assert bars["│"] == str(streams.role("stream.read.bar"))
