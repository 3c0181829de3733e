"""Filters on captures of the new kind accept what a slow evaluator accepts on the reference's rows.

The rows in this folder have 16 fields; those of `../shared/golden` have 67 and are used when they are there.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from naive import Naive

from scaptui.core.capture import Capture
from scaptui.core.query.ast import And, Call, Check, Items, Literal, Node, Not, Operand, Or
from scaptui.core.query.define import DEFINITIONS
from scaptui.core.query.registry import specs

GOLDEN = Path(__file__).parent
TRIMMED = ("lab1-http500", "lab2-crashloop", "lab3-shell", "lab4-leak")
COMPLETE = ("lab1-http500", "lab2-crashloop", "lab3-shell", "lab4-exfil")
EVERY = {"lab4-exfil": 5}  # of very many rows one in so many
MOST = {"lab4-exfil": 40}  # checks of a capture, not counting those that join them
ADDRESSES = ("fd.cip", "fd.sip", "fd.lip", "fd.rip")
# container records have no thread of their own here, and relative paths are resolved (ARCHITECTURE.md)
RECORDS = ("container", "container_removed")
ASIDE = ("fs.path.name", "fs.path.source", "fs.path.target", "k8s.ns.name", "k8s.pod.name")
TEXT_OPERATORS = (
    *("=", "==", "!=", "<", "<=", ">", ">=", "contains", "icontains", "startswith", "endswith"),
    *("glob", "iglob", "regex", "in", "intersects", "pmatch", "exists"),
)
NUMBER_OPERATORS = ("=", "==", "!=", "<", "<=", ">", ">=", "in", "intersects", "exists")
FEW_OPERATORS = ("=", "!=", "in", "intersects", "exists")


class Rows:
    """The reference's values of one capture: one column per field."""

    def __init__(self, name: str, path: Path, rows: Path) -> None:
        self.name = name
        self.capture = Capture.open(path)
        with gzip.open(rows, "rt", encoding="utf-8") as lines:
            step = EVERY.get(name, 1)
            table = [json.loads(line) for at, line in enumerate(lines) if at % step == 0]
        if isinstance(table[0], list):
            table = [dict(zip(table[0], row, strict=True)) for row in table[1:]]
        table = [row for row in table if row["evt.type"] not in RECORDS and _described(row)]
        self.events = np.array([row["evt.num"] - 1 for row in table], np.int64)
        known = [field for field in table[0] if field not in ASIDE and field.partition("[")[0] in DEFINITIONS]
        self.columns = {field: [_value(field, row[field]) for row in table] for field in known}

    def wanted(self, node: Node) -> list[bool]:
        """Whether each event passes, by the second evaluator: once per combination of values."""
        names = sorted(_fields(node))
        columns = [self.columns[name] for name in names]
        naive, answers = Naive(), {}
        found: list[bool] = []
        for values in zip(*columns, strict=True):
            if values not in answers:
                answers[values] = naive.accepts(node, dict(zip(names, values, strict=True)).__getitem__)
            found.append(answers[values])
        return found


def _described(row: dict[str, Any]) -> bool:
    """Whether the reference knows the name of the container: here it is known for its whole life."""
    return row["container.id"] in (None, "host") or row.get("container.name", "") is not None


def _value(field: str, value: Any) -> Any:
    """Return a value of the reference as the evaluator takes it."""
    if value is None or isinstance(value, bool | int | float):
        return int(value) if isinstance(value, bool) and not _truth(field) else value
    if field in ADDRESSES:
        return ipaddress.ip_address(value)
    if specs()[field.partition("[")[0]].type(True) not in ("CHARBUF", "FSPATH", "FSRELPATH"):
        return int(value, 16) if field == "fd.dev" else int(value)
    return value.encode()


def _truth(field: str) -> bool:
    return specs()[field.partition("[")[0]].type(True) == "BOOL"


