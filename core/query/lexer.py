"""The words of a filter: names, operators and values, read on demand.

What a word is depends on where it stands (``<`` after ``evt.dir=`` is a value), so the parser asks
for what it expects. Every step is one regular expression match: the whole is linear in the text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from ..errors import FilterError
from .ast import FIELD_VALUE, KEYWORDS, TRANSFORMERS, WORD_OPERATORS, Literal, Operand

_SPACE = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_/-]+)*")
_SYMBOL = re.compile(r"==|=|!=|<=|<|>=|>")
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[^ \t\r\n()]+")
_BARE_ITEM = re.compile(r"[^ \t\r\n(),]+")
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*", re.DOTALL) for quote in "\"'"}
_ARG = re.compile(r"[^\[\]\"']*")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|x|.)", re.DOTALL)
_CONTROL = {"n": b"\n", "t": b"\t", "r": b"\r", "b": b"\b", "f": b"\f"}


def _short(word: str) -> str:
    return word if len(word) <= 30 else word[:30] + "…"


class Lexer:
    """A reading position in a filter text."""

    def __init__(self, text: str, *, names: bool = True) -> None:
        """Start at the beginning of ``text``; without ``names`` there are no macros and named lists."""
        self.text = text
        self.names = names
        self.pos = 0
        self.skip()

    def skip(self) -> None:
        """Go past blanks."""
        match = _SPACE.match(self.text, self.pos)
        self.pos = match.end() if match else self.pos

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.pos >= len(self.text)

    def fail(self, reason: str, column: int | None = None, suggestion: str | None = None) -> FilterError:
        """Return the error for this place (or ``column``)."""
        return FilterError(self.text, self.pos if column is None else column, reason, suggestion)

    def found(self) -> str:
        """Return a short description of what stands here, for messages."""
        if self.at_end:
            return "the end of the filter"
        match = _BARE.match(self.text, self.pos)
        word = match.group() if match else self.text[self.pos]
        return repr(_short(word))

    def accept(self, char: str) -> bool:
        """Go past ``char`` if it stands here."""
        if not self.text.startswith(char, self.pos):
            return False
        self.pos += len(char)
        self.skip()
        return True

    def accept_word(self, words: Iterable[str]) -> str | None:
        """Go past one of ``words`` if it stands here as a whole word, and return it."""
        match = _WORD.match(self.text, self.pos)
        if not match or match.group() not in words or self.text.startswith(".", match.end()):
            return None
        self.pos = match.end()
        self.skip()
        return match.group()

    def list_follows(self, words: Iterable[str]) -> str | None:
        """Return the word here if it is one of ``words`` and a list or the name of one follows it."""
        match = _WORD.match(self.text, self.pos)
        if not match or match.group() not in words:
            return None
        space = _SPACE.match(self.text, match.end())
        after = space.end() if space else match.end()
        if self.text.startswith("(", after):
            return match.group()
        name = _WORD.match(self.text, after)
        return match.group() if name and after > match.end() and name.group() not in KEYWORDS else None

    def list_name(self) -> tuple[str, int] | None:
        """Read the name of a list; None when there is no name here."""
        column = self.pos
        match = _WORD.match(self.text, self.pos)
        if not self.names or not match or match.group() in KEYWORDS:
            return None
        self.pos = match.end()
        self.skip()
        return match.group(), column

    def macro(self) -> tuple[str, int] | None:
        """Read a bare name that stands alone: neither a field nor a transformer; None when it is one.

        A name without a dot is a field when an operator or a bracket follows it: there is none of
        that name, which is what the message shall say.
        """
        column = self.pos
        match = _NAME.match(self.text, self.pos)
        if not self.names or not match or "." in match.group() or match.group().lower() in KEYWORDS:
            return None
        if self.text.startswith(("(", "[", "."), match.end()):
            return None
        space = _SPACE.match(self.text, match.end())
        after = space.end() if space else match.end()
        word = _WORD.match(self.text, after)
        if _SYMBOL.match(self.text, after) or (word and word.group() in WORD_OPERATORS):
            return None
        self.pos = after
        return match.group(), column

    def transformer(self, *, right: bool = False) -> tuple[str, int] | None:
        """Read a transformer's name and its opening parenthesis; None when there is none here.

        On the right side of an operator (``right``) there is ``val`` too.
        """
        column = self.pos
        match = _NAME.match(self.text, self.pos)
        if not match or not self.text.startswith("(", match.end()):
            return None
        name = match.group()
        known = (*TRANSFORMERS, FIELD_VALUE) if right else TRANSFORMERS
        if name not in known:
            if right or name.lower() in KEYWORDS:
                return None
            if name == FIELD_VALUE:
                raise self.fail("expected val(…) on the right side of an operator only", column)
            raise self._no_transformer(name, column, TRANSFORMERS)
        self.pos = match.end()
        self.accept("(")
        return name, column

    def _no_transformer(self, name: str, column: int, known: tuple[str, ...]) -> FilterError:
        near = difflib.get_close_matches(name.lower()[:40], known, 1)
        return self.fail(
            f"expected a transformer such as {TRANSFORMERS[1]} or {TRANSFORMERS[4]} "
            f"before '(', and there is none called '{_short(name)}'",
            column,
            near[0] if near else None,
        )

    def constant(self) -> Literal | None:
        """Read an argument of a transformer that is a number or a quoted text; None: neither is here."""
        column = self.pos
        if self.text.startswith(('"', "'"), self.pos):
            return self.value("'('")
        match = _NUMBER.match(self.text, self.pos)
        if not match:
            return None
        self.pos = match.end()
        self.skip()
        return Literal(match.group().encode(), column)

    def operand(self, what: str = "a field name such as proc.name") -> Operand:
        """Read a field with its argument."""
        column = self.pos
        match = _NAME.match(self.text, self.pos)
        if not match:
            raise self.fail(f"expected {what}, found {self.found()}")
        name = match.group()
        if name.lower() in KEYWORDS:
            hint = name.lower() if name not in KEYWORDS else None
            raise self.fail(f"expected a field name, found '{name}'", suggestion=hint)
        self.pos = match.end()
        arg = self.bracket()
        self.skip()
        return Operand(name, arg, column)

    def bracket(self) -> str | None:
        """Read an argument in brackets; None when there is no bracket here."""
        return self._argument() if self.text.startswith("[", self.pos) else None

    def _argument(self) -> str:
        opened = self.pos
        self.pos += 1
        if self.text.startswith(('"', "'"), self.pos):
            arg = self._quoted(self.text[self.pos]).decode("utf-8", "surrogateescape")
        else:
            match = _ARG.match(self.text, self.pos)
            arg = match.group().strip() if match else ""
            self.pos = match.end() if match else self.pos
        if not self.text.startswith("]", self.pos):
            raise self.fail("expected ']' to close this bracket", opened)
        self.pos += 1
        return arg

    def operator(self, operand: object) -> tuple[str, int]:
        """Read the operator after ``operand``; return it and its column."""
        column = self.pos
        match = _SYMBOL.match(self.text, self.pos)
        if match:
            self.pos = match.end()
            self.skip()
            return match.group(), column
        word = self.accept_word(WORD_OPERATORS)
        if word:
            return word, column
        match = _WORD.match(self.text, self.pos)
        near = difflib.get_close_matches(match.group().lower()[:40], WORD_OPERATORS, 1) if match else []
        raise self.fail(
            f"expected an operator such as =, !=, <, contains, in or exists after {_short(str(operand))}, "
            f"found {self.found()}",
            suggestion=near[0] if near else None,
        )

    def value(self, after: str, *, in_list: bool = False) -> Literal:
        """Read a value: quoted, or bare up to a blank or a parenthesis (in lists: a comma)."""
        column = self.pos
        quoted = self.text.startswith(('"', "'"), self.pos)
        if quoted:
            raw = self._quoted(self.text[self.pos])
        else:
            match = (_BARE_ITEM if in_list else _BARE).match(self.text, self.pos)
            if not match:
                raise self.fail(f"expected a value after {after}, found {self.found()}")
            self.pos = match.end()
            if self.text.startswith("(", self.pos) and _WORD.fullmatch(match.group()):
                raise self._no_transformer(match.group(), column, (*TRANSFORMERS, FIELD_VALUE))
            raw = self._unescape(match.group(), column, quoted=False)
        self.skip()
        return Literal(raw, column, quoted)

    def _quoted(self, quote: str) -> bytes:
        opened = self.pos
        match = _QUOTED[quote].match(self.text, opened + 1)
        end = match.end() if match else len(self.text)
        if not self.text.startswith(quote, end):
            raise self.fail(f"expected a closing {quote} for the quote opened here", opened)
        self.pos = end + 1
        return self._unescape(self.text[opened + 1 : end], opened + 1, quoted=True)

    def _unescape(self, raw: str, column: int, *, quoted: bool) -> bytes:
        if "\\" not in raw:
            return raw.encode("utf-8", "surrogatepass")
        out: list[bytes] = []
        last = 0
        for match in _ESCAPE.finditer(raw):
            code = match.group(1)
            if code == "x":
                raise self.fail("expected two hex digits after \\x", column + match.start())
            out.append(raw[last : match.start()].encode("utf-8", "surrogatepass"))
            last = match.end()
            if code[0] == "x" and len(code) == 3:
                out.append(bytes([int(code[1:], 16)]))
            elif code in '\\"' or (quoted and code in "'/"):
                out.append(code.encode())
            elif quoted and code in _CONTROL:
                out.append(_CONTROL[code])
            elif quoted and code == " ":
                out.append(b"\\")
            else:
                out.append(match.group().encode("utf-8", "surrogatepass"))
        out.append(raw[last:].encode("utf-8", "surrogatepass"))
        return b"".join(out)
