"""Payloads as text: the modes of csysdig, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.streams.render import MODES, Mode, hex_text, render

ALL = bytes(range(256))
SAFE = {chr(c) for c in range(0x20, 0x7F)} | {"\n", "\t"}


@pytest.mark.parametrize(
    ("data", "mode", "text"),
    [
        (b"ab\r\n\r\n\tx\x00\x01\xc3\xa9", "ascii", "ab\n\nx"),
        (b"\nGET /\r\n\r\n", "ascii", "GET /\n"),
        (b"\n\n\n", "ascii", "\n"),
        (b"ab\r\n\r\n\tx\x00\x01\xc3\xa9", "dotted", "ab.....x...."),
        (b"", "hex", ""),
        (
            b"ab\r\n\r\n\tx\x00\x01\xc3\xa9",
            "hex",
            "\t0x0000: 6162 0d0a 0d0a 0978 0001 c3a9            ab.....x....",
        ),
        (
            b"GET / HTTP/1.0\r\n\r\n",
            "hex",
            "\t0x0000: 4745 5420 2f20 4854 5450 2f31 2e30 0d0a  GET / HTTP/1.0..\n"
            "\t0x0010: 0d0a                                     ..",
        ),
        (b"a", "hex", "\t0x0000: 61                                     a"),
        (b"\xff\n", "raw", "\xff\n"),
    ],
)
def test_modes(data: bytes, mode: Mode, text: str) -> None:
    assert render(data, mode) == text


def test_offsets_go_on() -> None:
    assert hex_text(b"A", 0x1230).startswith("\t0x1230: 41 ")


@given(st.binary(max_size=300), st.sampled_from([m for m in MODES if m != "raw"]))
def test_only_harmless_characters_come_out(data: bytes, mode: Mode) -> None:
    assert set(render(data, mode)) <= SAFE


@given(st.binary(max_size=300))
def test_a_hex_dump_holds_every_byte(data: bytes) -> None:
    digits = "".join(line[9:48].split("  ")[0] for line in hex_text(data).splitlines())
    assert bytes.fromhex(digits.replace(" ", "")) == data


@given(st.binary(max_size=300))
def test_raw_and_dotted_keep_the_length(data: bytes) -> None:
    assert render(data, "raw").encode("latin-1") == data
    assert len(render(data, "dotted")) == len(data)
