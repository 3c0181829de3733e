"""The filter language a second time, in plain Python: one event after the other, nothing shared.

Only the tree comes from the product. A value is bytes (text or a buffer), a number, a truth value, an
address of `ipaddress`, a tuple of bytes (a list), or None. `get(field)` gives the value of a field as it
is written in the filter, `several(field)` all values of a field that has more than one.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scaptui.core.capture import Capture
from scaptui.core.query.ast import (
    And,
    Call,
    Check,
    Items,
    ListName,
    Literal,
    Macro,
    Node,
    Not,
    Operand,
    Or,
    Value,
)
from scaptui.core.query.cells import Cells, Kind

Get = Callable[[str], Any]
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
BOTH_SIDES = ("fd.ip", "fd.net", "fd.port")  # != holds when neither side is equal


@dataclass
class Naive:
    """An evaluator with the names that filters may use."""

    several: Callable[[str], Sequence[str] | None] = lambda name: None
    macros: Mapping[str, Node] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    old: bool = False

    def accepts(self, node: Node, get: Get) -> bool:
        """Whether an event passes."""
        if isinstance(node, Not):
            return not self.accepts(node.item, get)
        if isinstance(node, And):
            return all([self.accepts(item, get) for item in node.items])
        if isinstance(node, Or):
            return any([self.accepts(item, get) for item in node.items])
        if isinstance(node, Macro):
            return self.accepts(self.macros[node.name], get)
        assert isinstance(node, Check)
        values = self.left(node.operand, get)
        known = [value for value in values if value is not None]
        if node.op == "exists":
            return bool(known)
        if node.right is not None:
            other = self.value(node.right, get)
            return other is not None and any(self.against(node.op, value, other) for value in known)
        every = isinstance(node.operand, Operand) and node.operand.name in BOTH_SIDES and node.op == "!="
        passed = [self.passes(node, value) for value in known]
        return bool(passed) and all(passed) if every else any(passed)

    # --- values ---------------------------------------------------------------------------------------

    def left(self, operand: Operand | Call, get: Get) -> list[Any]:
        if isinstance(operand, Call):
            return [self.value(operand, get)]
        names = self.several(str(operand))
        return [get(name) for name in ([str(operand)] if names is None else names)]

    def value(self, value: Value, get: Get) -> Any:
        if isinstance(value, Literal):
            return value.value
        if isinstance(value, Operand):
            return get(str(value))
        parts = [self.value(item, get) for item in (value.items if isinstance(value, Items) else value.args)]
        if any(part is None for part in parts):
            return None
        if isinstance(value, Items):
            flat: list[bytes] = []
            for part in parts:
                flat += part if isinstance(part, tuple) else [as_text(part)]
            return tuple(flat)
        return transformed(value, parts)

    # --- comparing ------------------------------------------------------------------------------------

    def written(self, node: Check) -> list[bytes]:
        found: list[bytes] = []
        for value in node.values:
            if isinstance(value, ListName):
                found += [item.encode() for item in self.lists[value.name]]
            elif not value.quoted and value.value.decode("latin-1") in self.lists and self.is_list(node):
                found += [item.encode() for item in self.lists[value.value.decode()]]
            else:
                found.append(value.value)
        return found

    @staticmethod
    def is_list(node: Check) -> bool:
        return node.op in ("in", "intersects", "pmatch") or bool(node.modifier)

    def passes(self, node: Check, value: Any) -> bool:
        wanted = self.written(node)
        if node.op in ("in", "pmatch") and not node.values and self.old and isinstance(value, bytes):
            wanted = [b""]
        if isinstance(value, tuple):
            return set(value) <= set(wanted) if node.op == "in" else bool(set(value) & set(wanted))
        if node.modifier:
            hits = [one(node.op, value, item) for item in wanted].count(True)
            return {"anyof": hits > 0, "oneof": hits == 1, "allof": 0 < len(wanted) == hits}[node.modifier]
        if node.op in ("in", "intersects"):
            return any(one("=", value, item) for item in wanted)
        if node.op == "pmatch":
            return any(below(value, item) for item in wanted)
        return one(node.op, value, wanted[0])

    def against(self, op: str, value: Any, other: Any) -> bool:
        if isinstance(value, tuple):
            return set(value) <= set(other) if op == "in" else bool(set(value) & set(other))
        if op in ("in", "intersects"):
            op = "="
        if isinstance(value, bytes):
            return text(op.removeprefix("b"), value, other)
        return ORDER[op](value, other)


def one(op: str, value: Any, item: bytes) -> bool:
    """Whether a value that is no list passes one written value."""
    if isinstance(value, bool):
        return ORDER[op](value, item == b"true")
    if isinstance(value, int | float):
        return ORDER[op](value, number(item))
    if isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        word = item.decode()
        if "/" in word:
            net = ipaddress.ip_network(word, strict=False)
            same = net.version == value.version and value in net
        else:
            same = ipaddress.ip_address(word) == value
        return same == (op != "!=")
    if op in ("bcontains", "bstartswith"):
        op, item = op[1:], binascii.unhexlify(item)
    return text(op, value, item)


def number(item: bytes) -> int | float:
    word = item.decode().lower()
    digits = word.lstrip("+-")
    if digits.startswith("0x") or digits.isdigit():
        found = int(digits, 16) if digits.startswith("0x") else int(digits)
        return -found if word.startswith("-") else found
    try:
        return float(word)
    except ValueError:
        return socket.getservbyname(word)


def text(op: str, value: bytes, item: bytes) -> bool:
    """Whether text or a buffer passes one written value."""
    if op == "contains":
        return item in value
    if op == "icontains":
        return item.lower() in value.lower()
    if op == "startswith":
        return value.startswith(item)
    if op == "endswith":
        return value.endswith(item)
    if op == "glob":
        return shell(item, value)
    if op == "iglob":
        return shell(item.lower(), value.lower())
    if op == "regex":
        return re.fullmatch(item, value) is not None
    return ORDER[op](value, item)


def shell(pattern: bytes, value: bytes) -> bool:
    """Whether a text matches a shell pattern: by trying, without sets like [[:alpha:]]."""
    if not pattern:
        return not value
    head = pattern[:1]
    if head == b"*":
        return any(shell(pattern[1:], value[at:]) for at in range(len(value) + 1))
    if head == b"[" and b"]" in pattern[2:]:
        end = pattern.index(b"]", 3 if pattern[1:2] == b"!" else 2)
        inside = pattern[1:end].removeprefix(b"!")
        members: set[bytes] = set()
        while inside:
            last = inside[2] if inside[1:2] == b"-" and len(inside) > 2 else inside[0]
            members |= {bytes((c,)) for c in range(inside[0], last + 1)}
            inside = inside[3:] if inside[1:2] == b"-" and len(inside) > 2 else inside[1:]
        fits = bool(value) and (value[:1] in members) != (pattern[1:2] == b"!")
        return fits and shell(pattern[end + 1 :], value[1:])
    if head == b"\\" and len(pattern) > 1:
        return value[:1] == pattern[1:2] and shell(pattern[2:], value[1:])
    return bool(value) and (head in (b"?", value[:1])) and shell(pattern[1:], value[1:])


def below(path: bytes, folder: bytes) -> bool:
    parts, head = ([part for part in p.split(b"/") if part] for p in (path, folder))
    return parts[: len(head)] == head


def as_text(value: Any) -> bytes:
    """A value as an item of a list."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return value if isinstance(value, bytes) else str(value).encode()


