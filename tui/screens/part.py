"""What the parts of the main screen know of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import ViewInfo
from ..state import ViewState
from ..widgets.spectrogram import SpectrogramView
from ..widgets.streams import StreamView
from ..widgets.tiles import TileGrid
from ..widgets.virtual_table import VirtualTable
from .keyed import Keyed
from .loading import Found, Loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..commands import Command
    from ..jobs import Jobs, Request
    from ..layout import Layout
    from ..model import Gateway, Rows
    from ..remember import Memory
    from ..state import Stack, Window
    from ..widgets.bars import Header
    from ..widgets.filterbar import FilterBar
    from ..widgets.viewlist import ViewList

Content = TileGrid | VirtualTable | StreamView | SpectrogramView


@dataclass(frozen=True)
class Shown:
    """What is on screen: the state it was made for, and what came back."""

    state: ViewState
    info: ViewInfo
    content: Loaded


class Part(Keyed):
    """Base of the groups of commands that make up the main screen, which provides all that is named here."""

    if TYPE_CHECKING:
        gateway: Gateway
        memory: Memory
        jobs: Jobs
        stack: Stack
        shown: Shown | None
        held: list[Command]

        @property
        def header(self) -> Header: ...  # noqa: D102
        @property
        def tiles(self) -> TileGrid: ...  # noqa: D102
        @property
        def table(self) -> VirtualTable: ...  # noqa: D102
        @property
        def streams(self) -> StreamView: ...  # noqa: D102
        @property
        def views(self) -> ViewList: ...  # noqa: D102
        @property
        def filter_bar(self) -> FilterBar: ...  # noqa: D102
        @property
        def spectrogram(self) -> SpectrogramView: ...  # noqa: D102
        def content(self) -> Content | None: ...  # noqa: D102
        def tell(self, text: str, role: str = "notice") -> None: ...  # noqa: D102
        def return_focus(self) -> None: ...  # noqa: D102
        def update_footer(self) -> None: ...  # noqa: D102
        def load(self) -> None: ...  # noqa: D102
        def remember(self) -> None: ...  # noqa: D102
        def push(self, state: ViewState) -> None: ...  # noqa: D102
        def be_patient(self) -> None: ...  # noqa: D102
        def run_work(  # noqa: D102
            self, info: ViewInfo, work: Callable[[Request], Found], then: Callable[[], None] | None = None
        ) -> None: ...
        def replace_rows(self, rows: Rows, cursor: int) -> None: ...  # noqa: D102
        def clear_search(self) -> None: ...  # noqa: D102
        def keep_layout(self, view: str, layout: Layout) -> None: ...  # noqa: D102
        def update_header(self) -> None: ...  # noqa: D102
        def show_window(self) -> None: ...  # noqa: D102
        def do_view_back(self) -> None: ...  # noqa: D102
        def do_brush_open(self) -> None: ...  # noqa: D102
        def sideways(self, view: str) -> None: ...  # noqa: D102
        def set_window(self, window: Window | None) -> None: ...  # noqa: D102
