"""Editing the filter of the level on screen."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from ..model import Completion, FilterProblem, Offer
from ..state import ViewState
from ..widgets.bars import Header
from ..widgets.filterbar import FilterBar
from .offers import OffersScreen, fitting
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

    def do_filter_fields(self) -> None:
        """List the fields; the chosen one is added to the filter of this level."""
        known = self.stack.top.filter
        text = f"({known}) and " if known else ""
        self.filter_bar.open(text)
        self.update_footer()
        self._complete(text, len(text))

    @on(FilterBar.Completing)
    def _completing(self, message: FilterBar.Completing) -> None:
        self._complete(message.text, message.cursor)

    def _complete(self, text: str, cursor: int) -> None:
        window = self.stack.top.window

        def done(found: Completion | None) -> None:
            if self.filter_bar.display and self.filter_bar.input.value == text:
                self._offer(text, cursor, found)

        self.filter_bar.say("Looking what there is…")
        self.be_patient()
        self.jobs.start(
            "complete",
            lambda request: self.gateway.complete(text, cursor, window, request, request.report),
            done,
            self.filter_bar.say,
        )

    def _offer(self, text: str, cursor: int, found: Completion | None) -> None:
        """Put the only word that fits into the filter, or let one be chosen."""
        if found is None or not found.offers:
            self.filter_bar.say("Nothing to choose from here." if found is None else f"{found.title}: none.")
            return
        if not fitting(found.offers, found.word):
            self.filter_bar.say(f"{found.title}: nothing fits {found.word!r}.")
            return
        self.filter_bar.show_problem(None)
        begun = [offer for offer in found.offers if found.word and offer.text.startswith(found.word)]
        if len(begun) != 1:
            self.app.push_screen(OffersScreen(found), lambda offer: self._take(found, offer))
        elif begun[0].text == found.word and cursor == len(text):  # what comes after it?
            self.filter_bar.put(cursor, cursor, " ")
            self._complete(f"{text} ", cursor + 1)
        else:
            self._take(found, begun[0])

    def _take(self, found: Completion, offer: Offer | None) -> None:
        if offer is not None:
            blank = "" if found.joined else " "
            self.filter_bar.put(found.start, found.end, blank + offer.text)

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
        self.jobs.cancel("complete")
        self.filter_bar.close()
        self.return_focus()
