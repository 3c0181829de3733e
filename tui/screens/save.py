"""Asks for a path and writes a stream there."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from .. import clipboard
from ..cells import clean
from ..jobs import sentence
from .keyed import KeyedModal


class SaveScreen(KeyedModal):
    """Writes ``data`` to a path the user gives; is dismissed with what to tell, or None."""

    CSS_PATH = "save.tcss"
    screen_contexts = ("choice",)

    def __init__(self, reason: str, path: str, data: bytes) -> None:
        """Take why a file is needed, the path to propose, and the bytes."""
        super().__init__()
        self._reason = reason
        self._path = path
        self._data = data
        self._confirmed = ""

    def compose(self) -> ComposeResult:
        """Reason, path, messages."""
        with Vertical(id="box"):
            yield Static(Text(clean(self._reason)), id="reason")
            yield Input(self._path, id="path", compact=True, select_on_focus=False)
            yield Static(Text("Enter writes the file, Esc leaves.", self.role("dim")), id="message")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        path = Path(event.value).expanduser()
        if not event.value.strip():
            self._say("Give the file a name.")
            return
        try:
            clipboard.save(path, self._data, replace=self._confirmed == event.value)
        except FileExistsError:
            self._confirmed = event.value
            self._say("The file exists. Enter again replaces it; or change the name.")
        except OSError as error:
            self._say(sentence(error))
        else:
            self.dismiss(f"Wrote {len(self._data):,} bytes to {path}.")

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Text(clean(text), self.role("error")))

    def do_choice_cancel(self) -> None:
        """Leave without writing."""
        self.dismiss(None)
