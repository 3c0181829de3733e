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
def concat(h: I64, u: U8, base: int, b: U8, start: int, length: int, extra: int) -> int:
    """Return the id of the string ``base`` joined with the path ``b[start:start + length]``.

    State engine, section 4: an absolute path drops the base; ``./`` and ``../`` are folded (the old
    reader does so anywhere in a component, the newest only at its start); old names have their
    non-printable bytes replaced by a dot. ``extra`` bytes of the path beyond its text count for the
    old reader's limit; without any, its empty path is an absolute one.
    """
    base_at = h[h[B_STROFF] + base]
    base_len = h[h[B_STROFF] + base + 1] - base_at
    if h[S_MODERN] == 0:
        return _concat_old(h, u, base_at, base_len, b, start, length, extra)
    out = h[B_PATH]
    n = np.int64(0)
    if length == 0:
        return np.int64(0)
    if base_len + length + 1 > MAX_PATH:
        return _too_long(h, u)
    if b[start] != _SLASH:
        n = _append_text(u, out, h[B_ARENA] + base_at, base_len)
    on_base = n > 0
    i = np.int64(0)
    while i < length:
        c = np.int64(b[start + i])
        if c == _DOT and (n == 0 or u[out + n - 1] == _SLASH):
            after = np.int64(b[start + i + 1]) if i + 1 < length else np.int64(-1)
            after2 = np.int64(b[start + i + 2]) if i + 2 < length else np.int64(-1)
            if after == _DOT and (after2 == _SLASH or after2 == -1):
                n = _cut_back(u, out, n)
                i += 3
                continue
            if after == _SLASH or after == -1:
                i += 2
                continue
        elif c == _SLASH and (u[out + n - 1] == _SLASH if n > 0 else on_base):
            i += 1
            continue
        u[out + n] = c
        n += 1
        i += 1
    if n > 1 and u[out + n - 1] == _SLASH:
        n -= 1
    return intern(h, u, u, out, n)


@inline
def _cut_back(u: U8, out: int, n: int) -> int:
    """Length of the path ``u[out:out + n]`` without its last component."""
    if n > 1:
        n -= 1
        while n > 0 and u[out + n - 1] != _SLASH:
            n -= 1
    return n


@inline
def _concat_old(
    h: I64, u: U8, base_at: int, base_len: int, b: U8, start: int, length: int, extra: int
) -> int:
    """Join as 0.29.3 does: it folds dots wherever they stand, and replaces what cannot be printed."""
    if base_len + length + extra + 1 > MAX_PATH:
        return _too_long(h, u)
    out = h[B_PATH]
    n = np.int64(0)
    if (length > 0 and b[start] != _SLASH) or (length == 0 and extra > 0):
        n = _append_text(u, out, h[B_ARENA] + base_at, base_len)
    i = np.int64(0)
    while i < length:
        c = np.int64(b[start + i])
        if c == _DOT:
            after = np.int64(b[start + i + 1]) if i + 1 < length else np.int64(-1)
            if after == _DOT:
                after2 = np.int64(b[start + i + 2]) if i + 2 < length else np.int64(-1)
                if after2 == _SLASH or after2 == -1:
                    n = _cut_back(u, out, n)
                    i += 3
                else:
                    u[out + n] = _DOT
                    u[out + n + 1] = _DOT
                    n += 2
                    i += 2
                continue
            if after == _SLASH or after == -1:
                i += 2
                continue
        elif c == _SLASH:
            i += 1
            if n == 0 or u[out + n - 1] != _SLASH:
                u[out + n] = _SLASH
                n += 1
            continue
        elif c < 0x20 or c > 0x7E:
            c = np.int64(_DOT)
        u[out + n] = c
        n += 1
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
    """Return the id of string ``sid`` with a ``/`` at its end; of an empty one only in old captures."""
    at = h[h[B_STROFF] + sid]
    length = h[h[B_STROFF] + sid + 1] - at
    if length == 0 and h[S_MODERN] == 1:
        return sid
    if length > 0 and u[h[B_ARENA] + at + length - 1] == _SLASH:
        return sid
    n = _append_text(u, h[B_PATH2], h[B_ARENA] + at, length)
    u[h[B_PATH2] + n] = _SLASH
    return intern(h, u, u, h[B_PATH2], n + 1)


@inline
def beneath(h: I64, u: U8, sid: int) -> int:
    """Return the id of a directory's name as the start of paths in it; the old reader always adds a ``/``."""
    if h[S_MODERN] == 1:
        return with_slash(h, u, sid)
    at = h[h[B_STROFF] + sid]
    n = _append_text(u, h[B_PATH2], h[B_ARENA] + at, h[h[B_STROFF] + sid + 1] - at)
    u[h[B_PATH2] + n] = _SLASH
    return intern(h, u, u, h[B_PATH2], n + 1)
