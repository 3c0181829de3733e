"""Every field of one event, with the way from a value to everything that has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual import on
from textual.widgets import Static

from ..cells import clean
from ..jobs import JobDone, Jobs
from ..model import Column, FieldValue, Gateway
from ..widgets.virtual_table import VirtualTable
from .pane import Pane


@dataclass(frozen=True)
class Use:
    """The value the user wants to go on with: alone, or added to the filter in force."""

    value: FieldValue
    narrow: bool


_COLUMNS = (Column("GROUP", limit=12), Column("FIELD", limit=26), Column("VALUE", limit=4000))


class DetailScreen(Pane):
    """Shows the fields of an event; is dismissed with a :class:`Use` or None.

    ``count`` events are a key away, ``event(i)`` gives the event row of one, and ``at`` is the first shown.
    """

    def __init__(self, gateway: Gateway, event: Callable[[int], int | None], count: int, at: int) -> None:
        """Take the capture, the events of the view it was opened from and which of them to show."""
        super().__init__()
        self.at = at
        self._gateway = gateway
        self._event = event
        self._count = count
        self._fields: Sequence[FieldValue] = ()
        self._jobs = Jobs(self)

    def fill(self) -> None:
        """Show the event."""
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
        old = self._fields[self.table.cursor].name if self._fields else ""
        self._fields = fields
        self.entitle(f"Event {(self._event(self.at) or 0) + 1:,} · {self.at + 1:,} of {self._count:,}")
        names = [field.name for field in fields]
        lines = [(field.group, field.name, field.value) for field in fields]
        self.show(_COLUMNS, len(lines), lines.__getitem__, names.index(old) if old in names else 0)
        self.describe()

    def full(self, line: int) -> Text:
        """Return the whole value, and what the field means."""
        return self.explained(self._fields[line].value, self._fields[line].help)

    def _use(self, narrow: bool) -> None:
        if self._fields:
            field = self._fields[self.table.cursor]
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
        super().do_pane_close()
