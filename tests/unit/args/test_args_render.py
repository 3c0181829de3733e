"""Parameters as text, type by type; the expected texts of the old kind are those of sysdig 0.29.3."""

from __future__ import annotations

import struct

import pytest

from scaptui.core.query import render
from scaptui.core.schema.catalogue import Param

FLAGS = "file_flags"


def show(kind: str, raw: bytes, *, modern: bool = False, fmt: str = "DEC", **more: str) -> str:
    param = Param("x", kind, fmt, **more)  # pyright: ignore[reportArgumentType]
    value, resolved = render.renderer(param, modern, lambda _: None)(raw)
    return (b"%b(%b)" % (value, resolved) if resolved else value).decode()


def packed(layout: str, value: int) -> bytes:
    return struct.pack("<" + layout, value)


@pytest.mark.parametrize(
    ("kind", "raw", "fmt", "old", "new"),
    [
        ("UINT32", packed("I", 2**32 - 1), "DEC", "-1", "-1"),
        ("UINT64", packed("Q", 2**64 - 1), "DEC", "-1", "-1"),
        ("UINT64", packed("Q", 0x7F1A14E6F000), "HEX", "7F1A14E6F000", "7F1A14E6F000"),
        ("INT64", packed("q", -5), "DEC", "-5", "-5"),
        ("INT64", packed("q", -1), "HEX", "F" * 16, "F" * 16),
        ("INT16", packed("h", -1), "DEC", "-1", "-1"),
        ("UINT16", packed("H", 65535), "DEC", "65535", "65535"),
        ("UINT32", packed("I", 0o644), "OCT", "0644", "0644"),
        ("UINT32", packed("I", 0), "OCT", "0", "0"),
        ("UINT32", packed("I", 7), "10_PADDED_DEC", "000000007", "000000007"),
        ("ERRNO", packed("q", -2), "DEC", "-2(ENOENT)", "-2(ENOENT)"),
        ("ERRNO", packed("q", -9999), "DEC", "-9999", "-9999"),
        ("ERRNO", packed("q", 7), "DEC", "7", "7"),
        ("SYSCALLID", packed("H", 3), "DEC", "3(read)", "3(read)"),
        ("SIGTYPE", b"\x09", "DEC", "9(SIGKILL)", "9(SIGKILL)"),
        ("SIGTYPE", b"\x40", "DEC", "64", "64"),
        ("SIGSET", packed("I", 0b1011), "DEC", "SIGHUP SIGINT SIGILL", "SIGHUP SIGINT SIGILL"),
        ("SIGSET", packed("I", 0), "DEC", "", ""),
        ("RELTIME", packed("Q", 2**64 - 1), "DEC", "none", "none"),
        ("RELTIME", packed("Q", 1234567), "DEC", "1234567(0.00123457s)", "1234567(0.00123457s)"),
        ("RELTIME", packed("Q", 10**18), "DEC", f"{10**18}(1e+09s)", f"{10**18}(1e+09s)"),
    ],
)
def test_numbers(kind: str, raw: bytes, fmt: str, old: str, new: str) -> None:
    assert show(kind, raw, fmt=fmt) == old
    assert show(kind, raw, fmt=fmt, modern=True) == new


@pytest.mark.parametrize(
    ("value", "table", "old", "new"),
    [
        (0x1007, FLAGS, "O_CREAT|O_RDWR|O_CLOEXEC", "O_CREAT|O_RDWR|O_CLOEXEC"),
        (0, FLAGS, "O_NONE", "O_NONE"),
        (0x11001, FLAGS, "O_RDONLY|O_CLOEXEC", "O_RDONLY|O_CLOEXEC|FD_LOWER_LAYER"),
        (385, "futex_operations", "FUTEX_CLOCK_REALTIME|FUTEX_PRIVATE_FLAG|FUTEX_WAKE", None),
        (128, "futex_operations", "FUTEX_PRIVATE_FLAG", "FUTEX_PRIVATE_FLAG"),
        (99, "socket_families", "AF_PHONET", None),
        (7, "access_flags", "R_OK|W_OK|X_OK", "R_OK|W_OK|X_OK"),
        (1 << 31, "clone_flags", "", ""),
    ],
)
def test_flags(value: int, table: str, old: str, new: str | None) -> None:
    raw = packed("I", value)
    assert show("FLAGS32", raw, flags=table) == (f"{value}({old})" if old else str(value))
    if new is not None:
        assert show("FLAGS32", raw, flags=table, modern=True) == (f"{value}({new})" if new else str(value))


def test_enumerations_name_every_exact_match_in_new_captures_only() -> None:
    raw = packed("I", 1)
    assert show("ENUMFLAGS32", raw, flags="socket_families", modern=True) == "1(AF_LOCAL|AF_UNIX)"
    assert show("FLAGS32", raw, flags="socket_families") == "1(AF_LOCAL)"


