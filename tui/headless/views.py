"""``scaptui views``: the views there are, or the columns of one."""

from __future__ import annotations

import argparse
from typing import Any

from ...core.views.catalogue import get_view, list_views
from ...core.views.model import View
from . import output


def run(arguments: argparse.Namespace) -> None:
    """Print all views by name, or one view's columns."""
    chosen = [get_view(arguments.view)] if arguments.view else [v for v in list_views() if not v.hidden]
    if arguments.json:
        output.write(output.json_text({"views": [_as_json(view) for view in chosen]}) + "\n")
    elif arguments.view:
        lines = [(column.name, column.field, column.description) for column in chosen[0].columns]
        output.rows(("COLUMN", "FIELD", "DESCRIPTION"), lines, (False, False, False))
    else:
        lines = [(view.id, view.name, _first_sentence(view.description)) for view in chosen]
        output.rows(("VIEW", "NAME", "DESCRIPTION"), lines, (False, False, False))


def _as_json(view: View) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "kind": view.kind,
        "description": view.description,
        "filter": view.filter,
        "applies_to": list(view.applies_to),
        "drilldown": view.drilldown,
        "columns": [
            {
                "name": column.name,
                "field": column.field,
                "description": column.description,
                "aggregation": column.aggregation,
                "only": column.only,
            }
            for column in view.columns
        ],
    }


def _first_sentence(text: str) -> str:
    head, dot, _ = " ".join(text.split()).partition(". ")
    return head + dot.strip()
