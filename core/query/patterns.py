"""Regular expressions over bytes of a capture, by RE2: its time is linear in the text.

Everything else (Python's ``re`` above all) could be made to hang by a pattern and a text that fit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2  # pyright: ignore[reportMissingTypeStubs]

MAX_PROGRAM = 1 << 14  # instructions of a compiled pattern; time is bound by their number times the text
MAX_PATTERN = 1 << 17  # bytes of a pattern

_TOO_LARGE = "expected a simpler pattern: this one is too large"

Matcher = Callable[[bytes], bool]


class BadPattern(Exception):
    """A pattern that cannot be used; the message says what was expected."""


@lru_cache(maxsize=256)
def regex(pattern: bytes) -> Matcher:
    """Return the test whether a whole text matches a POSIX extended expression (RE2's dialect of it).

    As the newest reader does, text is taken as UTF-8, broken bytes as U+FFFD. Raises BadPattern.
    """
    options = re2.Options()
    options.posix_syntax = True
    options.longest_match = True
    compiled = _compile(pattern, options)

    def test(text: bytes) -> bool:
        if not text.isascii():
            text = text.decode("utf-8", "replace").encode()
        return compiled.fullmatch(text) is not None

    return test


def byte_pattern(pattern: bytes) -> Matcher:
    """Return the test whether a whole text, taken byte by byte, matches. Raises BadPattern."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    compiled = _compile(pattern, options)
    return lambda text: compiled.fullmatch(text) is not None


def _compile(pattern: bytes, options: re2.Options) -> Any:
    options.log_errors = False
    options.never_capture = True
    if len(pattern) > MAX_PATTERN:
        raise BadPattern(_TOO_LARGE)
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise BadPattern(f"expected a regular expression that RE2 understands: {_reason(error)}") from None
    if compiled.programsize > MAX_PROGRAM:
        raise BadPattern(_TOO_LARGE)
    return compiled


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else b""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
