"""Sockets: tuples, roles and their changes by bind, connect, accept and datagrams. Kernels.

Rules: state engine, sections 2.1 and 6. The client is always the source side of a tuple.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import FD_BOUND, FD_CLIENT, FD_CONNECTED, FD_MOMENT, FD_PHANTOM, FD_SERVER, I64, U8
from ..kernel import inline
from . import fdtables
from .files import changed, copied, give, new_fd, renew
from .readers import i64, u16, u32
from .sockwords import (
    KIND_IPV4,
    KIND_IPV4_SERVER,
    KIND_IPV6,
    KIND_IPV6_SERVER,
    KIND_UNIX,
    dip4,
    dport,
    is_tcp,
    l4,
    server_l4_4,
    server_port4,
    set_dip4,
    set_dport,
    set_l4,
    set_server4,
    set_server6,
    set_sip4,
    set_sport,
    sip4,
    sport,
    swap_ends,
)
from .state import (
    B_IF6,
    B_POOLKEY,
    B_POOLROW,
    C_IF4,
    C_IF6,
    F_COLUMNS,
    F_FIRST,
    F_FLAGS,
    F_KIND,
    F_NAME,
    F_NAMED,
    F_PREV,
    F_W0,
    F_W1,
    F_W2,
    F_W3,
    L_CAP,
    L_TABLE,
    NAMED_ADDRESS,
    NAMED_ENDS,
    NAMED_TUPLE,
    NAMED_UNIX,
    S_EXACT,
    S_FDS,
    S_NULL,
    ff,
    ii,
    ll,
)
from .strings import intern_shown
from .threads import files_of

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
        if kind == 3:
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
def new_socket(h: I64, life: int, event: int, fd: int, domain: int, stype: int, proto: int) -> int:
    """Make the descriptor of a socket and give it its number; returns its row."""
    row = new_fd(h, life, event, fd, socket_kind(domain))
    if domain in (AF_INET, AF_INET6):
        set_l4(h, ff(h, row), domain == AF_INET6, socket_l4(domain, stype, proto))
    give(h, life, event, fd, row, 0)
    return row


# --- addresses ----------------------------------------------------------------------------------------
@inline
def mapped(low: int, high: int) -> bool:
    """Whether the readers take a 16-byte address for an IPv4 one: mapped into IPv6, or all zero."""
    return low == 0 and (high == 0 or (high & 0xFFFFFFFF) == 0xFFFF0000)


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
def _local6(h: I64, u: U8, low: int, high: int) -> int:
    """The IPv6 interface on the way to an address, -1: none."""
    for i in range(h[C_IF6]):
        at = h[B_IF6] + 16 * i
        if i64(u, at) == low and i64(u, at + 8) == high:
            return i
    for i in range(h[C_IF6]):
        if i64(u, h[B_IF6] + 16 * i) == low:
            return i
    for i in range(h[C_IF6]):
        at = h[B_IF6] + 16 * i
        if i64(u, at) != 0 or i64(u, at + 8) != (np.int64(1) << 56):
            return i
    return np.int64(-1)


@inline
def complete(h: I64, u: U8, row: int) -> None:
    """Fill the side of an IPv4 or IPv6 tuple that the event left open, from the interface list."""
    f = ff(h, row)
    if h[f + F_KIND] == KIND_IPV4:
        source = sip4(h, f) == 0
        if not source and dip4(h, f) != 0:
            return
        other = dip4(h, f) if source else sip4(h, f)
        found = _local4(h, other)
        if found == other and sport(h, f, False) == dport(h, f, False):
            return
        if source:
            set_sip4(h, f, found)
        else:
            set_dip4(h, f, found)
    elif h[f + F_KIND] == KIND_IPV6:
        source = h[f + F_W0] == 0 and h[f + F_W1] == 0
        if not source and (h[f + F_W2] != 0 or h[f + F_W3] != 0):
            return
        mine = F_W0 if source else F_W2
        theirs = F_W2 if source else F_W0
        low = np.int64(0)
        high = np.int64(0)
        best = _local6(h, u, h[f + theirs], h[f + theirs + 1])
        if best >= 0:
            low = i64(u, h[B_IF6] + 16 * best)
            high = i64(u, h[B_IF6] + 16 * best + 8)
        same = low == h[f + theirs] and high == h[f + theirs + 1]
        if same and sport(h, f, True) == dport(h, f, True):
            return
        h[f + mine] = low
        h[f + mine + 1] = high


@inline
def _become4(h: I64, f: int, hand_on: bool) -> None:
    """Make a socket an IPv4 one that is no server. 0.29.3 reads on in whatever the kind before left.

    ``hand_on``: that reader hands the protocol of an IPv4 server on.
    """
    kind = h[f + F_KIND]
    if h[S_EXACT]:
        if kind == KIND_IPV4_SERVER and hand_on:
            set_l4(h, f, False, server_l4_4(h, f))
    elif kind == KIND_IPV4_SERVER:
        set_l4(h, f, False, server_l4_4(h, f))
        set_dip4(h, f, 0)
    elif kind in (KIND_IPV6, KIND_IPV6_SERVER):
        proto = l4(h, f, True) if kind == KIND_IPV6 else (h[f + F_W2] >> 16) & 0xFF
        for word in range(5):
            h[f + F_W0 + word] = 0
        set_l4(h, f, False, proto)
    h[f + F_KIND] = KIND_IPV4


@inline
def _set4(h: I64, f: int, sip: int, sport_: int, dip: int, dport_: int) -> bool:
    """Merge an IPv4 tuple into a descriptor (state engine, 6.1 "addresses set"); True when it changed."""
    a, p, c, q = sip4(h, f), sport(h, f, False), dip4(h, f), dport(h, f, False)
    if h[f + F_KIND] == KIND_IPV4:
        if a == sip and p == sport_ and c == dip and q == dport_:
            return False
        if a == dip and p == dport_ and c == sip and q == sport_:
            return False
    set_sip4(h, f, sip)
    set_sport(h, f, False, sport_)
    if c == 0:
        set_dip4(h, f, dip)
    if q == 0:
        set_dport(h, f, False, dport_)
    return a != sip or p != sport_ or c == 0 or q == 0


@inline
def _set6(h: I64, f: int, s0: int, s1: int, sport_: int, d0: int, d1: int, dport_: int) -> bool:
    """Merge an IPv6 tuple into a descriptor; True when it changed."""
    p, q = sport(h, f, True), dport(h, f, True)
    same_source = h[f + F_W0] == s0 and h[f + F_W1] == s1
    no_dest = h[f + F_W2] == 0 and h[f + F_W3] == 0
    if h[f + F_KIND] == KIND_IPV6:
        if same_source and p == sport_ and h[f + F_W2] == d0 and h[f + F_W3] == d1 and q == dport_:
            return False
        turned = h[f + F_W0] == d0 and h[f + F_W1] == d1 and p == dport_
        if turned and h[f + F_W2] == s0 and h[f + F_W3] == s1 and q == sport_:
            return False
    h[f + F_W0] = s0
    h[f + F_W1] = s1
    set_sport(h, f, True, sport_)
    if no_dest:
        h[f + F_W2] = d0
        h[f + F_W3] = d1
    if q == 0:
        set_dport(h, f, True, dport_)
    return not same_source or p != sport_ or no_dest or q == 0


@inline
def _tuple_mapped(b: U8, at: int) -> bool:
    return mapped(i64(b, at + 1), i64(b, at + 9)) and mapped(i64(b, at + 19), i64(b, at + 27))


@inline
def _merge(h: I64, f: int, b: U8, at: int, six: bool) -> bool:
    """Merge the tuple at ``b[at]`` into a socket; ``six``: it stays IPv6. True when it changed."""
    if b[at] == AF_INET:
        return _set4(h, f, u32(b, at + 1), u16(b, at + 5), u32(b, at + 7), u16(b, at + 11))
    if not six:
        source, dest = unmapped(i64(b, at + 9)), unmapped(i64(b, at + 27))
        return _set4(h, f, source, u16(b, at + 17), dest, u16(b, at + 35))
    s0, s1, d0, d1 = i64(b, at + 1), i64(b, at + 9), i64(b, at + 19), i64(b, at + 27)
    return _set6(h, f, s0, s1, u16(b, at + 17), d0, d1, u16(b, at + 35))


@inline
def _usable(b: U8, at: int, length: int) -> bool:
    """Whether a tuple is an IPv4 or IPv6 one of the right length."""
    return length >= 13 and (b[at] == AF_INET or (b[at] == AF_INET6 and length >= 37))


# --- names --------------------------------------------------------------------------------------------
@inline
def _named(h: I64, f: int, row: int, how: int) -> None:
    """Name the descriptor at place ``f`` after what the socket of ``row`` knows now."""
    h[f + F_NAMED] = 8 * row + how
    h[f + F_NAME] = 0


@inline
def _named_by_tuple(h: I64, u: U8, life: int, event: int, f: int, b: U8, at: int, length: int) -> None:
    """Name the descriptor at place ``f`` after a tuple that it does not take over as it is."""
    scratch = new_fd(h, life, event, -1, 0)
    s = ff(h, scratch)
    h[s + F_FLAGS] = FD_PHANTOM
    if b[at] == AF_UNIX:
        unix_ends(h, s, b, at, length)
        h[s + F_KIND] = KIND_UNIX
        h[s + F_NAME] = intern_shown(h, u, b, at + 17, length - 17)
        _named(h, f, scratch, NAMED_UNIX)
        return
    six = b[at] == AF_INET6 and not _tuple_mapped(b, at)
    h[s + F_KIND] = KIND_IPV6 if six else KIND_IPV4
    _merge(h, s, b, at, six)
    _named(h, f, scratch, NAMED_ENDS)


@inline
def unix_ends(h: I64, f: int, b: U8, at: int, length: int) -> None:
    """Take the pointers of a unix tuple (u64 source, u64 dest, path), as far as there are bytes."""
    for word in range(2):
        value = np.int64(0)
        for i in range(8):
            if 1 + 8 * word + i < length:
                value |= np.int64(b[at + 1 + 8 * word + i]) << (8 * i)
        h[f + F_W0 + word] = value


# --- calls --------------------------------------------------------------------------------------------
@inline
def bind(h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply a successful bind to descriptor ``row``; returns its new row."""
    if row < 0 or length < 1:
        return row
    family = np.int64(b[at])
    if family == AF_UNIX:
        new = changed(h, row, event)
        h[ff(h, new) + F_NAME] = intern_shown(h, u, b, at + 1, length - 1)
        h[ff(h, new) + F_NAMED] = 0
    elif (family == AF_INET and length >= 7) or (family == AF_INET6 and length >= 19):
        new = changed(h, row, event)
        f = ff(h, new)
        low, high, port = np.int64(0), np.int64(0), np.int64(0)
        if family == AF_INET:
            port = u16(b, at + 5)
            low = u32(b, at + 1)
            if port > 0:
                set_server4(h, f, low, port, l4(h, f, False))
                h[f + F_KIND] = KIND_IPV4_SERVER
        else:
            port = u16(b, at + 17)
            low = i64(b, at + 1)
            high = i64(b, at + 9)
            if port > 0:
                proto = l4(h, f, True)
                if mapped(low, high):
                    if not h[S_EXACT]:
                        for word in range(5):
                            h[f + F_W0 + word] = 0
                    set_server4(h, f, unmapped(high), port, proto)
                    h[f + F_KIND] = KIND_IPV4_SERVER
                else:
                    set_server6(h, f, low, high, port, proto)
                    h[f + F_KIND] = KIND_IPV6_SERVER
        if port > 0:
            h[f + F_FLAGS] |= FD_SERVER | FD_BOUND
        if port > 0 and h[f + F_KIND] == (KIND_IPV4_SERVER if family == AF_INET else KIND_IPV6_SERVER):
            _named(h, f, new, NAMED_ADDRESS)
        else:
            scratch = new_fd(h, life, event, -1, KIND_IPV4_SERVER)
            s = ff(h, scratch)
            h[s + F_FLAGS] = FD_PHANTOM
            if family == AF_INET:
                set_server4(h, s, low, port, 0)
            else:
                set_server6(h, s, low, high, port, 0)
                h[s + F_KIND] = KIND_IPV6_SERVER
            _named(h, f, scratch, NAMED_ADDRESS)
    else:
        return row
    renew(h, life, event, fd, new)
    return new


