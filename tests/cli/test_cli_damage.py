"""What cannot be read, wholly or in part: one sentence, the offset, and all that was read before."""

from __future__ import annotations

import gzip
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from program import Run


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello, this is a text\n" * 9, "not a sysdig capture"),
        (b"\0" * 4096, "not a sysdig capture"),
    ],
    ids=["empty", "text", "zeros"],
)
def test_what_is_no_capture(scaptui: Run, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "some.scap"
    path.write_bytes(content)
    for command in (["summary", path], ["view", path, "procs"], ["events", path], ["streams", path]):
        done = scaptui(*command)
        _one_sentence(done.stderr, path, said)
        assert done.returncode == 1
        assert done.stdout == b""


def test_gzip_of_something_else(scaptui: Run, tmp_path: Path) -> None:
    path = tmp_path / "some.scap"
    path.write_bytes(gzip.compress(b"hello" * 100))
    done = scaptui("summary", path)
    _one_sentence(done.stderr, path, "not a sysdig capture")
    assert done.returncode == 1


def test_missing_file(scaptui: Run, tmp_path: Path) -> None:
    done = scaptui("summary", tmp_path / "none.scap")
    _one_sentence(done.stderr, tmp_path / "none.scap", "no such file")
    assert done.returncode == 1


def test_directory(scaptui: Run, tmp_path: Path) -> None:
    done = scaptui("summary", tmp_path)
    _one_sentence(done.stderr, tmp_path, "directory")
    assert done.returncode == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable(scaptui: Run, tmp_path: Path, demo: Path) -> None:
    path = tmp_path / "closed.scap"
    path.write_bytes(demo.read_bytes())
    path.chmod(0)
    done = scaptui("summary", path)
    _one_sentence(done.stderr, path, "permission")
    assert done.returncode == 1


def test_hostile_file_name(scaptui: Run, tmp_path: Path) -> None:
    done = scaptui("summary", tmp_path / "\x1b]0;owned\x07")
    assert done.returncode == 1
    assert b"\x1b" not in done.stderr
    assert b"\\x1b]0;owned\\x07" in done.stderr


@pytest.fixture(scope="module")
def blocks(demo: Path) -> list[tuple[int, int, int]]:
    """Offset, type and length of each block of the demo capture."""
    data = gzip.decompress(demo.read_bytes())
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        found.append((at, kind, length))
        at += length
    return found


EVENTS = {0x204, 0x208, 0x216, 0x217, 0x221, 0x222}


@pytest.mark.parametrize("packed", [False, True])
def test_cut_in_the_middle_of_a_block(
    scaptui: Run, tmp_path: Path, demo: Path, blocks: list[tuple[int, int, int]], packed: bool
) -> None:
    events = [block for block in blocks if block[1] in EVENTS]
    before = 9000  # events that stay whole
    at, _, length = events[before]
    data = gzip.decompress(demo.read_bytes())[: at + length // 2]
    path = tmp_path / "cut.scap"
    path.write_bytes(gzip.compress(data, 1) if packed else data)

    done = scaptui("events", path, "--fields", "evt.num,evt.type")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    whole = scaptui("events", demo, "--fields", "evt.num,evt.type").stdout.splitlines()
    assert done.returncode == 0
    assert rows[-1]["evt.num"] == before
    assert [json.loads(line) for line in whole[: len(rows)]] == rows
    warning = done.stderr.decode()
    assert warning.startswith(f"scaptui: warning: {path}: ")
    assert f"at offset {at} (0x{at:x})" in warning
    assert warning.count("\n") == 1

    piped = scaptui("events", "-", "-n", "1", stdin=None, input=path.read_bytes())
    assert piped.stderr.decode() == warning.replace(str(path), "standard input")


def test_cut_compressed_data(scaptui: Run, tmp_path: Path, demo: Path) -> None:
    path = tmp_path / "cut.scap"
    path.write_bytes(demo.read_bytes()[:400_000])
    done = scaptui("summary", path, "--json")
    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert 5_000 < result["events"] < 18_000
    assert len(result["damage"]) == 1
    assert f"at offset {result['damage'][0]['offset']} " in done.stderr.decode()


def test_damaged_length(scaptui: Run, tmp_path: Path, demo: Path, blocks: list[tuple[int, int, int]]) -> None:
    at, _, _ = [block for block in blocks if block[1] in EVENTS][500]
    data = bytearray(gzip.decompress(demo.read_bytes()))
    data[at + 4 : at + 8] = b"\xff\xff\xff\x7f"
    path = tmp_path / "bad.scap"
    path.write_bytes(data)
    done = scaptui("summary", path, "--json")
    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert result["events"] >= 500
    assert f"at offset {at} (0x{at:x})" in done.stderr.decode()


@pytest.mark.parametrize("length", [1, 4, 11, 28, 100, 5000])
def test_any_short_beginning(scaptui: Run, tmp_path: Path, demo: Path, length: int) -> None:
    path = tmp_path / "short.scap"
    path.write_bytes(gzip.decompress(demo.read_bytes())[:length])
    done = scaptui("summary", path, "--json")
    error = done.stderr.decode()
    assert done.returncode in (0, 1)
    assert error.startswith("scaptui: ")
    assert "Traceback" not in error
    assert "internal error" not in error
    assert (done.returncode == 0) == bool(done.stdout)


def test_capture_from_standard_input(scaptui: Run, demo: Path, capture_file: Callable[[str], Path]) -> None:
    path = capture_file("lab3-shell.scap")
    piped = scaptui("view", "-", "procs", "--json", stdin=None, input=path.read_bytes())
    named = scaptui("view", path, "procs", "--json")
    assert piped.returncode == 0, piped.stderr.decode()
    assert piped.stdout == named.stdout


def _one_sentence(error: bytes, path: Path, said: str) -> None:
    text = error.decode()
    assert text.startswith(f"scaptui: {path}: "), text
    assert said in text
    assert text.endswith(".\n")
    assert text.count("\n") == 1
