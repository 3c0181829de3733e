"""Opening a capture for a headless command: progress while it lasts, a warning when it is damaged."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError, name_of
from ...core.text import printable
from .output import complain

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from ...core.capture import Capture
    from ...core.index.tables import Damage

PATIENCE = 1.0  # seconds without a word
MOST_WARNINGS = 5  # damaged places told one by one


class Progress:
    """A line on standard error that appears after a second, is redrawn, and is wiped at the end."""

    def __init__(self, name: str) -> None:
        """Name the file that is read."""
        self._name = printable(name)
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._shown = False
        self._ended = False
        self._last = 0.0
        self._timer = threading.Timer(PATIENCE, self._say, [f"Opening {self._name} …"])
        self._timer.daemon = True

    def __enter__(self) -> Progress:
        """Start the clock."""
        if _stderr_is_terminal():
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the line."""
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._shown:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def __call__(self, done: int, total: int) -> None:
        """Tell that ``done`` of ``total`` bytes of the file are read."""
        now = time.monotonic()
        if now - self._start < PATIENCE or now - self._last < 0.1 or not _stderr_is_terminal():
            return
        self._last = now
        share = f"{100 * done // total} %" if total else f"{done} bytes"
        self._say(f"Reading {self._name}: {share}")

    def _say(self, text: str) -> None:
        with self._lock:
            if self._ended:
                return
            self._shown = True
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()


def _stderr_is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def opened(path: Path) -> Generator[Capture]:
    """Open the capture, give it, close it; damage is told on standard error after the work."""
    with Progress(path.name) as progress:
        from ...core.capture import Capture
        from ...core.macrofile import default_path

        capture = Capture.open(path, progress=progress, macros=default_path())
    try:
        yield capture
        for sentence in damage_sentences(name_of(str(path)), capture.index.damage):
            complain(sentence)
    finally:
        capture.close()


def window_of(capture: Capture, seconds: Sequence[float] | None) -> tuple[int, int] | None:
    """Return the time [from, to) in ns that ``--window FROM TO`` names; None for the whole capture."""
    if seconds is None:
        return None
    begin, end = (capture.start_ts + round(second * 1e9) for second in seconds)
    if begin >= end:
        raise UsageError("--window needs a time that ends after it begins.")
    return begin, end


def damage_sentences(path: str, places: Sequence[Damage]) -> Iterator[str]:
    """Yield a warning for each of the first damaged places, with its offset in the decompressed stream."""
    for damage in places[:MOST_WARNINGS]:
        reason = damage.reason.rstrip(".")
        yield (
            f"warning: {path}: {reason}, at offset {damage.offset} (0x{damage.offset:x}); "
            "what can be read is shown."
        )
    if len(places) > MOST_WARNINGS:
        yield f"warning: {path}: {len(places) - MOST_WARNINGS} more places are damaged."
