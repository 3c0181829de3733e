"""Sockets: tuples, roles and their changes by bind, connect, accept and datagrams. Kernels.

Rules: state engine, sections 2.1 and 6. The client is always the source side of a tuple.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import FD_BOUND, FD_CLIENT, FD_CONNECTED, FD_SERVER, I64, U8
from ..kernel import inline
from .files import KIND_UNIX, add, changed, new_fd
from .readers import i64, u16, u32
from .state import (
    B_IF6,
    B_POOLKEY,
    B_POOLROW,
    C_IF4,
    C_IF6,
    F_COLUMNS,
    F_DEST,
    F_DIP_HI,
    F_DIP_LO,
    F_DPORT,
    F_FIRST,
    F_FLAGS,
    F_KIND,
    F_L4,
    F_NAME,
    F_SIP_HI,
    F_SIP_LO,
    F_SOURCE,
    F_SPORT,
    FD_ADDR_NAME,
    FD_HAS_TUPLE,
    L_CAP,
    L_TABLE,
    S_FDS,
    ff,
    ii,
    ll,
)
from .strings import intern_text
from .threads import files_of

KIND_IPV4 = 3
KIND_IPV6 = 4
KIND_IPV4_SERVER = 5
KIND_IPV6_SERVER = 6
KIND_NETLINK = 15
L4_UNKNOWN = 0
L4_TCP = 2
L4_UDP = 3
L4_ICMP = 4
L4_RAW = 5
AF_UNIX = 1
AF_INET = 2
AF_INET6 = 10
AF_NETLINK = 16


@inline
def socket_kind(domain: int) -> int:
    """Descriptor kind of a socket's domain; 0 for the ones the readers do not know."""
    if domain == AF_UNIX:
        return KIND_UNIX
    if domain == AF_INET:
        return KIND_IPV4
    if domain == AF_INET6:
        return KIND_IPV6
    if domain == AF_NETLINK:
        return KIND_NETLINK
    return 0


@inline
def socket_l4(domain: int, kind: int, proto: int) -> int:
    """Transport protocol from the arguments of socket()."""
    if domain != AF_INET and domain != AF_INET6:
        return L4_UNKNOWN
    if proto == 255:
        return L4_RAW
    if proto == 6 or proto == 17 or proto == 1:
        if (kind & 0xFF) == 3:
            return L4_RAW
        if proto == 6:
            return L4_TCP
        return L4_UDP if proto == 17 else L4_ICMP
    if proto == 0:
        if (kind & 0xFF) == 1:
            return L4_TCP
        if (kind & 0xFF) == 2:
            return L4_UDP
    return L4_UNKNOWN


@inline
def mapped(low: int, high: int) -> bool:
    """Whether a 16-byte address is an IPv4 address mapped into IPv6."""
    return low == 0 and (high & 0xFFFFFFFF) == 0xFFFF0000


@inline
def unmapped(high: int) -> int:
    """The IPv4 address inside a mapped one."""
    return (high >> 32) & 0xFFFFFFFF


@inline
def _local4(h: I64, other: int) -> int:
    """Our address on the way to ``other`` (state engine, 2.1); 0 when there is none."""
    for i in range(h[C_IF4]):
        if h[ii(h, i) + 0] == other:
            return other
    for i in range(h[C_IF4]):
        mask = h[ii(h, i) + 1]
        if (h[ii(h, i) + 0] & mask) == (other & mask):
            return h[ii(h, i) + 0]
    for i in range(h[C_IF4]):
        if h[ii(h, i) + 0] != 0x0100007F:
            return h[ii(h, i) + 0]
    return np.int64(0)


@inline
def complete(h: I64, u: U8, row: int) -> None:
    """Fill the side of an IPv4 or IPv6 tuple that the event left open, from the interface list."""
    row_at = ff(h, row)
    kind = h[row_at + F_KIND]
    if kind == KIND_IPV4:
        for side in range(2):
            mine = F_SIP_LO if side == 0 else F_DIP_LO
            theirs = F_DIP_LO if side == 0 else F_SIP_LO
            if h[row_at + mine] == 0:
                found = _local4(h, h[row_at + theirs])
                if found == h[row_at + theirs] and h[row_at + F_SPORT] == h[row_at + F_DPORT]:
                    continue
                h[row_at + mine] = found
    elif kind == KIND_IPV6:
        for side in range(2):
            low = F_SIP_LO if side == 0 else F_DIP_LO
            other = F_DIP_LO if side == 0 else F_SIP_LO
            if h[row_at + low] == 0 and h[row_at + low + 1] == 0:
                _local6(h, u, row, low, other)


