from __future__ import annotations

import random
import time

import pytest

from scaptui.core.errors import FilterError
from scaptui.core.query.ast import And, Check, Literal, Node, Not, Operand, Or, both
from scaptui.core.query.parser import MAX_DEPTH, parse


def check(field: str, op: str, *values: str, modifier: str = "") -> Check:
    name, _, arg = field.partition("[")
    operand = Operand(name, arg.rstrip("]") if arg else None)
    return Check(operand, op, tuple(Literal(v.encode()) for v in values), modifier)


A, B, C = check("a.a", "=", "1"), check("b.b", "=", "2"), check("c.c", "=", "3")

TREES: list[tuple[str, Node | None]] = [
    ("", None),
    (" \t\r\n", None),
    ("a.a=1", A),
    ("a.a = 1", A),
    ("  a.a=1  ", A),
    ("(a.a=1)", A),
    ("((a.a=1))", A),
    ("not a.a=1", Not(A)),
    ("not(a.a=1)", Not(A)),
    ("not not a.a=1", Not(Not(A))),
    ("a.a=1 and b.b=2 and c.c=3", And((A, B, C))),
    ("a.a=1 or b.b=2 or c.c=3", Or((A, B, C))),
    ("a.a=1 or b.b=2 and c.c=3", Or((A, And((B, C))))),
    ("a.a=1 and b.b=2 or c.c=3", Or((And((A, B)), C))),
    ("a.a=1 and (b.b=2 or c.c=3)", And((A, Or((B, C))))),
    ("(a.a=1 and b.b=2) and c.c=3", And((And((A, B)), C))),
    ("not a.a=1 and b.b=2", And((Not(A), B))),
    ("not (a.a=1 or b.b=2)", Not(Or((A, B)))),
    ("a.a=1 and(b.b=2)", And((A, B))),
    ("evt.dir=<", check("evt.dir", "=", "<")),
    ("evt.dir = >", check("evt.dir", "=", ">")),
    ("evt.dir!=>", check("evt.dir", "!=", ">")),
    ("(evt.dir=<)", check("evt.dir", "=", "<")),
    ("a.a==1", check("a.a", "==", "1")),
    ("a.a<=1", check("a.a", "<=", "1")),
    ("a.a>=1", check("a.a", ">=", "1")),
    ("a.a<1", check("a.a", "<", "1")),
    ("a.a exists", check("a.a", "exists")),
    ("not a.a exists and b.b=2", And((Not(check("a.a", "exists")), B))),
    ("a.a in (x)", check("a.a", "in", "x")),
    ("a.a in(x,y , 'z z')", check("a.a", "in", "x", "y", "z z")),
    ("a.a in ()", check("a.a", "in")),
    ("a.a pmatch (/etc, /usr/)", check("a.a", "pmatch", "/etc", "/usr/")),
    ("a.a intersects (x)", check("a.a", "intersects", "x")),
    ("a.a contains x", check("a.a", "contains", "x")),
    ("a.a contains 'x y'", check("a.a", "contains", "x y")),
    ("a.a = anyof (x, y)", check("a.a", "=", "x", "y", modifier="anyof")),
    ("a.a != allof(x)", check("a.a", "!=", "x", modifier="allof")),
    ("a.a = anyof", check("a.a", "=", "anyof")),
    ("a.a=x,y", check("a.a", "=", "x,y")),
    ("a.a=x=y", check("a.a", "=", "x=y")),
    ("a.a=and", check("a.a", "=", "and")),
    ("proc.aname[2]=1", check("proc.aname[2]", "=", "1")),
    ("proc.env['A B']=1", Check(Operand("proc.env", "A B"), "=", (Literal(b"1"),))),
    ("evt.arg.fd=1", check("evt.arg.fd", "=", "1")),
    ('a.a="x\\"y"', check("a.a", "=", 'x"y')),
    ("a.a='x\\'y'", check("a.a", "=", "x'y")),
    ("a.a='x\"y'", check("a.a", "=", 'x"y')),
    ("a.a='a\\nb'", check("a.a", "=", "a\nb")),
    ("a.a=a\\nb", check("a.a", "=", "a\\nb")),
    ("a.a=a\\\\b", check("a.a", "=", "a\\b")),
    ("a.a='\\d'", check("a.a", "=", "\\d")),
    ("a.a=''", check("a.a", "=", "")),
    ("a.a=ä", check("a.a", "=", "ä")),
]


@pytest.mark.parametrize(("text", "tree"), TREES)
def test_trees(text: str, tree: Node | None) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(("text", "tree"), [t for t in TREES if t[1] is not None])
def test_printing_gives_the_same_tree(text: str, tree: Node) -> None:
    assert parse(str(tree)) == tree
    assert str(parse(str(tree))) == str(tree)


def test_escapes_of_bytes() -> None:
    tree = parse("evt.buffer contains '\\x00\\xfF'")
    assert isinstance(tree, Check)
    assert tree.values[0].value == b"\x00\xff"
    assert parse(str(tree)) == tree


