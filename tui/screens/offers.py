"""What a filter can go on with: a list that narrows while one types, with the meaning of each line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from ..model import Column, Completion, Offer
from ..widgets.virtual_table import VirtualTable
from .pane import Pane, PaneTable

_COLUMNS = (Column("WORD", limit=44), Column("IS", limit=16), Column("MEANING", limit=400))


class OffersTable(PaneTable, can_focus=False):
    """The offers; the keys belong to the line that narrows them."""


class OffersScreen(Pane):
    """Shows the offers of a completion; is dismissed with the chosen :class:`Offer`, or None."""

    screen_contexts = ("choice",)

    def __init__(self, completion: Completion) -> None:
        """Take the offers, and the word that they are narrowed by to begin with."""
        super().__init__(completion.title)
        self._completion = completion
        self._found: Sequence[Offer] = completion.offers

    def compose(self) -> ComposeResult:
        """Title, what is looked for, offers, the chosen one in full, keys."""
        yield Static(id="heading")
        yield Input(self._completion.word, placeholder="Type to narrow the list", id="wanted", compact=True)
        yield OffersTable(id="lines")
        yield Static("", id="value", markup=False)
        yield Static(Text(f" Enter Take it  {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Show what fits the word."""
        super().on_mount()
        self.query_one(Input).focus()

    def fill(self) -> None:
        """Show what fits."""
        wanted = self.query_one(Input).value
        self._found = fitting(self._completion.offers, wanted)
        whole = len(self._completion.offers)
        self.entitle(f"{self._completion.title} · {len(self._found):,} of {whole:,}")
        self.show(_COLUMNS, len(self._found), self._line)
        self.describe()

    def _line(self, at: int) -> tuple[str, ...]:
        offer = self._found[at]
        return offer.shown or offer.text, offer.kind, offer.about

    def full(self, line: int) -> Text:
        """Return an offer with its whole meaning."""
        offer = self._found[line]
        return self.explained(offer.shown or offer.text, offer.about)

    @on(Input.Changed)
    def _narrow(self) -> None:
        self.fill()
        if not self._found:
            self.query_one("#value", Static).update(Text("Nothing fits.", self.role("dim")))

    @on(Input.Submitted)
    @on(VirtualTable.Chosen)
    def _choose(self) -> None:
        if self._found:
            self.dismiss(self._found[self.table.cursor])

    def do_choice_down(self) -> None:
        """One line down."""
        self.table.do_cursor_down()

    def do_choice_up(self) -> None:
        """One line up."""
        self.table.do_cursor_up()

    def do_choice_page_down(self) -> None:
        """A page down."""
        self.table.do_cursor_page_down()

    def do_choice_page_up(self) -> None:
        """A page up."""
        self.table.do_cursor_page_up()

    def do_choice_cancel(self) -> None:
        """Close without a choice."""
        self.dismiss(None)


def fitting(offers: Sequence[Offer], wanted: str) -> list[Offer]:
    """Return the offers that begin with ``wanted``, then those that hold it, then those that speak of it."""
    wanted = wanted.strip().lower()
    if not wanted:
        return list(offers)
    ranks: tuple[list[Offer], ...] = ([], [], [])
    for offer in offers:
        word = (offer.shown or offer.text).lower()
        if word.startswith(wanted):
            ranks[0].append(offer)
        elif wanted in word:
            ranks[1].append(offer)
        elif all(part in offer.about.lower() for part in wanted.split()):
            ranks[2].append(offer)
    return [offer for rank in ranks for offer in rank]
