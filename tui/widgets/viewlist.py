"""The list of views that make sense at this point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ..cells import clean
from ..model import ViewInfo

if TYPE_CHECKING:
    from ..app import ScaptuiApp


class ViewList(OptionList):
    """Offers views by name; the one on screen has a mark."""

    DEFAULT_CSS = """
    ViewList { width: 24; height: 1fr; border: none; padding: 0; scrollbar-size-vertical: 1; }
    """
    contexts = ("views",)
    _offered: list[tuple[str, str | None]] | None = None

    @dataclass
    class Picked(Message):
        """The user wants to see this view."""

        view: str

    class Left(Message):
        """The user wants to return; ``hide``: without the list."""

        def __init__(self, hide: bool) -> None:
            """Take whether the list is to be hidden."""
            self.hide = hide
            super().__init__()

    def offer(self, views: Sequence[ViewInfo], current: str) -> None:
        """Show these views with ``current`` highlighted."""
        options: list[Option] = []
        group = ""
        for view in views:
            if view.group != group:
                group = view.group
                title = Text(clean(group), self.scaptui.palette["tile.category"], no_wrap=True)
                options.append(Option(title, disabled=True))
            mark = "• " if view.id == current else f"{view.digit or ' '} "
            options.append(Option(Text(mark + clean(view.name), no_wrap=True), id=view.id))
        if self._offered != [(str(option.prompt), option.id) for option in options]:
            self._offered = [(str(option.prompt), option.id) for option in options]
            self.clear_options()
            self.add_options(options)
        ids = [option.id for option in options]
        first = next((at for at, option in enumerate(options) if not option.disabled), None)
        self.highlighted = ids.index(current) if current in ids else first

    @property
    def scaptui(self) -> ScaptuiApp:
        """The app, with its own type."""
        return cast("ScaptuiApp", self.app)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Picked(event.option_id))

    def do_views_open(self) -> None:
        """Show the highlighted view."""
        self.action_select()

    def do_cursor_up(self) -> None:
        """One view up."""
        self.action_cursor_up()

    def do_cursor_down(self) -> None:
        """One view down."""
        self.action_cursor_down()

    def do_cursor_page_up(self) -> None:
        """A page up."""
        self.action_page_up()

    def do_cursor_page_down(self) -> None:
        """A page down."""
        self.action_page_down()

    def do_cursor_first(self) -> None:
        """To the first view."""
        self.action_first()

    def do_cursor_last(self) -> None:
        """To the last view."""
        self.action_last()

    def do_views_leave(self) -> None:
        """Return without a change."""
        self.post_message(self.Left(False))

    def do_views_toggle(self) -> None:
        """Return and hide the list."""
        self.post_message(self.Left(True))
