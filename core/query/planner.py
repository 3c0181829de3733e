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
from . import ast
from .args import raw_kind
from .cells import Bools, Cells, Kind
from .evt_fields import type_words, unknown_type
from .fields import FieldRef, Fields
from .masks import KERNEL_ROWS, gather, gather_fd
from .predicates import BadValue, Comparison, Test, compile_test, plain
from .registry import ArgRule, kind_of
from .rows import RowSet


class Cost(IntEnum):
    """How dear a check is for each event."""

    DIMENSION = 1
    COLUMN = 2
    PAYLOAD = 3


@dataclass(frozen=True)
class Leaf:
    """One check. ``tests`` has one test per value when a modifier combines them."""

    text: str
    refs: tuple[FieldRef, ...]  # several when a field has several values at once
    every: bool  # all of the values must pass, not any
    tests: tuple[Test, ...]
    modifier: str
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
    if isinstance(node, ast.Not):
        item = bind(node.item, text, fields)
        return Branch("not", (item,), item.cost)
    items = sorted((bind(item, text, fields) for item in node.items), key=lambda plan: plan.cost)
    return Branch("and" if isinstance(node, ast.And) else "or", tuple(items), items[-1].cost)


_PAYLOAD_GROUPS = ("fs.path", "syslog")
_PAYLOAD = (
    "evt.arg",
    "evt.rawarg",
    "evt.args",
    "evt.info",
    "evt.buffer",
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


def _kind(ref: FieldRef, modern: bool) -> Kind:
    if ref.spec.name == "evt.rawarg":
        return raw_kind(ref.arg or "", modern) or Kind.INT
    return kind_of(ref.spec.type(modern))


def _leaf(node: ast.Check, text: str, fields: Fields) -> Leaf:
    ref = fields.find(node.operand, text)
    context = fields.context
    values = node.values
    kind = _kind(ref, context.modern)
    op = plain(node.op)
    if node.op == "in" and not values and not context.modern and kind is Kind.STR:
        values = (ast.Literal(b""),)  # how the old reader understands an empty list
    if ref.definition.words == "types" and op in ("=", "!="):
        for value in values:
            if value.value not in type_words(context):
                error = unknown_type(context, value.value)
                raise FilterError(text, value.column, error.reason, error.suggestion)
    literal = "around" if ref.spec.name == "evt.around" else ref.definition.literal

    def test(wanted: Iterable[ast.Literal]) -> Test:
        what = Comparison(ref.spec.name, kind, literal, node.op, tuple(wanted))
        try:
            return compile_test(what, context.strings)
        except BadValue as error:
            column = node.column if error.literal is None else error.literal.column
            raise FilterError(text, column, error.reason, error.suggestion) from None

    tests = tuple(test((v,)) for v in values) if node.modifier else (test(values),)
    refs = _values_of(ref, fields)
    return Leaf(str(node), refs, ref.definition.sides == 2 and op == "!=", tests, node.modifier, _cost(ref))


def _values_of(ref: FieldRef, fields: Fields) -> tuple[FieldRef, ...]:
    """Return the fields whose values a check on ``ref`` sees."""
    definition = ref.definition
    if definition.sides == 2:
        return tuple(FieldRef(ref.spec, side, definition) for side in "01")
    if definition.ancestors and ref.arg is None and ref.spec.arg is ArgRule.OPTIONAL:
        depth = fields.context.threads.depth
        return tuple(FieldRef(ref.spec, str(level), definition) for level in range(1, depth + 1))
    return (ref,)


# --- deciding -----------------------------------------------------------------------------------------


def decide(leaf: Leaf, cells: Cells) -> Bools:
    """Return which cells pass the check."""
    if not leaf.modifier:
        return leaf.tests[0](cells)
    hits = np.zeros(len(cells), np.int64)
    for test in leaf.tests:
        hits += test(cells)
    if leaf.modifier == "anyof":
        return hits > 0
    if leaf.modifier == "oneof":
        return hits == 1
    return (hits == len(leaf.tests)) & (len(leaf.tests) > 0)


def row_mask(leaf: Leaf, fields: Fields, rows: RowSet) -> Bools:
    """Return which rows pass the check."""
    if not leaf.refs:
        return np.zeros(rows.count, np.bool_)
    if leaf.cost is not Cost.DIMENSION:
        return decide(leaf, fields.cells(leaf.refs[0], rows))
    dim, table = dimension_mask(leaf, fields)
    if dim == "fd" and rows.count >= KERNEL_ROWS and not rows.synthetic:
        context = fields.context
        return gather_fd(table, context.about_fd, context.num_fds, rows.fd, rows.type, rows.thread)
    return gather(table, fields.context.keys(dim, rows))


def dimension_mask(leaf: Leaf, fields: Fields) -> tuple[str, Bools]:
    """Return the dimension that decides the check, and which of its rows pass."""
    found: Bools | None = None
    dim = ""
    for ref in leaf.refs:
        decided = fields.dimension(ref)
        if decided is None:
            raise ValueError(f"{ref.text} is not decided by a dimension")
        dim = decided.dim
        mask = decide(leaf, decided.cells)
        if found is not None:
            mask = found & mask if leaf.every else found | mask
        found = mask
    return dim, np.zeros(0, np.bool_) if found is None else found
