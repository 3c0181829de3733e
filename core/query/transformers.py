"""Transformers: what they take, what they give, and what they do to one value.

A value is bytes (text or a buffer), a tuple of bytes (a list) or a number; None is no value. The
functions know nothing of fields or columns: see :mod:`.terms`.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Value = bytes | tuple[bytes, ...] | int | None
Function = Callable[..., Value]

OF_SEVERAL = ("join", "concat", "getopt")  # the others change one value
TEXT, BUFFER, NUMBER = "CHARBUF", "BYTEBUF", "UINT64"
TEXTS = frozenset((TEXT, "FSPATH", "FSRELPATH"))


@dataclass(frozen=True)
class Shape:
    """What kind of value a field or a transformer gives: its PT_ type, and whether it is a list."""

    type: str
    is_list: bool = False

    def __str__(self) -> str:
        """Return the shape in words."""
        word = _WORDS.get(self.type, "a number")
        return f"a list of {word.removeprefix('a ').removeprefix('an ')}s" if self.is_list else word


_WORDS = {
    **dict.fromkeys(TEXTS, "text"),
    BUFFER: "a buffer",
    "BOOL": "true or false",
    "IPADDR": "an address",
    "IPNET": "a network",
}


class BadCall(Exception):
    """A transformer that cannot work on its arguments; ``argument`` is the wrong one (None: the call)."""

    def __init__(self, reason: str, argument: int | None = None) -> None:
        """Say what was expected."""
        super().__init__(reason)
        self.reason = reason
        self.argument = argument


def shape_of(name: str, args: Sequence[Shape], arg: str | None) -> Shape:
    """Return what the transformer ``name`` gives for such arguments. Raises BadCall."""
    if arg is not None and name != "getopt":
        raise BadCall(f"expected nothing in brackets after {name}(…)")
    if name in OF_SEVERAL:
        return _several(name, args, arg)
    if len(args) != 1:
        raise BadCall(f"expected one argument of {name}, found {len(args)}", 1)
    given = args[0]
    if name == "len":
        if not given.is_list and given.type not in TEXTS and given.type != BUFFER:
            raise BadCall(f"expected text, a buffer or a list in len(…), found {given}", 0)
        return Shape(NUMBER)
    if given.type in TEXTS or (name == "b64" and given.type == BUFFER):
        return given
    wanted = "text or a buffer" if name == "b64" else "text"
    raise BadCall(f"expected {wanted} in {name}(…), found {given}", 0)


def _several(name: str, args: Sequence[Shape], arg: str | None) -> Shape:
    if name == "concat":
        if len(args) < 2:
            raise BadCall(f"expected at least two arguments of concat, found {len(args)}")
        for at, given in enumerate(args):
            _text(name, given, at)
        return Shape(TEXT)
    usage = "join(separator, list)" if name == "join" else "getopt(list, options)"
    if len(args) != 2:
        raise BadCall(f"expected {usage}, found {len(args)} argument{'' if len(args) == 1 else 's'}")
    place = 1 if name == "join" else 0
    if not args[place].is_list:
        raise BadCall(f"expected a list in {usage}, such as (proc.name, fd.name), found {args[place]}", place)
    _text(name, args[1 - place], 1 - place)
    if name == "join":
        return Shape(TEXT)
    if arg is not None and len(arg.encode()) != 1:
        raise BadCall("expected one letter in the brackets after getopt(…)")
    return Shape(TEXT, is_list=arg is None)


def _text(name: str, given: Shape, at: int) -> None:
    if given.is_list or given.type not in TEXTS:
        raise BadCall(f"expected text as argument {at + 1} of {name}, found {given}", at)


def function_of(name: str, arg: str | None, given: Sequence[Shape]) -> Function:
    """Return what the transformer ``name`` does to the values of its arguments, none of them None."""
    if name == "len":
        return len
    if name == "join":
        return lambda separator, items: separator.join(items)
    if name == "concat":
        return lambda *parts: b"".join(parts)
    if name == "getopt":
        letter = None if arg is None else arg.encode()
        return lambda items, options: getopt(items, options, letter)
    one = _ONE[name]
    if name == "b64" and given[0].type != BUFFER:
        one = _decode_text
    if given[0].is_list:
        return lambda items: _each(one, items)
    return one


def _each(one: Callable[[bytes], bytes | None], items: tuple[bytes, ...]) -> Value:
    found = [one(item) for item in items]
    return tuple(item for item in found if item is not None) if None not in found else None


def _basename(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def decode(text: bytes) -> bytes | None:
    """Return what base64 ``text`` stands for, with or without its padding; None when it is not base64."""
    text = text.rstrip(b"\0")
    digits = text[:-2] if text.endswith(b"==") else text.removesuffix(b"=")
    if not digits:
        return b"" if not text else None
    try:
        found = binascii.a2b_base64(digits + b"=" * (-len(digits) % 4), strict_mode=True)
    except binascii.Error:
        return None
    # bits that stand for nothing must be 0
    return found if binascii.b2a_base64(found, newline=False).rstrip(b"=") == digits else None


def _decode_text(text: bytes) -> bytes | None:
    found = decode(text)
    return None if found is None else found.partition(b"\0")[0]


_ONE: dict[str, Callable[[bytes], bytes | None]] = {
    "toupper": bytes.upper,
    "tolower": bytes.lower,
    "basename": _basename,
    "b64": decode,
}


def getopt(args: tuple[bytes, ...], options: bytes, letter: bytes | None) -> Value:
    """Return the options in ``args`` and their values, as getopt(3) reads them with ``options``.

    With ``letter`` it is the value of that option where it occurs last, the letter itself when it
    takes none, empty when its value is missing; None when the option does not occur. Long options are
    passed over; an unknown one is ``?``.
    """
    known, valued = _options(options)
    found: list[bytes] = []
    chosen: bytes | None = None
    rest = iter(args)
    for word in rest:
        if word == b"--" or len(word) < 2 or word[:1] != b"-":
            break
        if word.startswith(b"--"):
            continue
        for at in range(1, len(word)):
            option = word[at : at + 1]
            if option not in known:
                found.append(b"?")
                continue
            if option not in valued:
                found.append(option)
                chosen = option if option == letter else chosen
                continue
            value = word[at + 1 :] or next(rest, None)
            found += [b""] if value is None else [option, value]
            if option == letter:
                chosen = value or b""
            break
    return tuple(found) if letter is None else chosen


def _options(text: bytes) -> tuple[set[bytes], set[bytes]]:
    """Return the letters that are options, and those that take a value."""
    text = text.removeprefix(b":")
    known = {text[at : at + 1] for at in range(len(text)) if text[at] != ord(":")}
    valued = {
        text[at : at + 1] for at in range(len(text) - 1) if text[at] != ord(":") and text[at + 1] == ord(":")
    }
    return known, valued
