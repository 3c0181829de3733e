"""Field values of a capture: the one way to get them.

``Fields.resolve`` finds a field by its text, ``read`` gives its values for events, ``read_threads``
for the thread table, ``dimension`` and ``keys`` give it decided per row of a dimension.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError
from ..format.records import RecordStore
from ..index.tables import Index
from . import modules
from .ast import Operand
from .cells import Cells, DimCells, Kind, na
from .context import Context
from .define import DEFINITIONS, BadArgument, Definition
from .lexer import Lexer
from .masks import MaskCache
from .registry import ArgRule, FieldSpec, kind_of, lookup, nearest
from .rows import RowSet, ThreadRows
from .tracers import attach

_MAX_DIGITS = 19  # of a number as an argument: times in nanoseconds have as many
_DIMENSION_BYTES = 96 << 20  # kept values of dimensions


@dataclass(frozen=True)
class FieldRef:
    """A field with its argument, ready to be read."""

    spec: FieldSpec
    arg: str | None
    definition: Definition

    @property
    def text(self) -> str:
        """The field as it is written in a filter."""
        if self.arg is None:
            return self.spec.name
        if self.spec.dotted and not self.arg.isdigit():
            return f"{self.spec.name}.{self.arg}"
        return str(Operand(self.spec.name, self.arg))


class Fields:
    """Values of the fields of one capture; safe to use from several threads."""

    def __init__(self, index: Index, records: RecordStore | None = None) -> None:
        """Take the index and, for fields that read payloads, the records."""
        modules.load()
        self.context = Context(index, None if records is None else attach(index, records))
        self.index = index
        self._lock = threading.RLock()
        self._kept: OrderedDict[tuple[str, str | None], Cells] = OrderedDict()
        self._refs: dict[str, FieldRef] = {}
        self.masks = MaskCache()

    # --- names ------------------------------------------------------------------------------------

    def resolve(self, text: str) -> FieldRef:
        """Return the field that ``text`` names: ``proc.name``, ``proc.aname[2]``, ``evt.arg.fd``.

        Raises FilterError for unknown fields, missing or wrong arguments, and fields that cannot be
        computed from a capture.
        """
        ref = self._refs.get(text)
        if ref is None:
            lexer = Lexer(text)
            operand = lexer.operand()
            if not lexer.at_end:
                raise lexer.fail(f"expected the end of the field, found {lexer.found()}")
            ref = self.find(operand, text)
            if len(self._refs) < 10_000:
                self._refs[text] = ref
        return ref

    def find(self, operand: Operand, text: str) -> FieldRef:
        """Return the field of ``operand``, which stands in ``text``. Raises like :meth:`resolve`."""

        def fail(reason: str, suggestion: str | None = None) -> FilterError:
            return FilterError(text, operand.column, reason, suggestion)

        found = lookup(operand.name)
        if found is None:
            raise fail(f"expected a field, and there is none called '{operand.name}'", nearest(operand.name))
        spec, tail = found
        if tail is not None and operand.arg is not None:
            raise fail(f"expected one argument of {spec.name}, found two")
        arg = tail if operand.arg is None else operand.arg
        if arg == "" or (arg is None and spec.arg is ArgRule.REQUIRED):
            hint = spec.arg_help.partition(": ")[2]
            raise fail(f"expected an argument after {spec.name}" + (f" ({hint})" if hint else ""))
        if arg is not None and spec.arg is ArgRule.NONE:
            raise fail(f"expected no argument: {spec.name} takes none")
        if arg is not None and arg.isdigit() and len(arg) > _MAX_DIGITS:
            raise fail(f"expected a smaller number as the argument of {spec.name}")
        definition = DEFINITIONS.get(spec.name)
        if definition is None:
            raise fail(f"expected a field that a capture can answer, and {spec.name} {modules.why_not(spec)}")
        if definition.check is not None:
            try:
                definition.check(self.context, arg)
            except BadArgument as error:
                raise fail(error.reason, error.suggestion) from None
        return FieldRef(spec, arg, definition)

    # --- values -----------------------------------------------------------------------------------

    def read(self, ref: FieldRef | str, rows: NDArray[np.int64]) -> Cells:
        """Return one cell per event row."""
        return self.cells(ref, RowSet(self.index, rows))

    def read_threads(self, ref: FieldRef | str, lives: NDArray[np.int64], ts: int) -> Cells:
        """Return one cell per life, as if its last state had an event of type sysdigevent at ``ts``."""
        return self.cells(ref, ThreadRows(self.index, lives, ts))

    def cells(self, ref: FieldRef | str, rows: RowSet) -> Cells:
        """Return one cell per row of the row set; empty for fields with several values."""
        if isinstance(ref, str):
            ref = self.resolve(ref)
        definition = ref.definition
        if definition.per_event is not None:
            return definition.per_event(self.context, rows, ref.arg)
        decided = self.dimension(ref)
        if decided is None:
            return na(kind_of(ref.spec.type(self.context.modern)), rows.count)
        return decided.cells.take(self.context.keys(decided.dim, rows))

    def dimension(self, ref: FieldRef | str) -> DimCells | None:
        """Return the field decided per row of a dimension, or None if it is not decided so."""
        if isinstance(ref, str):
            ref = self.resolve(ref)
        definition = ref.definition
        if definition.dim is None or definition.per_dim is None:
            return None
        key = (ref.spec.name, ref.arg)
        with self._lock:
            cells = self._kept.get(key)
            if cells is None:
                cells = definition.per_dim(self.context, ref.arg)
                self._kept[key] = cells
                self._shrink()
            self._kept.move_to_end(key)
        return DimCells(definition.dim, cells)

    def keys(self, dim: str, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """Return the row of dimension ``dim`` that decides each event row (None: all); -1: NA."""
        select = slice(0, len(self.index.events.ts)) if rows is None else rows
        return self.context.keys(dim, RowSet(self.index, select))

    def kind(self, ref: FieldRef | str) -> Kind:
        """Return how the values of a field are stored."""
        if isinstance(ref, str):
            ref = self.resolve(ref)
        return self.cells(ref, RowSet.block(self.index, 0, 0)).kind

    def _shrink(self) -> None:
        total = sum(cells.values.nbytes + cells.valid.nbytes for cells in self._kept.values())
        while total > _DIMENSION_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            total -= gone.values.nbytes + gone.valid.nbytes
