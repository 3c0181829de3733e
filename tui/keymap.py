"""Keymaps: TOML files that map keys, per context, to command ids.

A key is a name of Textual (``f4``, ``ctrl+f``, ``shift+left``) or one character (``/``); keys with a
space between them form a sequence (``v d``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..core.views.tomlfile import nearest
from .commands import BY_ID, CONTEXTS, Command
from .datafile import DataFile, locate

FOLDER = Path(__file__).resolve().parent.parent / "keymaps"
DEFAULT = "inspect"
_NAMED = [
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "enter", "escape", "backspace"),
    *("delete", "insert", "tab", "space"),
    *(f"f{number}" for number in range(1, 25)),  # xterm tells shift+F12 as F24
]
_KEY = re.compile(r"(?:(?:ctrl|shift|alt)\+)*(\S+)")
_SHOWN = {
    "enter": "Enter", "escape": "Esc", "backspace": "Bksp", "space": "Space", "up": "↑", "down": "↓",
    "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
    "delete": "Del", "insert": "Ins", "tab": "Tab",
}  # fmt: skip


class Keymap:
    """What each key does in each context."""

    def __init__(self, name: str, title: str, keys: dict[str, dict[tuple[str, ...], Command]]) -> None:
        """Take the name, the title and, per context, key sequences with their commands."""
        self.name = name
        self.title = title
        self._keys = keys

    def find(self, contexts: Iterable[str], keys: tuple[str, ...]) -> Command | bool:
        """Return the command of a key sequence, True when it begins a longer one, False otherwise.

        ``contexts`` go from the innermost to ``global``; the first that knows the sequence decides.
        """
        for context in contexts:
            table = self._keys.get(context, {})
            if keys in table:
                return table[keys]
            if any(len(sequence) > len(keys) and sequence[: len(keys)] == keys for sequence in table):
                return True
        return False

    def keys_of(self, command: Command, contexts: Iterable[str] | None = None) -> list[str]:
        """Return the keys of a command as people read them, in the order of the file."""
        found: list[str] = []
        for context in contexts if contexts is not None else self._keys:
            for sequence, other in self._keys.get(context, {}).items():
                if other is command:
                    shown = " ".join(shown_key(key) for key in sequence)
                    if shown not in found:
                        found.append(shown)
        return found

    def bound(self, context: str) -> list[Command]:
        """Return the commands that have a key in ``context``, each once, in the order of the file."""
        return list(dict.fromkeys(self._keys.get(context, {}).values()))


def shown_key(key: str) -> str:
    """Return a key as people read it: ``f4`` → ``F4``, ``ctrl+f`` → ``^F``."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    text = _SHOWN.get(name, name.upper() if len(name) > 1 or "ctrl" in modifiers else name)
    return "".join({"ctrl": "^", "shift": "⇧", "alt": "M-"}[modifier] for modifier in modifiers) + text


def load_keymap(name: str | None = None) -> Keymap:
    """Return a built-in keymap by name, or the one in the file ``name`` (when it ends in .toml).

    Raises :class:`DataFileError` for an unknown name, key, context or command, and when no key quits.
    """
    path = locate(name or DEFAULT, FOLDER, "keymap")
    file = DataFile(path, "keymap", CONTEXTS)
    keys: dict[str, dict[tuple[str, ...], Command]] = {}
    for context in CONTEXTS:
        table = keys.setdefault(context, {})
        for written, command_id in file.data[context].items():
            command = BY_ID.get(command_id) if isinstance(command_id, str) else None
            if command is None:
                hint = nearest(str(command_id), list(BY_ID))
                raise file.error(written, f"{command_id!r} is not a command{hint}", context)
            if not command.works_in(context):
                raise file.error(written, f"{command_id} does not work in [{context}]", context)
            sequence = tuple(written.split(" "))
            for key in sequence:
                match = _KEY.fullmatch(key)
                if not match or not (len(match[1]) == 1 or match[1] in _NAMED):
                    raise file.error(written, f"{key!r} is not a key{nearest(key, _NAMED)}", context)
            table[sequence] = command
    if not any(command.id == "app.quit" for command in keys["global"].values()):
        raise file.error("global", "no key leaves the program (app.quit)")
    return Keymap(path.stem, file.title, keys)