def _fields(node: Any) -> set[str]:
    if isinstance(node, Operand):
        return {str(node)}
    if isinstance(node, Not):
        return _fields(node.item)
    if isinstance(node, Check):
        return _fields(node.operand) | (_fields(node.right) if node.right else set())
    parts = node.args if isinstance(node, Call) else node.items if isinstance(node, And | Or | Items) else ()
    return {name for part in parts for name in _fields(part)}


def folders() -> list[tuple[str, Path, Path]]:
    """Return name, capture and rows of everything there is to compare with."""
    shared = Path(os.environ.get("SCAPTUI_CAPTURES", GOLDEN.parents[1].parent / "shared" / "captures"))
    rows = shared.parent / "golden" / "modern"
    if rows.is_dir():
        return [(name, shared / f"{name}.scap", rows / f"{name}.jsonl.gz") for name in COMPLETE]
    return [
        (name, GOLDEN.parent / "captures" / f"{name}.scap", GOLDEN / f"{name}.jsonl.gz") for name in TRIMMED
    ]


@pytest.fixture(scope="module", params=folders(), ids=lambda given: given[0])
def rows(request: pytest.FixtureRequest) -> Rows:
    return Rows(*request.param)


# --- making filters -----------------------------------------------------------------------------------


class Maker:
    """Makes filters of values that occur."""

    def __init__(self, rows: Rows) -> None:
        self.dice = random.Random(rows.name)
        self.values: dict[str, list[Any]] = {}
        for field, column in rows.columns.items():
            counted = Counter(value for value in column if value is not None).most_common()
            self.values[field] = [value for value, _ in [*counted[:4], *counted[-3:]]]
        plain = [
            field for field in self.values if not field.startswith("proc.aname")
        ]  # cannot be transformed
        self.texts = [field for field in plain if isinstance((self.values[field] or [None])[0], bytes)]
        self.numbers = [f for f, known in self.values.items() if type(known[0] if known else None) is int]

    def check(self, field: str, op: str) -> Check:
        operand = _operand(field)
        if op == "exists":
            return Check(operand, op)
        known = self.values[field]
        if op in ("in", "intersects", "pmatch"):
            return Check(
                operand, op, tuple(self.literal(field, op) for _ in range(self.dice.randrange(1, 5)))
            )
        if self.dice.random() < 0.25 and op != "==":
            several = tuple(self.literal(field, op) for _ in range(self.dice.randrange(1, 4)))
            return Check(operand, op, several, self.dice.choice(("oneof", "anyof", "allof")))
        return Check(operand, op, (self.literal(field, op),)) if known else Check(operand, "exists")

    def literal(self, field: str, op: str) -> Literal:
        value = self.dice.choice(self.values[field] or [b"x"])
        if isinstance(value, bool):
            return Literal(b"true" if value else b"false")
        if isinstance(value, int):
            shift = self.dice.choice((0, 0, 1, -1))
            return Literal(self.dice.choice((str, hex))(value + shift).encode())
        if not isinstance(value, bytes):
            return Literal(str(value).encode())
        return Literal(self.pattern(value, op))

    def pattern(self, value: bytes, op: str) -> bytes:
        """Return something that ``op`` may find in a value, or not."""
        if op in ("=", "==", "!=", "in", "intersects", "<", "<=", ">", ">="):
            return value
        third = max(len(value) // 3, 1)
        if op == "pmatch":
            return self.dice.choice((value, value.rpartition(b"/")[0], b"/usr", b"/"))
        if op in ("startswith", "endswith"):
            return value[:third] if op == "startswith" else value[-third:]
        part = value[third : 2 * third] or value
        if op == "icontains":
            return part.swapcase()
        if op in ("glob", "iglob"):
            plain = b"".join(b"?" if char in b"*?[]\\" else bytes((char,)) for char in value[:40])
            shape = self.dice.choice(
                (b"*%b*" % plain[:4], b"%b*" % plain[:6], b"?%b" % plain[1:], b"*[a-f/]")
            )
            return shape.swapcase() if op == "iglob" else shape
        if op == "regex":
            plain = b"".join(
                bytes((char,)) if chr(char).isalnum() and char < 128 else b"." for char in value[:30]
            )
            return self.dice.choice((b".*%b.*" % plain[:5], b"(%b|x).*" % plain[:4], b"[a-z0-9]+", plain))
        return part

    def term(self, depth: int = 2) -> Any:
        field = _operand(self.dice.choice(self.texts))
        if depth == 0 or self.dice.random() < 0.3:
            return field
        kind = self.dice.randrange(4)
        if kind == 0:
            return Call(self.dice.choice(("toupper", "tolower", "basename")), (self.term(depth - 1),))
        if kind == 1:
            return Call("concat", (self.term(depth - 1), Literal(b":"), self.term(depth - 1)))
        number = _operand(self.dice.choice(self.numbers))
        return Call("join", (Literal(b"-"), Items((self.term(depth - 1), number))))

    def newer(self, rows: Rows) -> Check:
        """Return a check with a transformer or with a field on the right side."""
        kind = self.dice.randrange(3)
        if kind == 0:
            length = Literal(str(self.dice.randrange(40)).encode())
            return Check(Call("len", (self.term(),)), self.dice.choice(NUMBER_OPERATORS[:7]), (length,))
        if kind == 1:
            term = Call("toupper", (self.term(),))
            text = self.pattern(self.dice.choice(self.values[self.dice.choice(self.texts)]), "contains")
            return Check(term, self.dice.choice(("contains", "endswith", "!=")), (Literal(text.upper()),))
        one, two = self.dice.choice(_pairs(self.texts) + _pairs(self.numbers))
        op = self.dice.choice(("=", "!=", "<", ">="))
        return Check(_operand(one), op, right=Call("val", (_operand(two),)))

    def joined(self, checks: list[Node], depth: int) -> Node:
        if depth == 0:
            return self.dice.choice(checks)
        kind = self.dice.randrange(3)
        if kind == 0:
            return Not(self.joined(checks, depth - 1))
        parts = tuple(self.joined(checks, depth - 1) for _ in range(2))
        return And(parts) if kind == 1 else Or(parts)


def _pairs(names: list[str]) -> list[tuple[str, str]]:
    known = specs()
    plain = [n for n in names if "[" not in n and not known[n].flags & {"NO_RHS", "NO_TRANSFORMER"}]
    return [(a, b) for a in plain for b in plain if a < b and known[a].type(True) == known[b].type(True)]


def _operand(field: str) -> Operand:
    name, _, arg = field.partition("[")
    return Operand(name, arg.rstrip("]") if arg else None)


def made(rows: Rows) -> list[Node]:
    """Return filters: each operator on each field in turn, newer checks, and both joined."""
    maker = Maker(rows)
    checks: list[Node] = []
    turn = 0
    for field, known in maker.values.items():
        sample = known[0] if known else None
        if field == "evt.type":
            operators: tuple[str, ...] = FEW_OPERATORS
        elif not known:
            operators = ("exists",)
        elif isinstance(sample, bytes):
            operators = TEXT_OPERATORS
        else:
            few = isinstance(sample, bool) or field in ADDRESSES
            operators = FEW_OPERATORS if few else NUMBER_OPERATORS
        for _ in range(3):
            checks.append(maker.check(field, operators[turn % len(operators)]))
            turn += 1
    checks += [maker.newer(rows) for _ in range(len(checks) // 4)]
    maker.dice.shuffle(checks)
    checks = checks[: MOST.get(rows.name, 160)]
    return [*checks, *(maker.joined(checks, maker.dice.randrange(1, 4)) for _ in range(len(checks) // 2))]


def test_filters(rows: Rows) -> None:
    telling = 0
    filters = made(rows)
    for node in filters:
        wanted = rows.wanted(node)
        found = rows.capture.compile(str(node)).mask()[rows.events].tolist()
        wrong = [int(e) + 1 for e, a, b in zip(rows.events, found, wanted, strict=True) if a != b]
        assert not wrong, f"{node}: {len(wrong)} events differ, first {wrong[:5]}"
        telling += 0 < sum(wanted) < len(wanted)
    assert len(filters) >= 60
    assert telling > 0.4 * len(filters)
