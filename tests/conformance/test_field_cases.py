"""Fields on captures made to measure are those that sysdig 0.29.3 prints: clusters, probes, polls."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builder import CaptureBuilder, unixtuple

from scaptui.core.capture import Capture
from scaptui.core.index.tables import CL_FILES, CL_THREAD, EV_HIDDEN
from scaptui.core.query.tracers import OPENS

pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")

WEB, DATABASE, SANDBOX = ("0123456789ab" + "c" * 52, "fedcba987654" + "d" * 52, "aaaabbbbcccc" + "e" * 52)
BETWEEN, END = "\x1f", "\x1e"


def container(full_id: str, name: str, **more: Any) -> str:
    known = {"id": full_id[:12], "full_id": full_id, "type": 0, "name": name, "image": "i", "Mounts": []}
    return json.dumps({"container": known | more})


def machine() -> CaptureBuilder:
    """Three processes in containers, and the first one of the machine."""
    b = CaptureBuilder(False, event_version=1).proc(1, "systemd", ptid=0, vtid=1, vpid=1)
    for tid, full_id in ((30, WEB), (31, DATABASE), (32, SANDBOX)):
        b.proc(tid, f"p{tid}", ptid=1, cgroups=[f"cpuset=/docker/{full_id}"], vtid=5, vpid=5)
    return b


def everyone(b: CaptureBuilder) -> None:
    for tid in (30, 31, 32, 1):
        b.openat(tid, 3, "/etc/x")


# --- the cases ----------------------------------------------------------------------------------------


def labels() -> CaptureBuilder:
    b = machine()
    pod = {"name": "web-1", "namespace": "shop", "uid": "u-1"}
    own = {f"io.kubernetes.pod.{key}": value for key, value in pod.items()}
    b.container(container(WEB, "k8s_web", labels={**own, "io.kubernetes.sandbox.id": SANDBOX, "app": "own"}))
    b.container(container(DATABASE, "plain", labels={"app": "x"}))
    shared = {"app": "shop", "tier": "front", "annotation.x": "y", "flag": "", "a.b/c-d": "slash"}
    b.container(container(SANDBOX, "POD", labels={**shared, "io.kubernetes.pod.name": "web-1"}))
    everyone(b)
    return b


def record(b: CaptureBuilder, kind: str, *items: dict[str, Any], reason: str = "ADDED") -> None:
    b.event("K8S_E", 0, [json.dumps({"apiVersion": "v1", "kind": kind, "type": reason, "items": items})])


def thing(name: str, selector: dict[str, str] | None = None, **labels: str) -> dict[str, Any]:
    return {
        "namespace": "shop",
        "name": name,
        "uid": f"uid-{name}",
        "labels": labels,
        "selector": selector,
    }


def kubernetes() -> CaptureBuilder:
    b = labels()
    status = [{"containerID": "docker://" + DATABASE}]
    web = {"app": "web"}
    record(b, "Namespace", {"name": "shop", "uid": "ns1", "labels": {"team": "a", "zone": ""}})
    record(b, "Pod", {**thing("pp", **web, tier="back"), "containerStatuses": status})
    record(b, "ReplicaSet", thing("rs1", {"app": "other"}, l="m"), thing("rs2", web, l="n"))
    record(b, "ReplicationController", thing("rc1", web, l="m"))
    record(b, "Service", thing("s1", web, l="m"), thing("s2", {"tier": "back"}, l="z", k="y"))
    record(b, "Deployment", thing("d1", web, l="m"))
    everyone(b)
    record(b, "Service", thing("s1"), reason="DELETED")
    record(b, "Pod", {**thing("pp", app="db"), "containerStatuses": status}, reason="MODIFIED")
    record(b, "Pod", {**thing("nobody"), "containerStatuses": status}, reason="MODIFIED")
    record(b, "Namespace", {"name": "shop", "uid": "ns1", "labels": {"team": "b"}}, reason="MODIFIED")
    everyone(b)
    record(b, "Deployment", thing("d1", {"app": "db"}), reason="MODIFIED")
    record(b, "Pod", thing("pp"), reason="DELETED")
    everyone(b)
    return b


K8S = [
    *(f"k8s.{k}.{part}" for k in ("pod", "ns", "rc", "rs", "svc", "deployment") for part in ("name", "id")),
    *(f"k8s.{k}.labels" for k in ("pod", "ns", "rc", "rs", "svc", "deployment")),
    *("k8s.pod.label.app", "k8s.pod.label.a.b/c-d", "k8s.pod.label.none", "k8s.ns.label.team"),
    *(f"k8s.{k}.label.l" for k in ("rc", "rs", "svc", "deployment")),
]


def mesos() -> CaptureBuilder:
    b = machine()
    b.container(container(WEB, "m", mesos_task_id="shop_web.1"))
    b.container(container(DATABASE, "n", mesos_task_id="alone"))
    everyone(b)
    tagged = [{"key": "a", "value": "b"}, {"key": "c", "value": ""}]
    running = {"framework_id": "fw1", "state": "TASK_RUNNING"}
    tasks = [
        {"id": "shop_web.1", "name": "web", "labels": tagged, **running},
        {"id": "alone", "name": "single", **running},
        {"id": "gone", "name": "gone", "framework_id": "fw1", "state": "TASK_KILLED"},
    ]
    framework = {"id": "fw1", "name": "marathon", "active": True, "tasks": tasks}
    state = {"mesos_state": {"frameworks": [framework, {"id": "fw2", "name": "old", "active": False}]}}
    b.event("MESOS_E", 0, [json.dumps(state)])
    everyone(b)
    inner = {"id": "/shop", "groups": [], "apps": [{"id": "/shop/web"}]}
    groups = {"frameworkId": "fw1", "id": "/", "groups": [inner], "apps": []}
    b.event("MESOS_E", 0, [json.dumps({"marathon_groups": groups})])
    app = {"id": "/shop/web", "tasks": [{"id": "shop_web.1"}], "labels": {"k": "v", "e": ""}}
    b.event("MESOS_E", 0, [json.dumps({"marathon_apps": {"frameworkId": "fw1", "apps": [app]}})])
    everyone(b)
    return b


MESOS = [
    *("mesos.task.name", "mesos.task.id", "mesos.task.label.a", "mesos.task.labels"),
    *("mesos.framework.name", "mesos.framework.id", "marathon.app.name", "marathon.app.id"),
    *("marathon.app.label.k", "marathon.app.labels", "marathon.group.name", "marathon.group.id"),
]


def probes() -> CaptureBuilder:
    """A container engine starts a health check twice; the container's own process runs the same."""
    b = machine()
    b.proc(40, "containerd-shim", ptid=1)
    b.proc(50, "server", ptid=40, cgroups=[f"cpuset=/docker/{WEB}"], vtid=1, vpid=1)
    b.container(
        container(
            WEB,
            "web",
            Healthcheck={"exe": "curl", "args": ["-f", "localhost"]},
            LivenessProbe={"exe": "alive", "args": []},
        )
    )
    b.container(container(DATABASE, "database")).container(container(SANDBOX, "other"))
    groups = [f"cpuset=/docker/{WEB}"]
    for parent, child, command, args in (
        (40, 60, "curl", ("-f", "localhost")),
        (40, 61, "curl", ("-f", "elsewhere")),
        (40, 62, "alive", ()),
        (50, 63, "curl", ("-f", "localhost")),
    ):
        b.clone(parent, child, "runc", ptid=1, vtid=7, cgroups=groups)
        b.execve(child, f"/bin/{command}", args, exe=command, ptid=parent, cgroups=groups)
        b.openat(child, 3, "/etc/hosts")
    b.clone(60, 70, "sh", ptid=40, vtid=8, cgroups=groups)
    b.execve(70, "/bin/other", ("-f",), exe="other", ptid=60, cgroups=groups)
    b.openat(70, 3, "/etc/hosts")
    everyone(b)
    return b


