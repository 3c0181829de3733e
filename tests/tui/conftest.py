"""Runs the app without a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from fake import FakeGateway
from walking import Walk

from scaptui.tui.app import ScaptuiApp
from scaptui.tui.keymap import load_keymap
from scaptui.tui.model import Gateway
from scaptui.tui.remember import Memory
from scaptui.tui.theme import load_theme

Start = Callable[..., AbstractAsyncContextManager[Walk]]


@pytest.fixture
def start() -> Start:
    """Start the app over a gateway: ``async with start(gateway, size=(80, 24)) as walk``."""

    @asynccontextmanager
    async def run(
        gateway: Gateway | None = None,
        size: tuple[int, int] = (120, 40),
        keymap: str = "inspect",
        theme: str = "dark",
        filter_text: str = "",
        memory: Memory | None = None,
    ) -> AsyncIterator[Walk]:
        shown = gateway if gateway is not None else FakeGateway()
        app = ScaptuiApp(
            "fake.scap",
            lambda progress, cancelled: shown,
            keymap=load_keymap(keymap),
            theme=load_theme(theme),
            filter_text=filter_text,
            memory=memory,
        )
        async with app.run_test(size=size) as pilot:
            walk = Walk(app, pilot)
            await walk.settle()
            yield walk

    return run
