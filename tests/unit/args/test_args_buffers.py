"""Buffers in every style; the expected texts are what sysdig 0.29.3 prints with the same option."""

from __future__ import annotations

import pytest

from scaptui.core.query.buffers import LINES, STYLES, Look, Style, renderer

TEXT = b"GET / HTTP/1.1\r\nHost: a\n\n\tx\xff\r"


def shown(data: bytes, style: Style, limit: int = 0, *, modern: bool = False) -> str:
    return renderer(Look(style, limit), modern)(data).decode("ascii")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("short", "GET / HTTP/1.1..Host: a...x.."),
        ("dots", "GET / HTTP/1.1..Host: a...x.."),
        ("ascii", "\nGET / HTTP/1.1\nHost: a\n\nx\n"),
        (
            "hex",
            "\n\t0x0000: 4745 5420 2f20 4854 5450 2f31 2e31 0d0a"
            "\n\t0x0010: 486f 7374 3a20 610a 0a09 78ff 0d\n",
        ),
        (
            "hexascii",
            "\n\t0x0000: 4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET / HTTP/1.1.."
            "\n\t0x0010: 486f 7374 3a20 610a 0a09 78ff 0d       Host: a...x..\n",
        ),
        ("base64", "R0VUIC8gSFRUUC8xLjENCkhvc3Q6IGEKCgl4/w0="),
    ],
)
def test_styles(style: Style, expected: str) -> None:
    assert shown(TEXT, style) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\n\nab", "\n\nab"),
        (b"\na", "\na"),
        (b"\r\r\nb", "\n\n\nb"),
        (b"a\n\r\nb", "\na\n\nb"),
        (b"\xff", "\n"),
    ],
)
def test_line_ends(data: bytes, expected: str) -> None:
    assert shown(data, "ascii") == expected


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_shown_of_nothing(style: Style) -> None:
    assert shown(b"", style) == ""


@pytest.mark.parametrize("style", STYLES)
def test_no_byte_acts_on_a_terminal(style: Style) -> None:
    allowed = set(range(0x20, 0x7F)) | ({0x09, 0x0A} if style in LINES else set())
    assert {ord(char) for char in shown(bytes(range(256)) * 2, style)} <= allowed


def test_only_the_default_style_of_old_captures_cuts() -> None:
    assert shown(b"q" * 80, "short") == "q" * 80
    assert shown(b"q" * 81, "short") == "q" * 77 + "..."
    assert shown(b"q" * 81, "short", modern=True) == "q" * 81
    assert shown(b"q" * 200, "dots") == "q" * 200


@pytest.mark.parametrize("style", STYLES)
def test_a_limit_counts_bytes_before_they_are_shown(style: Style) -> None:
    assert shown(TEXT, style, 4) == shown(TEXT[:4], style)
    assert shown(b"q" * 200, style, 100) == shown(b"q" * 100, style)
