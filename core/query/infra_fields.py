"""evt.infra.docker.*: what a container engine told the agent, in infrastructure events.

The description of such an event is a list such as ``Event: start; ID: 0123...; Image: web:1.2; name: web``.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .cells import Cells, Kind, intern_all, na
from .context import Context
from .define import Arg, Definition, define
from .rows import RowSet

_EVENT = 286
_DIGITS = 12


def part(description: bytes, head: bytes) -> bytes | None:
    """Return the entry of a description that begins with ``head``, None: it has none."""
    for entry in description.split(b";"):
        entry = entry.strip()
        if not entry.startswith(head) or b":" not in entry:
            continue
        rest = entry.partition(b":")[2]
        value = rest.partition(b":")[0].strip()
        if head == b"ID":
            return value[:_DIGITS]
        if head == b"Image":
            if b"@" in value:
                return value.partition(b"@")[0].strip()
            return rest.strip() if b"sha256" in value else value
        return value
    return None


def _docker(ctx: Context, rows: RowSet, _arg: Arg, head: bytes) -> Cells:
    blank = na(Kind.STR, rows.count)
    places = np.flatnonzero(rows.type == _EVENT)
    if rows.synthetic or not len(places):
        return blank
    told = ctx.args.raw("description", rows.rows[places])
    texts = [part(text, head) if ok else None for text, ok in zip(told.values, told.valid, strict=True)]
    cells = intern_all(ctx.strings, texts)
    blank.values[places] = cells.values
    blank.valid[places] = cells.valid
    return blank


for _name, _head in (
    ("evt.infra.docker.name", b"Event"),
    ("evt.infra.docker.container.id", b"ID"),
    ("evt.infra.docker.container.name", b"name"),
    ("evt.infra.docker.container.image", b"Image"),
):
    define(_name, Definition(per_event=partial(_docker, head=_head)))
