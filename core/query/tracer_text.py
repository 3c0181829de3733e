"""The text of tracers: what programs write to /dev/null to mark the beginning and end of a span.

``>:id:tag.tag:name=value,name=value:`` begins a span and ``<:...`` ends it. The id is a number, or
``t``, ``p``, ``pp`` for the thread, the process and its parent, ``g`` or nothing for 0. A backslash
takes the special meaning from the next character. In JSON it is
``[">", id, ["tag", "tag"], [{"name": "value"}, {"name": "value"}]]``.

A text may come in pieces: what is right so far but not complete is :data:`CUT`. Where the grammar is
odd (an id that begins with 0 is never complete), it follows the reader that made it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

Tags = tuple[bytes, ...]
Args = tuple[tuple[bytes, bytes], ...]

_NUL = 0
_BACKSLASH = ord("\\")


@dataclass(frozen=True)
class Ids:
    """What the letters for ids stand for."""

    tid: int
    pid: int
    ptid: int


@dataclass(frozen=True)
class Text:
    """A tracer that was understood."""

    opens: bool
    id: int
    tags: Tags
    args: Args


class Cut(Exception):
    """The text is right so far and not complete."""


class Broken(Exception):
    """The text is no tracer."""


def parse(data: bytes, ids: Ids) -> Text:
    """Return the tracer that ``data`` is. Raises Cut and Broken."""
    if not data:
        raise Broken
    reader = _Reader(data.partition(b"\0")[0], ids)
    return reader.simple() if data[:1] in (b">", b"<") else reader.json()


@dataclass
class _Reader:
    """A place in a text; behind its end stands NUL."""

    data: bytes
    ids: Ids
    at: int = 0
    tags: list[bytes] = field(default_factory=list)
    args: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def here(self) -> int:
        return self.data[self.at] if self.at < len(self.data) else _NUL

    def fail(self) -> NoReturn:
        raise Cut if self.here == _NUL else Broken

    # --- the short form ----------------------------------------------------------------------------

    def simple(self) -> Text:
        opens = self.data[:1] == b">"
        self.at = 1
        if self.here != ord(":"):
            self.fail()
        self.at = 2
        number = self._scope()
        if self.here == ord("0"):
            raise Cut
        if self.here != ord(":"):
            self._tags()
        self.at += 1
        if self.here == _NUL:
            raise Cut
        if self.here != ord(":"):
            self._args()
        return Text(opens, number, tuple(self.tags), tuple(self.args))

    def _scope(self) -> int:
        """Read an id and the colon behind it."""
        letter = self.here
        if letter == ord("0"):
            raise Cut
        if letter == ord(":"):
            self.at += 1
            return 0
        if letter in b"tpg":
            return self._letter()
        number = self._number()
        if self.here != ord(":"):
            self.fail()
        self.at += 1
        return number

    def _letter(self) -> int:
        """Read a letter that stands for an id, and the character behind it."""
        letter = self.here
        self.at += 1
        if letter == ord("t"):
            number = self.ids.tid
        elif letter == ord("g"):
            number = 0
        elif self.here == ord("p"):
            self.at += 1
            number = self.ids.ptid
        else:
            number = self.ids.pid
        self.at += 1
        return number

    def _number(self) -> int:
        begin = self.at
        if self.here == ord("-"):
            self.at += 1
        digits = self.at
        while self.at < len(self.data) and 0x30 <= self.here <= 0x39:
            self.at += 1
        number = int(self.data[digits : self.at][:20] or b"0")
        number = -number if digits > begin else number
        return (number + (1 << 63)) % (1 << 64) - (1 << 63)

    def _until(self, ends: bytes, wrong: bytes) -> bytes:
        """Read up to one of ``ends``, or to the end of the text; ``wrong`` characters break it."""
        found = bytearray()
        while self.here != _NUL and self.here not in ends:
            if self.here == _BACKSLASH:
                self.at += 1
                if self.here == _NUL:
                    break
            elif self.here in wrong:
                raise Broken
            found.append(self.here)
            self.at += 1
        return bytes(found)

    def _tags(self) -> None:
        while True:
            self.tags.append(self._until(b".:", b"><=\n"))
            if self.here == _NUL:
                raise Cut
            if self.here == ord(":"):
                return
            self.at += 1

    def _args(self) -> None:
        while True:
            name = self._until(b"=", b"><\n")
            if self.here == _NUL:  # a name without a value is wrong, unless it goes on
                raise Broken if self.data[self.at - 1 : self.at] == b":" else Cut
            self.at += 1
            self.args.append((name, self._until(b",:=", b"")))
            if self.here == _NUL:
                raise Cut
            if self.here == ord(":"):
                return
            self.at += 1

    # --- JSON --------------------------------------------------------------------------------------

    def json(self) -> Text:
        self._skip(b" ")
        if self.here != ord("["):
            raise Broken
        self.at += 1
        kind = self._string()
        if self._skip(b" ,").count(b",") < 1:
            self.fail()
        number = self._json_id()
        self._one_of(b" [", b"[")
        if self._may_begin():
            self._json_tags()
        self._between()
        if self._may_begin():
            self._json_args()
        self._skip(b" ")
        if self.here != ord("]"):
            self.fail()
        return Text(kind[:1] == b">", number, tuple(self.tags), tuple(self.args))

    def _json_id(self) -> int:
        if self.here == ord('"'):
            self.at += 1
            if self.here not in b"tpg:" or self.here == _NUL:
                raise Broken
            number = self._letter() if self.here != ord(":") else 0
            commas = 0
        else:
            number = self._number()
            if self.here not in (ord(","), ord(" ")):
                self.fail()
            commas = int(self.here == ord(","))
            self.at += 1
        if commas:
            self._skip(b" ")
        elif self._skip(b" ,").count(b",") < 1:
            self.fail()
        return number

    def _json_tags(self) -> None:
        self.tags.append(self._string())
        while True:
            self._skip(b" ,")
            if self.here == _NUL:
                raise Cut
            if self.here == ord("]"):
                return
            self.tags.append(self._string())

    def _json_args(self) -> None:
        while True:
            name = self._string()
            self._one_of(b" :", b":")
            self.args.append((name, self._string()))
            passed = self._skip(b" ,{}")
            if self.here == _NUL:
                raise Cut
            commas, opened, closed = (passed.count(c) for c in (b",", b"{", b"}"))
            end = self.here == ord("]")
            if not (commas == 1 and 1 in (opened, closed)) and not (closed == 1 and end):
                raise Broken
            if end:
                self.at += 1
                return

    def _between(self) -> None:
        """Pass from the tags to the first argument, or to the end of an empty list of arguments."""
        begin = self.at
        lists = 0
        while self.here != _NUL and self.here in b" ,[]{}":
            if self.here == ord("]") and lists:
                break
            lists += self.here == ord("[")
            self.at += 1
        if self.here == _NUL:
            raise Cut
        passed = self.data[begin : self.at]
        if passed.count(b",") != 1 or lists != 1 or (passed.count(b"{") != 1 and self.here != ord("]")):
            raise Broken

    def _may_begin(self) -> bool:
        """Return whether a text begins here; what else stands here is passed over."""
        if self.here == ord('"'):
            return True
        if self.here == _NUL:
            raise Cut
        self.at += 1
        return False

    def _string(self) -> bytes:
        if self.here != ord('"'):
            self.fail()
        begin = self.at = self.at + 1
        while self.here != _NUL and (self.here != ord('"') or self.data[self.at - 1] == _BACKSLASH):
            self.at += 1
        if self.here == _NUL:
            raise Cut
        self.at += 1
        return self.data[begin : self.at - 1]

    def _one_of(self, passed: bytes, wanted: bytes) -> None:
        """Pass over ``passed``, which must have ``wanted`` in it just once."""
        found = self._skip(passed).count(wanted)
        if self.here == _NUL:
            raise Cut
        if found != 1:
            raise Broken

    def _skip(self, characters: bytes) -> bytes:
        begin = self.at
        while self.here != _NUL and self.here in characters:
            self.at += 1
        return self.data[begin : self.at]
