"""Little-endian reads from a byte array, for kernels. The caller has checked the bounds."""

from __future__ import annotations

import numpy as np

from ..index.tables import U8
from ..kernel import inline


@inline
def u16(b: U8, i: int) -> int:
    """Unsigned 16-bit value at ``i``."""
    return np.int64(b[i]) | (np.int64(b[i + 1]) << 8)


@inline
def u32(b: U8, i: int) -> int:
    """Unsigned 32-bit value at ``i``."""
    return (
        np.int64(b[i]) | (np.int64(b[i + 1]) << 8) | (np.int64(b[i + 2]) << 16) | (np.int64(b[i + 3]) << 24)
    )


@inline
def i64(b: U8, i: int) -> int:
    """Signed 64-bit value at ``i``; unsigned ones come as the same bit pattern."""
    high = u32(b, i + 4)
    if high >= 0x80000000:
        high -= 0x100000000
    return u32(b, i) | (high << 32)


@inline
def signed(b: U8, i: int, size: int) -> int:
    """Signed value of 1, 2, 4 or 8 bytes; 0 for any other size."""
    if size == 8:
        return i64(b, i)
    if size == 4:
        v = u32(b, i)
        return v - 0x100000000 if v >= 0x80000000 else v
    if size == 2:
        v = u16(b, i)
        return v - 0x10000 if v >= 0x8000 else v
    if size == 1:
        v = np.int64(b[i])
        return v - 0x100 if v >= 0x80 else v
    return np.int64(0)


@inline
def unsigned(b: U8, i: int, size: int) -> int:
    """Unsigned value of 1, 2, 4 or 8 bytes (8: as bit pattern); 0 for any other size."""
    if size == 8:
        return i64(b, i)
    if size == 4:
        return u32(b, i)
    if size == 2:
        return u16(b, i)
    if size == 1:
        return np.int64(b[i])
    return np.int64(0)
