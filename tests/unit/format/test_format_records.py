"""Blocks read again: from the file, from the block store, and when that fails."""

from __future__ import annotations

import gzip
import os
import random
import struct
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import lz4.block
import numpy as np
import pytest
from builder import CaptureBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from scaptui.core.errors import CaptureError, ScaptuiError
from scaptui.core.format import records, store
from scaptui.core.format.records import RecordStore
from scaptui.core.format.store import BLOCK, BlockStore, BlockStoreWriter


def noise(size: int, seed: int = 1) -> bytes:
    """Half random, half plain: some blocks compress and some do not."""
    rng = random.Random(seed)
    return b"".join(rng.randbytes(1000) + bytes(rng.randrange(1500)) for _ in range(size // 1750 + 1))[:size]


STREAM = noise(3 * BLOCK + 12_345)


def stored(data: bytes, pieces: int = 100_000) -> BlockStore:
    keeper = BlockStoreWriter()
    for at in range(0, len(data), pieces):
        keeper.append(memoryview(data)[at : at + pieces])
    return keeper.finish()


def places(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    offsets: list[int] = []
    lengths: list[int] = []
    at = 0
    while at < len(data):
        offsets.append(at)
        lengths.append(struct.unpack_from("<I", data, at + 4)[0])
        at += lengths[-1]
    return np.array(offsets, dtype=np.int64), np.array(lengths, dtype=np.uint32)


@pytest.mark.parametrize("pieces", [1000, BLOCK - 1, BLOCK, BLOCK + 1, 1 << 22])
@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, len(STREAM)])
def test_the_store_gives_back_the_stream(size: int, pieces: int) -> None:
    data = STREAM[:size]
    kept = stored(data, pieces)
    assert kept.size == size
    assert kept.read(0, size) == data
    assert kept.read(0, size + 100) == data
    assert kept.read(size, 10) == b""
    assert kept.read(-1, 10) == b""
    kept.close()


KEPT = stored(STREAM)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(STREAM) + 10), st.integers(0, len(STREAM)))
def test_any_range_of_the_store(start: int, length: int) -> None:
    assert KEPT.read(start, length) == STREAM[start : start + length]
    out = np.zeros(length, dtype=np.uint8)
    size = KEPT.read_into(out, start)
    assert out[:size].tobytes() == STREAM[start : start + length]


def test_the_store_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = stored(STREAM)
    assert kept.read(5, 10) == STREAM[5:15]
    assert (tmp_path / "scaptui").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "scaptui").iterdir()) == []
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before - 1


def test_without_a_cache_folder_the_store_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "cache_home", lambda: None)
    kept = stored(STREAM)
    assert kept.read(0, len(STREAM)) == STREAM
    kept.close()


def test_a_full_disk_moves_the_rest_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0
    pwrite = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        nonlocal written
        written += 1
        if written > 3:
            raise OSError(28, "No space left on device")
        return pwrite(fd, data[:1000] if written == 1 else data, offset)

    monkeypatch.setattr(store.os, "pwrite", full)
    kept = stored(STREAM)
    assert written == 4
    assert kept.read(0, len(STREAM)) == STREAM
    kept.close()


def test_decompressed_blocks_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CACHE_BYTES", 2 * BLOCK)
    unpacked = 0
    decompress = lz4.block.decompress

    def counted(data: bytes, uncompressed_size: int) -> bytes:
        nonlocal unpacked
        unpacked += 1
        return decompress(data, uncompressed_size=uncompressed_size)

    monkeypatch.setattr(store.lz4.block, "decompress", counted)
    kept = stored(STREAM)
    for number in (0, 1, 0, 1, 0):
        kept.read(number * BLOCK + 10, 10)
    assert unpacked == 2
    kept.read(2 * BLOCK, 1)  # pushes out block 1, which was not used for longest
    kept.read(0, 1)
    assert unpacked == 3
    kept.read(BLOCK, 1)
    assert unpacked == 4
    kept.close()


def test_a_store_that_cannot_be_read_says_so() -> None:
    kept = stored(STREAM)
    kept.close()
    with pytest.raises(ScaptuiError, match="open the file again"):
        kept.read(0, 1)
    broken = BlockStore(None, np.zeros(1, dtype=np.int64), [b"not lz4 data"], 100)
    with pytest.raises(ScaptuiError, match="open the file again"):
        broken.read(0, 1)


