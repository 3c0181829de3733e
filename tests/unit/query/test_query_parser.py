from __future__ import annotations

import random
import time

import pytest

from scaptui.core.errors import FilterError
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
    both,
)
from scaptui.core.query.parser import MAX_ARGUMENTS, MAX_CALLS, MAX_DEPTH, parse


def check(field: str, op: str, *values: str, modifier: str = "") -> Check:
    name, _, arg = field.partition("[")
    operand = Operand(name, arg.rstrip("]") if arg else None)
    return Check(operand, op, tuple(Literal(v.encode()) for v in values), modifier)


A, B, C = check("a.a", "=", "1"), check("b.b", "=", "2"), check("c.c", "=", "3")

FIRST = Operand("a.a", "1")
MIXED = (Operand("a.a"), Literal(b"b c"), Literal(b"5"), Literal(b"-0"))
JOINED = (Literal(b","), Items((Operand("a.a"), Items(()))))
GETOPT = (Items((Operand("a.a"),)), Literal(b"x:"))


def named(op: str, modifier: str) -> Check:
    return Check(Operand("a.a"), op, (ListName("shells"),), modifier)


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
    ("a.a='\\ x'", check("a.a", "=", "\\x")),
    ("a.a='\\/'", check("a.a", "=", "/")),
    # names
    ("web", Macro("web")),
    ("not web and (a.a=1 or web)", And((Not(Macro("web")), Or((A, Macro("web")))))),
    ("a.a in shells", Check(Operand("a.a"), "in", (ListName("shells"),))),
    ("a.a = anyof shells and b.b=2", And((named("=", "anyof"), B))),
    ("a.a = anyof and b.b=2", And((check("a.a", "=", "anyof"), B))),
    ("a.a = oneof or web", Or((check("a.a", "=", "oneof"), Macro("web")))),
    ("a.a in (shells, 'shells')", check("a.a", "in", "shells", "shells")),
    # transformers and fields on the right side
    ("len(a.a)>3", Check(Call("len", (Operand("a.a"),)), ">", (Literal(b"3"),))),
    ("toupper( basename(a.a[1]) ) exists", Check(Call("toupper", (Call("basename", (FIRST,)),)), "exists")),
    ('concat(a.a, "b c", 5, -0) = x', Check(Call("concat", MIXED), "=", (Literal(b"x"),))),
    ("join(',', (a.a, ()))=x", Check(Call("join", JOINED), "=", (Literal(b"x"),))),
    ("getopt((a.a), 'x:')[x]=1", Check(Call("getopt", GETOPT, "x"), "=", (Literal(b"1"),))),
    ("a.a = val(b.b)", Check(Operand("a.a"), "=", right=Call("val", (Operand("b.b"),)))),
    ("a.a in val( b.b[x] )", Check(Operand("a.a"), "in", right=Call("val", (Operand("b.b", "x"),)))),
    ("a.a>len(b.b) or a.a=1", Or((Check(Operand("a.a"), ">", right=Call("len", (Operand("b.b"),))), A))),
    ("a.a = len", check("a.a", "=", "len")),
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
    ("foo bar", 4, "'and' or 'or'", None),
    ("foo.", 3, "operator", None),
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
    ("a.a in 3", 7, "'('", None),
    ("a.a in", 6, "'('", None),
    ("a.a in and b.b=2", 7, "'('", None),
    ("a.a = anyof 'x'", 12, "'and' or 'or'", None),
    ("toupper(a.a", 0, "')'", None),
    ("toupper(a.a b.b)=1", 12, "','", None),
    ("touper(a.a)=1", 0, "a transformer", "toupper"),
    ("concat()=1", 7, "a field, a transformer", None),
    ("concat(a.a,)=1", 11, "a field, a transformer", None),
    ("join(',', (a.a)=1", 15, "',' or ')'", None),
    ("val(a.a)=1", 0, "right side", None),
    ("a.a = val()", 10, "a field name in val", None),
    ("a.a = val('x')", 10, "a field name in val", None),
    ("a.a = val(b.b", 6, "')'", None),
    ("len(a.a)[=1", 8, "']'", None),
    ("a.a=f-x(y", 7, "'and' or 'or'", None),
    ("a.a in (x(y))", 8, "a transformer", None),
    ("a.a=touper(b.b)", 4, "a transformer", "toupper"),
    ("a.a=Val(b.b)", 4, "a transformer", "val"),
    ("len (a.a)=1", 4, "'and' or 'or'", None),
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


def test_hostile_nesting_of_transformers_is_an_error() -> None:
    for text in ("len(" * 50_000, "join('', " + "(" * 50_000, "a.a = " + "toupper(" * 50_000):
        with pytest.raises(FilterError, match=f"at most {MAX_CALLS} transformers"):
            parse(text)
    deepest = "toupper(" * MAX_CALLS + "a.a" + ")" * MAX_CALLS + " exists"
    assert str(parse(deepest)) == deepest


def test_a_transformer_takes_only_so_many() -> None:
    for text in ("concat({})=x", "join('', ({}))=x"):
        assert parse(text.format(",".join(["a.a"] * MAX_ARGUMENTS))) is not None
        with pytest.raises(FilterError, match=f"at most {MAX_ARGUMENTS} arguments"):
            parse(text.format(",".join(["a.a"] * (MAX_ARGUMENTS + 1))))


def test_names_may_be_refused() -> None:
    for text, column in (("web", 3), ("a.a in web", 7), ("a.a=1 and web", 13)):
        with pytest.raises(FilterError) as caught:
            parse(text, names=False)
        assert caught.value.column == column


def test_what_was_quoted_is_no_name_after_printing() -> None:
    tree = parse("a.a in (shells, 'shells', 'x y', \"z\")")
    assert str(tree) == 'a.a in (shells, "shells", "x y", "z")'
    assert isinstance(tree, Check)
    assert [value.is_name for value in tree.values if isinstance(value, Literal)] == [
        True,
        False,
        False,
        False,
    ]


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
        *("len(", "join(", "val(", "getopt(", "web", "regex", "'a'"),
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
