"""Layouts of the entries of process and fd lists, one tuple per entry (file format, 5 and 6.1).

Inputs: bodies of list blocks. Outputs: entries as the file states them; strings stay bytes.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import NamedTuple

FD_FILE, FD_DIRECTORY, FD_FIFO, FD_EVENT, FD_UNSUPPORTED = 1, 2, 7, 9, 10
FD_IPV4_SOCK, FD_IPV6_SOCK, FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK, FD_UNIX_SOCK = 3, 4, 5, 6, 8
FD_FILE_V2 = 16
NAMED_FDS = frozenset({1, 2, 7, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21})  # only a name follows

SHORT_TEXT = 1024  # comm, exe, exepath, cwd, root
LONG_TEXT = 4096  # args, env, cgroups
NO_LOGINUID = 0xFFFFFFFF


class ProcEntry(NamedTuple):
    """One thread of a process list; fields a version lacks have the values below."""

    tid: int
    pid: int
    ptid: int
    sid: int = -1
    vpgid: int = -1
    comm: bytes = b""
    exe: bytes = b""
    exepath: bytes = b""
    args: bytes = b""
    cwd: bytes = b""
    fdlimit: int = 0
    flags: int = 0
    uid: int = 0
    gid: int = 0
    vmsize: int = 0
    vmrss: int = 0
    vmswap: int = 0
    pfmajor: int = 0
    pfminor: int = 0
    env: bytes = b""
    vtid: int = -1
    vpid: int = -1
    cgroups: bytes = b""
    root: bytes = b""
    pidns_init_start_ts: int = 0
    tty: int = 0
    loginuid: int = NO_LOGINUID
    exe_writable: int = 0
    cap_inheritable: int = 0
    cap_permitted: int = 0
    cap_effective: int = 0
    exe_upper_layer: int = 0
    exe_ino: int = 0
    exe_ctime: int = 0
    exe_mtime: int = 0
    exe_from_memfd: int = 0
    exe_lower_layer: int = 0
    pgid: int = -1


class FdEntry(NamedTuple):
    """One descriptor of an fd list. Addresses are network-order bytes, ports plain numbers."""

    tid: int
    fd: int
    ino: int
    type: int
    sip: bytes = b""
    dip: bytes = b""
    sport: int = 0
    dport: int = 0
    l4proto: int = 0
    source: int = 0
    dest: int = 0
    name: bytes = b""
    openflags: int = 0
    dev: int = 0


class BadEntry(Exception):
    """An entry does not fit its block; the text says why."""


_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_IDS = {n: struct.Struct(f"<{n}q") for n in (3, 4, 5)}
_LIMITS = struct.Struct("<qIII")  # fd limit, flags, uid, gid
_MEMORY = struct.Struct("<IIIQQ")
_VIRTUAL = struct.Struct("<qq")
_FD = struct.Struct("<qQB")
_IPV4 = struct.Struct("<4s4sHHB")
_IPV6 = struct.Struct("<16s16sHHB")
_IPV4_SERVER = struct.Struct("<4sHB")
_IPV6_SERVER = struct.Struct("<16sHB")
_UNIX = struct.Struct("<QQ")

# the end of a version 9 entry: fields 22 to 31, of which a file has a first part
_TAIL = "QIIBQQQBQQQBBq"
_TAIL_DEFAULTS = (0, 0, NO_LOGINUID, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1)
_TAIL_SIZE = struct.calcsize("<" + _TAIL)
_OLD_TAIL = 29  # a tail up to this length lacks fields 22 and 23


@cache
def _tail_layout(size: int) -> tuple[struct.Struct, int]:
    """Return what a tail of ``size`` bytes holds and the number of the first field."""
    first = 0 if size > _OLD_TAIL else 2
    last = first
    while last < len(_TAIL) and struct.calcsize("<" + _TAIL[first : last + 1]) <= size:
        last += 1
    return struct.Struct("<" + _TAIL[first:last]), first


def _text(data: bytes, at: int, end: int, limit: int) -> tuple[bytes, int]:
    if at + 2 > end:
        raise BadEntry("a text length lies beyond the end of the entry")
    (size,) = _U16.unpack_from(data, at)
    at += 2
    if size > limit:
        raise BadEntry(f"a text of {size} bytes is longer than the {limit} allowed")
    if at + size > end:
        raise BadEntry("a text reaches beyond the end of the entry")
    return data[at : at + size], at + size


def entry_end(data: bytes, at: int, end: int) -> int:
    """Return where the entry at ``at`` ends, by the u32 length that counts itself.

    Raises :class:`BadEntry` when that is not within ``end``.
    """
    (size,) = _U32.unpack_from(data, at)
    if size < 4 or at + size > end:
        raise BadEntry(f"an entry length of {size} does not fit the {end - at} bytes left in the block")
    return at + size


def read_process(data: bytes, at: int, end: int, version: int) -> tuple[ProcEntry, int]:
    """Return the process entry of layout ``version`` at ``at`` and the place after it.

    ``at`` is past the entry length of version 9, and ``end`` the end of that entry; in older
    versions ``end`` is the end of the block. Raises :class:`BadEntry`.
    """
    try:
        ids = _IDS[3 + (version >= 6) + (version >= 8)]
        numbers = ids.unpack_from(data, at)
        at += ids.size
        tid, pid, ptid = numbers[:3]
        sid = numbers[3] if version >= 6 else -1
        vpgid = numbers[4] if version >= 8 else -1
        comm, at = _text(data, at, end, SHORT_TEXT)
        exe, at = _text(data, at, end, SHORT_TEXT)
        exepath = b""
        if version >= 7:
            exepath, at = _text(data, at, end, SHORT_TEXT)
        args, at = _text(data, at, end, LONG_TEXT)
        cwd, at = _text(data, at, end, SHORT_TEXT)
        fdlimit, flags, uid, gid = _LIMITS.unpack_from(data, at)
        at += _LIMITS.size
        memory = (0, 0, 0, 0, 0)
        if version >= 2:
            memory = _MEMORY.unpack_from(data, at)
            at += _MEMORY.size
        env = cgroups = root = b""
        vtid = vpid = -1
        if version >= 3:
            env, at = _text(data, at, end, LONG_TEXT)
        if version >= 4:
            vtid, vpid = _VIRTUAL.unpack_from(data, at)
            cgroups, at = _text(data, at + _VIRTUAL.size, end, LONG_TEXT)
        if version >= 5:
            root, at = _text(data, at, end, SHORT_TEXT)
    except struct.error:
        raise BadEntry("an entry ends in the middle of its fields") from None
    if at > end:
        raise BadEntry("an entry is longer than its length says")
    tail = _TAIL_DEFAULTS
    if version >= 9:
        layout, first = _tail_layout(min(end - at, _TAIL_SIZE))
        known = layout.unpack_from(data, at)
        tail = _TAIL_DEFAULTS[:first] + known + _TAIL_DEFAULTS[first + len(known) :]
        at = end
    head = (tid, pid, ptid, sid, vpgid, comm, exe, exepath, args, cwd, fdlimit, flags, uid, gid)
    entry = ProcEntry._make((*head, *memory, env, vtid, vpid, cgroups, root, *tail))
    return entry, at


def read_fd(data: bytes, at: int, end: int, tid: int, version: int) -> tuple[FdEntry | None, int]:
    """Return the fd entry of layout ``version`` at ``at`` and the place after it.

    ``at`` and ``end`` are meant as in :func:`read_process`, version 2 being the one with entry
    lengths. The entry is None when it describes nothing (type 0). Raises :class:`BadEntry`.
    """
    entry: FdEntry | None = None
    try:
        fd, ino, kind = _FD.unpack_from(data, at)
        at += _FD.size
        if kind == FD_FILE_V2:
            (openflags,) = _U32.unpack_from(data, at)
            name, at = _text(data, at + 4, end, SHORT_TEXT - 1)
            dev = 0
            if version >= 2 and end - at >= 4:
                (dev,) = _U32.unpack_from(data, at)
            entry = FdEntry(tid, fd, ino, kind, b"", b"", 0, 0, 0, 0, 0, name, openflags, dev)
        elif kind in NAMED_FDS:
            name, at = _text(data, at, end, SHORT_TEXT - 1)
            entry = FdEntry(tid, fd, ino, kind, b"", b"", 0, 0, 0, 0, 0, name)
        elif kind in (FD_IPV4_SOCK, FD_IPV6_SOCK):
            layout = _IPV4 if kind == FD_IPV4_SOCK else _IPV6
            entry = FdEntry(tid, fd, ino, kind, *layout.unpack_from(data, at))
            at += layout.size
        elif kind in (FD_IPV4_SERVSOCK, FD_IPV6_SERVSOCK):
            layout = _IPV4_SERVER if kind == FD_IPV4_SERVSOCK else _IPV6_SERVER
            ip, port, proto = layout.unpack_from(data, at)
            entry = FdEntry(tid, fd, ino, kind, ip, b"", port, 0, proto)
            at += layout.size
        elif kind == FD_UNIX_SOCK:
            source, dest = _UNIX.unpack_from(data, at)
            name, at = _text(data, at + _UNIX.size, end, SHORT_TEXT - 1)
            entry = FdEntry(tid, fd, ino, kind, b"", b"", 0, 0, 0, source, dest, name)
        elif kind != 0:
            if version < 2:
                raise BadEntry(f"the descriptor type {kind} is not known, and its length neither")
            entry = FdEntry(tid, fd, ino, FD_UNSUPPORTED, name=b"unknown-type:[%d]" % kind)
    except struct.error:
        raise BadEntry("an entry ends in the middle of its fields") from None
    if at > end:
        raise BadEntry("an entry is longer than its length says")
    return entry, end if version >= 2 else at