def capture() -> bytes:
    build = CaptureBuilder().proc(1, "init")
    rng = random.Random(3)
    for i in range(3000):
        build.read(1, 3, noise(rng.choice([0, 5, 80, 300]), i))
    return build.bytes()


CAPTURE = capture()
OFFSETS, LENGTHS = places(CAPTURE)


def expected(rows: list[int]) -> list[bytes]:
    return [CAPTURE[OFFSETS[r] : OFFSETS[r] + LENGTHS[r]] for r in rows]


@pytest.fixture(params=["plain", "gzip"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> RecordStore:
    path = tmp_path / "a.scap"
    plain = request.param == "plain"
    path.write_bytes(CAPTURE if plain else gzip.compress(CAPTURE))
    return RecordStore(path, not plain, OFFSETS, LENGTHS, None if plain else stored(CAPTURE))


def split(gathered: tuple[np.ndarray, np.ndarray]) -> list[bytes]:
    data, starts = gathered
    assert starts[0] == 0
    assert starts[-1] == len(data)
    return [data[a:b].tobytes() for a, b in pairwise(starts)]


def test_single_records(opened: RecordStore) -> None:
    assert len(opened) == len(OFFSETS)
    for row in (0, 1, 1500, len(OFFSETS) - 1):
        assert opened.record(row) == expected([row])[0]
    with pytest.raises(IndexError):
        opened.record(len(OFFSETS))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [0],
        [5, 5, 5],
        list(range(len(OFFSETS))),
        list(range(len(OFFSETS) - 1, -1, -1)),
        list(range(0, len(OFFSETS), 1000)),
        [2999, 3, 17, 3, 2999],
    ],
    ids=["none", "one", "same", "all", "backwards", "far apart", "mixed"],
)
@pytest.mark.parametrize(("gap", "run"), [(1 << 16, 1 << 22), (0, 1), (10, 700)])
def test_gathering(
    opened: RecordStore, rows: list[int], gap: int, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "GAP", gap)
    monkeypatch.setattr(records, "RUN", run)
    assert split(opened.gather(np.array(rows, dtype=np.int64))) == expected(rows)


def test_dense_rows_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.scap"
    path.write_bytes(CAPTURE)
    reader = RecordStore(path, False, OFFSETS, LENGTHS, None)
    reads = 0
    preadv = os.preadv

    def counted(fd: int, buffers: list[memoryview], offset: int) -> int:
        nonlocal reads
        reads += 1
        return preadv(fd, buffers, offset)

    monkeypatch.setattr(records.os, "preadv", counted)
    reader.gather(np.arange(0, len(OFFSETS), 3))
    assert reads == 1
    reader.close()


def test_a_file_that_shrank_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.scap"
    path.write_bytes(CAPTURE)
    reader = RecordStore(path, False, OFFSETS, LENGTHS, None)
    os.truncate(path, len(CAPTURE) // 2)
    last = len(OFFSETS) - 1
    assert reader.record(5) == expected([5])[0]
    with pytest.raises(CaptureError, match="shorter"):
        reader.record(last)
    with pytest.raises(CaptureError, match="shorter"):
        reader.gather(np.array([1, last], dtype=np.int64))
    reader.close()
    with pytest.raises(CaptureError, match="reading failed"):
        reader.record(5)


def test_a_missing_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be opened again"):
        RecordStore(tmp_path / "none", False, OFFSETS, LENGTHS, None)


def test_several_threads_at_once(opened: RecordStore) -> None:
    wrong: list[object] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(40):
            rows = [rng.randrange(len(OFFSETS)) for _ in range(50)]
            if split(opened.gather(np.array(rows, dtype=np.int64))) != expected(rows):
                wrong.append(rows)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", ["curl-google.scap", "haproxy-502.scap", "lab1-http500.scap"])
def test_real_captures(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(name)
    raw = path.read_bytes()
    compressed = raw[:2] == b"\x1f\x8b"
    data = gzip.decompress(raw) if compressed else raw
    offsets, lengths = places(data)
    reader = RecordStore(path, compressed, offsets, lengths, stored(data) if compressed else None)
    rows = np.random.default_rng(1).integers(0, len(offsets), 2000)
    assert split(reader.gather(rows)) == [data[offsets[r] : offsets[r] + lengths[r]] for r in rows]
    everything, _ = reader.gather(np.arange(len(offsets)))
    assert everything.tobytes() == data
    reader.close()
