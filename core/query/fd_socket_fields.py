"""fd.* of network sockets: addresses, ports, protocols, by client/server and local/remote."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..equal_rows import distinct_rows
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
        inside = np.zeros(len(fds.kind), np.int64)  # row of `containers`, 0: the host
        if ctx.num_threads:
            opened = np.flatnonzero(fds.opener >= 0)
            inside[opened] = np.maximum(ctx.index.container[fds.opener[opened]], 0)
        self.source, self.source_local = _addresses(ctx, fds.sip, wide, inet, inside)
        self.dest, self.dest_local = _addresses(ctx, fds.dip, wide, inet, inside)
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
    ctx: Context, raw: NDArray[np.uint8], wide: Bools, inet: Bools, inside: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Bools]:
    """Return string ids of addresses, and which are local where they were seen (``inside``)."""
    found = np.zeros(len(raw), np.int64)
    here = np.zeros(len(raw), np.bool_)
    places = _Places(ctx)
    for size, chosen in ((4, np.flatnonzero(inet & ~wide)), (16, np.flatnonzero(inet & wide))):
        if not len(chosen):
            continue
        seen = np.concatenate((raw[chosen, :size], inside[chosen, None].view(np.uint8)), axis=1)
        first, place = distinct_rows(seen.view(np.int32))
        items = [seen[row].tobytes() for row in first]
        known = intern_all(ctx.strings, [item[:size] for item in items])
        found[chosen] = known.values[place]
        local = [places.local(item[:size], int.from_bytes(item[size:], "little")) for item in items]
        here[chosen] = np.array(local, np.bool_)[place]
    return found, here


class _Places:
    """Which addresses are local to the machine, or to a container on it."""

    def __init__(self, ctx: Context) -> None:
        self._modern = ctx.modern
        addresses = [i.addr for i in ctx.index.interfaces]
        self._host = {addr for addr in addresses if len(addr) == 4}
        self._networks = {addr[:8] for addr in addresses if len(addr) == 16}
        self._exact = set(addresses) | {bytes(len(addr)) for addr in addresses}
        self._containers = [_packed(c.ip) for c in ctx.index.containers]
        self._described = [c.has_metadata or c.type >= 0 for c in ctx.index.containers]

    def local(self, addr: bytes, container: int) -> bool:
        """Return whether ``addr`` is local to a row of `containers` (0: the host).

        The old reader knows the addresses of containers: of one without, all are tried, so that an
        end without an address is local there. It knows no IPv6 in containers. The newest reader knows
        no addresses of containers at all.
        """
        if self._modern:
            return not container and addr in self._exact
        if len(addr) == 16:
            return not container and addr[:8] in self._networks
        if container and self._described[container]:
            own = self._containers[container]
            if addr == own or (own == _NOWHERE and addr in self._containers[1:]):
                return True
        return addr in self._host


_NOWHERE = bytes(4)


def _packed(text: str) -> bytes:
    """Return the four bytes of an IPv4 address, zeros if ``text`` is none."""
    try:
        return socket.inet_pton(socket.AF_INET, text)
    except OSError:
        return _NOWHERE


def sockets(ctx: Context) -> Sockets:
    """Return the sockets of the capture, found once."""
    return ctx.once("sockets", lambda: Sockets(ctx))


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
