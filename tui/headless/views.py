"""``scaptui views``: the views there are, or what one is about."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from ...core.views.answers import why_empty
from ...core.views.catalogue import get_view, library, list_views
from ...core.views.drill import ANYWHERE
from ...core.views.model import CONTAINERS, PLAIN, ColumnSpec, View
from . import output

_HOW = {
    "none": "first value",
    "sum": "sum",
    "avg": "mean",
    "time_avg": "sum, per second on screens",
    "min": "smallest",
    "max": "largest or last",
}
_ONLY = {CONTAINERS: "with --containers", PLAIN: "without --containers"}
_ROWS = {
    "table": "one for each value of",
    "spectrogram": "one for each value of",
    "list": "one for each event",
    "tree": "one for each process",
    "events": "one for each event",
    "echo": "one for each read and write",
    "tiles": "tiles, not rows: scaptui summary",
}


def run(arguments: argparse.Namespace) -> None:
    """Print all views by name, or explain one."""
    tell_problems()
    chosen = [get_view(arguments.view)] if arguments.view else list(list_views())
    if arguments.json:
        output.write(output.json_text({"views": [_as_json(view) for view in chosen]}) + "\n")
    elif arguments.view:
        _explain(chosen[0])
    else:
        lines = [(view.id, view.name, _first_sentence(view.description)) for view in chosen]
        output.rows(("VIEW", "NAME", "DESCRIPTION"), lines, (False, False, False))


def tell_problems() -> None:
    """Write what is wrong with the user's own views to standard error."""
    for problem in library().problems:
        output.complain(str(problem))


def _explain(view: View) -> None:
    output.write(f"{view.name} ({view.id})\n\n{' '.join(view.description.split())}\n")
    why = why_empty(view)
    if why:
        output.write(f"{why}\n")
    output.write("\n")
    for label, text in _facts(view):
        output.write(f"{label:<12}{text}\n")
    output.write("\n")
    lines = [(column.name, column.field, _how(view, column), column.description) for column in view.columns]
    output.rows(("COLUMN", "FIELD", "VALUE", "DESCRIPTION"), lines, (False, False, False, False))


def _facts(view: View) -> Iterator[tuple[str, str]]:
    yield "rows", _rows(view)
    if view.filter:
        yield "filter", " ".join(view.filter.split())
    if view.key:
        key = view.key.group or view.key.field
        other = f", {view.key.containers} with --containers" if view.key.containers else ""
        yield "drill-down", f"to {view.drilldown or 'the first view that fits'} by {key}{other}"
    if view.sort:
        yield "sorted by", view.sort
    if view.applies_to:
        words = {"": "everything", ANYWHERE: "any selection"}
        yield "offered for", ", ".join(words.get(name, name) for name in view.applies_to)
    if view.origin.startswith("/"):
        yield "file", view.origin


def _rows(view: View) -> str:
    if view.source == "http":
        return "one for each request with its answer"
    if view.source == "dns":
        return "one for each question with its answer"
    if view.key is None or view.kind not in ("table", "spectrogram"):
        return _ROWS[view.kind]
    keys = view.key.field + (f" ({view.key.containers} with --containers)" if view.key.containers else "")
    put_together = f", then put together by {view.key.group}" if view.key.group else ""
    return f"{_ROWS[view.kind]} {keys}{put_together}"


def _how(view: View, column: ColumnSpec) -> str:
    """Return how a row gets the value of a column."""
    if view.kind not in ("table", "spectrogram"):
        words = [""]
    else:
        words = [_HOW[column.aggregation]]
        if view.key and view.key.group and column.group != "none":
            words.append(f"then {_HOW[column.group]}")
    if column.where:
        words.append(f"where {column.where}")
    if column.where_new:
        words.append(f"in new captures where {column.where_new}")
    if column.only in _ONLY:
        words.append(_ONLY[column.only])
    return ", ".join(word for word in words if word)


def _as_json(view: View) -> dict[str, Any]:
    key = view.key
    return {
        "id": view.id,
        "name": view.name,
        "kind": view.kind,
        "description": view.description,
        "filter": view.filter,
        "key": key and {"field": key.field, "containers": key.containers, "group": key.group},
        "applies_to": list(view.applies_to),
        "drilldown": view.drilldown,
        "sort": view.sort,
        "answered": why_empty(view) is None,
        "columns": [
            {
                "name": column.name,
                "field": column.field,
                "description": column.description,
                "aggregation": column.aggregation,
                "group": column.group,
                "where": column.where,
                "where_new": column.where_new,
                "width": column.width,
                "only": column.only,
            }
            for column in view.columns
        ],
    }


def _first_sentence(text: str) -> str:
    head, dot, _ = " ".join(text.split()).partition(". ")
    return head + dot.strip()
