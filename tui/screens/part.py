"""What the parts of the main screen know of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import Rows, Streams, Summary, ViewInfo
from ..state import ViewState
from .keyed import Keyed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs import Check, Jobs
    from ..model import Gateway
    from ..state import Stack, Window
    from ..widgets.bars import Header
    from ..widgets.filterbar import FilterBar
    from ..widgets.streams import StreamView
    from ..widgets.tiles import TileGrid
    from ..widgets.virtual_table import VirtualTable


Loaded = Summary | Rows | Streams


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
        jobs: Jobs
        stack: Stack
        shown: Shown | None

        @property
        def header(self) -> Header: ...  # noqa: D102
        @property
        def tiles(self) -> TileGrid: ...  # noqa: D102
        @property
        def table(self) -> VirtualTable: ...  # noqa: D102
        @property
        def streams(self) -> StreamView: ...  # noqa: D102
        @property
        def filter_bar(self) -> FilterBar: ...  # noqa: D102
        def content(self) -> TileGrid | VirtualTable | StreamView | None: ...  # noqa: D102
        def tell(self, text: str, role: str = "notice") -> None: ...  # noqa: D102
        def return_focus(self) -> None: ...  # noqa: D102
        def update_footer(self) -> None: ...  # noqa: D102
        def load(self) -> None: ...  # noqa: D102
        def remember(self) -> None: ...  # noqa: D102
        def push(self, state: ViewState) -> None: ...  # noqa: D102
        def be_patient(self) -> None: ...  # noqa: D102
        def run_work(self, info: ViewInfo, work: Callable[[Check], Loaded]) -> None: ...  # noqa: D102
        def set_window(self, window: Window | None) -> None: ...  # noqa: D102
