"""What transformers do to values; the newest reader's own cases are among them."""

from __future__ import annotations

import base64
import random

import numpy as np
import pytest

from scaptui.core.query.cells import Cells, Kind, ids, intern_all, ints, texts_of
from scaptui.core.query.many import MAX_PATTERNS, any_pattern, how_many
from scaptui.core.query.patterns import BadPattern, regex
from scaptui.core.query.predicates import Ordered
from scaptui.core.query.terms import Combined, factorize, lists_of
from scaptui.core.query.transformers import Shape, decode, function_of, getopt

TEXT, BUFFER = Shape("CHARBUF"), Shape("BYTEBUF")
LIST = Shape("CHARBUF", is_list=True)


@pytest.mark.parametrize(
    ("name", "given", "value", "wanted"),
    [
        ("toupper", TEXT, b"eXcItED_1 \xc3\xa4", b"EXCITED_1 \xc3\xa4"),
        ("tolower", TEXT, b"NoT", b"not"),
        ("toupper", LIST, (b"a", b"bC"), (b"A", b"BC")),
        ("basename", TEXT, b"/home/ubuntu/hello.txt", b"hello.txt"),
        ("basename", TEXT, b"/", b""),
        ("basename", TEXT, b"/hello/", b""),
        ("basename", TEXT, b"hello", b"hello"),
        ("len", TEXT, b"/home/ubuntu/hello.txt", 22),
        ("len", TEXT, b"", 0),
        ("len", BUFFER, b"\0\1\2", 3),
        ("len", LIST, (), 0),
        ("len", LIST, (b"", b""), 2),
        ("b64", TEXT, b"aGVsbG8=", b"hello"),
        ("b64", TEXT, b"aGVsbG8", b"hello"),
        ("b64", TEXT, b"d29ybGQgIQ==", b"world !"),
        ("b64", TEXT, b"", b""),
        ("b64", TEXT, b"AAE=", b""),  # text ends at NUL
        ("b64", BUFFER, b"AAE=", b"\0\1"),
        ("b64", LIST, (b"YQ", b"Yg"), (b"a", b"b")),
        ("b64", LIST, (b"YQ", b"!"), None),
    ],
)
def test_single(name: str, given: Shape, value: object, wanted: object) -> None:
    assert function_of(name, None, [given])(value) == wanted


@pytest.mark.parametrize("text", [b"a", b"ab", b"aG=VsbG8", b"aGVs bG8", b"aGVsbG8*", b"====", b"=", b"-_-_"])
def test_what_is_not_base64_has_no_value(text: bytes) -> None:
    assert decode(text) is None


def test_base64_comes_back() -> None:
    dice = random.Random(1)
    for length in range(60):
        data = dice.randbytes(length)
        assert decode(base64.b64encode(data)) == data
        assert decode(base64.b64encode(data).rstrip(b"=")) == data


@pytest.mark.parametrize(
    ("args", "options", "letter", "wanted"),
    [
        ("-n|", "n", None, ["n"]),
        ("-t|hello", "t:", None, ["t", "hello"]),
        ("-nt|hello", "nt:", None, ["n", "t", "hello"]),
        ("-thello", "t:", None, ["t", "hello"]),
        ("-n|-t|hello", "nt:", None, ["n", "t", "hello"]),
        ("-n|--|-t", "nt:", None, ["n"]),
        ("-x|-n", "n", None, ["?", "n"]),
        ("-l|-p|8080|-e|/bin/sh", "lp:e:", None, ["l", "p", "8080", "e", "/bin/sh"]),
        ("-lpe|/bin/sh", "lp:e:", None, ["l", "p", "e"]),
        ("-lpe|/bin/sh", "lpe:", None, ["l", "p", "e", "/bin/sh"]),
        ("-n|-t", "", None, ["?", "?"]),
        ("--exec|-n", "n", None, ["n"]),
        ("x|-n", "n", None, []),
        ("-|-n", "n", None, []),
        ("-t", "t:", None, [""]),
        ("-:", ":", None, ["?"]),
        ("-t|a|-t|b", "t:", "t", "b"),
        ("-t", ":t:", "t", ""),
        ("-n", "n", "n", "n"),
        ("-n", "nt:", "t", None),
        ("-t|", "t:", "t", ""),
    ],
)
def test_getopt(args: str, options: str, letter: str | None, wanted: list[str] | str | None) -> None:
    found = getopt(
        tuple(word.encode() for word in args.split("|")), options.encode(), letter and letter.encode()
    )
    if isinstance(wanted, list):
        assert found == tuple(word.encode() for word in wanted)
    else:
        assert found == (None if wanted is None else wanted.encode())


