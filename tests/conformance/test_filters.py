"""Filters on captures of the old kind accept the events that sysdig 0.29.3 accepts with -d.

Some filters are written down here; most are made by `filter_cases` from the list of fields and from
values that occur. What is left out, and why, is named there and in the tables below.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path

import filter_cases
import pytest

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.index.tables import EV_HIDDEN

pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")

CURL, HAPROXY, IPV6 = "curl-google.scap", "haproxy-502.scap", "ipv6-conn.scap"
OLD = (CURL, HAPROXY, IPV6)
PARTS = 8  # of the made filters of a capture, each a test

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
    "evt.around[1506127470000000000] = 7",
    "fd.net=0.0.0.0/0 and fd.l4proto=tcp",
    "fd.net in (10.0.0.0/8, 192.168.0.0/30) and fd.l4proto=tcp",
]
WRITING = [  # ways to write the same things
    "evt.type=open",
    " \t evt.type \n = \r open  ",
    "((evt.type=open))",
    "evt.type='open'",
    'evt.type = "open"',
    "not(evt.type=open)and(evt.dir=<)",
    "evt.type in(open,close)",
    "evt.type in ( open , 'close' ,\"read\")",
    "fd.name pmatch(/etc)",
    "fd.name pmatch ('/etc/', \"/usr/lib\")",
    "fd.name pmatch (etc)",
    "fd.name pmatch (/)",
    "fd.name pmatch ()",
    "fd.name pmatch (/et)",
    "fd.name in ()",
    "fd.name=\\x2fetc\\x2fhosts",
    "fd.name='\\x2fetc/ho\\x73ts'",
    "fd.name contains '\\\\'",
    "fd.name contains '\\\"'",
    "fd.name contains \\\\",
    "fd.name contains \\d",
    "fd.name glob /etc/[a-m]*",
    "fd.name glob '/etc/[!a-m]*'",
    "fd.name glob '/etc/*[a-z]'",
    "fd.name glob /e?c/*",
    "fd.name glob '*[[:digit:]]*'",
    "fd.name glob '*\\\\.so*'",
    "fd.name glob {a,b}",
    "fd.name glob ''",
    "fd.name contains ''",
    "fd.name startswith ''",
    "fd.name endswith ''",
    "evt.buffer contains ''",
    "proc.name=a,b",
    "proc.name=curl,",
    "proc.name=cu[rl]",
    "proc.name=c=d",
    "proc.name=c'd",
    "proc.name in (c=d, c'd)",
    "fd.name in () or fd.name pmatch (/etc)",
    "proc.name=&|;$^#",
    "proc.name!=ä",
    "evt.dir=<",
    "evt.dir = >",
    "evt.dir!=>",
    "(evt.dir=<)",
    "evt.num<=00500",
    "evt.num>=0",
    "evt.num<99999999999999999999999999 or evt.num>=0",
    "fd.proto=https or fd.sport=domain",
    "fd.net=128.0.0.0/1 and fd.l4proto=tcp",
    "proc.aname[3] exists",
    "proc.aname[99]=x",
    "evt.arg[0] exists",
    "evt.arg[99] exists",
    "evt.arg.res=0",
    "evt.type.is.open=1",
    "evt.type.is.3=0",
]
REFUSED = [
    "foo",
    "foo=1",
    "evt.foo=1",
    "evt.foo exists",
    "proc.nam=x",
    "evt.num",
    "evt.num=",
    "=1",
    "evt.num=1ms",
    "evt.num=2.5",
    "evt.num=1e3",
    "evt.num=x",
    "evt.num=''",
    "evt.num in (1, x)",
    "evt.num contains 1",
    "evt.num startswith 1",
    "evt.num glob 1",
    "evt.num pmatch (1)",
    "evt.failed=1",
    "evt.failed=yes",
    "evt.failed=True",
    "evt.failed contains true",
    "evt.type=opn",
    "evt.type!=opn",
    "evt.type=''",
    "evt.type in (open, opn)",
    "evt.type.is.opn=1",
    "evt.type.is=1",
    "evt.arg.nme=x",
    "evt.arg=x",
    "evt.arg exists",
    "evt.arg.=x",
    "evt.rawarg.nme=1",
    "fd.port=nosuchservice",
    "fd.sport=nosuchservice",
    "fd.port contains 8",
    "fd.port startswith 8",
    "fd.ip=10.0.0",
    "fd.ip=x",
    "fd.ip<10.0.0.1",
    "fd.ip contains 10",
    "fd.net=10.0.0.1",
    "fd.net=x/8",
    "fd.snet=10.0.0.1",
    "fd.net<10.0.0.0/8",
    "evt.buffer glob x",
    "evt.buffer icontains x",
    "evt.buffer pmatch (x)",
    "evt.buffer<x",
    "proc.aname[x]=y",
    "proc.name[1]=x",
    "container.mount.source=x",
    "evt.type=open evt.dir=<",
    "evt.type=open AND evt.dir=<",
    "evt.type=open OR evt.dir=<",
    "NOT evt.type=open",
    "evt.type CONTAINS open",
    "evt.type IN (open)",
    "evt.type EXISTS",
    "evt.type is open",
    "evt.type open",
    "evt.type ~ open",
    "evt.type =! open",
    "(evt.type=open",
    "evt.type=open)",
    "((evt.type=open)",
    "()",
    "not",
    "not ()",
    "not and evt.type=open",
    "and",
    "and evt.type=open",
    "evt.type=open and",
    "evt.type=open or",
    "evt.type=open and and evt.dir=<",
    "evt.type=open and or evt.dir=<",
    "evt.type='open",
    'evt.type="open',
    "evt.type in open",
    "evt.type in",
    "evt.type in (open",
    "evt.type in (open close)",
    "fd.name in ('a' 'b')",
    "fd.name pmatch /etc",
    "fd.name pmatch (/etc",
    "fd.name in (a, b",
    "proc.name=cu(rl",
    "proc.name=cu(rl)",
    "proc.name in (cu(rl))",
]
# what the newest reader has or allows too, and what is one thing only
ACCEPTED = {
    "evt.type=open or evt.type=close and evt.num<500": "'and' binds tighter than 'or'",
    "evt.num in ()": "an empty list, as in the newest",
    "evt.failed in ()": "an empty list, as in the newest",
    "evt.type in ()": "an empty list, as in the newest",
    "evt.num=0x3e8": "hexadecimal numbers",
    "fd.port exists": "whether there is a port",
    "fd.ip exists": "whether there is an address",
    "fd.net exists": "whether there is an address",
    "fd.net=2001:db8::/32": "networks of IPv6",
    "fd.name intersects (a)": "as 'in'",
    "fd.name iglob *X*": "newest",
    "fd.name regex .*": "newest",
    "evt.buffer bcontains 00": "newest",
    "evt.buffer bstartswith 00": "newest",
    "fd.name = anyof (a, b)": "newest",
    "toupper(proc.name)=X": "newest",
    "proc.name=val(proc.pname)": "newest",
    "fd.name='it\"s'": "a quoted value ends at its own kind of quote",
    "thread.cpu>0.5": "the reference cannot read the number",
    "evt.rawarg.data contains x": "the reference cannot compare buffers there",
    "evt.rawarg.name pmatch (/etc)": "the reference takes it for no text",
    "evt.type contains ope": "a part of a name is enough",
    "evt.type glob op*": "a part of a name is enough",
    "fd.port=-1": "a number, of no port",
    "proc.aname[ 1 ]=bash": "blanks in brackets",
}
# what the reference accepts by mistake: a slip of the pen shall be seen
TOO_EASY = {
    "fd.name=": "an empty value must be quoted",
    "fd.name in (a,)": "an empty value must be quoted",
    "fd.name in (,a)": "an empty value must be quoted",
    "notevt.type=open": "run together",
    "evt.num existsand evt.dir=<": "run together",
    "evt.dir=< orevt.num=900": "run together",
    "'evt.type=open": "a quote that nothing closes",
    "fd.name='/etc/hosts\"": "closed by another quote",
    "evt.num=900\\": "not a number",
    "container.mount.rdwr[]=x": "no argument",
    "evt.type=open not evt.dir=<": "neither and nor or",
    "evt.failed<true": "truth has no order",
    "evt.around[1] exists": "'=' is meant",
    "evt.rawarg.addr!=x": "cannot be compared: the reference finds nothing",
}
# the same words, another meaning: the newest reader's is taken
NEWER = {
    "not not evt.type=open": "evt.type=open",
    "proc.name==curl": "proc.name=curl",
    "fd.name contains '\\/etc'": "fd.name contains /etc",
    "evt.buffer contains '\\r\\n'": "evt.buffer contains '\\x0d\\x0a'",
}
WRAPS = {"fd.port=65589": "fd.port=53", "evt.cpu=65536": "evt.cpu=0"}  # numbers cut to the field's width


@cache
def opened(path: Path) -> Capture:
    return Capture.open(path)


def theirs(path: Path, text: str) -> list[int] | str:
    """Return the numbers of the events, or the complaint."""
    command = ["sysdig", "-r", str(path), "-d", "-p", "*%evt.num", *([text] if text else [])]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        return done.stderr.decode("utf-8", "replace") or f"ended with {done.returncode}"
    return [int(line) for line in done.stdout.split()]


def ours(path: Path, text: str) -> list[int] | str:
    capture = opened(path)
    try:
        rows = capture.select(text)
    except FilterError as error:
        assert 0 <= error.column <= len(text)
        return str(error)
    shown = (capture.index.events.flags[rows] & EV_HIDDEN) == 0
    return (rows[shown] + 1).tolist()


def differences(path: Path, texts: Sequence[str]) -> list[str]:
    """Return the filters that the two readers understand differently."""
    with ThreadPoolExecutor(2) as pool:
        asked = list(pool.map(lambda text: theirs(path, text), texts))
    found: list[str] = []
    for text, them in zip(texts, asked, strict=True):
        us = ours(path, text)
        if us != them:
            shown = [x if isinstance(x, str) else f"{len(x)} events" for x in (us, them)]
            found.append(f"{text!r}: {shown[0]}, the reference {shown[1]}")
    return found


@cache
def cases(path: Path) -> tuple[str, ...]:
    """Return the made filters for a capture, joined ones at the end."""
    single = filter_cases.single(opened(path), path.name, 3)
    return (*single, *filter_cases.joined(single, 80, 11))


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    yield
    cases.cache_clear()
    opened.cache_clear()


@pytest.mark.parametrize(("text", "count"), COUNTS.items())
def test_documented_counts(capture_file: Callable[[str], Path], text: str, count: int) -> None:
    assert len(ours(capture_file(CURL), text)) == count


@pytest.mark.parametrize("name", OLD)
def test_written_filters(capture_file: Callable[[str], Path], name: str) -> None:
    more = {CURL: ADDRESSES, HAPROXY: LARGE, IPV6: []}[name]
    assert not differences(capture_file(name), [*SHARED, *WRITING, *more])


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", OLD)
def test_made_filters(capture_file: Callable[[str], Path], name: str, part: int) -> None:
    path = capture_file(name)
    assert not differences(path, cases(path)[part::PARTS])


@pytest.mark.parametrize("name", OLD)
def test_every_filter_was_worth_asking(capture_file: Callable[[str], Path], name: str) -> None:
    """There are enough; most accept something and refuse something, or they compare nothing."""
    path = capture_file(name)
    total = len(ours(path, ""))
    asked = [*cases(path), *SHARED]
    assert len(set(asked)) >= 500
    operators = ("=", "!=", "<", "<=", ">", ">=", "contains", "icontains", "startswith", "endswith", "glob")
    for op in (*operators, "in", "pmatch", "exists", "not", "and", "or"):
        assert sum(op in re.findall(r"[a-z]+|[<>=!]+", text) for text in asked) >= 5, op
    telling = [text for text in asked if 0 < len(ours(path, text)) < total]
    assert len(telling) > {CURL: 0.35, HAPROXY: 0.45, IPV6: 0.2}[name] * len(asked)


def test_slips_of_the_pen(capture_file: Callable[[str], Path]) -> None:
    """Whatever both readers accept has one meaning (but for what is named in `NEWER`)."""
    path = capture_file(CURL)
    texts = filter_cases.mutated([text for text in cases(path) if len(text) < 200], 400, 5)
    texts = [t for t in texts if "==" not in t and "\\" not in t.replace("\\x41", "") and not _twice_not(t)]
    with ThreadPoolExecutor(2) as pool:
        asked = list(pool.map(lambda text: theirs(path, text), texts))
    both = 0
    for text, them in zip(texts, asked, strict=True):
        us = ours(path, text)
        if isinstance(us, list) and isinstance(them, list):
            both += 1
            assert us == them, text
    assert both > 20


def _twice_not(text: str) -> bool:
    words = text.split()
    return any(one == two == "not" for one, two in pairwise(words))


@pytest.mark.parametrize("text", REFUSED)
def test_refused(capture_file: Callable[[str], Path], text: str) -> None:
    path = capture_file(CURL)
    assert isinstance(ours(path, text), str)
    assert text.endswith("=") or isinstance(theirs(path, text), str)


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted_on_purpose(capture_file: Callable[[str], Path], text: str) -> None:
    path = capture_file(CURL)
    assert isinstance(ours(path, text), list)
    assert isinstance(theirs(path, text), str)


@pytest.mark.parametrize("text", TOO_EASY)
def test_refused_on_purpose(capture_file: Callable[[str], Path], text: str) -> None:
    path = capture_file(CURL)
    assert isinstance(ours(path, text), str)
    assert isinstance(theirs(path, text), list)


@pytest.mark.parametrize(("text", "meaning"), NEWER.items())
def test_understood_as_the_newest_reader_does(
    capture_file: Callable[[str], Path], text: str, meaning: str
) -> None:
    path = capture_file(CURL)
    assert ours(path, text) == theirs(path, meaning) != theirs(path, text)


@pytest.mark.parametrize(("text", "meaning"), WRAPS.items())
def test_numbers_are_not_cut_to_the_width_of_a_field(
    capture_file: Callable[[str], Path], text: str, meaning: str
) -> None:
    path = capture_file(CURL)
    assert theirs(path, text) == theirs(path, meaning) != []
    assert ours(path, text) == []