PROBES = [
    *(f"proc.is_container_{kind}" for kind in ("healthcheck", "liveness_probe", "readiness_probe")),
    *("container.healthcheck", "container.liveness_probe", "container.readiness_probe"),
]


def waiting(*fds: int) -> bytes:
    return struct.pack("<H", len(fds)) + b"".join(struct.pack("<qh", fd, 1) for fd in fds)


def polls() -> CaptureBuilder:
    b = CaptureBuilder(False, event_version=1).interface("eth0", "10.0.0.2").proc(1, "init", ptid=0)
    b.proc(20, "server", ptid=1, fdlimit=100)
    b.proc(21, "worker", pid=20, ptid=1, flags=1)
    b.fd(20, 0, "/dev/null").fd(20, 1, "", kind=7).server_fd(20, 3, ("10.0.0.2", 80))
    b.socket_fd(20, 4, ("10.0.0.9", 4000), ("10.0.0.2", 80)).server_fd(20, 5, ("0.0.0.0", 90))
    b.socket_fd(20, 6, ("2001:db8::1", 4000), ("2001:db8::2", 80))
    listed = waiting(0, 1, 3, 4, 5, 6, 99, -1)
    b.event("SYSCALL_POLL_E", 20, [listed, 100]).event("SYSCALL_POLL_X", 20, [1, listed])
    b.event("SYSCALL_POLL_E", 21, [listed, 100]).event("SYSCALL_POLL_X", 21, [1, waiting(4)])
    b.event("SYSCALL_POLL_E", 20, [waiting(), 100]).event("SYSCALL_POLL_X", 20, [0, waiting()])
    b.clone(20, 30, "child", ptid=1)
    b.close(20, 4).openat(30, 7, "/tmp/x").close(30, 0).close(30, 77, res=-9)
    b.event("SYSCALL_POLL_E", 30, [listed, 100]).event("SYSCALL_POLL_X", 30, [1, listed])
    b.dup(30, 7, 8).dup(30, 7, 7).pipe(30, 10, 11)
    b.execve(30, "/bin/y", ptid=20)
    b.openat(555, 3, "/nobody").openat(555, -13, "/nothing")
    b.event("SYSCALL_POLL_E", 555, [listed, 100]).event("SYSCALL_POLL_X", 555, [1, listed])
    b.openat(21, 12, "/shared").close(21, 3)
    b.event("SYSCALL_POLL_E", 20, [listed, 100]).event("SYSCALL_POLL_X", 20, [1, listed])
    return b


