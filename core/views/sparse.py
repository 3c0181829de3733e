"""Which events can add something to a sum: most fields that views add up are 0 or missing almost everywhere.

Inputs: a field and event rows. Outputs: the places of those that matter, so that only they are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..index.tables import EV_HAS_RES
from ..query.context import Context
from ..query.thread_fields import PROCINFO

if TYPE_CHECKING:
    from ..query.fields import FieldRef

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SUMS = ("sum", "time_avg")
_CATEGORIES = {"in": ("IO_READ",), "out": ("IO_WRITE",)}
_IO = ("IO_READ", "IO_WRITE", "IO_OTHER")


def telling(ctx: Context, ref: FieldRef, aggregation: str, events: I64 | slice) -> Bools | None:
    """Return which events can change the aggregate of a field over them; None: any may."""
    name = ref.spec.name
    columns = ctx.index.events
    if name.startswith("thread.cpu") and not ctx.modern and aggregation in (*_SUMS, "avg"):
        return columns.type[events] == PROCINFO  # no other event has a value
    if aggregation not in _SUMS:
        return None
    if name.startswith("evt.buflen"):
        categories = _CATEGORIES.get(name.rpartition(".")[2], _IO)
        return (ctx.in_category(*categories) & ctx.is_exit)[columns.type[events]]
    if name.startswith("evt.count.error"):
        return ((columns.flags[events] & EV_HAS_RES) != 0) & (columns.res[events] < 0)
    if name == "evt.latency":
        return columns.latency[events] != 0
    return None
