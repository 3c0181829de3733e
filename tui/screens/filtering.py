"""Editing the filter of the level on screen."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from ..model import FilterProblem
from ..state import ViewState
from ..widgets.bars import Header
from ..widgets.filterbar import FilterBar
from .part import Part


class Filtering(Part):
    """Commands of the filter bar; mixed into the main screen."""

    @on(Header.FilterClicked)
    def do_filter_edit(self) -> None:
        """Show the filter of this level and let it be changed."""
        self.filter_bar.open(self.stack.top.filter)
        self.update_footer()

    @on(FilterBar.Edited)
    def _filter_edited(self, message: FilterBar.Edited) -> None:
        text = message.text.strip()
        offset = len(message.text) - len(message.text.lstrip())

        def done(problem: FilterProblem | None) -> None:
            if self.filter_bar.display:
                self.filter_bar.show_problem(problem and replace(problem, column=problem.column + offset))

        self.jobs.start(
            "check", lambda _: self.gateway.check(text) if text else None, done, self._filter_failed
        )

    def _filter_failed(self, text: str) -> None:
        self.tell(text, "error")

    @on(FilterBar.Submitted)
    def _filter_submitted(self, message: FilterBar.Submitted) -> None:
        text = message.text

        def done(problem: FilterProblem | None) -> None:
            if problem is None:
                self._apply(text)
            else:
                self.filter_bar.show_problem(problem)

        self.jobs.start(
            "check", lambda _: self.gateway.check(text) if text else None, done, self._filter_failed
        )

    def _apply(self, text: str) -> None:
        self.filter_bar.close()
        self.filter_bar.remember(text)
        self.return_focus()
        top = self.stack.top
        if text == top.filter:
            return
        if top.edited:
            self.remember()
            self.stack = self.stack.change(filter=text)
            self.load()
        else:
            label = "edited" if text else "unfiltered"
            self.push(
                ViewState(top.view, text, key_field=top.key_field, label=label, edited=True, sort=top.sort)
            )

    @on(FilterBar.Cancelled)
    def _filter_cancelled(self) -> None:
        self.jobs.cancel("check")
        self.filter_bar.close()
        self.return_focus()
