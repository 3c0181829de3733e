"""Shell patterns and path prefixes over bytes.

Patterns are those of fnmatch(3) without flags: ``*`` (crosses ``/``), ``?``, ``[a-z]``, ``[!a]``,
backslash; the whole text must match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .patterns import Matcher, byte_pattern

_CLASSES: dict[bytes, Callable[[int], bool]] = {
    b"alpha": lambda c: chr(c).isalpha(),
    b"digit": lambda c: chr(c).isdigit(),
    b"alnum": lambda c: chr(c).isalnum(),
    b"upper": lambda c: chr(c).isupper(),
    b"lower": lambda c: chr(c).islower(),
    b"space": lambda c: chr(c) in " \t\n\r\v\f",
    b"blank": lambda c: chr(c) in " \t",
    b"punct": lambda c: 33 <= c < 127 and not chr(c).isalnum(),
    b"xdigit": lambda c: chr(c) in "0123456789abcdefABCDEF",
    b"cntrl": lambda c: c < 32 or c == 127,
    b"print": lambda c: 32 <= c < 127,
    b"graph": lambda c: 33 <= c < 127,
}
_ALL = frozenset(range(256))
_UNCLOSED = 10  # brackets that nothing closes; those after them are not looked into

Set = frozenset[int]


def glob(pattern: bytes, *, ignore_case: bool = False) -> Matcher:
    """Return the test whether a text matches ``pattern`` as a whole.

    Raises :class:`~.patterns.BadPattern` for patterns too large to be used.
    """
    pieces = _pieces(pattern.lower() if ignore_case else pattern, ignore_case)
    literal = [_literal(piece, ignore_case) for piece in pieces]
    plain = [piece for piece in literal if piece is not None]
    if len(plain) != len(pieces):
        return byte_pattern(_source(pieces))
    test = _finds(plain)
    return (lambda text: test(text.lower())) if ignore_case else test


def any_glob(patterns: Iterable[bytes], *, ignore_case: bool = False) -> Matcher:
    """Return the test whether a text matches any of the patterns. Raises BadPattern."""
    lowered = (pattern.lower() if ignore_case else pattern for pattern in patterns)
    return byte_pattern(b"|".join(_source(_pieces(pattern, ignore_case)) for pattern in lowered))


def _finds(pieces: list[bytes]) -> Matcher:
    """Return the test for texts with stars between them."""
    if len(pieces) == 1:
        only = pieces[0]
        return lambda text: text == only
    first, last = pieces[0], pieces[-1]
    middle = [piece for piece in pieces[1:-1] if piece]
    shortest = sum(map(len, pieces))

    def test(text: bytes) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return test


def _source(pieces: list[list[Set]]) -> bytes:
    """Return a regular expression over bytes."""
    return b".*".join(b"".join(map(_one_of, piece)) for piece in pieces)


def _one_of(members: Set) -> bytes:
    if len(members) == 256:
        return b"."
    if not members:
        return b"[^\\x00-\\xff]"
    if len(members) == 1:
        return b"\\x%02x" % next(iter(members))
    return b"[" + b"".join(b"\\x%02x-\\x%02x" % span for span in _spans(sorted(members))) + b"]"


def _spans(members: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for member in members:
        if spans and spans[-1][1] == member - 1:
            spans[-1] = (spans[-1][0], member)
        else:
            spans.append((member, member))
    return spans


def _literal(piece: list[Set], ignore_case: bool) -> bytes | None:
    """Return the one text (in lower case without case) of a piece, None when it has several."""
    found = bytearray()
    for members in piece:
        char = max(members, default=0)  # of two cases the lower one
        if members != (_both_cases(char) if ignore_case else frozenset((char,))):
            return None
        found.append(char)
    return bytes(found)


def _both_cases(byte: int) -> Set:
    char = bytes((byte,))
    return frozenset((*char.lower(), *char.upper()))


# --- reading ------------------------------------------------------------------------------------------


def _pieces(pattern: bytes, ignore_case: bool) -> list[list[Set]]:
    """Return what stands between the stars of a pattern: for each byte of it which bytes it takes."""
    single = [_both_cases(byte) if ignore_case else frozenset((byte,)) for byte in range(256)]
    pieces: list[list[Set]] = [[]]
    at, unclosed = 0, 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        taken = single[char]
        if char == ord("*"):
            if pieces[-1] or len(pieces) == 1:
                pieces.append([])
            continue
        if char == ord("?"):
            taken = _ALL
        elif char == ord("\\") and at < len(pattern):
            taken = single[pattern[at]]
            at += 1
        elif char == ord("[") and unclosed < _UNCLOSED:
            found = _bracket(pattern, at, ignore_case)
            if found is None:
                unclosed += 1
            else:
                taken, at = found
        pieces[-1].append(taken)
    return pieces


def _bracket(pattern: bytes, at: int, ignore_case: bool) -> tuple[Set, int] | None:
    """Read a set from behind its ``[``; return it and where it ends, None when nothing closes it."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    classes: set[int] = set()  # [:upper:] stays what it is without case
    first = True
    while at < len(pattern):
        if pattern[at] == ord("]") and not first:
            found = classes.union(*(_both_cases(c) for c in members)) if ignore_case else classes | members
            return frozenset(_ALL - found if negated else found), at + 1
        first = False
        if pattern.startswith(b"[:", at):
            end = pattern.find(b":]", at + 2, at + 12)
            if end >= 0 and pattern[at + 2 : end].isalpha():
                test = _CLASSES.get(pattern[at + 2 : end])
                classes.update(c for c in range(128) if test is not None and test(c))
                at = end + 2
                continue
        low, at = _member(pattern, at)
        if pattern[at : at + 1] == b"-" and pattern[at + 1 : at + 2] not in (b"]", b""):
            high, at = _member(pattern, at + 1)
            members.update(range(low, high + 1))
        else:
            members.add(low)
    return None


def _member(pattern: bytes, at: int) -> tuple[int, int]:
    if pattern[at] == ord("\\") and at + 1 < len(pattern):
        at += 1
    return pattern[at], at + 1


def path_prefixes(values: Iterable[bytes]) -> Callable[[bytes], bool]:
    """Return the test whether a path is one of ``values`` or lies below one of them."""
    known = {tuple(_components(value)) for value in values}
    longest = max((len(parts) for parts in known), default=-1)

    def test(text: bytes) -> bool:
        parts = tuple(_components(text))
        return any(parts[:count] in known for count in range(min(len(parts), longest) + 1))

    return test


def _components(path: bytes) -> list[bytes]:
    return [part for part in path.split(b"/") if part]
