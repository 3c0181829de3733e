"""Reads and writes of the engine as the screens see them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..core.capture import Capture
from ..core.streams import copy as stream_copy
from ..core.streams import echo
from ..core.streams.render import render
from .model import Block, Check, Payload, Progress, nobody

CHUNK = 64  # blocks read at once


class StreamBlocks:
    """The reads and writes among event rows."""

    def __init__(self, capture: Capture, rows: NDArray[np.int64]) -> None:
        """Take the event rows that are blocks, ascending."""
        self._capture = capture
        self._rows = rows
        self.count = len(rows)
        self._chunk = lru_cache(maxsize=16)(self._read)

    def _read(self, number: int) -> list[echo.EchoBlock]:
        part = self._rows[number * CHUNK : (number + 1) * CHUNK]
        return list(echo.blocks(self._capture, part, "raw", unknown=True))

    def block(self, index: int) -> Block:
        """Return one block."""
        found = self._chunk(index // CHUNK)[index % CHUNK]
        return Block(
            found.row, found.ts, found.direction == "write", found.length, found.container, found.comm,
            found.pid, found.fd, found.fd_name, found.data,
        )  # fmt: skip

    def lines(self, index: int, mode: str) -> Sequence[str]:
        """Return the payload of a block as lines of text."""
        text = render(self.block(index).data, mode)  # pyright: ignore[reportArgumentType]
        return [line.removeprefix("\t") for line in text.split("\n")]

    def payload(self, index: int, cancelled: Check) -> Payload:
        """Return the payloads of the blocks here that belong to the same stream, joined."""
        same = echo.same_stream(self._capture.index, int(self._rows[index]))
        rows = np.intersect1d(self._rows, same, assume_unique=True)
        copied = stream_copy.joined(echo.blocks(self._capture, rows, "raw", unknown=True), "raw")
        return Payload(copied.data, copied.blocks, copied.transferred)

    def search(
        self, text: str, start: int, step: int, cancelled: Check, progress: Progress = nobody
    ) -> int | None:
        """Return the next block from ``start`` whose payload or names hold ``text``."""
        wanted, raw = text.lower(), text.lower().encode()
        index = start
        while 0 <= index < self.count and not cancelled():
            if index % CHUNK == 0:
                progress(abs(index - start), self.count)
            block = self.block(index)
            names = f"{block.name} {block.process} {block.container}".lower()
            if raw in block.data.lower() or wanted in names:
                return index
            index += step
        return None

    def find_event(self, event: int) -> int:
        """Return the block at or after an event row."""
        return min(int(np.searchsorted(self._rows, event)), max(self.count - 1, 0))
