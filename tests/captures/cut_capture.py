"""Cut a capture down to what happened in some containers, and its golden rows with it.

    python tests/captures/cut_capture.py SOURCE.scap TARGET.scap --containers ping-app,frontend \
        [--golden SOURCE.jsonl.gz TARGET.jsonl.gz]

Blocks are copied as they are; events of other containers are left out, so that the events that stay
get new numbers. The golden rows of the target have the fields that the golden tests compare.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scaptui.core.capture import Capture
from scaptui.core.format import blocks

FIELDS = (
    *("evt.num", "evt.type", "evt.rawres", "thread.tid", "proc.pid", "proc.ppid", "proc.name", "proc.pname"),
    *("proc.exepath", "proc.cwd", "proc.vpid", "user.uid", "container.id", "fd.num", "fd.type", "fd.name"),
)


def kept_events(source: Path, containers: set[str]) -> NDArray[np.int64]:
    """Return the numbers, from 0, of the events in these containers and of those in no thread."""
    capture = Capture.open(source)
    rows = np.arange(len(capture.index.events.ts), dtype=np.int64)
    names = capture.fields.read("container.name", rows).texts(capture.index.strings)
    return np.array([row for row, name in enumerate(names) if name is None or name in containers], np.int64)


def cut(data: bytes, kept: set[int]) -> bytes:
    """Return the blocks of a capture without the events that are not in ``kept``."""
    out = bytearray()
    at = number = 0
    while at + blocks.FRAME <= len(data):
        kind = int.from_bytes(data[at : at + 4], "little")
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        is_event = kind in blocks.BLOCKS and blocks.BLOCKS[kind].kind is blocks.Kind.EVENT
        if not is_event or number in kept:
            out += data[at : at + length]
        number += is_event
        at += length
    return bytes(out)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--containers", required=True)
    parser.add_argument("--golden", type=Path, nargs=2)
    args = parser.parse_args()
    kept = kept_events(args.source, set(args.containers.split(",")))
    data = args.source.read_bytes()
    plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    args.target.write_bytes(gzip.compress(cut(plain, set(kept.tolist())), 9, mtime=0))
    if args.golden:
        renumbered = {old + 1: new + 1 for new, old in enumerate(kept.tolist())}
        lines = [json.dumps(FIELDS)]
        for line in gzip.decompress(args.golden[0].read_bytes()).splitlines():
            row = json.loads(line)
            if row["evt.num"] in renumbered:
                row["evt.num"] = renumbered[row["evt.num"]]
                lines.append(json.dumps([row[name] for name in FIELDS], separators=(",", ":")))
        args.golden[1].write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
