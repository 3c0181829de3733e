"""A menu that narrows while one types: the command palette, the columns to sort by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ..cells import clean, fit
from .keyed import KeyedModal


@dataclass(frozen=True)
class Choice:
    """One entry: what is returned, what is shown, and a hint on the right."""

    id: str
    title: str
    hint: str = ""


class ChoiceScreen(KeyedModal):
    """Shows ``choices``; is dismissed with the id of the chosen one, or None."""

    CSS_PATH = "choice.tcss"
    screen_contexts = ("choice",)

    def __init__(self, title: str, choices: Sequence[Choice], current: str | None = None) -> None:
        """Take the title, the entries and the one to begin with."""
        super().__init__()
        self._heading = title
        self._choices = choices
        self._current = current

    def compose(self) -> ComposeResult:
        """Title, input, list."""
        with Vertical(id="box"):
            yield Static(Text(self._heading, self.role("column")), id="heading")
            yield Input(placeholder="Type to narrow the list", id="wanted", compact=True)
            yield OptionList(id="options", compact=True)

    def on_mount(self) -> None:
        """Show everything."""
        self._fill("")

    def _fill(self, wanted: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        found = [choice for choice in self._choices if _matches(wanted, choice.title)]
        width = 46
        for choice in found:
            text = Text(fit(choice.title, width))
            text.append(clean(choice.hint).rjust(12), self.role("dim"))
            options.add_option(Option(text, id=choice.id))
        if found:
            ids = [choice.id for choice in found]
            options.highlighted = ids.index(self._current) if self._current in ids else 0

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _submit(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None and options.option_count:
            self.dismiss(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def do_choice_down(self) -> None:
        """One entry down."""
        self.query_one(OptionList).action_cursor_down()

    def do_choice_up(self) -> None:
        """One entry up."""
        self.query_one(OptionList).action_cursor_up()

    def do_choice_page_down(self) -> None:
        """A page down."""
        self.query_one(OptionList).action_page_down()

    def do_choice_page_up(self) -> None:
        """A page up."""
        self.query_one(OptionList).action_page_up()

    def do_choice_cancel(self) -> None:
        """Close without a choice."""
        self.dismiss(None)


def _matches(wanted: str, title: str) -> bool:
    """Return whether every word of ``wanted`` is in ``title``."""
    return all(word in title.lower() for word in wanted.lower().split())
