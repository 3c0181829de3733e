"""Random captures of the old kind: a few threads that open, connect, fork, exec and exit in odd ways.

A :class:`Story` is made from a seed and is plain data, so that a test can leave events out until only
those remain that matter. The machine kept here is rough: it makes most events plausible, not right.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder import AT_FDCWD, START, CaptureBuilder, joined, sockaddr, socktuple, unixtuple

CLONE_FILES, CLONE_THREAD, IN_PIDNS = 1, 1 << 13, 1 << 29
FULL = "0123456789abcdef" * 4


def full(number: int) -> str:
    """Return a long id of a container."""
    return FULL[number:] + FULL[:number]


TIDS = (3000101, 3000102, 3000103, 3000104, 3000105, 3000106, 3000107, 3000108)
HOSTS4 = ("10.0.0.5", "10.0.0.9", "127.0.0.1", "192.168.1.7", "0.0.0.0")
HOSTS6 = ("2001:db8::5", "2001:db8::9", "::1", "::", "fe80::1")
MAPPED = ("::ffff:10.0.0.5", "::ffff:10.0.0.9")
PORTS = (80, 443, 40000, 40001, 53, 8080)
PATHS = (
    "/etc/passwd",
    "/tmp/x",
    "rel/file",
    "../up",
    "./here/./x",
    "/a/../b//c/",
    "",
    ".",
    "..",
    "/..",
    "foo./bar",
    "x../y",
    ".hid",
    "<NA>",
    "(NULL)",
    "/tmp/\x01ctl",
    "/tmp/\u00e9t\u00e9",
    "/",
    "dir/",
)
DIRS = ("/home/u", "/tmp", "sub", "..", ".", "/", "../../..", "/srv/www/")
COMMS = ("bash", "sshd", "cat", "python3", "nginx", "zsh", "a.out")
ARGS = ((), ("-l",), ("-c", "echo hi"), ("", "x"), ("--flag", "a b", ""))
CGROUPS = (
    (),
    ("cpu=/",),
    (f"cpu=/docker/{FULL}", f"mem_cgroup=/docker/{FULL}"),
    (f"cpuset=/system.slice/docker-{full(1)}.scope",),
    (f"cpu=/machine.slice/libpod-{full(2)}.scope/container",),
    (f"cpu=/machine.slice/libpod-{full(3)}.scope",),
    (f"cpu=/kubepods/burstable/pod1/{full(4)}",),
    (f"cpu=/kubepods/crio-{full(5)}",),
    (f"cpu=/kubepods.slice/crio-{full(6)}.scope",),
    (f"cpu=/kubepods.slice/cri-containerd-{full(7)}.scope",),
    (f"cpu=/system.slice/containerd.service/kubepods:cri-containerd:{full(8)}",),
    ("cpu=/lxc/myct", "io=/"),
    ("perf_event_cgroup=/", "cpu=/lxc.payload/ct2/init.scope"),
    ("cpu=/lxc.payload.ct5",),
    ("cpu=/machine/ct3.libvirt-lxc",),
    ("cpu=/machine.slice/machine-lxc\\x2d77\\x2dct.scope",),
    ("cpu=/libvirt/lxc/ct4",),
    ("cpu=/mesos/a9f41620-b165-4d24-abe0-af0af92e7b20",),
    ("cpu=/bpm/bpm-foo.bar_1",),
    ("cpu=/system.slice/bpm-foo.scope",),
    ("cpu=/docker/0123456789abcdef0123456789abcdef",),
    (f"cpu=/x{FULL[1:]}z", f"io=/docker/{FULL.upper()}"),
)
ENVS = ((), ("HOME=/root", "A=1"), ("MESOS_TASK_ID=job.1234", "B="), ("container_uuid=pod-1",))
EINPROGRESS = -115
DIRECTORIES = (40, 41, 42)  # numbers that only directories have


@dataclass(frozen=True)
class Step:
    """One event: symbol, thread, parameters, nanoseconds since the one before, processor."""

    sym: str
    tid: int
    params: tuple[Any, ...]
    after: int = 1000
    cpu: int = 0
    flags: int | None = None


@dataclass
class Story:
    """All that a capture holds, as calls of the builder; ``steps`` are its events."""

    seed: int
    options: dict[str, int] = field(default_factory=dict)
    head: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def build(self, steps: Sequence[Step] | None = None) -> CaptureBuilder:
        """Return the capture with ``steps`` instead of its own."""
        made = CaptureBuilder(False, **self.options)
        for name, arguments, fields in self.head:
            getattr(made, name)(*arguments, **fields)
        now = START
        for step in self.steps if steps is None else steps:
            now += step.after
            made.event(step.sym, step.tid, step.params, ts=now, cpu=step.cpu, flags=step.flags)
        return made


@dataclass
class Task:
    """A thread as the story knows it."""

    tid: int
    pid: int
    vtid: int
    vpid: int
    files: dict[int, str]  # number: what it stands for
    contained: bool = False
    queue: list[Step] = field(default_factory=list)
    last: str = ""


class Teller:
    """Makes up a story. ``chaos`` 0 is plausible, 1 loses events, 2 does what no machine does."""

    def __init__(self, seed: int, length: int = 120) -> None:
        self.rng = random.Random(seed)
        self.chaos = self.rng.choice((0, 0, 1, 2))
        self.length = length
        self.story = Story(seed)
        self.tasks: dict[int, Task] = {}
        self.cpu = 0
        self.calls: list[tuple[int, Callable[[Task], None]]] = [
            (12, self.open),
            (8, self.openat),
            (8, self.close),
            (8, self.dup),
            (4, self.fcntl),
            (4, self.pipe),
            (10, self.socket),
            (6, self.bind),
            (10, self.connect),
            (8, self.accept),
            (14, self.datagram),
            (3, self.socketpair),
            (6, self.new_fd),
            (10, self.read_write),
            (10, self.clone),
            (10, self.exec),
            (4, self.exit),
            (6, self.chdir),
            (4, self.ids),
            (4, self.limits),
            (5, self.memory),
            (4, self.other),
        ]

    # --- the machine ------------------------------------------------------------------------------
    def some(self, items: Sequence[Any]) -> Any:
        return self.rng.choice(items)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def tell(self) -> Story:
        rng, story = self.rng, self.story
        story.options = {
            "event_version": self.some((1, 2)),
            "process_version": self.some((5, 6, 7, 8, 9, 9)),
            "old_process_tail": True,
            "fd_version": self.some((1, 2)),
            "interface_version": self.some((1, 2)),
            "user_version": self.some((1, 2)),
        }
        self.begin()
        while len(story.steps) < self.length:
            busy = [t for t in self.tasks.values() if t.queue]
            idle = [t for t in self.tasks.values() if not t.queue]
            if busy and (not idle or self.chance(0.6)):
                task = self.some(busy)
                self.put(task.queue.pop(0))
                continue
            if self.chance(0.12):
                self.noise()
                continue
            if not idle or self.chance(0.03):
                self.stranger()
                continue
            task = self.some(idle)
            weights = [weight for weight, _ in self.calls]
            rng.choices(self.calls, weights)[0][1](task)
        return story

    def put(self, step: Step) -> None:
        if self.chaos and self.chance(0.05) and step.sym not in ("SYSCALL_OPENAT_E", "SYSCALL_OPENAT_X"):
            return
        if self.chance(0.2):
            self.cpu = self.some((0, 1, 3))
        after = self.some((1, 100, 1000, 50_000, 2_000_000))
        if self.chance(0.01):
            after = self.some((-500_000, 1_999_999_000, 2_500_000_000, -3_000_000_000))
        fresh = Step(step.sym, step.tid, step.params, after, self.cpu, step.flags)
        self.story.steps.append(fresh)

    def enter(self, task: Task, sym: str, *params: Any) -> None:
        self.put(Step(sym, task.tid, params))

    def call(self, task: Task, stem: str, enter: Sequence[Any], leave: Sequence[Any]) -> None:
        """Begin a call; its exit comes some time later."""
        self.put(Step(f"{stem}_E", task.tid, tuple(enter)))
        task.queue.append(Step(f"{stem}_X", task.tid, tuple(leave)))

    def failed(self, share: float = 0.12) -> int:
        return self.some((-2, -11, -13, -9)) if self.chance(share) else 0

    def used(self, task: Task) -> int:
        if task.files and self.chance(0.85):
            return self.some(sorted(task.files))
        return self.some((0, 1, 2, 3, 4, 5, 6, 7, 19, 35, -1, -9, AT_FDCWD))

    def socket_of(self, task: Task, unix: bool) -> int:
        """Return a number whose address may be told: the reader mixes up unix and other addresses."""
        fits = sorted(
            fd for fd, kind in task.files.items() if (kind == "unix") == unix and fd not in DIRECTORIES
        )
        return self.some(fits) if fits else self.some((0, 1, 3, 35, -1))

    def directory(self, task: Task) -> int:
        """Return a number that has a name of its own: the reader joins paths to any."""
        return self.some((*DIRECTORIES, *DIRECTORIES, -1, -9))

    def free(self, task: Task, kind: str) -> int:
        if self.chance(0.8):
            fd = 0
            while fd in task.files:
                fd += 1
        else:
            fd = self.some((0, 1, 3, 4, 5, 16, 19, 32, 1000))
        task.files[fd] = kind
        return fd

    # --- before the events ------------------------------------------------------------------------
    def begin(self) -> None:
        rng, head = self.rng, self.story.head
        for uid, name in ((1000, "alice"), (33, "www-data")):
            if self.chance(0.7):
                head.append(("user", (uid, name), {"gid": 100, "home": f"/home/{name}", "shell": "/bin/sh"}))
        if self.chance(0.7):
            head.append(("group", (100, "users"), {}))
        for name, addr in (("lo", "127.0.0.1"), ("eth0", "10.0.0.5"), ("eth0", "2001:db8::5"), ("lo", "::1")):
            if self.chance(0.6):
                head.append(("interface", (name, addr), {}))
        head.append(("proc", (1, "systemd"), {"ptid": 0, "sid": 1, "exe": "/sbin/init"}))
        count = rng.randint(2, 4)
        for place, tid in enumerate(TIDS[:count]):
            self.listed(
                tid, tid, self.some((1, 1, 999, *TIDS[:place], *((tid,) if self.chance(0.1) else ())))
            )
        if self.chance(0.6):
            main = self.some(TIDS[:count])
            self.listed(TIDS[count], main, 1)
        for tid in list(self.tasks):
            if self.tasks[tid].pid == tid:
                self.listed_files(self.tasks[tid])
        if self.chance(0.3):
            for cid, code in ((FULL[:12], 0), ("myct", 1)):
                described = {"id": cid, "name": f"name-{cid}", "type": code, "image": "img:1"}
                self.story.steps.append(
                    Step("CONTAINER_JSON_E", -1, (json.dumps({"container": described | {"labels": {}}}),))
                )

    def listed(self, tid: int, pid: int, ptid: int) -> None:
        comm = self.some(COMMS)
        thread = tid != pid
        contained = self.chance(0.25)
        number = tid - TIDS[0] + 2
        fields = {
            "pid": pid,
            "ptid": ptid,
            "sid": self.some((1, pid, 3000101)),
            "vpgid": self.some((1, pid)),
            "exe": f"/usr/bin/{comm}",
            "exepath": f"/usr/bin/{comm}",
            "args": list(self.some(ARGS)),
            "env": list(self.some(ENVS)),
            "cwd": self.some(("/", "/home/u", "/home/u/", "/srv")),
            "flags": (CLONE_THREAD | CLONE_FILES) if thread else 0,
            "uid": self.some((0, 33, 1000, 5555)),
            "gid": self.some((0, 100, 7)),
            "fdlimit": self.some((1024, 4096, 7)),
            "vmsize": 1000 + number,
            "vmrss": 100,
            "vmswap": number,
            "pfmajor": 3,
            "pfminor": 1 << 33,
            "vtid": number if contained else tid,
            "vpid": number if contained else pid,
            "cgroups": list(self.some(CGROUPS)),
            "root": "/",
            "tty": self.some((0, 34816)),
            "loginuid": self.some((0xFFFFFFFF, 1000)),
        }
        self.story.head.append(("proc", (tid, comm), fields))
        files = self.tasks[pid].files if thread and pid in self.tasks else {}
        self.tasks[tid] = Task(tid, pid, fields["vtid"], fields["vpid"], files, contained)

    def listed_files(self, task: Task) -> None:
        head, tid = self.story.head, task.tid
        for fd in range(self.rng.randint(0, 6)):
            kind = self.rng.randint(0, 7)
            task.files[fd] = "file" if kind <= 2 else "unix" if kind == 3 else "ipv4"
            if kind <= 1:
                head.append(("fd", (tid, fd, self.some(PATHS) or "/x"), {"openflags": 1, "ino": 7}))
            elif kind == 2:
                code = self.some((1, 2, 7, 9, 10, 11, 12, 13, 14, 15))
                head.append(("fd", (tid, fd, self.some(("/dir", "pipe:[7]", ""))), {"kind": code}))
            elif kind == 3:
                unix = self.some(("", "/run/sock"))
                head.append(("fd", (tid, fd, unix), {"kind": 8, "source": 0xFFFF88, "dest": 0}))
            elif kind <= 5:
                source, dest = self.address(), self.address()
                hosts = next(h for h in (HOSTS4, HOSTS6, MAPPED) if source[0] in h)
                dest = self.some(hosts), dest[1]
                head.append(("socket_fd", (tid, fd, source, dest, self.some((2, 3))), {}))
            else:
                head.append(("server_fd", (tid, fd, self.address(), self.some((2, 3))), {}))

    # --- values -----------------------------------------------------------------------------------
    def address(self, six: bool | None = None) -> tuple[str, int]:
        six = self.chance(0.3) if six is None else six
        return self.some(self.some((HOSTS6, MAPPED)) if six else HOSTS4), self.some(PORTS)

    def pair(self, unix: float = 0.1) -> bytes:
        """Return a tuple as events carry it."""
        kind = self.rng.random()
        if kind < 0.12:
            return b""
        if kind < 0.12 + unix:
            return unixtuple(
                0xFFFF8800AA, self.some((0, 0xFFFF8800BB)), self.some(("/run/s", "", "\0abstract"))
            )
        six = self.chance(0.35)
        mapped = six and self.chance(0.4)
        hosts = MAPPED if mapped else (HOSTS6 if six else HOSTS4)
        return socktuple((self.some(hosts), self.some(PORTS)), (self.some(hosts), self.some(PORTS)))

    def sockaddr(self, unix: float = 0.12) -> bytes:
        kind = self.rng.random()
        if kind < 0.08:
            return b""
        if kind < 0.08 + unix:
            return sockaddr(self.some(("/run/s", "/run/other")))
        host, port = self.address()
        return sockaddr((host, self.some((port, port, 0))))

    # --- calls ------------------------------------------------------------------------------------
    def open(self, task: Task) -> None:
        name, mode = self.some(PATHS), self.some((0, 0o644))
        flags = self.some((1, 2, 3, 7, 1025, 4097))
        seen = self.some((name, name, name, "<NA>", "(NULL)", "other", ""))
        res = self.failed() or self.free(task, "file")
        if self.chance(0.3):
            self.call(task, "SYSCALL_CREAT", [seen, mode], [res, name, mode, 5])
        else:
            self.call(
                task, "SYSCALL_OPEN", [seen, flags, mode], [res, name, flags, mode, self.some((5, 0x801))]
            )

    def openat(self, task: Task) -> None:
        dirfd = AT_FDCWD if self.chance(0.4) else self.directory(task)
        name, flags = self.some(PATHS), self.some((1, 3, 1025))
        seen = self.some((name, name, name, "<NA>", "(NULL)", "other", ""))
        res = self.failed() or self.free(task, "file")
        if self.chance(0.3):
            res, flags = self.some(DIRECTORIES), 1025
            task.files[res] = "directory"
        kind = self.rng.random()
        if kind < 0.2:  # without its enter event the old layout means nothing
            self.enter(task, "SYSCALL_OPENAT_E", dirfd, name, flags, 0)
            self.put(Step("SYSCALL_OPENAT_X", task.tid, (res,)))
        elif kind < 0.75:
            where = [dirfd, seen, flags, 0]
            self.call(task, "SYSCALL_OPENAT_2", where, [res, dirfd, name, flags, 0, 9])
        else:
            self.call(task, "SYSCALL_OPENAT2", [dirfd, seen, flags, 0, 0], [res, dirfd, name, flags, 0, 0])

    def close(self, task: Task) -> None:
        fd = self.used(task)
        res = self.failed(0.1)
        if not res:
            task.files.pop(fd, None)
        self.call(task, "SYSCALL_CLOSE", [fd], [res])

    def dup(self, task: Task) -> None:
        fd = self.used(task)
        res = self.failed(0.1)
        if not res:
            kind = task.files.get(fd, "odd")
            res = max(self.used(task), 0) if self.chance(0.4) else self.free(task, kind)
            if res in DIRECTORIES:
                return
            task.files[res] = kind
        self.call(task, "SYSCALL_DUP", [fd], [res])

    def fcntl(self, task: Task) -> None:
        cmd = self.some((1, 1, 26, 2, 3, 4))
        fd = self.used(task)
        res = self.failed(0.1) or (self.free(task, task.files.get(fd, "odd")) if cmd in (1, 26) else 0)
        self.call(task, "SYSCALL_FCNTL", [fd, cmd], [res])

    def pipe(self, task: Task) -> None:
        res = self.failed(0.1)
        self.call(task, "SYSCALL_PIPE", [], [res, self.free(task, "pipe"), self.free(task, "pipe"), 4711])

    def socketpair(self, task: Task) -> None:
        res = self.failed(0.1)
        ends = [self.free(task, "unix"), self.free(task, "unix"), 0xFFFF88, 0xFFFF99]
        self.call(task, "SOCKET_SOCKETPAIR", [1, 1, 0], [res, *ends])

    def socket(self, task: Task) -> None:
        domain = self.some((2, 2, 2, 10, 10, 1, 16, 17))
        enter = [domain, self.some((1, 1, 2, 2, 3, 0x80002, 0x801)), self.some((0, 0, 6, 17, 1, 255, 132))]
        kind = {1: "unix", 2: "ipv4", 10: "ipv6"}.get(domain, "socket")
        self.call(task, "SOCKET_SOCKET", enter, [self.failed(0.1) or self.free(task, kind)])

    def bind(self, task: Task) -> None:
        addr = self.sockaddr()
        self.call(task, "SOCKET_BIND", [self.socket_of(task, addr[:1] == b"\x01")], [self.failed(), addr])

    def connect(self, task: Task) -> None:
        res = self.some((0, 0, 0, EINPROGRESS, -111))
        if self.chance(0.2):
            if self.chaos:
                return
            if "unix" not in task.files.values():
                return
            fd = self.socket_of(task, True)
            ends = self.some((unixtuple(0xFFFF8800AA, 0xFFFF8800BB, "/run/s"), b""))
            self.call(task, "SOCKET_CONNECT", [fd, self.some((sockaddr("/run/s"), b""))], [res, ends])
            return
        fd = self.socket_of(task, False)
        if self.chance(0.7):  # enter and exit agree
            kind = self.rng.random()
            hosts = MAPPED if kind < 0.15 else HOSTS6 if kind < 0.3 else HOSTS4
            source = (self.some(hosts), self.some(PORTS))
            dest = (self.some(hosts), self.some(PORTS))
            self.call(task, "SOCKET_CONNECT", [fd, sockaddr(dest)], [res, socktuple(source, dest)])
            return
        self.call(task, "SOCKET_CONNECT", [fd, self.sockaddr(0)], [res, self.pair(0)])

    def accept(self, task: Task) -> None:
        res = self.failed() or self.free(task, "ipv4")
        stem = self.some(("SOCKET_ACCEPT", "SOCKET_ACCEPT_5", "SOCKET_ACCEPT4", "SOCKET_ACCEPT4_5"))
        leave = [res, self.pair() if res >= 0 or self.chance(0.3) else b"", 10]
        if stem.endswith("_5"):
            leave += [3, 128]
        self.call(task, stem, [0] if "4" in stem else [], leave)

    def datagram(self, task: Task) -> None:
        ends = self.pair()
        fd, res = self.socket_of(task, ends[:1] == b"\x01"), self.failed(0.15) or 5
        which = self.rng.randint(0, 3)
        if which == 0:
            self.call(task, "SOCKET_SENDTO", [fd, 5, ends], [res, b"hello"])
        elif which == 1:
            self.call(task, "SOCKET_SENDMSG", [fd, 5, ends], [res, b"hello"])
        elif which == 2:
            self.call(task, "SOCKET_RECVFROM", [fd, 5], [res, b"hello", ends])
        else:
            self.call(task, "SOCKET_RECVMSG", [fd], [res, 5, b"hello", ends])

    def new_fd(self, task: Task) -> None:
        res = self.failed(0.1) or self.free(task, "other")
        stem, enter = self.some(
            (
                ("SYSCALL_EVENTFD", [0, 0]),
                ("SYSCALL_SIGNALFD", [-1, 0, 0]),
                ("SYSCALL_TIMERFD_CREATE", [1, 0]),
                ("SYSCALL_INOTIFY_INIT", [0]),
            )
        )
        self.call(task, stem, enter, [res])

    def read_write(self, task: Task) -> None:
        fd, res = self.used(task), self.failed(0.15) or 4
        stem, enter, leave = self.some(
            (
                ("SYSCALL_READ", [fd, 4], [res, b"data"]),
                ("SYSCALL_WRITE", [fd, 4], [res, b"data"]),
                ("SOCKET_RECV", [fd, 4], [res, b"data"]),
                ("SOCKET_SEND", [fd, 4], [res, b"data"]),
                ("SYSCALL_READV", [fd], [res, 4, b"data"]),
                ("SYSCALL_WRITEV", [fd, 4], [res, b"data"]),
                ("SYSCALL_PREAD", [fd, 4, 0], [res, b"data"]),
                ("SYSCALL_SENDFILE", [fd, self.used(task), 0, 4], [res, 0]),
                ("SYSCALL_FSTAT", [fd], [res]),
                ("SYSCALL_IOCTL_3", [fd, 1, 2], [res]),
                ("SYSCALL_LSEEK", [fd, 0, 0], [res]),
                ("SYSCALL_GETDENTS64", [fd], [res]),
                ("SOCKET_LISTEN", [fd, 5], [res]),
                ("SOCKET_SHUTDOWN", [fd, 1], [res]),
                ("SOCKET_GETSOCKOPT", [], [res, fd, 1, 4, b"\x00" + bytes(8), 4]),
                ("SOCKET_SETSOCKOPT", [], [res, fd, 1, 4, b"\x00" + bytes(8), 4]),
                ("SYSCALL_COPY_FILE_RANGE", [fd, 0, 9], [res, self.used(task), 0]),
                ("SYSCALL_SPLICE", [fd, self.used(task), 4, 0], [res]),
                ("SYSCALL_SETNS", [fd, 0], [res]),
            )
        )
        self.call(task, stem, enter, leave)

    def chdir(self, task: Task) -> None:
        res = self.failed()
        which = self.rng.random()
        if which < 0.5:
            self.call(task, "SYSCALL_CHDIR", [], [res, self.some(DIRS)])
        elif which < 0.75:
            self.call(task, "SYSCALL_FCHDIR", [self.directory(task)], [res])
        elif which < 0.9:
            self.call(task, "SYSCALL_GETCWD", [], [res, self.some(("/home/u", "/tmp", "/"))])
        else:
            self.call(task, "SYSCALL_CHROOT", [], [res, self.some(("/jail", "sub", "/"))])

    def ids(self, task: Task) -> None:
        res, uid = self.failed(), self.some((0, 33, 1000, 0xFFFFFFFF, 5555))
        stem = self.some(("SETUID", "SETGID", "SETRESUID", "SETRESGID", "SETSID", "SETPGID"))
        if stem == "SETSID":
            self.call(task, "SYSCALL_SETSID", [], [res or task.vpid])
        elif stem == "SETPGID":
            self.call(task, "SYSCALL_SETPGID", [0, task.vpid], [res])
        else:
            enter = [uid] if "RES" not in stem else [self.some((0, 1)), uid, 0]
            self.call(task, f"SYSCALL_{stem}", enter, [res])

    def limits(self, task: Task) -> None:
        res, resource, limit = self.failed(), self.some((7, 7, 7, 3)), self.some((1024, 65536, -1))
        if self.chance(0.4):
            target = self.some((0, task.pid, task.tid, self.some(TIDS)))
            self.call(task, "SYSCALL_PRLIMIT", [target, resource], [res, limit, limit, 9, 9])
        else:
            stem = self.some(("SYSCALL_GETRLIMIT", "SYSCALL_SETRLIMIT"))
            self.call(task, stem, [resource], [res, limit, limit])

    def memory(self, task: Task) -> None:
        figures = [self.rng.randint(1, 9999), self.rng.randint(0, 999), self.some((0, 7))]
        stem, enter, res = self.some(
            (
                ("SYSCALL_BRK_4", [0], 0x1000),
                ("SYSCALL_MMAP", [0, 4096, 3, 2, -1, 0], -12),
                ("SYSCALL_MMAP2", [0, 4096, 3, 2, self.used(task), 0], 0x7F00),
                ("SYSCALL_MUNMAP", [0, 4096], self.some((0, -22))),
            )
        )
        self.call(task, stem, enter, [res, *figures])

    def other(self, task: Task) -> None:
        stem, enter, leave = self.some(
            (
                ("SYSCALL_NANOSLEEP", [1000], [0]),
                ("SYSCALL_FUTEX", [1, 0, 0], [self.some((0, -11))]),
                ("SYSCALL_KILL", [self.some(TIDS), 15], [0]),
                ("SYSCALL_MKDIR_2", [0o755], [self.failed(), self.some(PATHS)]),
                ("SYSCALL_UNLINKAT_2", [], [self.failed(), self.directory(task), self.some(PATHS), 0]),
                ("SYSCALL_RENAME", [], [self.failed(), self.some(PATHS), self.some(PATHS)]),
                ("SYSCALL_ACCESS", [0], [self.failed(), self.some(PATHS)]),
                ("SYSCALL_STAT", [], [self.failed(), self.some(PATHS)]),
                ("SYSCALL_POLL", [b"\0\0", -1], [0, b"\0\0"]),
                ("SYSCALL_UNSHARE", [0], [0]),
                ("SYSCALL_GETUID", [], [1000]),
                ("GENERIC", [39, 39], [39]),
            )
        )
        self.call(task, stem, enter, leave)

    # --- processes --------------------------------------------------------------------------------
    def clone(self, task: Task) -> None:
        if self.chance(0.06):
            self.call(
                task, "SYSCALL_CLONE_20", [], self.cloned(20, -11, task.tid, task.pid, 1, 0, task, "bash")
            )
            return
        unused = [t for t in TIDS if t not in self.tasks]
        if self.chaos == 2 and self.chance(0.3):  # a number that somebody has, but no process with threads
            unused = [t for t in TIDS if all(o.tid == t or o.pid != t for o in self.tasks.values())]
        if not unused:
            return
        tid = self.some(unused)
        thread = self.chance(0.35) and tid != task.pid
        layout = self.some((11, 16, 17, 20, 20, 20))
        stem = {
            11: ("CLONE_11",),
            16: ("CLONE_16", "FORK", "VFORK"),
            17: ("CLONE_17", "FORK_17", "VFORK_17"),
        }.get(layout, ("CLONE_20", "FORK_20", "VFORK_20", "CLONE3"))
        sym = f"SYSCALL_{self.some(stem)}"
        flags = (CLONE_THREAD | (CLONE_FILES if self.chance(0.85) else 0)) if thread else 0
        if not thread and self.chance(0.15):
            flags |= CLONE_FILES
        contained = (task.contained or self.chance(0.15)) and layout == 20
        if contained and self.chance(0.7):
            flags |= IN_PIDNS
        pid = task.pid if thread else tid
        number = tid - TIDS[0] + 2
        vtid, vpid = (number, task.vpid if thread else number) if contained else (tid, pid)
        comm, gid = self.some(COMMS), self.some((0, 100))
        seen = vtid if contained else tid
        mine = self.cloned(layout, seen, task.tid, task.pid, 1, flags, task, comm, gid, task.vtid, task.vpid)
        parent = task.pid if self.chance(0.9) else self.some((1, 999))
        child = self.cloned(layout, 0, tid, pid, parent, flags, task, comm, gid, vtid, vpid)
        self.put(Step(f"{sym}_E", task.tid, ()))
        task.queue.append(Step(f"{sym}_X", task.tid, tuple(mine)))
        files = task.files if thread else dict(task.files)
        made = Task(tid, pid, vtid, vpid, files, contained)
        if self.chance(0.9):
            made.queue.append(Step(f"{sym}_X", tid, tuple(child)))
        self.tasks[tid] = made

    def cloned(
        self,
        layout: int,
        res: int,
        tid: int,
        pid: int,
        ptid: int,
        flags: int,
        task: Task,
        comm: str,
        gid: int = 0,
        vtid: int = -1,
        vpid: int = -1,
    ) -> list[Any]:
        uid = self.some((0, 1000, 1000))
        values: list[Any] = [res, f"/bin/{comm}", joined(self.some(ARGS)), tid, pid, ptid, "/", 1024]
        if layout > 11:
            values += [self.rng.randint(0, 5), 77, 5000, 500, 0]
        if layout > 16:
            values += [comm]
        if layout > 17:
            values += [joined(self.some(CGROUPS))]
        values += [flags, uid, gid]
        if layout > 17:
            values += [vtid, vpid]
        return values

    def exec(self, task: Task) -> None:
        res = self.failed()
        layout = self.some((8, 13, 14, 15, 16, 17, 18, 19, 19, 19, 20))
        comm, path = self.some(COMMS), self.some(PATHS)
        pid = task.pid
        values: list[Any] = [res, f"./{comm}", joined(self.some(ARGS)), task.tid, pid, 1, "/", 512]
        if layout > 8:
            values += [1, 2, 3000, 300, 30]
        if layout > 14:
            values += [comm]
        if layout > 15:
            values += [joined(self.some(CGROUPS))]
        if layout > 13:
            values += [joined(self.some(ENVS))]
        if layout > 16:
            values += [self.some((0, 34817))]
        if layout > 18:
            values += [self.some((7, pid)), self.some((0xFFFFFFFF, 1000)), self.some((0, 1))]
        if layout == 20:
            flags = self.some((0, 0, 4096))
            path = self.some(("/bin/x", "/a/../b"))  # the reader dies of others
            dirfd = self.some((AT_FDCWD, self.used(task)))
            self.call(task, "SYSCALL_EXECVEAT", [dirfd, path, flags], values)
            return
        self.call(task, f"SYSCALL_EXECVE_{layout}", [path] if layout > 17 else [], values)

    def exit(self, task: Task) -> None:
        threads = [t for t in self.tasks.values() if t.pid == task.pid and t is not task]
        if task.tid == task.pid and threads and self.chance(0.7):
            return
        if self.chance(0.3):
            self.put(Step("PROCEXIT_E", task.tid, ()))
        else:
            self.put(Step("PROCEXIT_1_E", task.tid, (self.some((0, 256, 9)), 0, 0, 0)))
        del self.tasks[task.tid]

    def stranger(self) -> None:
        """Something is done by a thread that nobody announced."""
        unused = [t for t in (*TIDS, 3000900, 3000901) if t not in self.tasks]
        if not unused:
            return
        tid = self.some(unused)
        self.tasks[tid] = Task(tid, tid, tid, tid, {})

    def container(self) -> None:
        """An event that describes a container, in one of three encodings."""
        cid = self.some((FULL[:12], *(full(number)[:12] for number in range(1, 9)), "myct", "ct2", "bpm-foo"))
        kind, name = self.some((0, 1, 2, 3, 5, 6, 7, 8)), self.some(("", f"name-{cid}", "other"))
        image = self.some(("", "img:1", "registry:5000/a/b@sha256:00"))
        if self.chance(0.4):
            self.put(Step("CONTAINER_E", -1, (cid, kind, name, image)))
            return
        described = {"id": cid, "name": name, "type": kind, "image": image, "labels": {}}
        if self.chance(0.5):
            described |= {"lookup_state": self.some((0, 1, 2, 7)), "imagerepo": "img", "privileged": True}
        told = json.dumps({"container": described})
        late = self.story.options["event_version"] == 2 and self.chance(0.5)  # too big for old blocks
        self.put(Step("CONTAINER_JSON_2_E" if late else "CONTAINER_JSON_E", -1, (told,)))

    def noise(self) -> None:
        """Events that no thread asked for."""
        if self.chance(0.08):
            self.container()
            return
        tid = self.some((*self.tasks, *TIDS, 0))
        which = self.rng.randint(0, 7)
        if which <= 2:
            figures = (self.rng.randint(0, 9), 99, self.rng.randint(1, 9999), 50, 5)
            self.put(Step("SCHEDSWITCH_6_E", tid, (self.some(TIDS), *figures)))
        elif which == 3:
            if tid != 0:
                self.put(Step("SIGNALDELIVER_E", tid, (self.some(TIDS), tid, 15)))
        elif which == 4:
            self.put(Step("PROCINFO_E", tid, (self.rng.randint(0, 50), self.rng.randint(0, 50))))
        elif which == 5:
            self.put(Step(self.some(("DROP_E", "DROP_X")), tid, (1,)))
        elif which == 6:
            self.put(Step("PAGE_FAULT_E", tid, (1, 2, 3)))
        else:
            self.put(Step("CPU_HOTPLUG_E", tid, (1, 2)))


def tell(seed: int, length: int = 120) -> Story:
    """Make up the story of a seed."""
    return Teller(seed, length).tell()
