"""The string arena: each distinct byte string once, found by a hash table. Kernels."""

from __future__ import annotations

import numpy as np

from ..index.tables import I32, I64, U8
from ..kernel import inline, kernel
from .state import S_ARENA, S_STRINGS, State


@inline
def _hash(b: U8, start: int, length: int) -> int:
    """FNV-1a over bytes, kept below 2**62."""
    h = np.int64(1469598103934665603)
    for i in range(start, start + length):
        h = ((h ^ np.int64(b[i])) * np.int64(1099511628211)) & np.int64(0x3FFFFFFFFFFFFFFF)
    return h ^ (h >> 29)


@inline
def intern(st: State, b: U8, start: int, length: int) -> int:
    """Return the id of ``b[start:start + length]``, adding it to the arena (which has room)."""
    if length <= 0:
        return np.int64(0)
    mask = len(st.strhash) - 1
    slot = _hash(b, start, length) & mask
    while True:
        sid = np.int64(st.strhash[slot]) - 1
        if sid < 0:
            break
        at = st.stroff[sid]
        if st.stroff[sid + 1] - at == length:
            same = True
            for i in range(length):
                if st.arena[at + i] != b[start + i]:
                    same = False
                    break
            if same:
                return sid
        slot = (slot + 1) & mask
    sid = st.s[S_STRINGS]
    at = st.s[S_ARENA]
    for i in range(length):
        st.arena[at + i] = b[start + i]
    st.stroff[sid] = at
    st.stroff[sid + 1] = at + length
    st.s[S_STRINGS] = sid + 1
    st.s[S_ARENA] = at + length
    st.strhash[slot] = np.int32(sid + 1)
    return sid


@kernel
def intern_one(st: State, b: U8) -> int:
    """Return the id of the whole array ``b``: for Python, outside the pass."""
    return intern(st, b, 0, len(b))


@kernel
def rehash(arena: U8, stroff: I64, count: int, table: I32) -> None:
    """Fill an empty, larger hash ``table`` with the strings 1..count-1."""
    mask = len(table) - 1
    for sid in range(1, count):
        slot = _hash(arena, stroff[sid], stroff[sid + 1] - stroff[sid]) & mask
        while table[slot] != 0:
            slot = (slot + 1) & mask
        table[slot] = np.int32(sid + 1)


@inline
def text_length(b: U8, start: int, length: int) -> int:
    """Length of a NUL-terminated text of at most ``length`` bytes."""
    for i in range(length):
        if b[start + i] == 0:
            return i
    return length


@inline
def intern_text(st: State, b: U8, start: int, length: int) -> int:
    """Intern a CHARBUF: up to its first NUL."""
    return intern(st, b, start, text_length(b, start, length))


@inline
def intern_list(st: State, b: U8, start: int, length: int) -> int:
    """Intern a NUL-separated list without its final NUL."""
    if length > 0 and b[start + length - 1] == 0:
        length -= 1
    return intern(st, b, start, length)
