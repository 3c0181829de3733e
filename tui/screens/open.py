"""The first screen: a capture being opened, how far it is, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ..cells import clean, size
from ..jobs import Check, JobDone, Jobs
from ..model import Gateway, Opening, Progress
from .keyed import Keyed

Opener = Callable[[Progress, Check], Gateway]
TICK = 0.1


class OpenScreen(Keyed):
    """Opens a capture in a worker after its first paint; calls ``opened`` with the result."""

    CSS_PATH = "open.tcss"
    screen_contexts = ("opening",)

    def __init__(self, name: str, opener: Opener, opened: Callable[[Gateway], None]) -> None:
        """Take the name to show, the work to do and what to do afterwards."""
        super().__init__()
        self._capture_name = name
        self._opener = opener
        self._opened = opened
        self._jobs = Jobs(self)
        self._progress = Opening()
        self._began = time.monotonic()
        self._first = 0.0  # when the first bytes were read

    def compose(self) -> ComposeResult:
        """Name and progress."""
        with Vertical(id="box"):
            yield Static(Text(clean(self._capture_name), "bold"), id="name")
            yield Static("", id="progress")
            yield Static("", id="hint")

    def on_mount(self) -> None:
        """Start when the screen was painted."""
        self._tick()
        self.set_interval(TICK, self._tick)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        def progress(done: int, total: int) -> None:
            self._progress.done, self._progress.total = done, total

        self._jobs.start("open", lambda check: self._opener(progress, check), self._done, self._failed)

    def _tick(self) -> None:
        if self._progress.ended:
            return
        done, total = self._progress.done, self._progress.total
        now = time.monotonic()
        hint = self.query_one("#hint", Static)
        keys = f"{self._key('opening.stop')} stops, {self._key('app.quit')} leaves"
        if not total:
            text = f"{self._progress.stage or 'Starting the engine…'} {now - self._began:.0f}s"
            if now - self._began > 3:
                keys = f"The first start compiles the engine; later ones do not. {keys}"
        else:
            self._first = self._first or now
            rate = done / max(now - self._first, TICK)
            told = f"{size(done)} of {size(total)}, {size(rate)}/s {self._progress.stage}"
            if done >= total:  # what is left has nothing to do with bytes
                told = f"{size(total)} read. {self._progress.stage or 'Putting the index together…'}"
            width = max(10, min(50, self.size.width - 10))
            filled = min(width, done * width // total)
            bar = "█" * filled + "░" * (width - filled)
            text = f"{bar}\n{told}"
        self.query_one("#progress", Static).update(Text(text))
        hint.update(Text(keys, self.role("dim")))

    def _key(self, command_id: str) -> str:
        from ..commands import BY_ID

        keys = self.scaptui.keymap.keys_of(BY_ID[command_id], ("opening", "global"))
        return keys[0] if keys else "q"

    def on_job_done(self, message: JobDone) -> None:
        """Take the result."""
        self._jobs.deliver(message)

    def _done(self, gateway: Gateway) -> None:
        self._progress.ended = True
        self._opened(gateway)

    def _failed(self, text: str) -> None:
        self._tell(text, self.role("error"))
        self.scaptui.exit_code = 1
        self.scaptui.last_words = text

    def _tell(self, text: str, style: object) -> None:
        self._progress.ended = True
        self.query_one("#progress", Static).update(Text(clean(text), style))  # pyright: ignore[reportArgumentType]
        self.query_one("#hint", Static).update(Text(f"{self._key('app.quit')} leaves", self.role("dim")))

    def do_opening_stop(self) -> None:
        """Stop reading; when there is nothing to stop, leave."""
        if self._progress.ended:
            self.app.exit()
            return
        self._jobs.stop("open")
        self._progress.stage = "Stopping…"

    def on_unmount(self) -> None:
        """Stop all work."""
        self._jobs.close()
