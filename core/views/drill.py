"""The stack of views: what a drill-down opens, with which filter, and what is offered there.

A :class:`Stack` is frozen; each action returns a new one, so that "back" is the old one. The filter
of a stack is what :func:`.engine.run_view` gets; the current view adds its own filter itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..query.ast import quote
from ..text import printable
from .catalogue import get_view, list_views
from .loader import DEPTH
from .model import Tile, View

ROOT = ""  # the drill key before any row was entered
NO_KEY = "NONE"  # the drill key of tiles after which no view is offered but the streams and events
ANYWHERE = "*"
LAST_RESORT = "dig"

KeyValue = bytes | str | int | float | None


@dataclass(frozen=True)
class Step:
    """How one view led to the next one."""

    view: str  # id of the view that was left
    filter: str | None  # what the step adds to the filter, or puts in its place
    field: str | None = None  # drill key: the field of the row that was entered; None keeps the last one
    label: str = ""  # what the breadcrumb says, safe to show
    replaces: bool = False  # the filter takes the place of all before it


@dataclass(frozen=True)
class Crumb:
    """One part of the breadcrumb: a view and what it was restricted to when it was opened."""

    view: str  # id
    name: str
    detail: str  # "" for the first; safe to show


@dataclass(frozen=True)
class Stack:
    """Where the user is: the current view and the steps that led to it."""

    view: str = "overview"
    root_filter: str | None = None  # of the command line
    steps: tuple[Step, ...] = ()
    containers: bool = True

    @property
    def key(self) -> str:
        """Return the last drill key: it decides which views are offered."""
        for step in reversed(self.steps):
            if step.field is not None:
                return step.field
        return ROOT

    @property
    def filter(self) -> str | None:
        """Return the filter of all steps, without the current view's own; None: everything."""
        parts: list[str] = [self.root_filter] if self.root_filter else []
        for step in self.steps:
            if step.replaces:
                parts = []
            if step.filter and step.filter not in parts:
                parts.append(step.filter)
        return join(parts)

    @property
    def depth(self) -> int:
        """Return how many steps went one tag deeper (views of spans)."""
        return sum(get_view(step.view).deeper for step in self.steps if step.field is not None)

    def enter(self, value: KeyValue, shown: str | None = None) -> Stack:
        """Drill into the row with this key: ``value`` as the capture has it, None for a missing one.

        ``shown`` is the key's text for the breadcrumb. Views whose rows cannot be entered give the
        stack back unchanged.
        """
        view = get_view(self.view)
        if view.key is None:
            return self
        field = view.key.drill(self.containers).replace(DEPTH, str(self.depth))
        label = f"{field} = {printable(_text(value) if shown is None else shown)}"
        step = Step(view.id, level_filter(view, field, value, self.depth), field, label)
        return replace(self, view=target_of(view, field), steps=(*self.steps, step))

    def open_tile(self, tile: Tile) -> Stack:
        """Open what a tile of the Overview stands for."""
        step = Step(self.view, tile.target_filter, tile.drill_key, tile.name)
        return replace(self, view=tile.target_view, steps=(*self.steps, step))

    def switch(self, view_id: str) -> Stack:
        """Show the same selection in another view; the drill key stays."""
        if view_id == self.view:
            return self
        return replace(self, view=view_id, steps=(*self.steps, Step(self.view, None)))

    def refine(self, text: str | None) -> Stack:
        """Put ``text`` in the place of the stack's filter, until the step is taken back."""
        label = printable(text) if text else "no filter"
        return replace(self, steps=(*self.steps, Step(self.view, text or None, None, label, replaces=True)))

    def back(self) -> Stack:
        """Return the stack before the last step, or the same one at the root."""
        if not self.steps:
            return self
        return replace(self, view=self.steps[-1].view, steps=self.steps[:-1])

    def back_to(self, crumb: int) -> Stack:
        """Return the stack as it was at a part of the breadcrumb (0 = the first)."""
        stack = self
        while len(stack.steps) > max(crumb, 0):
            stack = stack.back()
        return stack

    def crumbs(self) -> list[Crumb]:
        """Return the parts of the breadcrumb, first to current."""
        names = [step.view for step in self.steps] + [self.view]
        details = ["", *(step.label for step in self.steps)]
        return [Crumb(name, get_view(name).name, detail) for name, detail in zip(names, details, strict=True)]

    def offered(self, tag: str | None = None) -> tuple[View, ...]:
        """Return the views that make sense here, by name; with ``tag`` only those that carry it."""
        return tuple(offered(list_views(), self.key, tag))


def join(parts: Iterable[str]) -> str | None:
    """Return the conjunction of filter texts; None when there are none."""
    found = [part.strip() for part in parts if part and part.strip()]
    if len(found) < 2:
        return found[0] if found else None
    return " and ".join(f"({part})" for part in found)


def literal(value: bytes | str | int | float) -> str:
    """Return a value as filter text: numbers bare, text in quotes with escapes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return quote(value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value)


def key_filter(field: str, value: KeyValue) -> str:
    """Return the filter that finds the rows with this key; a missing key is told from an empty one."""
    return f"not {field} exists" if value is None else f"{field}={literal(value)}"


def view_filter(view: View, depth: int = 0) -> str | None:
    """Return a view's own filter with the depth of spans filled in."""
    if view.filter is None:
        return None
    return view.filter.replace(f"{DEPTH}+1", str(depth + 1)).replace(DEPTH, str(depth))


def level_filter(view: View, field: str, value: KeyValue, depth: int = 0) -> str:
    """Return what entering a row of ``view`` adds to the filter."""
    own = view_filter(view, depth)
    check = key_filter(field, value)
    return f"({own}) and {check}" if own and view.propagate_filter else check


def target_of(view: View, field: str) -> str:
    """Return the id of the view that entering a row opens."""
    if view.drilldown is not None:
        return view.drilldown
    fitting = [candidate for candidate in offered(list_views(), field, None) if candidate.key is not None]
    return fitting[0].id if fitting else LAST_RESORT


def offered(views: Iterable[View], key: str, tag: str | None) -> Iterator[View]:
    """Yield the views that apply after the drill key ``key``."""
    for view in views:
        if view.hidden or (tag is not None and tag not in view.tags):
            continue
        if key in view.applies_to or ANYWHERE in view.applies_to:
            yield view


def _text(value: KeyValue) -> bytes | str:
    if value is None:
        return "nothing"
    return value if isinstance(value, bytes | str) else str(value)
