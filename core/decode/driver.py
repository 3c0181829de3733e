"""Runs the event pass over a capture: feeds bytes, grows tables, looks after all that is not an event.

Inputs: a path. Outputs: the raw tables of the pass (:class:`Decoded`), which :mod:`..index` finishes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from os import PathLike

import numpy as np

from ..errors import Cancelled, CaptureError
from ..format.blocks import MAX_BLOCK, SHB, Kind, block_info, find_block
from ..format.entities import Damage
from ..format.metadata import Metadata, Status
from ..format.readahead import ReadAhead
from ..format.source import open_source
from ..format.store import BlockStore, BlockStoreWriter
from ..index.tables import I64, U8
from ..schema import catalogue
from . import state as s
from .event_pass import run
from .seed import begin_section
from .state import Segment, State, grow, new_segment, new_state

_CHUNK = 4 << 20
_SEGMENT = 1 << 19  # events for which room is made when the guess was too small
_LARGEST_GUESS = 1 << 25
_LEAST_BLOCK = 36  # bytes of the shortest event block
_USUAL_BLOCK = 100
_USUAL_PACKING = 8  # a compressed capture is about that much shorter than its stream
_PROCINFO_E = 234
_PEEK = 4000  # events looked at to find out the generation
_EXITS = 64  # of system calls; among so many there is an enter event, if there are any

Progress = Callable[[int, int], None]
Cancel = Callable[[], bool]


@dataclass
class Decoded:
    """What the pass over a capture left: raw tables, and what was met on the way."""

    state: State
    segments: list[Segment]
    counts: list[int]  # events in each segment
    meta: Metadata  # of the last section
    sections: list[Metadata]
    modern: bool
    damage: list[Damage] = field(default_factory=list)
    unknown_blocks: dict[int, int] = field(default_factory=dict)
    block_counts: dict[int, int] = field(default_factory=dict)
    stream_bytes: int = 0
    file_size: int = 0
    store: BlockStore | None = None
    cancelled: bool = False

    def column(self, name: str) -> np.ndarray:
        """Return one event column over all segments, releasing its pieces."""
        if len(self.segments) == 1:  # the usual case: no copy
            return getattr(self.segments[0], name)[: self.counts[0]]
        parts = []
        for i, (segment, count) in enumerate(zip(self.segments, self.counts, strict=True)):
            parts.append(getattr(segment, name)[:count])
            self.segments[i] = segment._replace(**{name: np.zeros(0, np.int8)})
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


class _Buffer:
    """The window of the stream that kernels look at; grows for blocks longer than itself."""

    def __init__(self, reader: ReadAhead) -> None:
        self.reader = reader
        self.data: U8 = np.zeros(_CHUNK, np.uint8)
        self.pos = 0
        self.end = 0
        self.base = 0  # stream offset of data[0]
        self.eof = False

    def more(self, need: int = 0) -> None:
        """Move what is left to the front and read on."""
        left = self.end - self.pos
        if self.pos:
            self.data[:left] = self.data[self.pos : self.end].copy()
            self.base += self.pos
            self.pos, self.end = 0, left
        if left == len(self.data) or (need > len(self.data) and left * 2 > len(self.data)):
            bigger = np.zeros(2 * len(self.data), np.uint8)
            bigger[:left] = self.data[:left]
            self.data = bigger
        got = self.reader.read_into(self.data.data[self.end :])
        self.eof = got == 0
        self.end += got


def decode(
    path: str | PathLike[str], *, progress: Progress | None = None, cancelled: Cancel | None = None
) -> Decoded:
    """Read a whole capture once.

    ``progress`` gets (bytes of the file read, bytes in all; 0 when not known) every few megabytes.
    When ``cancelled`` says so, what was read so far is returned with ``cancelled`` set, or
    :class:`Cancelled` is raised when there is nothing yet. Raises :class:`CaptureError` when the file
    is not a capture; damage later on ends in ``Decoded.damage``.
    """
    source = open_source(path)
    writer = BlockStoreWriter() if source.needs_store else None
    try:
        with ReadAhead(source, writer) as reader:
            decoded = _decode(str(path), reader, progress, cancelled)
            decoded.file_size = source.file_size
            if source.damage and not any(d.code == "truncated" for d in decoded.damage):
                code = "truncated" if source.truncated else "damaged"
                reason = f"the file is damaged: {source.damage}"
                decoded.damage.append(Damage(decoded.stream_bytes, 0, code, reason, 0))
    except BaseException:
        if writer is not None:
            writer.discard()
        raise
    if writer is not None:
        decoded.store = writer.finish()
    return decoded


def _read_metadata(buffer: _Buffer, path: str) -> tuple[Metadata, bool]:
    """Read metadata blocks up to the first event; the flag says whether there is one."""
    meta = Metadata(path)
    while True:
        step = meta.read(buffer.data.data, buffer.pos, buffer.end, buffer.base, buffer.eof)
        buffer.pos = step.pos
        if step.status is Status.EVENTS:
            return meta, True
        if step.status is Status.END:
            return meta, False
        buffer.more(step.need)


def _decode(path: str, reader: ReadAhead, progress: Progress | None, cancelled: Cancel | None) -> Decoded:
    buffer = _Buffer(reader)
    buffer.more()
    meta, has_events = _read_metadata(buffer, path)
    if not has_events and not meta.damage:
        raise CaptureError(path, "the capture holds no events")
    modern = has_events and is_modern(buffer.data, buffer.pos, buffer.end)
    room = _guess(reader)
    state = begin_section(new_state(modern, events=room), meta)
    out = Decoded(state, [new_segment(room)], [0], meta, [meta], modern)
    count = 0
    while has_events:
        if cancelled is not None and cancelled():
            out.cancelled = True
            if int(out.state.h[s.S_EVENTS]) == 0:
                raise Cancelled
            break
        position = buffer.pos
        buffer.pos, count, result = run(
            out.state.h,
            out.state.u,
            out.segments[-1],
            buffer.data,
            buffer.pos,
            buffer.end,
            buffer.base,
            count,
        )
        out.counts[-1] = count
        if result == s.R_FULL:
            out.segments.append(new_segment(_SEGMENT))
            out.counts.append(0)
            count = 0
        elif result == s.R_GROW:
            block = int(buffer.data[buffer.pos + 4 : buffer.pos + 8].view(np.uint32)[0])
            largest = int(out.state.h[s.S_MAX_TABLE])
            out.state = grow(out.state, 2 * max(block, s.USUAL_BLOCK), 4 * largest)
        elif result == s.R_BLOCK:
            has_events = _other_block(out, buffer, path)
        elif result == s.R_BAD_LENGTH:
            _skip_damage(out, buffer, "bad-length", "the length of an event block is impossible")
        elif buffer.eof:
            _tail(out, buffer)
            if buffer.pos >= buffer.end:
                break
        else:
            if progress is not None and buffer.pos > position:
                progress(reader.file_pos, reader.file_size)
            buffer.more()
    out.stream_bytes = buffer.base + buffer.end
    for section in out.sections:
        out.damage[:0] = section.damage
        for number, times in section.unknown_blocks.items():
            out.unknown_blocks[number] = out.unknown_blocks.get(number, 0) + times
        for number, times in section.block_counts.items():
            out.block_counts[number] = out.block_counts.get(number, 0) + times
    bad = int(out.state.h[s.S_BAD_EVENTS])
    if bad:
        last = int(out.state.h[s.S_LAST_BAD])
        reason = f"{bad} events are longer than their blocks; the last one stands here"
        out.damage.append(Damage(last, 0, "bad-event", reason, 0))
    if progress is not None:
        progress(reader.file_size, reader.file_size)
    return out


def _guess(reader: ReadAhead) -> int:
    """How many events to make room for; memory that is not used is never really taken."""
    if reader.compressed:
        events = reader.file_size * _USUAL_PACKING // _USUAL_BLOCK
    else:
        events = reader.file_size // _LEAST_BLOCK
    return min(max(events, _SEGMENT), _LARGEST_GUESS)


def _other_block(out: Decoded, buffer: _Buffer, path: str) -> bool:
    """A block that is no event, after the first event: a new section, or something to skip.

    Returns whether there are further events.
    """
    number = int(buffer.data[buffer.pos : buffer.pos + 4].view(np.uint32)[0])
    length = int(buffer.data[buffer.pos + 4 : buffer.pos + 8].view(np.uint32)[0])
    if number == SHB:
        try:
            meta, has_events = _read_metadata(buffer, path)
        except CaptureError as error:
            out.damage.append(Damage(buffer.base + buffer.pos, SHB, "bad-section", error.reason, 0))
            buffer.pos = buffer.end
            return False
        out.meta = meta
        out.sections.append(meta)
        out.state = begin_section(out.state, meta)
        return has_events
    known = block_info(number).kind is not Kind.UNKNOWN
    if length < 12 or length > MAX_BLOCK or (length % 4 and not known):
        _skip_damage(out, buffer, "bad-block", "this is not the beginning of a block")
        return True
    counts = out.block_counts if known else out.unknown_blocks
    while buffer.end - buffer.pos < length and not buffer.eof:
        buffer.more(length)
    if buffer.end - buffer.pos < length:
        _skip_damage(out, buffer, "truncated", "the capture ends in the middle of a block: it was cut")
        return True
    counts[number] = counts.get(number, 0) + 1
    buffer.pos += length
    return True


def _skip_damage(out: Decoded, buffer: _Buffer, code: str, reason: str) -> None:
    """Note damage at the current position and go on at the next sound block."""
    offset = buffer.base + buffer.pos
    number = 0
    if buffer.end - buffer.pos >= 4:
        number = int(buffer.data[buffer.pos : buffer.pos + 4].view(np.uint32)[0])
    while True:
        at = find_block(buffer.data.data, buffer.pos + 4, buffer.end, buffer.eof)
        if at >= 0:
            buffer.pos = at
            break
        if buffer.eof:
            buffer.pos = buffer.end
            break
        buffer.pos = max(buffer.pos, buffer.end - 12 - (buffer.end - buffer.pos) % 4)
        buffer.more()
    skipped = buffer.base + buffer.pos - offset
    out.damage.append(Damage(offset, number, code, reason, skipped))


def _tail(out: Decoded, buffer: _Buffer) -> None:
    """The stream is over and the last block is not whole."""
    if buffer.pos == buffer.end:
        return
    _skip_damage(out, buffer, "truncated", "the capture ends in the middle of a block: it was cut")


def is_modern(data: U8, pos: int, end: int) -> bool:
    """Whether the events at ``data[pos:end]`` are of the new kind: exits that carry everything.

    A v1 block or an enter event of a system call says no, a row of exits without one yes when one of them
    has more parameters than the table of 0.29.3 knows: writers of the years between have such exits and
    enter events. If nothing tells, samples of processor times say no: only old writers put them in.
    """
    new = catalogue.events(True)
    old = catalogue.events(False)
    sampled = longer = False
    exits = 0
    for _ in range(_PEEK):
        if pos + 40 > end:
            break
        words: I64 = data[pos : pos + 8].view(np.uint32).astype(np.int64)
        number, length = int(words[0]), int(words[1])
        info = block_info(number)
        if number in (0x204, 0x208, 0x8010ABCD):
            return False
        if info.kind is not Kind.EVENT or length < 40:
            break
        h = pos + (14 if number in (0x217, 0x222) else 10)
        if h + 26 > end:
            break
        code = int(data[h + 20]) | int(data[h + 21]) << 8
        params = int.from_bytes(data[h + 22 : h + 26].tobytes(), "little")
        sampled |= code == _PROCINFO_E
        if code < len(new) and "SYSCALL" in new[code].sources:
            if code % 2 == 0:
                return False
            longer |= params > len(old[code].params)
            exits += 1
            if longer and exits >= _EXITS:
                break
        pos += length
    return longer or not sampled
