"""Event blocks byte by byte, and captures of every version as sysdig itself reads them."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from builder import CaptureBuilder, code_of

from scaptui.core.format import blocks, writer

VALUES = [b"abc", b"", b"\1\2"]


@pytest.mark.parametrize(
    ("version", "flags", "block_type", "lengths_at"),
    [
        (1, None, blocks.EV_V1, 24),
        (1, 1, blocks.EVF_V1, 28),
        (2, None, blocks.EV_V2, 28),
        (2, 0, blocks.EVF_V2, 32),
    ],
)
def test_the_layout_of_an_event(version: int, flags: int | None, block_type: int, lengths_at: int) -> None:
    data = writer.event(7, 1 << 60, -1, VALUES, cpu=3, version=version, flags=flags)
    kind, length = struct.unpack_from("<II", data)
    assert (kind, length) == (block_type, len(data))
    assert struct.unpack_from("<I", data, length - 4) == (length,)
    assert length % 4 == 0
    assert struct.unpack_from("<H", data, 8) == (3,)
    at = 10
    if flags is not None:
        assert struct.unpack_from("<I", data, at) == (flags,)
        at += 4
    header = 22 if version == 1 else 26
    assert struct.unpack_from("<QqIH", data, at) == (1 << 60, -1, header + 6 + 5, 7)
    if version == 2:
        assert struct.unpack_from("<I", data, at + 22) == (3,)
    assert at + header == 8 + lengths_at
    assert struct.unpack_from("<HHH", data, 8 + lengths_at) == (3, 0, 2)
    assert data[8 + lengths_at + 6 : 8 + lengths_at + 11] == b"abc\1\2"


@pytest.mark.parametrize(("flags", "block_type"), [(None, blocks.EV_V2_LARGE), (1, blocks.EVF_V2_LARGE)])
def test_a_payload_beyond_64_kib(flags: int | None, block_type: int) -> None:
    data = writer.event(324, 1, -1, [bytes(70_000)], flags=flags, large=True)
    info = blocks.block_info(struct.unpack_from("<I", data)[0])
    assert info.type == block_type
    assert struct.unpack_from("<I", data, 8 + info.lengths_at) == (70_000,)
    small = writer.event(324, 1, -1, [b"{}\0"], flags=flags, large=True)
    assert blocks.block_info(struct.unpack_from("<I", small)[0]).large is False
    with pytest.raises(struct.error):
        writer.event(7, 1, 1, [bytes(70_000)])


def test_codes_by_name() -> None:
    assert code_of("SYSCALL_READ_X") == code_of("PPME_SYSCALL_READ_X") == 7
    with pytest.raises(KeyError, match="NO_SUCH"):
        code_of("NO_SUCH")


FIELDS = ["evt.num", "evt.type", "proc.name", "proc.args", "proc.cwd", "proc.ppid", "fd.name", "user.name"]
NEWER = {"proc.env": (3, "A=1"), "proc.sid": (6, "5"), "proc.exepath": (7, "/bin/b"), "proc.vpgid": (8, "6")}


@pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")
@pytest.mark.parametrize("lists", [1, 2])
@pytest.mark.parametrize("version", range(1, 10))
def test_sysdig_reads_what_is_written(tmp_path: Path, version: int, lists: int) -> None:
    build = CaptureBuilder(
        modern=False,
        process_version=version,
        fd_version=lists,
        interface_version=lists,
        user_version=lists,
        event_version=lists,
    )
    build.interface("eth0", "10.0.0.1").user(7, "bob").proc(1, "init")
    build.proc(10, "bash", ptid=1, uid=7, args=["-i"], env=["A=1"], exepath="/bin/b", sid=5, vpgid=6)
    build.fd(10, 0, "/dev/null", 16 if lists == 2 else 1).socket_fd(10, 3, ("10.0.0.1", 5), ("1.2.3.4", 80))
    build.read(10, 0, b"abc")
    build.event("SYSCALL_READ_E", 10, [3, 5], flags=1)  # has an effect on state only: not shown
    build.event("SYSCALL_READ_X", 10, [3, b"def"], flags=0)
    path = build.save(tmp_path / "a.scap")
    wanted = "*" + "|".join(f"%{name}" for name in [*FIELDS, *NEWER])
    run = ["sysdig", "-r", str(path), "-p", wanted]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True)
    newer = [value if version >= first else "" for first, value in NEWER.values()]
    same = ["read", "bash", "-i", "/", "1"]
    lines = [line.split("|") for line in done.stdout.splitlines()]
    for line in lines:
        line[-4:] = [("" if value == "-1" else value) for value in line[-4:]]
    assert lines == [
        ["1", *same, "/dev/null", "bob", *newer],
        ["2", *same, "/dev/null", "bob", *newer],
        ["4", *same, "10.0.0.1:5->1.2.3.4:80", "bob", *newer],
    ]
