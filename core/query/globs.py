"""Shell patterns and path prefixes over bytes.

Patterns are those of fnmatch(3) without flags: ``*`` (crosses ``/``), ``?``, ``[a-z]``, ``[!a]``,
backslash; the whole text must match. They become regular expressions that never backtrack over a
``*``, so that no pattern is slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_CLASSES = {
    b"alpha": rb"A-Za-z",
    b"digit": rb"0-9",
    b"alnum": rb"A-Za-z0-9",
    b"upper": rb"A-Z",
    b"lower": rb"a-z",
    b"space": rb"\ \t\n\r\v\f",
    b"blank": rb"\ \t",
    b"punct": rb"!-/:-@\[-`{-~",
    b"xdigit": rb"0-9A-Fa-f",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"print": rb"\ -~",
    b"graph": rb"!-~",
}
_BRACKET = re.compile(
    rb"\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]",
    re.DOTALL,
)
_MEMBER = re.compile(rb"\[:([a-z]+):\]|\\(.)|(.)", re.DOTALL)


def glob(pattern: bytes, *, ignore_case: bool = False) -> Callable[[bytes], bool]:
    """Return the test whether a text matches ``pattern`` as a whole."""
    pieces = _pieces(pattern)
    if len(pieces) == 1:
        source = pieces[0]
    else:
        middle = b"".join(b"(?>.*?" + piece + b")" for piece in pieces[1:-1] if piece)
        source = pieces[0] + middle + b".*" + pieces[-1]
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG)
    compiled = re.compile(source, flags)
    return lambda text: compiled.fullmatch(text) is not None


def _pieces(pattern: bytes) -> list[bytes]:
    """Return the regular expressions between the stars of a pattern."""
    pieces = [b""]
    at = 0
    while at < len(pattern):
        char = pattern[at : at + 1]
        at += 1
        if char == b"*":
            pieces.append(b"")
            continue
        if char == b"?":
            part = b"."
        elif char == b"\\" and at < len(pattern):
            part = re.escape(pattern[at : at + 1])
            at += 1
        elif char == b"[" and (match := _BRACKET.match(pattern, at - 1)):
            part = _bracket(match)
            at = match.end()
        else:
            part = re.escape(char)
        pieces[-1] += part
    return pieces


def _bracket(match: re.Match[bytes]) -> bytes:
    """Return a bracket expression as a regular expression: one byte that is in the set, or not."""
    members: list[bytes] = []
    body = match.group(2)
    tokens = list(_MEMBER.finditer(body))
    i = 0
    while i < len(tokens):
        named, escaped, plain = tokens[i].groups()
        if named is not None:
            members.append(_CLASSES.get(named, b""))
            i += 1
            continue
        low = escaped or plain
        is_range = i + 2 < len(tokens) and tokens[i + 1].group(3) == b"-" and tokens[i + 2].group(1) is None
        if is_range:
            high = tokens[i + 2].group(2) or tokens[i + 2].group(3)
            if low <= high:
                members.append(re.escape(low) + b"-" + re.escape(high))
            i += 3
        else:
            members.append(re.escape(low))
            i += 1
    inside = b"".join(members)
    if not inside:
        return b"." if match.group(1) else b"(?!)"
    return b"[" + (b"^" if match.group(1) else b"") + inside + b"]"


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
