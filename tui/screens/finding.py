"""Searching text in the view on screen."""

from __future__ import annotations

from textual import on

from ..jobs import Request
from ..widgets.filterbar import FindBar
from ..widgets.spectrogram import SpectrogramView
from ..widgets.tiles import TileGrid
from ..widgets.virtual_table import VirtualTable
from .part import Content, Part


class Finding(Part):
    """Commands of the search bar; mixed into the main screen."""

    _wanted: str = ""
    _missed: bool = False  # the last search found nothing
    _origin: int | None = None  # row from which a search began, while its text is typed

    @property
    def searching(self) -> bool:
        """Whether matches are set off."""
        return bool(self._wanted)

    def do_find_open(self) -> None:
        """Ask for a text to look for."""
        widget = self.content()
        self._origin = widget.cursor if widget is not None else None
        self.query_one(FindBar).open(self._wanted)
        self.update_footer()

    @on(FindBar.Typed)
    def _typed(self, message: FindBar.Typed) -> None:
        self._wanted = message.text
        self._mark()
        if message.text:
            self._search(1, origin=self._origin)  # not from where a shorter text led
        else:
            self.jobs.cancel("find")

    @on(FindBar.Done)
    def _done(self, message: FindBar.Done) -> None:
        self.query_one(FindBar).close()
        if not message.keep:
            self.clear_search()
            widget = self.content()
            if self._origin is not None and widget is not None:
                self._go_to(widget, self._origin)
        elif self._missed and not self.jobs.busy("find"):
            self._found(self._wanted, None, 0, 1)
        self.return_focus()

    def do_find_next(self) -> None:
        """Go to the next match."""
        self._search(1)

    def do_find_previous(self) -> None:
        """Go to the match before."""
        self._search(-1)

    def do_mark_next(self) -> None:
        """Go to the next row that stands out."""
        self._to_striking(1)

    def do_mark_previous(self) -> None:
        """Go to the row before that stands out."""
        self._to_striking(-1)

    def _to_striking(self, step: int) -> None:
        source, table = self.table.source, self.table
        if self.content() is not table or source is None or not source.count:
            self.tell("Nothing here stands out.")
            return
        cursor = table.cursor

        def work(request: Request) -> int | None:
            hit = source.striking(cursor + step, step, request)
            if hit is None and not request():
                hit = source.striking(0 if step > 0 else source.count - 1, step, request)
            return hit

        def found(hit: int | None) -> None:
            if hit is None:
                self.tell("Nothing here stands out.")
            elif self.table.source is source:
                if (hit < cursor) == (step > 0) and hit != cursor:
                    self.tell("Around the end.")
                self.table.cursor = hit

        self.be_patient()
        self.jobs.start("find", work, found, self._find_failed)

    def clear_search(self) -> None:
        """Forget the search."""
        self.jobs.cancel("find")
        self._wanted = ""
        self.query_one(FindBar).close()
        self._mark()

    def _mark(self) -> None:
        for widget in (self.table, self.streams):
            widget.set_pattern(self._wanted)

    def _search(self, step: int, *, origin: int | None = None) -> None:
        """Look from behind the cursor or from ``origin`` on, around the end, and go to what is found."""
        widget, text = self.content(), self._wanted
        if widget is None:
            return
        if not text:
            self.do_find_open()
            return
        cursor = widget.cursor if origin is None else origin
        start = cursor + step if origin is None else origin
        if isinstance(widget, TileGrid):
            names = [tile.name.lower() for tile in widget.tiles]
            count = len(names)
            order = [(start + step * n) % count for n in range(count)] if count else []
            found = next((n for n in order if text.lower() in names[n]), None)
            self._found(text, found, cursor, step)
            return
        source = None if isinstance(widget, SpectrogramView) else widget.source
        if source is None:
            self.tell("There is no text here to search in.")
            return

        def work(request: Request) -> int | None:
            hit = source.search(text, start, step, request, request.report)
            if hit is None and not request():
                seen = source.count - start if step > 0 else start + 1

                def report(done: int, total: int) -> None:
                    request.report(min(seen + done, total), total)

                hit = source.search(text, 0 if step > 0 else source.count - 1, step, request, report)
            return hit

        self.be_patient()
        self.jobs.start("find", work, lambda hit: self._found(text, hit, cursor, step), self._find_failed)

    def _found(self, text: str, hit: int | None, cursor: int, step: int) -> None:
        widget = self.content()
        self._missed = hit is None
        if hit is None or widget is None:
            self.tell(f"{text!r} is not here.")
            return
        if (hit < cursor) == (step > 0) and hit != cursor:
            self.tell("The search went around the end.")
        self._go_to(widget, hit)

    @staticmethod
    def _go_to(widget: Content, place: int) -> None:
        if isinstance(widget, VirtualTable):
            widget.cursor = place
        else:
            widget.move_to(place)

    def _find_failed(self, text: str) -> None:
        self.tell(text, "error")
