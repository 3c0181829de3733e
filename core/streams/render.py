"""A payload as text: printable ASCII, dotted, hex dump; or as it is.

Nothing but printable ASCII, line feeds and (in hex dumps) tabs comes out of the text modes. They are
those of csysdig: ``-A``, the default, and ``-X``.
"""

from __future__ import annotations

from typing import Literal, get_args

import hexdump  # pyright: ignore[reportMissingTypeStubs]

Mode = Literal["ascii", "dotted", "hex", "raw"]
MODES: tuple[Mode, ...] = get_args(Mode)

_PRINTABLE = frozenset(range(0x20, 0x7F))
_DOTS = bytes(b if b in _PRINTABLE else 0x2E for b in range(256))
_DROPPED = bytes(b for b in range(256) if b not in _PRINTABLE and b != 0x0A)
_WIDTH = 16  # bytes in a line of a hex dump


def ascii_text(data: bytes, *, trim: bool = True) -> str:
    """Return the printable ASCII of ``data`` and its line feeds; ``trim``: without one at either end."""
    text = data.translate(None, _DROPPED).decode("ascii")
    return text.removeprefix("\n").removesuffix("\n") if trim else text


def dotted_text(data: bytes) -> str:
    """Return ``data`` with a dot for every byte that is not printable ASCII, line feeds too."""
    return data.translate(_DOTS).decode("ascii")


def hex_text(data: bytes, offset: int = 0) -> str:
    """Return a hex dump: offset, eight groups of two bytes, the same as text; 16 bytes a line.

    ``offset`` is the one shown for the first byte.
    """
    lines: list[str] = []
    for at in range(0, len(data), _WIDTH):
        part = data[at : at + _WIDTH]
        groups = hexdump.dump(part, size=4, sep=" ").lower()
        missing = " " * 5 * ((_WIDTH - len(part)) // 2)  # csysdig fills up whole groups only
        lines.append(f"\t0x{offset + at:04x}: {groups}{missing}  {dotted_text(part)}")
    return "\n".join(lines)


def render(data: bytes, mode: Mode) -> str:
    """Return a payload as text. ``raw`` maps each byte to the character of its value."""
    if mode == "ascii":
        return ascii_text(data)
    if mode == "dotted":
        return dotted_text(data)
    if mode == "hex":
        return hex_text(data)
    return data.decode("latin-1")
