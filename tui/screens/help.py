"""Help, made from the registry of commands and the keymap in force."""

from __future__ import annotations

from ..commands import CONTEXTS
from ..model import Column
from .pane import Pane

_FILTERS = (
    ("Filters", "", ""),
    ("  proc.name=nginx", "Field and value", "= != < <= > >= contains startswith endswith glob in exists"),
    ("  evt.failed=true and not fd.name contains log", "Joined", "and, or, not, parentheses, quoted texts"),
    ("  fd.sport in (80, 443)", "One of several", "Values in parentheses, with commas"),
)  # fmt: skip


_COLUMNS = (Column("KEYS", limit=46), Column("COMMAND", limit=24), Column("WHAT IT DOES", limit=200))


class HelpScreen(Pane):
    """Every key of ``contexts`` and what it does."""

    def __init__(self, contexts: tuple[str, ...]) -> None:
        """Take the contexts to explain, innermost first."""
        super().__init__()
        self._explained = contexts

    def fill(self) -> None:
        """Show a line for each command with a key."""
        self.entitle(f"Help: keys here, then everywhere. Keymap: {self.scaptui.keymap.title}")
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
        self.show(_COLUMNS, len(lines), lines.__getitem__)

    do_app_help = Pane.do_pane_close