# --- columns ------------------------------------------------------------------------------------------


class Rows:
    def __init__(self, strings: object, count: int) -> None:
        self.strings = strings
        self.count = count


def test_combinations_are_those_of_the_rows(new) -> None:  # type: ignore[no-untyped-def]
    """Every kind of column side by side gives what joining row by row gives."""
    strings, dice = new.index.strings, random.Random(7)
    count = 200
    words = [None if dice.random() < 0.2 else dice.choice([b"a", b"bb", b""]) for _ in range(count)]
    numbers = [dice.choice([-1, 0, 7]) for _ in range(count)]
    texts = [None if dice.random() < 0.1 else b"t%d" % dice.randrange(4) for _ in range(count)]
    lists = [(b"x",) * dice.randrange(3) for _ in range(count)]
    columns: list[Cells] = [
        intern_all(strings, words),
        ints(np.array(numbers)),
        texts_of(texts),
        lists_of(lists),
    ]
    combined = Combined(columns, Rows(strings, count))  # type: ignore[arg-type]
    found = combined.map(lambda a, b, c, d: b"|".join((a, b, c, *d)), TEXT)
    wanted = [
        None if a is None or c is None else b"|".join((a, b"%d" % b, c, *d)).decode()
        for a, b, c, d in zip(words, numbers, texts, lists, strict=True)
    ]
    assert found.texts(strings) == wanted
    assert len(combined.tuples) < count


def test_nothing_is_done_to_missing_values(new) -> None:  # type: ignore[no-untyped-def]
    strings = new.index.strings
    seen: list[bytes] = []
    cells = ids(np.array([0, 1, 1]), np.array([False, True, True]))
    combined = Combined([cells], Rows(strings, 3))  # type: ignore[arg-type]
    found = combined.map(lambda text: (seen.append(text), None)[1], TEXT)
    assert seen == [strings[1]]
    assert not found.valid.any()
    assert len(Combined([cells.take(np.zeros(0, np.int64))], Rows(strings, 0)).map(len, Shape("UINT64"))) == 0  # type: ignore[arg-type]


def test_codes_of_numbers_stand_for_their_text(new) -> None:  # type: ignore[no-untyped-def]
    codes, values = factorize(
        Cells(Kind.UINT, np.array([-1, 3, -1]), np.array([True, True, True])), new.index.strings
    )
    assert [values[code] for code in codes.tolist()] == [
        b"18446744073709551615",
        b"3",
        b"18446744073709551615",
    ]


# --- several values -----------------------------------------------------------------------------------

WORDS = [b"", b"a", b"A", b"ab", b"abc", b"b", b"bc", b"aa", b"a", b"\xff", b"abcabc"]
ONE = {
    "=": lambda t, v: t == v,
    "!=": lambda t, v: t != v,
    "<": lambda t, v: t < v,
    "<=": lambda t, v: t <= v,
    ">": lambda t, v: t > v,
    ">=": lambda t, v: t >= v,
    "contains": lambda t, v: v in t,
    "icontains": lambda t, v: v.lower() in t.lower(),
    "bcontains": lambda t, v: v in t,
    "startswith": lambda t, v: t.startswith(v),
    "bstartswith": lambda t, v: t.startswith(v),
    "endswith": lambda t, v: t.endswith(v),
}


