from __future__ import annotations

import ctypes
import itertools
import random
import time

import pytest

from scaptui.core.query.globs import glob, path_prefixes

libc = ctypes.CDLL(None)

PATTERNS = [
    *(
        "",
        "*",
        "?",
        "a",
        "a*",
        "*a",
        "*a*",
        "a?c",
        "??",
        "*.so*",
        "[a-c]*",
        "[!a-c]*",
        "[^a]",
        "[]a]",
        "[!]a]",
    ),
    *(
        "[a-]",
        "[-a]",
        "a[b",
        "a\\*",
        "\\?",
        "[\\]]",
        "**a**b**",
        "*[[:digit:]]*",
        "[[:alpha:]/]*",
        "[a-cx-z]b",
    ),
    *("/etc/*", "/*/b", "{a,b}", "a.b", "a+b", "(a)", "^a$", "a|b", "[.]", "*[!0-9]"),
]


PATTERNS += [
    "[[:alpha:]",
    "[[:upper:]]*",
    "[![:upper:]]",
    "[A-C]*",
    "[!A-C]b",
    "A*B",
    "[a[:digit:]-]",
    "a[",
    "[a-",
]
CASELESS = 1 << 4  # FNM_CASEFOLD


@pytest.mark.parametrize("ignore_case", [False, True])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_like_fnmatch(pattern: str, ignore_case: bool) -> None:
    dice = random.Random(pattern)
    texts = ["".join(t) for n in range(4) for t in itertools.product("aB/", repeat=n)]
    texts += [
        "".join(dice.choice("abcxyzABX019.*?[]!-\\/+^$|(){},\n ") for _ in range(6)) for _ in range(400)
    ]
    texts += ["/etc/passwd", "lib.so.6", "a*", "{a,b}", "[b", "a[b", "]"]
    test = glob(pattern.encode(), ignore_case=ignore_case)
    flags = CASELESS if ignore_case else 0
    for text in texts:
        raw = text.encode()
        assert test(raw) == (libc.fnmatch(pattern.encode(), raw, flags) == 0), (pattern, text)


def test_without_case() -> None:
    assert glob(b"*.SO", ignore_case=True)(b"x.so")
    assert not glob(b"*.SO")(b"x.so")


def test_no_pattern_is_slow() -> None:
    begun = time.perf_counter()
    for pattern in (b"*a" * 40 + b"b", b"*?" * 40, b"*" * 5_000 + b"x", b"[" * 5_000):
        glob(pattern)(b"a" * 5_000)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("prefixes", "path", "expected"),
    [
        (["/etc"], "/etc/x", True),
        (["/etc"], "/etc", True),
        (["/etc"], "/etc/", True),
        (["/etc/"], "/etc", True),
        (["etc"], "/etc", True),
        (["/etc/ld"], "/etc/ld.so.cache", False),
        (["/etc"], "/etcx", False),
        (["/etc/a/b"], "/etc/a", False),
        (["/usr", "/etc"], "/etc/a/b/c", True),
        (["/"], "/anything", True),
        ([], "/etc", False),
        (["/etc"], "", False),
    ],
)
def test_path_prefixes(prefixes: list[str], path: str, expected: bool) -> None:
    assert path_prefixes([p.encode() for p in prefixes])(path.encode()) is expected
