"""fd.containername and fd.containerdirectory: a descriptor as seen from a container.

The ``pair`` dimension starts with the rows of the ``fd`` dimension, each in the container of the
thread that opened it (for those without a descriptor: the host). The few other pairs that occur
(inherited or passed on across containers) follow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, ids, intern_all
from .context import Context, Keys
from .define import Arg, dimension
from .fd_fields import directories, names
from .rows import RowSet

_PORTION = 1 << 20


class Pairs:
    """All pairs of container and row of the ``fd`` dimension that the events of a capture show."""

    def __init__(self, ctx: Context) -> None:
        """Go through all events once."""
        self._ctx = ctx
        fds, total = ctx.index.fds, ctx.num_fds + ctx.num_types
        home = np.zeros(total, np.int64)
        opener = fds.opener
        if ctx.num_threads:
            home[: ctx.num_fds] = np.where(opener >= 0, ctx.index.container[np.maximum(opener, 0)], 0)
        self._home = home
        self._extra = np.zeros(0, np.int64)
        found: list[NDArray[np.int64]] = []
        count = len(ctx.index.events.ts)
        for start in range(0, count, _PORTION):
            rows = RowSet.block(ctx.index, start, min(start + _PORTION, count))
            fd, container = self._both(rows)
            away = (fd >= 0) & (home[fd] != container)
            found.append(np.unique(self._code(container[away], fd[away])))
        if found:
            self._extra = np.unique(np.concatenate(found))

    def _code(self, container: NDArray[np.int64], fd: NDArray[np.int64]) -> NDArray[np.int64]:
        return container * len(self._home) + fd

    def _both(self, rows: RowSet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        fd = self._ctx.fd_keys(rows)
        if not self._ctx.num_threads:
            return fd, np.zeros(rows.count, np.int64)
        container = self._ctx.index.container[np.maximum(rows.thread, 0)].astype(np.int64)
        return fd, np.where(rows.thread >= 0, container, 0)

    def keys(self, rows: RowSet) -> Keys:
        """Return the row of the ``pair`` dimension of each event, -1: NA."""
        fd, container = self._both(rows)
        away = np.flatnonzero((fd >= 0) & (self._home[fd] != container))
        keys = fd.copy()
        keys[away] = len(self._home) + np.searchsorted(self._extra, self._code(container[away], fd[away]))
        return keys

    def join(self, texts: Cells) -> Cells:
        """Return ``container id:text`` by row of the ``pair`` dimension, from the ``fd`` dimension."""
        ctx = self._ctx
        fd = np.concatenate((np.arange(len(self._home)), self._extra % len(self._home)))
        container = np.concatenate((self._home, self._extra // len(self._home)))
        columns = np.stack((container, texts.values[fd]))
        distinct, inverse = np.unique(columns, axis=1, return_inverse=True)
        prefix = [b"" if i == 0 else c.id.encode() for i, c in enumerate(ctx.index.containers)] or [b""]
        joined = [prefix[c] + b":" + ctx.strings[sid] for c, sid in distinct.T.tolist()]
        cells = intern_all(ctx.strings, joined)
        return ids(cells.values[inverse.reshape(-1)], texts.valid[fd])


def pairs_of(ctx: Context) -> Pairs:
    """Return the pairs of a capture, found once."""
    return ctx.once("pairs", lambda: Pairs(ctx))


@dimension("pair", "fd.containername")
def _containername(ctx: Context, _arg: Arg) -> Cells:
    return pairs_of(ctx).join(names(ctx))


@dimension("pair", "fd.containerdirectory")
def _containerdirectory(ctx: Context, _arg: Arg) -> Cells:
    return pairs_of(ctx).join(directories(ctx))
