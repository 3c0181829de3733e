"""Fields that only one kind of rows has, and no event: what columns of such views may name."""

from __future__ import annotations

from ..query.define import Definition
from ..query.fields import FieldRef
from ..query.registry import ArgRule, FieldSpec

SUMS = {  # what is added up over a process's events, and the field with it
    "events": "evt.count",
    "errors": "evt.count.error",
    "file_in": "evt.buflen.file.in",
    "file_out": "evt.buflen.file.out",
    "net_in": "evt.buflen.net.in",
    "net_out": "evt.buflen.net.out",
}
TREE = {  # name and PT_ type
    "tree.depth": "INT64",
    "tree.threads": "INT64",
    "tree.name": "CHARBUF",
    "tree.command": "CHARBUF",
    "tree.user": "CHARBUF",
    **{f"tree.{name}": "INT64" for name in SUMS},
}
OWN_FIELDS = {"processes": TREE}  # by source


def own_field(source: str, name: str) -> FieldRef | None:
    """Return a field that only rows of this source have, as if the language knew it; None for others."""
    kind = OWN_FIELDS.get(source, {}).get(name)
    if kind is None:
        return None
    spec = FieldSpec(
        name=name,
        group=source,
        label=name,
        desc="",
        type_old=None,
        type_new=None,
        fmt="NA" if kind == "CHARBUF" else "DEC",
        arg=ArgRule.NONE,
        arg_help="",
        flags=frozenset(),
        type_own=kind,
    )
    return FieldRef(spec, None, Definition())
