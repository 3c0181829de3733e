"""Whatever is typed gives a mask or an error with a place in the text: never another exception, never a hang.

``SCAPTUI_FUZZ`` is how many filters are tried (default 5000), ``SCAPTUI_FUZZ_SEED`` where to begin.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import query_story

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.query.ast import LIST_OPERATORS, MODIFIERS, SCALAR_OPERATORS, TRANSFORMERS, WORD_OPERATORS
from scaptui.core.query.cells import Kind
from scaptui.core.query.macros import Macros, NamedFilter, NamedList
from scaptui.core.query.parser import parse
from scaptui.core.query.registry import ArgRule, kind_of, specs

COUNT = int(os.environ.get("SCAPTUI_FUZZ", "5000"))
SEED = int(os.environ.get("SCAPTUI_FUZZ_SEED", "0"))
WHOLE = 40  # of so many filters that compile one is asked of all events, the others of some

MACROS = Macros(
    [
        NamedFilter("web", "fd.sport in ports"),
        NamedFilter("odd", "not web or evt.num in (1, 2)"),
        NamedFilter("bad", "proc.nosuch=1"),
    ],
    [NamedList("ports", ("80", "http")), NamedList("shells", ("sh", "bash")), NamedList("none", ())],
)
VALUES = [
    *(
        "x",
        "1",
        "-1",
        "0x1f",
        "80",
        "http",
        "true",
        "false",
        "open",
        "read",
        "/etc",
        "10.0.0.1",
        "10.0.0.0/8",
    ),
    *(
        "::1",
        "2001:db8::/32",
        "''",
        '""',
        "'a b'",
        "'\\x00'",
        "\\x41",
        "'\\n'",
        "é",
        "[a-z]*",
        "*.so",
        "99999999999",
    ),
    *(
        "184467440737095516150",
        "-9223372036854775809",
        "1e5",
        "2.5",
        "'(a|b)*'",
        "'['",
        "'(?i)x'",
        "00ff",
        "0f0",
    ),
    *(
        "'" + "x" * 300 + "'",
        "SUCCESS",
        "<",
        ">",
        "<NA>",
        "\ud800",
        "\0",
        "val(proc.name)",
        "len(fd.name)",
        "ports",
    ),
]
ARGUMENTS = [
    *(
        "",
        "",
        "",
        "[0]",
        "[1]",
        "[99]",
        "[-1]",
        "[x]",
        "[]",
        "['a b']",
        "[",
        "[1",
        "[1]]",
        ".x",
        ".res",
        ".fd",
        ".",
    ),
    *(
        "[" + "9" * 5000 + "]",
        "[0x1]",
        "[1 ]",
        "[²]",
        "[" + "0" * 5000 + "]",
        ".is.open",
        "[/]",
        '["]',
        "[\0]",
    ),
]
SOUP = [
    *("and", "or", "not", "(", ")", ",", "'", '"', "\\", "\\x4", "[", "]", ".", "-", "=", "\0", "ä"),
    *("&&", "!", "\ud800", " ", "\t", "\n", "web", "odd", "bad", "shells", "0", "\x85", "²", "{", "$"),
    *SCALAR_OPERATORS, *WORD_OPERATORS, *MODIFIERS, *(f"{name}(" for name in TRANSFORMERS), "val(", *VALUES,
]  # fmt: skip


_TEXTS = ("x", "'a b'", "/etc/*", "'[a-z]+'", "''", "é", "'\\x00'", "ports", "root", "ipv4")
_NUMBERS = ("0", "1", "-1", "80", "0x1f", "99999999999999999999")
SENSIBLE: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.STR: ((*SCALAR_OPERATORS, "contains", "glob", "iglob", "regex", "in", "pmatch", "exists"), _TEXTS),
    Kind.INT: ((*SCALAR_OPERATORS, "in", "exists"), _NUMBERS),
    Kind.UINT: ((*SCALAR_OPERATORS, "in", "exists"), _NUMBERS),
    Kind.FLOAT: ((*SCALAR_OPERATORS, "in"), (*_NUMBERS, "2.5", "1e300")),
    Kind.BOOL: (("=", "!=", "in", "exists"), ("true", "false")),
    Kind.BYTES: (("=", "contains", "startswith", "bcontains"), ("00", "ff0a", "47")),
    Kind.IP: (("=", "!=", "in"), ("10.0.0.1",)),
}
USUAL = {
    "evt.arg": (".res", ".fd", "[0]", "[99]"),
    "evt.rawarg": (".res", ".fd", ".size"),
    "evt.type.is": (".open", ".3"),
    "evt.around": ("[1]",),
    "thread.cgroup": (".cpu", ".memory"),
}


class Typist:
    """Types filters, more or less well."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.fields = list(specs())

    def field(self) -> str:
        return self.dice.choice(self.fields) + self.dice.choice(ARGUMENTS)

    def sensible(self) -> str:
        """Return a check that is probably right."""
        name = self.dice.choice(self.fields)
        spec = specs()[name]
        if spec.arg is ArgRule.REQUIRED:
            name += self.dice.choice(USUAL.get(name, ("[0]", "[x]")))
        elif spec.arg is ArgRule.OPTIONAL and self.dice.random() < 0.3:
            name += "[1]"
        operators, values = SENSIBLE.get(kind_of(spec.type(True)), SENSIBLE[Kind.STR])
        if spec.type(True) in ("IPADDR", "IPNET"):
            values = ("10.0.0.1", "::1") if spec.type(True) == "IPADDR" else ("10.0.0.0/8", "2001:db8::/32")
        if name == "evt.type":
            values = ("open", "read", "close")
        op = self.dice.choice(operators)
        if op == "exists":
            return f"{name} exists"
        if self.dice.random() < 0.2 and kind_of(spec.type(True)) is Kind.STR and name != "evt.type":
            name = f"{self.dice.choice(('toupper', 'basename', 'b64'))}({name})"
        if op in LIST_OPERATORS:
            return f"{name} {op} ({', '.join(self.dice.choices(values, k=self.dice.randrange(1, 4)))})"
        if self.dice.random() < 0.1:
            return f"{name} {op} {self.dice.choice(MODIFIERS)} ({self.dice.choice(values)})"
        if self.dice.random() < 0.1:
            return f"{name} {op} val({self.dice.choice(self.fields)})"
        return f"{name} {op} {self.dice.choice(values)}"

    def term(self, depth: int = 3) -> str:
        if depth == 0 or self.dice.random() < 0.6:
            return self.field()
        count = self.dice.choice((1, 1, 1, 2, 2, 3, 0))
        parts = [self.dice.choice((self.term(depth - 1), self.value())) for _ in range(count)]
        if self.dice.random() < 0.3:
            parts[:1] = [f"({', '.join(parts)})"]
        arg = self.dice.choice(("", "", "", "[a]", "[ab]"))
        return f"{self.dice.choice(TRANSFORMERS)}({', '.join(parts)}){arg}"

    def value(self) -> str:
        return self.dice.choice(VALUES)

    def check(self) -> str:
        if self.dice.random() < 0.75:
            return self.sensible()
        left, dice = self.term(), self.dice
        kind = dice.randrange(8)
        if kind == 0:
            return f"{left} exists"
        if kind == 1:
            return dice.choice(("web", "odd", "bad", "nosuch"))
        if kind == 2:
            return f"{left} {dice.choice((*SCALAR_OPERATORS, *WORD_OPERATORS))} {self.right()}"
        values = ", ".join(self.value() for _ in range(dice.randrange(5)))
        listed = dice.choice((f"({values})", f"({values})", "shells", "ports", "none", "nosuch"))
        if kind == 3:
            return f"{left} {dice.choice(LIST_OPERATORS)} {listed}"
        if kind == 4:
            op = dice.choice((*SCALAR_OPERATORS, "contains", "glob", "regex"))
            return f"{left} {op} {dice.choice(MODIFIERS)} {listed}"
        return f"{left}{dice.choice(SCALAR_OPERATORS)}{self.value()}"

    def right(self) -> str:
        return self.dice.choice((self.value(), f"val({self.field()})", self.term()))

    def filter(self, depth: int = 2) -> str:
        if depth == 0 or self.dice.random() < 0.5:
            return self.check()
        parts = [self.filter(depth - 1) for _ in range(self.dice.randrange(1, 4))]
        text = self.dice.choice((" and ", " or ", " and not ", "\n or\t")).join(parts)
        return self.dice.choice((text, f"({text})", f"not ({text})", f"not not {text}"))

    def soup(self) -> str:
        words = [self.dice.choice((*SOUP, self.field())) for _ in range(self.dice.randrange(1, 15))]
        return self.dice.choice(("", " ")).join(words)

    def slip(self, text: str) -> str:
        for _ in range(self.dice.randrange(1, 4)):
            at, cut = self.dice.randrange(len(text) + 1), self.dice.randrange(3)
            new = self.dice.choice((self.dice.choice(SOUP), chr(self.dice.randrange(32, 127)), "", ""))
            text = text[:at] + new + text[at + cut :]
        return text

    def texts(self, count: int) -> Iterator[str]:
        for _ in range(count):
            kind = self.dice.randrange(10)
            if kind < 4:
                yield self.filter()
            elif kind < 8:
                yield self.slip(self.filter())
            else:
                yield self.soup()


