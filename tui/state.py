"""What the user looks at: a frozen state per level of the drill-down, and the stack of levels.

Times are nanoseconds since the epoch; a window is ``[from, to)`` or None for the whole capture. The window
belongs to all levels at once, so that going back never brings an older one with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Window = tuple[int, int]
OVERVIEW = "overview"
STREAMS = "echo"
EVENTS = "dig"
SESSIONS = "spy_users"
PROCESSES = "proc_tree"
SPECTROGRAM = "spectro_all"
FILE_SPECTROGRAM = "spectro_file"


@dataclass(frozen=True)
class Query:
    """Which events a view is about."""

    filter: str = ""
    window: Window | None = None


@dataclass(frozen=True)
class ViewState:
    """One level of the drill-down."""

    view: str = OVERVIEW
    filter: str = ""  # the complete filter of this level, without the view's own and without the window
    inherited: str | None = None  # what drill-downs add to, when it is not `filter`
    key_field: str = ""  # field of the last selection; decides which views are offered; "": whole capture
    label: str = ""  # what was selected to get here, for the breadcrumbs
    window: Window | None = None
    edited: bool = False  # the filter was typed by hand
    sort: tuple[str, bool | None] | None = None  # column, largest first (None: its usual way round)
    selected: str | None = None  # key of the selected row
    scroll: int | None = None  # first row shown; None: where the selected row is in sight

    @property
    def passed_on(self) -> str:
        """Return the filter that drill-downs from here add to."""
        return self.filter if self.inherited is None else self.inherited

    @property
    def query(self) -> Query:
        """Return the events this level is about."""
        return Query(self.filter, self.window)


@dataclass(frozen=True)
class Stack:
    """The levels from the Overview of the whole capture to where the user is; never empty."""

    levels: tuple[ViewState, ...] = (ViewState(),)

    @property
    def top(self) -> ViewState:
        """The level on screen."""
        return self.levels[-1]

    @property
    def depth(self) -> int:
        """How many levels there are."""
        return len(self.levels)

    def push(self, state: ViewState) -> Stack:
        """Return the stack with ``state`` on top; it takes the window in force."""
        return Stack((*self.levels, replace(state, window=self.top.window)))

    def pop(self) -> Stack:
        """Return the stack without its top; the lowest level stays."""
        return Stack(self.levels[:-1]) if self.depth > 1 else self

    def change(self, **fields: Any) -> Stack:
        """Return the stack with fields of its top changed."""
        return Stack((*self.levels[:-1], replace(self.top, **fields)))

    def with_window(self, window: Window | None) -> Stack:
        """Return the stack with another time window on every level."""
        return Stack(tuple(replace(level, window=window) for level in self.levels))


def both(first: str, second: str) -> str:
    """Return the filter that passes what passes ``first`` and ``second``; an empty one passes all."""
    first, second = first.strip(), second.strip()
    if not first or not second or first == second:
        return first or second
    return f"({first}) and ({second})"
