"""Tracers: their grammar, and how they take the place of writes to /dev/null."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.tracer_text import Broken, Cut, Ids, parse

IDS = Ids(tid=33, pid=22, ptid=11)


@pytest.mark.parametrize(
    ("text", "opens", "number", "tags", "args"),
    [
        (b">:12:a.b:k=v,x=y:", True, 12, (b"a", b"b"), ((b"k", b"v"), (b"x", b"y"))),
        (b"<:-7:a::", False, -7, (b"a",), ()),
        (b">:t:a::", True, 33, (b"a",), ()),
        (b">:p:a::", True, 22, (b"a",), ()),
        (b">:pp:a::", True, 11, (b"a",), ()),
        (b">:g:a::", True, 0, (b"a",), ()),
        (b">::a::", True, 0, (b"a",), ()),
        (b">::::", True, 0, (), ()),
        (b">:1:a\\.b\\:c.d:k\\=e\\,y=v\\:al:", True, 1, (b"a.b:c", b"d"), ((b"k=e,y", b"v:al"),)),
        (b">:1:a::rest of the buffer", True, 1, (b"a",), ()),
        (b">:1:a:k=:", True, 1, (b"a",), ((b"k", b""),)),
        (b'[">", 5, ["a","b"], [{"k":"v"},{"x":"y"}]]', True, 5, (b"a", b"b"), ((b"k", b"v"), (b"x", b"y"))),
        (b'["<",5,["a"],[]]', False, 5, (b"a",), ()),
        (b'["<","t",["a"],[{"k":"v"}]]', False, 33, (b"a",), ((b"k", b"v"),)),
        (b'[">","pp",[],[]]', True, 11, (), ()),
    ],
)
def test_understands(text: bytes, opens: bool, number: int, tags: object, args: object) -> None:
    found = parse(text, IDS)
    assert (found.opens, found.id, found.tags, found.args) == (opens, number, tags, args)


@pytest.mark.parametrize(
    "text",
    [
        b">",
        b">:",
        b">:1",
        b">:1:",
        b">:1:a",
        b">:1:a:",
        b">:1:a:k",
        b">:1:a:k=v",
        b">:t",
        b'[">',
        b'[">", 5',
        b'[">", 5, ["a"',
    ],
)
def test_waits_for_more(text: bytes) -> None:
    with pytest.raises(Cut):
        parse(text, IDS)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b">x",
        b">:1x:a::",
        b">:1:a>b::",
        b">:1:a=b::",
        b">:1:a\n::",
        b">:1:a:k:",
        b"{}",
        b'["x" 5]',
    ],
)
def test_rejects(text: bytes) -> None:
    with pytest.raises(Broken):
        parse(text, IDS)


def test_any_bytes_end_in_an_answer() -> None:
    dice = random.Random(7)
    whole = b'[">", 5, ["a","b"], [{"k":"v"}]]' + b">:1:a.b:k=v:"
    for _ in range(20_000):
        text = bytes(dice.choice(whole) for _ in range(dice.randrange(30)))
        try:
            parse(text, IDS)
        except (Cut, Broken):
            continue


def story(modern: bool) -> CaptureBuilder:
    b = CaptureBuilder(modern, event_version=2 if modern else 1)
    b.proc(1, "init", ptid=0).proc(20, "app", ptid=1)
    b.openat(20, 3, "/dev/null", 2)
    b.write(20, 3, b">:7:web.query:q=x:").openat(20, 4, "/etc/x")
    b.wait(1_000_000).write(20, 3, b"<:7:web.query:r=1:").openat(20, 4, "/etc/y")
    b.write(20, 3, b">:7:ha").write(20, 3, b"lf::")
    return b


def values(capture: Capture, field: str) -> list[str | None]:
    rows = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
    return capture.fields.read(field, rows).texts(capture.index.strings)


def test_take_the_place_of_writes(tmp_path: Path) -> None:
    capture = Capture.open(story(False).save(tmp_path / "old.scap"))
    kinds = [
        "openat",
        "openat",
        "write",
        "tracer",
        "openat",
        "openat",
        "tracer",
        "openat",
        "openat",
        "tracer",
    ]
    assert values(capture, "evt.type") == kinds
    told = [text for text in values(capture, "evt.args") if text and text.startswith("id=")]
    assert told == ["id=7 tags=web.query args=q:x ", "id=7 tags=web.query args=r:1 ", "id=7 tags=half args= "]
    assert values(capture, "span.duration")[6] == "1004000"
    assert values(capture, "evtin.span.tags") == [*[None] * 4, *["web.query"] * 2, *[None] * 4]
    assert capture.select("evtin.span.arg.q = x").tolist() == [4, 5, 6, 7]  # 6 is not shown, 7 ends it
    assert not len(capture.select("evtin.span.arg.q = y"))
    assert capture.select("span.tag[0] = web and evt.dir = >").tolist() == [3]


def test_the_blocks_of_the_capture_stay(tmp_path: Path) -> None:
    capture = Capture.open(story(False).save(tmp_path / "old.scap"))
    assert b">:7:web.query:q=x:" in capture.records.record(3)
    rows = np.array([2, 3, 4, 3], np.int64)
    data, starts = capture.fields.context.records.gather(rows)  # type: ignore[union-attr]
    parts = [data[a:b].tobytes() for a, b in pairwise(starts.tolist())]
    assert parts[0] == capture.records.record(2)
    assert parts[1] == parts[3] != capture.records.record(3)


def test_new_captures_keep_their_writes(tmp_path: Path) -> None:
    capture = Capture.open(story(True).save(tmp_path / "new.scap"))
    assert "tracer" not in values(capture, "evt.type")
    assert set(values(capture, "span.id")) == {None}