POLLS = [
    *(f"fdlist.{part}" for part in ("nums", "names", "cips", "sips", "cports", "sports")),
    *("proc.fdopencount", "proc.fdlimit", "proc.fdusage", "fd.num", "fd.name"),
]


def paths() -> CaptureBuilder:
    """Calls that name paths: below descriptors that are known and not, below the directory of work."""
    b = CaptureBuilder(False, event_version=1).proc(1, "init", ptid=0)
    b.proc(20, "shell", ptid=1, cwd="/home/u", cgroups=[f"cpuset=/docker/{WEB}"], vtid=5, vpid=5)
    b.fd(20, 5, "/srv/dir", kind=2).fd(20, 6, "/srv/file").fd(20, 7, "/srv/odd/")
    names = ("a.txt", "/abs/b", "../up", "sub/./c/", "")
    for dirfd in (-100, 5, 6, 7, 99):
        for name in names:
            b.openat(20, 9, name, dirfd=dirfd).close(20, 9).openat(20, -2, name, dirfd=dirfd)
            b.event("SYSCALL_OPENAT_E", 20, [dirfd, name, 1, 0]).event("SYSCALL_OPENAT_X", 20, [9])
            b.event("SYSCALL_OPENAT_E", 20, [dirfd, name, 67, 0o700]).event("SYSCALL_OPENAT_X", 20, [8])
            b.event("SYSCALL_UNLINKAT_E", 20, [dirfd, name]).event("SYSCALL_UNLINKAT_X", 20, [0])
            b.event("SYSCALL_LINKAT_E", 20, [dirfd, name, 5, "new"]).event("SYSCALL_LINKAT_X", 20, [0])
            for stem, *params in (
                ("UNLINKAT_2", dirfd, name, 0),
                ("MKDIRAT", dirfd, name, 0o755),
                ("FCHMODAT", dirfd, name, 0o644),
                ("SYMLINKAT", "/target", dirfd, name),
                ("RENAMEAT", dirfd, name, 5, "moved"),
                ("RENAMEAT2", 5, "moved", dirfd, name, 0),
                ("LINKAT_2", dirfd, name, -100, "linked", 0),
            ):
                for res in (0, -2):
                    b.event(f"SYSCALL_{stem}_E", 20).event(f"SYSCALL_{stem}_X", 20, [res, *params])
    for name in ("x", "/y/", "/z"):
        for res in (3, -2):
            b.open(20, res, name, 4, mode=0o755)
            b.event("SYSCALL_CREAT_E", 20, [name, 0o111])
            b.event("SYSCALL_CREAT_X", 20, [res, name, 0o111, 0])
    return b


