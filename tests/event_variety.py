"""Captures of the old kind that hold every event code of sysdig 0.29.3 with many parameter values.

One capture per event code keeps what an event does to the state away from all others. Every event
has a process of its own with one descriptor of each kind, so that none sees what another did.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from functools import cache
from itertools import islice

from builder import CaptureBuilder, ip, socktuple, unixtuple

from scaptui.core.format import entries
from scaptui.core.query import render
from scaptui.core.schema.catalogue import EventInfo, Param, events, tables

CODES = 336  # event codes that sysdig 0.29.3 knows
WITNESS = 77  # a thread that no event changes
FIRST = 1000  # thread of the first event
CHILD = 100_000  # what a thread that is made has more than its maker
# what sysdig was asked to print of each
FORMAT = "*" + "\x1f".join(
    f"%{field}"
    for field in (
        "evt.num",
        "evt.dir",
        "evt.type",
        "evt.category",
        "evt.rawres",
        "evt.args",
        "evt.arg[0]",
        "evt.arg[1]",
    )
)
PROCESS_CALLS = frozenset(("clone", "fork", "vfork", "clone3", "execve", "execveat"))
DIRECTORY_CALLS = frozenset(("openat", "openat2"))
# records with a text that sysdig can read; of containers it shows those that were found
CONTAINER = b'{"container":{"id":"0123456789ab","type":0,"name":"web","image":"shop/web"%b}}\0'
JSON_EVENTS = {
    "k8s": [b'{"apiVersion":"v1","kind":"Pod","type":"ADDED","items":[]}\0'],
    "container": [CONTAINER % b"", *(CONTAINER % b',"lookup_state":%d' % state for state in (0, 1, 2))],
}
DATAGRAM_CALLS = frozenset(("sendto", "sendmsg", "recvfrom", "recvmsg"))
# sysdig reads the enter event of these without a look whether there was one
NEEDS_ENTER = frozenset((103, 331))
# types whose blocks of version 1 never had a length that fits
V2_ONLY = frozenset((280, 281, 286, 287, 322, 323, 324, 325))
LIVE_POINTERS = frozenset(("CHARBUFARRAY", "CHARBUF_PAIR_ARRAY"))  # addresses: sysdig follows them

FDS = tuple(range(3, 16))
PATHS = (
    b"/etc/passwd\0",
    b"rel/file\0",
    b"./here\0",
    b"../up/../x\0",
    b"/a//b/./c/..\0",
    b".\0",
    b"..\0",
    b"/\0",
    b"<NA>\0",
    b"caf\xc3\xa9/\xff\xfe.txt\0",
    b"tab\there\0",
    b"sp ace (x)=y\0",
    b"/long/" + b"d" * 300 + b"\0",
    b"long/" + b"d" * 900 + b"/../e\0",
    b"\0",
    b"dir/\0",
    b"...\0",
    b"/x../y\0",
    b".../..x/y\0",
)
TEXTS = (
    b"plain\0",
    b"two words\0",
    b"<NA>\0",
    b"(NULL)\0",
    b"\0",
    b"caf\xc3\xa9\0",
    b"q" * 300 + b"\0",
    b"a=b(c) d\0",
)
DATA = (
    b"",
    b"x",
    b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
    b"\n\nline\nnext\r\r\nend\n",
    bytes(range(256)),
    b"q" * 79,
    b"q" * 80,
    b"q" * 81,
    b"odd\0\x01\xff",
    b"\x00",
    b"tail\r",
    b'\ttab "quoted" back\\slash',
    "naïve € \U0001f600".encode(),
    b"\xc3",
    b"z" * 500,
)


def number(kind: str, value: int) -> bytes:
    """Return a number in the size of parameter type ``kind``."""
    size = render.SIGNED.get(kind) or render.UNSIGNED[kind]
    return (value & (1 << 8 * size) - 1).to_bytes(size, "little")


@cache
def flag_values(table: str) -> tuple[int, ...]:
    """Return the values of a flag table, in both generations."""
    both = tables()["flag_tables"].get(table, []), tables()["flag_tables_0_29_3_differences"].get(table, [])
    return tuple(sorted({value for rows in both for _, value in rows}))


def addresses() -> list[bytes]:
    """Return socket addresses of every family."""
    six = ip("2001:db8::1")
    return [
        b"\x02" + ip("1.2.3.4") + struct.pack("<H", 8080),
        b"\x02" + bytes(6),
        b"\x0a" + six + struct.pack("<H", 443),
        b"\x0a" + ip("::ffff:1.2.3.4") + struct.pack("<H", 65535),
        b"\x01/var/run/some.sock\0",
        b"\x01\0",
        b"\x01a\x01b\xff\xc3\xa9c\0",
        b"\x10\0\0",
        b"\x11\0\0",
        b"",
    ]


def tuples() -> list[bytes]:
    """Return pairs of addresses of every family."""
    return [
        socktuple(("10.0.0.1", 40000), ("10.0.0.2", 80)),
        socktuple(("0.0.0.0", 0), ("255.255.255.255", 65535)),
        socktuple(("2001:db8::1", 40000), ("2001:db8::2", 443)),
        socktuple(("::ffff:10.0.0.1", 40000), ("::ffff:10.0.0.2", 80)),
        socktuple(("::", 0), ("::1", 53)),
        unixtuple(0, 0xFFFF88001234, "/run/x.sock"),
        unixtuple(0xFFFFFFFFFFFFFFFF, 0, ""),
        b"\x10" + bytes(8),
        b"",
    ]


def fd_lists() -> list[bytes]:
    """Return descriptor lists: known ones, unknown ones, all flags, none."""
    lists = [[], [(3, 1)], [(3, 1), (99, 5)], [(fd, 1 << n) for n, fd in enumerate(FDS)], [(4, 0x7FFF)]]
    return [
        struct.pack("<H", len(rows)) + b"".join(struct.pack("<qH", fd, flags) for fd, flags in rows)
        for rows in lists
    ]


def flags_of(rng: random.Random, table: str) -> list[int]:
    """Return each value of a flag table, all of them, none, unknown bits, and mixtures."""
    known = flag_values(table)
    if not known:
        return [0, 1, 0xFFFFFFFF]
    every = 0
    for value in known:
        every |= value
    free = [1 << bit for bit in range(32) if not every >> bit & 1]
    mixed = [rng.choice(known) | rng.choice(known) | rng.choice((0, *free[:1])) for _ in range(4)]
    return [*known, 0, every, *free[:1], *free[-1:], 0xFFFFFFFF, *mixed]


def values(rng: random.Random, param: Param, own: int) -> list[bytes]:
    """Return the values of a parameter that are worth an event; ``own`` is the thread of the first."""
    kind = param.type
    if kind in ("CHARBUF",):
        return list(TEXTS)
    if kind in ("FSPATH", "FSRELPATH"):
        return list(PATHS)
    if kind == "BYTEBUF":
        return list(DATA)
    if kind == "SOCKADDR":
        return addresses()
    if kind == "SOCKTUPLE":
        return tuples()
    if kind == "FDLIST":
        return fd_lists()
    if kind == "DYN":
        return dynamic(rng, param, own)
    return [number(kind, value) for value in numbers(rng, param, own)]


def dynamic(rng: random.Random, param: Param, own: int) -> list[bytes]:
    """Return values of every alternative of a dynamic parameter, and of none."""
    found = [b"\xf0\x01", b""]
    for choice in tables()["dynamic_params"][param.dyn or ""]:
        inner = Param(param.name, choice["type"], choice["fmt"])
        found += [bytes([choice["index"]]) + value for value in values(rng, inner, own)]
    return found


def numbers(rng: random.Random, param: Param, own: int) -> list[int]:
    """Return numbers that are worth an event."""
    kind = param.type
    if kind == "ERRNO":
        return [0, 1, 7, 80, 2**31, -1, -2, -11, -115, -133, -512, -9999, -(2**40), 2**63 - 1, -(2**63)]
    if kind == "FD":
        return [*FDS, 0, 99, -1, -2, -100, -9999, 100_000]
    if kind == "PID":
        return [WITNESS, own, 0, -1, 999_999_999, 2**33]
    if kind == "SYSCALLID":
        return list(range(len(tables()["ppm_sc_0_29_3"])))
    if kind == "SIGTYPE":
        return [*range(70), 128, 255]
    if kind == "RELTIME":
        return [0, 1, 999, 1_500_000_000, 123_456_789, 10**15, 10**18, 2**63, 2**64 - 1, 2**64 - 2]
    if kind in ("UID", "GID"):
        return [0, 1000, 4242, 2**31, 2**32 - 2, 2**32 - 1]
    if kind == "SIGSET":
        return [0, *(1 << bit for bit in range(32)), 2**32 - 1, 0b1011]
    if kind == "MODE" or kind.startswith("FLAGS"):
        return flags_of(rng, param.flags or "")
    size = render.SIGNED.get(kind) or render.UNSIGNED[kind]
    top = 1 << 8 * size
    return [0, 1, 7, 0o644, top // 2 - 1, top // 2, top - 1, rng.randrange(top), rng.randrange(top)]


def rounds(rng: random.Random, event: EventInfo, own: int) -> Iterator[list[bytes]]:
    """Yield the parameters of the events of one code: every value of each parameter at least once.

    The other parameters take values at random.
    """
    choices = [values(rng, param, own) for param in event.params]
    if not choices:
        yield []
        return
    for _ in range(3):
        yield [rng.choice(options) for options in choices]
    for place, options in enumerate(choices):
        for value in options:
            chosen = [rng.choice(others) for others in choices]
            chosen[place] = value
            yield chosen


def cut(rng: random.Random, event: EventInfo, own: int) -> Iterator[list[bytes]]:
    """Yield the parameters of events that have fewer of them than the catalogue, or one more.

    One more is left out where newer catalogues have it: it means something then.
    """
    choices = [values(rng, param, own) for param in event.params]
    if len(events(True)[event.id].params) == len(choices):
        yield [*(rng.choice(options) for options in choices), b"more\0"]
    for count in range(len(choices), -1, -1):
        yield [rng.choice(options) for options in choices[:count]]


def plausible(rng: random.Random, event: EventInfo, params: list[bytes], own: int) -> list[bytes]:
    """Return ``params`` without what no kernel says, where the state of the machine hangs on it.

    A program starts in a process that exists, a directory descriptor of a call that succeeds is no
    socket, and a socket connects to an address of its own family.
    """
    found = dict(zip((param.name for param in event.params), params, strict=False))
    if event.name in PROCESS_CALLS and not event.is_enter:
        found |= {name: number("PID", own) for name in ("tid", "pid", "vtid", "vpid") if name in found}
        found["ptid"] = number("PID", rng.choice((1, WITNESS)))
        if event.name not in ("execve", "execveat") and "res" in found:
            found["res"] = number("PID", rng.choice((own + CHILD, own + CHILD, 0, -11)))
    if event.name in DIRECTORY_CALLS and "dirfd" in found:
        found["dirfd"] = number("FD", rng.choice((4, 4, 99, -100)))
    if event.name == "prlimit" and "pid" in found:
        found["pid"] = number("PID", rng.choice((WITNESS, own)))
    if event.name in DATAGRAM_CALLS and found.get("tuple", b"")[:1] == b"\x01":
        found["tuple"] = b""
    if event.name == "execveat" and event.is_enter:
        found["pathname"] = rng.choice(
            (b"/bin/tool\0", b"/a//b/./c/..\0", b"<NA>\0")
        )  # sysdig falls over others
    if event.name in JSON_EVENTS and found:
        found["json"] = rng.choice(JSON_EVENTS[event.name])
    if event.name == "openat" and len(found.get("name", b"")) < 6:
        found["name"] = b"some/file\0"
    if event.name == "connect" and "addr" in found:
        family = found["addr"][:1]
        mapped = found["addr"][1:].startswith(bytes(10) + b"\xff\xff")
        fd = None if mapped else {b"\x01": 10, b"\x02": 7, b"\x0a": 8}.get(family)
        found["fd"] = number("FD", fd or 99)
        if fd is None:
            found["addr"] = b""
    return [found[param.name] for param in event.params[: len(params)]] + params[len(event.params) :]


def agreeing(enter: EventInfo, asked: list[bytes], leave: EventInfo, given: list[bytes]) -> list[bytes]:
    """Return the parameters of an enter event, those that the exit has too as the exit has them."""
    same = {param.name: value for param, value in zip(leave.params, given, strict=False)}
    return [same.get(param.name, value) for param, value in zip(enter.params, asked, strict=True)]


def machine(seed: int) -> CaptureBuilder:
    """Return a capture without events: users, groups, and a thread that is only looked at."""
    made = CaptureBuilder(modern=False)
    made.user(1000, "alice", gid=1000).group(1000, "staff")
    made.proc(1, "init", exe="/sbin/init").proc(WITNESS, "wit ness", cwd="/home/w/")
    made.at(1_700_000_000_123_456_789 + seed)
    return made.event("SYSCALL_GETCWD_E", 1, version=1)  # says at once of which kind the capture is


def furnish(made: CaptureBuilder, tid: int) -> None:
    """Add a process with a descriptor of each kind (numbers ``FDS``)."""
    made.proc(tid, f"p{tid}", ptid=1, cwd="/home/u/", args=["-x", "1"], exe="/bin/p", uid=1000, gid=1000)
    made.fd(tid, 3, "/tmp/file")
    made.fd(tid, 4, "/tmp/dir", entries.FD_DIRECTORY)
    made.socket_fd(tid, 5, ("10.0.0.1", 40000), ("10.0.0.2", 80))
    made.socket_fd(tid, 6, ("2001:db8::1", 40000), ("2001:db8::2", 443))
    made.server_fd(tid, 7, ("0.0.0.0", 80))
    made.server_fd(tid, 8, ("::", 53), 3)
    made.fd(tid, 9, "pipe:[7]", entries.FD_FIFO)
    made.fd(tid, 10, "/run/x.sock", entries.FD_UNIX_SOCK, source=1, dest=2)
    made.fd(tid, 11, "[eventfd]", entries.FD_EVENT)
    made.fd(tid, 12, "caf\u00e9", entries.FD_UNSUPPORTED)
    made.fd(tid, 13, "[epoll]", 12)
    made.fd(tid, 14, "", 15)
    made.fd(tid, 15, "timer", 14)


def perform(made: CaptureBuilder, rng: random.Random, code: int, tid: int, drawn: list[bytes]) -> None:
    """Let a process of its own make one event, sometimes with the enter event that belongs to it."""
    event, enter = events(False)[code], events(False)[code - code % 2]
    params = plausible(rng, event, drawn, tid)
    whole = len(params) == len(event.params)
    version = rng.choice((1, 2)) if whole and code not in V2_ONLY else 2
    furnish(made, tid)
    if code % 2 and enter.params and (code in NEEDS_ENTER or rng.random() < 0.5):
        asked = [rng.choice(values(rng, param, FIRST)) for param in enter.params]
        before = agreeing(enter, plausible(rng, enter, asked, tid), event, params)
        made.event(code - 1, tid, before, version=version)
    made.event(code, tid, params, version=version)


def capture_of(code: int, seed: int, short: bool = False) -> bytes:
    """Return a capture of event ``code`` with many parameter values, or (``short``) parameters missing."""
    rng = random.Random(f"{seed}/{code}")
    made = machine(seed)
    for number_, drawn in enumerate((cut if short else rounds)(rng, events(False)[code], FIRST)):
        perform(made, rng, code, FIRST + number_, drawn)
    return made.bytes()


def sample(seed: int, each: int) -> bytes:
    """Return one capture with ``each`` events of every code that can be compared."""
    rng = random.Random(seed)
    made = machine(seed)
    tid = FIRST
    for code in range(CODES):
        if not left_out(events(False)[code]):
            for drawn in islice(rounds(rng, events(False)[code], FIRST), each):
                perform(made, rng, code, tid, drawn)
                tid += 1
    return made.bytes(compress=True)


def left_out(event: EventInfo) -> str:
    """Return why an event code cannot be compared, empty if it can."""
    if any(param.type in LIVE_POINTERS for param in event.params):
        return "parameters are addresses in a living process, which sysdig follows"
    if event.id in (273, 325):
        return "no writer makes these: the exits of records of containers"
    return ""
