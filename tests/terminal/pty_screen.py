"""A real terminal for the real program: a pseudo-terminal whose screen is kept by pyte."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

import pexpect
import pyte

KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "backspace": "\x7f",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f9": "\x1b[20~",
}
SELECTION = "1f5f8f"  # background of the role "selection" in the theme "dark"
QUIET = 0.3  # seconds without a byte after which a screen counts as painted


class Terminal:
    """The program under test and the screen it has painted."""

    def __init__(
        self,
        arguments: list[str],
        env: dict[str, str],
        columns: int,
        lines: int,
        wrapper: Sequence[str] = (),  # what runs the program
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()  # every byte the program wrote
        command = [*wrapper, sys.executable, "-m", "scaptui", *arguments]
        self.child = pexpect.spawn(
            command[0], command[1:], env=env, dimensions=(lines, columns), timeout=5, encoding=None
        )
        self.child.delaybeforesend = None

    def text(self) -> str:
        """The screen as lines of text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def line(self, text: str) -> str:
        """The first line of the screen that holds ``text``."""
        for line in self.screen.display:
            if text in line:
                return line.rstrip()
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text()}")

    def read(self, seconds: float) -> bool:
        """Take what the program writes within ``seconds``; False when nothing came."""
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            return False
        self.sent += data
        self._stream.feed(data)
        return True

    def settle(self, seconds: float = 20) -> None:
        """Wait until the program has stopped painting."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.read(QUIET):
                return

    def wait(self, *texts: str, seconds: float = 60, gone: bool = False) -> None:
        """Wait until all ``texts`` are on the screen (``gone``: none of them is)."""
        end = time.monotonic() + seconds
        while True:
            screen = self.text()
            there = [text in screen for text in texts]
            if (not any(there)) if gone else all(there):
                return
            if time.monotonic() > end:
                missing = [text for text, on in zip(texts, there, strict=True) if on == gone]
                raise AssertionError(f"waited {seconds} s for {missing}, gone={gone}; the screen:\n{screen}")
            self.read(0.1)
            if not self.child.isalive() and not self.read(0):
                raise AssertionError(f"the program ended with {self.child.exitstatus}; the screen:\n{screen}")

    def press(self, *keys: str) -> None:
        """Press keys one after the other: names of KEYS, or characters."""
        for key in keys:
            self.child.send(KEYS.get(key, key))
            self.settle(5)

    def type(self, text: str) -> None:
        """Type a text quickly."""
        self.child.send(text)
        self.settle(5)

    def select(self, text: str, key: str = "down", most: int = 80) -> None:
        """Move the cursor with ``key`` until the line under it holds ``text``."""
        for _ in range(most):
            if text in self.selected():
                return
            self.press(key)
        raise AssertionError(f"no {key} led to {text!r}; the screen:\n{self.text()}")

    def selected(self) -> str:
        """The text painted with the background of a selection, blanks at its ends left out."""
        found: list[str] = []
        for y in range(self.screen.lines):
            cells = self.screen.buffer[y]
            found.append(
                "".join(cells[x].data for x in range(self.screen.columns) if cells[x].bg == SELECTION)
            )
        return "\n".join(text.strip() for text in found if text.strip())

    def end(self, seconds: float = 10) -> int | None:
        """Wait for the program to end; its exit code."""
        limit = time.monotonic() + seconds
        while self.child.isalive() and time.monotonic() < limit:
            self.read(0.1)
        while self.read(0.1):
            pass
        self.child.close(force=True)
        return self.child.exitstatus


Start = Callable[..., Terminal]
