"""Counting open descriptors: one walk over all changes of all tables in the order of time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernel import kernel

I64 = NDArray[np.int64]

KINDS = 32
COMPILED = 1 << 16  # fewer steps are done before the kernel is compiled


class Steps(NamedTuple):
    """What happens to tables, in any order.

    ``source``: -1 a descriptor changes, -2 a program starts, else the owner whose table is copied.
    ``before`` and ``after`` are the class of the descriptor that changes: type code, plus ``KINDS``
    when it is closed on exec; -1: none.
    """

    owner: I64
    when: I64
    source: I64
    before: I64
    after: I64


class Done(NamedTuple):
    """State of a table after each step: open descriptors, bits of their types."""

    owner: I64
    when: I64
    total: I64
    kinds: I64


def run(steps: Steps, owners: int) -> Done:
    """Return the state of the tables after each step, by time."""
    order = np.lexsort((steps.source >= 0, steps.when))
    owner, when, source, before, after = (np.ascontiguousarray(column[order]) for column in steps)
    total, kinds = np.zeros(len(owner), np.int64), np.zeros(len(owner), np.int64)
    counts = np.zeros((owners, 2 * KINDS), np.int32)
    sums, masks = np.zeros(owners, np.int64), np.zeros(owners, np.int64)
    walk = _walk if len(owner) >= COMPILED else getattr(_walk, "py_func", _walk)
    walk(owner, source, before, after, counts, sums, masks, total, kinds)
    return Done(owner, when, total, kinds)


@kernel
def _walk(
    owner: I64,
    source: I64,
    before: I64,
    after: I64,
    counts: NDArray[np.int32],
    sums: I64,
    masks: I64,
    total: I64,
    kinds: I64,
) -> None:
    """Fill ``total`` and ``kinds``.

    ``counts`` has, per owner, the descriptors of each class, ``sums`` all of them, ``masks`` the types.
    """
    one = np.int64(1)
    for i in range(len(owner)):
        own = owner[i]
        other = source[i]
        if other >= 0:
            for k in range(2 * KINDS):
                counts[own, k] = counts[other, k]
            sums[own] = sums[other]
            masks[own] = masks[other]
        elif other == -2:
            for k in range(KINDS):
                gone = counts[own, KINDS + k]
                if gone != 0:
                    counts[own, KINDS + k] = 0
                    sums[own] -= gone
                    if counts[own, k] == 0:
                        masks[own] &= ~(one << k)
        else:
            old, new = before[i], after[i]
            if old >= 0:
                k = old & (KINDS - 1)
                counts[own, old] -= 1
                sums[own] -= 1
                if counts[own, k] == 0 and counts[own, KINDS + k] == 0:
                    masks[own] &= ~(one << k)
            if new >= 0:
                counts[own, new] += 1
                sums[own] += 1
                masks[own] |= one << (new & (KINDS - 1))
        total[i] = sums[own]
        kinds[i] = masks[own]
