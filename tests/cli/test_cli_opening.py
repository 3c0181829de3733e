"""Progress and warnings while a capture is opened."""

from __future__ import annotations

import io
import sys
import time

import pytest

from scaptui.core.index.tables import Damage
from scaptui.tui.headless import opening


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", screen := _Terminal())
    with opening.Progress("a\x1b.scap") as progress:
        progress(30, 120)
    assert "Reading a\\x1b.scap: 25 %" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")
    assert "a\x1b" not in screen.getvalue()


def test_progress_before_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.01)
    monkeypatch.setattr(sys, "stderr", screen := _Terminal())
    with opening.Progress("a.scap"):
        end = time.monotonic() + 10
        while "Opening a.scap" not in screen.getvalue() and time.monotonic() < end:
            time.sleep(0.01)
    assert "Opening a.scap" in screen.getvalue()


def test_no_progress_when_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", screen := _Terminal())
    with opening.Progress("a.scap") as progress:
        progress(1, 2)
    assert screen.getvalue() == ""


def test_no_progress_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", pipe := io.StringIO())
    with opening.Progress("a.scap") as progress:
        progress(1, 2)
    assert pipe.getvalue() == ""


def test_many_damaged_places_are_summed_up() -> None:
    places = [Damage(n * 16, 0x216, "bad-length", f"the length of block {n} is wrong.", 16) for n in range(9)]
    sentences = list(opening.damage_sentences("x.scap", places))
    assert sentences[1] == (
        "warning: x.scap: the length of block 1 is wrong, at offset 16 (0x10); what can be read is shown."
    )
    assert sentences[-1] == "warning: x.scap: 4 more places are damaged."
    assert len(sentences) == 6
