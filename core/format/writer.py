"""Blocks of a capture from plain values: the counterpart of :mod:`.metadata`, in every version.

Inputs: entries and parameter values. Outputs: bytes of whole blocks, ready to be put one after the
other: section header, machine, interfaces, users, processes, fd lists, then events.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from . import blocks, entries
from .entities import Group, Interface, MachineInfo, User
from .entries import FdEntry, ProcEntry

_PROCESS_LISTS = {
    **{i.version: i.type for i in blocks.BLOCKS.values() if i.kind is blocks.Kind.PROCESSES},
    **{1: blocks.PL_V1, 2: blocks.PL_V2, 3: blocks.PL_V3},
}
_TAIL = "QIIBQQQBQQQBBq"  # fields 22 to 31 of a process entry
_FULL_TAIL = len(_TAIL)


def block(block_type: int, body: bytes) -> bytes:
    """Return one whole block: header, ``body`` padded to a multiple of 4, trailer."""
    padding = -len(body) % 4
    length = len(body) + padding + blocks.FRAME
    return struct.pack("<II", block_type, length) + body + bytes(padding) + struct.pack("<I", length)


def section(major: int = 1, minor: int = 2, options: bytes = b"") -> bytes:
    """Return a section header; ``options`` are pcapng options, already encoded."""
    return block(blocks.SHB, struct.pack("<IHHQ", blocks.MAGIC, major, minor, 2**64 - 1) + options)


def machine_info(machine: MachineInfo, block_type: int = blocks.MI) -> bytes:
    """Return a machine info block."""
    host = machine.hostname.encode()[:127]
    numbers = (machine.num_cpus, machine.memory_bytes, machine.max_pid)
    return block(block_type, struct.pack("<IQQ128sQQQQ", *numbers, host, machine.boot_ts, 0, 0, 0))


def process_list(
    processes: Iterable[ProcEntry],
    version: int = 9,
    tail: int = _FULL_TAIL,
    old_tail: bool = False,
    block_type: int | None = None,
) -> bytes:
    """Return a process list in layout ``version`` (1 to 9).

    Of the tail of version 9 the first ``tail`` fields are written; with ``old_tail`` the
    first two (pidns_init_start_ts, tty) are left out, as writers before libs 0.10 did.
    """
    body = b"".join(_process(entry, version, tail, old_tail) for entry in processes)
    return block(_PROCESS_LISTS[version] if block_type is None else block_type, body)


def _process(p: ProcEntry, version: int, tail: int, old_tail: bool) -> bytes:
    parts = [struct.pack("<qqq", p.tid, p.pid, p.ptid)]
    if version >= 6:
        parts.append(struct.pack("<q", p.sid))
    if version >= 8:
        parts.append(struct.pack("<q", p.vpgid))
    parts += [_text(p.comm), _text(p.exe)]
    if version >= 7:
        parts.append(_text(p.exepath))
    parts += [_text(p.args), _text(p.cwd), struct.pack("<qIII", p.fdlimit, p.flags, p.uid, p.gid)]
    if version >= 2:
        parts.append(struct.pack("<IIIQQ", p.vmsize, p.vmrss, p.vmswap, p.pfmajor, p.pfminor))
    if version >= 3:
        parts.append(_text(p.env))
    if version >= 4:
        parts += [struct.pack("<qq", p.vtid, p.vpid), _text(p.cgroups)]
    if version >= 5:
        parts.append(_text(p.root))
    if version >= 9:
        first = 2 if old_tail else 0
        values = p[p._fields.index("pidns_init_start_ts") :]
        parts.append(struct.pack("<" + _TAIL[first:tail], *values[first:tail]))
        body = b"".join(parts)
        return struct.pack("<I", len(body) + 4) + body
    return b"".join(parts)


def fd_list(
    tid: int, fds: Iterable[FdEntry], version: int = 2, dev: bool = True, block_type: int | None = None
) -> bytes:
    """Return the fd list of thread ``tid`` in layout ``version`` (1 or 2).

    ``dev`` says whether files carry their device, which only version 2 can.
    """
    body = struct.pack("<q", tid) + b"".join(_fd(entry, version, dev) for entry in fds)
    usual = blocks.FDL_V1 if version == 1 else blocks.FDL_V2
    return block(usual if block_type is None else block_type, body)


def _fd(f: FdEntry, version: int, dev: bool) -> bytes:
    body = struct.pack("<qQB", f.fd, f.ino, f.type)
    match f.type:
        case entries.FD_IPV4_SOCK:
            body += struct.pack("<4s4sHHB", f.sip, f.dip, f.sport, f.dport, f.l4proto)
        case entries.FD_IPV6_SOCK:
            body += struct.pack("<16s16sHHB", f.sip, f.dip, f.sport, f.dport, f.l4proto)
        case entries.FD_IPV4_SERVSOCK:
            body += struct.pack("<4sHB", f.sip, f.sport, f.l4proto)
        case entries.FD_IPV6_SERVSOCK:
            body += struct.pack("<16sHB", f.sip, f.sport, f.l4proto)
        case entries.FD_UNIX_SOCK:
            body += struct.pack("<QQ", f.source, f.dest) + _text(f.name)
        case entries.FD_FILE_V2:
            body += struct.pack("<I", f.openflags) + _text(f.name)
            if version >= 2 and dev:
                body += struct.pack("<I", f.dev)
        case _:
            body += _text(f.name)
    return struct.pack("<I", len(body) + 4) + body if version >= 2 else body


def interface_list(
    interfaces: Iterable[Interface], version: int = 2, speed: bool = True, block_type: int | None = None
) -> bytes:
    """Return an interface list in layout ``version`` (1 or 2), with or without link speeds."""
    parts: list[bytes] = []
    for i in interfaces:
        name = i.name.encode()
        kind = (1 if len(i.addr) == 4 else 2) + (0 if speed else 2)
        body = struct.pack("<HH", kind, len(name)) + i.addr + i.netmask + i.bcast
        body += (struct.pack("<Q", i.link_speed) if speed else b"") + name
        parts.append(struct.pack("<I", len(body)) + body if version >= 2 else body)
    usual = blocks.IL_V1 if version == 1 else blocks.IL_V2
    return block(usual if block_type is None else block_type, b"".join(parts))


def user_list(
    users: Iterable[User], groups: Iterable[Group], version: int = 2, block_type: int | None = None
) -> bytes:
    """Return a list of users and groups in layout ``version`` (1 or 2)."""
    bodies = [
        struct.pack("<BII", 0, u.uid, u.gid) + b"".join(_text(t.encode()) for t in (u.name, u.home, u.shell))
        for u in users
    ]
    bodies += [struct.pack("<BI", 1, g.gid) + _text(g.name.encode()) for g in groups]
    if version >= 2:
        bodies = [struct.pack("<I", len(body) + 4) + body for body in bodies]
    usual = blocks.UL_V1 if version == 1 else blocks.UL_V2
    return block(usual if block_type is None else block_type, b"".join(bodies))


def event(
    code: int,
    ts: int,
    tid: int,
    params: Sequence[bytes] = (),
    *,
    cpu: int = 0,
    version: int = 2,
    flags: int | None = None,
    large: bool = False,
    block_type: int | None = None,
) -> bytes:
    """Return the block of one event.

    ``version`` 1 has no count of parameters. ``flags`` makes it a block with flags. ``large``
    gives parameter lengths 32 bits, which the event's type must call for; a block that is too
    long for the usual types then gets a large one.
    """
    width = "I" if large else "H"
    lengths = struct.pack(f"<{len(params)}{width}", *(len(value) for value in params))
    header = blocks.HEADER_V1 if version == 1 else blocks.HEADER_V2
    values = b"".join(params)
    size = header + len(lengths) + len(values)
    body = struct.pack("<H", cpu) + (b"" if flags is None else struct.pack("<I", flags))
    body += struct.pack("<QqIH", ts, tid, size, code)
    body += (b"" if version == 1 else struct.pack("<I", len(params))) + lengths + values
    if block_type is None:
        big = large and len(body) > 0xFFFF
        wanted = (blocks.Kind.EVENT, version, flags is not None, big)
        block_type = next(i.type for i in _EVENT_BLOCKS if (i.kind, i.version, i.flags, i.large) == wanted)
    return block(block_type, body)


_EVENT_BLOCKS = [
    blocks.BLOCKS[code]
    for code in (
        blocks.EV_V1,
        blocks.EVF_V1,
        blocks.EV_V2,
        blocks.EVF_V2,
        blocks.EV_V2_LARGE,
        blocks.EVF_V2_LARGE,
    )
]


def _text(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value
