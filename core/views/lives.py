"""Entities that exist over a time: how many processes or containers there are at each tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .aggregate import group
from .buckets import Buckets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..capture import Capture
    from ..index.tables import Index
    from ..query.filter import Filter
    from .listening import Sockets

I64 = NDArray[np.int64]


def trend_of_lives(
    capture: Capture,
    field: str,
    conditions: Sequence[Filter],
    user: Filter | None,
    rows: I64,
    buckets: Buckets,
) -> I64:
    """Return how many values of a thread's field the lives have that exist at the tick of each fine bucket.

    All ``conditions`` must hold for a life. The user's filter must hold for a thread with the same
    value, or for one of the event ``rows`` that it caused: filters may speak of events only.
    """
    index = capture.index
    lives = np.arange(len(index.lives.tid), dtype=np.int64)
    if user is not None:
        passes = user.mask_threads(lives, capture.end_ts)
        threads = index.events.thread[rows]
        passes[index.threads.life[threads[threads >= 0]]] = True
        cells = capture.fields.read_threads(field, lives, capture.end_ts)
        lives = lives[np.isin(cells.values, cells.values[passes & cells.valid]) & cells.valid]
    for condition in conditions:
        lives = lives[condition.mask_threads(lives, capture.end_ts)]
    ticks = buckets.ticks(index.events.ts)
    born = np.searchsorted(ticks, index.lives.first_event[lives], side="left")
    gone = np.searchsorted(ticks, index.lives.end_event[lives], side="left")
    seen = gone > born
    cells = capture.fields.read_threads(field, lives[seen], capture.end_ts)
    entities = group(cells.values.astype(np.int64), cells.valid)
    fine = np.zeros(buckets.fine, np.int64)
    fine[: len(ticks)] = overlaps(entities.codes, born[seen], gone[seen], len(ticks))
    return fine


def trend_of_sockets(index: Index, sockets: Sockets, buckets: Buckets) -> I64:
    """Return how many ports have a server socket at the tick of each fine bucket."""
    ticks = buckets.ticks(index.events.ts)
    known = sockets.threads >= 0
    descriptors, threads = sockets.descriptors[known], sockets.threads[known]
    born = np.searchsorted(ticks, index.fds.first_event[descriptors], side="left")
    gone = np.searchsorted(ticks, index.lives.end_event[index.threads.life[threads]], side="left")
    ports = group(index.fds.sport[descriptors].astype(np.int64), np.ones(len(descriptors), np.bool_))
    seen = gone > born
    fine = np.zeros(buckets.fine, np.int64)
    fine[: len(ticks)] = overlaps(ports.codes[seen], born[seen], gone[seen], len(ticks))
    return fine


def overlaps(entities: I64, begin: I64, end: I64, ticks: int) -> I64:
    """Return how many entities have an interval [begin, end) over each tick 0 .. ticks-1.

    Intervals of one entity may overlap; they count once.
    """
    if len(entities) == 0:
        return np.zeros(ticks, np.int64)
    order = np.lexsort((begin, entities))
    entity, begin, end = entities[order], begin[order], end[order]
    shift = entity * (ticks + 1)  # makes the running maximum start anew with each entity
    reach = np.maximum.accumulate(end + shift)
    fresh = np.append(True, begin[1:] + shift[1:] > reach[:-1])
    last = np.append(np.flatnonzero(fresh)[1:] - 1, len(entity) - 1)
    change = np.zeros(ticks + 1, np.int64)
    np.add.at(change, begin[fresh], 1)
    np.add.at(change, (reach - shift)[last], -1)
    return np.cumsum(change)[:ticks]
