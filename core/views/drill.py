"""Drill-downs: what entering a row opens, with which filter, and which views are offered after it.

The filter texts are what :func:`.engine.run_view` and :meth:`..capture.Capture.select` take; a view adds
its own filter itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..query.ast import quote
from .catalogue import list_views
from .loader import DEPTH
from .model import View

ANYWHERE = "*"
LAST_RESORT = "dig"

KeyValue = bytes | str | int | float | None


def join(parts: Iterable[str | None]) -> str | None:
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
