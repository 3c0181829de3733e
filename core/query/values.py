"""Which values a field has among some events, and how often.

Inputs: fields of a capture and event rows. Outputs: counts by value, written as a filter takes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import Cancelled
from ..index.tables import StringTable
from .cells import Cells, Kind, texts_of
from .fields import FieldRef, Fields
from .terms import factorize

BLOCK = 1 << 16  # events whose values are read at once
_WIDTH = 1 << 32


def frequencies(
    refs: Sequence[FieldRef],
    fields: Fields,
    rows: NDArray[np.int64],
    cancelled: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> Counter[bytes]:
    """Return how many of the events ``rows`` (int64) have each value in one of the fields ``refs``.

    An event that has a value in several of them counts once; of lists each item is a value. Numbers are
    decimal, fractions have all their digits. ``progress`` gets the events done and all of them. Raises
    Cancelled.
    """
    counts: Counter[bytes] = Counter()
    for start in range(0, len(rows), BLOCK):
        if cancelled():
            raise Cancelled
        progress(start, len(rows))
        block = rows[start : start + BLOCK]
        numbers: dict[bytes, int] = {}
        found = [_pairs(fields.read(ref, block), fields.context.strings, numbers) for ref in refs]
        pairs = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
        times = np.bincount(pairs % _WIDTH, minlength=len(numbers)).tolist()
        for value, number in numbers.items():
            if times[number]:
                counts[value] += times[number]
    return counts


def _pairs(cells: Cells, strings: StringTable, numbers: dict[bytes, int]) -> NDArray[np.int64]:
    """Return place * 2^32 + number for each cell and each value in it; ``numbers`` gets new values."""
    codes, values = factorize(_exact(cells), strings)
    places = np.flatnonzero(cells.valid)
    codes = codes[places]
    if cells.kind is not Kind.LIST:
        own = np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
        return places * _WIDTH + own[codes]
    found = [np.zeros(0, np.int64)]
    for code, items in enumerate(values):
        mine = places[codes == code] * _WIDTH
        found += [mine + numbers.setdefault(item, len(numbers)) for item in items]
    return np.concatenate(found)


def _exact(cells: Cells) -> Cells:
    """Return cells whose texts are what a filter takes: decimal numbers, fractions with all their digits."""
    if cells.kind is not Kind.FLOAT:
        return replace(cells, fmt="DEC")
    return texts_of([repr(value).encode() for value in cells.values.tolist()]).where(cells.valid)