@pytest.mark.parametrize("op", ONE)
def test_how_many(op: str) -> None:
    many = WORDS + [b"z%d" % n for n in range(50)]
    for values in (WORDS, many, WORDS[:1], []):
        count = how_many(op, values)
        for text in [*WORDS, b"xabcy", b"z1", b"ABCABC"]:
            assert count(text) == sum(ONE[op](text, value) for value in values), (text, values)


def test_how_many_patterns() -> None:
    assert how_many("glob", [b"a*", b"*b", b"[c]"])(b"ab") == 2
    assert how_many("iglob", [b"A*", b"x"])(b"ab") == 1
    assert how_many("regex", [b"a.", b"..", b"b"])(b"ab") == 2
    for op, values in (
        ("glob", [b"a*", b"[xy]?", b"*b|c"]),
        ("iglob", [b"A*", b"[XY]"]),
        ("regex", [b"a.", b"b|c"]),
    ):
        count, any_ = how_many(op, values), any_pattern(op, values)
        for text in (b"ab", b"xb", b"b|c", b"c", b"X", b"y", b"", b"bb|c", b"a"):
            assert bool(any_(text)) == (count(text) > 0), (op, text)
    assert not any_pattern("glob", [])(b"")
    with pytest.raises(BadPattern):
        any_pattern("regex", [b"a)|(b"])
    with pytest.raises(BadPattern, match=f"at most {MAX_PATTERNS}"):
        how_many("glob", [b"*"] * (MAX_PATTERNS + 1))


@pytest.mark.parametrize("kind", [Kind.INT, Kind.UINT, Kind.FLOAT])
def test_how_many_numbers(kind: Kind) -> None:
    numbers = [-(2**70), -5, -1, 0, 3, 3, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**80]
    values = np.array([-5, -1, 0, 3, 4, 2**63 - 1, -(2**63)], np.int64)
    cells = ints(values, kind=kind) if kind is not Kind.FLOAT else Cells(kind, values / 2, values == values)
    shown = [v / 2 if kind is Kind.FLOAT else v % 2**64 if kind is Kind.UINT else v for v in values.tolist()]
    given = [float(n) for n in numbers] if kind is Kind.FLOAT else numbers
    for op in ("=", "!=", "<", "<=", ">", ">="):
        wanted = [sum(ONE[op](value, number) for number in given) for value in shown]
        assert Ordered(given).count(cells, op).tolist() == wanted, op


# --- regular expressions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        (b"a|ab", b"ab", True),  # the longest alternative, not the first
        (b"ab", b"xab", False),
        (b"[[:digit:]]+", b"123", True),
        (b".", b"\n", False),
        (b"[^x]", b"\n", True),
        (b".", "ä".encode(), True),
        (b".", b"\xff", True),  # broken UTF-8 is one character
        (b"x.*", b"x\0y", True),
        (b"^a$", b"a", True),
        (b"", b"", True),
        (b"a{2,3}", b"aaaa", False),
        (b"(a*)*b", b"a" * 5000, False),
    ],
)
def test_regex(pattern: bytes, text: bytes, wanted: bool) -> None:
    assert regex(pattern)(text) is wanted


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (b"(", "missing"),
        (b"*", "no argument"),
        (b"\\d", "invalid escape"),
        (b"\\b", "invalid escape"),
        (b"(?i)a", "no argument"),
        (b"(a{1000}){1000}", "repetition"),
        (b"(.{1000}){20}", "repetition|too large"),
        (b"x" * 100_000, "too large"),
        (b"\xff", "UTF-8"),
    ],
)
def test_bad_patterns(pattern: bytes, reason: str) -> None:
    with pytest.raises(BadPattern, match=reason):
        regex(pattern)
