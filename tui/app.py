"""The application: start, keymap, theme, the keys that work everywhere.

Only what the first screen needs is imported here; the rest comes while the capture is read.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from textual.app import App

from ..core.errors import DataFileError
from . import theme as themes
from .cells import clean
from .commands import BY_ID, COMMANDS, Command
from .jobs import Check
from .keymap import Keymap, load_keymap
from .model import Gateway, Progress
from .remember import Memory, state_file
from .screens.keyed import Keyed
from .screens.open import Opener, OpenScreen


class ScaptuiApp(App[None]):
    """Opens one capture and shows it."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "scaptui"
    CSS = "Toast { max-width: 90%; }"
    BINDINGS: ClassVar = [("ctrl+z", "suspend_process")]  # what terminals do, with any keymap

    def __init__(
        self,
        name: str,
        opener: Opener,
        *,
        keymap: Keymap,
        theme: themes.Theme,
        filter_text: str = "",
        memory: Memory | None = None,
    ) -> None:
        """Take the capture's name, what opens it, the filter to begin with, keys, looks and layouts."""
        super().__init__(ansi_color=theme.textual.ansi)  # decides how NO_COLOR is obeyed
        self.keymap = keymap
        self.palette = theme
        self.exit_code = 0
        self.last_words = ""
        self._capture_name = name
        self._opener = opener
        self._filter = filter_text
        self._memory = memory
        self.gateway: Gateway | None = None
        self.register_theme(theme.textual)
        self.theme = theme.textual.name

    def on_mount(self) -> None:
        """Show the progress of opening."""
        self.push_screen(OpenScreen(self._capture_name, self._opener, self._opened))

    def _opened(self, gateway: Gateway) -> None:
        from .screens.main import MainScreen

        self.gateway = gateway
        self.switch_screen(MainScreen(gateway, self._filter, self._memory))

    def action_suspend_process(self) -> None:
        """Give the terminal back to the shell until it calls us again, with all that it started with us."""
        if self._driver is None or not self._driver.can_suspend:
            return
        if os.getpgrp() == os.getsid(0):
            self._tell("There is no shell to return to.")
            return
        self.app_suspend_signal.publish(self)
        os.killpg(0, signal.SIGTSTP)

    def action_help_quit(self) -> None:
        """Answer ^C, which copies where text is typed, with the key that leaves."""
        keys = self.keymap.keys_of(BY_ID["app.quit"], ("global",))
        self._tell(f"{keys[0]} leaves scaptui.")

    def _tell(self, text: str) -> None:
        tell = getattr(self.screen, "tell", None)
        if tell is not None:
            tell(text)
        else:
            self.notify(text, markup=False)

    def get_system_commands(self, screen: object) -> Iterable[object]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Offer none: all commands are in our registry."""
        return ()

    def perform(self, command: Command) -> None:
        """Carry out a command on the screen in front."""
        if isinstance(self.screen, Keyed):
            self.screen.perform(command)

    def write_clipboard(self, data: bytes) -> None:
        """Send bytes to the terminal's clipboard."""
        from .clipboard import osc52

        driver = self._driver
        if driver is not None:
            driver.write(osc52(data))
            driver.flush()

    # -------------------------------------------------------------- commands

    def do_app_quit(self) -> None:
        """Leave."""
        self.exit()

    def do_app_help(self) -> None:
        """Explain the keys that work now."""
        from .screens.help import HelpScreen

        if isinstance(self.screen, Keyed):
            self.push_screen(HelpScreen(self.screen.contexts()))

    def do_app_palette(self) -> None:
        """Choose a command or a view by name."""
        from .screens.choice import Choice, ChoiceScreen
        from .screens.main import MainScreen

        screen = self.screen
        if not isinstance(screen, MainScreen):
            return
        contexts = screen.contexts()
        choices = [
            Choice(command.id, command.title, ", ".join(self.keymap.keys_of(command, contexts)[:2]))
            for command in COMMANDS
            if set(command.contexts) & set(contexts) and not command.id.startswith("cursor.")
        ]
        views = screen.gateway.views(screen.stack.top.key_field)
        choices += [Choice(f"view:{view.id}", f"View: {view.name}") for view in views]
        self.push_screen(ChoiceScreen("Commands and views", choices), self._run)

    def _run(self, chosen: str | None) -> None:
        from .screens.main import MainScreen

        screen = self.screen
        if chosen is None or not isinstance(screen, MainScreen):
            return
        if chosen.startswith("view:"):
            screen.open_view(chosen.removeprefix("view:"))
        else:
            screen.perform(BY_ID[chosen])


def opener_of(path: str) -> Opener:
    """Return what opens the capture ``path``, in a worker, with all that the next screen needs."""

    def opener(progress: Progress, cancelled: Check) -> Gateway:
        from .gateway import open_capture

        import_module(".screens.main", __package__)  # so that the next screen is ready
        gateway = open_capture(path, progress, cancelled)
        gc.collect()
        gc.freeze()  # what the engine is made of is never looked at again: that held up keys for 0.1 s
        return gateway

    return opener


def run(
    path: str,
    *,
    filter: str | None = None,  # noqa: A002  (the word that users know)
    keymap: str | None = None,
    theme: str | None = None,
) -> int:
    """Show the capture ``path`` until the user leaves.

    Returns the exit code: 0, or 1 when the capture, the keymap or the theme cannot be read.
    """
    try:
        keys, looks = load_keymap(keymap), themes.load_theme(theme)
    except DataFileError as error:
        print(clean(str(error)), file=sys.stderr)
        return error.exit_code

    app = ScaptuiApp(
        Path(path).name,
        opener_of(path),
        keymap=keys,
        theme=looks,
        filter_text=filter or "",
        memory=Memory(state_file()),
    )
    app.run()
    if app.last_words:
        print(clean(app.last_words), file=sys.stderr)
    if app.gateway is not None:
        app.gateway.close()
    return app.return_code or app.exit_code
