"""Payloads in colours: what kind of text it is, and which parts of it have which role.

Inputs: text of printable ASCII and line feeds. Outputs: places with roles of the theme; the text stays
as it is. Payloads are hostile: only lexers that take linear time for one token are used, on the
beginning of a text, and not for longer than a moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, String

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType  # pyright: ignore[reportPrivateUsage]

MAX_TEXT = 4096  # characters that are looked at
MAX_TIME = 0.02  # seconds for one text

_LOOK = 400  # characters that tell what a text is
_METHODS = "GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND|M-SEARCH|NOTIFY"
_HTTP = re.compile(rf"(?:(?:{_METHODS}) [^ \n]{{1,300}} HTTP/\d|HTTP/\d(?:\.\d)? \d{{3}}\b)")
_JSON = re.compile(r'\s{0,20}(?:\{\s{0,20}(?:"[^"\n]{0,80}"\s{0,5}:|\}\s*$)|\[\s{0,20}(?:[\]{"\[]|-?\d))')
_XML = re.compile(r"\s{0,20}<(?:\?xml\b|!DOCTYPE\b|!--|/?[A-Za-z][\w:.-]{0,60}(?:\s[^<>]{0,300})?/?>)", re.I)
# the first bytes may be what a protocol puts before its statement
_SQL = re.compile(
    r".{0,8}?\b(?:SELECT\s+\S|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\("
    r"|(?:CREATE|ALTER|DROP|TRUNCATE)\s+(?:TABLE|INDEX|VIEW|DATABASE|SCHEMA|USER|UNIQUE|TEMPORARY|OR)\b"
    r"|(?:BEGIN|COMMIT|ROLLBACK)\s*(?:;|$)|START\s+TRANSACTION|EXPLAIN\s+\w|SHOW\s+\w+|SET\s+\w+\s*[=T])"
)
_PROGRAMS = (
    "apt|apt-get|awk|base64|bash|cat|cd|chmod|chown|cp|crontab|curl|dd|docker|echo|env|export|find|grep|head"
    "|id|kill|kubectl|ln|ls|mkdir|mv|nc|ncat|nohup|openssl|perl|ping|pip|printf|ps|python3?|rm|scp|sed|sh"
    "|ssh|sudo|systemctl|tail|tar|tee|touch|uname|unset|wget|whoami|xargs"
)
_SHELL = re.compile(
    rf"#!\s?/\S{{0,60}}sh\b|(?:if \[|for \w+ in |while |set -[a-z])|(?:{_PROGRAMS})(?: [^\n]{{0,200}})?"
    r"(?: -\w|[|;&$><]|/\w)"
)
_WORD = re.compile(r"[\w-]+|#![^\n]*")
_KINDS = (("http", _HTTP), ("json", _JSON), ("xml", _XML), ("sql", _SQL), ("shell", _SHELL))


class Span(NamedTuple):
    """A part of a text and its role."""

    start: int
    end: int
    role: str


def recognised(text: str) -> str | None:
    """Return what ``text`` is: ``http``, ``json``, ``xml``, ``sql``, ``shell``; None if that is unclear."""
    look = text[:_LOOK]
    return next((kind for kind, pattern in _KINDS if pattern.match(look)), None)


def spans(text: str, limit: float | None = None) -> list[Span]:
    """Return the parts of ``text`` that have a role, in order; none where the kind is unclear.

    After ``limit`` seconds of reading (``MAX_TIME`` unless told) the rest stays plain.
    """
    left = MAX_TIME if limit is None else limit
    found: list[Span] = []
    for kind, first, last in _parts(text[:MAX_TEXT]):
        lexer = _lexer(kind)  # the first of a kind takes some 30 ms, which are not the text's
        end = monotonic() + left
        for span in _part_spans(lexer, kind, text[first:last]):
            found.append(Span(first + span.start, first + span.end, span.role))
            if monotonic() > end:
                return found
        left = end - monotonic()
    return found


def _parts(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind, start and end of each part: the head of a message, then its body."""
    first = 0
    while (kind := recognised(text[first:])) is not None:
        blank = text.find("\n\n", first) if kind == "http" else -1
        if blank < 0:
            yield kind, first, len(text)
            return
        yield kind, first, blank + 1
        first = blank + 2


def _part_spans(lexer: Lexer, kind: str, text: str) -> Iterator[Span]:
    if kind == "shell" and (program := _WORD.match(text)) is not None:
        yield Span(0, program.end(), "code.keyword")
    for start, token, value in lexer.get_tokens_unprocessed(text):
        role = _role(token)
        if role is not None and value and (start > 0 or kind != "shell"):
            yield Span(start, start + len(value), role)


# of the tokens of pygments, the first that a token is part of
_ROLES = (
    (Comment, "code.comment"),
    (Keyword, "code.keyword"),
    (Name.Tag, "code.name"),
    (Name.Function, "code.keyword"),
    (Name.Builtin, "code.keyword"),
    (Name.Attribute, "code.name"),
    (Name.Variable, "code.name"),
    (Name.Namespace, "code.name"),
    (Name.Entity, "code.string"),
    (Number, "code.number"),
    (String.Symbol, "code.name"),
    (String, "code.string"),
    (Literal, "code.string"),
    (Operator.Word, "code.keyword"),
)


@cache
def _role(token: _TokenType) -> str | None:
    return next((role for parent, role in _ROLES if token in parent), None)


@cache
def _lexer(kind: str) -> Lexer:
    from pygments.lexers import find_lexer_class_by_name

    found = find_lexer_class_by_name({"shell": "bash"}.get(kind, kind))
    return (_without_slow_rules(found) if kind == "shell" else found)()


def _without_slow_rules(lexer: type[Lexer]) -> type[Lexer]:
    """Return ``lexer`` without the rules that can take exponential or quadratic time for one token.

    These try two ways to read an escape in a string that may not end, or look for a word again.
    """
    tokens = {
        state: [rule for rule in rules if not (isinstance(rule, tuple) and _SLOW.search(str(rule[0])))]
        for state, rules in lexer.tokens.items()  # pyright: ignore[reportAttributeAccessIssue]
    }
    return type(f"Quick{lexer.__name__}", (lexer,), {"tokens": tokens})


_SLOW = re.compile(r"\\\[0-7\]\+\|.*\)\*|\\[1-9]")
