"""Joining a directory and a path as the reference readers do: text only, nothing is resolved. Kernels."""

from __future__ import annotations

import numpy as np

from ..index.tables import I64, U8
from ..kernel import inline
from .state import B_ARENA, B_PATH, B_PATH2, B_STROFF, MAX_PATH, S_MODERN
from .strings import intern

_SLASH = 0x2F
_DOT = 0x2E


@inline
def _append_text(u: U8, out: int, start: int, length: int) -> int:
    n = min(length, MAX_PATH)
    for i in range(n):
        u[out + i] = u[start + i]
    return n


@inline
def concat(h: I64, u: U8, base: int, b: U8, start: int, length: int) -> int:
    """Return the id of the string ``base`` joined with the path ``b[start:start + length]``.

    State engine, section 4: an absolute path drops the base; ``./`` and ``../`` are folded (the old
    reader does so anywhere in a component, the newest only at its start); old names have their
    non-printable bytes replaced by a dot.
    """
    modern = h[S_MODERN] == 1
    out = h[B_PATH]
    n = np.int64(0)
    if length == 0 and modern:
        return np.int64(0)
    absolute = length > 0 and b[start] == _SLASH
    base_at = h[h[B_STROFF] + base]
    base_len = h[h[B_STROFF] + base + 1] - base_at
    if not absolute:
        if base_len + length > MAX_PATH:
            return _too_long(h, u)
        n = _append_text(u, out, h[B_ARENA] + base_at, base_len)
    elif length > MAX_PATH:
        return _too_long(h, u)
    i = np.int64(0)
    begin = True  # at the start of a component
    while i < length:
        c = np.int64(b[start + i])
        if c == _DOT and (begin or not modern):
            after = np.int64(b[start + i + 1]) if i + 1 < length else np.int64(-1)
            after2 = np.int64(b[start + i + 2]) if i + 2 < length else np.int64(-1)
            if after == _DOT and (after2 == _SLASH or after2 == -1):
                # cut back past the last component
                if n > 0 and u[out + n - 1] == _SLASH:
                    n -= 1
                while n > 0 and u[out + n - 1] != _SLASH:
                    n -= 1
                if n == 0 and absolute:
                    u[out] = _SLASH
                    n = 1
                i += 3
                begin = True
                continue
            if after == _SLASH or after == -1:
                i += 2
                begin = True
                continue
        if c == _SLASH:
            if n == 0 or u[out + n - 1] != _SLASH:
                u[out + n] = _SLASH
                n += 1
            begin = True
            i += 1
            continue
        if not modern and (c < 0x20 or c > 0x7E):
            c = np.int64(_DOT)
        u[out + n] = c
        n += 1
        begin = False
        i += 1
    if n > 1 and u[out + n - 1] == _SLASH:
        n -= 1
    return intern(h, u, u, out, n)


@inline
def _too_long(h: I64, u: U8) -> int:
    text = b"/PATH_TOO_LONG" if h[S_MODERN] == 0 else b"/DIR_TOO_LONG/FILENAME_TOO_LONG"
    for i in range(len(text)):
        u[h[B_PATH] + i] = text[i]
    return intern(h, u, u, h[B_PATH], len(text))


@inline
def with_slash(h: I64, u: U8, sid: int) -> int:
    """Return the id of string ``sid`` with a ``/`` at its end (the old reader always adds one)."""
    at = h[h[B_STROFF] + sid]
    length = h[h[B_STROFF] + sid + 1] - at
    if length == 0:
        return sid
    if u[h[B_ARENA] + at + length - 1] == _SLASH:
        return sid
    n = _append_text(u, h[B_PATH2], h[B_ARENA] + at, length)
    u[h[B_PATH2] + n] = _SLASH
    return intern(h, u, u, h[B_PATH2], n + 1)
