"""Captures made to measure: a few lines say what happens, out come the bytes of a capture."""

from __future__ import annotations

import gzip
import ipaddress
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

from scaptui.core.format import entries, writer
from scaptui.core.format.entities import Group, Interface, MachineInfo, User
from scaptui.core.format.entries import FdEntry, ProcEntry
from scaptui.core.schema import catalogue

START = 1_700_000_000_000_000_000
STEP = 1_000
AT_FDCWD = -100
O_RDONLY, O_WRONLY, O_RDWR, O_CREAT = 1, 2, 3, 4
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10

Address = tuple[str, int]


@cache
def code_of(name: str) -> int:
    """Return the code of an event by its symbol, with or without the leading PPME_."""
    for info in catalogue.events(True):
        if info.sym in (name, f"PPME_{name}"):
            return info.id
    raise KeyError(f"no event is called {name}")


def encode(kind: str, value: Any) -> bytes:
    """Return ``value`` as the parameter type ``kind`` stores it; bytes go as they are, None is empty."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode() + b"\0"
    facts = catalogue.tables()["param_types"][kind]
    size = facts["size"]
    if not isinstance(size, int) or size not in (1, 2, 4, 8):
        raise TypeError(f"a {kind} is given as bytes")
    return (int(value) & (1 << 8 * size) - 1).to_bytes(size, "little")


def ip(text: str) -> bytes:
    """Return an address in network order."""
    return ipaddress.ip_address(text).packed


def socktuple(source: Address, dest: Address) -> bytes:
    """Return the tuple of an IPv4 or IPv6 connection."""
    (sip, sport), (dip, dport) = (ip(source[0]), source[1]), (ip(dest[0]), dest[1])
    family = AF_INET if len(sip) == 4 else AF_INET6
    return bytes([family]) + sip + struct.pack("<H", sport) + dip + struct.pack("<H", dport)


def unixtuple(source: int, dest: int, path: str) -> bytes:
    """Return the tuple of a unix socket."""
    return bytes([AF_UNIX]) + struct.pack("<QQ", source, dest) + path.encode() + b"\0"


def sockaddr(address: Address | str) -> bytes:
    """Return a socket address: (ip, port), or the path of a unix socket."""
    if isinstance(address, str):
        return bytes([AF_UNIX]) + address.encode() + b"\0"
    packed = ip(address[0])
    return bytes([AF_INET if len(packed) == 4 else AF_INET6]) + packed + struct.pack("<H", address[1])


def joined(texts: Sequence[str]) -> bytes:
    """Return texts as argument and environment lists are stored: each with a final NUL."""
    return b"".join(text.encode() + b"\0" for text in texts)


class CaptureBuilder:
    """Collects what a capture holds; every method returns the builder.

    ``modern`` captures have exit events only, with all parameters; the others have an enter
    event before each exit, and exits as short as sysdig 0.29.3 knew them. ``event_version``
    chooses the event blocks, the ``*_version`` arguments the lists.
    """

    def __init__(
        self,
        modern: bool = True,
        *,
        event_version: int = 2,
        process_version: int = 9,
        fd_version: int = 2,
        interface_version: int = 2,
        user_version: int = 2,
        minor: int = 2,
        options: bytes = b"",
        old_process_tail: bool = False,
    ) -> None:
        self.modern = modern
        self.event_version = event_version
        self.process_version = process_version
        self.fd_version = fd_version
        self.interface_version = interface_version
        self.user_version = user_version
        self.old_process_tail = old_process_tail
        self.now = START
        self.cpu = 0
        self._section = writer.section(1, minor, options)
        self._machine: MachineInfo | None = MachineInfo(2, 1 << 33, 0, "testhost", START - 10**12)
        self._processes: list[ProcEntry] = []
        self._fds: dict[int, list[FdEntry]] = {}
        self._users: list[User] = [User(0, 0, "root", "/root", "/bin/bash")]
        self._groups: list[Group] = [Group(0, "root")]
        self._interfaces: list[Interface] = []
        self._extra: list[bytes] = []
        self._events: list[bytes] = []

    # --- before the events ------------------------------------------------------------------------
    def machine(self, machine: MachineInfo | None) -> Self:
        self._machine = machine
        return self

    def proc(self, tid: int, comm: str = "", *, pid: int | None = None, ptid: int = 0, **fields: Any) -> Self:
        """Put a thread into the process list; texts may be str, lists of str become NUL-separated."""
        values: dict[str, Any] = {
            "comm": comm,
            "exe": comm,
            "cwd": "/",
            "vtid": tid,
            "vpid": pid or tid,
        } | fields
        packed = {
            key: value.encode()
            if isinstance(value, str)
            else joined(value)
            if isinstance(value, list)
            else value
            for key, value in values.items()
        }
        self._processes.append(ProcEntry(tid, pid or tid, ptid, **packed))
        return self

    def fd(self, tid: int, fd: int, name: str = "", kind: int = entries.FD_FILE_V2, **fields: Any) -> Self:
        """Put a descriptor into the fd list of ``tid``."""
        entry = FdEntry(tid, fd, fields.pop("ino", 0), kind, name=name.encode(), **fields)
        self._fds.setdefault(tid, []).append(entry)
        return self

    def socket_fd(self, tid: int, fd: int, source: Address, dest: Address, l4proto: int = 2) -> Self:
        """Put a connected socket into the fd list of ``tid``."""
        sip, dip = ip(source[0]), ip(dest[0])
        kind = entries.FD_IPV4_SOCK if len(sip) == 4 else entries.FD_IPV6_SOCK
        ports = {"sport": source[1], "dport": dest[1], "l4proto": l4proto}
        return self.fd(tid, fd, "", kind, sip=sip, dip=dip, **ports)

    def server_fd(self, tid: int, fd: int, address: Address, l4proto: int = 2) -> Self:
        """Put a listening socket into the fd list of ``tid``."""
        sip = ip(address[0])
        kind = entries.FD_IPV4_SERVSOCK if len(sip) == 4 else entries.FD_IPV6_SERVSOCK
        return self.fd(tid, fd, "", kind, sip=sip, sport=address[1], l4proto=l4proto)

    def user(self, uid: int, name: str, *, gid: int = 0, home: str = "", shell: str = "") -> Self:
        self._users.append(User(uid, gid, name, home, shell))
        return self

    def group(self, gid: int, name: str) -> Self:
        self._groups.append(Group(gid, name))
        return self

    def interface(self, name: str, addr: str, netmask: str = "255.255.255.0", bcast: str = "") -> Self:
        width = len(ip(addr))
        mask = ip(netmask) if width == 4 else b"\xff" * 8 + bytes(8)
        self._interfaces.append(Interface(name, ip(addr), mask, ip(bcast) if bcast else bytes(width), 0))
        return self

    def block(self, data: bytes) -> Self:
        """Put a ready-made block behind the metadata (before the first event) or among the events."""
        (self._events if self._events else self._extra).append(data)
        return self

    # --- events -----------------------------------------------------------------------------------
    def at(self, ts: int) -> Self:
        """Set the time of the next event (ns since the epoch)."""
        self.now = ts
        return self

    def wait(self, ns: int) -> Self:
        """Let ``ns`` pass before the next event."""
        self.now += ns
        return self

    def on_cpu(self, cpu: int) -> Self:
        self.cpu = cpu
        return self

    def event(
        self,
        kind: int | str,
        tid: int,
        params: Sequence[Any] = (),
        *,
        ts: int | None = None,
        cpu: int | None = None,
        flags: int | None = None,
        version: int | None = None,
        block_type: int | None = None,
    ) -> Self:
        """Add any event by code or symbol; values are encoded by the types of the catalogue."""
        code = code_of(kind) if isinstance(kind, str) else kind
        table = catalogue.events(True)
        types = [p.type for p in table[code].params] if code < len(table) else []
        large = code < len(table) and "LARGE_PAYLOAD" in table[code].flags
        types += ["BYTEBUF"] * (len(params) - len(types))
        values = [encode(t, value) for t, value in zip(types, params, strict=False)]
        self.now = self.now if ts is None else ts
        self._events.append(
            writer.event(
                code,
                self.now,
                tid,
                values,
                cpu=self.cpu if cpu is None else cpu,
                version=version or self.event_version,
                flags=flags,
                large=large,
                block_type=block_type,
            )
        )
        self.now += STEP
        return self

    def call(self, stem: str, tid: int, enter: Sequence[Any], leave: Sequence[Any], **options: Any) -> Self:
        """Add a system call by the stem of its symbols: only the full exit, or enter and short exit."""
        if not self.modern:
            self.event(f"{stem}_E", tid, enter, **options)
            leave = leave[: len(catalogue.events(False)[code_of(f"{stem}_X")].params)]
        return self.event(f"{stem}_X", tid, leave, **options)

    def openat(
        self,
        tid: int,
        fd: int,
        name: str,
        flags: int = O_RDONLY,
        *,
        dirfd: int = AT_FDCWD,
        mode: int = 0,
        dev: int = 0,
        ino: int = 0,
    ) -> Self:
        enter = [dirfd, name, flags, mode]
        return self.call("SYSCALL_OPENAT_2", tid, enter, [fd, *enter, dev, ino])

    def open(self, tid: int, fd: int, name: str, flags: int = O_RDONLY, *, mode: int = 0) -> Self:
        return self.call("SYSCALL_OPEN", tid, [name, flags, mode], [fd, name, flags, mode, 0, 0])

    def close(self, tid: int, fd: int, res: int = 0) -> Self:
        return self.call("SYSCALL_CLOSE", tid, [fd], [res, fd])

    def read(
        self, tid: int, fd: int, data: bytes, *, res: int | None = None, size: int | None = None
    ) -> Self:
        res, size = len(data) if res is None else res, len(data) if size is None else size
        return self.call("SYSCALL_READ", tid, [fd, size], [res, data, fd, size])

    def write(
        self, tid: int, fd: int, data: bytes, *, res: int | None = None, size: int | None = None
    ) -> Self:
        res, size = len(data) if res is None else res, len(data) if size is None else size
        return self.call("SYSCALL_WRITE", tid, [fd, size], [res, data, fd, size])

    def dup(self, tid: int, fd: int, new: int) -> Self:
        return self.call("SYSCALL_DUP_1" if self.modern else "SYSCALL_DUP", tid, [fd], [new, fd])

    def pipe(self, tid: int, fd1: int, fd2: int, *, res: int = 0, ino: int = 0) -> Self:
        return self.call("SYSCALL_PIPE", tid, [], [res, fd1, fd2, ino])

    def socket(self, tid: int, fd: int, *, domain: int = AF_INET, type: int = 1, proto: int = 0) -> Self:  # noqa: A002
        enter = [domain, type, proto]
        return self.call("SOCKET_SOCKET", tid, enter, [fd, *enter, 0])

    def connect(self, tid: int, fd: int, source: Address, dest: Address, *, res: int = 0) -> Self:
        addr = sockaddr(dest)
        return self.call("SOCKET_CONNECT", tid, [fd, addr], [res, socktuple(source, dest), fd, addr])

    def bind(self, tid: int, fd: int, address: Address, *, res: int = 0) -> Self:
        return self.call("SOCKET_BIND", tid, [fd], [res, sockaddr(address), fd])

    def accept(self, tid: int, fd: int, source: Address, dest: Address) -> Self:
        """Accept a connection from the client at ``source`` to the server at ``dest``."""
        return self.call("SOCKET_ACCEPT_5", tid, [], [fd, socktuple(source, dest), 0, 0, 0])

    def chdir(self, tid: int, path: str, *, res: int = 0) -> Self:
        return self.call("SYSCALL_CHDIR", tid, [], [res, path])

    def setuid(self, tid: int, uid: int, *, res: int = 0) -> Self:
        return self.call("SYSCALL_SETUID", tid, [uid], [res, uid])

    def clone(
        self,
        tid: int,
        child: int,
        comm: str = "",
        *,
        exe: str = "",
        args: Sequence[str] = (),
        pid: int | None = None,
        child_pid: int | None = None,
        ptid: int = 1,
        cwd: str = "/",
        flags: int = 0,
        uid: int = 0,
        gid: int = 0,
        cgroups: Sequence[str] = (),
        vtid: int | None = None,
        both: bool = True,
    ) -> Self:
        """Create thread ``child``: the exit in the parent, then (``both``) the exit in the child."""

        def leave(res: int, own: int, own_pid: int, parent: int, virtual: int) -> list[Any]:
            head = [res, exe or comm, joined(args), own, own_pid, parent, cwd, 1024]
            memory = [0, 0, 1000, 100, 0]
            return [*head, *memory, comm, joined(cgroups), flags, uid, gid, virtual, virtual, 0]

        mine = pid or tid
        self.call("SYSCALL_CLONE_20", tid, [], leave(child, tid, mine, ptid, tid))
        if both:
            end = leave(0, child, child_pid or child, mine, vtid or child)
            self.event("SYSCALL_CLONE_20_X", child, end if self.modern else end[:20])
        return self

    def execve(
        self,
        tid: int,
        path: str,
        args: Sequence[str] = (),
        *,
        comm: str = "",
        exe: str | None = None,
        pid: int | None = None,
        ptid: int = 1,
        vpgid: int | None = None,
        cwd: str = "/",
        env: Sequence[str] = (),
        cgroups: Sequence[str] = (),
        uid: int = 0,
        gid: int = 0,
        loginuid: int = 0xFFFFFFFF,
        tty: int = 0,
        res: int = 0,
    ) -> Self:
        """Replace the program of ``tid``; ``args`` is argv without its first element."""
        name = comm or path.rsplit("/", 1)[-1][:15]
        head = [res, path if exe is None else exe, joined(args), tid, pid or tid, ptid, cwd, 1024]
        middle = [
            0,
            0,
            1000,
            100,
            0,
            name,
            joined(cgroups),
            joined(env),
            tty,
            vpgid or pid or tid,
            loginuid,
            0,
        ]
        tail = [0, 0, 0, 0, 0, 0, uid, path, vpgid or pid or tid, gid, path]
        return self.call("SYSCALL_EXECVE_19", tid, [path], [*head, *middle, *tail])

    def procexit(self, tid: int, status: int = 0) -> Self:
        params = [status, status >> 8, status & 0x7F, 0, 0]
        return self.event("PROCEXIT_1_E", tid, params if self.modern else params[:4])

    def switch(
        self, tid: int, to: int, *, faults: Sequence[int] = (0, 0), vm: Sequence[int] = (0, 0, 0)
    ) -> Self:
        """Switch the CPU from ``tid`` to ``to``; major and minor faults, vm size, rss and swap of ``tid``."""
        return self.event("SCHEDSWITCH_6_E", tid, [to, *faults, *vm])

    def container(self, json_text: str) -> Self:
        """Describe a container: as an async event in modern captures, else as a JSON record."""
        if self.modern:
            return self.event("ASYNCEVENT_E", -1, [0, "container", json_text.encode() + b"\0"])
        return self.event("CONTAINER_JSON_E", -1, [json_text])

    # --- result -----------------------------------------------------------------------------------
    def bytes(self, *, compress: bool = False) -> bytes:
        """Return the whole capture."""
        parts = [self._section]
        if self._machine is not None:
            parts.append(writer.machine_info(self._machine))
        parts.append(writer.interface_list(self._interfaces, self.interface_version))
        parts.append(writer.user_list(self._users, self._groups, self.user_version))
        tail = {"tail": 4, "old_tail": True} if self.old_process_tail else {}
        parts.append(writer.process_list(self._processes, self.process_version, **tail))
        lists = (writer.fd_list(p.tid, self._fds.get(p.tid, []), self.fd_version) for p in self._processes)
        data = b"".join([*parts, *lists, *self._extra, *self._events])
        return gzip.compress(data) if compress else data

    def save(self, path: Path, *, compress: bool = False) -> Path:
        """Write the capture to ``path`` and return it."""
        path.write_bytes(self.bytes(compress=compress))
        return path
