"""The star schema: one numpy column per fact, a few dimension tables, one string arena.

Inputs: filled by :mod:`..decode`. Outputs: read by :mod:`..query`, :mod:`..views`, :mod:`..streams`.

Row numbers are indices into the arrays of a table; ``-1`` means "no row". Strings are ids into
:class:`StringTable`; id 0 is the empty string. Times are nanoseconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..format.entities import Damage, Group, Interface, MachineInfo, User

I8 = NDArray[np.int8]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]

# events.flags
EV_HAS_RES = 1  # events.res holds the result of the system call
EV_PAIRED = 2  # an exit whose enter event was the thread's previous event, or a new-style exit
EV_HIDDEN = 4  # not shown to users: internal category, state-only, container and user records
EV_STATE_ONLY = 8  # the capture marks the event as kept for its effect on state only
EV_FD_GUESSED = 16  # old captures: nothing but its number says that the event works on events.fd

# threads.vtid of the threads that old container records belong to
SPEAKER_VTID = -2

# events.fdnum when the event has none
NO_FD = -(2**31)

# fds.flags
FD_CLIENT = 1
FD_SERVER = 2
FD_CONNECTED = 4
FD_FROM_PROC = 8
FD_CLOEXEC = 16
FD_PHANTOM = 32  # no descriptor exists: only the name that a failed call asked for
FD_BOUND = 64
FD_NAME_CHANGED = 128  # the event with which this state begins gave it its name
FD_MOMENT = 256  # only the event with which this state begins shows it; then the one before goes on

# thread.flags (PPM_CL_*; reference: state engine, section 1.1)
CL_FILES = 1
CL_THREAD = 1 << 13
CL_INVERTED = 1 << 16
CL_NAME_CHANGED = 1 << 17
CL_CLOSED = 1 << 18
CL_ACTIVE = 1 << 19
CL_PIPE_SRC = 1 << 21
CL_PIPE_DST = 1 << 22
CL_VFORK = 1 << 27
CL_CHILD_IN_PIDNS = 1 << 29
CL_MAIN_THREAD = 1 << 30

UNKNOWN_ID = 0xFFFFFFFF  # uid, gid or loginuid that the capture does not know


class EventColumns(NamedTuple):
    """One row per event of a known type, in file order; ``evt.num`` is the row number plus one."""

    ts: I64  # ns since the epoch
    type: U16  # event code of the catalogue; even = enter, odd = exit
    cpu: U16
    thread: I32  # row of `threads` in force when the event was delivered, -1: none
    fd: I32  # row of `fds` the event works on, -1: none
    fdnum: I32  # the descriptor number (fd.num), NO_FD: none
    mem: I32  # row of `mems` in force, -1: none
    res: I64  # result of the call, valid with EV_HAS_RES
    latency: I64  # ns from the enter event, 0 when not known; with no thread, the tid of the record
    offset: I64  # byte offset of the event's block in the decompressed stream
    length: U32  # total length of the block in bytes
    flags: U8  # EV_*


class ThreadColumns(NamedTuple):
    """One row per *state* of a thread: a new row at clone, exec and every visible change.

    ``comm`` .. ``cgroups`` are string ids. ``args``, ``env`` and ``cgroups`` keep the NUL
    separators of the capture (no final NUL).
    """

    tid: I64
    pid: I64
    ptid: I64
    sid: I64
    vpgid: I64
    pgid: I64
    vtid: I64
    vpid: I64
    comm: I32
    exe: I32
    exepath: I32
    args: I32
    env: I32
    cwd: I32
    root: I32
    cgroups: I32
    uid: I64
    gid: I64
    loginuid: I64
    tty: I64
    fdlimit: I64
    flags: I64
    clone_ts: I64
    lastexec_ts: I64
    cap_inheritable: I64
    cap_permitted: I64
    cap_effective: I64
    exe_flags: I64  # 1 writable, 2 upper layer, 4 memfd, 8 lower layer
    exe_ino: I64
    exe_ino_ctime: I64
    exe_ino_mtime: I64
    pidns_init_start_ts: I64
    life: I32  # row of `lives`
    first_event: I64  # event row from which this state holds, -1: from the start


class LifeColumns(NamedTuple):
    """One row per thread entry, from its creation to its removal."""

    tid: I64
    first_event: I64  # event row that created it, -1: in the process list
    end_event: I64  # first event row at which it is gone; number of events when it never goes
    last_row: I32  # its last row in `threads`
    last_mem: I32  # its last row in `mems`, -1: none
    exit_status: I64  # `status` of procexit, -1: did not exit in the capture


class FdColumns(NamedTuple):
    """One row per state of a descriptor: a new row at open and when its tuple or name changes.

    Addresses are in network order, IPv4 in the first four bytes. ``name`` is filled for sockets
    too (``sip:sport->dip:dport``).
    """

    kind: U8  # fd type code (3 IPV4_SOCK, 16 FILE_V2, ...; reference: file format, 6.1)
    l4proto: U8  # 0 unknown, 1 n/a, 2 tcp, 3 udp, 4 icmp, 5 raw
    flags: I32  # FD_*
    num: I32
    name: I32  # string id
    sip: U8  # shape (n, 16)
    dip: U8  # shape (n, 16)
    sport: I32
    dport: I32
    source: I64  # kernel pointers of unix sockets
    dest: I64
    openflags: I64  # PPM_O_* bits
    dev: I64
    ino: I64
    opener: I32  # row of `threads`
    first_event: I64


class MemColumns(NamedTuple):
    """Memory and page faults of a thread, a row per change (kB and counts)."""

    vmsize: I64
    vmrss: I64
    vmswap: I64
    pfmajor: I64
    pfminor: I64


class CpuColumns(NamedTuple):
    """One row per procinfo event: CPU ticks (1/100 s) since the thread's previous one."""

    event: I64  # ascending event rows
    user: I64
    system: I64


