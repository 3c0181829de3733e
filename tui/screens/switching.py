"""The list of views, and changing to one of them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from ..groups import load_groups
from ..model import Problem
from ..state import OVERVIEW, ViewState
from ..widgets.viewlist import ViewList
from .part import Part
from .problems import ProblemsScreen

NARROW = 100  # below this many columns the list of views is shown only when asked for


def count(problems: Sequence[Problem]) -> str:
    """Return how many problems there are, and where."""
    files = {problem.path for problem in problems}
    word = "mistake" if len(problems) == 1 else "mistakes"
    return f"{len(problems)} {word} in {len(files)} file{'s' if len(files) != 1 else ''}"


class Switching(Part):
    """Commands of the list of views; mixed into the main screen."""

    _list_wanted: bool | None = None  # None: as the width allows

    def fit_list(self) -> None:
        """Show or hide the list, as wanted or as the width allows."""
        wide = self.size.width >= NARROW
        self.views.display = wide if self._list_wanted is None else self._list_wanted

    def do_view_list(self) -> None:
        """Go to the list of views, showing it if it is hidden."""
        self._list_wanted = True
        self.fit_list()
        self.views.focus()

    @on(ViewList.Left)
    def _list_left(self, message: ViewList.Left) -> None:
        self._list_wanted = False if message.hide else None
        self.return_focus()
        self.fit_list()

    @on(ViewList.Picked)
    def _view_picked(self, message: ViewList.Picked) -> None:
        if self.size.width < NARROW:
            self._list_wanted = None
        self.return_focus()
        self.fit_list()
        self.open_view(message.view)

    def do_view_digit(self, digit: str) -> None:
        """Show the same selection in the view with a digit."""
        view = load_groups().digits.get(digit)
        if view is None:
            return
        if view not in [info.id for info in self.gateway.views(self.stack.top.key_field)]:
            self.tell(f"{self.gateway.view(view).name} makes no sense for this selection.")
            return
        self.open_view(view)

    def do_views_reload(self) -> None:
        """Read the user's own views again, and show the one on screen as it is now."""

        def done(problems: Sequence[Problem]) -> None:
            known = [info.id for info in self.gateway.views(self.stack.top.key_field)]
            own = sum(info.own for info in self.gateway.views(""))
            if self.stack.top.view in known:
                self.remember()
                self.load()
            self.views.offer(self.gateway.views(self.stack.top.key_field), self.stack.top.view)
            if problems:
                self.app.push_screen(ProblemsScreen(f"Your own views: {count(problems)}", problems))
            else:
                self.tell(f"{own} view{'s' if own != 1 else ''} of your own.")

        self.jobs.start(
            "views", lambda _: self.gateway.reload_views(), done, lambda text: self.tell(text, "error")
        )

    def tell_of_problems(self) -> None:
        """Say when something is wrong with the user's own views."""
        problems = self.gateway.view_problems()
        if problems:
            self.tell(f"Your own views: {count(problems)}. {self.key_of('views.reload')} shows more.")

    def open_view(self, view: str) -> None:
        """Show the same selection in another view; from the Overview that is a level deeper."""
        top = self.stack.top
        if view == top.view:
            return
        below = self.stack.levels[-2] if self.stack.depth > 1 else None
        if below is not None and (below.view, below.filter) == (view, top.filter):
            self.do_view_back()  # it is what one came from
            return
        if top.view == OVERVIEW:
            self.push(ViewState(view, top.filter, key_field=top.key_field))
            return
        self.stack = self.stack.change(view=view, inherited=None, sort=None, selected=None, scroll=None)
        self.clear_search()
        self.load()
