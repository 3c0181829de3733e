"""One small machine for the tests of fields and filters, in both kinds of captures."""

from __future__ import annotations

import json
from pathlib import Path

from builder import AF_INET6, O_CREAT, O_WRONLY, CaptureBuilder, unixtuple

from scaptui.core.capture import Capture
from scaptui.core.index.tables import CL_THREAD

FULL_ID = "0123456789ab" + "c" * 52
SHORT_ID = FULL_ID[:12]
CGROUPS = (f"cpuset=/docker/{FULL_ID}", f"mem_cgroup=/docker/{FULL_ID}")
CONTAINER = {
    "container": {
        "id": SHORT_ID,
        "full_id": FULL_ID,
        "type": 0,
        "name": "web",
        "image": "shop/web:1.2",
        "imageid": "feed",
        "imagerepo": "shop/web",
        "imagetag": "1.2",
        "imagedigest": "sha256:77",
        "privileged": True,
        "ip": "10.0.0.5",
        "created_time": 1,
        "labels": {},
        "Mounts": [
            {"Source": "/srv", "Destination": "/data", "Mode": "ro", "RW": False, "Propagation": "rslave"},
            {"Source": "/tmp", "Destination": "/tmp", "Mode": "", "RW": True, "Propagation": ""},
        ],
        "Healthcheck": {"exe": "curl", "args": ["-f", "http://localhost"]},
    }
}


def build(modern: bool) -> CaptureBuilder:
    """Make the capture: a shell on the host, a server with a thread in a container, a client."""
    b = CaptureBuilder(modern, event_version=2 if modern else 1)
    b.user(1000, "alice", gid=100, home="/home/alice", shell="/bin/zsh").group(100, "users")
    b.interface("eth0", "10.0.0.2")
    b.proc(1, "systemd", ptid=0, sid=1)
    b.proc(10, "sshd", ptid=1, sid=10)
    b.proc(
        20, "zsh", ptid=10, sid=20, uid=1000, gid=100, loginuid=1000, tty=34816, exe="-zsh", cwd="/home/alice"
    )
    b.proc(
        30,
        "server",
        ptid=1,
        sid=1,
        uid=0,
        exe="/usr/bin/server",
        args=["--port", "80"],
        env=["HOME=/root", "MODE=prod"],
        cgroups=list(CGROUPS),
        vtid=5,
        vpid=5,
        fdlimit=1024,
    )
    b.proc(31, "worker", pid=30, ptid=1, sid=1, flags=CL_THREAD, cgroups=list(CGROUPS), vtid=6, vpid=5)
    b.fd(20, 0, "/dev/pts/0").fd(30, 1, "pipe:[7]", kind=7)
    b.server_fd(30, 3, ("10.0.0.2", 80))
    b.container(json.dumps(CONTAINER))
    b.openat(20, 3, "/etc/hosts").read(20, 3, b"127.0.0.1 localhost\n").close(20, 3)
    b.openat(20, -2, "/etc/missing.conf")
    b.openat(20, 4, "notes.txt", O_WRONLY | O_CREAT, mode=0o755)
    b.write(20, 4, b"binary \x00\xff text").close(20, 4)
    b.accept(30, 4, ("10.0.0.9", 40000), ("10.0.0.2", 80))
    b.read(30, 4, b"GET /index.html HTTP/1.1\r\n")
    b.write(30, 4, b"HTTP/1.1 500 Oops\r\n")
    b.read(30, 4, b"", res=-11)
    b.clone(20, 40, "zsh", exe="-zsh", ptid=10, uid=1000, gid=100)
    b.wait(5_000_000)
    b.execve(
        40,
        "/usr/bin/curl",
        ("-s", "http://[::1]:8080/"),
        comm="curl",
        ptid=20,
        uid=1000,
        gid=100,
        env=["A=b"],
    )
    b.socket(40, 5, domain=AF_INET6)
    b.connect(40, 5, ("2001:db8::1", 50000), ("2001:db8::2", 8080))
    b.write(40, 5, b"GET / HTTP/1.0\r\n\r\n")
    b.socket(40, 6, domain=1)
    failing = unixtuple(0, 0xFFFF888800000000, "/run/nscd")
    b.call("SOCKET_CONNECT", 40, [6, b"\x01/run/nscd\0"], [-2, failing, 6, b"\x01/run/nscd\0"])
    b.wait(20_000_000).chdir(40, "/tmp").openat(40, 7, "page.html", O_WRONLY | O_CREAT)
    b.on_cpu(1).switch(31, 30, vm=(7000, 800, 0)).wait(1_000).switch(30, 31, vm=(7000, 800, 0)).on_cpu(0)
    b.event("GENERIC_X", 30, [166, 7])
    b.event("PROCINFO_E", 30, [10, 5]).event("PROCINFO_E", 30, [30, 6])
    b.procexit(40, 256)
    b.close(30, 4)
    return b


def capture(folder: Path, modern: bool) -> Capture:
    """Write and open the capture."""
    return Capture.open(build(modern).save(folder / ("new.scap" if modern else "old.scap")))
