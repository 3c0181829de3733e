"""The string arena: each distinct byte string once, found by a hash table. Kernels."""

from __future__ import annotations

import numpy as np

from ..index.tables import I64, U8
from ..kernel import inline, kernel, unchecked
from .state import (
    B_ARENA,
    B_PATH,
    B_STRHASH,
    B_STROFF,
    C_STRHASH,
    H_SEED,
    MAX_PATH,
    S_ARENA,
    S_MODERN,
    S_STRINGS,
)


@inline
def _hash(b: U8, start: int, length: int, seed: int) -> int:
    """FNV-1a over bytes from a random start, kept below 2**62."""
    x = np.int64(1469598103934665603) ^ seed
    for i in range(start, start + length):
        x = ((x ^ np.int64(b[i])) * np.int64(1099511628211)) & np.int64(0x3FFFFFFFFFFFFFFF)
    return x ^ (x >> 29)


@inline
def intern(h: I64, u: U8, b: U8, start: int, length: int) -> int:
    """Return the id of ``b[start:start + length]``, adding it to the arena (which has room)."""
    if length <= 0:
        return np.int64(0)
    mask = h[C_STRHASH] - 1
    slot = _hash(b, start, length, h[H_SEED]) & mask
    while True:
        sid = (h[h[B_STRHASH] + slot]) - 1
        if sid < 0:
            break
        at = h[h[B_STROFF] + sid]
        if h[h[B_STROFF] + sid + 1] - at == length:
            same = True
            for i in range(length):
                if u[h[B_ARENA] + at + i] != b[start + i]:
                    same = False
                    break
            if same:
                return sid
        slot = (slot + 1) & mask
    sid = h[S_STRINGS]
    at = h[S_ARENA]
    for i in range(length):
        u[h[B_ARENA] + at + i] = b[start + i]
    h[h[B_STROFF] + sid] = at
    h[h[B_STROFF] + sid + 1] = at + length
    h[S_STRINGS] = sid + 1
    h[S_ARENA] = at + length
    h[h[B_STRHASH] + slot] = sid + 1
    return sid


@kernel
def intern_one(h: I64, u: U8, b: U8) -> int:
    """Return the id of the whole array ``b``: for Python, outside the pass."""
    return intern(unchecked(h), unchecked(u), unchecked(b), 0, len(b))


@kernel
def rehash(h: I64, u: U8) -> None:
    """Fill the (larger) hash table anew with all strings."""
    h = unchecked(h)
    u = unchecked(u)
    mask = h[C_STRHASH] - 1
    base = h[B_STRHASH]
    for i in range(mask + 1):
        h[base + i] = 0
    for sid in range(1, h[S_STRINGS]):
        at = h[h[B_STROFF] + sid]
        length = h[h[B_STROFF] + sid + 1] - at
        slot = _hash(u, h[B_ARENA] + at, length, h[H_SEED]) & mask
        while h[base + slot] != 0:
            slot = (slot + 1) & mask
        h[base + slot] = sid + 1


@inline
def text_length(b: U8, start: int, length: int) -> int:
    """Length of a NUL-terminated text of at most ``length`` bytes."""
    for i in range(length):
        if b[start + i] == 0:
            return i
    return length


@inline
def intern_text(h: I64, u: U8, b: U8, start: int, length: int) -> int:
    """Intern a CHARBUF: up to its first NUL."""
    return intern(h, u, b, start, text_length(b, start, length))


@inline
def intern_list(h: I64, u: U8, b: U8, start: int, length: int) -> int:
    """Intern a list of texts, each with its NUL: one empty text is not the same as none."""
    return intern(h, u, b, start, length)


@inline
def intern_shown(h: I64, u: U8, b: U8, start: int, length: int) -> int:
    """Intern a CHARBUF as the old reader shows it: without the bytes that cannot be printed."""
    length = text_length(b, start, length)
    if h[S_MODERN] == 1:
        return intern(h, u, b, start, length)
    out = h[B_PATH]
    n = np.int64(0)
    for i in range(min(length, MAX_PATH)):
        c = np.int64(b[start + i])
        if c >= 0x20 and c <= 0x7E:
            u[out + n] = c
            n += 1
    return intern(h, u, u, out, n)
