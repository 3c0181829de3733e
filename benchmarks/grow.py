"""Make a long capture out of a short one: its events again and again, each round later in time.

python benchmarks/grow.py SOURCE TARGET --events 2000000
"""

from __future__ import annotations

import argparse
import gzip
import struct
import sys
from itertools import islice
from pathlib import Path
from typing import NamedTuple

EVENT_BLOCKS = {
    0x204: 10,
    0x208: 14,
    0x216: 10,
    0x217: 14,
    0x221: 10,
    0x222: 14,
}  # offset of the time by block type
NO_TIME = (0, 2**64 - 1)  # container descriptions put in before the first event
GAP_NS = 1_000_000  # between the last event of a round and the first of the next


class Parts(NamedTuple):
    """A capture taken apart."""

    preamble: bytes  # everything but events: machine, processes, descriptors, users, interfaces
    events: list[bytes]  # whole blocks


def take_apart(data: bytes) -> Parts:
    """Split the decompressed stream of a capture; after the first event, only events are kept."""
    preamble = bytearray()
    events: list[bytes] = []
    position = 0
    while position + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, position)
        if length < 12 or position + length > len(data):
            break
        block = data[position : position + length]
        if kind in EVENT_BLOCKS:
            events.append(block)
        elif not events:
            preamble += block
        position += length
    return Parts(bytes(preamble), events)


def time_of(block: bytes) -> int:
    """Return the timestamp of an event block, ns."""
    return struct.unpack_from("<Q", block, _time_offset(block))[0]


def grow(source: Path, target: Path, events: int) -> int:
    """Write a plain capture with ``events`` events to ``target``; returns how many were written.

    Raises ``ValueError`` when ``source`` holds no events.
    """
    data = source.read_bytes()
    parts = take_apart(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    timed = [block for block in parts.events if time_of(block) not in NO_TIME]
    if not timed:
        raise ValueError(f"{source} holds no events")
    times = [time_of(block) for block in timed]
    period = max(times) - min(times) + GAP_NS
    with target.open("wb", buffering=1 << 20) as out:
        out.write(parts.preamble)
        out.writelines(islice(parts.events, events))
        written = min(len(parts.events), events)
        shift = period
        while written < events:
            part = timed[: events - written]
            out.write(b"".join(_shifted(block, shift) for block in part))
            written += len(part)
            shift += period
    return written


def _shifted(block: bytes, ns: int) -> bytes:
    at = _time_offset(block)
    return block[:at] + struct.pack("<Q", time_of(block) + ns) + block[at + 8 :]


def _time_offset(block: bytes) -> int:
    return EVENT_BLOCKS[struct.unpack_from("<I", block)[0]]


def main() -> None:
    """Read the command line and grow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--events", type=int, default=2_000_000)
    arguments = parser.parse_args()
    try:
        written = grow(arguments.source, arguments.target, arguments.events)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(f"{arguments.target}: {written:,} events")


if __name__ == "__main__":
    main()