ERRORS = [
    ("foo", 3, "operator", None),
    ("a.a", 3, "operator", None),
    ("a.a=", 4, "value", None),
    ("a.a= ", 5, "value", None),
    ("a.a contians x", 4, "operator", "contains"),
    ("a.a CONTAINS x", 4, "operator", "contains"),
    ("a.a=1 b.b=2", 6, "'and' or 'or'", None),
    ("a.a=1 AND b.b=2", 6, "'and' or 'or'", "and"),
    ("and a.a=1", 0, "field name", None),
    ("NOT a.a=1", 0, "field name", "not"),
    ("a.a=1 and", 9, "field name", None),
    ("not", 3, "field name", None),
    ("()", 1, "field name", None),
    ("(a.a=1", 0, "')'", None),
    ("a.a=1)", 5, "no '('", None),
    ("a.a=1 and (b.b=2 c.c=3)", 17, "')'", None),
    ("a.a='x", 4, "closing '", None),
    ("a.a=\"x'", 4, 'closing "', None),
    ("a.a in x", 7, "'('", None),
    ("a.a in (x", 7, "')'", None),
    ("a.a in (x y)", 10, "','", None),
    ("a.a in (x,)", 10, "value", None),
    ("a.a in (,x)", 8, "value", None),
    ("a.a=(x)", 4, "value", None),
    ("a.a[", 3, "']'", None),
    ("a.a[x=1", 3, "']'", None),
    ("a.a='\\x1'", 5, "hex digits", None),
    ("=1", 0, "field name", None),
    ("1.a=1", 0, "field name", None),
    ("💥", 0, "field name", None),
]


@pytest.mark.parametrize(("text", "column", "expected", "suggestion"), ERRORS)
def test_errors_name_the_column(text: str, column: int, expected: str, suggestion: str | None) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert (error.column, error.suggestion) == (column, suggestion)
    assert expected in error.reason
    assert "expected" in error.reason
    assert str(error).startswith(f"Column {column + 1}: ")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000,
        "not " * 50_000,
        "(not " * 30_000,
        "(" * 200 + "a.a=1" + ")" * 200,
        "not(" * 101 + "a.a=1",
    ],
)
def test_hostile_nesting_is_an_error(text: str) -> None:
    with pytest.raises(FilterError, match=f"at most {MAX_DEPTH} nested"):
        parse(text)


def test_deep_nesting_within_the_limit() -> None:
    depth = MAX_DEPTH - 1
    tree = parse("(" * depth + "a.a=1" + ")" * depth)
    assert tree == A
    assert parse("not " * MAX_DEPTH + "a.a=1") is not None


@pytest.mark.parametrize("piece", ["a.a=1 or ", "a.a in (x) and ", "(a.a='x') or not "])
def test_long_filters_take_linear_time(piece: str) -> None:
    def seconds(times: int) -> float:
        text = piece * times + "a.a=1"
        begun = time.perf_counter()
        parse(text)
        return time.perf_counter() - begun

    seconds(100)
    short, long = min(seconds(1_000) for _ in range(5)), min(seconds(8_000) for _ in range(3))
    assert long < 40 * max(short, 1e-3)


def test_long_values_and_lists() -> None:
    tree = parse("a.a in (" + ",".join(str(i) for i in range(50_000)) + ")")
    assert isinstance(tree, Check)
    assert len(tree.values) == 50_000
    tree = parse("a.a='" + "\\\\" * 100_000 + "'")
    assert isinstance(tree, Check)
    assert tree.values[0].value == b"\\" * 100_000


def test_random_text_never_does_worse_than_an_error() -> None:
    dice = random.Random(4)
    words = [
        *(
            "and",
            "or",
            "not",
            "(",
            ")",
            "in",
            "exists",
            "contains",
            "glob",
            "anyof",
            ",",
            "'",
            '"',
            "\\",
            "\\x4",
        ),
        *(
            "evt.type",
            "fd.name",
            "proc.aname[2]",
            "evt.arg.fd",
            "=",
            "!=",
            "<",
            ">=",
            " ",
            "\t",
            "\n",
            "x",
            "1",
        ),
        *("[", "]", "\0", "ä", "\ud800", "-", ".", "0x1f"),
    ]
    good = 0
    for _ in range(20_000):
        text = "".join(dice.choice(words) + dice.choice(("", " ")) for _ in range(dice.randrange(12)))
        try:
            tree = parse(text)
        except FilterError as error:
            assert 0 <= error.column <= len(text)
            continue
        good += 1
        if tree is not None:
            assert parse(str(tree)) == tree
    assert good > 100


def test_both() -> None:
    assert both(None, None) is None
    assert both(A, None) == A
    assert both(None, B) == B
    assert both(And((A, B)), C) == And((A, B, C))
    assert both(Or((A, B)), C) == And((Or((A, B)), C))
