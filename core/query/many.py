"""How many of several written values a text passes: what oneof, anyof and allof ask for.

A list may be long and there may be many texts: values are looked up, not tried one after the other,
except for patterns, of which there may be no more than :data:`MAX_PATTERNS`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence

from .globs import any_glob, glob
from .patterns import BadPattern, Matcher, regex

MAX_PATTERNS = 200

Counting = Callable[[bytes], int]


def how_many(op: str, values: Sequence[bytes]) -> Counting:
    """Return the function that counts the ``values`` v for which ``text op v`` holds.

    Raises :class:`~.patterns.BadPattern`.
    """
    if op in ("=", "!="):
        return _equal(op, values)
    if op in ("<", "<=", ">", ">="):
        return _ordered(op, values)
    if op in ("contains", "icontains", "bcontains"):
        return _inside(values, ignore_case=op == "icontains")
    if op in ("startswith", "bstartswith", "endswith"):
        return _at_an_end(values, tail=op == "endswith")
    return _patterns(op, values)


def _equal(op: str, values: Sequence[bytes]) -> Counting:
    known, total = Counter(values), len(values)
    if op == "=":
        return lambda text: known[text]
    return lambda text: total - known[text]


def _ordered(op: str, values: Sequence[bytes]) -> Counting:
    ordered, total = sorted(values), len(values)
    if op == "<":
        return lambda text: total - bisect_right(ordered, text)
    if op == "<=":
        return lambda text: total - bisect_left(ordered, text)
    if op == ">":
        return lambda text: bisect_left(ordered, text)
    return lambda text: bisect_right(ordered, text)


def _by_length(values: Sequence[bytes]) -> list[tuple[int, Counter[bytes]]]:
    found: dict[int, Counter[bytes]] = {}
    for value in values:
        found.setdefault(len(value), Counter())[value] += 1
    return sorted(found.items())


def _inside(values: Sequence[bytes], *, ignore_case: bool) -> Counting:
    """Count the values inside a text: a window of the shortest length tells which ones to look for."""
    counted = Counter(value.lower() for value in values) if ignore_case else Counter(values)
    always = counted.pop(b"", 0)
    width = min(map(len, counted), default=1)
    begins: dict[bytes, list[tuple[bytes, int]]] = {}
    for value, times in counted.items():
        begins.setdefault(value[:width], []).append((value, times))

    def count(text: bytes) -> int:
        text = text.lower() if ignore_case else text
        windows = len(text) - width + 1
        if len(begins) <= windows:
            found = [begin for begin in begins if begin in text]
        else:
            found = begins.keys() & {text[at : at + width] for at in range(windows)}
        known = [item for begin in found for item in begins[begin]]
        return always + sum(times for value, times in known if value in text)

    return count


def _at_an_end(values: Sequence[bytes], *, tail: bool) -> Counting:
    known = _by_length(values)

    def count(text: bytes) -> int:
        total = 0
        for length, group in known:
            if length > len(text):
                break
            total += group[text[len(text) - length :] if tail else text[:length]]
        return total

    return count


def _patterns(op: str, values: Sequence[bytes]) -> Counting:
    tests = _tests(op, values)
    return lambda text: sum(test(text) for test in tests)


def _tests(op: str, values: Sequence[bytes]) -> list[Matcher]:
    if len(values) > MAX_PATTERNS:
        raise BadPattern(f"expected at most {MAX_PATTERNS} patterns, found {len(values)}")
    return [regex(value) if op == "regex" else glob(value, ignore_case=op == "iglob") for value in values]


def any_pattern(op: str, values: Sequence[bytes]) -> Counting:
    """Return 1 for a text that any of the patterns matches, else 0: all at once if they are not too large.

    Raises :class:`~.patterns.BadPattern`.
    """
    tests = _tests(op, values)  # each must be right by itself
    try:
        if op == "regex":
            together = regex(b"|".join(b"(%b)" % value for value in values)) if values else None
        else:
            together = any_glob(values, ignore_case=op == "iglob") if values else None
    except BadPattern:
        together = None
    if together is None:
        return lambda text: any(test(text) for test in tests)
    return together
