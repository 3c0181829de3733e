"""Which events become blocks, what a block says, and streams to take away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.streams.copy import heading, joined
from scaptui.core.streams.echo import EchoBlock, blocks, same_stream, select

CLIENT, OTHER = 10, 20
TUPLE = (("10.0.0.1", 4000), ("10.0.0.2", 80))


def story(modern: bool) -> CaptureBuilder:
    made = CaptureBuilder(modern)
    made.proc(CLIENT, "curl").proc(OTHER, "cat")
    made.socket_fd(CLIENT, 3, *TUPLE).fd(OTHER, 3, "/etc/hosts")
    made.call("SYSCALL_WRITE", CLIENT, [3, 7], [7, b"GET /\r\n", 3, 7])
    made.call("SYSCALL_READ", CLIENT, [3, 9000], [5000, b"200 OK\n" * 11, 3, 9000])
    made.call("SYSCALL_READ", CLIENT, [3, 9000], [0, b"", 3, 9000])
    made.call("SYSCALL_READ", CLIENT, [3, 9000], [-11, b"", 3, 9000])
    made.call("SYSCALL_READ", CLIENT, [99, 10], [2, b"??", 99, 10])
    made.call("SYSCALL_READ", OTHER, [3, 10], [4, b"one\n", 3, 10])
    made.call("SYSCALL_READ", CLIENT, [3, 9000], [3, b"end", 3, 9000])
    return made


@pytest.fixture(params=[False, True], ids=["old", "new"])
def capture(request: pytest.FixtureRequest, tmp_path: Path) -> Capture:
    return Capture.open(story(request.param).save(tmp_path / "made.scap"))


def all_blocks(capture: Capture) -> list[EchoBlock]:
    return list(blocks(capture, np.arange(capture.count), "dotted"))


def test_only_successful_transfers_on_known_descriptors_become_blocks(capture: Capture) -> None:
    assert [(b.direction, b.length, b.data) for b in all_blocks(capture)] == [
        ("write", 7, b"GET /\r\n"),
        ("read", 5000, b"200 OK\n" * 11),
        ("read", 4, b"one\n"),
        ("read", 3, b"end"),
    ]


def test_a_block_tells_who_did_what_where(capture: Capture) -> None:
    write, read, file, _ = all_blocks(capture)
    assert (write.comm, write.pid, write.tid, write.fd, write.container) == ("curl", CLIENT, CLIENT, 3, "")
    assert write.fd_type == "4" and "10.0.0.1:4000" in write.fd_name and "10.0.0.2:80" in write.fd_name
    assert (file.fd_type, file.fd_name, file.comm) == ("f", "/etc/hosts", "cat")
    assert write.text == "GET /.."
    assert write.ts == capture.start_ts + write.reltime
    assert write.reltime < read.reltime


def test_cut_payloads_are_marked(capture: Capture) -> None:
    assert [(b.cut, b.kept) for b in all_blocks(capture)] == [(False, 7), (True, 77), (False, 4), (False, 3)]


def test_the_rows_asked_for_count(capture: Capture) -> None:
    rows = select(capture.index, np.arange(capture.count))
    assert len(rows) == 4
    assert [b.row for b in blocks(capture, rows[1:3])] == rows[1:3].tolist()
    assert list(blocks(capture, np.zeros(0, np.int64))) == []


def test_a_stream_is_one_descriptor_of_one_process(capture: Capture) -> None:
    rows = select(capture.index, np.arange(capture.count))
    first, _, file, _ = rows.tolist()
    assert same_stream(capture.index, first).tolist() == [rows[0], rows[1], rows[3]]
    assert same_stream(capture.index, file).tolist() == [rows[2]]


def test_streams_to_take_away(capture: Capture) -> None:
    stream = list(blocks(capture, same_stream(capture.index, all_blocks(capture)[0].row)))
    raw = joined(stream, "raw")
    assert raw.data == b"GET /\r\n" + b"200 OK\n" * 11 + b"end"
    assert (raw.blocks, raw.kept, raw.transferred, raw.cut) == (3, 87, 5010, True)
    assert joined(stream, "ascii").data == b"GET /\n" + b"200 OK\n" * 11 + b"end"
    assert joined(stream, "dotted").data.count(b"\n") == 3
    assert joined(stream, "hex").data.startswith(b"\t0x0000: 4745 5420 2f0d 0a")
    with_headings = joined(stream, "ascii", headings=True).data.decode()
    assert with_headings.startswith("------ Write 7B to 3(<4>")
    assert "\n\n------ Read 5000B, 77B kept from 3(<4>" in with_headings
    assert joined([], "ascii").data == b""


def test_headings_are_safe_to_print(tmp_path: Path) -> None:
    made = CaptureBuilder(True).proc(10, "evil\x1b[2J\n").fd(10, 3, "/tmp/\x1b]0;x\x07")
    made.event("SYSCALL_READ_X", 10, [2, b"\x1b[", 3, 10])
    with Capture.open(made.save(tmp_path / "made.scap")) as capture:
        (block,) = blocks(capture, np.arange(1))
        assert heading(block).isprintable()
        assert "\x1b" not in joined([block], "ascii", headings=True).data.decode()


def test_containers_are_named(tmp_path: Path) -> None:
    cgroups = ["cpu=/docker/" + "ab" * 32]
    made = CaptureBuilder(True).proc(10, "app", cgroups=cgroups).fd(10, 3, "/x")
    made.container('{"container":{"id":"abababababab","name":"web","type":0,"image":"i"}}')
    made.event("SYSCALL_READ_X", 10, [2, b"ok", 3, 10])
    with Capture.open(made.save(tmp_path / "made.scap")) as capture:
        (block,) = blocks(capture, np.arange(capture.count))
        assert block.container == "web"
        assert heading(block) == "Read 2B from 3(<f>/x) (web, app)"