@inline
def _local6(h: I64, u: U8, row: int, low: int, other: int) -> None:
    row_at = ff(h, row)
    best = np.int64(-1)
    for i in range(h[C_IF6]):
        a = i64(u, h[B_IF6] + 16 * i)
        c = i64(u, h[B_IF6] + 16 * i + 8)
        if a == h[row_at + other] and c == h[row_at + other + 1]:
            best = i
            break
    if best < 0:
        for i in range(h[C_IF6]):
            if i64(u, h[B_IF6] + 16 * i) == h[row_at + other]:
                best = i
                break
    if best < 0:
        for i in range(h[C_IF6]):
            loopback = i64(u, h[B_IF6] + 16 * i) == 0 and i64(u, h[B_IF6] + 16 * i + 8) == (np.int64(1) << 56)
            if not loopback:
                best = i
                break
    if best < 0:
        return
    a = i64(u, h[B_IF6] + 16 * best)
    c = i64(u, h[B_IF6] + 16 * best + 8)
    if a == h[row_at + other] and c == h[row_at + other + 1] and h[row_at + F_SPORT] == h[row_at + F_DPORT]:
        return
    h[row_at + low] = a
    h[row_at + low + 1] = c


@inline
def set_unix(h: I64, u: U8, row: int, b: U8, at: int, length: int) -> None:
    """Take the pointers and the path of a unix tuple (u64 source, u64 dest, path)."""
    row_at = ff(h, row)
    if length < 17:
        return
    h[row_at + F_KIND] = KIND_UNIX
    h[row_at + F_SOURCE] = i64(b, at + 1)
    h[row_at + F_DEST] = i64(b, at + 9)
    h[row_at + F_NAME] = intern_text(h, u, b, at + 17, length - 17)
    h[row_at + F_FLAGS] = (h[row_at + F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME


@inline
def _swap(h: I64, row: int) -> None:
    row_at = ff(h, row)
    for pair in range(3):
        a = F_SIP_LO if pair == 0 else (F_SIP_HI if pair == 1 else F_SPORT)
        c = F_DIP_LO if pair == 0 else (F_DIP_HI if pair == 1 else F_DPORT)
        value = h[row_at + a]
        h[row_at + a] = h[row_at + c]
        h[row_at + c] = value


@inline
def _same_tuple(h: I64, f: int, sip: int, sip2: int, sport: int, dip: int, dip2: int, dport: int) -> bool:
    """Whether the descriptor at place ``f`` has this tuple, either way round."""
    same = (
        h[f + F_SIP_LO] == sip
        and h[f + F_SIP_HI] == sip2
        and h[f + F_SPORT] == sport
        and h[f + F_DIP_LO] == dip
        and h[f + F_DIP_HI] == dip2
        and h[f + F_DPORT] == dport
    )
    return same or (
        h[f + F_SIP_LO] == dip
        and h[f + F_SIP_HI] == dip2
        and h[f + F_SPORT] == dport
        and h[f + F_DIP_LO] == sip
        and h[f + F_DIP_HI] == sip2
        and h[f + F_DPORT] == sport
    )


@inline
def _set_addresses(
    h: I64, row: int, sip: int, sip2: int, sport: int, dip: int, dip2: int, dport: int
) -> bool:
    """Merge a tuple into a descriptor (state engine, 6.1 "addresses set"); True when it changed."""
    f = ff(h, row)
    if _same_tuple(h, f, sip, sip2, sport, dip, dip2, dport):
        return False
    change = False
    if h[f + F_SIP_LO] != sip or h[f + F_SIP_HI] != sip2:
        h[f + F_SIP_LO] = sip
        h[f + F_SIP_HI] = sip2
        change = True
    if h[f + F_SPORT] != sport:
        h[f + F_SPORT] = sport
        change = True
    if h[f + F_DIP_LO] == 0 and h[f + F_DIP_HI] == 0 and (dip != 0 or dip2 != 0):
        h[f + F_DIP_LO] = dip
        h[f + F_DIP_HI] = dip2
        change = True
    if h[f + F_DPORT] == 0 and dport != 0:
        h[f + F_DPORT] = dport
        change = True
    return change


@inline
def bind(h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply a successful bind to descriptor ``row``; returns its new row."""
    if row < 0 or length < 1:
        return row
    family = np.int64(b[at])
    new = changed(h, row, event)
    f = ff(h, new)
    h[f + F_FLAGS] &= ~(FD_HAS_TUPLE | FD_ADDR_NAME)
    if family == AF_INET and length >= 7:
        port = u16(b, at + 5)
        h[f + F_SIP_LO] = u32(b, at + 1)
        h[f + F_SIP_HI] = 0
        h[f + F_SPORT] = port
        if port > 0:
            h[f + F_KIND] = KIND_IPV4_SERVER
            h[f + F_FLAGS] |= FD_SERVER | FD_BOUND
        h[f + F_FLAGS] |= FD_ADDR_NAME
    elif family == AF_INET6 and length >= 19:
        port = u16(b, at + 17)
        low = i64(b, at + 1)
        high = i64(b, at + 9)
        h[f + F_SPORT] = port
        if mapped(low, high):
            h[f + F_SIP_LO] = unmapped(high)
            h[f + F_SIP_HI] = 0
            if port > 0:
                h[f + F_KIND] = KIND_IPV4_SERVER
        else:
            h[f + F_SIP_LO] = low
            h[f + F_SIP_HI] = high
            if port > 0:
                h[f + F_KIND] = KIND_IPV6_SERVER
        if port > 0:
            h[f + F_FLAGS] |= FD_SERVER | FD_BOUND
        h[f + F_FLAGS] |= FD_ADDR_NAME
    elif family == AF_UNIX:
        h[f + F_NAME] = intern_text(h, u, b, at + 1, length - 1)
    add(h, life, event, fd, new)
    return new


@inline
def connect_enter(
    h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int
) -> int:
    """Apply the address of a connect that has begun; returns the descriptor's new row."""
    if row < 0 or length < 1:
        return row
    family = np.int64(b[at])
    if family == AF_INET and length >= 7:
        new = changed(h, row, event)
        h[ff(h, new) + F_KIND] = KIND_IPV4
        h[ff(h, new) + F_DIP_LO] = u32(b, at + 1)
        h[ff(h, new) + F_DIP_HI] = 0
        h[ff(h, new) + F_DPORT] = u16(b, at + 5)
    elif family == AF_INET6 and length >= 19:
        new = changed(h, row, event)
        low = i64(b, at + 1)
        high = i64(b, at + 9)
        if mapped(low, high):
            h[ff(h, new) + F_KIND] = KIND_IPV4
            h[ff(h, new) + F_DIP_LO] = unmapped(high)
            h[ff(h, new) + F_DIP_HI] = 0
        else:
            h[ff(h, new) + F_KIND] = KIND_IPV6
            h[ff(h, new) + F_DIP_LO] = low
            h[ff(h, new) + F_DIP_HI] = high
        h[ff(h, new) + F_DPORT] = u16(b, at + 17)
    elif family == AF_UNIX:
        new = changed(h, row, event)
        h[ff(h, new) + F_NAME] = intern_text(h, u, b, at + 1, length - 1)
    else:
        return row
    add(h, life, event, fd, new)
    return new


@inline
def connected(h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply a connect that succeeded or is in progress; returns the descriptor's new row."""
    if row < 0:
        return row
    family = np.int64(b[at]) if length > 0 else np.int64(-1)
    new = changed(h, row, event)
    f = ff(h, new)
    h[f + F_FLAGS] |= FD_CONNECTED
    if family == AF_INET and length >= 13:
        was_server = (h[f + F_FLAGS] & FD_SERVER) != 0
        h[f + F_KIND] = KIND_IPV4
        change = _set_addresses(h, new, u32(b, at + 1), 0, u16(b, at + 5), u32(b, at + 7), 0, u16(b, at + 11))
        _finish_connect(h, u, new, change and was_server)
    elif family == AF_INET6 and length >= 37:
        was_server = (h[f + F_FLAGS] & FD_SERVER) != 0
        slow = i64(b, at + 1)
        shigh = i64(b, at + 9)
        dlow = i64(b, at + 19)
        dhigh = i64(b, at + 27)
        if mapped(slow, shigh) and mapped(dlow, dhigh):
            h[f + F_KIND] = KIND_IPV4
            change = _set_addresses(
                h, new, unmapped(shigh), 0, u16(b, at + 17), unmapped(dhigh), 0, u16(b, at + 35)
            )
        else:
            h[f + F_KIND] = KIND_IPV6
            change = _set_addresses(h, new, slow, shigh, u16(b, at + 17), dlow, dhigh, u16(b, at + 35))
        _finish_connect(h, u, new, change and was_server)
    elif family == AF_UNIX:
        set_unix(h, u, new, b, at, length)
    if not h[f + F_FLAGS] & (FD_CLIENT | FD_SERVER):
        h[f + F_FLAGS] |= FD_CLIENT
    add(h, life, event, fd, new)
    return new


@inline
def _finish_connect(h: I64, u: U8, row: int, swap: bool) -> None:
    row_at = ff(h, row)
    complete(h, u, row)
    if swap and h[row_at + F_L4] == L4_UDP:
        _swap(h, row)
    h[row_at + F_FLAGS] = (h[row_at + F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME
    h[row_at + F_NAME] = 0


@inline
def accepted(h: I64, u: U8, life: int, event: int, fd: int, b: U8, at: int, length: int) -> int:
    """Create the descriptor of an accepted connection; returns its row, -1 without a usable tuple."""
    if length < 1:
        return np.int64(-1)
    family = np.int64(b[at])
    if family == AF_INET and length >= 13:
        row = new_fd(h, life, event, fd, KIND_IPV4)
        h[ff(h, row) + F_SIP_LO] = u32(b, at + 1)
        h[ff(h, row) + F_SPORT] = u16(b, at + 5)
        h[ff(h, row) + F_DIP_LO] = u32(b, at + 7)
        h[ff(h, row) + F_DPORT] = u16(b, at + 11)
        h[ff(h, row) + F_L4] = L4_TCP
    elif family == AF_INET6 and length >= 37:
        slow = i64(b, at + 1)
        shigh = i64(b, at + 9)
        dlow = i64(b, at + 19)
        dhigh = i64(b, at + 27)
        is4 = mapped(slow, shigh) and mapped(dlow, dhigh)
        row = new_fd(h, life, event, fd, KIND_IPV4 if is4 else KIND_IPV6)
        h[ff(h, row) + F_SIP_LO] = unmapped(shigh) if is4 else slow
        h[ff(h, row) + F_SIP_HI] = 0 if is4 else shigh
        h[ff(h, row) + F_SPORT] = u16(b, at + 17)
        h[ff(h, row) + F_DIP_LO] = unmapped(dhigh) if is4 else dlow
        h[ff(h, row) + F_DIP_HI] = 0 if is4 else dhigh
        h[ff(h, row) + F_DPORT] = u16(b, at + 35)
        h[ff(h, row) + F_L4] = L4_TCP
    elif family == AF_UNIX and length >= 17:
        row = new_fd(h, life, event, fd, KIND_UNIX)
        set_unix(h, u, row, b, at, length)
    else:
        return np.int64(-1)
    h[ff(h, row) + F_FLAGS] |= FD_SERVER | FD_CONNECTED | FD_HAS_TUPLE
    add(h, life, event, fd, row)
    return row


@inline
def _guess_role(h: I64, life: int, event: int, row: int, reads: bool) -> int:
    """Role of a datagram socket without one (state engine, 6.2)."""
    row_at = ff(h, row)
    table = files_of(h, life, event)
    table_at = ll(h, table)
    bound = False
    client_port = False
    if table >= 0 and h[table_at + L_TABLE] >= 0:
        at = h[table_at + L_TABLE]
        for i in range(at, at + h[table_at + L_CAP]):
            if h[h[B_POOLKEY] + i] < 0:
                continue
            other = h[h[B_POOLROW] + i]
            if other == row or h[ff(h, other) + 3] == h[row_at + 3]:
                other = row
            kind = h[ff(h, other) + F_KIND]
            if kind == KIND_IPV4:
                if h[ff(h, other) + F_DPORT] == h[row_at + F_DPORT]:
                    bound = True
                if h[ff(h, other) + F_SPORT] == h[row_at + F_SPORT]:
                    client_port = True
            elif kind == KIND_IPV4_SERVER and h[ff(h, other) + F_SPORT] == h[row_at + F_DPORT]:
                bound = True
    if not bound:
        return FD_CLIENT
    if not client_port:
        return FD_SERVER
    return FD_SERVER if reads else FD_CLIENT


@inline
def tuple_update(
    h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int, reads: bool
) -> int:
    """Apply the tuple of a send or receive; returns the descriptor's row (state engine, 6.1)."""
    if row < 0 or length < 1:
        return row
    named = h[ff(h, row) + F_NAME] != 0 or (h[ff(h, row) + F_FLAGS] & (FD_HAS_TUPLE | FD_ADDR_NAME)) != 0
    kind = h[ff(h, row) + F_KIND]
    inet = kind >= KIND_IPV4 and kind <= KIND_IPV6_SERVER
    if named and inet and h[ff(h, row) + F_L4] == L4_TCP:
        return row
    family = np.int64(b[at])
    if family == AF_UNIX:
        if length < 17:
            return row
        new = changed(h, row, event)
        set_unix(h, u, new, b, at, length)
        add(h, life, event, fd, new)
        return new
    if family == AF_INET and length >= 13:
        sip = u32(b, at + 1)
        sip2 = np.int64(0)
        sport = u16(b, at + 5)
        dip = u32(b, at + 7)
        dip2 = np.int64(0)
        dport = u16(b, at + 11)
        new_kind = np.int64(KIND_IPV4)
    elif family == AF_INET6 and length >= 37:
        sip = i64(b, at + 1)
        sip2 = i64(b, at + 9)
        sport = u16(b, at + 17)
        dip = i64(b, at + 19)
        dip2 = i64(b, at + 27)
        dport = u16(b, at + 35)
        new_kind = kind
        if mapped(sip, sip2) and mapped(dip, dip2):
            sip = unmapped(sip2)
            dip = unmapped(dip2)
            sip2 = np.int64(0)
            dip2 = np.int64(0)
            new_kind = np.int64(KIND_IPV4)
    else:
        return row
    f = ff(h, row)
    if kind == new_kind and _same_tuple(h, f, sip, sip2, sport, dip, dip2, dport):
        return row
    new = changed(h, row, event)
    if new_kind != kind and kind == KIND_IPV4_SERVER:
        h[ff(h, new) + F_FLAGS] &= ~FD_ADDR_NAME
    h[ff(h, new) + F_KIND] = new_kind
    if not _set_addresses(h, new, sip, sip2, sport, dip, dip2, dport):
        return _settle(h, life, event, fd, row, new)
    if h[ff(h, new) + F_L4] == L4_UNKNOWN:
        h[ff(h, new) + F_L4] = L4_UDP
    complete(h, u, new)
    if not h[ff(h, new) + F_FLAGS] & (FD_CLIENT | FD_SERVER):
        h[ff(h, new) + F_FLAGS] |= _guess_role(h, life, event, new, reads)
    if h[ff(h, new) + F_KIND] == KIND_IPV4 or h[ff(h, new) + F_KIND] == KIND_IPV6:
        server = (h[ff(h, new) + F_FLAGS] & FD_SERVER) != 0
        if (reads and not server) or (not reads and server):
            _swap(h, new)
        h[ff(h, new) + F_FLAGS] = (h[ff(h, new) + F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME
        h[ff(h, new) + F_NAME] = 0
    return _settle(h, life, event, fd, row, new)


@inline
def _settle(h: I64, life: int, event: int, fd: int, row: int, new: int) -> int:
    """Put the new state of a descriptor into its table, or drop it when nothing changed after all."""
    if new == row:
        return row
    same = True
    for c in range(F_COLUMNS):
        if c != F_FIRST and h[ff(h, new) + c] != h[ff(h, row) + c]:
            same = False
    if same and new == h[S_FDS] - 1:
        h[S_FDS] = new
        return row
    add(h, life, event, fd, new)
    return new


@inline
def failed_connect(h: I64, u: U8, event: int, row: int, b: U8, at: int, length: int) -> int:
    """A state of the descriptor that only the failed call shows: with the name it tried to reach.

    The old reader prints it; the descriptor in the table stays as it is.
    """
    family = np.int64(b[at]) if length > 0 else np.int64(-1)
    inet = family == AF_INET and length >= 13
    inet6 = family == AF_INET6 and length >= 37
    if not (inet or inet6 or (family == AF_UNIX and length >= 17)):
        return row
    new = h[S_FDS]
    new_at = ff(h, new)
    h[S_FDS] = new + 1
    for c in range(F_COLUMNS):
        h[new_at + c] = h[ff(h, row) + c]
    h[new_at + F_FIRST] = event
    if family == AF_UNIX:
        set_unix(h, u, new, b, at, length)
        return new
    if inet:
        _set_addresses(h, new, u32(b, at + 1), 0, u16(b, at + 5), u32(b, at + 7), 0, u16(b, at + 11))
    else:
        _set_addresses(
            h,
            new,
            i64(b, at + 1),
            i64(b, at + 9),
            u16(b, at + 17),
            i64(b, at + 19),
            i64(b, at + 27),
            u16(b, at + 35),
        )
    h[new_at + F_FLAGS] = (h[new_at + F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME
    return new
