"""One busy machine for the tests of views and tiles: something for every tile, in both kinds of captures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from builder import O_CREAT, O_WRONLY, CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.index.tables import CL_FILES, CL_THREAD

WEB_ID, DB_ID = "aaaaaaaaaaaa" + "1" * 52, "bbbbbbbbbbbb" + "2" * 52
SIGNALED = 11


def _container(full_id: str, name: str) -> str:
    return json.dumps(
        {
            "container": {
                "id": full_id[:12],
                "full_id": full_id,
                "type": 0,
                "name": name,
                "image": f"shop/{name}:1",
                "imageid": "feed",
                "imagerepo": f"shop/{name}",
                "imagetag": "1",
                "imagedigest": "",
                "privileged": False,
                "ip": "10.0.0.5",
                "Mounts": [],
                "labels": {},
            }
        }
    )


def _cgroups(full_id: str) -> list[str]:
    return [f"cpuset=/docker/{full_id}"]


def build(modern: bool, rounds: int = 3) -> CaptureBuilder:
    """Make the capture: a web server and a database in containers, a shell and a log daemon outside."""
    b = CaptureBuilder(modern, event_version=2 if modern else 1, process_version=9 if modern else 5)
    b.user(1000, "alice", gid=100, home="/home/alice", shell="/bin/bash").group(100, "users")
    b.interface("eth0", "10.0.0.2")
    b.proc(1, "systemd", ptid=0, sid=1)
    b.proc(20, "bash", ptid=1, sid=20, uid=1000, gid=100, loginuid=1000, tty=34816, cwd="/home/alice")
    b.proc(30, "web", ptid=1, sid=1, cgroups=_cgroups(WEB_ID), vtid=1, vpid=1, fdlimit=1024)
    b.proc(
        31, "web", pid=30, ptid=1, sid=1, cgroups=_cgroups(WEB_ID), vtid=2, vpid=1, flags=CL_THREAD | CL_FILES
    )
    b.proc(40, "db", ptid=1, sid=1, cgroups=_cgroups(DB_ID), vtid=1, vpid=1, fdlimit=512)
    b.proc(50, "logger", ptid=1, sid=1)
    b.server_fd(30, 3, ("0.0.0.0", 80)).server_fd(40, 3, ("10.0.0.2", 5432))
    b.container(_container(WEB_ID, "web")).container(_container(DB_ID, "db"))
    for number in range(rounds):
        _round(b, number)
    return b


def _round(b: CaptureBuilder, n: int) -> None:
    client, server, database = ("10.9.0.1", 40000 + n), ("10.0.0.2", 80), ("10.0.0.2", 5432)
    own = ("10.0.0.2", 50000 + n)
    # a request that fails, with the database behind it
    b.accept(30, 4, client, server).read(30, 4, b"GET /a HTTP/1.1\r\nHost: shop\r\n\r\n")
    b.socket(30, 5).connect(30, 5, own, database).accept(40, 6, own, database)
    b.write(30, 5, b"select 1").read(40, 6, b"select 1").write(40, 6, b"1").read(
        30, 5, b"1", res=600, size=900
    )
    status = b"500 Oops" if n % 2 else b"200 OK"
    b.write(30, 4, b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n").close(30, 4).close(30, 5)
    b.close(40, 6)
    b.socket(30, 5).connect(30, 5, own, ("10.7.7.7", 22), res=-111).close(30, 5)
    # files: the same name in two containers, a log, a slow read, what cannot be opened, what goes away
    for pid in (30, 40):
        b.openat(pid, 7, "/etc/app.conf", O_WRONLY | O_CREAT).write(pid, 7, b"x" * (pid + n)).close(pid, 7)
    b.openat(30, 7, "/var/log/app.log", O_WRONLY)
    b.write(30, 7, b"one fine line\nan error in the second\nwarn: an error\n").write(
        30, 7, b"all good\n\nalert!"
    )
    b.close(30, 7).openat(20, 7, "/data/big")
    if b.modern:
        b.wait(2_000_000).read(20, 7, b"slow", res=4096)
    else:
        b.event("SYSCALL_READ_E", 20, [7, 4096]).wait((2, 20, 200)[n % 3] * 1_000_000)
        b.event("SYSCALL_READ_X", 20, [4096, b"slow"])
    b.close(20, 7).openat(20, -2, "/etc/missing").openat(40, -13, "/etc/shadow")
    b.call("SYSCALL_UNLINK_2", 20, [], [0, f"/tmp/x{n}"])
    b.call("SYSCALL_SYMLINK", 20, [], [0, "/tmp/x", "/tmp/y"])
    b.call("SYSCALL_SETNS", 20, [7, 0], [0])
    # programs: a command in the shell, sudo, one that dies
    pid = 100 + 10 * n
    for child, program, exe in ((pid, "/bin/ls", "ls"), (pid + 1, "/usr/bin/sudo", "sudo")):
        b.clone(20, child, "bash", ptid=1, uid=1000, gid=100, cwd="/home/alice")
        b.execve(child, program, ("-l",), exe=exe, ptid=20, uid=1000, gid=100, tty=34816, cwd="/home/alice")
        b.openat(child, 3, "/etc/hosts").read(child, 3, b"127.0.0.1 localhost\n").close(child, 3)
    b.event("SIGNALDELIVER_E", pid, [20, pid, SIGNALED]).event("SIGNALDELIVER_E", pid + 1, [20, pid + 1, 15])
    b.procexit(pid, SIGNALED).procexit(pid + 1, 256)
    # the system log, a port of its own, ssh, marks and daemons
    b.socket(50, 8, domain=1, type=2)
    b.call("SOCKET_CONNECT", 50, [8], [0, _unix("/dev/log"), 8, b""][: 4 if b.modern else 2])
    for severity in (2, 4, 6):
        b.write(50, 8, f"<{8 + severity}>Nov 23 10:00:00 logger: message {severity}".encode())
    b.close(50, 8).socket(50, 9).bind(50, 9, ("10.0.0.2", 7000 + n))
    b.socket(50, 10).connect(50, 10, own, ("10.8.8.8", 22)).write(50, 10, b"SSH-2.0-x\r\n").close(50, 10)
    b.close(50, 9)
    b.event("NOTIFICATION_E", 1, [f"rule{n}", "a shell in a container"], version=2)
    told = f"Event: start; ID: {WEB_ID}; Image: shop/web:1.2; name: web"
    b.event("INFRASTRUCTURE_EVENT_E", 1, ["docker", "container start", told, "host=web"], version=2)
    b.wait(500_000_000)


def _unix(path: str) -> bytes:
    return bytes([1]) + bytes(8) + (0x1000).to_bytes(8, "little") + path.encode() + b"\0"


def save(folder: Path, modern: bool, rounds: int = 3) -> Path:
    """Write the capture; the old kind can be read by sysdig 0.29.3."""
    return build(modern, rounds).save(folder / ("story-new.scap" if modern else "story-old.scap"))


def opened(folder: Path, modern: bool, rounds: int = 3) -> Capture:
    """Write and open the capture."""
    return Capture.open(save(folder, modern, rounds))


FILTERS: Sequence[str | None] = (
    None,
    "proc.name=web",
    "not proc.name=web",
    "container.id!=host",
    "container.name=db or evt.failed=true",
    "fd.type in (ipv4, ipv6)",
    "not fd.type=file",
    "fd.port=80",
    "evt.failed=true",
    "evt.type in (open, openat, read, write, execve)",
    "evt.dir=< and evt.rawres>=0",
    "user.name=alice and evt.is_io=true",
)
