"""A running app for tests: press keys, wait for the workers, read the screen."""

from __future__ import annotations

import asyncio
import io

from rich.console import Console
from textual.color import Color
from textual.pilot import Pilot

from scaptui.tui.app import ScaptuiApp
from scaptui.tui.screens.main import MainScreen


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

    async def rest(self) -> None:
        """Wait until the screen stays as it is: a trend that comes late may move everything."""
        before, same = "", 0
        while same < 3:
            await self.settle()
            await asyncio.sleep(0.03)
            now = self.output()
            before, same = now, same + 1 if now == before else 0

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

    def output(self) -> str:
        """Return what the terminal would get for the whole screen."""
        console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
        filters = self.app.get_line_filters()
        strips = self.app.screen._compositor.render_strips()
        background = Color.parse("black")
        for line_filter in filters:
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return "\n".join(strip.render(console) for strip in strips)

    def lines(self) -> list[str]:
        """Return the lines of the screen."""
        return self.text().split("\n")