# apart from others: sysdig takes the directory for the event's descriptor once it was asked for these
ABSOLUTE = ["evt.abspath", "evt.abspath.src", "evt.abspath.dst"]
PATHS = [
    *("fd.num", "fd.name", "fd.directory"),
    *("fd.filename", "fd.type", "fd.typechar", "fd.containername", "fd.containerdirectory", "fd.uid"),
    *("evt.is_open_read", "evt.is_open_write", "evt.is_open_exec", "evt.failed", "evt.res", "evt.rawres"),
    *("evt.category", "evt.count.error", "evt.count.error.file", "evt.count.error.other"),
]


def messages() -> CaptureBuilder:
    """Messages to the system log, and what only looks like one."""
    b = CaptureBuilder(False, event_version=1).proc(1, "init", ptid=0).proc(20, "app", ptid=1)
    b.socket(20, 3, domain=1)
    peer = unixtuple(0, 0xFFFF888800000000, "/dev/log")
    b.call("SOCKET_CONNECT", 20, [3], [0, peer, 3, b""])
    b.openat(20, 4, "/tmp/file", 2)
    for text in (
        b"<13>app: hello",
        b"<0>",
        b"<191>x\0y",
        b"<200>far",
        b"x30>odd",
        b"13>none",
        b"<>empty",
        b"<1",
    ):
        b.write(20, 3, text).write(20, 4, text)
        b.call("SOCKET_SENDTO", 20, [3, len(text), b""], [len(text), text, 3, len(text), b""])
    b.write(20, 3, b"<13>lost", res=-11).read(20, 3, b"<13>read")
    return b


SYSLOG = [
    *("syslog.facility", "syslog.facility.str", "syslog.severity", "syslog.severity.str", "syslog.message"),
    *("evt.is_syslog", "fd.name"),
]


def words() -> CaptureBuilder:
    """Names of other letters, of control characters, of nothing."""
    b = CaptureBuilder(False, event_version=1).user(7, "üser", gid=8, home="/hömе", shell="").group(8, "grü")
    b.proc(1, "init", ptid=0)
    odd = "/tmp/ü\x01\n"
    b.proc(
        20,
        "prög\x1b",
        ptid=1,
        exe="./ü",
        args=["", "ä b", "c"],
        env=["A=ü", "B=", "C"],
        cwd=odd,
        uid=7,
        gid=8,
        cgroups=["cpuset=/docker/x=y", "mem_cgroup=/a", "io=/b", "perf=/p", "name=systemd=/s", "cpu=/"],
    )
    b.fd(20, 0, "/tmp/x y").fd(20, 1, "pipe:[7]", kind=7).fd(20, 2, "/a/").fd(20, 3, "noslash")
    b.fd(20, 4, "/").fd(20, 5, "/dir/", kind=2).fd(20, 6, "", kind=11).fd(20, 7, "x", kind=14)
    for fd in range(9):
        b.read(20, fd, b"\x00\xffdata")
    b.openat(20, 8, "ö").openat(20, 9, "/x/ö\x01").openat(20, -2, "ö/y")
    b.clone(20, 30, "chïld", exe="", args=("", ""), ptid=1, uid=7, gid=9)
    b.execve(30, "/bin/ü", ("", "x", ""), comm="ü", ptid=20, uid=7, env=("Z=ü",), loginuid=7, tty=34817)
    b.openat(30, 10, "z")
    b.procexit(30, 256)
    return b


