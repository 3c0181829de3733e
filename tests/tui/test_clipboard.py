"""OSC 52 with bytes as they are; files for what is too long."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from scaptui.tui.clipboard import LIMIT, TMUX_LIMIT, limit, osc52, save


def test_all_bytes_survive() -> None:
    data = bytes(range(256))
    sequence = osc52(data)
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    assert base64.b64decode(sequence[7:-1]) == data


def test_the_limit_fills_100000_characters() -> None:
    assert len(osc52(b"x" * LIMIT)) <= 100_000 < len(osc52(b"x" * (LIMIT + 3)))


def test_tmux_takes_more() -> None:
    assert limit({}) == LIMIT
    assert limit({"TMUX": "/tmp/tmux-0/default,1,0"}) == TMUX_LIMIT


def test_a_file_is_for_its_owner_only_and_never_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "stream.bin"
    save(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        save(path, b"two")
    assert path.read_bytes() == b"one"
    path.chmod(0o644)
    save(path, b"two", replace=True)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match=r"."):
        save(target, b"data", replace=True)
    assert list(tmp_path.iterdir()) == [target]
