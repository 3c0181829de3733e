"""The sides of a comparison: a field, a constant, a list, or a transformer of such.

A term is bound once and evaluated over a :class:`Source`: some events, or the rows of the one
dimension that decides it. A transformer works on distinct combinations of values, not on rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError
from ..index.tables import StringTable
from ..schema.catalogue import events
from . import ast, transformers
from .args import raw_kind
from .cells import Bools, Cells, Kind, ids, intern_all, ints, na, texts_of
from .fields import FieldRef, Fields
from .registry import FieldSpec, kind_of
from .transformers import BadCall, Shape, Value

_TEXT = Shape(transformers.TEXT)
_LIST = Shape(transformers.TEXT, is_list=True)


class Source(Protocol):
    """Rows that terms are evaluated over."""

    strings: StringTable

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def field(self, ref: FieldRef) -> Cells:
        """Return the values of a field, one per row."""
        ...


class Term(Protocol):
    """One side of a comparison."""

    @property
    def shape(self) -> Shape:
        """What kind of value it has."""
        ...

    @property
    def kind(self) -> Kind:
        """How its values are stored (text may come as STR or as TEXT)."""
        ...

    @property
    def refs(self) -> tuple[FieldRef, ...]:
        """The fields in it."""
        ...

    def cells(self, source: Source) -> Cells:
        """Return one cell per row of ``source``."""
        ...


@dataclass(frozen=True)
class FieldTerm:
    """The value of a field."""

    ref: FieldRef
    shape: Shape
    kind: Kind

    @property
    def refs(self) -> tuple[FieldRef, ...]:
        """The field."""
        return (self.ref,)

    def cells(self, source: Source) -> Cells:
        """Return the field's values."""
        return source.field(self.ref)


@dataclass(frozen=True)
class Constant:
    """A text that was written down."""

    value: bytes
    shape: Shape = _TEXT
    kind: Kind = Kind.STR
    refs: tuple[FieldRef, ...] = ()

    def cells(self, source: Source) -> Cells:
        """Return the text once per row."""
        sid = intern_all(source.strings, [self.value]).values[0]
        return ids(np.full(source.count, sid, np.int64))


@dataclass(frozen=True)
class ListTerm:
    """A list in parentheses; numbers among its items become text, lists their items."""

    items: tuple[Term, ...]
    shape: Shape = _LIST
    kind: Kind = Kind.LIST

    @property
    def refs(self) -> tuple[FieldRef, ...]:
        """The fields of all items."""
        return _refs(self.items)

    def cells(self, source: Source) -> Cells:
        """Return one list per row, NA where an item is."""
        combined = Combined([item.cells(source) for item in self.items], source)
        return combined.map(lambda *parts: tuple(_flat(parts)), self.shape)


@dataclass(frozen=True)
class CallTerm:
    """A transformer of terms."""

    name: str
    args: tuple[Term, ...]
    arg: str | None
    shape: Shape

    @property
    def kind(self) -> Kind:
        """How its values are stored."""
        return Kind.LIST if self.shape.is_list else kind_of(self.shape.type)

    @property
    def refs(self) -> tuple[FieldRef, ...]:
        """The fields of all arguments."""
        return _refs(self.args)

    def cells(self, source: Source) -> Cells:
        """Return what the transformer makes of each row, NA where an argument is."""
        combined = Combined([item.cells(source) for item in self.args], source)
        function = transformers.function_of(self.name, self.arg, [item.shape for item in self.args])
        return combined.map(function, self.shape)


def _refs(terms: Iterable[Term]) -> tuple[FieldRef, ...]:
    return tuple(ref for term in terms for ref in term.refs)


def _flat(parts: Iterable[Any]) -> Iterable[bytes]:
    for part in parts:
        if isinstance(part, tuple):
            yield from part
        else:
            yield part


# --- distinct combinations ----------------------------------------------------------------------------


