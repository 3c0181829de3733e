"""What a view shows: its purpose, its columns, what it counts, and where it leads."""

from __future__ import annotations

from ..cells import duration
from ..model import About, CaptureInfo, Column
from ..state import Query
from .pane import Pane

_COLUMNS = (Column("WHAT", limit=22), Column("FIELD", limit=30), Column("MEANING", limit=400))


class AboutScreen(Pane):
    """Explains a view."""

    def __init__(self, about: About, query: Query, info: CaptureInfo) -> None:
        """Take what there is to say, and the selection it is shown for."""
        super().__init__(about.name)
        self._about = about
        self._query = query
        self._info = info

    def fill(self) -> None:
        """Show a line for each thing there is to say."""
        about, query = self._about, self._query
        span = self._info.duration_ns if query.window is None else query.window[1] - query.window[0]
        lines = [
            ("Purpose", "", about.purpose),
            ("Id", "", about.id),
            ("Own filter", "", about.filter or "none"),
            ("Filter here", "", query.filter or "none"),
            ("Time", "", f"{duration(span)}{'' if query.window is None else ', selected'}"),
            ("A row is", "", about.key or "an event"),
            ("Enter opens", "", about.target or "the fields of the event"),
            *([("Columns", "", "")] if about.columns else []),
            *((f"  {column.name}", column.field, column.help) for column in about.columns),
        ]
        self.show(_COLUMNS, len(lines), lines.__getitem__)

    do_view_about = Pane.do_pane_close
