"""Every field of one event, with the way from a value to everything that has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ..cells import clean
from ..jobs import JobDone, Jobs
from ..model import Column, FieldValue, Gateway
from ..rows import ListRows
from ..widgets.virtual_table import VirtualTable
from .help import PaneTable
from .keyed import KeyedModal


@dataclass(frozen=True)
class Use:
    """The value the user wants to go on with: alone, or added to the filter in force."""

    value: FieldValue
    narrow: bool


class DetailScreen(KeyedModal):
    """Shows the fields of an event; is dismissed with a :class:`Use` or None.

    ``count`` events are a key away, ``event(i)`` gives the event row of one, and ``at`` is the first shown.
    """

    CSS_PATH = "pane.tcss"

    def __init__(self, gateway: Gateway, event: Callable[[int], int | None], count: int, at: int) -> None:
        """Take the capture, the events of the view it was opened from and which of them to show."""
        super().__init__()
        self.at = at
        self._gateway = gateway
        self._event = event
        self._count = count
        self._fields: Sequence[FieldValue] = ()
        self._jobs = Jobs(self)

    def compose(self) -> ComposeResult:
        """Title, fields, the chosen value in full, keys."""
        yield Static("", id="heading")
        yield PaneTable(id="lines")
        yield Static("", id="value")
        yield Static(Text(f" {self.hints()}", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Show the event."""
        self.query_one(PaneTable).focus()
        self._load()

    def _load(self) -> None:
        event = self._event(self.at)
        if event is not None:
            self._jobs.start("details", partial(self._gateway.details, event), self._show, self._failed)

    def on_job_done(self, message: JobDone) -> None:
        """Take a result."""
        self._jobs.deliver(message)

    def _failed(self, text: str) -> None:
        self.query_one("#value", Static).update(Text(clean(text), self.role("error")))

    def _show(self, fields: Sequence[FieldValue]) -> None:
        table = self.query_one(PaneTable)
        old = self._fields[table.cursor].name if self._fields else ""
        self._fields = fields
        title = f" Event {(self._event(self.at) or 0) + 1:,} · {self.at + 1:,} of {self._count:,} "
        self.query_one("#heading", Static).update(Text(title, self.role("header")))
        columns = [Column("GROUP", limit=12), Column("FIELD", limit=26), Column("VALUE", limit=4000)]
        names = [field.name for field in fields]
        rows = ListRows(columns, names, lambda i: (fields[i].group, fields[i].name, fields[i].value))
        table.show(rows, names.index(old) if old in names else 0)
        self._describe()

    @on(VirtualTable.Moved)
    def _describe(self) -> None:
        table = self.query_one(PaneTable)
        if self._fields and table.count:
            field = self._fields[table.cursor]
            text = Text(clean(field.value[:4000]))
            if field.help:
                text.append("\n" + clean(field.help), self.role("dim"))
            self.query_one("#value", Static).update(text)

    def _use(self, narrow: bool) -> None:
        if self._fields:
            field = self._fields[self.query_one(PaneTable).cursor]
            if field.filter:
                self.dismiss(Use(field, narrow))
            else:
                self.notify("There is no filter for this value.", markup=False)

    @on(VirtualTable.Chosen)
    def do_pane_use(self) -> None:
        """Go to everything with this value."""
        self._use(False)

    def do_pane_narrow(self) -> None:
        """Add this value to the filter."""
        self._use(True)

    def do_pane_next(self) -> None:
        """Show the next event."""
        if self.at < self._count - 1:
            self.at += 1
            self._load()

    def do_pane_previous(self) -> None:
        """Show the event before."""
        if self.at > 0:
            self.at -= 1
            self._load()

    def do_pane_close(self) -> None:
        """Return."""
        self._jobs.close()
        self.dismiss(None)
