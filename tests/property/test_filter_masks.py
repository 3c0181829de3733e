"""Any filter accepts what a slow evaluator accepts that looks at one event after the other."""

from __future__ import annotations

import fnmatch
import ipaddress
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import query_story
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.query.ast import And, Check, Literal, Node, Not, Operand, Or
from scaptui.core.query.filter import compile  # noqa: A004
from scaptui.core.query.parser import parse

NUMBERS = [
    *("evt.num", "evt.rawres", "evt.cpu", "evt.buflen", "evt.latency", "fd.num", "proc.pid", "thread.tid"),
    *("proc.ppid", "proc.apid[1]", "user.uid", "evt.count.error", "proc.nthreads", "fd.sport", "fd.cport"),
    *("evt.rawarg.size", "evt.type.is.read", "proc.duration"),
]
BOOLS = ["evt.failed", "evt.is_io", "fd.is_server", "thread.ismain", "container.privileged", "fd.connected"]
TEXTS = [
    *(
        "evt.dir",
        "evt.category",
        "evt.res",
        "fd.name",
        "fd.type",
        "fd.directory",
        "fd.filename",
        "fd.l4proto",
    ),
    *(
        "fd.containername",
        "proc.name",
        "proc.pname",
        "proc.aname[1]",
        "proc.aname[2]",
        "proc.cmdline",
        "proc.cwd",
    ),
    *("container.name", "container.image", "user.name", "evt.arg.fd", "evt.args", "fs.path.name", "fd.uid"),
]
EVENT_NAMES = ["evt.type", "syscall.type"]
ADDRESSES = ["fd.cip", "fd.sip", "fd.lip"]
SEVERAL = {"proc.aname": [f"proc.aname[{n}]" for n in range(1, 9)], "fd.ip": ["fd.cip", "fd.sip"]}

VALUES = [
    *(
        "read",
        "close",
        "openat",
        "/etc",
        "/etc/hosts",
        "host",
        "web",
        "server",
        "zsh",
        "tcp",
        "HTTP",
        "/",
        "",
        "a",
    ),
    *("file", "net", "SUCCESS", "ENOENT", "<", ">", "10.0.0.9:40000->10.0.0.2:80", "alice", "é", "*"),
]
GLOBS = ["*", "?*", "/etc/*", "*.conf", "[a-z]*", "[!/]*", "*o*", "web", "??", "*[0-9]"]
PATHS = ["/", "/etc", "/etc/hosts", "home", "/home/alice/", "/x"]
IPS = ["10.0.0.2", "10.0.0.9", "2001:db8::2", "::1", "127.0.0.1"]

literals = st.sampled_from(VALUES).map(lambda text: Literal(text.encode()))
numbers = st.one_of(st.integers(-3, 60), st.sampled_from([80, 40000, 1000, 2**63, -(2**70), 2**64])).map(
    lambda n: Literal(str(n).encode())
)


def checks(fields: list[str], plain: list[str], one: st.SearchStrategy[Literal], many: list[str]) -> Any:
    names = st.sampled_from(fields).map(operand)
    single = st.builds(lambda f, op, v: Check(f, op, (v,)), names, st.sampled_from(plain), one)
    exists = names.map(lambda f: Check(f, "exists"))
    lists = st.builds(
        lambda f, op, vs: Check(f, op, tuple(vs)),
        names,
        st.sampled_from(many),
        st.lists(one, min_size=1, max_size=4),
    )
    return st.one_of(single, lists, exists)


def operand(text: str) -> Operand:
    name, _, arg = text.partition("[")
    return Operand(name, arg.rstrip("]") if arg else None)