@inline
def connect_enter(
    h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int
) -> int:
    """Apply the address of a connect that has begun; returns the descriptor's new row."""
    if row < 0 or length < 1:
        return row
    family = np.int64(b[at])
    if not (
        (family == AF_INET and length >= 7) or (family == AF_INET6 and length >= 19) or family == AF_UNIX
    ):
        return row
    new = changed(h, row, event)
    f = ff(h, new)
    if family == AF_INET:
        _become4(h, f, False)
        set_dip4(h, f, u32(b, at + 1))
        set_dport(h, f, False, u16(b, at + 5))
    elif family == AF_INET6:
        low = i64(b, at + 1)
        high = i64(b, at + 9)
        if mapped(low, high):
            _become4(h, f, False)
            set_dip4(h, f, unmapped(high))
            set_dport(h, f, False, u16(b, at + 17))
        else:
            h[f + F_KIND] = KIND_IPV6
            h[f + F_W2] = low
            h[f + F_W3] = high
            set_dport(h, f, True, u16(b, at + 17))
    else:
        h[f + F_NAME] = intern_shown(h, u, b, at + 1, length - 1)
        h[f + F_NAMED] = 0
        unix_ends(h, f, b, at, length)
    renew(h, life, event, fd, new)
    return new


@inline
def connected(h: I64, u: U8, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply a connect that succeeded or is in progress; returns the descriptor's new row."""
    if row < 0:
        return row
    new = changed(h, row, event)
    f = ff(h, new)
    h[f + F_FLAGS] |= FD_CONNECTED
    if _usable(b, at, length):
        six = b[at] == AF_INET6 and not _tuple_mapped(b, at)
        if six:
            h[f + F_KIND] = KIND_IPV6
        else:
            _become4(h, f, False)
        turned = (h[f + F_FLAGS] & FD_SERVER) != 0 and h[f + F_KIND] == KIND_IPV4
        if _merge(h, f, b, at, six) and turned and l4(h, f, False) == L4_UDP:
            swap_ends(h, f)
        _named(h, f, new, NAMED_TUPLE)
    elif length >= 17 and b[at] == AF_UNIX:
        unix_ends(h, f, b, at, length)
        if h[f + F_KIND] == KIND_UNIX:
            h[f + F_NAME] = intern_shown(h, u, b, at + 17, length - 17)
            h[f + F_NAMED] = 8 * new + NAMED_UNIX
        else:
            _named_by_tuple(h, u, life, event, f, b, at, length)
    if length > 0 and not h[f + F_FLAGS] & (FD_CLIENT | FD_SERVER):
        h[f + F_FLAGS] |= FD_CLIENT
    renew(h, life, event, fd, new)
    return new


@inline
def accepted(h: I64, u: U8, life: int, event: int, fd: int, b: U8, at: int, length: int) -> int:
    """Create the descriptor of an accepted connection; returns its row, -1 without a usable tuple."""
    if _usable(b, at, length):
        six = b[at] == AF_INET6 and not _tuple_mapped(b, at)
        row = new_fd(h, life, event, fd, KIND_IPV6 if six else KIND_IPV4)
        f = ff(h, row)
        _merge(h, f, b, at, six)
        set_l4(h, f, six, L4_TCP)
        _named(h, f, row, NAMED_ENDS)
    elif length >= 17 and b[at] == AF_UNIX:
        row = new_fd(h, life, event, fd, KIND_UNIX)
        f = ff(h, row)
        unix_ends(h, f, b, at, length)
        h[f + F_NAME] = intern_shown(h, u, b, at + 17, length - 17)
        h[f + F_NAMED] = 8 * row + NAMED_UNIX
    else:
        return np.int64(-1)
    h[f + F_FLAGS] |= FD_SERVER | FD_CONNECTED
    give(h, life, event, fd, row, 0)
    return row


@inline
def _guess_role(h: I64, life: int, event: int, f: int, reads: bool) -> int:
    """Role of a datagram socket without one (state engine, 6.2); the ports are read as an IPv4 socket's."""
    table = files_of(h, life, event)
    bound = False
    client_port = False
    if table >= 0 and h[ll(h, table) + L_TABLE] >= 0:
        dest, source = dport(h, f, False), sport(h, f, False)
        at = h[ll(h, table) + L_TABLE]
        for i in range(at, at + h[ll(h, table) + L_CAP]):
            if h[h[B_POOLKEY] + i] < 0:
                continue
            g = ff(h, fdtables.row_of(h[h[B_POOLROW] + i]))
            kind = h[g + F_KIND]
            if kind == KIND_IPV4:
                bound |= dport(h, g, False) == dest
                client_port |= sport(h, g, False) == source
            elif kind == KIND_IPV4_SERVER:
                bound |= server_port4(h, g) == dest
            if bound and client_port:
                break
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
    if is_tcp(h, ff(h, row)) and (h[ff(h, row) + F_NAME] != 0 or h[ff(h, row) + F_NAMED] != 0):
        return row
    if b[at] == AF_UNIX and length >= 17:
        new = changed(h, row, event)
        f = ff(h, new)
        h[f + F_KIND] = KIND_UNIX
        unix_ends(h, f, b, at, length)
        h[f + F_NAME] = intern_shown(h, u, b, at + 17, length - 17)
        h[f + F_NAMED] = 8 * new + NAMED_UNIX
        renew(h, life, event, fd, new)
        return new
    if not _usable(b, at, length):
        return row
    six = b[at] == AF_INET6 and not _tuple_mapped(b, at)
    new = changed(h, row, event)
    f = ff(h, new)
    if not six:
        _become4(h, f, b[at] == AF_INET)
    renew(h, life, event, fd, new)  # the guess of the role looks at the table
    if not _merge(h, f, b, at, six):
        return _settle(h, life, event, fd, row, new)
    kind = h[f + F_KIND]
    if kind in (KIND_IPV4, KIND_IPV6):
        wide = kind == KIND_IPV6
        if l4(h, f, wide) == L4_UNKNOWN:
            set_l4(h, f, wide, L4_UDP)
        complete(h, u, new)
        if not h[f + F_FLAGS] & (FD_CLIENT | FD_SERVER):
            h[f + F_FLAGS] |= _guess_role(h, life, event, f, reads)
        # a socket that bind and its like marked twice counts as both
        if h[f + F_FLAGS] & (FD_CLIENT if reads else FD_SERVER):
            swap_ends(h, f)
        _named(h, f, new, NAMED_TUPLE)
    else:
        _named_by_tuple(h, u, life, event, f, b, at, length)
    return new


@inline
def _settle(h: I64, life: int, event: int, fd: int, row: int, new: int) -> int:
    """Drop the new state of a descriptor when nothing changed after all; returns the row that holds."""
    if new == row or new != h[S_FDS] - 1:
        return new
    for c in range(F_COLUMNS):
        if c not in (F_FIRST, F_PREV) and h[ff(h, new) + c] != h[ff(h, row) + c]:
            return new
    h[S_FDS] = new
    renew(h, life, event, fd, row)
    return row


@inline
def told(h: I64, u: U8, life: int, event: int, row: int, b: U8, at: int, length: int) -> int:
    """A state of the descriptor that only this call shows: with the tuple that the call tells.

    The old reader prints it of every connect that did not succeed at once, and of calls whose
    descriptor (``row`` -1) it does not know; the descriptor in the table stays as it is.
    """
    if row >= 0:
        new = copied(h, row, event)
        h[ff(h, new) + F_FLAGS] |= FD_MOMENT
    else:
        new = new_fd(h, life, event, -1, 0)
        h[ff(h, new) + F_FLAGS] = FD_PHANTOM
    f = ff(h, new)
    if _usable(b, at, length) or (length >= 17 and b[at] == AF_UNIX):
        _named_by_tuple(h, u, life, event, f, b, at, length)
    elif length == 0:
        h[f + F_NAME] = h[S_NULL]
        h[f + F_NAMED] = 0
    return new