class Combined:
    """Columns side by side: which combinations of values occur, and where."""

    def __init__(self, columns: Sequence[Cells], source: Source) -> None:
        """Find the combinations."""
        self._strings = source.strings
        self._varied = any(cells.kind in (Kind.TEXT, Kind.BYTES, Kind.LIST) for cells in columns)
        self.valid: Bools = np.ones(source.count, np.bool_)
        codes = np.zeros(source.count, np.int64)
        steps: list[tuple[NDArray[np.int64], list[Any]]] = []  # combination so far and value, by combination
        for cells in columns:
            own, values = factorize(cells, source.strings)
            values = values or [b""]
            self.valid &= cells.valid
            codes, distinct = _distinct(codes * len(values) + own)
            steps.append((distinct, values))
        self.where = codes
        found: list[list[Any]] = []
        at = np.arange(len(steps[-1][0])) if steps else np.zeros(1, np.int64)
        for distinct, values in reversed(steps):
            at, picks = np.divmod(distinct[at], len(values))
            found.append([values[i] for i in picks.tolist()])
        self.tuples: list[tuple[Any, ...]] = list(zip(*reversed(found), strict=True)) if found else [()]

    def map(self, function: transformers.Function, shape: Shape) -> Cells:
        """Return ``function`` of each combination, as cells of ``shape``; NA where a column is."""
        used = np.zeros(len(self.tuples), np.bool_)
        used[self.where[self.valid]] = True
        found: list[Value] = [
            function(*values) if wanted else None
            for values, wanted in zip(self.tuples, used.tolist(), strict=True)
        ]
        return self._cells(found, shape).take(self.where).where(self.valid)

    def _cells(self, found: list[Any], shape: Shape) -> Cells:
        if shape.is_list:
            return lists_of(found)
        if shape.type == transformers.NUMBER:
            known = np.array([value is not None for value in found], np.bool_)
            return ints(np.array([value or 0 for value in found], np.int64), known, kind=Kind.UINT)
        if shape.type == transformers.BUFFER:
            return texts_of(found, Kind.BYTES)
        return texts_of(found) if self._varied else intern_all(self._strings, found)


