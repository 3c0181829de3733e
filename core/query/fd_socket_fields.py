"""fd.* of network sockets: addresses, ports, protocols, by client/server and local/remote."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..index.tables import FD_CLIENT, FD_SERVER
from .cells import Bools, Cells, Kind, bools, ids, intern_all, ints
from .context import Context
from .define import Arg, Definition, define, dimension
from .fd_fields import of_fds

IPV4, IPV6, IPV4_SERVER, IPV6_SERVER, UNIX = 3, 4, 5, 6, 8
RAW = 5
_PROTOCOLS = {2: "tcp", 3: "udp", 4: "icmp", RAW: "raw"}


class Ends(NamedTuple):
    """One side of the sockets of `fds`; ``valid`` is false where the side does not exist."""

    address: NDArray[np.int64]  # string ids of 4 or 16 bytes
    port: NDArray[Any]
    valid: Bools


class Sockets:
    """The sockets among the rows of `fds`, their ends and which of them is on this machine."""

    def __init__(self, ctx: Context) -> None:
        """Look at the descriptors of ``ctx``."""
        fds = ctx.index.fds
        self.kind = fds.kind
        self.tuple = np.isin(fds.kind, (IPV4, IPV6))
        self.serving = np.isin(fds.kind, (IPV4_SERVER, IPV6_SERVER))
        self.role = (fds.flags & (FD_CLIENT | FD_SERVER)) != 0
        wide = np.isin(fds.kind, (IPV6, IPV6_SERVER))
        inet = self.tuple | self.serving
        local = {i.addr for i in ctx.index.interfaces}
        local |= {bytes(len(addr)) for addr in local}  # an end without an address counts as ours
        self.source, self.source_local = _addresses(ctx, fds.sip, wide, inet, local)
        self.dest, self.dest_local = _addresses(ctx, fds.dip, wide, inet, local)
        if ctx.modern and ctx.num_threads:  # the newest reader knows no addresses of containers
            outside = (fds.opener < 0) | (ctx.index.container[np.maximum(fds.opener, 0)] <= 0)
            self.source_local &= outside
            self.dest_local &= outside
        self.sport, self.dport = fds.sport, fds.dport

    def end(self, which: str) -> Ends:
        """Return the ``c``lient's, ``s``erver's, ``l``ocal or ``r``emote end of each row of `fds`."""
        paired = self.tuple & self.role
        client = Ends(self.source, self.sport, paired)
        if which == "c":
            return client
        if which == "s":
            own = self.serving
            return Ends(
                np.where(own, self.source, self.dest),
                np.where(own, self.sport, self.dport),
                paired | own,
            )
        here = self.source_local if which == "l" else ~self.source_local
        return Ends(np.where(here, self.source, self.dest), np.where(here, self.sport, self.dport), paired)

    def sides(self) -> tuple[Ends, Ends]:
        """Return both ends of each row of `fds`, whatever their roles: a server's own end twice."""
        own = self.serving
        first = Ends(self.source, self.sport, self.tuple | own)
        second = Ends(
            np.where(own, self.source, self.dest), np.where(own, self.sport, self.dport), self.tuple | own
        )
        return first, second


def _addresses(
    ctx: Context, raw: NDArray[np.uint8], wide: Bools, inet: Bools, local: set[bytes]
) -> tuple[NDArray[np.int64], Bools]:
    """Return string ids of addresses, and which belong to the machine's interfaces."""
    found = np.zeros(len(raw), np.int64)
    here = np.zeros(len(raw), np.bool_)
    for size, chosen in ((4, np.flatnonzero(inet & ~wide)), (16, np.flatnonzero(inet & wide))):
        if not len(chosen):
            continue
        distinct, inverse = np.unique(raw[chosen, :size], axis=0, return_inverse=True)
        items = [row.tobytes() for row in distinct]
        known = intern_all(ctx.strings, items)
        place = inverse.reshape(-1)
        found[chosen] = known.values[place]
        here[chosen] = np.array([item in local for item in items], np.bool_)[place]
    return found, here


def sockets(ctx: Context) -> Sockets:
    """Return the sockets of the capture, found once."""
    if ctx.sockets is None:
        ctx.sockets = Sockets(ctx)
    return ctx.sockets


# --- addresses, ports, networks -----------------------------------------------------------------------


def _address(ctx: Context, _arg: Arg, which: str) -> Cells:
    found = sockets(ctx)
    end = found.end(which)
    return of_fds(ctx, ids(end.address, end.valid & found.role, Kind.IP))


def _port(ctx: Context, _arg: Arg, which: str) -> Cells:
    end = sockets(ctx).end(which)
    return of_fds(ctx, ints(end.port, end.valid))


for _which in "cslr":
    define(f"fd.{_which}ip", Definition(dim="fd", per_dim=partial(_address, which=_which), literal="ip"))
    define(f"fd.{_which}net", Definition(dim="fd", per_dim=partial(_address, which=_which), literal="net"))
    define(f"fd.{_which}port", Definition(dim="fd", per_dim=partial(_port, which=_which), literal="port"))


def _either(ctx: Context, arg: Arg, part: str) -> Cells:
    """Return one of the two sides (0 or 1): a filter looks at both."""
    end = sockets(ctx).sides()[int(arg or "0")]
    cells = ints(end.port, end.valid) if part == "port" else ids(end.address, end.valid, Kind.IP)
    return of_fds(ctx, cells)


for _name, _part, _literal in (
    ("fd.ip", "ip", "ip"),
    ("fd.net", "ip", "net"),
    ("fd.port", "port", "port"),
    ("fd.proto", "port", "port"),
):
    define(
        _name,
        Definition(dim="fd", per_dim=partial(_either, part=_part), literal=_literal, sides=2),
    )

# --- protocols ----------------------------------------------------------------------------------------


def service_port(name: str) -> int | None:
    """Return the port of a service, None: there is no such service."""
    for protocol in ("tcp", "udp"):
        try:
            return socket.getservbyname(name, protocol)
        except (OSError, ValueError, UnicodeError):
            continue
    return None


def _service(ctx: Context, _arg: Arg, which: str) -> Cells:
    """Return ports as text: the reference tools name services only when told to."""
    end = sockets(ctx).end(which)
    distinct, inverse = np.unique(end.port.astype(np.int64), return_inverse=True)
    words = [str(port) for port in distinct.tolist()]
    return of_fds(ctx, ctx.words(list(words)).take(inverse.reshape(-1)).where(end.valid))


for _which in "cslr":
    define(f"fd.{_which}proto", Definition(dim="fd", per_dim=partial(_service, which=_which)))


@dimension("fd", "fd.l4proto")
def _l4proto(ctx: Context, _arg: Arg) -> Cells:
    known = sockets(ctx)
    raw = known.tuple & (ctx.index.fds.l4proto == RAW)
    named = (known.tuple & known.role) | known.serving | raw
    words = ctx.words([_PROTOCOLS.get(code, "<NA>") for code in range(257)])
    return of_fds(ctx, words.take(np.where(named, ctx.index.fds.l4proto.astype(np.int64), 256)))


@dimension("fd", "fd.sockfamily")
def _sockfamily(ctx: Context, _arg: Arg) -> Cells:
    known = sockets(ctx)
    family = np.where(known.tuple | known.serving, 0, np.where(known.kind == UNIX, 1, -1))
    return of_fds(ctx, ctx.words(["ip", "unix"]).take(family))


@dimension("fd", "fd.is_server")
def _is_server(ctx: Context, _arg: Arg) -> Cells:
    known = sockets(ctx)
    return of_fds(ctx, bools(known.serving | (known.tuple & known.dest_local)))