@pytest.fixture(scope="module")
def captures(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Capture]]:
    """The demo, and a small capture of the old kind."""
    path = query_story.build(False).save(tmp_path_factory.mktemp("old") / "old.scap")
    with Capture.open(demo, macros=MACROS) as new, Capture.open(path, macros=MACROS) as old:
        yield [new, old]


@pytest.mark.timeout(0 if COUNT > 10_000 else 300)
def test_anything_gives_a_mask_or_an_error_with_a_place(captures: list[Capture]) -> None:
    outcomes: Counter[str] = Counter()
    slowest = (0.0, "")
    for text in Typist(SEED).texts(COUNT):
        begun = time.perf_counter()
        try:
            outcomes[_ask(captures, text, outcomes["mask"] % WHOLE == 0)] += 1
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error} for {text!r}") from error
        slowest = max(slowest, (time.perf_counter() - begun, text))
    print(f"seed {SEED}: {dict(outcomes)}, slowest {slowest[0]:.2f} s {slowest[1][:200]!r}")
    assert min(outcomes["mask"], outcomes["error"]) > COUNT / 20


def _ask(captures: list[Capture], text: str, whole: bool) -> str:
    """Ask for some events of each capture (or for all), and say how it ended for the first."""
    ends: list[str] = []
    for capture in captures:
        some = np.linspace(0, capture.count - 1, 60).astype(np.int64)
        try:
            tree = parse(text)
            assert tree is None or parse(str(tree)) == tree, text
            chosen = capture.compile(text)
            mask = chosen.mask(some)
            assert len(mask) == len(some)
            if whole:
                assert chosen.mask()[some].tolist() == mask.tolist(), text
            ends.append("mask")
        except FilterError as error:
            assert 0 <= error.column <= len(text), text
            assert error.text == text
            assert "expected" in error.reason, (text, error.reason)
            ends.append("error")
    return ends[0]
