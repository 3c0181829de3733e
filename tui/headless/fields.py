"""``scaptui fields``: the fields that filters, views and --fields know."""

from __future__ import annotations

import argparse
from typing import Any

from ...core.errors import UsageError
from ...core.query.registry import FieldSpec, documented, nearest
from . import output


def run(arguments: argparse.Namespace) -> None:
    """Print all fields, those of one class (``fd``), or one field."""
    chosen = _chosen(arguments.field)
    if arguments.json:
        output.write(output.json_text({"fields": [_as_json(spec) for spec in chosen]}) + "\n")
        return
    lines = [(spec.written, spec.type(True).lower(), spec.desc) for spec in chosen]
    output.rows(("FIELD", "TYPE", "DESCRIPTION"), lines, (False, False, False))


def _chosen(name: str | None) -> list[FieldSpec]:
    known = documented()
    if name is None:
        return known
    chosen = [spec for spec in known if name in (spec.name, spec.group, spec.name.partition(".")[0])]
    if not chosen:
        hint = nearest(name)
        raise UsageError(f"There is no field called {name}." + (f" Did you mean {hint}?" if hint else ""))
    return chosen


def _as_json(spec: FieldSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "class": spec.group,
        "type": spec.type(True),
        "label": spec.label,
        "description": spec.desc,
        "argument": spec.arg.value,
        "argument_help": spec.arg_help or None,
        "reference": spec.generation,  # which generation of the reference has it; we have all of them
        "flags": sorted(spec.flags),
    }
