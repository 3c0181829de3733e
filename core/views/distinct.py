"""Texts of a column as codes of its distinct values: what hangs on the value alone is done once for each.

Inputs: a column store of :mod:`.table`. Outputs: codes, block by block and only of the blocks asked for,
and the values they stand for. Texts that cost much (the arguments of a million events) are so made once,
and sorting and searching look at some hundred thousand values in place of a million rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..query.cells import Cells

I64 = NDArray[np.int64]

BLOCK = 1 << 14  # rows read at once
KEPT = 1 << 27  # bytes of values kept per column
EACH = 200  # bytes that keeping one costs beside its own
MANY = 8 * BLOCK  # values after which at most half of the rows may have one of their own


class Distinct:
    """The distinct values of a column of texts; code 0 is that of a missing value."""

    def __init__(self, read: Callable[[I64], Cells], count: int) -> None:
        """Take what reads the cells of rows, and how many rows there are."""
        self._values: list[Any] = [None]
        self._read = read
        self._count = count
        self._codes: dict[int, NDArray[np.int32]] = {}
        self._known: dict[Any, int] = {}
        self._size = self._rows = 0
        self._worthwhile = True  # else blocks are read anew at each look
        self._lock = threading.Lock()  # a search and a sort may ask at once

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return -(-self._count // BLOCK)

    def block(self, number: int) -> tuple[NDArray[np.int32], list[Any]]:
        """Return the codes of the rows of a block, and the list of values they are places in.

        The list grows with each block; it is another one where there is too much to keep.
        """
        with self._lock:
            codes, values = self._codes.get(number), self._values
            if codes is not None:
                return codes, values
            start = number * BLOCK
            cells = self._read(np.arange(start, min(start + BLOCK, self._count), dtype=np.int64))
            if not self._worthwhile:
                values = [None]
                return _coded(cells, {}, values), values
            return self._keep(number, cells), values

    def _keep(self, number: int, cells: Cells) -> NDArray[np.int32]:
        before = len(self._values)
        codes = self._codes[number] = _coded(cells, self._known, self._values)
        count = len(self._values)
        self._rows += len(codes)
        self._size += sum(map(len, self._values[before:])) + EACH * (count - before)
        if self._size > KEPT or (count > MANY and count > self._rows // 2):
            self._worthwhile = False
            self._codes, self._known, self._values = {}, {}, [None]
        return codes


def _coded(cells: Cells, known: dict[Any, int], values: list[Any]) -> NDArray[np.int32]:
    """Return the place in ``values`` of each cell's value; new ones are added, and to ``known``."""
    codes: list[int] = []
    for value, valid in zip(cells.values.tolist(), cells.valid.tolist(), strict=True):
        code = known.get(value, -1) if valid else 0
        if code < 0:
            code = known[value] = len(values)
            values.append(value)
        codes.append(code)
    return np.array(codes, np.int32)
