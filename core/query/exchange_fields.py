"""http.* and dns.*: the exchange of a request and its answer that an event belongs to.

Every event of an exchange has all of its fields, on both sides of a connection: a filter on the
status finds the request, too. The dimensions ``http`` and ``dns`` have a row per exchange.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import Literal, overload

import numpy as np

from ..index.tables import I64
from ..protocols import dns
from ..protocols.dns_table import DnsTable, dns_table
from ..protocols.http_table import HttpTable, http_table
from ..protocols.payloads import Cancel
from ..protocols.transactions import Transactions
from .cells import Cells, Kind, intern_all, ints, ip_text
from .context import Context
from .define import Arg, Definition, define

_lock = threading.Lock()


@overload
def exchanges_of(ctx: Context, which: Literal["http"], cancelled: Cancel = None) -> HttpTable: ...
@overload
def exchanges_of(ctx: Context, which: Literal["dns"], cancelled: Cancel = None) -> DnsTable: ...
@overload
def exchanges_of(ctx: Context, which: str, cancelled: Cancel = None) -> HttpTable | DnsTable: ...


def exchanges_of(ctx: Context, which: str, cancelled: Cancel = None) -> HttpTable | DnsTable:
    """Return all exchanges of a capture, found once. Raises Cancelled, and ValueError without payloads."""
    found = ctx.exchanges.get(which)
    if found is not None:
        return found
    if ctx.records is None:
        raise ValueError("the events' payloads are not at hand")
    with _lock:
        if which not in ctx.exchanges:
            find = http_table if which == "http" else dns_table
            ctx.exchanges[which] = find(ctx.index, ctx.records, cancelled)
    return ctx.exchanges[which]


# --- both -----------------------------------------------------------------------------------------


def _id(ctx: Context, _arg: Arg, which: str) -> Cells:
    return ints(exchanges_of(ctx, which).common.number, kind=Kind.UINT)


def _span(ctx: Context, _arg: Arg, which: str, column: str) -> Cells:
    values: I64 = getattr(exchanges_of(ctx, which).common, column)
    return ints(values, values >= 0, kind=Kind.UINT)


def _who(ctx: Context, _arg: Arg, which: str, side: str) -> Cells:
    """Return the program on one side, or its address and, for servers, its port."""
    common = exchanges_of(ctx, which).common
    threads: I64 = getattr(common, side)
    comm = ctx.index.threads.comm
    names = [
        ctx.strings[int(comm[thread])] if thread >= 0 else _address(ctx, fd, side)
        for thread, fd in zip(threads.tolist(), common.fd.tolist(), strict=True)
    ]
    return intern_all(ctx.strings, names)


def _address(ctx: Context, fd: int, side: str) -> bytes | None:
    fds = ctx.index.fds
    if fd < 0 or int(fds.kind[fd]) not in (3, 4):
        return None
    size = 4 if int(fds.kind[fd]) == 3 else 16
    address, port = (fds.sip, fds.sport) if side == "client" else (fds.dip, fds.dport)
    text = ip_text(address[fd, :size].tobytes())
    if side == "server":
        text = f"[{text}]:{port[fd]}" if size == 16 else f"{text}:{port[fd]}"
    return text.encode()


def _pid(ctx: Context, _arg: Arg, which: str, side: str) -> Cells:
    threads = _threads(ctx, which, side)
    pids = ctx.index.threads.pid[np.maximum(threads, 0)] if ctx.num_threads else threads
    return ints(pids, threads >= 0)


def _container(ctx: Context, _arg: Arg, which: str, side: str) -> Cells:
    threads = _threads(ctx, which, side)
    names = intern_all(ctx.strings, [b"host", *(box.name.encode() for box in ctx.index.containers[1:])])
    if not ctx.num_threads:
        return names.take(np.full(len(threads), -1))
    return names.take(np.where(threads >= 0, ctx.index.container[np.maximum(threads, 0)], -1))


def _threads(ctx: Context, which: str, side: str) -> I64:
    common: Transactions = exchanges_of(ctx, which).common
    return common.client if side == "client" else common.server


for _which in ("http", "dns"):

    def _define(name: str, function: partial[Cells], which: str = _which) -> None:
        define(f"{which}.{name}", Definition(dim=which, per_dim=function))

    _define("id", partial(_id, which=_which))
    _define("latency", partial(_span, which=_which, column="latency"))
    _define("servertime", partial(_span, which=_which, column="thinking"))
    for _side in ("client", "server"):
        _define(_side, partial(_who, which=_which, side=_side))
        _define(f"{_side}.pid", partial(_pid, which=_which, side=_side))
        _define(f"{_side}.container", partial(_container, which=_which, side=_side))

# --- HTTP -----------------------------------------------------------------------------------------


def _texts(ctx: Context, values: Sequence[bytes], known: Sequence[bool]) -> Cells:
    return intern_all(ctx.strings, [v if ok else None for v, ok in zip(values, known, strict=True)])


def _request(ctx: Context, _arg: Arg, column: str) -> Cells:
    table = exchanges_of(ctx, "http")
    urls = [table.url(at) for at in range(len(table.common))] if column == "url" else getattr(table, column)
    return _texts(ctx, urls, [bool(method) for method in table.method])


def _answer(ctx: Context, _arg: Arg, column: str) -> Cells:
    table = exchanges_of(ctx, "http")
    return _texts(ctx, getattr(table, column), (table.status > 0).tolist())


def _status(ctx: Context, _arg: Arg) -> Cells:
    status = exchanges_of(ctx, "http").status
    return ints(status, status > 0)


def _size(ctx: Context, _arg: Arg) -> Cells:
    received = exchanges_of(ctx, "http").received
    return ints(received, received >= 0, kind=Kind.UINT)


for _label, _column in (("method", "method"), ("url", "url"), ("host", "host"), ("path", "target")):
    define(f"http.{_label}", Definition(dim="http", per_dim=partial(_request, column=_column)))
for _label, _column in (("reason", "reason"), ("type", "kind")):
    define(f"http.{_label}", Definition(dim="http", per_dim=partial(_answer, column=_column)))
define("http.status", Definition(dim="http", per_dim=_status))
define("http.size", Definition(dim="http", per_dim=_size))

# --- DNS ------------------------------------------------------------------------------------------


def _name(ctx: Context, _arg: Arg) -> Cells:
    return intern_all(ctx.strings, exchanges_of(ctx, "dns").name)


def _type(ctx: Context, _arg: Arg) -> Cells:
    return ctx.words([dns.type_name(code) for code in exchanges_of(ctx, "dns").type.tolist()])


def _rcode(ctx: Context, _arg: Arg) -> Cells:
    codes = exchanges_of(ctx, "dns").rcode.tolist()
    return ctx.words([dns.rcode_name(code) if code >= 0 else None for code in codes])


def _answers(ctx: Context, _arg: Arg) -> Cells:
    table = exchanges_of(ctx, "dns")
    return _texts(ctx, [b", ".join(items) for items in table.answers], (table.rcode >= 0).tolist())


define("dns.name", Definition(dim="dns", per_dim=_name))
define("dns.type", Definition(dim="dns", per_dim=_type))
define("dns.rcode", Definition(dim="dns", per_dim=_rcode))
define("dns.answers", Definition(dim="dns", per_dim=_answers))