WORDS = [
    *("proc.name", "proc.exe", "proc.exepath", "proc.args", "proc.cmdline", "proc.exeline", "proc.env"),
    *("proc.cwd", "proc.pname", "proc.pcmdline", "proc.aname[0]", "proc.aname[1]", "proc.apid[1]"),
    *("proc.tty", "proc.sid", "proc.vpgid", "proc.loginshellid", "thread.cgroups", "thread.cgroup.memory"),
    *("thread.cgroup.blkio", "thread.cgroup.perf_event", "thread.cgroup.cpuset", "thread.cgroup.cpu"),
    *("thread.cgroup.name", "thread.nametid", "user.name", "user.homedir", "user.shell", "user.uid"),
    *("group.name", "fd.name", "fd.directory", "fd.filename", "fd.type"),
    *("fd.typechar", "fd.containername", "fd.containerdirectory", "fd.uid", "evt.buffer", "evt.buflen"),
    *("evt.category", "evt.io_dir", "proc.duration", "proc.nthreads", "proc.nchilds"),
]


def tracers() -> CaptureBuilder:
    """Spans in spans, in both forms, in pieces, over threads and processes; and what is none."""
    b = CaptureBuilder(False, event_version=1).proc(1, "init", ptid=0).proc(20, "app", ptid=1)
    b.proc(21, "worker", pid=20, ptid=1, flags=CL_THREAD | CL_FILES).fd(20, 9, "/dev/null")
    b.openat(20, 3, "/dev/null", 2)

    def mark(tid: int, fd: int, *texts: bytes) -> None:
        for text in texts:
            b.write(tid, fd, text).switch(tid, 1).openat(tid, 4, "/etc/x")

    mark(20, 3, b">:1:web.query:a=b,c=d:", b">:t:web.query.sub::", b"<:t:web.query.sub:r=1:")
    mark(20, 3, b"<:1:web.query:x=y:", b">:p:same::", b">:p:same::", b"<:p:same::", b"<:p:same::")
    mark(20, 3, b'[">", 5, ["j","k"], [{"n":"v"},{"m":"w"}]]', b'["<", 5, ["j","k"], []]')
    mark(20, 3, b'[">", "t", ["thread"], []]', b'["<", "t", ["thread"], [{"a":"b"}]]')
    mark(20, 3, b'[">",-7,["x"],[{"a":"b"}]]', b'["<",  -7 , ["x"], [{"a":"b"}]]')
    mark(
        20,
        3,
        b">:p:half",
        b".rest",
        b"::",
        b"<:p:half.re",
        b"st::",
        b">:g:a::",
        b"<:g:a::",
    )
    mark(20, 3, b">:pp:dots\\.in\\:it.b:k\\=e\\,y=v\\:al:", b"<:pp:dots\\.in\\:it.b::", b"<:77:never::")
    mark(20, 3, b">:1:outer::")
    b.openat(21, 6, "/dev/null", 2)
    mark(21, 6, b">:t:inner::", b">:1:outer.in::", b"<:1:outer.in::")
    b.clone(20, 30, "child", ptid=1)
    mark(30, 3, b">:t:child::")
    mark(21, 6, b"<:t:inner::")
    mark(20, 3, b"<:1:outer::")
    mark(30, 3, b"<:t:child::")
    b.openat(20, 5, "/dev/null", 2)
    mark(20, 5, b"no tracer", b">::x::")
    b.openat(20, 7, "/etc/other", 2)
    mark(20, 7, b">::x::", b"<::x::")
    mark(20, 9, b">:0:zero::", b">:8:eight::")
    b.dup(20, 3, 8)
    mark(20, 8, b">:9:dup::", b"<:9:dup::")
    return b


