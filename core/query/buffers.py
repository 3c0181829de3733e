"""How the buffers of an event (what it read or wrote, arguments, environment) become text.

Inputs: bytes. Outputs: printable ASCII; the styles in several lines have line feeds and tabs too.
The styles are those of sysdig: its default, ``-v``, ``-A``, ``-x``, ``-X`` and ``-b``.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

Style = Literal["short", "dots", "ascii", "hex", "hexascii", "base64"]
STYLES: tuple[Style, ...] = get_args(Style)
LINES = frozenset(("ascii", "hex", "hexascii"))  # styles with line feeds
COLUMNS = 80  # characters that the old reader prints of a buffer in its default style

_PRINTABLE = bytes(range(0x20, 0x7F))
_DOTS = bytes(b if b in _PRINTABLE else 0x2E for b in range(256))
_UNSEEN = bytes(b for b in range(256) if b not in _PRINTABLE and b != 0x0A)
_WIDTH = 16  # bytes in a line of a hex dump


class Look(NamedTuple):
    """How the parameters of events are shown."""

    style: Style = "short"
    limit: int = 0  # first bytes of each buffer that count, 0: all
    safe: bool = False  # nothing but the line feeds and tabs of a style acts on a terminal


SHORT = Look()
WHOLE = Look("dots")


def dots(data: bytes) -> bytes:
    """Return a buffer with a dot for every byte that is not printable ASCII."""
    return data.translate(_DOTS)


def short_dots(data: bytes) -> bytes:
    """Return a buffer like :func:`dots`, cut to 80 characters with an ellipsis."""
    if len(data) <= COLUMNS:
        return data.translate(_DOTS)
    return data[: COLUMNS - 3].translate(_DOTS) + b"..."


def ascii_lines(data: bytes) -> bytes:
    """Return the printable ASCII of a buffer on lines of its own; ``\\r``, ``\\n`` and both end a line."""
    if not data:
        return b""
    ends = data.removeprefix(b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"\n" + ends.translate(None, _UNSEEN)


def hex_lines(data: bytes) -> bytes:
    """Return a hex dump on lines of its own: offset, eight groups of two bytes."""
    return _hex(data, False)


def hex_ascii_lines(data: bytes) -> bytes:
    """Return a hex dump like :func:`hex_lines` with the same bytes as text on the right."""
    return _hex(data, True)


def _hex(data: bytes, text: bool) -> bytes:
    if not data:
        return b""
    lines: list[bytes] = []
    for at in range(0, len(data), _WIDTH):
        part = data[at : at + _WIDTH]
        groups = binascii.hexlify(part, b" ", -2)
        line = b"\n\t0x%04x: %b" % (at, groups)
        if text:
            missing = b"     " * ((_WIDTH - len(part)) // 2)  # sysdig fills up whole groups only
            line += missing + b"  " + part.translate(_DOTS)
        lines.append(line)
    return b"".join(lines) + b"\n"


def base64(data: bytes) -> bytes:
    """Return a buffer in base64, on one line."""
    return binascii.b2a_base64(data, newline=False)


_RENDERERS: dict[Style, Callable[[bytes], bytes]] = {
    "short": short_dots,
    "dots": dots,
    "ascii": ascii_lines,
    "hex": hex_lines,
    "hexascii": hex_ascii_lines,
    "base64": base64,
}


def renderer(look: Look, modern: bool) -> Callable[[bytes], bytes]:
    """Return the function that shows a buffer.

    The newest reader never cuts: in its captures ``short`` is the same as ``dots``.
    """
    show = dots if look.style == "short" and modern else _RENDERERS[look.style]
    limit = look.limit
    return show if limit <= 0 else lambda data: show(data[:limit])
