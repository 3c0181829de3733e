"""Frames, block types and the section header."""

from __future__ import annotations

import struct
import time

import pytest

from scaptui.core.errors import CaptureError
from scaptui.core.format import blocks, writer
from scaptui.core.format.blocks import Kind, block_info, find_block, frame
from scaptui.core.format.metadata import Metadata, Status


def test_the_numbers_of_the_format() -> None:
    lists = [0x202, 0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 0x214, 0x215]
    assert [block_info(n).version for n in lists] == list(range(1, 10))
    assert {block_info(n).kind for n in lists} == {Kind.PROCESSES}
    assert [block_info(n).version for n in (0x8000ABCD, 0x8013ABCD, 0x8014ABCD)] == [1, 2, 3]
    kinds = {0x203: Kind.FDS, 0x218: Kind.FDS, 0x205: Kind.INTERFACES, 0x219: Kind.INTERFACES}
    kinds |= {0x206: Kind.USERS, 0x220: Kind.USERS, 0x201: Kind.MACHINE, 0x8002ABCD: Kind.MACHINE}
    kinds |= {0x8001ABCD: Kind.FDS, 0x8011ABCD: Kind.INTERFACES, 0x8012ABCD: Kind.USERS}
    for number, kind in kinds.items():
        assert block_info(number).kind is kind
    assert block_info(0x0A0D0D0A).kind is Kind.SECTION
    assert block_info(0x999).kind is Kind.UNKNOWN
    assert len(blocks.BLOCKS) == 31


@pytest.mark.parametrize(
    ("number", "lengths_at", "large"),
    [
        (0x204, 24, False),
        (0x8010ABCD, 24, False),
        (0x208, 28, False),
        (0x216, 28, False),
        (0x217, 32, False),
        (0x221, 28, True),
        (0x222, 32, True),
    ],
)
def test_where_parameter_lengths_begin(number: int, lengths_at: int, large: bool) -> None:
    info = block_info(number)
    assert info.kind is Kind.EVENT
    assert info.lengths_at == lengths_at
    assert info.large is large


def test_a_frame_is_checked() -> None:
    data = writer.block(0x201, b"12345")
    assert len(data) == 20
    whole = frame(data, 0, len(data))
    assert whole == blocks.Frame(0x201, 0, 20, True, True)
    assert data[whole.body_start : whole.body_end] == b"12345\0\0\0"
    assert frame(data, 0, 7) is None
    assert frame(data, -1, 20) is None
    cut = frame(data, 0, 19)
    assert cut is not None
    assert (cut.complete, cut.sound) == (False, True)
    for length in (0, 11, 16, 21, blocks.MAX_BLOCK + 1, 0xFFFFFFFF):
        broken = data[:4] + struct.pack("<I", length) + data[8:] + bytes(8)
        found = frame(broken, 0, len(broken))
        assert found is not None
        assert not found.sound


def test_finding_the_way_again() -> None:
    junk = struct.pack("<II", 0x216, 40) + bytes(92)  # looks like an event, has no trailer
    data = junk + writer.block(0x999, b"unknown") + writer.block(0x216, bytes(30))
    place = len(junk) + 20
    assert find_block(data, 0, len(data)) == place
    assert find_block(data, place, len(data)) == place
    assert find_block(data, place + 4, len(data)) == -1
    assert find_block(data, 0, len(data) - 1) == -1
    assert find_block(data, 1, len(data)) == -1
    assert find_block(b"", 0, 0) == -1


@pytest.mark.parametrize("distance", [0, 4, 4092, 4096, 4100, 20_476, 20_480, 20_484, 3_000_000])
def test_a_block_is_found_at_any_distance(distance: int) -> None:
    data = b"\xff" * distance + writer.block(0x201, b"")
    assert find_block(data, 0, len(data)) == distance
    assert find_block(data, 0, len(data) - 1) == -1
    assert find_block(data, 0, len(data) - 1, eof=False) == distance


def test_much_damage_does_not_take_long() -> None:
    one = struct.pack("<II", 0x202, 3) + bytes(4) + writer.block(0x999, b"") + writer.block(0x206, b"")
    data = writer.section() + one * 20_000
    meta = Metadata("test")
    started = time.thread_time()
    step = meta.read(data, 0, len(data), 0, True)
    assert step.status is Status.END
    assert len(meta.damage) == 20_000
    assert time.thread_time() - started < 15


def test_the_section_header() -> None:
    assert blocks.parse_section(writer.section(1, 9)[8:-4], "x", 0) == (1, 9)
    assert blocks.parse_section(writer.section(1, 0, options=bytes(88))[8:-4], "x", 0) == (1, 0)
    for body, words in (
        (struct.pack("<IHHQ", 0x1A2B3C4D, 2, 1, 0), r"version 2\.1"),
        (struct.pack(">IHHQ", 0x1A2B3C4D, 1, 0, 0), "other byte order"),
        (struct.pack("<IHHQ", 1, 1, 0, 0), "not a sysdig capture"),
        (b"1234", "not a sysdig capture"),
    ):
        with pytest.raises(CaptureError, match=words):
            blocks.parse_section(body, "x", 0)
