"""From capture bytes to text that is safe to show: the only way to a terminal."""

from __future__ import annotations

import unicodedata

_ESCAPES = {ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}
_BIDI = frozenset([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


def printable(value: bytes | str, *, newlines: bool = False) -> str:
    """Return ``value`` with everything that could act on a terminal made visible.

    Control characters (C0, DEL, C1), bidirectional controls, line separators and lone surrogates
    become escapes such as ``\\x1b`` or ``\\u202e``; bytes that are not UTF-8 become U+FFFD. With
    ``newlines`` the line feed stays.
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    for char in text:
        code = ord(char)
        if newlines and char == "\n":
            out.append(char)
        elif code in _ESCAPES:
            out.append(_ESCAPES[code])
        elif code < 0x20 or 0x7F <= code < 0xA0:
            out.append(f"\\x{code:02x}")
        elif code in _BIDI or code in (0x2028, 0x2029) or unicodedata.category(char) in ("Cs", "Cf"):
            out.append(f"\\u{code:04x}")
        else:
            out.append(char)
    return "".join(out)