def transformed(call: Call, parts: list[Any]) -> Any:
    """What a transformer makes of its arguments."""
    first = parts[0]
    if call.name == "val":
        return first
    if call.name == "len":
        return len(first)
    if call.name == "concat":
        return b"".join(parts)
    if call.name == "join":
        return first.join(parts[1])
    if call.name == "getopt":
        return options(first, parts[1].decode("latin-1"), call.arg)
    buffer = call.args[0] == Operand("evt.buffer")
    change: dict[str, Callable[[bytes], bytes | None]] = {
        "toupper": upper,
        "tolower": lower,
        "basename": lambda path: path.split(b"/")[-1],
        "b64": lambda text: from_base64(text, buffer),
    }
    if isinstance(first, tuple):
        changed = tuple(change[call.name](item) for item in first)
        return None if None in changed else changed
    return change[call.name](first)


def upper(value: bytes) -> bytes:
    return bytes(c - 32 if ord("a") <= c <= ord("z") else c for c in value)


def lower(value: bytes) -> bytes:
    return bytes(c + 32 if ord("A") <= c <= ord("Z") else c for c in value)


ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def from_base64(value: bytes, buffer: bool) -> bytes | None:
    value = value.rstrip(b"\0")
    digits = re.sub(rb"={1,2}\Z", b"", value)
    if not digits:
        return b"" if not value else None
    if any(c not in ALPHABET for c in digits) or len(digits) % 4 == 1:
        return None
    found = base64.b64decode(digits + b"=" * (-len(digits) % 4))
    if base64.b64encode(found).rstrip(b"=") != digits:
        return None
    return found if buffer else found.split(b"\0")[0]  # text ends at NUL


def options(words: tuple[bytes, ...], known: str, letter: str | None) -> Any:
    """Read options as getopt(3) does."""
    takes = {c: known[at + 1 : at + 2] == ":" for at, c in enumerate(known) if c != ":"}
    found: list[bytes] = []
    last: bytes | None = None
    at = 0
    while at < len(words):
        word = words[at].decode("latin-1")
        at += 1
        if word == "--" or word[:1] != "-" or word == "-":
            break
        if word.startswith("--"):
            continue
        rest = word[1:]
        while rest:
            option, rest = rest[0], rest[1:]
            if option not in takes:
                found.append(b"?")
            elif not takes[option]:
                found.append(option.encode("latin-1"))
                last = option.encode("latin-1") if option == letter else last
            else:
                value: bytes | None = rest.encode("latin-1") if rest else None
                if value is None and at < len(words):
                    value, at = words[at], at + 1
                found += [b""] if value is None else [option.encode("latin-1"), value]
                last = (value or b"") if option == letter else last
                rest = ""
    return tuple(found) if letter is None else last


def column(capture: Capture, name: str, rows: Sequence[int]) -> list[Any]:
    """Return the values of a field, each read alone."""
    return [_value(capture, capture.fields.read(name, np.array([row]))) for row in rows]


def _value(capture: Capture, cells: Cells) -> Any:
    if not cells.valid[0]:
        return None
    raw = cells.values.tolist()[0]
    if cells.kind is Kind.STR:
        return capture.index.strings[raw]
    if cells.kind is Kind.IP:
        return ipaddress.ip_address(capture.index.strings[raw])
    return raw % 2**64 if cells.kind is Kind.UINT else raw
