"""From a tree of a filter to a plan: every check bound to its field, cheap ones first.

A check on a dimension field is decided on the dimension's rows and gathered; one on event columns
goes through the events; one on payloads reads only events that can still change the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from ..errors import FilterError
from ..index.tables import StringTable
from . import ast
from .cells import Bools, Cells, Kind
from .context import ASYNC_TYPE, GENERIC_TYPES
from .evt_fields import type_words, unknown_type
from .fields import FieldRef, Fields
from .macros import short, unknown_list, unknown_name
from .masks import KERNEL_ROWS, gather, gather_fd
from .predicates import BadValue, Comparison, Test, compile_test, group_of, plain
from .registry import ArgRule
from .rows import RowSet
from .sides import Compare, compare_terms
from .terms import Binder, FieldTerm, Term


class Cost(IntEnum):
    """How dear a check is for each event."""

    DIMENSION = 1
    COLUMN = 2
    PAYLOAD = 3


@dataclass(frozen=True)
class Leaf:
    """One check: the left side with written values (``test``) or with a right side (``compare``)."""

    text: str
    terms: tuple[Term, ...]  # several when a field has several values at once
    every: bool  # all of the values must pass, not any
    test: Test | None
    right: Term | None
    compare: Compare | None
    dim: str | None  # the dimension that decides it
    cost: Cost


@dataclass(frozen=True)
class Branch:
    """``and``, ``or`` or ``not`` of plans, in the order in which they are tried."""

    op: str
    items: tuple[Plan, ...]
    cost: Cost


Plan = Leaf | Branch


class LeafMasks(Protocol):
    """Where the masks of single checks come from: see :class:`.filter.WholeCapture`."""

    def mask(self, leaf: Leaf, wanted: Bools | None) -> Bools:
        """Return the mask of ``leaf``; only where ``wanted`` is true does it matter."""
        ...


def evaluate(plan: Plan, masks: LeafMasks, wanted: Bools | None) -> Bools:
    """Return where ``plan`` holds, among the rows that are ``wanted`` (None: all)."""
    if isinstance(plan, Leaf):
        mask = masks.mask(plan, wanted)
        return mask if wanted is None else mask & wanted
    if plan.op == "not":
        mask = ~evaluate(plan.items[0], masks, wanted)
        return mask if wanted is None else mask & wanted
    found = evaluate(plan.items[0], masks, wanted)
    for item in plan.items[1:]:
        if plan.op == "and":
            if not found.any():
                break
            found = evaluate(item, masks, found)
        else:
            open_ = ~found if wanted is None else wanted & ~found
            if not open_.any():
                break
            found |= evaluate(item, masks, open_)
    return found


# --- binding ------------------------------------------------------------------------------------------


def bind(node: ast.Node, text: str, fields: Fields) -> Plan:
    """Return the plan of a tree; ``text`` is what it was parsed from, for messages.

    Raises FilterError for unknown fields and for operators or values a field does not take.
    """
    if isinstance(node, ast.Check):
        return _leaf(node, text, fields)
    if isinstance(node, ast.Macro):
        raise unknown_name(text, node)
    if isinstance(node, ast.Inlined):
        try:
            return bind(node.item, node.source, fields)
        except FilterError as error:
            reason = f"in '{node.name}', column {error.column + 1}: {error.reason}"
            raise FilterError(text, node.column, reason, error.suggestion) from None
    if isinstance(node, ast.Not):
        item = bind(node.item, text, fields)
        return Branch("not", (item,), item.cost)
    items = sorted((bind(item, text, fields) for item in node.items), key=lambda plan: plan.cost)
    return Branch("and" if isinstance(node, ast.And) else "or", tuple(items), items[-1].cost)


def both(first: Plan, second: Plan) -> Plan:
    """Return the plan of what both accept, the cheaper one first."""
    items = sorted((first, second), key=lambda plan: plan.cost)
    return Branch("and", tuple(items), items[-1].cost)


_PAYLOAD_GROUPS = ("fs.path", "syslog")
_PAYLOAD = (
    "evt.arg",
    "evt.rawarg",
    "evt.args",
    "evt.info",
    "evt.buffer",
    "evt.text",
    "evt.path",
    "evt.abspath",
    "evt.is_open",
    "evt.time",
    "evt.datetime",
    "fd.nameraw",
    "fd.uid",
)


def _cost(ref: FieldRef) -> Cost:
    if ref.definition.dim is not None:
        return Cost.DIMENSION
    if ref.spec.group in _PAYLOAD_GROUPS or ref.spec.name.startswith(_PAYLOAD):
        return Cost.PAYLOAD
    return Cost.COLUMN


def _leaf(node: ast.Check, text: str, fields: Fields) -> Leaf:
    binder = Binder(text, fields)
    left = binder.left(node.operand)
    right = None if node.right is None else binder.right(node.right, left, node.column)
    try:
        test = _test(node, left, text, fields) if right is None else None
        compare = None if right is None else _compare(node, left, right, fields.context.strings)
    except BadValue as error:
        column = node.column if error.literal is None else error.literal.column
        raise FilterError(text, column, error.reason, error.suggestion) from None
    terms: tuple[Term, ...] = (left,)
    every = False
    if isinstance(left, FieldTerm) and right is None:
        terms = values_of(left, fields)
        every = left.ref.definition.sides == 2 and plain(node.op) == "!="
    refs = [ref for term in (left, right) if term is not None for ref in term.refs]
    dims = {ref.definition.dim for ref in refs}
    dim = dims.pop() if len(dims) == 1 else None
    cost = max((_cost(ref) for ref in refs), default=Cost.COLUMN)
    if cost is Cost.DIMENSION and dim is None:
        cost = Cost.COLUMN
    return Leaf(str(node), terms, every, test, right, compare, dim, cost)


def _compare(node: ast.Check, left: Term, right: Term, strings: StringTable) -> Compare:
    return compare_terms(node.op, left, right, (str(node.operand), str(node.right)), strings)


def _test(node: ast.Check, left: Term, text: str, fields: Fields) -> Test:
    context = fields.context
    literal = ""
    values: list[ast.Literal] = []
    for value in node.values:
        if isinstance(value, ast.ListName):
            raise unknown_list(text, value)
        values.append(value)
    if isinstance(left, FieldTerm):
        definition, name = left.ref.definition, left.ref.spec.name
        literal = "around" if name == "evt.around" else definition.literal
        if name == "evt.rawarg" and left.kind is Kind.BYTES and left.shape.type != "BYTEBUF":
            literal = "structure"
        if definition.words == "types" and plain(node.op) in ("=", "!="):
            known = type_words(context)
            for value in values:
                if value.value not in known:
                    error = unknown_type(context, value.value)
                    raise FilterError(text, value.column, error.reason, error.suggestion)
    if (
        node.op in ("in", "pmatch")
        and not values
        and not context.modern
        and group_of(left.kind, literal) == "text"
    ):
        values = [ast.Literal(b"")]  # how the old reader understands an empty list
    name = left.ref.spec.name if isinstance(left, FieldTerm) else short(str(node.operand))
    what = Comparison(name, left.kind, literal, node.op, values, node.modifier)
    return compile_test(what, context.strings)


def values_of(term: FieldTerm, fields: Fields) -> tuple[FieldTerm, ...]:
    """Return the terms whose values a check on a field sees."""
    ref, definition = term.ref, term.ref.definition
    args: Iterable[str] = ()
    if definition.sides == 2:
        args = "01"
    elif definition.ancestors and ref.arg is None and ref.spec.arg is ArgRule.OPTIONAL:
        args = [str(level) for level in range(1, fields.context.threads.depth + 1)]
    elif definition.tries is not None:
        args = definition.tries(fields.context, ref.arg)
    else:
        return (term,)
    return tuple(FieldTerm(FieldRef(ref.spec, arg, definition), term.shape, term.kind) for arg in args)


# --- deciding -----------------------------------------------------------------------------------------


class _Rows:
    """Events as a source of values."""

    def __init__(self, fields: Fields, rows: RowSet) -> None:
        self.strings = fields.context.strings
        self.count = rows.count
        self._fields = fields
        self._rows = rows

    def field(self, ref: FieldRef) -> Cells:
        return self._fields.cells(ref, self._rows)


class _Dimension:
    """The rows of a dimension as a source of values."""

    def __init__(self, fields: Fields, ref: FieldRef) -> None:
        self.strings = fields.context.strings
        self._fields = fields
        self.count = len(self.field(ref))

    def field(self, ref: FieldRef) -> Cells:
        decided = self._fields.dimension(ref)
        if decided is None:
            raise ValueError(f"{ref.text} is not decided by a dimension")
        return decided.cells


def _decide(leaf: Leaf, source: _Rows | _Dimension) -> Bools:
    """Return which rows of ``source`` pass the check."""
    found: Bools | None = None
    for term in leaf.terms:
        cells = term.cells(source)
        if leaf.compare is not None and leaf.right is not None:
            mask = leaf.compare(cells, leaf.right.cells(source))
        else:
            assert leaf.test is not None
            mask = leaf.test(cells)
        if found is not None:
            mask = found & mask if leaf.every else found | mask
        found = mask
    return np.zeros(source.count, np.bool_) if found is None else found


def by_type(plan: Plan, fields: Fields) -> tuple[Bools, Bools]:
    """Return for each event code whether events of it may pass, and whether all of them do.

    Known from the checks on the type alone; events that carry their own name are left open.
    """
    if isinstance(plan, Leaf):
        return _leaf_by_type(plan, fields)
    parts = [by_type(item, fields) for item in plan.items]
    if plan.op == "not":
        may, must = parts[0]
        return ~must, ~may
    join = np.logical_and if plan.op == "and" else np.logical_or
    may, must = parts[0]
    for other_may, other_must in parts[1:]:
        may, must = join(may, other_may), join(must, other_must)
    return may, must


def _leaf_by_type(leaf: Leaf, fields: Fields) -> tuple[Bools, Bools]:
    count = fields.context.num_types
    if not leaf.terms:
        return np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    if leaf.cost is not Cost.DIMENSION or leaf.dim not in ("type", "name"):
        return np.ones(count, np.bool_), np.zeros(count, np.bool_)
    table = _decide(leaf, _Dimension(fields, _first_ref(leaf)))[:count]
    may, must = table.copy(), table.copy()
    if leaf.dim == "name":
        may[:GENERIC_TYPES], must[:GENERIC_TYPES] = True, False
        if count > ASYNC_TYPE:
            may[ASYNC_TYPE], must[ASYNC_TYPE] = True, False
    return may, must


def _first_ref(leaf: Leaf) -> FieldRef:
    sides = (*leaf.terms, *(() if leaf.right is None else (leaf.right,)))
    return next(ref for term in sides for ref in term.refs)


def row_mask(leaf: Leaf, fields: Fields, rows: RowSet) -> Bools:
    """Return which rows pass the check."""
    if not leaf.terms:
        return np.zeros(rows.count, np.bool_)
    if leaf.cost is not Cost.DIMENSION or leaf.dim is None:
        return _decide(leaf, _Rows(fields, rows))
    table = _decide(leaf, _Dimension(fields, _first_ref(leaf)))
    if leaf.dim == "fd" and rows.count >= KERNEL_ROWS and not rows.synthetic:
        context = fields.context
        return gather_fd(table, context.about_fd, context.num_fds, rows.fd, rows.type, rows.thread)
    return gather(table, fields.context.keys(leaf.dim, rows))
