"""Finding the parameters of an event inside its block. Kernels.

Layout: file format, section 7.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import I64, U8
from ..kernel import inline
from .actions import E_FACTS, E_LARGE, E_NPARAMS, E_V1_NPARAMS
from .readers import signed, u16, u32, unsigned
from .state import C_EVENTS, H_OFF, H_PLEN, ee
from .strings import intern_list, intern_text

MAX_PARAMS = 60

HEADER_V1 = 1
HEADER_V1_FLAGS = 2
HEADER_V2 = 3
HEADER_V2_FLAGS = 4

_NOTIFICATION_E = 280  # v1 blocks store a length that is 3 too large for these two
_INFRASTRUCTURE_E = 286


@inline
def header_kind(block_type: int) -> int:
    """Which event header a block type has; 0 when the block is not an event."""
    if block_type == 0x216 or block_type == 0x221:
        return HEADER_V2
    if block_type == 0x204 or block_type == 0x8010ABCD:
        return HEADER_V1
    if block_type == 0x217 or block_type == 0x222:
        return HEADER_V2_FLAGS
    if block_type == 0x208:
        return HEADER_V1_FLAGS
    return 0


@inline
def parse(h: I64, b: U8, start: int, available: int, kind: int, first: int) -> int:
    """Fill ``st.off`` and ``st.plen`` from index ``first``; returns the number of parameters found.

    The block begins at ``b[start]`` and ``available`` bytes of it are there. Parameters that do not lie
    inside the event are left out.
    """
    head = start + 10
    if kind in (HEADER_V1_FLAGS, HEADER_V2_FLAGS):
        head += 4
    end = start + available
    code = u16(b, head + 20)
    length = u32(b, head + 16)
    if code >= h[C_EVENTS]:
        return 0
    info = ee(h, code)
    size = 4 if h[info + E_FACTS] & E_LARGE else 2
    event_end = head + length
    if event_end > end:
        event_end = end
    if kind in (HEADER_V2, HEADER_V2_FLAGS):
        n = u32(b, head + 22)
        lengths = head + 26
        if n > MAX_PARAMS:
            n = np.int64(MAX_PARAMS)
    else:
        lengths = head + 22
        if code in (_NOTIFICATION_E, _INFRASTRUCTURE_E):
            event_end -= 3
        usual = h[info + E_NPARAMS]
        if size == 2 and _fill(h, b, lengths, event_end, usual, first):
            return usual
        n = _count_v1(b, lengths, event_end, h[info + E_V1_NPARAMS], usual)
    at = lengths + n * size
    if at > event_end:
        return 0
    found = 0
    for i in range(n):
        plen = u32(b, lengths + 4 * i) if size == 4 else u16(b, lengths + 2 * i)
        if at + plen > event_end:
            break
        h[H_OFF + first + i] = at
        h[H_PLEN + first + i] = plen
        at += plen
        found += 1
    return found


@inline
def _fill(h: I64, b: U8, lengths: int, event_end: int, n: int, first: int) -> bool:
    """Fill in ``n`` parameters with lengths of two bytes; True when they add up to the event's length."""
    at = lengths + 2 * n
    if at > event_end:
        return False
    for i in range(n):
        plen = u16(b, lengths + 2 * i)
        h[H_OFF + first + i] = at
        h[H_PLEN + first + i] = plen
        at += plen
    return at == event_end


@inline
def _fits(b: U8, lengths: int, event_end: int, n: int) -> bool:
    at = lengths + 2 * n
    if at > event_end:
        return False
    for i in range(n):
        at += u16(b, lengths + 2 * i)
    return at == event_end


@inline
def _count_v1(b: U8, lengths: int, event_end: int, most: int, usual: int) -> int:
    """Number of parameters of a v1 event: the count whose lengths add up to the event's."""
    if _fits(b, lengths, event_end, usual):
        return usual
    n = most
    while n >= 0:
        if n != usual and _fits(b, lengths, event_end, n):
            return n
        n -= 1
    return 0


# --- parameters by slot ----------------------------------------------------------------------------------
@inline
def number(h: I64, b: U8, slots: int, n: int, slot: int, default: int) -> int:
    """Signed value of the parameter in ``slot`` of the current event; ``default`` if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n or h[H_PLEN + i] == 0:
        return np.int64(default)
    return signed(b, h[H_OFF + i], h[H_PLEN + i])


@inline
def natural(h: I64, b: U8, slots: int, n: int, slot: int, default: int) -> int:
    """Unsigned value of the parameter in ``slot``; ``default`` if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n or h[H_PLEN + i] == 0:
        return np.int64(default)
    return unsigned(b, h[H_OFF + i], h[H_PLEN + i])


@inline
def has(h: I64, slots: int, n: int, slot: int) -> bool:
    """Whether the current event carries the parameter in ``slot``."""
    i = h[slots + slot]
    return i >= 0 and i < n


@inline
def string(h: I64, u: U8, b: U8, slots: int, n: int, slot: int) -> int:
    """Id of the CHARBUF parameter in ``slot``; 0 if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n:
        return np.int64(0)
    return intern_text(h, u, b, h[H_OFF + i], h[H_PLEN + i])


@inline
def listing(h: I64, u: U8, b: U8, slots: int, n: int, slot: int) -> int:
    """Id of the list of NUL-terminated texts in ``slot``; 0 if it is missing."""
    i = h[slots + slot]
    if i < 0 or i >= n:
        return np.int64(0)
    return intern_list(h, u, b, h[H_OFF + i], h[H_PLEN + i])