SPANS = [
    *("span.id", "span.time", "span.ntags", "span.nargs", "span.tags", "span.tag[0]", "span.tag[1]"),
    *("span.tag[-1]", "span.args", "span.arg[0]", "span.arg[-1]", "span.enterargs", "span.enterarg[0]"),
    *("span.duration", "span.duration.human", "span.idtag[0]", "span.count", "span.count.fortag[0]"),
    *("span.count.fortag[1]", "span.childcount.fortag[0]", "span.duration.fortag[1]", "span.rawtime"),
    *("span.rawparenttime", "evt.latency", "fd.num", "fd.name", "proc.name", "evt.category", "evt.type"),
    *("evt.dir", "evt.args", "evt.arg.id", "evt.arg.tags", "evt.arg[2]", "evt.rawres", "evt.failed"),
]
AROUND = [
    f"evtin.span.{which}{part}"
    for which in ("", "p.", "s.", "m.")
    for part in ("id", "ntags", "nargs", "tags", "tag[0]", "tag[1]", "args", "arg[0]")
]


CASES: list[tuple[Callable[[], CaptureBuilder], list[str]]] = [
    (labels, K8S),
    (kubernetes, K8S),
    (mesos, MESOS),
    (probes, PROBES),
    (polls, POLLS),
    (paths, ABSOLUTE),
    (paths, PATHS),
    (messages, SYSLOG),
    (words, WORDS),
    (tracers, SPANS),
    (tracers, AROUND),
]


def theirs(path: Path, names: list[str]) -> list[list[str]]:
    line = BETWEEN.join(["%evt.num", *(f"%{name}" for name in names)])
    command = ["sysdig", "-r", str(path), "-d", "-p", f"*{line}{END}"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [row.split(BETWEEN) for row in done.stdout.decode("utf-8", "replace").split(f"{END}\n")[:-1]]


@pytest.mark.parametrize(
    ("make", "names"), CASES, ids=[f"{make.__name__}-{names[0]}" for make, names in CASES]
)
def test_cases(tmp_path: Path, make: Callable[[], CaptureBuilder], names: list[str]) -> None:
    path = make().save(tmp_path / "case.scap")
    capture = Capture.open(path)
    printed = theirs(path, names)
    rows = np.array([int(row[0]) for row in printed], np.int64) - 1
    shown = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
    assert shown.tolist() == rows.tolist()
    wrong: list[str] = []
    told = 0
    for place, field in enumerate(names, 1):
        texts = capture.fields.read(field, rows).texts(capture.index.strings)
        told += sum(text is not None for text in texts)
        for row, text in zip(printed, texts, strict=True):
            if row[place] != (text if text is not None else "<NA>"):
                wrong.append(f"{field} of {row[0]}: {row[place]!r}, ours {text!r}")
    assert not wrong, "\n".join(wrong[:20])
    assert told, "the case says nothing"


FILTERS = [
    f"evtin.span.{which}{check}"
    for which in ("", "p.", "s.", "m.")
    for check in (
        *("id=1", "id>0", "id!=1", "id exists", "ntags=2", "nargs>=0", "tags=outer", "tags!=outer"),
        *("tags contains e", "tags in (inner, outer)", "tag[0]=outer", "tag[-1]=in", "arg[0]=b"),
        "args contains a",
    )
]


def test_filters_look_at_every_span_around_an_event(tmp_path: Path) -> None:
    path = tracers().save(tmp_path / "case.scap")
    capture = Capture.open(path)
    flags, types = capture.index.events.flags, capture.index.events.type
    begins = set((np.flatnonzero(types == OPENS) + 1).tolist())
    found = 0
    for text in FILTERS:
        command = ["sysdig", "-r", str(path), "-d", "-p", "%evt.num", text]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        accepted = {int(number) for number in done.stdout.split()}
        rows = capture.select(text)
        ours = set((rows[(flags[rows] & EV_HIDDEN) == 0] + 1).tolist())
        assert accepted <= ours, text
        # the reader looks no further once the span that begins here passes
        assert ours - accepted <= begins, text
        found += len(accepted)
    assert found > 1000
