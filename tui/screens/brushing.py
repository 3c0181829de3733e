"""The spectrogram's side of the main screen: its size, and what becomes of a brush."""

from __future__ import annotations

from textual import on
from textual.timer import Timer

from ..state import EVENTS, FILE_SPECTROGRAM, SPECTROGRAM, ViewState, both
from ..widgets.spectrogram import AXIS, STATUS, SpectrogramView
from .part import Part

DEBOUNCE = 0.15  # seconds without another size before the picture is made anew


class Brushing(Part):
    """Commands of the spectrogram; mixed into the main screen."""

    _resizing: Timer | None = None

    def spectrogram_room(self) -> tuple[int, int]:
        """Return how many columns and lines of cells the view has room for."""
        main = self.query_one("#main")
        return max(1, main.size.width - AXIS), max(1, main.size.height - STATUS)

    @on(SpectrogramView.Resized)
    def _spectrogram_resized(self) -> None:
        if self._resizing is not None:
            self._resizing.stop()
        self._resizing = self.set_timer(DEBOUNCE, self._fit_spectrogram)

    def _fit_spectrogram(self) -> None:
        widget = self.spectrogram
        source = widget.source
        fits = source is not None and source.columns == widget.room[0] and source.lines <= widget.room[1]
        if self.shown is not None and self.shown.info.kind == "spectrogram" and widget.display and not fits:
            self.load()

    def do_view_spectrogram(self) -> None:
        """Show how long the selection's calls took."""
        self.sideways(SPECTROGRAM)

    def do_view_file_spectrogram(self) -> None:
        """Show how long the selection's calls on files took."""
        self.sideways(FILE_SPECTROGRAM)

    @on(SpectrogramView.Chosen)
    def do_brush_open(self) -> None:
        """Select the time of the brush and list its calls."""
        brush, top = self.spectrogram.brush(), self.stack.top
        if brush is None:
            return
        label = self.spectrogram.describe().partition(" · ")[0]
        self.remember()
        self.stack = self.stack.with_window(brush.window)
        self.show_window()
        self.push(ViewState(EVENTS, both(top.passed_on, brush.filter), key_field=top.key_field, label=label))

    def do_brush_zoom(self) -> None:
        """Select the time of the brush and draw the picture anew."""
        brush = self.spectrogram.brush()
        if brush is not None:
            self.set_window(brush.window)
            self.show_window()
