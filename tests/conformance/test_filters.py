"""Filters on captures of the old kind accept the events that sysdig 0.29.3 accepts with -d."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN

pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")

CURL, HAPROXY = "curl-google.scap", "haproxy-502.scap"

# number of printed events that the language's notes name for the small capture
COUNTS = {
    "": 1221,
    "evt.type=open": 96,
    "evt.type!=open": 1125,
    "evt.type in (open,close,read)": 304,
    "evt.dir=<": 597,
    "evt.failed=true": 43,
    "fd.type=file": 341,
    "fd.typechar=f": 390,
    "evt.is_io=true": 122,
    "evt.latency>1000": 317,
    "evt.buffer contains HTTP": 2,
    "evt.res=SUCCESS": 365,
    "evt.category=file": 472,
    "fd.name glob *.so*": 274,
    "fd.name pmatch (/etc,/usr)": 254,
    "evt.buflen>100": 43,
    "fd.port=53": 9,
    "fd.port!=53": 22,
    "fd.ip!=10.0.0.2": 31,
    "fd.sip!=10.0.0.2": 20,
    "fd.sport>50": 20,
    "fd.cport exists": 20,
    "fd.l4proto=tcp": 11,
    "proc.aname=bash": 1221,
    "proc.pname=bash": 1063,
    "proc.name=curl": 1221,
    "user.uid=1000": 158,
    "evt.rawarg.res>0": 182,
    "fd.name contains lib and evt.dir=<": 151,
    "not fd.name exists": 822,
    "fd.directory startswith /usr/lib": 194,
    "fd.ip=10.0.0.2": 0,
    "fd.net=10.0.0.0/8": 0,
    "fd.snet=10.0.0.0/8": 0,
}

SHARED = [
    "evt.num<=1000 and evt.num>300",
    "evt.num in (500, 501, 502, 1200)",
    "evt.num=-1",
    "evt.num=0500",
    "evt.num>18446744073709551616",
    "evt.cpu=0",
    "evt.dir!=<",
    "evt.dir = >",
    "evt.type glob open",
    "evt.type startswith open",
    "evt.type contains send or evt.type endswith open",
    "not (evt.type=open or evt.type=close)",
    "not (not evt.type=open)",
    "evt.type.is.open=1",
    "evt.type.is.3=1",
    "syscall.type exists",
    "evt.category!=file",
    "evt.category in (net, ipc, IPC)",
    "evt.res!=SUCCESS",
    "evt.res=ENOENT",
    "evt.rawres<0",
    "evt.rawres exists",
    "evt.failed=false",
    "evt.is_io_read=true",
    "evt.is_io_write=true and fd.type!=file",
    "evt.io_dir=read",
    "evt.is_wait=true",
    "evt.wait_latency>0",
    "evt.count.error=1",
    "evt.count.exit=1",
    "evt.latency.ns>5000 and evt.dir=<",
    "evt.latency.s>=0",
    "evt.arg.name contains lib",
    "evt.arg[0]=0",
    "evt.arg.res exists",
    "evt.rawarg.size>1000",
    "evt.rawarg.fd=3",
    "evt.args contains AT_FDCWD",
    "evt.info icontains O_CLOEXEC",
    "evt.is_open_read=true",
    "evt.is_open_write=true",
    "evt.buffer endswith x",
    "evt.buffer startswith GET",
    "evt.buffer exists",
    "evt.buflen=0",
    "evt.reltime>1000000",
    "fd.num=3",
    "fd.num<0",
    "fd.name=''",
    "fd.name!=''",
    "fd.name exists",
    "fd.name glob /etc/[a-m]*",
    "fd.name glob /etc/[!a-m]*",
    "fd.name pmatch (/lib, /proc)",
    "fd.name in (/etc/hosts, '/etc/resolv.conf')",
    "fd.name < /lib",
    "fd.directory=/etc",
    "fd.filename startswith lib",
    "fd.type in (ipv4, ipv6, unix)",
    "fd.typechar=o",
    "fd.l4proto exists",
    "fd.l4proto!=tcp",
    "fd.sockfamily=ip",
    "fd.cip exists",
    "fd.port in (53, 80, 514)",
    "fd.proto!=http",
    "fd.port<100",
    "fd.port>=100",
    "fd.port in (53, 80)",
    "fd.proto=http",
    "fd.sport=http",
    "fd.containerdirectory contains /etc",
    "proc.name!=curl",
    "proc.name in (curl, haproxy)",
    "proc.aname!=bash",
    "proc.apid=1",
    "proc.aname exists",
    "proc.aname in (tini, sshd)",
    "proc.aname contains ini",
    "fd.name in ()",
    "evt.time contains 00:44:30",
    "evt.deltatime=0",
    "container.privileged=false",
    "proc.aname[0]=curl",
    "proc.pname exists",
    "proc.cmdline contains localhost",
    "proc.exeline contains -q",
    "proc.args=''",
    "proc.cwd startswith /",
    "proc.env contains PATH",
    "proc.nthreads>1",
    "proc.duration>1000000",
    "thread.ismain=false",
    "thread.tid!=0",
    "user.name exists",
    "user.name=root",
    "group.name!=root",
    "container.id=host",
    "container.id!=host",
    "container.image exists",
    "container.name contains 1 and not evt.dir=>",
]
ADDRESSES = [  # only where no address is one that the reference garbles
    "fd.sip!=10.0.0.2",
    "fd.net!=10.0.0.0/8",
    "fd.is_server=true",
    "fd.lport exists",
    "fd.ip in (2001:4860:4860::8888)",
]
LARGE = [
    "container.id!=host",
    "container.name=host",
    "fd.port=80",
    "fd.sport=80",
    "fd.cip=192.168.0.3",
    "fd.sip=192.168.0.2 and fd.lport=80",
    "fd.rport=80",
    "proc.name in (haproxy,nginx)",
    "evt.buffer contains 502",
    "evt.around[1506127470000000000]=100",
]


@cache
def opened(path: Path) -> Capture:
    return Capture.open(path)


def theirs(path: Path, text: str) -> list[int]:
    command = ["sysdig", "-r", str(path), "-d", "-p", "*%evt.num", *([text] if text else [])]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [int(line) for line in done.stdout.split()]


def ours(path: Path, text: str) -> list[int]:
    capture = opened(path)
    rows = capture.select(text)
    shown = (capture.index.events.flags[rows] & EV_HIDDEN) == 0
    return (rows[shown] + 1).tolist()


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    yield
    opened.cache_clear()


@pytest.mark.parametrize(("text", "count"), COUNTS.items())
def test_documented_counts(capture_file: Callable[[str], Path], text: str, count: int) -> None:
    assert len(ours(capture_file(CURL), text)) == count


@pytest.mark.parametrize("text", [*SHARED, *ADDRESSES])
def test_small_capture(capture_file: Callable[[str], Path], text: str) -> None:
    path = capture_file(CURL)
    assert ours(path, text) == theirs(path, text)


@pytest.mark.parametrize("text", [*SHARED, *LARGE])
def test_large_capture(capture_file: Callable[[str], Path], text: str) -> None:
    path = capture_file(HAPROXY)
    assert ours(path, text) == theirs(path, text)


def test_every_filter_was_worth_asking(capture_file: Callable[[str], Path]) -> None:
    """Most filters must accept something and refuse something, or they compare nothing."""
    path = capture_file(HAPROXY)
    total = len(ours(path, ""))
    telling = [text for text in (*SHARED, *LARGE) if 0 < len(ours(path, text)) < total]
    assert len(telling) > 0.7 * len([*SHARED, *LARGE])
    assert np.all(np.diff(ours(path, "")) > 0)
