"""Streams to take away: the payloads of many blocks as one text or one run of bytes.

Inputs: blocks of :mod:`.echo`. Outputs: what a clipboard or a file gets, and how much it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..text import printable
from .echo import EchoBlock
from .render import Mode, ascii_text, dotted_text, hex_text


@dataclass(frozen=True)
class Copied:
    """The joined payload of some blocks."""

    data: bytes
    blocks: int
    kept: int  # payload bytes that the capture kept
    transferred: int  # bytes that the calls transferred

    @property
    def cut(self) -> bool:
        """Whether the capture kept less than was transferred."""
        return self.kept < self.transferred


def heading(block: EchoBlock) -> str:
    """Return the line above a block: direction, bytes, descriptor, process, container; safe to print."""
    verb, word = ("Read", "from") if block.direction == "read" else ("Write", "to")
    where = f"{block.fd}(<{block.fd_type}>{block.fd_name})"
    box = f"{block.container}, " if block.container else ""
    kept = f", {block.kept}B kept" if block.cut else ""
    return printable(f"{verb} {block.length}B{kept} {word} {where} ({box}{block.comm})")


def joined(blocks: Iterable[EchoBlock], mode: Mode, headings: bool = False) -> Copied:
    """Return the payloads of ``blocks`` one after the other.

    ``raw`` gives the bytes as they are. The other modes give text: ``ascii`` runs on from block to
    block as the stream did, ``dotted`` and ``hex`` begin a line for each block. With ``headings`` a
    line above each block says what it is (not in ``raw``).
    """
    parts: list[bytes] = []
    count = kept = transferred = 0
    for block in blocks:
        count += 1
        kept += block.kept
        transferred += block.length
        if mode == "raw":
            parts.append(block.data)
            continue
        if headings:
            parts.append(b"%b------ %b\n" % (b"\n" if parts else b"", heading(block).encode()))
        parts.append(_text(block.data, mode, headings).encode())
    return Copied(b"".join(parts), count, kept, transferred)


def _text(data: bytes, mode: Mode, own_lines: bool) -> str:
    if mode == "hex":
        return hex_text(data) + "\n"
    if mode == "dotted":
        return dotted_text(data) + "\n"
    text = ascii_text(data, trim=False)
    return text + "\n" if own_lines and not text.endswith("\n") else text