def _distinct(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return small codes for ``codes``, and what each small one stood for."""
    distinct, inverse = np.unique(codes, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), distinct


def lists_of(found: Sequence[tuple[bytes, ...] | None]) -> Cells:
    """Return LIST cells of the given lists; None is NA."""
    cells = na(Kind.LIST, len(found))
    for at, items in enumerate(found):
        if items is not None:
            cells.values[at] = items
            cells.valid[at] = True
    return cells


def factorize(cells: Cells, strings: StringTable) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a code per cell and what each code stands for: bytes (numbers as text) or a tuple of bytes.

    Cells without a value have code 0, whatever that is.
    """
    values = np.where(cells.valid, cells.values, cells.values.dtype.type()) if _plain(cells) else None
    if values is None:
        return _factorize_objects(cells)
    distinct, inverse = np.unique(values, return_inverse=True)
    codes = inverse.reshape(-1).astype(np.int64)
    if cells.kind is Kind.STR:
        return codes, [strings[sid] for sid in distinct.tolist()]
    shown = Cells(cells.kind, distinct, np.ones(len(distinct), np.bool_), cells.fmt).texts(strings)
    return codes, [(text or "").encode() for text in shown]


def _plain(cells: Cells) -> bool:
    return cells.kind not in (Kind.TEXT, Kind.BYTES, Kind.LIST)


def _factorize_objects(cells: Cells) -> tuple[NDArray[np.int64], list[Any]]:
    known: dict[Any, int] = {}
    codes = np.zeros(len(cells), np.int64)
    for at in np.flatnonzero(cells.valid).tolist():
        codes[at] = known.setdefault(cells.values[at], len(known))
    return codes, list(known) or [() if cells.kind is Kind.LIST else b""]


# --- binding ------------------------------------------------------------------------------------------


class Binder:
    """Makes terms of the parts of a filter text."""

    def __init__(self, text: str, fields: Fields) -> None:
        """Take the text that the parts come from, for messages."""
        self._text = text
        self._fields = fields

    def field(self, operand: ast.Operand) -> FieldTerm:
        """Return the term of a field that stands alone. Raises FilterError."""
        ref = self._fields.find(operand, self._text)
        return field_term(ref, self._fields)

    def term(self, value: ast.Value, *, alone: bool = True) -> Term:
        """Return the term of an argument; ``alone``: of a transformer of one value. Raises FilterError."""
        if isinstance(value, ast.Literal):
            return Constant(value.value.partition(b"\0")[0])
        if isinstance(value, ast.Items):
            return ListTerm(tuple(self.term(item, alone=False) for item in value.items))
        if isinstance(value, ast.Call):
            return self._call(value)
        term = self.field(value)
        spec = term.ref.spec
        if "NO_TRANSFORMER" in spec.flags and (
            alone or spec.name == "evt.rawarg" or "FILTER_ONLY" in spec.flags
        ):
            raise self._fail(value.column, f"expected another field: {spec.name} cannot be transformed")
        return term

    def left(self, operand: ast.Operand | ast.Call) -> Term:
        """Return the term of the left side of a comparison. Raises FilterError."""
        return self.field(operand) if isinstance(operand, ast.Operand) else self._call(operand)

    def right(self, call: ast.Call, left: Term, column: int) -> Term:
        """Return the term of the right side of a comparison with ``left`` (operator at ``column``).

        Raises FilterError for unknown fields and those that cannot be compared with each other.
        """
        if call.name != ast.FIELD_VALUE:
            term: Term = self._call(call)
        else:
            inner = call.args[0]
            assert isinstance(inner, ast.Operand)
            term = self.field(inner)
        for side, at, where in (
            (left, column, "be compared with a field"),
            (term, call.column, "stand on the right side"),
        ):
            spec = _own_spec(side)
            if spec is not None and "NO_RHS" in spec.flags:
                raise self._fail(at, f"expected another field: {spec.name} cannot {where}")
        return term

    def _call(self, call: ast.Call) -> CallTerm:
        alone = call.name not in transformers.OF_SEVERAL
        args = tuple(self.term(arg, alone=alone) for arg in call.args)
        try:
            shape = transformers.shape_of(call.name, [arg.shape for arg in args], call.arg)
        except BadCall as error:
            at = error.argument
            column = call.column if at is None or at >= len(call.args) else call.args[at].column
            raise self._fail(column, error.reason) from None
        return CallTerm(call.name, args, call.arg, shape)

    def _fail(self, column: int, reason: str) -> FilterError:
        return FilterError(self._text, column, reason)


def _own_spec(term: Term) -> FieldSpec | None:
    """Return the field that a term is, as it is or transformed; None for what is made of several."""
    while isinstance(term, CallTerm) and term.name not in transformers.OF_SEVERAL:
        term = term.args[0]
    return term.ref.spec if isinstance(term, FieldTerm) else None


def field_term(ref: FieldRef, fields: Fields) -> FieldTerm:
    """Return the term of a field."""
    modern = fields.context.modern
    listed = "IS_LIST" in ref.spec.flags
    type_ = ref.spec.type(modern)
    kind = kind_of(type_)
    if ref.spec.name == "evt.rawarg":
        type_ = _raw_type(ref.arg or "", modern)
        kind = raw_kind(ref.arg or "", modern) or Kind.INT
    return FieldTerm(ref, Shape(type_, listed), Kind.LIST if listed else kind)


def _raw_type(name: str, modern: bool) -> str:
    """Return the type of ``evt.rawarg.NAME``: that of the first such parameter, as :func:`raw_kind`."""
    found = (param.type for event in events(modern) for param in event.params if param.name == name)
    return next(found, transformers.NUMBER)
