"""Keys of screens: from a key to a command of the registry, to the nearest node that carries it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rich.style import Style
from textual import events
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen

from ..commands import BY_ID, Command

if TYPE_CHECKING:
    from ..app import ScaptuiApp


class Keyed(Screen[Any]):
    """A screen whose keys come from the keymap."""

    screen_contexts: tuple[str, ...] = ("global",)

    def __init__(self) -> None:
        """Start with no key pressed."""
        super().__init__()
        self._pressed: tuple[str, ...] = ()

    @property
    def scaptui(self) -> ScaptuiApp:
        """The app, with its own type."""
        return cast("ScaptuiApp", self.app)

    def role(self, name: str) -> Style:
        """Return the style of a role in the theme in force."""
        return self.scaptui.palette[name]

    def contexts(self) -> tuple[str, ...]:
        """Return the contexts whose keys work now, innermost first."""
        inner = [context for node in self.nodes()[:-2] for context in getattr(node, "contexts", ())]
        return tuple(dict.fromkeys([*inner, *self.screen_contexts]))

    def nodes(self) -> list[DOMNode]:
        """Return the nodes that can carry out commands, innermost first."""
        inner = (
            []
            if self.focused is None
            else [n for n in self.focused.ancestors_with_self if n not in (self, self.app)]
        )
        return [*inner, self, self.app]

    def on_key(self, event: events.Key) -> None:
        """Do what the keymap says about a key, or remember the beginning of a sequence."""
        names = [event.key]
        if event.character is not None and event.character.isprintable() and event.character != " ":
            names.append(event.character)
        for before in dict.fromkeys((self._pressed, ())):
            for name in names:
                found = self.scaptui.keymap.find(self.contexts(), (*before, name))
                if found is False:
                    continue
                event.stop()
                event.prevent_default()
                self._pressed = (*before, name) if found is True else ()
                if isinstance(found, Command):
                    self.perform(found)
                return
        self._pressed = ()

    def key_of(self, command_id: str) -> str:
        """Return the first key of a command as people read it; the way through the palette without one."""
        keys = self.scaptui.keymap.keys_of(BY_ID[command_id])
        return keys[0] if keys else f"the command {BY_ID[command_id].title!r}"

    def perform(self, command: Command) -> None:
        """Carry out a command."""
        for node in self.nodes():
            method = getattr(node, command.method, None)
            if method is not None:
                method(*(() if command.argument is None else (command.argument,)))
                return


class KeyedModal(Keyed, ModalScreen[Any]):
    """A screen above another, with its own keys only."""

    screen_contexts = ("pane",)

    def hints(self) -> str:
        """Return the keys that work here and have a label, as the keymap has them: ``Esc Close  n Next``."""
        keymap = self.scaptui.keymap
        found: dict[str, str] = {}
        for context in self.screen_contexts:
            for command in keymap.bound(context):
                label = command.hint or command.footer
                if label and self.can(command):
                    found.setdefault(label, keymap.keys_of(command, [context])[0])
        return "  ".join(f"{key} {label}" for label, key in found.items())

    def can(self, command: Command) -> bool:
        """Return whether something here carries out the command."""
        return any(hasattr(node, command.method) for node in [*self.walk_children(), self])
