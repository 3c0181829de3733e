"""The filter bar: one line to edit, what is wrong with it below, earlier filters a key away."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from ..cells import clean
from ..model import FilterProblem

PROMPT = "Filter: "


class FilterBar(Vertical):
    """Edits a filter. It neither knows what a filter means nor what it is for."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar .prompt { width: 8; height: 1; }
    FilterBar Input { width: 1fr; height: 1; }
    FilterBar #line { height: 1; layout: horizontal; }
    FilterBar #problem { height: auto; min-height: 2; max-height: 4; }
    """
    contexts = ("filter",)

    @dataclass
    class Edited(Message):
        """The text changed and wants to be checked."""

        text: str

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, FilterBar.Edited)

    @dataclass
    class Submitted(Message):
        """The text is to be applied."""

        text: str

    @dataclass
    class Completing(Message):
        """The user wants to know what can stand at the cursor."""

        text: str
        cursor: int

    class Cancelled(Message):
        """Everything stays as it was."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start closed, with no history."""
        super().__init__(id=id)
        self._history: list[str] = []
        self._at = 0
        self._draft = ""

    def compose(self) -> ComposeResult:
        """Prompt and input, message."""
        with Vertical(id="line"):
            yield Static(PROMPT, classes="prompt", markup=False)
            yield Input(id="text", compact=True, select_on_focus=False)
        yield Static("", id="problem", markup=False)

    @property
    def input(self) -> Input:
        """The line that is edited."""
        return self.query_one("#text", Input)

    def open(self, text: str) -> None:
        """Show the bar with ``text`` to edit."""
        self.display = True
        self._at, self._draft = len(self._history), text
        self.input.value = text
        self.input.cursor_position = len(text)
        self.show_problem(None)
        self.input.focus()

    def close(self) -> None:
        """Hide the bar."""
        self.display = False

    def remember(self, text: str) -> None:
        """Put a filter that was applied into the history."""
        if text:
            self._history = [*(entry for entry in self._history if entry != text), text]

    def show_problem(self, problem: FilterProblem | None) -> None:
        """Show what is wrong, with a mark under the place; None: nothing is."""
        if problem is None:
            self.say("Enter applies, Tab completes, Esc leaves it as it was, ↑↓ earlier filters")
            return
        column = len(PROMPT) + problem.column - self.input.scroll_offset.x
        mark = " " * max(0, column) + "^" if 0 <= column < self.size.width else ""
        self.query_one("#problem", Static).update(Text(f"{mark}\n{clean(problem.message)}"))

    def say(self, text: str) -> None:
        """Show a hint below the line."""
        self.query_one("#problem", Static).update(Text(clean(text), "dim"))

    def put(self, start: int, end: int, text: str) -> None:
        """Put ``text`` in the place of what stands at ``start`` .. ``end``."""
        self.input.value = self.input.value[:start] + text + self.input.value[end:]
        self.input.cursor_position = start + len(text)
        self.input.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Edited(event.value))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(event.value.strip()))

    def do_filter_cancel(self) -> None:
        """Leave everything as it was."""
        self.post_message(self.Cancelled())

    def do_filter_complete(self) -> None:
        """Ask what can stand at the cursor."""
        self.post_message(self.Completing(self.input.value, self.input.cursor_position))

    def do_filter_older(self) -> None:
        """Show an earlier filter."""
        self._recall(-1)

    def do_filter_newer(self) -> None:
        """Show a later filter."""
        self._recall(1)

    def _recall(self, step: int) -> None:
        if self._at == len(self._history):
            self._draft = self.input.value
        self._at = max(0, min(self._at + step, len(self._history)))
        text = self._history[self._at] if self._at < len(self._history) else self._draft
        self.input.value = text
        self.input.cursor_position = len(text)


class FindBar(Vertical):
    """Asks for a text to look for."""

    DEFAULT_CSS = """
    FindBar { height: 1; display: none; layout: horizontal; }
    FindBar .prompt { width: 8; height: 1; }
    FindBar Input { width: 1fr; height: 1; }
    """
    contexts = ("find",)

    @dataclass
    class Typed(Message):
        """The text changed."""

        text: str

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, FindBar.Typed)

    class Done(Message):
        """The bar is to be closed; ``keep``: the search stays."""

        def __init__(self, keep: bool) -> None:
            """Take whether the search stays."""
            self.keep = keep
            super().__init__()

    def compose(self) -> ComposeResult:
        """Prompt and input."""
        yield Static("Search: ", classes="prompt", markup=False)
        yield Input(id="wanted", compact=True, select_on_focus=True)

    def open(self, text: str) -> None:
        """Show the bar."""
        self.display = True
        field = self.query_one(Input)
        field.value = text
        field.focus()

    def close(self) -> None:
        """Hide the bar."""
        self.display = False

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done(True))

    def do_find_cancel(self) -> None:
        """Close and forget the search."""
        self.post_message(self.Done(False))
