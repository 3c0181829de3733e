"""Cutting events into parameters: every block type, both generations, damage of all kinds."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.format import blocks, writer
from scaptui.core.schema import params
from scaptui.core.schema.catalogue import events

OPEN_X, READ_X, JSON_E, NOTIFICATION_E = 3, 7, 324, 280
FD = struct.pack("<q", 3)
OPEN = [FD, b"/etc/passwd\0", struct.pack("<I", 1), struct.pack("<I", 0), struct.pack("<I", 5)]

ALL_TYPES = [
    (blocks.EV_V1, 1, None),
    (blocks.EV_V1_INT, 1, None),
    (blocks.EVF_V1, 1, 1),
    (blocks.EV_V2, 2, None),
    (blocks.EVF_V2, 2, 1),
    (blocks.EV_V2_LARGE, 2, None),
    (blocks.EVF_V2_LARGE, 2, 1),
]


def located(found: list[bytes], modern: bool = False) -> list[list[bytes]]:
    """Return what the kernel for all parameters finds in blocks, gathered with junk around them."""
    buffer = np.frombuffer(b"".join(found), np.uint8).copy()
    starts = np.cumsum([0, *map(len, found)])
    places = params.locate_all(buffer, starts, modern)
    data = buffer.tobytes()
    return [
        [
            data[s : s + n]
            for s, n in zip(
                places.start[places.first[i] : places.first[i + 1]],
                places.length[places.first[i] : places.first[i + 1]],
                strict=True,
            )
        ]
        for i in range(len(found))
    ]


@pytest.mark.parametrize(("block_type", "version", "flags"), ALL_TYPES)
def test_every_block_type_gives_its_parameters(block_type: int, version: int, flags: int | None) -> None:
    block = writer.event(OPEN_X, 5, 10, OPEN, version=version, flags=flags, block_type=block_type)
    assert int.from_bytes(block[:4], "little") == block_type
    assert params.event_code(block) == OPEN_X
    assert params.split(block, events(False)[OPEN_X]) == OPEN
    assert located([block]) == [OPEN]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("count", range(6))
def test_events_with_fewer_parameters_than_the_catalogue(version: int, count: int) -> None:
    block = writer.event(OPEN_X, 5, 10, OPEN[:count], version=version)
    assert params.split(block, events(False)[OPEN_X]) == OPEN[:count]
    assert located([block]) == [OPEN[:count]]


def test_parameters_beyond_the_catalogue_are_not_shown() -> None:
    block = writer.event(OPEN_X, 5, 10, [*OPEN, b"more"], version=2)
    assert params.split(block, events(False)[OPEN_X]) == OPEN
    assert located([block]) == [OPEN]


def test_large_payload_events_have_wide_lengths() -> None:
    text = b"{" + b"x" * 100_000 + b"}\0"
    block = writer.event(JSON_E, 5, -1, [text], version=2, large=True)
    assert params.split(block, events(False)[JSON_E]) == [text]
    assert located([block]) == [[text]]


def test_the_overlong_length_of_old_notifications() -> None:
    block = bytearray(writer.event(NOTIFICATION_E, 5, -1, [b"id\0", b"text\0"], version=1))
    at = 10 + 16
    stored = int.from_bytes(block[at : at + 4], "little")
    block[at : at + 4] = (stored + 3).to_bytes(4, "little")
    assert params.split(bytes(block), events(False)[NOTIFICATION_E]) == [b"id\0", b"text\0"]
    assert located([bytes(block)]) == [[b"id\0", b"text\0"]]


def test_other_blocks_have_no_parameters() -> None:
    block = writer.section()
    assert params.event_code(block) == -1
    assert params.split(block, events(False)[OPEN_X]) == []
    assert located([block]) == [[]]


def test_a_code_that_nobody_knows_has_no_parameters() -> None:
    block = bytearray(writer.event(OPEN_X, 5, 10, OPEN, version=2))
    block[30:32] = (60_000).to_bytes(2, "little")
    assert params.event_code(bytes(block)) == 60_000
    places = params.locate_all(np.frombuffer(bytes(block), np.uint8).copy(), np.array([0, len(block)]), False)
    assert places.code.tolist() == [-1]
    assert places.first.tolist() == [0, 0]


def test_a_length_that_leaves_the_event_ends_the_list() -> None:
    block = bytearray(writer.event(OPEN_X, 5, 10, OPEN, version=2))
    second = 8 + 28 + 2
    block[second : second + 2] = b"\xff\xff"
    assert params.split(bytes(block), events(False)[OPEN_X]) == [FD]
    assert located([bytes(block)]) == [[FD]]


def test_a_count_that_leaves_the_event_gives_nothing() -> None:
    block = bytearray(writer.event(OPEN_X, 5, 10, OPEN, version=2))
    block[32:36] = b"\xff\xff\xff\x7f"
    assert params.split(bytes(block), events(False)[OPEN_X]) == []
    assert located([bytes(block)]) == [[]]


def test_one_parameter_of_many_events() -> None:
    found = [
        writer.event(READ_X, 5, 10, [FD, b"hello"], version=2),
        writer.event(OPEN_X, 5, 10, OPEN, version=2),
        writer.event(READ_X, 6, 10, [FD, b""], version=1),
        writer.event(READ_X, 7, 10, [FD], version=2),
        writer.section(),
    ]
    buffer = np.frombuffer(b"".join(found), np.uint8).copy()
    starts = np.cumsum([0, *map(len, found)])
    start, length = params.locate_one(buffer, starts, params.wanted_by_name("data", False), False)
    assert (start >= 0).tolist() == [True, False, True, False, False]
    assert length.tolist() == [5, 0, 0, 0, 0]
    assert buffer[start[0] : start[0] + 5].tobytes() == b"hello"


def test_no_blocks_at_all() -> None:
    places = params.locate_all(np.zeros(0, np.uint8), np.zeros(1, np.int64), True)
    assert len(places.code) == 0 and len(places.start) == 0


@given(
    cut=st.integers(0, 90),
    at=st.integers(0, 90),
    junk=st.binary(max_size=12),
    version=st.sampled_from([1, 2]),
    flags=st.sampled_from([None, 1]),
)
def test_damaged_blocks_never_give_bytes_from_outside(
    cut: int, at: int, junk: bytes, version: int, flags: int | None
) -> None:
    block = bytearray(writer.event(OPEN_X, 5, 10, OPEN, version=version, flags=flags))
    block[at : at + len(junk)] = junk
    damaged = bytes(block[: len(block) - cut % len(block)])
    around = [b"\xaa" * 64, damaged, b"\xaa" * 64]
    kernel = located(around)[1]
    code = params.event_code(damaged)
    plain = params.split(damaged, events(False)[code]) if 0 <= code < len(events(False)) else []
    assert kernel == plain
    assert sum(map(len, kernel)) <= len(damaged)
    assert all(part in damaged for part in kernel)
