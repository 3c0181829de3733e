"""Any filter accepts what a slow evaluator accepts that looks at one event after the other."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import query_story
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive import Naive, column

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.query.ast import And, Call, Check, Items, ListName, Literal, Macro, Node, Not, Operand, Or
from scaptui.core.query.filter import Filter
from scaptui.core.query.filter import compile as compile_filter
from scaptui.core.query.macros import Macros, NamedFilter, NamedList
from scaptui.core.query.parser import parse
from scaptui.core.query.registry import specs

NUMBERS = [
    *("evt.num", "evt.rawres", "evt.cpu", "evt.buflen", "evt.latency", "fd.num", "proc.pid", "thread.tid"),
    *("proc.ppid", "proc.apid[1]", "user.uid", "evt.count.error", "proc.nthreads", "fd.sport", "fd.cport"),
    *("evt.rawarg.size", "evt.type.is.read", "proc.duration"),
]
BOOLS = ["evt.failed", "evt.is_io", "fd.is_server", "thread.ismain", "container.privileged", "fd.connected"]
TEXTS = [
    *("evt.dir", "evt.category", "evt.res", "fd.name", "fd.type", "fd.directory", "fd.filename"),
    *("fd.l4proto", "fd.containername", "proc.name", "proc.pname", "proc.aname[1]", "proc.aname[2]"),
    *("proc.cmdline", "proc.cwd", "proc.exe", "container.name", "container.image", "user.name"),
    *("evt.arg.fd", "evt.args", "fs.path.name", "fd.uid"),
]
EVENT_NAMES = ["evt.type"]
ADDRESSES = ["fd.cip", "fd.sip", "fd.lip"]
NETS = ["fd.cnet", "fd.snet"]
LISTS = ["fd.types"]

VALUES = [
    *("read", "close", "openat", "/etc", "/etc/hosts", "host", "web", "server", "zsh", "tcp", "HTTP", "/"),
    *("", "a", "file", "net", "SUCCESS", "ENOENT", "<", ">", "10.0.0.9:40000->10.0.0.2:80", "alice", "é"),
    *("*", "names", "CURL", "hosts", "ZSH:/ETC/HOSTS"),
]
GLOBS = ["*", "?*", "/etc/*", "*.conf", "[a-z]*", "[!/]*", "*o*", "web", "??", "*[0-9]", "*[sz]?", "\\*"]
REGEXES = [".*", "/etc/.*", "[a-z]+", "(zsh|server)", "", ".", "a|ab|/.*", "[^/]*", ".*[0-9]", "x"]
PATHS = ["/", "/etc", "/etc/hosts", "home", "/home/alice/", "/x"]
IPS = ["10.0.0.2", "10.0.0.9", "2001:db8::2", "::1", "127.0.0.1"]
RANGES = ["10.0.0.0/8", "10.0.0.9/32", "2001:db8::/64", "0.0.0.0/0", "::/0", "10.0.0.8/30"]
HEX = ["", "47", "4745", "00ff", "0d0a", "2f"]

DEFINED = {
    "shell": "proc.name = zsh",
    "web": "fd.sport = 80 and not shell",
    "busy": "web or evt.failed = true or proc.name in (names, curl)",
    "quiet": "not (busy or shell)",
}
NAMED: dict[str, tuple[str, ...]] = {
    "names": ("zsh", "server", "/etc/hosts", "tcp"),
    "numbers": ("3", "0x50", "10", "99999999999999999999"),
    "none": (),
}
MACROS = Macros(
    [NamedFilter(name, text) for name, text in DEFINED.items()],
    [NamedList(name, items) for name, items in NAMED.items()],
)


def literal(values: list[str]) -> st.SearchStrategy[Literal]:
    return st.sampled_from([Literal(text.encode(), 0, quoted) for text in values for quoted in (False, True)])


literals = literal(VALUES)
numbers = st.one_of(st.integers(-3, 60), st.sampled_from([80, 40000, 1000, 2**63, -(2**70), 2**64])).flatmap(
    lambda n: st.sampled_from([Literal(str(n).encode()), Literal(hex(n).encode())])
)


def operand(text: str) -> Operand:
    name, _, arg = text.partition("[")
    return Operand(name, arg.rstrip("]") if arg else None)


# --- sides --------------------------------------------------------------------------------------------


def fields(names: list[str]) -> st.SearchStrategy[Operand]:
    return st.sampled_from([operand(name) for name in names])


text_fields = fields([name for name in TEXTS if not name.startswith("proc.aname")])
ancestors = fields(["proc.aname", "proc.aname[1]", "evt.num", "proc.pid", "evt.failed"])  # only among several


def calls(inner: Any) -> Any:
    parts = st.one_of(inner, literals)
    items = st.lists(st.one_of(parts, ancestors), max_size=3).map(lambda found: Items(tuple(found)))
    lists = st.one_of(items, fields(LISTS))
    single = st.sampled_from(["toupper", "tolower", "basename"])
    return st.one_of(
        st.builds(lambda name, arg: Call(name, (arg,)), single, inner),
        st.builds(
            lambda arg: Call("b64", (arg,)), st.one_of(inner, literal(["YQ==", "L2V0Yw", "AAE=", "!"]))
        ),
        st.builds(lambda a, b: Call("concat", (a, b)), inner, parts),
        st.builds(lambda a, b, c: Call("concat", (a, b, c)), parts, inner, parts),
        st.builds(lambda between, found: Call("join", (between, found)), literals, lists),
        st.builds(lambda found, known, c: Call("getopt", (found, known), c), lists, known_options, letters),
    )


letters = st.sampled_from("spx")
known_options = literal(["s", "s:", ":s:p:", "x", "-", ""])
words = st.one_of(literal(["-s", "-sx", "--", "-p80", "x"]), fields(["proc.args[0]", "proc.args[1]"]))
arguments = st.lists(words, max_size=3).map(lambda found: Items(tuple(found)))
text_calls = st.recursive(text_fields, calls, max_leaves=4).filter(lambda term: isinstance(term, Call))
list_calls = st.builds(lambda found, known: Call("getopt", (found, known)), arguments, known_options)
list_terms = st.one_of(
    fields(LISTS), list_calls, st.builds(lambda name: Call("toupper", (name,)), fields(LISTS))
)
measured = st.one_of(text_fields, list_terms, fields(["evt.buffer"]), text_calls)
lengths = st.builds(lambda term: Call("len", (term,)), measured)
b64_buffers = st.just(Call("b64", (Operand("evt.buffer"),)))


def of_one_type() -> list[list[str]]:
    """Fields that may be compared with each other, in captures of both kinds."""
    found: dict[tuple[Any, Any], list[str]] = {}
    for name in [*NUMBERS, *BOOLS, *TEXTS, *ADDRESSES]:
        spec = specs().get(name.partition("[")[0])
        if spec is not None and not spec.flags & {"NO_RHS", "NO_TRANSFORMER"}:
            found.setdefault((spec.type(False), spec.type(True)), []).append(name)
    return [names for names in found.values() if len(names) > 1]


def value_of(name: str) -> Call:
    return Call("val", (operand(name),))


def pairs() -> Any:
    """Comparisons of two fields."""

    def of(names: list[str]) -> Any:
        ops = ["=", "!=", "in", "intersects"]
        ops += ORDER if names[0] not in (*ADDRESSES, *BOOLS) else []
        ops += [*WORDS, "glob", "iglob"] if names[0] in TEXTS else []
        build = lambda a, op, b: Check(operand(a), op, right=value_of(b))  # noqa: E731
        return st.builds(build, st.sampled_from(names), st.sampled_from(ops), st.sampled_from(names))

    return st.sampled_from(of_one_type()).flatmap(of)


# --- checks -------------------------------------------------------------------------------------------


def checks(left: Any, plain: list[str], one: Any, many: list[str], name: str = "") -> Any:
    names = fields(left) if isinstance(left, list) else left
    listed = st.lists(one, min_size=1, max_size=4).map(tuple)
    if name:  # of a list, alone or beside a value
        listed = st.one_of(
            listed, st.just((ListName(name),)), st.just((Literal(name.encode()), Literal(b"0")))
        )
    modifiers = st.sampled_from(["anyof", "oneof", "allof"])
    plain_ops = st.sampled_from(plain)
    return st.one_of(
        st.builds(lambda f, op, v: Check(f, op, (v,)), names, plain_ops, one),
        st.builds(lambda f, op, vs: Check(f, op, vs), names, st.sampled_from(many), listed),
        st.builds(lambda f, op, mod, vs: Check(f, op, vs, mod), names, plain_ops, modifiers, listed),
        names.map(lambda f: Check(f, "exists")),
    )


ORDER = ["=", "==", "!=", "<", "<=", ">", ">="]
WORDS = ["contains", "icontains", "startswith", "endswith"]
older = st.one_of(
    checks(NUMBERS, ORDER, numbers, ["in", "intersects"], "numbers"),
    checks(BOOLS, ["=", "!="], st.sampled_from([Literal(b"true"), Literal(b"false")]), ["in"]),
    checks(TEXTS, ORDER + WORDS, literals, ["in", "intersects"], "names"),
    checks(EVENT_NAMES, ["=", "!="], st.sampled_from([Literal(b"read"), Literal(b"close")]), ["in"]),
    checks(EVENT_NAMES, WORDS, literals, ["pmatch"]),
    checks(TEXTS, ["glob", "iglob"], literal(GLOBS), ["in"]),
    checks(TEXTS, ["regex"], literal(REGEXES), ["in"]),
    checks(text_calls, ["glob", "iglob"], literal(GLOBS), ["pmatch"]),
    checks(TEXTS, ["contains"], literal(PATHS), ["pmatch"]),
    checks([*ADDRESSES, "fd.ip"], ["=", "!="], literal(IPS), ["in"]),
    checks([*NETS, "fd.net"], ["=", "!="], literal(RANGES), ["in"]),
    checks(["fd.port"], ["=", "!="], literal(["80", "http", "40000", "0x1f90", "70000"]), ["in"]),
    checks(["proc.aname"], ["=", "!=", "contains"], literals, ["in"]),
    checks(["evt.buffer"], ["contains", "startswith", "endswith", "=", "!="], literals, ["in", "intersects"]),
    checks(["evt.buffer"], ["bcontains", "bstartswith"], literal(HEX), ["in"]),
    st.sampled_from([Macro(name) for name in DEFINED]),
)
newer = st.one_of(
    checks(lengths, ORDER, numbers, ["in", "intersects"]),
    checks(text_calls, ORDER + WORDS, literals, ["in", "intersects", "pmatch"], "names"),
    checks(b64_buffers, ["contains", "bcontains"], literal(HEX), ["in"]),
    st.builds(
        lambda term, op, vs: Check(term, op, tuple(vs)),
        list_terms,
        st.sampled_from(["in", "intersects"]),
        st.lists(literal(["file", "ipv4", "FILE", "pipe", "s", "?", "80", "unix"]), max_size=4),
    ),
    list_terms.map(lambda term: Check(term, "exists")),
    pairs(),
    st.builds(
        lambda a, op, b: Check(a, op, right=b), list_calls, st.sampled_from(["in", "intersects"]), list_calls
    ),
    st.builds(
        lambda a, op, b: Check(a, op, right=b),
        text_fields,
        st.sampled_from(["=", "!=", "in", "contains", "<"]),
        text_calls,
    ),
)
leaves = st.one_of(older, newer)
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: And(tuple(items))),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: Or(tuple(items))),
    ),
    max_leaves=8,
)


# --- evaluating ---------------------------------------------------------------------------------------


class Story:
    """A capture with the values of its fields, each read for one event at a time."""

    def __init__(self, capture: Capture, old: bool) -> None:
        self.capture = capture
        self.rows = range(capture.count)
        self._values: dict[str, list[Any]] = {}
        self.naive = Naive(several, {name: parsed(text) for name, text in DEFINED.items()}, NAMED, old)

    def value(self, name: str, row: int) -> Any:
        if name not in self._values:
            known = self.side(name) if "#" in name else column(self.capture, name, self.rows)
            self._values[name] = known
        return self._values[name][row]

    def side(self, name: str) -> list[Any]:
        """One end of each event's socket, from its descriptor, even when it has no role."""
        family = column(self.capture, "fd.sockfamily", self.rows)
        return [self.end(row, name) if family[row] == b"ip" else None for row in self.rows]

    def end(self, row: int, name: str) -> Any:
        fds = self.capture.index.fds
        fd = int(self.capture.index.events.fd[row])
        first = name.endswith("0") or fds.kind[fd] in (5, 6)  # a server has one end
        if name.startswith("fd.port"):
            return int((fds.sport if first else fds.dport)[fd])
        size = 4 if fds.kind[fd] in (3, 5) else 16
        return ipaddress.ip_address((fds.sip if first else fds.dip)[fd][:size].tobytes())

    def wanted(self, node: Node) -> list[bool]:
        return [self.naive.accepts(node, lambda name, row=row: self.value(name, row)) for row in self.rows]

    def compile(self, text: str) -> Filter:
        return compile_filter(text, self.capture.fields, MACROS)

    def mask(self, text: str) -> list[bool]:
        return self.compile(text).mask().tolist()


