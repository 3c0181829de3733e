"""What a capture says before its events: machine, interfaces, users, processes, descriptors.

Inputs: the decompressed stream, in pieces. Outputs: one :class:`Metadata` per section. Damage never
stops the caller: it becomes a :class:`Damage`, and reading goes on at the next sound block.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeVar

from ..errors import CaptureError
from .blocks import (
    FRAME,
    SHB,
    BlockInfo,
    Frame,
    Kind,
    block_info,
    find_block,
    frame,
    parse_section,
    require_section,
)
from .entities import Damage, Group, Interface, MachineInfo, User
from .entries import BadEntry, FdEntry, ProcEntry, entry_end, read_fd, read_process

T = TypeVar("T")

_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_MACHINE = struct.Struct("<IQQ128s")
_INTERFACE = struct.Struct("<HH")
_UID_GID = struct.Struct("<II")
_NAME = struct.Struct("<H")
_USER_TEXT = 255
_SECTION_SIZE = FRAME + 16


class Status(Enum):
    """Why :meth:`Metadata.read` came back."""

    MORE = 1  # it needs further bytes of the stream
    EVENTS = 2  # the next block is an event
    END = 3  # the stream is over (or cannot be read on: see `damage`)


class Step(NamedTuple):
    """How far :meth:`Metadata.read` came."""

    pos: int  # first byte of the buffer not used; keep the bytes from here
    status: Status
    need: int = 0  # with MORE: bytes from `pos` on that the buffer must hold at least


@dataclass
class Metadata:
    """Everything the metadata blocks of a section said, and the state of reading them."""

    path: str
    version: tuple[int, int] = (1, 0)
    machine: MachineInfo = field(default_factory=MachineInfo)
    interfaces: list[Interface] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    processes: list[ProcEntry] = field(default_factory=list)
    fds: list[FdEntry] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    block_counts: dict[int, int] = field(default_factory=dict)  # known types, section header included
    unknown_blocks: dict[int, int] = field(default_factory=dict)
    _started: bool = False
    _lost: Damage | None = None  # where sound blocks ended, while looking for the next one

    def read(self, data: bytes | bytearray | memoryview, start: int, end: int, base: int, eof: bool) -> Step:
        """Take in the blocks of ``data[start:end]`` up to the first event.

        ``base`` is the stream offset of ``data[0]``; ``eof`` says that the stream ends at
        ``end``. Begin with the section header. On ``MORE`` call again with the bytes from ``pos``
        on and further ones. A second section header in the metadata starts the tables anew.

        Raises :class:`CaptureError` when the first block is no section header that can be read.
        """
        pos = start
        while True:
            if self._lost is not None:
                pos = self._find(data, pos, end, base, eof)
                if self._lost is not None:  # pyright: ignore[reportUnnecessaryComparison]
                    return Step(pos, Status.END if eof else Status.MORE, end - pos + 1)
            if pos == end and eof and self._started:
                return Step(pos, Status.END)
            if not self._started:
                if end - pos < _SECTION_SIZE and not eof:
                    return Step(pos, Status.MORE, _SECTION_SIZE)
                require_section(data, pos, end, self.path, base + pos)
            block = frame(data, pos, end)
            info = block_info(0 if block is None else block.type)
            if info.kind is Kind.EVENT:
                return Step(pos, Status.EVENTS)
            if block is None or (block.sound and not block.complete):
                if not eof:
                    return Step(pos, Status.MORE, 8 if block is None else block.length)
                if block is not None and find_block(data, pos + 4, end) >= 0:
                    self._bad_frame(data, block, base)  # not cut: the length is wrong, more blocks follow
                    continue
                self._cut(data, pos, end, base, block)
                return Step(end, Status.END)
            if not block.sound:
                self._bad_frame(data, block, base)
                pos = block.start
                continue
            body = bytes(data[block.body_start : block.body_end])
            self._add(info, block, body, base + pos)
            pos = block.end

    def _add(self, info: BlockInfo, block: Frame, body: bytes, offset: int) -> None:
        """Take in one whole block."""
        if info.kind is Kind.UNKNOWN:
            self.unknown_blocks[block.type] = self.unknown_blocks.get(block.type, 0) + 1
            return
        self.block_counts[block.type] = self.block_counts.get(block.type, 0) + 1
        if info.kind is Kind.SECTION:
            self._section(body, offset)
            return
        problem = self.parse(info, body)
        if problem is not None:
            self.damage.append(Damage(offset, block.type, "bad-entry", problem[0], problem[1]))

    def _section(self, body: bytes, offset: int) -> None:
        try:
            version = parse_section(body, self.path, offset)
        except CaptureError as error:
            if not self._started:
                raise
            self.damage.append(Damage(offset, SHB, "bad-section", error.reason, 0))
            return
        if self._started:
            self.machine = MachineInfo()
            self.interfaces, self.users, self.groups = [], [], []
            self.processes, self.fds = [], []
        self._started = True
        self.version = version

    def parse(self, info: BlockInfo, body: bytes) -> tuple[str, int] | None:
        """Take in the body of a metadata block.

        Returns None, or what is wrong with it and how many of its bytes were passed over; what
        could be read is kept.
        """
        match info.kind:
            case Kind.MACHINE:
                return self._machine(body)
            case Kind.PROCESSES:
                return self._processes(body, info.version)
            case Kind.FDS:
                return self._fds(body, info.version)
            case Kind.INTERFACES:
                self.interfaces = []
                return _entries(body, 0, info.version >= 2, 4, _interface, self.interfaces.append)
            case Kind.USERS:
                self.users, self.groups = [], []
                return _entries(body, 0, info.version >= 2, 0, _user, self._user)
            case _:
                return None

    def _machine(self, body: bytes) -> tuple[str, int] | None:
        if len(body) < _MACHINE.size:
            return "the machine information is shorter than its fields", len(body)
        cpus, memory, max_pid, host = _MACHINE.unpack_from(body, 0)
        boot = struct.unpack_from("<Q", body, _MACHINE.size)[0] if len(body) >= _MACHINE.size + 8 else 0
        hostname = host.split(b"\0", 1)[0].decode("utf-8", "replace")
        self.machine = MachineInfo(cpus, memory, max_pid, hostname, boot)
        return None

    def _processes(self, body: bytes, version: int) -> tuple[str, int] | None:
        def read(data: bytes, at: int, end: int) -> tuple[ProcEntry, int]:
            return read_process(data, at, end, version)

        return _entries(body, 0, version >= 9, 0, read, self.processes.append)

    def _fds(self, body: bytes, version: int) -> tuple[str, int] | None:
        if len(body) < 8:
            return "the descriptor list is too short to name its thread", len(body)
        (tid,) = _I64.unpack_from(body, 0)

        def read(data: bytes, at: int, end: int) -> tuple[FdEntry | None, int]:
            return read_fd(data, at, end, tid, version)

        def keep(entry: FdEntry | None) -> None:
            if entry is not None:
                self.fds.append(entry)

        return _entries(body, 8, version >= 2, 0, read, keep)

    def _user(self, entry: User | Group) -> None:
        if isinstance(entry, User):
            self.users.append(entry)
        else:
            self.groups.append(entry)

    def _cut(
        self, data: bytes | bytearray | memoryview, pos: int, end: int, base: int, block: Frame | None
    ) -> None:
        """Take in what there is of a block that the end of the stream cuts."""
        if not self._started:
            raise CaptureError(self.path, "the capture ends in the middle of its section header", base + pos)
        kind = 0
        if block is not None:
            kind = block.type
            info = block_info(kind)
            if info.kind not in (Kind.UNKNOWN, Kind.SECTION, Kind.EVENT):
                self.parse(info, bytes(data[block.body_start : end]))
        reason = "the capture ends in the middle of a block: it was cut"
        self.damage.append(Damage(base + pos, kind, "truncated", reason, end - pos))

    def _bad_frame(self, data: bytes | bytearray | memoryview, block: Frame, base: int) -> None:
        """Note a block whose frame is wrong; the way is found again from behind its type."""
        offset = base + block.start
        if block.complete:
            trailer = _U32.unpack_from(data, block.end - 4)[0]
            reason = f"wrong block total length: {block.length} in the header, {trailer} at the end"
        else:
            reason = f"the block length {block.length} is not possible here"
        if not self._started:
            raise CaptureError(self.path, reason, offset)
        self._lost = Damage(offset, block.type, "bad-length", reason, 0)

    def _find(self, data: bytes | bytearray | memoryview, pos: int, end: int, base: int, eof: bool) -> int:
        """Look for the next sound block; ends the search when there is one or no more data come."""
        lost = self._lost
        assert lost is not None
        at = find_block(data, pos, end, eof)
        found = None if at < 0 else frame(data, at, end)
        if found is not None and not found.complete:
            return at
        if found is None and not eof:
            return pos + max((end - pos - FRAME) // 4 * 4, 0)
        at = end if found is None else at
        skipped = base + at - lost.offset
        self.damage.append(Damage(lost.offset, lost.block_type, lost.code, lost.reason, skipped))
        if found is not None:
            self._lost = None
        return at


def _entries(
    body: bytes,
    at: int,
    sized: bool,
    uncounted: int,
    read: Callable[[bytes, int, int], tuple[T, int]],
    keep: Callable[[T], object],
) -> tuple[str, int] | None:
    """Read a list of entries; up to 3 bytes of padding may follow the last.

    ``sized`` entries start with a u32 length, which leaves out ``uncounted`` bytes; a bad one is
    passed over. Without lengths the first bad entry ends the list.
    """
    end = len(body)
    problem: str | None = None
    skipped = 0
    while end - at >= 4:
        stop = end
        try:
            if sized:
                stop = entry_end(body, at, end - uncounted) + uncounted
            try:
                entry, at = read(body, at + 4 * sized, stop)
                keep(entry)
            except BadEntry as error:
                if not sized:
                    raise
                problem = problem or str(error)
                skipped += stop - at
            if sized:
                at = stop
        except BadEntry as error:
            return problem or str(error), skipped + end - at
    return None if problem is None else (problem, skipped)


def _interface(data: bytes, at: int, end: int) -> tuple[Interface, int]:
    if at + 4 > end:
        raise BadEntry("an interface ends in the middle of its fields")
    kind, size = _INTERFACE.unpack_from(data, at)
    if kind not in (1, 2, 3, 4):
        raise BadEntry(f"the interface type {kind} is not known")
    width = 4 if kind in (1, 3) else 16
    at += 4
    name_at = at + 3 * width + (8 if kind <= 2 else 0)
    if name_at + size > end:
        raise BadEntry("an interface is longer than its block")
    addr, mask, bcast = (data[at + i * width : at + (i + 1) * width] for i in range(3))
    speed = struct.unpack_from("<Q", data, at + 3 * width)[0] if kind <= 2 else 0
    name = data[name_at : name_at + size].decode("utf-8", "replace")
    return Interface(name, addr, mask, bcast, speed), name_at + size


def _user(data: bytes, at: int, end: int) -> tuple[User | Group, int]:
    is_user = at < end and data[at] == 0
    at += 1
    try:
        uid, gid = _UID_GID.unpack_from(data, at) if is_user else (0, _U32.unpack_from(data, at)[0])
        at += 8 if is_user else 4
        texts: list[str] = []
        for _ in range(3 if is_user else 1):
            (size,) = _NAME.unpack_from(data, at)
            at += 2
            if size > _USER_TEXT:
                raise BadEntry(f"a user text of {size} bytes is longer than the {_USER_TEXT} allowed")
            if at + size > end:
                raise BadEntry("a user or group reaches beyond its entry")
            texts.append(data[at : at + size].decode("utf-8", "replace"))
            at += size
    except struct.error:
        raise BadEntry("a user or group ends in the middle of its fields") from None
    if is_user:
        return User(uid, gid, texts[0], texts[1], texts[2]), at
    return Group(gid, texts[0]), at
