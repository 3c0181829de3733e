"""Joining a directory and a path as the reference readers do: text only, nothing is resolved. Kernels."""

from __future__ import annotations

import numpy as np

from ..index.tables import U8
from ..kernel import inline
from .state import MAX_PATH, S_MODERN, State
from .strings import intern

_SLASH = 0x2F
_DOT = 0x2E


@inline
def _append_text(out: U8, text: U8, start: int, length: int) -> int:
    n = min(length, MAX_PATH)
    for i in range(n):
        out[i] = text[start + i]
    return n


@inline
def concat(st: State, base: int, b: U8, start: int, length: int) -> int:
    """Return the id of the string ``base`` joined with the path ``b[start:start + length]``.

    State engine, section 4: an absolute path drops the base; ``./`` and ``../`` are folded (the old
    reader does so anywhere in a component, the newest only at its start); old names have their
    non-printable bytes replaced by a dot.
    """
    modern = st.s[S_MODERN] == 1
    out = st.path
    n = np.int64(0)
    if length == 0 and modern:
        return np.int64(0)
    absolute = length > 0 and b[start] == _SLASH
    base_at = st.stroff[base]
    base_len = st.stroff[base + 1] - base_at
    if not absolute:
        if base_len + length > MAX_PATH:
            return _too_long(st)
        n = _append_text(out, st.arena, base_at, base_len)
    elif length > MAX_PATH:
        return _too_long(st)
    i = np.int64(0)
    begin = True  # at the start of a component
    while i < length:
        c = np.int64(b[start + i])
        if c == _DOT and (begin or not modern):
            after = np.int64(b[start + i + 1]) if i + 1 < length else np.int64(-1)
            after2 = np.int64(b[start + i + 2]) if i + 2 < length else np.int64(-1)
            if after == _DOT and (after2 == _SLASH or after2 == -1):
                # cut back past the last component
                if n > 0 and out[n - 1] == _SLASH:
                    n -= 1
                while n > 0 and out[n - 1] != _SLASH:
                    n -= 1
                if n == 0 and absolute:
                    out[0] = _SLASH
                    n = 1
                i += 3
                begin = True
                continue
            if after == _SLASH or after == -1:
                i += 2
                begin = True
                continue
        if c == _SLASH:
            if n == 0 or out[n - 1] != _SLASH:
                out[n] = _SLASH
                n += 1
            begin = True
            i += 1
            continue
        if not modern and (c < 0x20 or c > 0x7E):
            c = np.int64(_DOT)
        out[n] = c
        n += 1
        begin = False
        i += 1
    if n > 1 and out[n - 1] == _SLASH:
        n -= 1
    return intern(st, out, 0, n)


@inline
def _too_long(st: State) -> int:
    text = b"/PATH_TOO_LONG" if st.s[S_MODERN] == 0 else b"/DIR_TOO_LONG/FILENAME_TOO_LONG"
    for i in range(len(text)):
        st.path[i] = text[i]
    return intern(st, st.path, 0, len(text))


@inline
def with_slash(st: State, sid: int) -> int:
    """Return the id of string ``sid`` with a ``/`` at its end (the old reader always adds one)."""
    at = st.stroff[sid]
    length = st.stroff[sid + 1] - at
    if length == 0:
        return sid
    if st.arena[at + length - 1] == _SLASH:
        return sid
    n = _append_text(st.path2, st.arena, at, length)
    st.path2[n] = _SLASH
    return intern(st, st.path2, 0, n + 1)
