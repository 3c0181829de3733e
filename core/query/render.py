"""One parameter of an event as text, for every type whose text depends on its bytes alone.

Inputs: the bytes of a parameter and its description in the catalogue. Outputs: the value as the
reference reader prints it, and its resolved form (errno name, flag names, system call, ...), both
as bytes; an empty resolved form means there is none. Types that need the state of the machine
(descriptors, processes, users, paths) are in :mod:`.args`.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from functools import cache

from ..schema.catalogue import Param, tables
from ..text import printable
from .buffers import SHORT, Look, dots
from .buffers import renderer as buffer_renderer
from .cells import ip_text

Rendered = tuple[bytes, bytes]  # value, resolved form (empty: none)
Render = Callable[[bytes], Rendered]

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
AT_FDCWD = -100
UNKNOWN_ID = 0xFFFFFFFF

# --- type of the parameter -> how its number is stored -------------------------------------------------
SIGNED = {
    "INT8": 1,
    "INT16": 2,
    "INT32": 4,
    "INT64": 8,
    "ERRNO": 8,
    "FD": 8,
    "PID": 8,
    "FD32": 4,
    "PID32": 4,
}
UNSIGNED = {
    "UINT8": 1,
    "UINT16": 2,
    "UINT32": 4,
    "UINT64": 8,
    "SYSCALLID": 2,
    "SIGTYPE": 1,
    "RELTIME": 8,
    "ABSTIME": 8,
    "PORT": 2,
    "L4PROTO": 1,
    "SOCKFAMILY": 1,
    "BOOL": 4,
    "FLAGS8": 1,
    "FLAGS16": 2,
    "FLAGS32": 4,
    "ENUMFLAGS8": 1,
    "ENUMFLAGS16": 2,
    "ENUMFLAGS32": 4,
    "UID": 4,
    "GID": 4,
    "SIGSET": 4,
    "MODE": 4,
}
TEXTS = frozenset(("CHARBUF", "FSPATH", "FSRELPATH"))
_SHOWN_AS_TEXT = TEXTS | {"SOCKADDR", "SOCKTUPLE", "IPV4ADDR", "IPV6ADDR", "IPADDR"}
# An empty parameter prints as NULL for these in the newest reader, as <NA> for all others.
_NULL_WHEN_EMPTY = frozenset(("BYTEBUF", "SOCKTUPLE", "FDLIST", "CHARBUFARRAY", "CHARBUF_PAIR_ARRAY", "DYN"))

# kind of descriptor (file format, 6.1) -> the letter that the reference prints
FD_LETTERS = {
    0: b"o",
    1: b"f",
    2: b"d",
    3: b"4",
    4: b"6",
    5: b"4",
    6: b"6",
    7: b"p",
    8: b"u",
    9: b"e",
    10: b"X",
    11: b"s",
    12: b"l",
    13: b"i",
    14: b"t",
    15: b"n",
    16: b"f",
    17: b"b",
    18: b"u",
    19: b"r",
    20: b"m",
    21: b"P",
}
IP_KINDS = frozenset((3, 4, 5, 6))
TUPLE_KINDS = frozenset((3, 4))  # their protocol shows once it is known who is client and who is server
L4_RAW = 5
L4_LETTERS = {2: b"t", 3: b"u", 4: b"i", L4_RAW: b"r"}

_ALL = bytes(range(256))
_PRINTABLE = bytes(range(0x20, 0x7F))
_CONTROLS = bytes([*range(0x20), 0x7F, 0xFF])
_NOT_ASCII = bytes(b for b in range(256) if b not in _PRINTABLE)
_DOTS = bytes(b if b in _PRINTABLE else 0x2E for b in range(256))
_V4_MAPPED = bytes(10) + b"\xff\xff"
_U16 = struct.Struct("<H")
_POINTERS = struct.Struct("<QQ")


def clean(text: bytes, modern: bool) -> bytes:
    """Return ``text`` without the bytes that the reader leaves out of names and paths."""
    return text.translate(None, _CONTROLS if modern else _NOT_ASCII)


def until_nul(data: bytes) -> bytes:
    """Return the bytes before the first NUL."""
    return data.partition(b"\0")[0]


def number_of(kind: str, raw: bytes) -> int | None:
    """Return the number at the beginning of a parameter; None for types without one, and if it is cut."""
    size = SIGNED.get(kind)
    if size is not None:
        return int.from_bytes(raw[:size], "little", signed=True) if len(raw) >= size else None
    size = UNSIGNED.get(kind)
    if size is not None:
        return int.from_bytes(raw[:size], "little") if len(raw) >= size else None
    return None


def errno_name(code: int) -> bytes:
    """Return the name of error ``code`` (positive), empty if there is none."""
    return _names("errno").get(code, b"")


def join_path(base: bytes, path: bytes, modern: bool) -> bytes:
    """Return ``path`` below ``base`` with ``.`` and ``..`` folded, as the reference readers do it.

    Nothing is looked up; an absolute path drops the base. The old reader folds dots anywhere in a
    component and shows other bytes than printable ASCII as dots.
    """
    absolute = path.startswith(b"/")
    if absolute and b"//" not in path and b"./" not in path and not path.endswith((b".", b"/")):
        return path if modern else dots(path)
    if not modern:
        return _join_old(b"" if absolute else base, path)
    if not path:
        return b""
    if len(base) * (not absolute) + len(path) > 1024:
        return b"/DIR_TOO_LONG/FILENAME_TOO_LONG"
    out = bytearray() if absolute else bytearray(base)
    i = 0
    fresh = True  # at the start of a component
    while i < len(path):
        byte = path[i]
        if byte == 0x2E and fresh:
            if path[i + 1 : i + 3] in (b"./", b"."):
                if out.endswith(b"/"):
                    del out[-1]
                del out[out.rfind(b"/") + 1 :]
                if not out and absolute:
                    out += b"/"
                i += 3
                continue
            if path[i + 1 : i + 2] in (b"/", b""):
                i += 2
                continue
        if byte == 0x2F:
            if not out.endswith(b"/"):
                out.append(byte)
            fresh = True
        else:
            out.append(byte)
            fresh = False
        i += 1
    if len(out) > 1 and out.endswith(b"/"):
        del out[-1]
    return bytes(out)


def _join_old(base: bytes, path: bytes) -> bytes:
    out = bytearray(base)
    i = 0
    while i < len(path):
        here = path[i : i + 3]
        if here in (b"../", b".."):
            if len(out) > 1:
                del out[max(out.rfind(b"/", 0, len(out) - 1) + 1, 0) :]
            i += len(here)
        elif here.startswith(b".."):
            out += b".."
            i += 2
        elif here.startswith(b"./"):
            i += 2
        elif here == b".":
            i += 1
        else:
            if path[i] != 0x2F or not out.endswith(b"/"):
                out.append(_DOTS[path[i]])
            i += 1
    if len(out) > 1 and out.endswith(b"/"):
        del out[-1]
    return bytes(out)


@cache
def _names(table: str) -> dict[int, bytes]:
    return {int(code): name.encode() for code, name in tables()[table].items()}


@cache
def _syscalls(modern: bool) -> dict[int, bytes]:
    names = dict(_names("ppm_sc"))
    if not modern:
        names |= {int(code): entry["name"].encode() for code, entry in tables()["ppm_sc_0_29_3"].items()}
    return names


@cache
def _flag_rows(table: str, modern: bool) -> tuple[tuple[int, bytes], ...]:
    source = tables()["flag_tables"].get(table, [])
    if not modern:
        source = tables()["flag_tables_0_29_3_differences"].get(table, source)
    return tuple((value, name.encode()) for name, value in source)


def flag_names(value: int, table: str, modern: bool, *, mode: bool = False) -> bytes:
    """Return the names of the bits of ``value`` joined by ``|``.

    The old reader names a value that has a row of its own by that row even after names of its bits;
    the newest one does so for file modes (``mode``) only.
    """
    found: list[bytes] = []
    rest = value
    for bits, name in _flag_rows(table, modern):
        whole = bits == value
        if whole and (mode or not modern):
            found.append(name)
            break
        if (bits == 0 and whole) or (bits != 0 and rest != 0 and rest & bits == bits):
            found.append(name)
            rest &= ~bits
            if whole:
                break
    return b"|".join(found)


def enum_names(value: int, table: str, modern: bool) -> bytes:
    """Return every name that stands for exactly ``value``, joined by ``|``."""
    return b"|".join(name for bits, name in _flag_rows(table, modern) if bits == value)


def address_text(data: bytes, modern: bool) -> bytes:
    """Return a socket address (SOCKADDR) as text.

    The old reader wants the exact length, the newest one at least the length that it needs.
    """
    if not data:
        return b"<NA>" if modern else b"NULL"
    family = data[0]
    if family == AF_UNIX:
        if modern and (len(data) < 2 or data[-1]):
            return b"INVALID PATH"
        return _socket_path(data[1:], modern)
    if family == AF_INET:
        if not _fits(data, 7, modern):
            return b"INVALID IPv4"
        return b"%b:%d" % (ip_text(data[1:5]).encode(), _U16.unpack_from(data, 5)[0])
    if family == AF_INET6:
        if not _fits(data, 19, modern):
            return b"INVALID IPv6"
        return b"%b:%d" % (ip6_text(data[1:17]), _U16.unpack_from(data, 17)[0])
    return b"family %d" % family


def _fits(data: bytes, size: int, modern: bool) -> bool:
    return len(data) >= size if modern else len(data) == size


def _socket_path(data: bytes, modern: bool) -> bytes:
    path = until_nul(data)
    return path if modern else clean(path, False)


def ip6_text(raw: bytes) -> bytes:
    """Return 16 bytes as an IPv6 address."""
    return socket.inet_ntop(socket.AF_INET6, raw).encode()


def tuple_text(data: bytes, modern: bool) -> bytes:
    """Return a pair of socket addresses (SOCKTUPLE) as text."""
    if not data:
        return b"NULL"
    family = data[0]
    if family == AF_UNIX:
        if len(data) < 18 or (modern and data[-1]):
            return b"INVALID PATH" if modern else b"INVALID UNIX SOCKET"
        source, peer = _POINTERS.unpack_from(data, 1)
        return b"%x->%x %b" % (source, peer, _socket_path(data[17:], modern))
    if family == AF_INET:
        if not _fits(data, 13, modern):
            return b"INVALID IPv4"
        ends = (data[1:5], data[5:7], data[7:11], data[11:13])
        return b"%b:%d->%b:%d" % _ends(ends, False)
    if family == AF_INET6:
        if not _fits(data, 37, modern):
            return b"INVALID IPv6"
        if _is_v4(data[1:17]) and _is_v4(data[19:35]):
            return b"%b:%d->%b:%d" % _ends((data[13:17], data[17:19], data[31:35], data[35:37]), False)
        return b"%b:%d->%b:%d" % _ends((data[1:17], data[17:19], data[19:35], data[35:37]), True)
    return b"family %d" % family


def _is_v4(raw: bytes) -> bool:
    """Return whether the readers take 16 bytes for an IPv4 address: mapped into IPv6, or all zero."""
    return raw.startswith(_V4_MAPPED) or not any(raw)


def _ends(parts: tuple[bytes, bytes, bytes, bytes], six: bool) -> tuple[bytes, int, bytes, int]:
    show = ip6_text if six else lambda raw: ip_text(raw).encode()
    return show(parts[0]), _U16.unpack(parts[1])[0], show(parts[2]), _U16.unpack(parts[3])[0]


def time_text(ns: int) -> bytes:
    """Return an absolute time as local date and time with nanoseconds."""
    seconds, rest = divmod(ns, 1_000_000_000)
    try:
        local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return b"%d" % ns
    return f"{local}.{rest:09d}".encode()


def _number_text(value: int, size: int, signed: bool, fmt: str) -> bytes:
    if fmt == "HEX":
        return b"%X" % (value & ((1 << (8 * max(size, 4))) - 1))
    if fmt == "OCT":
        return b"0%o" % value if value else b"0"
    if not signed and size >= 4 and value >> (8 * size - 1):
        value -= 1 << (8 * size)  # the reference prints all numbers as signed
    if fmt == "10_PADDED_DEC":
        return b"%09d" % value
    return b"%d" % value


def _numeric(kind: str, param: Param, modern: bool) -> Render:
    signed = kind in SIGNED
    size = SIGNED.get(kind) or UNSIGNED.get(kind) or 8
    fmt, table = "DEC" if kind == "PORT" else param.fmt, param.flags
    syscalls = _syscalls(modern)
    signals = _names("signals")

    def show(raw: bytes) -> Rendered:
        value = number_of(kind, raw)
        if value is None:
            return _odd(raw, modern)
        if kind == "ERRNO":
            return b"%d" % value, errno_name(-value) if value < 0 else b""
        if kind == "SYSCALLID":
            name = syscalls.get(value, b"")
            return (b"%d" % value, name) if name else (b"<unknown syscall>", b"")
        if kind == "SIGTYPE":
            return b"%d" % value, signals.get(value, b"")
        if kind == "RELTIME":
            if value == (1 << 64) - 1:
                return b"none", b""
            return b"%d" % value, f"{value / 1e9:g}s".encode()
        if kind == "ABSTIME":
            return time_text(value), b""
        if kind == "SIGSET":
            return b" ".join(signals[i + 1] for i in range(31) if value >> i & 1), b""
        if kind == "MODE":
            return _number_text(value, size, False, fmt), flag_names(value, table or "", modern, mode=True)
        if kind.startswith("FLAGS"):
            return b"%d" % value, flag_names(value, table or "", modern)
        if kind.startswith("ENUMFLAGS"):
            names = enum_names if modern else flag_names
            return b"%d" % value, names(value, table or "", modern)
        return _number_text(value, size, signed, fmt), b""

    return show


def _odd(raw: bytes, modern: bool) -> Rendered:
    """Render a parameter whose size does not fit its type."""
    if not raw:
        return (b"<NA>" if modern else b""), b""
    return dots(raw), b""


def _dynamic(param: Param, modern: bool, resolve: Callable[[Param], Render]) -> Render:
    choices: dict[int, Render] = {}
    for raw in tables()["dynamic_params"].get(param.dyn or "", []):
        choices[raw["index"]] = resolve(Param(param.name, raw["type"], raw["fmt"]))

    def show(raw: bytes) -> Rendered:
        if not raw and modern:
            return b"NULL", b""
        inner = choices.get(raw[0]) if raw else None
        if inner is None:
            return b"INVALID DYNAMIC PARAMETER", b""
        return inner(raw[1:])

    return show


def renderer(
    param: Param, modern: bool, special: Callable[[Param], Render | None], look: Look = SHORT
) -> Render:
    """Return the function that shows the values of ``param``.

    ``special`` is asked first, also for the inner types of a dynamic parameter: it returns the
    function for the types that need more than their bytes, and None for all others.
    """

    def resolve(p: Param) -> Render:
        if p.type == "DYN":
            return _dynamic(p, modern, resolve)
        show = special(p)
        if show is None and (p.type in SIGNED or p.type in UNSIGNED):
            show = _numeric(p.type, p, modern)
        if show is None and p.type in _SHOWN_AS_TEXT:
            show = _text(p.type, modern)
        if show is None:
            return _buffer(p.type, modern, look)
        return _safely(show) if look.safe else show

    return resolve(param)


def _safely(show: Render) -> Render:
    """Return ``show`` with all that could act on a terminal made visible."""

    def safe(raw: bytes) -> Rendered:
        value, resolved = show(raw)
        return printable(value).encode(), printable(resolved).encode() if resolved else b""

    return safe


def _buffer(kind: str, modern: bool, look: Look) -> Render:
    show = buffer_renderer(look, modern)
    empty = b"NULL" if modern and kind in _NULL_WHEN_EMPTY else b"<NA>" if modern else b""
    return lambda raw: (show(raw) if raw else empty, b"")


def _text(kind: str, modern: bool) -> Render:
    empty = b"" if not modern else b"NULL" if kind in _NULL_WHEN_EMPTY else b"<NA>"
    if kind in ("SOCKADDR", "SOCKTUPLE"):
        text = address_text if kind == "SOCKADDR" else tuple_text
        return lambda raw: (text(raw, modern), b"")
    if kind in TEXTS:
        return lambda raw: (until_nul(raw) if raw else empty, b"")
    return lambda raw: (ip_text(raw).encode() if raw else empty, b"")