def test_modes_are_octal_with_names() -> None:
    mode = "04755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)"
    assert show("MODE", packed("I", 0o4755), fmt="OCT", flags="chmod_mode") == mode
    assert show("MODE", packed("I", 0), fmt="OCT", flags="chmod_mode") == "0"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x02\x01\x02\x03\x04\x90\x1f", "1.2.3.4:8080"),
        (b"\x0a" + bytes(15) + b"\x01\x90\x1f", "::1:8080"),
        (b"\x0a" + bytes(10) + b"\xff\xff\x01\x02\x03\x04\x90\x1f", "::ffff:1.2.3.4:8080"),
        (b"\x01/var/run/x\0", "/var/run/x"),
        (b"\x01/a\x01b\xffc\0", "/abc"),
        (b"\x01\0", ""),
        (b"\x10abc", "family 16"),
        (b"\x02abc", "INVALID IPv4"),
        (b"\x0aabc", "INVALID IPv6"),
        (b"", "NULL"),
    ],
)
def test_addresses(raw: bytes, text: str) -> None:
    assert show("SOCKADDR", raw) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x02\x01\x02\x03\x04\x90\x1f\x05\x06\x07\x08\x50\0", "1.2.3.4:8080->5.6.7.8:80"),
        (
            b"\x0a" + bytes(15) + b"\x01\x90\x1f" + bytes(range(16)) + b"\x50\0",
            "::1:8080->1:203:405:607:809:a0b:c0d:e0f:80",
        ),
        (
            b"\x0a"
            + (bytes(10) + b"\xff\xff\x01\x02\x03\x04\x90\x1f")
            + bytes(10)
            + b"\xff\xff\x01\x02\x03\x05\x50\0",
            "1.2.3.4:8080->1.2.3.5:80",
        ),
        (b"\x01" + bytes(8) + packed("Q", 0xFFFF8800) + b"/a\x01b\xffc\0", "0->ffff8800 /abc"),
        (b"\x10" + bytes(8), "family 16"),
        (b"\x02" + bytes(8), "INVALID IPv4"),
        (b"\x0a" + bytes(8), "INVALID IPv6"),
        (b"\x01" + bytes(8), "INVALID UNIX SOCKET"),
        (b"", "NULL"),
    ],
)
def test_tuples(raw: bytes, text: str) -> None:
    assert show("SOCKTUPLE", raw) == text


def test_buffers_are_cut_in_old_captures_only() -> None:
    assert show("BYTEBUF", b"a\tb\xff") == "a.b."
    assert show("BYTEBUF", b"q" * 80) == "q" * 80
    assert show("BYTEBUF", b"q" * 81) == "q" * 77 + "..."
    assert show("BYTEBUF", b"q" * 200, modern=True) == "q" * 200


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("BYTEBUF", "", "NULL"),
        ("CHARBUF", "", "<NA>"),
        ("SOCKADDR", "NULL", "<NA>"),
        ("SOCKTUPLE", "NULL", "NULL"),
        ("UINT32", "", "<NA>"),
        ("ERRNO", "", "<NA>"),
    ],
)
def test_empty_parameters(kind: str, old: str, new: str) -> None:
    assert show(kind, b"") == old
    assert show(kind, b"", modern=True) == new


def test_an_empty_dynamic_parameter() -> None:
    assert show("DYN", b"", dyn="sockopt_dynamic_param") == "INVALID DYNAMIC PARAMETER"
    assert show("DYN", b"", dyn="sockopt_dynamic_param", modern=True) == "NULL"


def test_cut_numbers_are_shown_as_bytes_and_of_long_ones_the_beginning_counts() -> None:
    assert show("UINT32", b"ab\0") == "ab."
    assert show("UINT32", b"\x07\0\0\0junk") == "7"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x02\x07\0\0\0", "7"),
        (b"\x01" + packed("q", -2), "-2(ENOENT)"),
        (b"\x03" + packed("Q", 2**63), str(-(2**63))),
        (b"\x04" + packed("Q", 1_500_000_000), "1500000000(1.5s)"),
        (b"\x00abc\x01", "abc."),
        (b"\x09abc", "INVALID DYNAMIC PARAMETER"),
        (b"\x00", ""),
        (b"", "INVALID DYNAMIC PARAMETER"),
    ],
)
def test_dynamic_parameters(raw: bytes, text: str) -> None:
    assert show("DYN", raw, dyn="sockopt_dynamic_param") == text


def test_text_ends_at_the_first_nul() -> None:
    assert show("CHARBUF", b"/tm\0rest\0") == "/tm"


@pytest.mark.parametrize(
    ("base", "path", "old", "new"),
    [
        ("/home/u/", "rel/x", "/home/u/rel/x", "/home/u/rel/x"),
        ("/home/u/", "../b", "/home/b", "/home/b"),
        ("/home/u/", "", "/home/u", ""),
        ("/home/u/", ".", "/home/u", "/home/u"),
        ("/tm/sub/", "./.hid/..c/a./b", "/tm/sub/.hid/..c/ab", "/tm/sub/.hid/..c/a./b"),
        ("/home/u/", "a\x01\u00e9 b", "/home/u/a... b", "/home/u/a\x01\u00e9 b"),
        ("/home/u/", "/abs/../x", "/x", "/x"),
        ("/home/u/", "/..", "/", "/"),
        ("/", "foo.", "/foo", "/foo."),
        ("/", "x../y", "/y", "/x../y"),
        ("/", "../x", "/x", "x"),
        ("/home/u/", "...", "/home/u/..", "/home/u/..."),
        ("/home/u/", ".../..x/y", "/home/u/....x/y", "/home/u/.../..x/y"),
        ("/", "a//b///", "/a/b", "/a/b"),
        ("", "f1", "f1", "f1"),
        ("/etc/passwd/", "", "/etc/passwd", ""),
        ("/home/u/", "x" * 1500, "/home/u/" + "x" * 1500, "/DIR_TOO_LONG/FILENAME_TOO_LONG"),
    ],
)
def test_joining_paths(base: str, path: str, old: str, new: str) -> None:
    assert render.join_path(base.encode(), path.encode(), False).decode() == old
    assert render.join_path(base.encode(), path.encode(), True).decode() == new