def several(name: str) -> list[str] | None:
    if name in ("fd.ip", "fd.net", "fd.port"):
        return [f"{name}#0", f"{name}#1"]
    return [f"proc.aname[{n}]" for n in range(1, 9)] if name == "proc.aname" else None


def parsed(text: str) -> Node:
    node = parse(text)
    assert node is not None
    return node


@pytest.fixture(scope="module", params=["old", "new"])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder: Path = tmp_path_factory.mktemp(request.param)
    old = request.param == "old"
    return Story(query_story.capture(folder, modern=not old), old)


SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
FAST = settings(max_examples=250, deadline=None, suppress_health_check=SLOW)


def possible(story: Story, node: Node) -> bool:
    """Whether all comparisons of two sides are allowed in this kind of capture."""
    try:
        story.compile(str(node))
    except FilterError as error:
        assert "one type" in error.reason or "the right side" in error.reason
        return False
    return True


@settings(FAST, max_examples=600)
@given(node=leaves)
def test_single_checks(story: Story, node: Node) -> None:
    if possible(story, node):
        assert story.mask(str(node)) == story.wanted(node)


@FAST
@given(node=nodes)
def test_masks(story: Story, node: Node) -> None:
    if not possible(story, node):
        return
    chosen = story.compile(str(node))
    wanted = story.wanted(node)
    assert chosen.mask().tolist() == wanted
    assert chosen.mask().tolist() == wanted  # from the cache
    start, stop = 5, 30
    window = tuple(int(ts) for ts in story.capture.index.events.ts[[start, min(stop, len(wanted) - 1)]])
    inside = [start <= row < min(stop, len(wanted) - 1) for row in story.rows]
    narrow = story.compile(str(node)).mask(window=window)
    assert narrow.tolist() == [a and b for a, b in zip(wanted, inside, strict=True)]
    some = np.array([7, 3, 3, 20])
    assert chosen.mask(some).tolist() == [wanted[row] for row in some.tolist()]


