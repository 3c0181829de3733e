"""Help, made from the registry of commands and the keymap in force."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from ..commands import CONTEXTS
from ..model import Column
from ..rows import ListRows
from ..widgets.virtual_table import VirtualTable
from .keyed import KeyedModal

_FILTERS = (
    ("Filters", "", ""),
    ("  proc.name=nginx", "Field and value", "= != < <= > >= contains startswith endswith glob in exists"),
    ("  evt.failed=true and not fd.name contains log", "Joined", "and, or, not, parentheses, quoted texts"),
    ("  fd.sport in (80, 443)", "One of several", "Values in parentheses, with commas"),
)  # fmt: skip


class PaneTable(VirtualTable):
    """A table inside a pane, with the pane's keys."""

    contexts = ("pane",)


class HelpScreen(KeyedModal):
    """Every key of ``contexts`` and what it does."""

    CSS_PATH = "pane.tcss"

    def __init__(self, contexts: tuple[str, ...]) -> None:
        """Take the contexts to explain, innermost first."""
        super().__init__()
        self._explained = contexts

    def compose(self) -> ComposeResult:
        """Title and table."""
        title = f" Help: keys here, then everywhere. Keymap: {self.scaptui.keymap.title} "
        yield Static(Text(title, self.role("header")), id="heading")
        yield PaneTable(id="lines")
        yield Static(Text(" Esc closes ", self.role("dim")), id="hint")

    def on_mount(self) -> None:
        """Fill the table."""
        lines: list[tuple[str, str, str]] = []
        keymap = self.scaptui.keymap
        rest = [context for context in CONTEXTS if context not in self._explained]
        for context in [*self._explained, *rest]:
            bound = keymap.bound(context)
            if bound:
                lines.append((CONTEXTS[context], "", ""))
            for command in bound:
                keys = ", ".join(keymap.keys_of(command, [context]))
                lines.append((f"  {keys}", command.title, command.help))
        lines += _FILTERS
        columns = [Column("KEYS", limit=46), Column("COMMAND", limit=24), Column("WHAT IT DOES", limit=200)]
        table = self.query_one(PaneTable)
        table.show(ListRows(columns, [str(n) for n in range(len(lines))], lines.__getitem__))
        table.focus()

    def do_pane_close(self) -> None:
        """Return."""
        self.dismiss(None)

    do_app_help = do_pane_close
