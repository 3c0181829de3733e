"""fdlist.*: the descriptors that a poll waits for, as lists in one text."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, Kind, intern_all, ip_text, na
from .context import Context
from .define import Arg, Definition, define
from .fd_socket_fields import IPV4, IPV4_SERVER, IPV6, IPV6_SERVER, sockets
from .rows import RowSet

_ITEM = np.dtype([("fd", "<i8"), ("flags", "<i2")])  # behind a count of two bytes
_MISSING = b"<NA>"

I64 = NDArray[np.int64]


def _numbers(raw: bytes | None) -> I64:
    """Return the descriptor numbers of a list as it is recorded; what is cut off is left out."""
    if raw is None or len(raw) < 2:
        return np.zeros(0, np.int64)
    count = min(int.from_bytes(raw[:2], "little"), (len(raw) - 2) // _ITEM.itemsize)
    return np.frombuffer(raw, _ITEM, count, 2)["fd"].astype(np.int64)


def _texts(ctx: Context, part: str, nums: I64, found: I64) -> list[bytes | None]:
    """Return the text of each descriptor, None: it does not appear in the list."""
    if part == "nums":
        return [b"%d" % num for num in nums.tolist()]
    fds = ctx.index.fds
    if part == "names":
        names = [ctx.strings[int(fds.name[row])] if row >= 0 else b"" for row in found.tolist()]
        return [name or _MISSING for name in names]
    known = found >= 0
    kind = np.where(known, fds.kind[np.maximum(found, 0)], 0) if len(fds.kind) else np.zeros_like(found)
    paired = np.isin(kind, (IPV4, IPV6))
    served = np.isin(kind, (IPV4_SERVER, IPV6_SERVER))
    first = part in ("cips", "cports")
    if part.endswith("ports"):
        port = fds.sport if first else fds.dport
        return [b"%d" % port[row] if ok else None for row, ok in zip(found, paired.tolist(), strict=True)]
    chosen = paired if first else paired | served
    ends = sockets(ctx)
    address = ends.source if first else np.where(ends.serving, ends.source, ends.dest)
    return [
        ip_text(ctx.strings[int(address[row])]).encode() if ok else None
        for row, ok in zip(found.tolist(), chosen.tolist(), strict=True)
    ]


def _list(ctx: Context, rows: RowSet, _arg: Arg, part: str) -> Cells:
    blank = na(Kind.STR, rows.count)
    if rows.synthetic:
        return blank
    polls = (ctx.named("poll", "ppoll") | ctx.named("poll", "ppoll", exits=False))[rows.type]
    places = np.flatnonzero(polls & (rows.thread >= 0))
    if not len(places):
        return blank
    events = rows.rows[places]
    cells = ctx.args.raw("fds", events)
    lists = [_numbers(raw if ok else None) for raw, ok in zip(cells.values, cells.valid, strict=True)]
    sizes = np.array([len(nums) for nums in lists], np.int64)
    nums = np.concatenate(lists)
    owner = np.repeat(ctx.tables.owner_of[rows.thread[places]], sizes)
    found = ctx.tables.find(owner, np.repeat(2 * events, sizes), nums)
    texts = _texts(ctx, part, nums, found)
    bounds = np.concatenate(([0], np.cumsum(sizes))).tolist()
    joined = [b",".join(t for t in texts[a:b] if t is not None) or None for a, b in pairwise(bounds)]
    done = intern_all(ctx.strings, joined)
    blank.values[places] = done.values
    blank.valid[places] = done.valid
    return blank


for _part in ("nums", "names", "cips", "sips", "cports", "sports"):
    define(f"fdlist.{_part}", Definition(per_event=partial(_list, part=_part)))
