"""The process tree as rows of a view: one per process, in the order of the tree.

Beside the fields of threads, its columns may name what only the tree tells (see :mod:`.ownfields`).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..query.cells import Cells, ints, texts_of
from ..query.fields import FieldRef, Fields
from .ownfields import TREE
from .proctree import Process, ProcessTree

if TYPE_CHECKING:
    from ..query.filter import Filter

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

INDENT = "  "

_READERS: dict[str, Callable[[Process], int | str]] = {
    "tree.depth": lambda process: process.depth,
    "tree.threads": lambda process: process.threads,
    "tree.name": lambda process: INDENT * process.depth + process.name,
    "tree.command": lambda process: process.command,
    "tree.user": lambda process: process.user,
}


class Processes:
    """Processes of a tree, one row each."""

    def __init__(self, fields: Fields, tree: ProcessTree, chosen: I64, ts: int) -> None:
        """Take numbers of processes; fields of threads are those of their last state at ``ts``."""
        self.fields = fields
        self.tree = tree
        self.chosen = chosen
        self.ts = ts
        self.count = len(chosen)
        self.lives = np.array([process.life for process in tree.processes], np.int64)

    def subset(self, keep: Bools) -> Processes:
        """Return the rows that ``keep`` marks."""
        return Processes(self.fields, self.tree, self.chosen[keep], self.ts)

    def read(self, ref: FieldRef, at: I64 | slice) -> Cells:
        """Return one cell per given row."""
        numbers = self.chosen[at]
        name = ref.spec.name
        if name not in TREE:
            return self.fields.read_threads(ref, self.lives[numbers], self.ts)
        processes = [self.tree.processes[place] for place in numbers.tolist()]
        read = _READERS.get(name, attrgetter(name.removeprefix("tree.")))
        if TREE[name] == "CHARBUF":
            return texts_of([str(read(process)).encode("utf-8", "surrogateescape") for process in processes])
        return ints(np.array([read(process) for process in processes], np.int64))

    def mask(self, filter_: Filter, at: I64 | slice) -> Bools:
        """Return which of the given rows pass a filter as they are."""
        return filter_.mask_threads(self.lives[self.chosen[at]], self.ts)