ORDER = ["=", "==", "!=", "<", "<=", ">", ">="]
WORDS = ["contains", "icontains", "startswith", "endswith"]
leaves = st.one_of(
    checks(NUMBERS, ORDER, numbers, ["in", "intersects"]),
    checks(BOOLS, ["=", "!="], st.sampled_from([Literal(b"true"), Literal(b"false")]), ["in"]),
    checks(TEXTS, ORDER + WORDS, literals, ["in", "intersects"]),
    checks(EVENT_NAMES, ["=", "!="], st.sampled_from([Literal(b"read"), Literal(b"close")]), ["in"]),
    checks(EVENT_NAMES, WORDS, literals, ["pmatch"]),
    checks(TEXTS, ["glob", "iglob"], st.sampled_from([Literal(g.encode()) for g in GLOBS]), ["in"]),
    checks(TEXTS, ["contains"], st.sampled_from([Literal(p.encode()) for p in PATHS]), ["pmatch"]),
    checks([*ADDRESSES, "fd.ip"], ["=", "!="], st.sampled_from([Literal(i.encode()) for i in IPS]), ["in"]),
    checks(["proc.aname"], ["=", "!=", "contains"], literals, ["in"]),
    checks(["evt.buffer"], ["contains", "startswith"], literals, ["in"]),
)
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: And(tuple(items))),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: Or(tuple(items))),
    ),
    max_leaves=8,
)

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Slow:
    """Evaluates filters from the values of fields, read for one event at a time."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.rows = range(capture.count)
        self._values: dict[str, list[Any]] = {}

    def value(self, field: str, row: int) -> Any:
        if field not in self._values:
            fields, strings = self.capture.fields, self.capture.index.strings
            self._values[field] = [fields.read(field, np.array([r])).objects(strings)[0] for r in self.rows]
        return self._values[field][row]

    def accepts(self, node: Node, row: int) -> bool:
        if isinstance(node, Not):
            return not self.accepts(node.item, row)
        if isinstance(node, And):
            return all(self.accepts(item, row) for item in node.items)
        if isinstance(node, Or):
            return any(self.accepts(item, row) for item in node.items)
        fields = SEVERAL.get(node.operand.name, []) if node.operand.arg is None else []
        values = [self.value(field, row) for field in fields or [str(node.operand)]]
        if node.operand.name == "fd.ip":
            values = self.ends(row)
        known = [value for value in values if value is not None]
        if node.op == "exists":
            return bool(known)
        if node.operand.name == "fd.ip" and node.op == "!=":
            return bool(known) and all(self.passes(node, value) for value in known)
        return any(self.passes(node, value) for value in known)

    def ends(self, row: int) -> list[str]:
        """Both addresses of a socket, from its name, even when it has no role."""
        if self.value("fd.sockfamily", row) != "ip":
            return []
        index = self.capture.index
        fd = int(index.events.fd[row])
        size = 4 if index.fds.kind[fd] in (3, 5) else 16
        source, dest = index.fds.sip[fd][:size].tobytes(), index.fds.dip[fd][:size].tobytes()
        serving = index.fds.kind[fd] in (5, 6)
        return [str(ipaddress.ip_address(raw)) for raw in (source, source if serving else dest)]

    def passes(self, node: Check, value: Any) -> bool:
        wanted = [literal.value for literal in node.values]
        if isinstance(value, bool):
            return self.compare(node.op, value, [w == b"true" for w in wanted])
        if isinstance(value, int):
            return self.compare(node.op, value, [int(w) for w in wanted])
        if node.operand.name in (*ADDRESSES, "fd.ip"):
            same = [ipaddress.ip_address(value) == ipaddress.ip_address(w.decode()) for w in wanted]
            return not same[0] if node.op == "!=" else any(same)
        text = value if isinstance(value, bytes) else value.encode()
        return self.words(node.op, text, wanted)

    def compare(self, op: str, value: Any, wanted: list[Any]) -> bool:
        if op in ("=", "==", "in", "intersects"):
            return value in wanted
        return COMPARE[op](value, wanted[0])

    def words(self, op: str, text: bytes, wanted: list[bytes]) -> bool:
        first = wanted[0]
        if op == "contains":
            return first in text
        if op == "icontains":
            return first.lower() in text.lower()
        if op == "startswith":
            return text.startswith(first)
        if op == "endswith":
            return text.endswith(first)
        if op in ("glob", "iglob"):
            flags = re.IGNORECASE if op == "iglob" else 0
            pattern = fnmatch.translate(first.decode("latin-1"))
            return re.match(pattern, text.decode("latin-1"), flags) is not None
        if op == "pmatch":
            parts = [p for p in text.split(b"/") if p]
            return any(
                [p for p in w.split(b"/") if p] == parts[: len([p for p in w.split(b"/") if p])]
                for w in wanted
            )
        return self.compare(op, text, wanted)


@pytest.fixture(scope="module", params=["old", "new"])
def slow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Slow:
    folder: Path = tmp_path_factory.mktemp(request.param)
    return Slow(query_story.capture(folder, modern=request.param == "new"))


FAST = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FAST
@given(node=nodes)
def test_masks(slow: Slow, node: Node) -> None:
    chosen = compile(str(node), slow.capture.fields)
    wanted = [slow.accepts(node, row) for row in slow.rows]
    assert chosen.mask().tolist() == wanted
    assert chosen.mask().tolist() == wanted  # from the cache
    start, stop = 5, 30
    window = tuple(int(ts) for ts in slow.capture.index.events.ts[[start, min(stop, len(wanted) - 1)]])
    inside = [start <= row < min(stop, len(wanted) - 1) for row in slow.rows]
    narrow = compile(str(node), slow.capture.fields).mask(window=window)
    assert narrow.tolist() == [a and b for a, b in zip(wanted, inside, strict=True)]
    some = np.array([7, 3, 3, 20])
    assert chosen.mask(some).tolist() == [wanted[row] for row in some.tolist()]


@FAST
@given(node=nodes)
def test_twice_not(slow: Slow, node: Node) -> None:
    fields = slow.capture.fields
    plain = compile(str(node), fields).mask()
    assert compile(f"not not ({node})", fields).mask().tolist() == plain.tolist()
    assert compile(f"not ({node})", fields).mask().tolist() == (~plain).tolist()


@FAST
@given(node=nodes)
def test_printing(node: Node) -> None:
    assert parse(str(node)) == node


@FAST
@given(name=st.from_regex(r"[a-z]{1,5}(\.[a-z_]{1,5}){1,3}", fullmatch=True), value=st.binary(max_size=40))
def test_printing_of_any_value(name: str, value: bytes) -> None:
    known = parse(str(Check(Operand(name), "=", (Literal(value),))))
    assert isinstance(known, Check)
    assert known.values[0].value == value


@settings(max_examples=400, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_gives_a_tree_or_an_error(text: str) -> None:
    try:
        node = parse(text)
    except FilterError as error:
        assert 0 <= error.column <= len(text)
        return
    if node is not None:
        assert parse(str(node)) == node