@FAST
@given(node=nodes)
def test_twice_not(story: Story, node: Node) -> None:
    if not possible(story, node):
        return
    plain = story.mask(str(node))
    assert story.mask(f"not not ({node})") == plain
    assert story.mask(f"not ({node})") == [not value for value in plain]


@FAST
@given(first=nodes, second=nodes)
def test_de_morgan(story: Story, first: Node, second: Node) -> None:
    if not (possible(story, first) and possible(story, second)):
        return
    a, b = story.mask(str(first)), story.mask(str(second))
    both = [x and y for x, y in zip(a, b, strict=True)]
    either = [x or y for x, y in zip(a, b, strict=True)]
    assert story.mask(f"({first}) and ({second})") == both
    assert story.mask(f"({first}) or ({second})") == either
    assert story.mask(f"not (not ({first}) or not ({second}))") == both
    assert story.mask(f"not (not ({first}) and not ({second}))") == either
    assert (story.compile(str(first)) & story.compile(str(second))).mask().tolist() == both


@FAST
@given(node=nodes, cuts=st.lists(st.integers(-1, 40), min_size=3, max_size=3).map(sorted))
def test_slices_of_time_add_up(story: Story, node: Node, cuts: list[int]) -> None:
    if not possible(story, node):
        return
    ts = story.capture.index.events.ts
    at = [int(ts[0]) - 1 if cut < 0 else int(ts[min(cut, len(ts) - 1)]) + (cut >= len(ts)) for cut in cuts]
    chosen = story.compile(str(node))
    first, second = chosen.mask(window=(at[0], at[1])), chosen.mask(window=(at[1], at[2]))
    assert not (first & second).any()
    assert (first | second).tolist() == chosen.mask(window=(at[0], at[2])).tolist()
    everything = chosen.mask(window=(int(ts[0]), int(ts[-1]) + 1))
    assert everything.tolist() == chosen.mask().tolist()


@FAST
@given(node=nodes)
def test_printing(node: Node) -> None:
    assert parse(str(node)) == node
    assert str(parse(str(node))) == str(node)


@FAST
@given(name=st.from_regex(r"[a-z]{1,5}(\.[a-z_]{1,5}){1,3}", fullmatch=True), value=st.binary(max_size=40))
def test_printing_of_any_value(name: str, value: bytes) -> None:
    known = parse(str(Check(Operand(name), "=", (Literal(value),))))
    assert isinstance(known, Check)
    assert known.values == (Literal(value),)
    listed = Check(Operand(name), "in", (Literal(value), Literal(value, 0, True)))
    again = parse(str(listed))
    assert again == listed
    call = Check(Call("concat", (Literal(value), Operand(name, "x y"))), "exists")
    assert parse(str(call)) == call


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
