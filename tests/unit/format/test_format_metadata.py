"""Metadata blocks: every version through writer and reader, damage, and real captures."""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from builder import CaptureBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from scaptui.core.errors import CaptureError
from scaptui.core.format import blocks, entries, writer
from scaptui.core.format.entities import Group, Interface, MachineInfo, User
from scaptui.core.format.entries import FdEntry, ProcEntry
from scaptui.core.format.metadata import Metadata, Status
from scaptui.core.format.source import open_source

FULL = ProcEntry(
    101, 100, 7, 55, 66, b"comm", b"exe", b"/bin/exe", b"-a\0b", b"/tmp", 1024, 3, 1000, 1001, 11, 12, 13,
    14, 15, b"A=1\0B=2\0", 5, 4, b"cpu=/x\0memory=/y\0", b"/root", 1 << 60, 34816, 1002, 1, 1 << 40, 1 << 41,
    (1 << 64) - 1, 1, 99, 98, 97, 1, 1, 88,
)  # fmt: skip
SMALL = ProcEntry(-1, 2, 3)
FIRST_VERSION = {
    "sid": 6, "vpgid": 8, "exepath": 7, "vmsize": 2, "vmrss": 2, "vmswap": 2, "pfmajor": 2, "pfminor": 2,
    "env": 3, "vtid": 4, "vpid": 4, "cgroups": 4, "root": 5,
}  # fmt: skip
TAIL = ProcEntry._fields[ProcEntry._fields.index("pidns_init_start_ts") :]
EVENT = writer.event(7, 1, 1, [bytes(8)])


def read(data: bytes, step: int | None = None) -> tuple[Metadata, Status, int]:
    """Read metadata the way a driver does, getting ``step`` more bytes at a time."""
    meta = Metadata("test")
    step = step or max(len(data), 1)
    pos, end = 0, 0
    while True:
        end = min(end + step, len(data))
        found = meta.read(data[pos:end], 0, end - pos, pos, end == len(data))
        pos += found.pos
        if found.status is not Status.MORE:
            return meta, found.status, pos
        assert end < len(data)
        assert found.need > end - pos  # or a driver might come again with the same bytes


def section(*parts: bytes) -> bytes:
    return writer.section() + b"".join(parts) + EVENT


def as_of(entry: ProcEntry, version: int) -> ProcEntry:
    """What remains of an entry in an older version."""
    absent = {name for name, first in FIRST_VERSION.items() if version < first}
    absent |= set(TAIL) if version < 9 else set()
    return entry._replace(**{name: SMALL._field_defaults[name] for name in absent})


@pytest.mark.parametrize("version", range(1, 10))
def test_process_lists_of_every_version(version: int) -> None:
    meta, status, _ = read(section(writer.process_list([FULL, SMALL, FULL], version)))
    assert status is Status.EVENTS
    assert meta.processes == [as_of(FULL, version), SMALL, as_of(FULL, version)]
    assert meta.damage == []


@pytest.mark.parametrize(
    ("number", "version"), [(blocks.PL_V1_INT, 1), (blocks.PL_V2_INT, 2), (blocks.PL_V3_INT, 3)]
)
def test_process_lists_of_pre_releases(number: int, version: int) -> None:
    meta, _, _ = read(section(writer.process_list([FULL], version, block_type=number)))
    assert meta.processes == [as_of(FULL, version)]


def tail_size(old: bool, fields: int) -> int:
    return struct.calcsize("<" + "QIIBQQQBQQQBBq"[2 if old else 0 : fields])


# the length tells the layouts apart: up to 29 bytes only the old one was ever written
TAILS = [(old, n) for old in (True, False) for n in range(len(TAIL) + 1) if (tail_size(old, n) <= 29) is old]


@pytest.mark.parametrize(("old", "fields"), TAILS)
def test_the_tail_of_a_process_may_end_after_any_field(old: bool, fields: int) -> None:
    meta, _, _ = read(section(writer.process_list([FULL, SMALL], 9, tail=fields, old_tail=old)))
    missing = set(TAIL[fields:]) | (set(TAIL[:2]) if old else set())
    wanted = FULL._replace(**{name: SMALL._field_defaults[name] for name in missing})
    assert meta.processes == [wanted, SMALL]
    assert meta.damage == []


