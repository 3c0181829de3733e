"""Requests paired with answers over whole captures: both sides, forks, reused ports, cut payloads."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.protocols.dns_table import DnsTable, dns_table
from scaptui.core.protocols.http_table import HttpTable, http_table
from scaptui.core.views.engine import run_view
from scaptui.core.views.table import Table

CLIENT, SERVER = ("10.0.0.2", 40000), ("10.0.0.3", 80)
GET = b"GET /%s HTTP/1.1\r\nHost: shop\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


def machine(modern: bool = True) -> CaptureBuilder:
    b = CaptureBuilder(modern)
    b.proc(10, "curl").proc(20, "server").proc(30, "other")
    return b


def found(b: CaptureBuilder, folder: Path) -> tuple[Capture, HttpTable]:
    capture = Capture.open(b.save(folder / "http.scap"))
    return capture, http_table(capture.index, capture.records)


@pytest.mark.parametrize("modern", [True, False])
def test_both_sides_are_one_exchange(modern: bool, tmp_path: Path) -> None:
    b = machine(modern)
    b.socket(10, 3).connect(10, 3, CLIENT, SERVER).accept(20, 5, CLIENT, SERVER)
    b.write(10, 3, GET % b"a").wait(1000).read(20, 5, GET % b"a").wait(5000)
    b.write(20, 5, FAILED).wait(1000).read(10, 3, FAILED)
    b.write(10, 3, GET % b"b").read(20, 5, GET % b"b").write(20, 5, OK).read(10, 3, OK)
    capture, table = found(b, tmp_path)
    assert table.method == [b"GET", b"GET"]
    assert table.status.tolist() == [500, 200]
    assert [table.url(at) for at in (0, 1)] == [b"shop/a", b"shop/b"]
    common = table.common
    assert capture.index.threads.tid[common.client].tolist() == [10, 10]
    assert capture.index.threads.tid[common.server].tolist() == [20, 20]
    assert common.latency[0] > common.thinking[0] > 0
    assert [len(common.event[common.owner == at]) for at in (0, 1)] == [4, 4]


def test_one_side_alone(tmp_path: Path) -> None:
    b = machine().accept(20, 5, CLIENT, SERVER).read(20, 5, GET % b"a").write(20, 5, OK)
    _, table = found(b, tmp_path)
    assert table.status.tolist() == [200]
    assert (table.common.client.tolist(), table.common.server.tolist() != [-1]) == ([-1], True)


def test_a_request_that_was_never_answered_does_not_take_the_answer_of_the_next_connection(
    tmp_path: Path,
) -> None:
    b = machine().accept(20, 5, CLIENT, SERVER).read(20, 5, GET % b"lost").close(20, 5)
    b.accept(20, 5, CLIENT, SERVER).read(20, 5, GET % b"next").write(20, 5, OK)
    _, table = found(b, tmp_path)
    assert (table.target, table.status.tolist()) == ([b"/lost", b"/next"], [0, 200])


def test_an_answer_whose_request_came_before_the_capture(tmp_path: Path) -> None:
    b = (
        machine()
        .socket_fd(20, 5, CLIENT, SERVER)
        .write(20, 5, FAILED)
        .read(20, 5, GET % b"a")
        .write(20, 5, OK)
    )
    _, table = found(b, tmp_path)
    assert (table.method, table.status.tolist()) == ([b"", b"GET"], [500, 200])


def test_a_child_that_answers_for_its_parent(tmp_path: Path) -> None:
    b = machine().accept(20, 5, CLIENT, SERVER).read(20, 5, GET % b"a")
    b.clone(20, 21, "server", ptid=1).write(21, 5, OK)
    _, table = found(b, tmp_path)
    assert (table.target, table.status.tolist()) == ([b"/a"], [200])


def test_pipelined_requests(tmp_path: Path) -> None:
    b = machine().accept(20, 5, CLIENT, SERVER).read(20, 5, GET % b"1" + GET % b"2" + GET % b"3")
    b.write(20, 5, OK + FAILED).write(20, 5, OK)
    capture, table = found(b, tmp_path)
    assert table.target == [b"/1", b"/2", b"/3"]
    assert table.status.tolist() == [200, 500, 200]
    # the events of a shared block are told by the first that begins in it
    assert table.common.number.tolist() == [1, 1, 1]
    view = run_view(capture, "http")
    assert [row[2] for row in view.rows] == [200, 500, 200]
    assert [view.key_value(row) for row in range(3)] == [1, 1, 1]
    assert view.keys == ["1", "2", "3"]


def test_payloads_that_the_capture_cut(tmp_path: Path) -> None:
    long = b"GET /" + b"p" * 200 + b" HTTP/1.1\r\nHost: shop\r\n\r\n"
    b = machine().accept(20, 5, CLIENT, SERVER)
    b.read(20, 5, long[:80], res=len(long)).write(20, 5, OK[:20], res=4000).read(20, 5, GET % b"b")
    b.write(20, 5, FAILED)
    _, table = found(b, tmp_path)
    assert table.target == [b"/" + b"p" * 75 + b"...", b"/b"]
    assert table.status.tolist() == [200, 500]


def test_two_containers_with_the_same_addresses(tmp_path: Path) -> None:
    """Each container has its own 127.0.0.1: requests are told apart by what they ask for."""
    cgroups = {pid: [f"cpuset=/docker/{name * 64}"] for pid, name in ((20, "a"), (30, "b"))}
    b = CaptureBuilder().proc(10, "curl", cgroups=cgroups[20]).proc(11, "wget", cgroups=cgroups[30])
    b.proc(20, "one", cgroups=cgroups[20]).proc(30, "two", cgroups=cgroups[30])
    here, there = ("127.0.0.1", 40000), ("127.0.0.1", 80)
    for pid in (20, 30):
        b.accept(pid, 5, here, there)
    for pid in (10, 11):
        b.socket(pid, 3).connect(pid, 3, here, there)
    b.write(10, 3, GET % b"one").write(11, 3, GET % b"two")
    b.read(30, 5, GET % b"two").read(20, 5, GET % b"one").write(20, 5, OK).write(30, 5, FAILED)
    b.read(10, 3, OK).read(11, 3, FAILED)
    capture, table = found(b, tmp_path)
    tids = capture.index.threads.tid
    pairs = dict(zip(table.target, table.status.tolist(), strict=True))
    assert pairs == {b"/one": 200, b"/two": 500}
    both = {
        t: (c, s)
        for t, c, s in zip(table.target, tids[table.common.client], tids[table.common.server], strict=True)
    }
    assert both[b"/one"] == (10, 20)


# --- DNS ------------------------------------------------------------------------------------------

RESOLVER = ("10.0.0.53", 53)


def datagram(ident: int, name: str, kind: int = 1, address: bytes = b"", rcode: int = -1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    flags = 0x0100 if rcode < 0 else 0x8180 | rcode
    head = struct.pack(">HHHHHH", ident, flags, 1, 1 if address else 0, 0, 0)
    body = labels + b"\0" + struct.pack(">HH", kind, 1)
    if address:
        body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(address)) + address
    return head + body


def dns_of(b: CaptureBuilder, folder: Path) -> tuple[Capture, DnsTable]:
    capture = Capture.open(b.save(folder / "dns.scap"))
    return capture, dns_table(capture.index, capture.records)


def asking() -> CaptureBuilder:
    return machine().socket(10, 3, type=2).connect(10, 3, CLIENT, RESOLVER)


def test_answers_in_another_order(tmp_path: Path) -> None:
    b = asking().write(10, 3, datagram(1, "shop")).write(10, 3, datagram(2, "shop", 28))
    b.read(10, 3, datagram(2, "shop", 28, rcode=3)).read(10, 3, datagram(1, "shop", 1, b"\x0a\0\0\3", 0))
    capture, table = dns_of(b, tmp_path)
    assert table.name == [b"shop", b"shop"]
    assert table.type.tolist() == [1, 28]
    assert table.rcode.tolist() == [0, 3]
    assert table.answers == [(b"10.0.0.3",), ()]
    assert [row[3] for row in run_view(capture, "dns").rows] == ["NOERROR", "NXDOMAIN"]


def test_a_question_without_an_answer_and_an_answer_without_a_question(tmp_path: Path) -> None:
    b = asking().write(10, 3, datagram(1, "lost")).read(10, 3, datagram(9, "late", 1, b"\1\2\3\4", 0))
    _, table = dns_of(b, tmp_path)
    assert (table.name, table.rcode.tolist()) == ([b"lost", b"late"], [-1, 0])
    assert table.common.latency.tolist() == [-1, -1]


def test_the_resolver_is_captured_too(tmp_path: Path) -> None:
    b = asking().socket_fd(20, 7, CLIENT, RESOLVER, l4proto=3)
    b.write(10, 3, datagram(1, "shop")).read(20, 7, datagram(1, "shop")).wait(9000)
    b.write(20, 7, datagram(1, "shop", 1, b"\1\2\3\4", 0)).read(10, 3, datagram(1, "shop", 1, b"\1\2\3\4", 0))
    capture, table = dns_of(b, tmp_path)
    assert len(table.common) == 1
    assert capture.index.threads.tid[table.common.server].tolist() == [20]
    assert table.common.latency[0] > table.common.thinking[0] >= 9000


def test_other_datagrams_are_left_out(tmp_path: Path) -> None:
    b = asking().write(10, 3, b"hello").write(10, 3, bytes(40)).write(10, 3, datagram(1, "shop")[:20])
    _, table = dns_of(b, tmp_path)
    assert len(table.common) == 0


# --- fields and views -----------------------------------------------------------------------------


def http_view(capture: Capture, text: str | None = None) -> Table:
    return run_view(capture, "http", filter=text)


def test_an_exchange_is_listed_when_one_of_its_events_passes(tmp_path: Path) -> None:
    b = machine().socket(10, 3).connect(10, 3, CLIENT, SERVER).accept(20, 5, CLIENT, SERVER)
    b.write(10, 3, GET % b"a").read(20, 5, GET % b"a").write(20, 5, FAILED).read(10, 3, FAILED)
    b.accept(30, 5, CLIENT, ("10.0.0.9", 80)).read(30, 5, GET % b"c").write(30, 5, OK)
    capture, _ = found(b, tmp_path)
    assert http_view(capture).count == 2
    for text in ("proc.name=curl", "proc.name=server", "http.status>=500", "http.client=curl"):
        assert [row[2] for row in http_view(capture, text).rows] == [500], text
    assert http_view(capture, "proc.name=nobody").count == 0
    # the drill-down of a row shows its events
    view = http_view(capture, "http.status=500")
    rows = capture.select(f"http.id={view.key_value(0)}")
    assert len(rows) == 4


def test_times_choose_exchanges_by_their_events(tmp_path: Path) -> None:
    b = machine().accept(20, 5, CLIENT, SERVER).read(20, 5, GET % b"a").wait(10_000).write(20, 5, OK)
    capture, table = found(b, tmp_path)
    answered = int(capture.index.events.ts[table.common.answered[0]])
    assert run_view(capture, "http", window=(answered, answered + 1)).count == 1
    assert run_view(capture, "http", window=(answered + 1, answered + 2)).count == 0


@pytest.mark.parametrize(
    ("name", "requests", "statuses"),
    [("haproxy-502.scap", 74, {200: 73, 502: 1}), ("lab1-http500.scap", 31, {200: 16, 500: 15})],
)
def test_the_requests_of_real_captures(
    name: str, requests: int, statuses: dict[int, int], capture_file: Callable[[str], Path]
) -> None:
    """Every block that begins like a request is an event of a listed exchange; each has its answer."""
    with Capture.open(capture_file(name)) as capture:
        table = http_table(capture.index, capture.records)
        assert len(table.common) == requests
        assert Counter(table.status.tolist()) == statuses
        begins = capture.select('evt.buffer startswith "GET " and evt.dir=< and fd.type=ipv4')
        assert set(begins.tolist()) <= set(table.common.event.tolist())
        assert (table.common.latency > 0).all()
