"""Runs the app without a terminal and waits for its workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from fake import FakeGateway
from textual.pilot import Pilot

from scaptui.tui.app import ScaptuiApp
from scaptui.tui.keymap import load_keymap
from scaptui.tui.model import Gateway
from scaptui.tui.screens.main import MainScreen
from scaptui.tui.theme import load_theme

Start = Callable[..., AbstractAsyncContextManager["Walk"]]


class Walk:
    """A running app, the keys to press and what is on its screen."""

    def __init__(self, app: ScaptuiApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def main(self) -> MainScreen:
        """The screen of the open capture."""
        screen = next(screen for screen in self.app.screen_stack if isinstance(screen, MainScreen))
        return screen

    async def settle(self) -> None:
        """Wait until no worker is waited for and everything is painted."""
        for _ in range(400):
            await self.pilot.pause()
            screens = [screen for screen in self.app.screen_stack if isinstance(screen, MainScreen)]
            if screens and screens[0].jobs.idle and screens[0].shown is not None:
                await self.pilot.pause()
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the workers never came to an end")

    async def press(self, *keys: str) -> None:
        """Press keys, waiting after each for what it set off."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Type a text into the focused line."""
        await self.pilot.press(*("space" if char == " " else char for char in text))
        await self.pilot.pause()

    def text(self) -> str:
        """Return what is on the screen, line by line, without styles."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)

    def lines(self) -> list[str]:
        """Return the lines of the screen."""
        return self.text().split("\n")


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
    ) -> AsyncIterator[Walk]:
        shown = gateway if gateway is not None else FakeGateway()
        app = ScaptuiApp(
            "fake.scap",
            lambda progress, cancelled: shown,
            keymap=load_keymap(keymap),
            theme=load_theme(theme),
            filter_text=filter_text,
        )
        async with app.run_test(size=size) as pilot:
            walk = Walk(app, pilot)
            await walk.settle()
            yield walk

    return run
