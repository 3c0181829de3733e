"""Whether captures can answer a view at all: whether its fields are computed by this version.

Decided when asked, from the fields that there are: a view of tracers or of Kubernetes comes to life with
its fields.
"""

from __future__ import annotations

from ..query import modules
from ..query.define import DEFINITIONS
from ..query.registry import lookup
from .loader import DEPTH
from .model import View
from .ownfields import OWN_FIELDS


def why_empty(view: View) -> str | None:
    """Return the sentence that says why no capture answers a view; None when captures do."""
    modules.load()
    for name in _names(view):
        found = lookup(name.replace(DEPTH, "0").partition("[")[0])
        if name in OWN_FIELDS.get(view.source, ()) or (found and found[0].name in DEFINITIONS):
            continue
        why = modules.why_not(found[0]) if found else "is no field"
        return f"No capture answers this view: {name.partition('[')[0]} {why}."
    return None


def _names(view: View) -> list[str]:
    key = view.key
    keys = [key.field, key.containers, key.group] if key else []
    return [name for name in (*keys, *(column.field for column in view.columns)) if name]