def test_a_tail_of_thirty_bytes_is_of_the_new_layout() -> None:
    body = writer.process_list([FULL], 9, old_tail=True, tail=7)[8:-4]
    (size,) = struct.unpack_from("<I", body)
    longer = struct.pack("<I", size + 1) + body[4:size] + b"\7"
    meta, _, _ = read(section(writer.block(blocks.PL_V9, longer)))
    (entry,) = meta.processes
    tail = longer[-30:]
    assert (entry.pidns_init_start_ts, entry.tty) == struct.unpack_from("<QI", tail)
    assert (entry.loginuid, entry.exe_writable, entry.cap_inheritable) == struct.unpack_from("<IBQ", tail, 12)
    assert (entry.cap_permitted, entry.pgid) == (0, -1)


def test_bytes_behind_the_known_tail_are_skipped() -> None:
    body = writer.process_list([FULL])[8:-4]
    (size,) = struct.unpack_from("<I", body)
    longer = struct.pack("<I", size + 11) + body[4:size] + b"future text"
    meta, _, _ = read(section(writer.block(blocks.PL_V9, longer + longer)))
    assert meta.processes == [FULL, FULL]


FDS = [
    FdEntry(9, 0, 1, entries.FD_FILE_V2, name=b"/dev/null", openflags=3, dev=77),
    FdEntry(9, 1, 2, entries.FD_IPV4_SOCK, b"\1\2\3\4", b"\5\6\7\x08", 1234, 80, 2),
    FdEntry(9, 2, 3, entries.FD_IPV6_SOCK, bytes(15) + b"\1", bytes(range(16)), 5, 65535, 3),
    FdEntry(9, 3, 4, entries.FD_IPV4_SERVSOCK, b"\0\0\0\0", b"", 8080, 0, 2),
    FdEntry(9, 4, 5, entries.FD_IPV6_SERVSOCK, bytes(16), b"", 443, 0, 2),
    FdEntry(9, 5, 6, entries.FD_UNIX_SOCK, source=1 << 63, dest=2, name=b"/run/x"),
    *(FdEntry(9, 10 + kind, kind, kind, name=b"n%d" % kind) for kind in sorted(entries.NAMED_FDS)),
    FdEntry(9, -5, (1 << 64) - 1, entries.FD_FILE, name=b"\xff\x1b[0m"),
]


@pytest.mark.parametrize(("version", "number"), [(1, None), (1, blocks.FDL_V1_INT), (2, None)])
@pytest.mark.parametrize("dev", [True, False])
def test_fd_lists_of_every_version(version: int, dev: bool, number: int | None) -> None:
    data = writer.fd_list(9, FDS, version, dev, number) + writer.fd_list(10, [], version)
    meta, _, _ = read(section(data))
    wanted = FDS if version == 2 and dev else [FDS[0]._replace(dev=0), *FDS[1:]]
    assert meta.fds == wanted
    assert meta.damage == []


def test_unknown_descriptor_types() -> None:
    odd = FdEntry(9, 7, 8, 99, name=b"???")
    meta, _, _ = read(section(writer.fd_list(9, [FDS[0], odd, FDS[1]])))
    assert meta.fds == [FDS[0], FdEntry(9, 7, 8, entries.FD_UNSUPPORTED, name=b"unknown-type:[99]"), FDS[1]]
    assert meta.damage == []
    meta, _, _ = read(section(writer.fd_list(9, [FDS[1], odd, FDS[1]], 1), writer.fd_list(10, [FDS[1]], 1)))
    assert meta.fds == [FDS[1], FDS[1]._replace(tid=10)]
    assert [d.code for d in meta.damage] == ["bad-entry"]
    empty = struct.pack("<IqQB", 21, 3, 4, 0)
    body = struct.pack("<q", 9) + empty + struct.pack("<IqQBH", 23, 3, 4, 1, 0)
    meta, _, _ = read(section(writer.block(blocks.FDL_V2, body)))
    assert meta.fds == [FdEntry(9, 3, 4, 1)]


LO = Interface("lo", b"\x7f\0\0\1", b"\xff\0\0\0", b"\x7f\xff\xff\xff", 0)
ETH = Interface("eth0", bytes(range(16)), b"\xff" * 16, bytes(16), 10**10)


@pytest.mark.parametrize("speed", [True, False])
@pytest.mark.parametrize(("version", "number"), [(1, None), (2, None), (1, blocks.IL_V1_INT)])
def test_interface_lists_of_every_version(version: int, number: int | None, speed: bool) -> None:
    data = writer.interface_list([LO, ETH, LO], version, speed, number)
    meta, _, _ = read(section(data))
    eth = ETH if speed else Interface("eth0", ETH.addr, ETH.netmask, ETH.bcast, 0)
    assert meta.interfaces == [LO, eth, LO]
    assert meta.damage == []


