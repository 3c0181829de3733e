"""What a comparison with written values accepts: from an operator and values to a test on cells.

NA never passes. Which operators a type has is the union of what both reference readers allow.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..index.tables import StringTable
from .ast import Literal
from .cells import Bools, Cells, Kind
from .fd_socket_fields import service_port
from .globs import glob, path_prefixes
from .many import MAX_PATTERNS, any_pattern, how_many
from .patterns import BadPattern, regex

Test = Callable[[Cells], Bools]

_EQUALITY = ("=", "==", "!=", "in", "intersects", "exists")
_ORDER = ("<", "<=", ">", ">=")
_TEXT = ("contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch")
_BUFFER = ("contains", "startswith", "endswith", "bcontains", "bstartswith")
ALLOWED: dict[str, tuple[str, ...]] = {
    "a number": (*_EQUALITY, *_ORDER),
    "true or false": _EQUALITY,
    "text": (*_EQUALITY, *_ORDER, *_TEXT),
    "a buffer": (*_EQUALITY, *_BUFFER),
    "an address": _EQUALITY,
    "a list": ("exists", "in", "intersects"),
    "a structure": ("exists",),
}
_CLASS = {
    Kind.INT: "a number",
    Kind.UINT: "a number",
    Kind.FLOAT: "a number",
    Kind.BOOL: "true or false",
    Kind.STR: "text",
    Kind.TEXT: "text",
    Kind.BYTES: "a buffer",
    Kind.IP: "an address",
    Kind.LIST: "a list",
}
ORDERED: dict[str, Callable[[Any, Any], Bools]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9A-Fa-f]+|[0-9]+)\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?\Z")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})*\Z")


class BadValue(Exception):
    """A value or operator that a field does not take."""

    def __init__(self, literal: Literal | None, reason: str, suggestion: str | None = None) -> None:
        """Name the value (None: the operator is wrong) and what was expected."""
        super().__init__(reason)
        self.literal = literal
        self.reason = reason
        self.suggestion = suggestion


@dataclass(frozen=True)
class Comparison:
    """What is known of a comparison before it is compiled."""

    name: str  # of the left side, for messages
    kind: Kind
    literal: str  # how values are written: port, ip, net, around, structure (not at all); empty: by kind
    op: str
    values: Sequence[Literal]
    modifier: str = ""  # oneof, anyof, allof


def group_of(kind: Kind, literal: str = "") -> str:
    """Return what a value is, in words; the key of :data:`ALLOWED`."""
    if literal == "structure":
        return "a structure"
    return "an address" if literal in ("ip", "net") else _CLASS[kind]


def check_operator(name: str, group: str, op: str) -> None:
    """Raise BadValue when values of ``group`` do not have the operator."""
    if op not in ALLOWED[group]:
        usable = ", ".join(ALLOWED[group])
        raise BadValue(None, f"expected one of {usable}: {name} is {group}, '{op}' does not work on it")


def compile_test(what: Comparison, strings: StringTable) -> Test:
    """Return the test of a comparison. Raises BadValue."""
    group = group_of(what.kind, what.literal)
    check_operator(what.name, group, what.op)
    if what.literal == "around" and (plain(what.op) != "=" or len(what.values) != 1 or what.modifier):
        raise BadValue(None, "expected '=' and a number of milliseconds after evt.around[TIME]")
    if what.op == "exists":
        return lambda cells: cells.valid
    if group == "a list":
        return _list_test(what)
    if what.modifier:
        count = _counting(what, group, strings)
        return lambda cells: _enough(count(cells), what.modifier, len(what.values)) & cells.valid
    if group == "an address":
        return _address_test(what, strings)
    if group == "a number":
        return _number_test(what)
    if group == "true or false":
        return _bool_test(what)
    return _bytes_test(what, strings)


def plain(op: str) -> str:
    """Return ``=`` for all ways to ask for equality with one of several values."""
    return "=" if op in ("==", "in", "intersects") else op


def _enough(hits: NDArray[np.int64], modifier: str, total: int) -> Bools:
    if modifier == "oneof":
        return hits == 1
    return hits > 0 if modifier == "anyof" else (hits == total) & (total > 0)


def _counting(what: Comparison, group: str, strings: StringTable) -> Callable[[Cells], NDArray[np.int64]]:
    """Return the function that counts which of the values each cell passes."""
    op = plain(what.op)
    if group == "a number":
        counted = Ordered([number(literal, what.literal, what.kind is Kind.FLOAT) for literal in what.values])
        return lambda cells: counted.count(cells, op)
    if group == "true or false":
        yes = [_true(literal) for literal in what.values].count(True)
        no = len(what.values) - yes
        return lambda cells: np.where(cells.values == (op == "="), yes, no)
    if group == "an address":
        nets, total = _Nets(what), len(what.values)
        return lambda cells: measure(
            cells, nets.count if op == "=" else lambda raw: total - nets.count(raw), strings
        )
    values = [literal.value for literal in what.values]
    if op in ("bcontains", "bstartswith"):
        values = [_unhex(literal, op) for literal in what.values]
    at_once = what.modifier == "anyof" and op in ("glob", "iglob", "regex")
    try:
        count = any_pattern(op, values) if at_once else how_many(op, values)
    except BadPattern as error:
        raise BadValue(_guilty(op, what.values), str(error)) from None
    return lambda cells: measure(cells, count, strings)


def _guilty(op: str, literals: Sequence[Literal]) -> Literal | None:
    """Return the first pattern that is wrong by itself, None: there are too many."""
    for literal in literals[:MAX_PATTERNS]:
        try:
            how_many(op, [literal.value])
        except BadPattern:
            return literal
    return None


# --- numbers ------------------------------------------------------------------------------------------


def _text(literal: Literal) -> str:
    text = literal.value.decode("utf-8", "replace")
    return text if len(text) <= 60 else text[:60] + "…"


def number(literal: Literal, how: str, floating: bool) -> int | float:
    """Return the number that a value means; ``how`` ``port`` accepts names of services."""
    text = literal.value.decode("utf-8", "replace")
    if _INTEGER.match(text) and len(text) < 400:
        digits = text.lstrip("+-").lower()
        value = int(digits, 16) if digits.startswith("0x") else int(digits)
        value = -value if text.startswith("-") else value
        return _as_float(value) if floating else value
    if floating and _DECIMAL.match(text):
        return float(text)
    shown = _text(literal)
    if how == "port":
        port = service_port(text) if len(text) < 100 else None
        if port is None:
            raise BadValue(literal, f"expected a port number or the name of a service, found '{shown}'")
        return port
    raise BadValue(literal, f"expected a number (no units), found '{shown}'")


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _number_test(what: Comparison) -> Test:
    floating = what.kind is Kind.FLOAT
    numbers = [number(literal, what.literal, floating) for literal in what.values]
    op = plain(what.op)
    if what.literal == "around":
        op = "<="
    if len(numbers) > 8:
        counted = Ordered(numbers)
        return lambda cells: (counted.count(cells, op) > 0) & cells.valid

    def test(cells: Cells) -> Bools:
        found = np.zeros(len(cells), np.bool_)
        for value in numbers:
            found |= _compare(cells, op, value)
        return found & cells.valid

    return test


def _compare(cells: Cells, op: str, value: int | float) -> Bools:
    values = cells.values.view(np.uint64) if cells.kind is Kind.UINT else cells.values
    wanted: Any = value
    if isinstance(value, int) and values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        if not limits.min <= value <= limits.max:
            beyond = value > limits.max
            passes = op == "!=" or (op in ("<", "<=") if beyond else op in (">", ">="))
            return np.full(len(values), passes)
        wanted = values.dtype.type(value)
    return ORDERED[op](values, wanted)


class Ordered:
    """Several numbers, asked how many of them a cell passes; they may lie beyond 64 bits."""

    def __init__(self, numbers: Sequence[int | float]) -> None:
        """Take the numbers."""
        self._numbers = sorted(numbers)

    def count(self, cells: Cells, op: str) -> NDArray[np.int64]:
        """Return for how many numbers n ``cell op n`` holds."""
        values = cells.values.view(np.uint64) if cells.kind is Kind.UINT else cells.values
        below = above = 0
        inside = self._numbers
        if values.dtype.kind in "iu":
            limits = np.iinfo(values.dtype)
            below = sum(n < limits.min for n in inside)
            above = sum(n > limits.max for n in inside)
            inside = inside[below : len(inside) - above]
        known = np.array(inside, values.dtype)
        left = np.searchsorted(known, values, "left").astype(np.int64)
        right = np.searchsorted(known, values, "right").astype(np.int64)
        if op in ("=", "!="):
            equal = right - left
            return equal if op == "=" else len(self._numbers) - equal
        if op in ("<", "<="):
            return above + len(inside) - (right if op == "<" else left)
        return below + (left if op == ">" else right)


def _true(literal: Literal) -> bool:
    if literal.value not in (b"true", b"false"):
        hint = {b"1": "true", b"0": "false"}.get(literal.value, {b"t": "true", b"f": "false"}.get(
            literal.value[:1].lower()))  # fmt: skip
        raise BadValue(literal, f"expected true or false, found '{_text(literal)}'", hint)
    return literal.value == b"true"


def _bool_test(what: Comparison) -> Test:
    wanted = {_true(literal) for literal in what.values}
    negated = what.op == "!="

    def test(cells: Cells) -> Bools:
        found = np.zeros(len(cells), np.bool_)
        for value in wanted:
            found |= cells.values == value
        return (~found if negated else found) & cells.valid

    return test


# --- addresses ----------------------------------------------------------------------------------------


class _Nets:
    """Addresses or networks that were written down, looked up by how long they are."""

    def __init__(self, what: Comparison) -> None:
        self._heads: dict[tuple[int, int], Counter[int]] = {}  # length of the address, bits to drop
        for literal in what.values:
            size, shift, head = _net(literal, what.literal)
            self._heads.setdefault((size, shift), Counter())[head] += 1

    def count(self, raw: bytes) -> int:
        """Return how many of them an address of 4 or 16 bytes is or lies in."""
        value = int.from_bytes(raw, "big")
        return sum(heads[value >> shift] for (size, shift), heads in self._heads.items() if size == len(raw))


def _net(literal: Literal, how: str) -> tuple[int, int, int]:
    """Return length of the address in bytes, bits to drop, and what is left then."""
    text = literal.value.decode("utf-8", "replace")
    try:
        if "%" in text:
            raise ValueError
        if how == "net":
            if "/" not in text and ":" not in text:  # an IPv6 address alone is a network of one
                raise ValueError
            net = ipaddress.ip_network(text, strict=False)
            shift = net.max_prefixlen - net.prefixlen
            return net.max_prefixlen // 8, shift, int(net.network_address) >> shift
        address = ipaddress.ip_address(text)
        return address.max_prefixlen // 8, 0, int(address)
    except ValueError:
        kind = "a network such as 10.0.0.0/8" if how == "net" else "an IP address"
        raise BadValue(literal, f"expected {kind}, found '{_text(literal)}'") from None


def _address_test(what: Comparison, strings: StringTable) -> Test:
    nets = _Nets(what)
    negated = what.op == "!="
    return lambda cells: decide(cells, lambda raw: (nets.count(raw) > 0) != negated, strings) & cells.valid


# --- lists --------------------------------------------------------------------------------------------


def _list_test(what: Comparison) -> Test:
    """Return the test of a list: all of its items are among the values, or any is."""
    if what.modifier:
        raise BadValue(None, f"expected 'in' or 'intersects': {what.name} is a list")
    wanted = frozenset(literal.value for literal in what.values)

    def test(cells: Cells) -> Bools:
        found = np.zeros(len(cells), np.bool_)
        for at in np.flatnonzero(cells.valid).tolist():
            items = cells.values[at]
            found[at] = wanted.issuperset(items) if what.op == "in" else not wanted.isdisjoint(items)
        return found

    return test


# --- text and buffers ---------------------------------------------------------------------------------


def _bytes_test(what: Comparison, strings: StringTable) -> Test:
    accepts = text_test(what.op, what.values)
    return lambda cells: decide(cells, accepts, strings) & cells.valid


def text_test(op: str, literals: Sequence[Literal]) -> Callable[[bytes], bool]:
    """Return the test of one text or buffer. Raises BadValue."""
    values = [literal.value for literal in literals]
    first = values[0] if values else b""
    if plain(op) == "=":
        wanted = frozenset(values)
        return lambda text: text in wanted
    if op == "pmatch":
        return path_prefixes(values)
    if op in ("bcontains", "bstartswith"):
        first = _unhex(literals[0], op)
        op = op[1:]
    lowered = first.lower()
    tests: dict[str, Callable[[], Callable[[bytes], bool]]] = {
        "!=": lambda: lambda text: text != first,
        "<": lambda: lambda text: text < first,
        "<=": lambda: lambda text: text <= first,
        ">": lambda: lambda text: text > first,
        ">=": lambda: lambda text: text >= first,
        "contains": lambda: lambda text: first in text,
        "icontains": lambda: lambda text: lowered in text.lower(),
        "startswith": lambda: lambda text: text.startswith(first),
        "endswith": lambda: lambda text: text.endswith(first),
        "glob": lambda: glob(first),
        "iglob": lambda: glob(first, ignore_case=True),
        "regex": lambda: regex(first),
    }
    try:
        return tests[op]()
    except BadPattern as error:
        raise BadValue(literals[0], str(error)) from None


def _unhex(literal: Literal, op: str) -> bytes:
    if not _HEX.match(literal.value):
        raise BadValue(literal, f"expected an even number of hex digits after '{op}'")
    return bytes.fromhex(literal.value.decode())


def decide(cells: Cells, accepts: Callable[[bytes], bool], strings: StringTable) -> Bools:
    """Return ``accepts`` of each valid cell; of interned text once per distinct string."""
    return _mapped(cells, accepts, strings, np.bool_)


def measure(cells: Cells, value: Callable[[bytes], int], strings: StringTable) -> NDArray[np.int64]:
    """Return the number ``value`` of each valid cell, 0 elsewhere; of text once per distinct string."""
    return _mapped(cells, value, strings, np.int64)


def _mapped(
    cells: Cells, function: Callable[[bytes], Any], strings: StringTable, dtype: type
) -> NDArray[Any]:
    found = np.zeros(len(cells), dtype)
    if cells.kind in (Kind.TEXT, Kind.BYTES):
        for i in np.flatnonzero(cells.valid).tolist():
            found[i] = function(cells.values[i])
        return found
    if not np.any(cells.valid):
        return found
    sids = np.where(cells.valid, cells.values, 0)
    used = np.zeros(int(sids.max()) + 1, np.bool_)
    used[sids] = True
    answers = np.zeros(len(used), dtype)
    for sid in np.flatnonzero(used).tolist():
        answers[sid] = function(strings[sid])
    return answers[sids]
