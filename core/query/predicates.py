"""What a comparison accepts: from an operator and written values to a test on cells.

NA never passes. Which operators a type has is the union of what both reference readers allow.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..index.tables import StringTable
from .ast import Literal
from .cells import Bools, Cells, Kind
from .fd_socket_fields import service_port
from .globs import glob, path_prefixes

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
}
_ORDERED: dict[str, Callable[[Any, Any], Bools]] = {
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

    name: str  # of the field, for messages
    kind: Kind
    literal: str  # how values are written: port, ip, net, around; empty: by kind
    op: str
    values: Sequence[Literal]


def compile_test(what: Comparison, strings: StringTable) -> Test:
    """Return the test of a comparison. Raises BadValue."""
    group = "an address" if what.literal in ("ip", "net") else _CLASS[what.kind]
    if what.op not in ALLOWED[group]:
        usable = ", ".join(ALLOWED[group])
        raise BadValue(
            None, f"expected one of {usable}: {what.name} is {group}, '{what.op}' does not work on it"
        )
    if what.op == "exists":
        return lambda cells: cells.valid
    if what.op == "regex":
        raise BadValue(None, "expected another operator: this version has no regex, use glob or contains")
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


# --- numbers ------------------------------------------------------------------------------------------


def _text(literal: Literal) -> str:
    return literal.value.decode("utf-8", "replace")


def number(literal: Literal, how: str, floating: bool) -> int | float:
    """Return the number that a value means; ``how`` ``port`` accepts names of services."""
    text = _text(literal)
    if _INTEGER.match(text) and len(text) < 400:
        digits = text.lstrip("+-").lower()
        value = int(digits, 16) if digits.startswith("0x") else int(digits)
        return -value if text.startswith("-") else value
    if floating and _DECIMAL.match(text):
        return float(text)
    if how == "port":
        port = service_port(text)
        if port is None:
            raise BadValue(literal, f"expected a port number or the name of a service, found '{text}'")
        return port
    raise BadValue(literal, f"expected a number (no units), found '{text}'")


def _number_test(what: Comparison) -> Test:
    floating = what.kind is Kind.FLOAT
    numbers = [number(literal, what.literal, floating) for literal in what.values]
    op = plain(what.op)
    if what.literal == "around":
        if op != "=" or len(numbers) != 1:
            raise BadValue(None, "expected '=' and a number of milliseconds after evt.around[TIME]")
        op = "<="
    if op == "=" and len(numbers) > 8 and not floating:
        return _one_of_many([int(value) for value in numbers])

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
    return _ORDERED[op](values, wanted)


def _one_of_many(numbers: list[int]) -> Test:
    signed = np.array([n for n in numbers if -(2**63) <= n < 2**63], np.int64)
    unsigned = np.array([n for n in numbers if 0 <= n < 2**64], np.uint64)

    def test(cells: Cells) -> Bools:
        if cells.kind is Kind.UINT:
            return np.isin(cells.values.view(np.uint64), unsigned) & cells.valid
        return np.isin(cells.values, signed) & cells.valid

    return test


def _bool_test(what: Comparison) -> Test:
    wanted: list[bool] = []
    for literal in what.values:
        if literal.value not in (b"true", b"false"):
            hint = {b"1": "true", b"0": "false"}.get(literal.value)
            raise BadValue(literal, f"expected true or false, found '{_text(literal)}'", hint)
        wanted.append(literal.value == b"true")
    negated = what.op == "!="

    def test(cells: Cells) -> Bools:
        found = np.zeros(len(cells), np.bool_)
        for value in wanted:
            found |= cells.values == value
        return (~found if negated else found) & cells.valid

    return test


# --- addresses ----------------------------------------------------------------------------------------


def _address_test(what: Comparison, strings: StringTable) -> Test:
    nets: list[tuple[int, int, int]] = []  # length of the address, network, shift
    for literal in what.values:
        text = _text(literal)
        try:
            if what.literal == "net":
                if "/" not in text:
                    raise BadValue(literal, f"expected a network such as 10.0.0.0/8, found '{text}'")
                net = ipaddress.ip_network(text, strict=False)
                bits = net.max_prefixlen
                nets.append(
                    (bits // 8, int(net.network_address) >> (bits - net.prefixlen), bits - net.prefixlen)
                )
            else:
                address = ipaddress.ip_address(text)
                nets.append((address.max_prefixlen // 8, int(address), 0))
        except ValueError:
            kind = "a network such as 10.0.0.0/8" if what.literal == "net" else "an IP address"
            raise BadValue(literal, f"expected {kind}, found '{text}'") from None

    def inside(raw: bytes) -> bool:
        value = int.from_bytes(raw, "big")
        return any(len(raw) == size and value >> shift == head for size, head, shift in nets)

    def test(cells: Cells) -> Bools:
        hit = decide(cells, inside, strings)
        return (~hit if what.op == "!=" else hit) & cells.valid

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
        if not _HEX.match(first):
            raise BadValue(literals[0], f"expected an even number of hex digits after '{op}'")
        first = bytes.fromhex(first.decode())
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
    }
    return tests[op]()


def decide(cells: Cells, accepts: Callable[[bytes], bool], strings: StringTable) -> Bools:
    """Return ``accepts`` of each valid cell; of interned text once per distinct string."""
    found = np.zeros(len(cells), np.bool_)
    if cells.kind in (Kind.TEXT, Kind.BYTES):
        for i in np.flatnonzero(cells.valid).tolist():
            found[i] = accepts(cells.values[i])
        return found
    if not np.any(cells.valid):
        return found
    sids = np.where(cells.valid, cells.values, 0)
    used = np.zeros(int(sids.max()) + 1, np.bool_)
    used[sids] = True
    for sid in np.flatnonzero(used).tolist():
        used[sid] = accepts(strings[sid])
    return used[sids]