ROOT, BOB = User(0, 0, "root", "/root", "/bin/sh"), User(1000, 1001, "bób", "", "x" * 255)
WHEEL, NONE = Group(0, "wheel"), Group(0xFFFFFFFF, "")


@pytest.mark.parametrize(("version", "number"), [(1, None), (2, None), (1, blocks.UL_V1_INT)])
def test_user_lists_of_every_version(version: int, number: int | None) -> None:
    meta, _, _ = read(section(writer.user_list([ROOT, BOB], [WHEEL, NONE], version, number)))
    assert (meta.users, meta.groups) == ([ROOT, BOB], [WHEEL, NONE])
    assert meta.damage == []


def test_a_second_list_replaces_the_first() -> None:
    lists = (writer.interface_list([LO]), writer.interface_list([ETH]))
    users = (writer.user_list([ROOT], [WHEEL]), writer.user_list([BOB], []))
    meta, _, _ = read(section(*lists, *users))
    assert (meta.interfaces, meta.users, meta.groups) == ([ETH], [BOB], [])


@pytest.mark.parametrize("number", [blocks.MI, blocks.MI_INT])
def test_machine_info(number: int) -> None:
    machine = MachineInfo(64, 1 << 40, 4194304, "höst", 1_700_000_000_000_000_000)
    meta, _, _ = read(section(writer.machine_info(machine, number)))
    assert meta.machine == machine
    assert len(writer.machine_info(machine)) == 192


def test_unknown_blocks_are_counted_and_passed_over() -> None:
    meta, _, _ = read(
        section(writer.block(0x999, b"abc"), writer.block(0x999, b""), writer.process_list([FULL]))
    )
    assert meta.unknown_blocks == {0x999: 2}
    assert meta.processes == [FULL]
    assert meta.damage == []


def test_a_new_section_starts_the_tables_anew() -> None:
    first = writer.section(1, 0) + writer.process_list([SMALL]) + writer.user_list([BOB], [])
    meta, status, pos = read(first + section(writer.process_list([FULL])))
    assert status is Status.EVENTS
    assert meta.version == (1, 2)
    assert meta.processes == [FULL]
    assert meta.users == []
    assert pos == len(first + section(writer.process_list([FULL]))) - len(EVENT)


def whole() -> bytes:
    return (
        CaptureBuilder()
        .interface("eth0", "10.0.0.1")
        .proc(1, "init", args=["a", "b"], cgroups=["cpu=/"])
        .proc(2, "web", ptid=1)
        .fd(1, 0, "/dev/null")
        .socket_fd(2, 3, ("10.0.0.1", 80), ("10.0.0.2", 4000))
        .server_fd(2, 4, ("::", 80))
        .group(5, "five")
        .openat(2, 5, "/etc/hosts")
        .bytes()
    )


def facts(meta: Metadata) -> tuple[object, ...]:
    lists = (meta.processes, meta.fds, meta.interfaces, meta.users, meta.groups)
    return (meta.version, meta.machine, *lists, meta.block_counts, meta.unknown_blocks)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 17, 100, 1000])
def test_the_size_of_the_pieces_does_not_matter(step: int) -> None:
    data = whole()
    assert facts(read(data)[0]) == facts(read(data, step)[0])
    assert read(data)[1:] == read(data, step)[1:]


@pytest.mark.parametrize("step", [None, 7])
def test_a_capture_cut_anywhere_keeps_what_precedes_the_cut(step: int | None) -> None:
    data = whole()
    complete, _, start = read(data)
    starts = {0}
    at = 0
    while at < start:
        at += struct.unpack_from("<I", data, at + 4)[0]
        starts.add(at)
    for size in range(len(data)):
        if size < 28:
            with pytest.raises(CaptureError):
                read(data[:size], step)
            continue
        meta, status, _ = read(data[:size], step)
        assert meta.processes == complete.processes[: len(meta.processes)]
        assert meta.fds == complete.fds[: len(meta.fds)]
        assert meta.users == complete.users[: len(meta.users)]
        if size in starts or size > start + 7:
            assert meta.damage == []
        else:
            (damage,) = meta.damage
            assert damage.code == "truncated"
            assert damage.offset == max(s for s in starts if s < size)
            assert damage.skipped == size - damage.offset
            assert status is Status.END


def test_a_cut_list_gives_its_whole_entries() -> None:
    data = writer.section() + writer.process_list([FULL, SMALL, FULL])
    meta, _, _ = read(data[:-60])
    assert meta.processes == [FULL, SMALL]
    assert [d.code for d in meta.damage] == ["truncated"]