class CountColumns(NamedTuple):
    """How many threads besides the main one a process of an old capture has, as 0.29.3 counts them.

    A row per change, ascending by life and event; before the first one there are none.
    """

    life: I64  # of the main thread
    event: I64  # event row from which it holds
    number: I64


class StringTable:
    """Distinct byte strings of a capture; grows when fields derive new ones.

    Ids are stable. Id 0 is the empty string.
    """

    def __init__(self, arena: U8, offsets: I64, count: int) -> None:
        """Take ``count`` strings: string i is ``arena[offsets[i]:offsets[i + 1]]``."""
        data = (
            arena.tobytes() if arena.size == int(offsets[count]) else arena[: int(offsets[count])].tobytes()
        )
        ends = offsets[: count + 1].tolist()
        self._items: list[bytes] = [data[ends[i] : ends[i + 1]] for i in range(count)]
        self._ids: dict[bytes, int] | None = None

    def __len__(self) -> int:
        """How many distinct strings there are."""
        return len(self._items)

    def __getitem__(self, sid: int) -> bytes:
        """Return the bytes of string ``sid``."""
        return self._items[sid]

    def text(self, sid: int) -> str:
        """Return string ``sid`` as text; bytes that are not UTF-8 become U+FFFD."""
        return self._items[sid].decode("utf-8", "replace")

    def intern(self, value: bytes) -> int:
        """Return the id of ``value``, adding it if it is new."""
        if self._ids is None:
            self._ids = {item: sid for sid, item in enumerate(self._items)}
        sid = self._ids.get(value)
        if sid is None:
            sid = len(self._items)
            self._items.append(value)
            self._ids[value] = sid
        return sid


@dataclass
class Container:
    """One container; row 0 of the table is the host."""

    id: str
    full_id: str = ""
    name: str = ""
    type: int = -1  # code of the container engine, -1: none known
    image: str = ""
    image_id: str = ""
    image_repo: str = ""
    image_tag: str = ""
    image_digest: str = ""
    ip: str = ""
    privileged: bool | None = None
    is_pod_sandbox: bool = False
    created_time: int = 0  # s since the epoch
    labels: dict[str, str] = field(default_factory=dict)
    env: list[str] = field(default_factory=list)
    json: dict[str, Any] = field(default_factory=dict)  # the whole description of the capture
    first_event: int = -1  # event row that described it, -1: only known from cgroups
    has_metadata: bool = False


@dataclass
class Index:
    """Everything one pass over a capture found out."""

    events: EventColumns
    threads: ThreadColumns
    lives: LifeColumns
    fds: FdColumns
    mems: MemColumns
    cpu: CpuColumns
    counts: CountColumns
    strings: StringTable
    # dimension columns computed after the pass, one value per row of `threads`
    container: I32  # row of `containers`
    parent: I32  # row of `threads` of the entry with tid == ptid, -1: none
    main: I32  # row of `threads` of the main thread (tid == pid), -1: none
    session: I32  # row of `threads` of the session leader (tid == sid), -1: none
    containers: list[Container]
    users: dict[tuple[str, int], User]  # (container id or "", uid)
    groups: dict[tuple[str, int], Group]
    interfaces: list[Interface]
    machine: MachineInfo
    modern: bool  # exit events carry everything; rules of the newest reader apply
    damage: list[Damage] = field(default_factory=list)
    unknown_events: dict[int, int] = field(default_factory=dict)  # event code -> count
    unknown_blocks: dict[int, int] = field(default_factory=dict)  # block type -> count
    block_counts: dict[int, int] = field(default_factory=dict)
    stream_bytes: int = 0  # length of the decompressed stream
    version: tuple[int, int] = (1, 0)

    @property
    def start_ts(self) -> int:
        """Timestamp of the first event that is not a container record."""
        return int(self.events.ts[self.first_shown]) if len(self.events.ts) else 0

    first_shown: int = 0  # row of the first event that is not a container or user record
    # rows of events that have no number, in order: sysdig 0.29.3 does not know user records
    uncounted: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    tracers: Any = None  # see `query.tracers`: found when the fields are first made

    def numbers(self, rows: I64) -> I64:
        """Return the numbers of event rows, from 1, as ``evt.num`` shows them."""
        return rows + 1 - np.searchsorted(self.uncounted, rows, side="right")
