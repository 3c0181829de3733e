"""Block types of a capture and their framing (file format, sections 2, 3 and 7).

Inputs: bytes of the decompressed stream. Outputs: what a block is, where it ends, whether its
frame is sound; the section header.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from ..errors import CaptureError

SHB = 0x0A0D0D0A
MI = 0x201
PL_V1 = 0x202
FDL_V1 = 0x203
EV_V1 = 0x204
IL_V1 = 0x205
UL_V1 = 0x206
PL_V2 = 0x207
EVF_V1 = 0x208
PL_V3 = 0x209
PL_V4 = 0x210
PL_V5 = 0x211
PL_V6 = 0x212
PL_V7 = 0x213
PL_V8 = 0x214
PL_V9 = 0x215
EV_V2 = 0x216
EVF_V2 = 0x217
FDL_V2 = 0x218
IL_V2 = 0x219
UL_V2 = 0x220
EV_V2_LARGE = 0x221
EVF_V2_LARGE = 0x222
# numbers used before the first release; same layouts
PL_V1_INT = 0x8000ABCD
FDL_V1_INT = 0x8001ABCD
MI_INT = 0x8002ABCD
EV_V1_INT = 0x8010ABCD
IL_V1_INT = 0x8011ABCD
UL_V1_INT = 0x8012ABCD
PL_V2_INT = 0x8013ABCD
PL_V3_INT = 0x8014ABCD

MAGIC = 0x1A2B3C4D
SWAPPED_MAGIC = 0x4D3C2B1A
MAJOR = 1  # newest major version of the format that is understood
FRAME = 12  # bytes of a block around its body: type, length, trailer
MAX_BLOCK = 1 << 28  # no sound block is longer
_WORTH_WAITING = 1 << 20  # length up to which a cut block may be the next sound one
HEADER_V1 = 22  # event header: ts u64, tid i64, len u32, type u16
HEADER_V2 = 26  # and nparams u32

_U32 = struct.Struct("<I")
_HEAD = struct.Struct("<II")


_OTHER_ORDER = "the capture was written on a machine of the other byte order"


class Kind(IntEnum):
    """What a block holds."""

    UNKNOWN = 0
    SECTION = 1
    MACHINE = 2
    PROCESSES = 3
    FDS = 4
    INTERFACES = 5
    USERS = 6
    EVENT = 7


class BlockInfo(NamedTuple):
    """One block type."""

    type: int
    kind: Kind
    version: int = 0  # version of the list layout or of the event header
    flags: bool = False  # the event has a u32 of flags after the CPU number
    large: bool = False  # the event may be longer than 64 KiB

    @property
    def header(self) -> int:
        """Bytes of the event header, CPU number and flags not counted."""
        return HEADER_V1 if self.version == 1 else HEADER_V2

    @property
    def lengths_at(self) -> int:
        """Offset in the body of the first parameter length of an event."""
        return 2 + 4 * self.flags + self.header


UNKNOWN = BlockInfo(0, Kind.UNKNOWN)
_PROCESS_LISTS = (PL_V1, PL_V2, PL_V3, PL_V4, PL_V5, PL_V6, PL_V7, PL_V8, PL_V9)

BLOCKS: dict[int, BlockInfo] = {
    info.type: info
    for info in (
        BlockInfo(SHB, Kind.SECTION),
        BlockInfo(MI, Kind.MACHINE),
        BlockInfo(MI_INT, Kind.MACHINE),
        *(BlockInfo(code, Kind.PROCESSES, i + 1) for i, code in enumerate(_PROCESS_LISTS)),
        BlockInfo(PL_V1_INT, Kind.PROCESSES, 1),
        BlockInfo(PL_V2_INT, Kind.PROCESSES, 2),
        BlockInfo(PL_V3_INT, Kind.PROCESSES, 3),
        BlockInfo(FDL_V1, Kind.FDS, 1),
        BlockInfo(FDL_V1_INT, Kind.FDS, 1),
        BlockInfo(FDL_V2, Kind.FDS, 2),
        BlockInfo(IL_V1, Kind.INTERFACES, 1),
        BlockInfo(IL_V1_INT, Kind.INTERFACES, 1),
        BlockInfo(IL_V2, Kind.INTERFACES, 2),
        BlockInfo(UL_V1, Kind.USERS, 1),
        BlockInfo(UL_V1_INT, Kind.USERS, 1),
        BlockInfo(UL_V2, Kind.USERS, 2),
        BlockInfo(EV_V1, Kind.EVENT, 1),
        BlockInfo(EV_V1_INT, Kind.EVENT, 1),
        BlockInfo(EVF_V1, Kind.EVENT, 1, flags=True),
        BlockInfo(EV_V2, Kind.EVENT, 2),
        BlockInfo(EVF_V2, Kind.EVENT, 2, flags=True),
        BlockInfo(EV_V2_LARGE, Kind.EVENT, 2, large=True),
        BlockInfo(EVF_V2_LARGE, Kind.EVENT, 2, flags=True, large=True),
    )
}
_KNOWN = np.array(sorted(BLOCKS), dtype=np.uint32)


def block_info(block_type: int) -> BlockInfo:
    """Return what is known of ``block_type``; unknown types give kind ``UNKNOWN``."""
    return BLOCKS.get(block_type, UNKNOWN)


class Frame(NamedTuple):
    """The outline of one block at ``start`` of a buffer."""

    type: int
    start: int
    length: int  # whole block: header, body, trailer
    complete: bool  # the buffer holds the whole block
    sound: bool  # the length is possible and, if the block is complete, the trailer repeats it

    @property
    def body_start(self) -> int:
        """Where the body begins in the buffer."""
        return self.start + 8

    @property
    def body_end(self) -> int:
        """Where the body ends in the buffer (padding included)."""
        return self.start + self.length - 4

    @property
    def end(self) -> int:
        """Where the next block begins in the buffer."""
        return self.start + self.length


def frame(data: bytes | bytearray | memoryview, start: int, end: int) -> Frame | None:
    """Return the outline of the block at ``start`` of ``data[:end]``; None: not even 8 bytes are left."""
    if start < 0 or end - start < 8:
        return None
    kind, length = _HEAD.unpack_from(data, start)
    possible = FRAME <= length <= MAX_BLOCK
    complete = possible and start + length <= end
    sound = possible and (not complete or _U32.unpack_from(data, start + length - 4)[0] == length)
    return Frame(kind, start, length, complete, sound)


def find_block(data: bytes | bytearray | memoryview, start: int, end: int, eof: bool = True) -> int:
    """Return the first place from ``start``, in steps of 4, where a sound block of a known type begins.

    Returns -1 when ``data[start:end]`` holds none. For finding the way again after damage. Without
    ``eof`` a block that the end of the data cuts also counts, unless it claims to be very long:
    more data will tell.
    """
    window = 1 << 8  # places looked at together; the next block is near, as a rule
    while end - start >= 8:
        count = min(window, (end - start) // 4 - 1)
        words = np.frombuffer(data, dtype="<u4", count=count + 1, offset=start)
        lengths = words[1:].astype(np.int64)
        places = np.flatnonzero(np.isin(words[:-1], _KNOWN) & (lengths >= FRAME) & (lengths <= MAX_BLOCK))
        for place in places.tolist():
            at = start + 4 * place
            found = frame(data, at, end)
            if found is None or not found.sound:
                continue
            if found.complete or (not eof and found.length <= _WORTH_WAITING):
                return at
        start += 4 * count
        window = min(4 * window, 1 << 18)
    return -1


def require_section(
    data: bytes | bytearray | memoryview, start: int, end: int, path: str, offset: int
) -> None:
    """Check that a section header begins at ``start``, as the first block of a capture must.

    Raises :class:`CaptureError` when it does not, or when it is of the other byte order (then
    its length must not be believed).
    """
    words = struct.unpack_from("<III", data, start) if end - start >= 12 else (0, 0, 0)
    if words[0] != SHB or words[2] not in (MAGIC, SWAPPED_MAGIC):
        raise CaptureError(
            path, "this is not a sysdig capture: it does not begin with a section header", offset
        )
    if words[2] == SWAPPED_MAGIC:
        raise CaptureError(path, _OTHER_ORDER, offset)


def parse_section(body: bytes, path: str, offset: int) -> tuple[int, int]:
    """Return (major, minor) of a section header; options after its 16 bytes are skipped.

    Raises :class:`CaptureError` when the capture cannot be read on: other byte order, a newer
    format, or no section header at all.
    """
    if len(body) < 8:
        raise CaptureError(path, "this is not a sysdig capture: the section header is too short", offset)
    magic, major, minor = struct.unpack_from("<IHH", body, 0)
    if magic == SWAPPED_MAGIC:
        raise CaptureError(path, _OTHER_ORDER, offset)
    if magic != MAGIC:
        raise CaptureError(path, "this is not a sysdig capture: the magic number is wrong", offset)
    if major > MAJOR:
        raise CaptureError(
            path,
            f"the capture has format version {major}.{minor}; versions up to {MAJOR}.x can be read",
            offset,
        )
    return major, minor