@pytest.mark.parametrize("step", [None, 1, 13])
@pytest.mark.parametrize("length", [0, 8, 13, 40, 200, 100_000, 0xFFFFFFF0])
def test_after_a_wrong_length_the_next_sound_block_is_found(length: int, step: int | None) -> None:
    bad = bytearray(writer.fd_list(9, FDS))
    bad[4:8] = struct.pack("<I", length)
    before, after = writer.user_list([ROOT], []), writer.process_list([FULL])
    data = writer.section() + before + bytes(bad) + after + EVENT
    meta, status, pos = read(data, step)
    assert status is Status.EVENTS
    assert pos == len(data) - len(EVENT)
    assert meta.processes == [FULL]
    (damage,) = meta.damage
    assert damage.code == "bad-length"
    assert damage.offset == len(writer.section() + before)
    assert damage.skipped == len(bad)
    assert damage.block_type == blocks.FDL_V2


@pytest.mark.parametrize("step", [None, 1, 8, 30])
@pytest.mark.parametrize("number", [blocks.EV_V2, blocks.PL_V9])
def test_bytes_that_only_look_like_a_block_are_passed_over(number: int, step: int | None) -> None:
    junk = bytes(8) + struct.pack("<II", number, 200) + bytes(400)
    data = writer.section() + junk + writer.process_list([FULL]) + EVENT
    meta, status, _ = read(data, step)
    assert status is Status.EVENTS
    assert meta.processes == [FULL]
    assert [d.skipped for d in meta.damage] == [len(junk)]


@pytest.mark.parametrize("step", [None, 5])
def test_damage_to_the_end_of_the_capture(step: int | None) -> None:
    data = writer.section() + writer.user_list([ROOT], []) + bytes(1000)
    meta, status, pos = read(data, step)
    assert status is Status.END
    assert pos == len(data)
    assert meta.users == [ROOT]
    assert [(d.code, d.skipped) for d in meta.damage] == [("bad-length", 1000)]


def test_a_bad_entry_with_a_length_is_passed_over() -> None:
    body = bytearray(writer.process_list([FULL, FULL, SMALL])[8:-4])
    (size,) = struct.unpack_from("<I", body)
    body[size + 4 + 40 : size + 4 + 42] = b"\xff\xff"  # length of the second comm
    meta, _, _ = read(section(writer.block(blocks.PL_V9, bytes(body)), writer.user_list([ROOT], [])))
    assert meta.processes == [FULL, SMALL]
    assert meta.users == [ROOT]
    (damage,) = meta.damage
    assert (damage.code, damage.skipped) == ("bad-entry", size)
    assert "1024" in damage.reason


@pytest.mark.parametrize(
    ("field", "limit"),
    [("comm", 1024), ("exe", 1024), ("exepath", 1024), ("cwd", 1024), ("root", 1024),
     ("args", 4096), ("env", 4096), ("cgroups", 4096)],
)  # fmt: skip
def test_limits_of_texts(field: str, limit: int) -> None:
    good, bad = FULL._replace(**{field: b"x" * limit}), FULL._replace(**{field: b"x" * (limit + 1)})
    meta, _, _ = read(section(writer.process_list([bad, good])))
    assert meta.processes == [good]
    assert len(meta.damage) == 1
    meta, _, _ = read(section(writer.process_list([good, bad, good], 8)))
    assert meta.processes == [as_of(good, 8)]
    assert len(meta.damage) == 1


@pytest.mark.parametrize("version", [1, 2])
def test_limit_of_descriptor_names(version: int) -> None:
    good, bad = FDS[0]._replace(name=b"x" * 1023, dev=0), FDS[0]._replace(name=b"x" * 1024)
    meta, _, _ = read(section(writer.fd_list(9, [good, bad], version)))
    assert meta.fds == [good]
    assert len(meta.damage) == 1


