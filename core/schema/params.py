"""Where the parameters of an event lie in its block (file format, section 7).

Inputs: whole event blocks (frame included), one at a time as bytes or many gathered in a buffer.
Outputs: the parameters as bytes, or their positions and lengths. The kernels and :func:`split`
follow the same rules; nothing outside a block is ever read.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format.blocks import BLOCKS, FRAME, HEADER_V1, HEADER_V2, Kind
from ..kernel import inline, kernel
from .catalogue import EventInfo, events

NO_PARAM = -1

# Event codes whose length is 3 too large in blocks without a parameter count.
_OVERLONG_NAMES = ("PPME_NOTIFICATION_E", "PPME_INFRASTRUCTURE_EVENT_E")
_OVERLONG = frozenset(e.id for e in events(True) if e.sym in _OVERLONG_NAMES)


class Shapes(NamedTuple):
    """What the kernels must know of the event codes; arrays have one entry per code."""

    params: NDArray[np.int64]  # parameters in the catalogue
    wide: NDArray[np.int64]  # 1: 32-bit parameter lengths
    surplus: NDArray[np.int64]  # bytes by which the stored length of v1 events is too large


class Frames(NamedTuple):
    """Block types that hold an event; arrays are parallel."""

    type: NDArray[np.int64]
    v1: NDArray[np.int64]  # 1: no parameter count in the event header
    event_at: NDArray[np.int64]  # offset of the event header in the block


class Located(NamedTuple):
    """All parameters of some blocks; block i has ``first[i]`` up to ``first[i + 1]``."""

    code: NDArray[np.int64]  # event code per block, -1: not an event
    first: NDArray[np.int64]
    start: NDArray[np.int64]  # position in the buffer, per parameter
    length: NDArray[np.int64]


@cache
def shapes(modern: bool) -> Shapes:
    """Return the arrays of the catalogue that the kernels take (see :class:`Shapes`)."""
    table = events(modern)
    return Shapes(
        params=np.array([len(e.params) for e in table], dtype=np.int64),
        wide=np.array([int("LARGE_PAYLOAD" in e.flags) for e in table], dtype=np.int64),
        surplus=np.array([3 if e.id in _OVERLONG else 0 for e in table], dtype=np.int64),
    )


@cache
def frames() -> Frames:
    """Return the outline of every block type that holds an event."""
    known = [b for b in BLOCKS.values() if b.kind is Kind.EVENT]
    return Frames(
        type=np.array([b.type for b in known], dtype=np.int64),
        v1=np.array([int(b.version == 1) for b in known], dtype=np.int64),
        event_at=np.array([10 + 4 * b.flags for b in known], dtype=np.int64),
    )


_EVENT_AT = {b.type: (10 + 4 * b.flags, b.version == 1) for b in BLOCKS.values() if b.kind is Kind.EVENT}
_LEN_TYPE = struct.Struct("<IH")


def event_code(block: bytes) -> int:
    """Return the event code of a whole block, -1 if it holds no event."""
    if len(block) < FRAME + HEADER_V1 + 2:
        return -1
    place = _EVENT_AT.get(int.from_bytes(block[:4], "little"))
    if place is None or len(block) < place[0] + HEADER_V1 + 4:
        return -1
    return _LEN_TYPE.unpack_from(block, place[0] + 16)[1]


def split(block: bytes, event: EventInfo) -> list[bytes]:
    """Return the parameters of one whole event block, at most as many as ``event`` has.

    A block that is no event gives an empty list, a damaged one the parameters before the damage.
    """
    place = _EVENT_AT.get(int.from_bytes(block[:4], "little"))
    if place is None:
        return []
    at, v1 = place
    header = HEADER_V1 if v1 else HEADER_V2
    if at + header + 4 > len(block):
        return []
    stored = _LEN_TYPE.unpack_from(block, at + 16)[0]
    if v1 and event.id in _OVERLONG:
        stored -= 3
    end = min(at + stored, len(block) - 4)
    size = 4 if "LARGE_PAYLOAD" in event.flags else 2
    lengths_at = at + header
    if v1:
        count = values_at = total = 0
        for n in range(len(event.params) + 1):
            if header + n * size + total == stored and at + stored <= len(block) - 4:
                count, values_at = n, lengths_at + n * size
            here = lengths_at + n * size
            if here + size > end:
                break
            total += int.from_bytes(block[here : here + size], "little")
    else:
        declared = int.from_bytes(block[at + 22 : at + 26], "little")
        values_at = lengths_at + declared * size
        count = min(declared, len(event.params)) if values_at <= end else 0
    out: list[bytes] = []
    for n in range(count):
        here = lengths_at + n * size
        length = int.from_bytes(block[here : here + size], "little")
        if values_at + length > end:
            break
        out.append(block[values_at : values_at + length])
        values_at += length
    return out


@inline
def _u16(b: NDArray[np.uint8], i: int | np.int64) -> np.int64:
    return np.int64(b[i]) | (np.int64(b[i + 1]) << 8)


@inline
def _u32(b: NDArray[np.uint8], i: int | np.int64) -> np.int64:
    return _u16(b, i) | (_u16(b, i + 2) << 16)


@inline
def _outline(
    b: NDArray[np.uint8], lo: int, hi: int, shape: Shapes, frame: Frames
) -> tuple[np.int64, np.int64, np.int64, np.int64, np.int64, np.int64]:
    """Return code, number of parameters, place of the lengths, their size, of the values, and the end.

    The block is ``b[lo:hi]``. The code is -1 for what is no event of the catalogue.
    """
    none = (np.int64(-1), np.int64(0), np.int64(0), np.int64(2), np.int64(0), np.int64(0))
    if lo < 0 or hi > len(b) or hi - lo < 8:
        return none
    kind = _u32(b, lo)
    which = -1
    for k in range(len(frame.type)):
        if frame.type[k] == kind:
            which = k
            break
    if which < 0:
        return none
    at = lo + frame.event_at[which]
    v1 = frame.v1[which] == 1
    header = 22 if v1 else 26
    if at + header + 4 > hi:
        return none
    stored = _u32(b, at + 16)
    code = _u16(b, at + 20)
    if code >= len(shape.params):
        return none
    if v1:
        stored -= shape.surplus[code]
    end = np.int64(min(at + stored, hi - 4))
    size = np.int64(4) if shape.wide[code] == 1 else np.int64(2)
    lengths_at = at + header
    known = shape.params[code]
    count = np.int64(0)
    values_at = lengths_at
    if v1:
        total = np.int64(0)
        for n in range(known + 1):
            if header + n * size + total == stored and at + stored <= hi - 4:
                count = np.int64(n)
                values_at = lengths_at + n * size
            here = lengths_at + n * size
            if here + size > end:
                break
            total += _u32(b, here) if size == 4 else _u16(b, here)
    else:
        declared = _u32(b, at + 22)
        values_at = lengths_at + declared * size
        count = np.int64(min(declared, known)) if values_at <= end else np.int64(0)
    return code, count, lengths_at, size, values_at, end


@kernel
def _count_all(
    b: NDArray[np.uint8], starts: NDArray[np.int64], shape: Shapes, frame: Frames, code: NDArray[np.int64]
) -> np.int64:
    total = np.int64(0)
    for i in range(len(code)):
        c, count, _, _, _, _ = _outline(b, starts[i], starts[i + 1], shape, frame)
        code[i] = c
        total += count
    return total


@kernel
def _locate_all(
    b: NDArray[np.uint8], starts: NDArray[np.int64], shape: Shapes, frame: Frames, out: Located
) -> np.int64:
    k = np.int64(0)
    for i in range(len(out.code)):
        out.first[i] = k
        _, count, at, size, value, end = _outline(b, starts[i], starts[i + 1], shape, frame)
        for _ in range(count):
            length = _u32(b, at) if size == 4 else _u16(b, at)
            if value + length > end:
                break
            out.start[k] = value
            out.length[k] = length
            k += 1
            value += length
            at += size
    out.first[len(out.code)] = k
    return k


@kernel
def _locate_one(
    b: NDArray[np.uint8],
    starts: NDArray[np.int64],
    wanted: NDArray[np.int64],
    shape: Shapes,
    frame: Frames,
    start: NDArray[np.int64],
    length: NDArray[np.int64],
) -> np.int64:
    found = np.int64(0)
    for i in range(len(start)):
        start[i] = -1
        length[i] = 0
        code, count, at, size, value, end = _outline(b, starts[i], starts[i + 1], shape, frame)
        if code < 0 or wanted[code] < 0 or wanted[code] >= count:
            continue
        want = wanted[code]
        for n in range(want + 1):
            here = at + n * size
            bytes_ = _u32(b, here) if size == 4 else _u16(b, here)
            if value + bytes_ > end:
                break
            if n == want:
                start[i] = value
                length[i] = bytes_
                found += 1
            value += bytes_
    return found


def locate_all(buffer: NDArray[np.uint8], starts: NDArray[np.int64], modern: bool) -> Located:
    """Return where all parameters of the gathered blocks lie.

    ``starts`` has one entry more than there are blocks: block i is ``buffer[starts[i]:starts[i + 1]]``.
    """
    n = max(len(starts) - 1, 0)
    code = np.full(n, -1, dtype=np.int64)
    total = _count_all(buffer, starts, shapes(modern), frames(), code)
    found = Located(
        code, np.zeros(n + 1, np.int64), np.zeros(int(total), np.int64), np.zeros(int(total), np.int64)
    )
    used = int(_locate_all(buffer, starts, shapes(modern), frames(), found))
    return found._replace(start=found.start[:used], length=found.length[:used])


def locate_one(
    buffer: NDArray[np.uint8], starts: NDArray[np.int64], wanted: NDArray[np.int64], modern: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return position and length of one parameter in each gathered block.

    ``wanted`` names the index of the parameter per event code, ``NO_PARAM`` for codes that have
    none; blocks without it get the position -1 and the length 0.
    """
    n = max(len(starts) - 1, 0)
    start = np.full(n, -1, dtype=np.int64)
    length = np.zeros(n, dtype=np.int64)
    _locate_one(buffer, starts, wanted, shapes(modern), frames(), start, length)
    return start, length


def wanted_by_name(name: str, modern: bool) -> NDArray[np.int64]:
    """Return the index of the parameter called ``name`` per event code, ``NO_PARAM`` where there is none."""
    found = np.full(len(events(modern)), NO_PARAM, dtype=np.int64)
    for event in events(modern):
        for i, param in enumerate(event.params):
            if param.name == name:
                found[event.id] = i
                break
    return found
