"""What all painted widgets share: roles, contexts and lines made of cleaned text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from ..cells import clean

if TYPE_CHECKING:
    from ..app import ScaptuiApp

Piece = tuple[str, Style]


class Painted(Widget):
    """A widget that paints its own lines with the roles of the theme and has keys of its own."""

    contexts: tuple[str, ...] = ()  # of its keys, innermost first

    @property
    def scaptui(self) -> ScaptuiApp:
        """The app, with its own type."""
        return cast("ScaptuiApp", self.app)

    def role(self, name: str) -> Style:
        """Return the style of a role in the theme in force, on the widget's own background.

        A terminal's own background need not go with the theme's colours.
        """
        return self.rich_style + self.scaptui.palette[name]


def strip(pieces: Iterable[Piece], width: int, fill: Style | None = None) -> Strip:
    """Return a line of exactly ``width`` cells made of pieces of (unclean) text."""
    segments = [Segment(clean(text), style) for text, style in pieces if text]
    return Strip(segments).adjust_cell_length(width, fill)


def marked(text: str, pattern: str, base: Style, hit: Style) -> list[Segment]:
    """Return cleaned ``text`` with every occurrence of ``pattern``, in any case, in the style ``hit``."""
    low, wanted = text.lower(), pattern.lower()
    if not wanted or len(low) != len(text) or wanted not in low:
        return [Segment(text, base)]
    pieces: list[Segment] = []
    at = 0
    while (found := low.find(wanted, at)) >= 0:
        if found > at:
            pieces.append(Segment(text[at:found], base))
        at = found + len(wanted)
        pieces.append(Segment(text[found:at], hit))
    return [*pieces, Segment(text[at:], base)] if at < len(text) else pieces