def test_what_is_not_a_capture_is_refused() -> None:
    swapped = struct.pack(">IIIHHQI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 2, 1, 28)
    wrong_trailer = bytearray(writer.section())
    wrong_trailer[-1] = 1
    for data, words in (
        (b"", "not a sysdig capture"),
        (b"\x7fELF" + bytes(100), "not a sysdig capture"),
        (writer.machine_info(MachineInfo()), "not a sysdig capture"),
        (EVENT, "not a sysdig capture"),
        (swapped + bytes(50), "other byte order"),
        (writer.section(2, 0) + EVENT, r"version 2\.0"),
        (bytes(wrong_trailer) + EVENT, "wrong block total length"),
        (writer.section()[:20], "section header"),
    ):
        for step in (None, 1):
            with pytest.raises(CaptureError, match=words):
                read(data, step)


def test_options_of_the_section_header_are_skipped() -> None:
    meta, status, _ = read(writer.section(1, 0, b"\1\0\5\0hello\0\0\0") + writer.process_list([FULL]) + EVENT)
    assert status is Status.EVENTS
    assert meta.processes == [FULL]


def test_a_newer_section_behind_the_first_is_damage() -> None:
    meta, _, _ = read(writer.section() + writer.user_list([ROOT], []) + writer.section(3, 0) + EVENT)
    assert meta.users == [ROOT]
    assert [d.code for d in meta.damage] == ["bad-section"]


CAPTURE = whole()
METADATA_END = read(CAPTURE)[2]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, METADATA_END - 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.sampled_from([None, 1, 9, 100]),
)
def test_changed_bytes_never_raise_anything_but_a_sentence(
    changes: list[tuple[int, int]], step: int | None
) -> None:
    data = bytearray(CAPTURE)
    for place, value in changes:
        data[place] = value
    try:
        meta, _, pos = read(bytes(data), step)
    except CaptureError as error:
        assert min(place for place, _ in changes) < 28, error
        return
    assert pos <= len(data)
    for damage in meta.damage:
        assert 0 <= damage.offset < len(data)
        assert 0 <= damage.skipped <= len(data) - damage.offset
        assert damage.reason


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [t for t, i in blocks.BLOCKS.items() if i.kind not in (blocks.Kind.EVENT, blocks.Kind.SECTION)]
    ),
    st.binary(max_size=300),
)
def test_any_body_can_be_read(block_type: int, body: bytes) -> None:
    meta, status, _ = read(section(writer.block(block_type, body)))
    assert status is Status.EVENTS
    assert len(meta.damage) <= 1


def test_many_descriptors_are_read_quickly() -> None:
    data = section(writer.fd_list(9, FDS * 5000))
    started = time.thread_time()
    meta, _, _ = read(data)
    assert len(meta.fds) == len(FDS) * 5000 > 100_000
    assert time.thread_time() - started < 5


@pytest.mark.parametrize(
    ("name", "version", "counts"),
    [
        # processes, descriptors, interfaces, users, groups
        ("haproxy-502.scap", (1, 0), (4, 23, 45, 46, 77)),
        ("curl-google.scap", (1, 0), (54, 316, 5, 31, 55)),
        ("ipv6-conn.scap", (1, 2), (154, 564, 13, 42, 72)),
        ("lab1-http500.scap", (1, 2), (3, 22, 5, 25, 49)),
        ("lab4-exfil.scap", (1, 2), (7, 36, 5, 25, 49)),
        ("busy.scap", (1, 2), (11, 92, 5, 25, 49)),
    ],
)
def test_real_captures(
    capture_file: Callable[[str], Path], name: str, version: tuple[int, int], counts: tuple[int, ...]
) -> None:
    with open_source(capture_file(name)) as source:
        data = bytearray(1 << 20)
        data = bytes(data[: source.read_into(data)])
    meta, status, _ = read(data)
    assert status is Status.EVENTS
    assert meta.damage == []
    assert meta.version == version
    lists = (meta.processes, meta.fds, meta.interfaces, meta.users, meta.groups)
    assert tuple(len(items) for items in lists) == counts
    assert meta.users[0] == User(0, 0, "root", "/root", "/bin/bash")


def test_a_real_process_and_its_descriptors(capture_file: Callable[[str], Path]) -> None:
    data = capture_file("haproxy-502.scap").read_bytes()
    meta, _, _ = read(data)
    haproxy = next(p for p in meta.processes if p.tid == 13969)
    assert (haproxy.comm, haproxy.exe, haproxy.uid, haproxy.gid) == (
        b"haproxy",
        b"/usr/sbin/haproxy",
        100,
        101,
    )
    assert haproxy.args == b"-f\0/haproxy.cfg\0-db\0-q\0"
    assert (haproxy.vtid, haproxy.loginuid, haproxy.pgid) == (9, 0xFFFFFFFF, -1)
    kinds = Counter(fd.type for fd in meta.fds)
    assert kinds == {7: 9, 8: 5, 5: 4, 1: 2, 12: 2, 9: 1}
    assert meta.machine == MachineInfo(4, 16709009408, 0, "deleted", 0)
