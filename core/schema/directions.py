"""Which events move data through a descriptor, and which way."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .catalogue import events

READ, WRITE = 1, 2


@cache
def directions(modern: bool) -> NDArray[np.int8]:
    """Return per event code: READ for an exit that reads from a descriptor, WRITE for one that writes, 0."""
    table = events(modern)
    found = np.zeros(len(table), dtype=np.int8)
    for event in table:
        if not event.is_enter:
            reads, writes = "READS_FROM_FD" in event.flags, "WRITES_TO_FD" in event.flags
            found[event.id] = READ if reads else WRITE if writes else 0
    return found
