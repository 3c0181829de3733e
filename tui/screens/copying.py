"""Copying what is selected to the clipboard, or to a file."""

from __future__ import annotations

from collections.abc import Callable

from .. import clipboard
from ..jobs import Check
from ..model import Payload
from ..widgets.streams import StreamView
from ..widgets.tiles import TileGrid
from ..widgets.virtual_table import VirtualTable
from .part import Part
from .save import SaveScreen


class Copying(Part):
    """Commands of the clipboard; mixed into the main screen."""

    def do_copy_selection(self) -> None:
        """Copy the stream of the selected block, or the selected row."""
        widget = self.content()
        if isinstance(widget, StreamView):
            self._with_stream(self._copy)
        elif isinstance(widget, TileGrid) and widget.tile is not None:
            self._copy(f"{widget.tile.name}\t{widget.tile.shown}".encode(), "this tile")
        elif isinstance(widget, VirtualTable) and widget.source is not None and widget.count:
            cells = widget.source.rows(widget.cursor, widget.cursor + 1)[0]
            self._copy("\t".join(cells).encode("utf-8", "surrogateescape"), "this row")

    def do_copy_block(self) -> None:
        """Copy the payload of the selected block."""
        block = self.streams.block()
        if block is not None:
            self._copy(block.data, "this block", block.size)

    def do_copy_save(self) -> None:
        """Write the selected stream to a file."""

        def save(data: bytes, what: str, moved: int) -> None:
            self._save(f"{what}: {len(data):,} bytes.{_missing(data, moved)}", data)

        self._with_stream(save)

    def _with_stream(self, then: Callable[[bytes, str, int], None]) -> None:
        """Read the stream of the selected block in a worker; hand on bytes, description, bytes moved."""
        source, at = self.streams.source, self.streams.cursor
        if source is None or not source.count:
            return

        def work(cancelled: Check) -> Payload:
            return source.payload(at, cancelled)

        def done(found: Payload) -> None:
            plural = "s" if found.blocks != 1 else ""
            then(found.data, f"this stream ({found.blocks:,} block{plural})", found.moved)

        self.be_patient()
        self.jobs.start("copy", work, done, lambda text: self.tell(text, "error"))

    def _copy(self, data: bytes, what: str, moved: int = 0) -> None:
        most = clipboard.limit()
        if len(data) > most:
            reason = f"{what}: {len(data):,} bytes, more than the {most:,} the terminal's clipboard takes."
            reason += _missing(data, moved)
            self._save(reason, data)
            return
        self.scaptui.write_clipboard(data)
        self.tell(f"Copied {len(data):,} bytes: {what}.{_missing(data, moved)}")

    def _save(self, reason: str, data: bytes) -> None:
        name = self.gateway.info.name.split(".")[0] or "capture"
        reason = f"{reason[:1].upper()}{reason[1:]} It can go to a file:"
        self.app.push_screen(SaveScreen(reason, f"{name}-stream.bin", data), self._saved)

    def _saved(self, told: str | None) -> None:
        if told:
            self.tell(told)


def _missing(data: bytes, moved: int) -> str:
    """Return a sentence when the calls moved more bytes than the capture has."""
    return f" The calls moved {moved:,}; the capture has no more." if moved > len(data) else ""
