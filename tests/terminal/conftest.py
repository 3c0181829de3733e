"""Starts the program in a terminal, and ends it whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pty_screen import Start, Terminal


@pytest.fixture
def terminal(settings: dict[str, str]) -> Iterator[Start]:
    """Start ``scaptui`` with these arguments in a terminal of ``columns`` × ``lines``."""
    started: list[Terminal] = []

    def start(
        *arguments: object, columns: int = 120, lines: int = 40, wrapper: Sequence[str] = (), **env: str
    ) -> Terminal:
        more = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **env}
        one = Terminal([str(a) for a in arguments], settings | more, columns, lines, wrapper)
        started.append(one)
        return one

    yield start
    for one in started:
        one.child.close(force=True)
