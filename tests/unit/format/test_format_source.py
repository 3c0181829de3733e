"""The byte stream of a capture: whatever the file is, and whatever is wrong with it."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from scaptui.core.errors import CaptureError
from scaptui.core.format import readahead
from scaptui.core.format.readahead import ReadAhead
from scaptui.core.format.source import Source, open_source
from scaptui.core.format.store import BlockStoreWriter


def text(size: int, seed: int = 1) -> bytes:
    """Bytes that compress, but not to nothing."""
    return bytes(random.Random(seed).choices(b"abcdefgh \0", k=size))


def drain(source: Source | ReadAhead, step: int = 1000) -> bytes:
    out = bytearray()
    buffer = bytearray(step)
    while size := source.read_into(buffer):
        out += buffer[:size]
    assert source.read_into(buffer) == 0
    return bytes(out)


def inflatable(data: bytes) -> bytes:
    """What comes out of damaged gzip data, byte by byte: the slow and obvious way."""
    out = bytearray()
    inflater = zlib.decompressobj(31)
    try:
        for i in range(len(data)):
            out += inflater.decompress(data[i : i + 1])
    except zlib.error:
        pass
    return bytes(out)


@pytest.mark.parametrize("step", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("compress", [False, True])
def test_the_stream_is_the_same_in_any_step(tmp_path: Path, step: int, compress: bool) -> None:
    data = text(20_000)
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(data) if compress else data)
    with open_source(path) as source:
        assert drain(source, step) == data
        assert source.compressed is compress
        assert source.needs_store is compress
        assert source.stream_pos == len(data)
        assert source.file_pos == source.file_size == path.stat().st_size
        assert not source.truncated
        assert source.damage is None


@pytest.mark.parametrize("between", [b"", b"\0" * 3, b"\0" * 600_000])
def test_gzip_members_are_one_stream(tmp_path: Path, between: bytes) -> None:
    parts = [text(300_000, 1), b"", text(5, 2), text(700_000, 3)]
    path = tmp_path / "a"
    path.write_bytes(between.join(gzip.compress(p, 1) for p in parts) + between)
    with open_source(path) as source:
        assert drain(source, 1 << 16) == b"".join(parts)
        assert source.damage is None


def test_what_follows_the_gzip_data_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(b"hello") + b"garbage")
    with open_source(path) as source:
        assert drain(source) == b"hello"
        assert source.damage is not None
        assert not source.truncated


def test_a_cut_gzip_stream_gives_its_beginning(tmp_path: Path) -> None:
    data = text(1_000)
    packed = gzip.compress(data)
    path = tmp_path / "a"
    for size in range(2, len(packed)):
        path.write_bytes(packed[:size])
        with open_source(path) as source:
            assert drain(source, 512) == inflatable(packed[:size])
            assert source.truncated
            assert source.damage is not None


@pytest.mark.parametrize("step", [100, 1 << 20])
def test_damaged_gzip_data_give_what_precedes_the_damage(tmp_path: Path, step: int) -> None:
    first, second = gzip.compress(text(30_000, 1)), bytearray(gzip.compress(text(20_000, 2)))
    path = tmp_path / "a"
    rng = random.Random(5)
    damaged = 0
    for _ in range(40):
        broken = bytearray(second)
        at = rng.randrange(len(broken))
        broken[at] ^= 1 << rng.randrange(8)
        path.write_bytes(first + broken)
        with open_source(path) as source:
            got = drain(source, step)
            wanted = text(30_000, 1) + inflatable(bytes(broken))
            if broken[:2] == b"\x1f\x8b":
                assert got == wanted
            damaged += source.damage is not None
    assert damaged > 30


def test_a_wrong_checksum_loses_no_byte(tmp_path: Path) -> None:
    data = text(400_000)
    packed = bytearray(gzip.compress(data))
    packed[-6] ^= 0xFF
    path = tmp_path / "a"
    path.write_bytes(packed)
    with open_source(path) as source:
        assert drain(source, 1 << 20) == data
        assert source.truncated
        assert source.damage is not None
        assert "damaged" in source.damage


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for path, words in ((tmp_path / "none", "no such file"), (tmp_path, "directory"), (empty, "empty")):
        with pytest.raises(CaptureError, match=words) as caught:
            open_source(path)
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith(".")
    with pytest.raises(CaptureError, match="cannot be opened"):
        open_source("with\0nul")


def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    path.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root may read everything
    try:
        with pytest.raises(CaptureError, match="permission denied"):
            open_source(path)
    finally:
        os.seteuid(me)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "full").write_bytes(gzip.compress(b"x" * 1000))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        for name in ("empty", ".", "none"):
            with pytest.raises(CaptureError):
                open_source(tmp_path / name)
        with open_source(tmp_path / "full") as source:
            source.read_into(bytearray(10))
        with ReadAhead(open_source(tmp_path / "full")) as ahead:
            ahead.read_into(bytearray(10))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("compress", [False, True])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, compress: bool) -> None:
    data = text(200_000)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(data) if compress else data,))
    writer.start()
    with open_source(path) as source:
        assert drain(source) == data
        assert source.needs_store
        assert source.file_size == 0
    writer.join()


def test_standard_input() -> None:
    code = (
        "import sys; from scaptui.core.format.source import open_source\n"
        "s = open_source('-'); b = bytearray(100); n = s.read_into(b)\n"
        "sys.stdout.buffer.write(b[:n]); assert s.needs_store"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, input=gzip.compress(b"piped"), capture_output=True, timeout=60, check=True)
    assert done.stdout == b"piped"


@pytest.mark.parametrize("chunk", [1, 1000, 1 << 16])
def test_reading_ahead_changes_nothing(tmp_path: Path, chunk: int) -> None:
    data = text(10_000 if chunk == 1 else 300_000)
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(data))
    store = BlockStoreWriter()
    with ReadAhead(open_source(path), store, chunk) as ahead:
        assert drain(ahead, 777) == data
        assert ahead.stream_pos == len(data)
        assert ahead.file_pos == ahead.file_size
        assert ahead.compressed
    kept = store.finish()
    assert kept.read(0, len(data) + 1) == data
    kept.close()


def test_reading_ahead_ends_its_thread_when_closed_early(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(text(500_000))
    for steps in range(3):
        ahead = ReadAhead(open_source(path), chunk=1000)
        for _ in range(steps):
            assert ahead.read_into(bytearray(1500)) > 0
        ahead.close()
        ahead.close()
        assert ahead.read_into(bytearray(10)) == 0
    assert not [t for t in threading.enumerate() if t.name == "capture-reader"]


def test_closing_does_not_wait_for_a_silent_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readahead, "_PATIENCE", 0.05)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR)
    os.write(pipe, b"first")
    store = BlockStoreWriter()
    ahead = ReadAhead(open_source(path), store)
    started = time.monotonic()
    ahead.close()
    assert time.monotonic() - started < 5
    os.write(pipe, bytes(1000))
    os.close(pipe)
    ahead._thread.join(10)
    assert not ahead._thread.is_alive()
    assert store.finish().size == 0
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(ahead.source._fd)


def test_an_error_in_the_thread_reaches_the_reader(tmp_path: Path) -> None:
    class Failing(BlockStoreWriter):
        def append(self, data: object) -> None:
            raise CaptureError("x", "the disk is gone")

    path = tmp_path / "a"
    path.write_bytes(b"abc")
    with ReadAhead(open_source(path), Failing()) as ahead, pytest.raises(CaptureError, match="disk is gone"):
        ahead.read_into(bytearray(10))


@pytest.mark.parametrize("name", ["curl-google.scap", "haproxy-502.scap", "lab4-exfil.scap"])
def test_real_captures(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(name)
    raw = path.read_bytes()
    data = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    with ReadAhead(open_source(path)) as ahead:
        assert zlib.crc32(drain(ahead, 1 << 20)) == zlib.crc32(data)
