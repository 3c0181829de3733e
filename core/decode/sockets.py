"""Sockets: tuples, roles and their changes by bind, connect, accept and datagrams. Kernels.

Rules: state engine, sections 2.1 and 6. The client is always the source side of a tuple.
"""

from __future__ import annotations

import numpy as np

from ..index.tables import FD_BOUND, FD_CLIENT, FD_CONNECTED, FD_SERVER, U8
from ..kernel import inline
from .files import KIND_UNIX, add, changed, new_fd
from .readers import i64, u16
from .state import (
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
    State,
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
def _ip4(b: U8, at: int) -> int:
    return (
        np.int64(b[at])
        | (np.int64(b[at + 1]) << 8)
        | (np.int64(b[at + 2]) << 16)
        | (np.int64(b[at + 3]) << 24)
    )


@inline
def mapped(low: int, high: int) -> bool:
    """Whether a 16-byte address is an IPv4 address mapped into IPv6."""
    return low == 0 and (high & 0xFFFFFFFF) == 0xFFFF0000


@inline
def unmapped(high: int) -> int:
    """The IPv4 address inside a mapped one."""
    return (high >> 32) & 0xFFFFFFFF


@inline
def _local4(st: State, other: int) -> int:
    """Our address on the way to ``other`` (state engine, 2.1); 0 when there is none."""
    for i in range(len(st.if4)):
        if st.if4[i, 0] == other:
            return other
    for i in range(len(st.if4)):
        mask = st.if4[i, 1]
        if (st.if4[i, 0] & mask) == (other & mask):
            return st.if4[i, 0]
    for i in range(len(st.if4)):
        if st.if4[i, 0] != 0x0100007F:
            return st.if4[i, 0]
    return np.int64(0)


@inline
def complete(st: State, row: int) -> None:
    """Fill the side of an IPv4 or IPv6 tuple that the event left open, from the interface list."""
    kind = st.f[row, F_KIND]
    if kind == KIND_IPV4:
        for side in range(2):
            mine = F_SIP_LO if side == 0 else F_DIP_LO
            theirs = F_DIP_LO if side == 0 else F_SIP_LO
            if st.f[row, mine] == 0:
                found = _local4(st, st.f[row, theirs])
                if found == st.f[row, theirs] and st.f[row, F_SPORT] == st.f[row, F_DPORT]:
                    continue
                st.f[row, mine] = found
    elif kind == KIND_IPV6:
        for side in range(2):
            low = F_SIP_LO if side == 0 else F_DIP_LO
            other = F_DIP_LO if side == 0 else F_SIP_LO
            if st.f[row, low] == 0 and st.f[row, low + 1] == 0:
                _local6(st, row, low, other)


@inline
def _local6(st: State, row: int, low: int, other: int) -> None:
    best = np.int64(-1)
    for i in range(len(st.if6)):
        a = i64(st.if6[i], 0)
        c = i64(st.if6[i], 8)
        if a == st.f[row, other] and c == st.f[row, other + 1]:
            best = i
            break
    if best < 0:
        for i in range(len(st.if6)):
            if i64(st.if6[i], 0) == st.f[row, other]:
                best = i
                break
    if best < 0:
        for i in range(len(st.if6)):
            loopback = i64(st.if6[i], 0) == 0 and i64(st.if6[i], 8) == (np.int64(1) << 56)
            if not loopback:
                best = i
                break
    if best < 0:
        return
    a = i64(st.if6[best], 0)
    c = i64(st.if6[best], 8)
    if a == st.f[row, other] and c == st.f[row, other + 1] and st.f[row, F_SPORT] == st.f[row, F_DPORT]:
        return
    st.f[row, low] = a
    st.f[row, low + 1] = c


@inline
def set_unix(st: State, row: int, b: U8, at: int, length: int) -> None:
    """Take the pointers and the path of a unix tuple (u64 source, u64 dest, path)."""
    if length < 17:
        return
    st.f[row, F_KIND] = KIND_UNIX
    st.f[row, F_SOURCE] = i64(b, at + 1)
    st.f[row, F_DEST] = i64(b, at + 9)
    st.f[row, F_NAME] = intern_text(st, b, at + 17, length - 17)
    st.f[row, F_FLAGS] = (st.f[row, F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME


@inline
def _swap(st: State, row: int) -> None:
    for pair in range(3):
        a = F_SIP_LO if pair == 0 else (F_SIP_HI if pair == 1 else F_SPORT)
        c = F_DIP_LO if pair == 0 else (F_DIP_HI if pair == 1 else F_DPORT)
        value = st.f[row, a]
        st.f[row, a] = st.f[row, c]
        st.f[row, c] = value


@inline
def _set_addresses(
    st: State, row: int, sip: int, sip2: int, sport: int, dip: int, dip2: int, dport: int
) -> bool:
    """Merge a tuple into a descriptor (state engine, 6.1 "addresses set"); True when it changed."""
    f = st.f[row]
    same = (
        f[F_SIP_LO] == sip
        and f[F_SIP_HI] == sip2
        and f[F_SPORT] == sport
        and f[F_DIP_LO] == dip
        and f[F_DIP_HI] == dip2
        and f[F_DPORT] == dport
    )
    mirror = (
        f[F_SIP_LO] == dip
        and f[F_SIP_HI] == dip2
        and f[F_SPORT] == dport
        and f[F_DIP_LO] == sip
        and f[F_DIP_HI] == sip2
        and f[F_DPORT] == sport
    )
    if same or mirror:
        return False
    change = False
    if f[F_SIP_LO] != sip or f[F_SIP_HI] != sip2:
        f[F_SIP_LO] = sip
        f[F_SIP_HI] = sip2
        change = True
    if f[F_SPORT] != sport:
        f[F_SPORT] = sport
        change = True
    if f[F_DIP_LO] == 0 and f[F_DIP_HI] == 0 and (dip != 0 or dip2 != 0):
        f[F_DIP_LO] = dip
        f[F_DIP_HI] = dip2
        change = True
    if f[F_DPORT] == 0 and dport != 0:
        f[F_DPORT] = dport
        change = True
    return change


@inline
def bind(st: State, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply a successful bind to descriptor ``row``; returns its new row."""
    if row < 0 or length < 1:
        return row
    family = np.int64(b[at])
    new = changed(st, row, event)
    f = st.f[new]
    f[F_FLAGS] &= ~(FD_HAS_TUPLE | FD_ADDR_NAME)
    if family == AF_INET and length >= 7:
        port = u16(b, at + 5)
        f[F_SIP_LO] = _ip4(b, at + 1)
        f[F_SIP_HI] = 0
        f[F_SPORT] = port
        if port > 0:
            f[F_KIND] = KIND_IPV4_SERVER
            f[F_FLAGS] |= FD_SERVER | FD_BOUND
        f[F_FLAGS] |= FD_ADDR_NAME
    elif family == AF_INET6 and length >= 19:
        port = u16(b, at + 17)
        low = i64(b, at + 1)
        high = i64(b, at + 9)
        f[F_SPORT] = port
        if mapped(low, high):
            f[F_SIP_LO] = unmapped(high)
            f[F_SIP_HI] = 0
            if port > 0:
                f[F_KIND] = KIND_IPV4_SERVER
        else:
            f[F_SIP_LO] = low
            f[F_SIP_HI] = high
            if port > 0:
                f[F_KIND] = KIND_IPV6_SERVER
        if port > 0:
            f[F_FLAGS] |= FD_SERVER | FD_BOUND
        f[F_FLAGS] |= FD_ADDR_NAME
    elif family == AF_UNIX:
        f[F_NAME] = intern_text(st, b, at + 1, length - 1)
    add(st, life, event, fd, new)
    return new


@inline
def connect_enter(st: State, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply the address of a connect that has begun; returns the descriptor's new row."""
    if row < 0 or length < 1:
        return row
    family = np.int64(b[at])
    if family == AF_INET and length >= 7:
        new = changed(st, row, event)
        st.f[new, F_KIND] = KIND_IPV4
        st.f[new, F_DIP_LO] = _ip4(b, at + 1)
        st.f[new, F_DIP_HI] = 0
        st.f[new, F_DPORT] = u16(b, at + 5)
    elif family == AF_INET6 and length >= 19:
        new = changed(st, row, event)
        low = i64(b, at + 1)
        high = i64(b, at + 9)
        if mapped(low, high):
            st.f[new, F_KIND] = KIND_IPV4
            st.f[new, F_DIP_LO] = unmapped(high)
            st.f[new, F_DIP_HI] = 0
        else:
            st.f[new, F_KIND] = KIND_IPV6
            st.f[new, F_DIP_LO] = low
            st.f[new, F_DIP_HI] = high
        st.f[new, F_DPORT] = u16(b, at + 17)
    elif family == AF_UNIX:
        new = changed(st, row, event)
        st.f[new, F_NAME] = intern_text(st, b, at + 1, length - 1)
    else:
        return row
    add(st, life, event, fd, new)
    return new


@inline
def connected(st: State, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int) -> int:
    """Apply a connect that succeeded or is in progress; returns the descriptor's new row."""
    if row < 0:
        return row
    family = np.int64(b[at]) if length > 0 else np.int64(-1)
    new = changed(st, row, event)
    f = st.f[new]
    f[F_FLAGS] |= FD_CONNECTED
    if family == AF_INET and length >= 13:
        was_server = (f[F_FLAGS] & FD_SERVER) != 0
        f[F_KIND] = KIND_IPV4
        change = _set_addresses(st, new, _ip4(b, at + 1), 0, u16(b, at + 5), _ip4(b, at + 7), 0, u16(b, at + 11))
        _finish_connect(st, new, change and was_server)
    elif family == AF_INET6 and length >= 37:
        was_server = (f[F_FLAGS] & FD_SERVER) != 0
        slow = i64(b, at + 1)
        shigh = i64(b, at + 9)
        dlow = i64(b, at + 19)
        dhigh = i64(b, at + 27)
        if mapped(slow, shigh) and mapped(dlow, dhigh):
            f[F_KIND] = KIND_IPV4
            change = _set_addresses(
                st, new, unmapped(shigh), 0, u16(b, at + 17), unmapped(dhigh), 0, u16(b, at + 35)
            )
        else:
            f[F_KIND] = KIND_IPV6
            change = _set_addresses(st, new, slow, shigh, u16(b, at + 17), dlow, dhigh, u16(b, at + 35))
        _finish_connect(st, new, change and was_server)
    elif family == AF_UNIX:
        set_unix(st, new, b, at, length)
    if not f[F_FLAGS] & (FD_CLIENT | FD_SERVER):
        f[F_FLAGS] |= FD_CLIENT
    add(st, life, event, fd, new)
    return new


@inline
def _finish_connect(st: State, row: int, swap: bool) -> None:
    complete(st, row)
    if swap and st.f[row, F_L4] == L4_UDP:
        _swap(st, row)
    st.f[row, F_FLAGS] = (st.f[row, F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME
    st.f[row, F_NAME] = 0


@inline
def accepted(st: State, life: int, event: int, fd: int, b: U8, at: int, length: int) -> int:
    """Create the descriptor of an accepted connection; returns its row, -1 without a usable tuple."""
    if length < 1:
        return np.int64(-1)
    family = np.int64(b[at])
    if family == AF_INET and length >= 13:
        row = new_fd(st, life, event, fd, KIND_IPV4)
        st.f[row, F_SIP_LO] = _ip4(b, at + 1)
        st.f[row, F_SPORT] = u16(b, at + 5)
        st.f[row, F_DIP_LO] = _ip4(b, at + 7)
        st.f[row, F_DPORT] = u16(b, at + 11)
        st.f[row, F_L4] = L4_TCP
    elif family == AF_INET6 and length >= 37:
        slow = i64(b, at + 1)
        shigh = i64(b, at + 9)
        dlow = i64(b, at + 19)
        dhigh = i64(b, at + 27)
        is4 = mapped(slow, shigh) and mapped(dlow, dhigh)
        row = new_fd(st, life, event, fd, KIND_IPV4 if is4 else KIND_IPV6)
        st.f[row, F_SIP_LO] = unmapped(shigh) if is4 else slow
        st.f[row, F_SIP_HI] = 0 if is4 else shigh
        st.f[row, F_SPORT] = u16(b, at + 17)
        st.f[row, F_DIP_LO] = unmapped(dhigh) if is4 else dlow
        st.f[row, F_DIP_HI] = 0 if is4 else dhigh
        st.f[row, F_DPORT] = u16(b, at + 35)
        st.f[row, F_L4] = L4_TCP
    elif family == AF_UNIX and length >= 17:
        row = new_fd(st, life, event, fd, KIND_UNIX)
        set_unix(st, row, b, at, length)
    else:
        return np.int64(-1)
    st.f[row, F_FLAGS] |= FD_SERVER | FD_CONNECTED | FD_HAS_TUPLE
    add(st, life, event, fd, row)
    return row


@inline
def _guess_role(st: State, life: int, event: int, row: int, reads: bool) -> int:
    """Role of a datagram socket without one (state engine, 6.2)."""
    table = files_of(st, life, event)
    bound = False
    client_port = False
    if table >= 0 and st.lives[table, L_TABLE] >= 0:
        at = st.lives[table, L_TABLE]
        for i in range(at, at + st.lives[table, L_CAP]):
            if st.poolkey[i] < 0:
                continue
            other = np.int64(st.poolrow[i])
            if other == row or st.f[other, 3] == st.f[row, 3]:
                other = row
            kind = st.f[other, F_KIND]
            if kind == KIND_IPV4:
                if st.f[other, F_DPORT] == st.f[row, F_DPORT]:
                    bound = True
                if st.f[other, F_SPORT] == st.f[row, F_SPORT]:
                    client_port = True
            elif kind == KIND_IPV4_SERVER and st.f[other, F_SPORT] == st.f[row, F_DPORT]:
                bound = True
    if not bound:
        return FD_CLIENT
    if not client_port:
        return FD_SERVER
    return FD_SERVER if reads else FD_CLIENT


@inline
def tuple_update(
    st: State, life: int, event: int, fd: int, row: int, b: U8, at: int, length: int, reads: bool
) -> int:
    """Apply the tuple of a send or receive; returns the descriptor's row (state engine, 6.1)."""
    if row < 0 or length < 1:
        return row
    named = st.f[row, F_NAME] != 0 or (st.f[row, F_FLAGS] & (FD_HAS_TUPLE | FD_ADDR_NAME)) != 0
    kind = st.f[row, F_KIND]
    inet = kind >= KIND_IPV4 and kind <= KIND_IPV6_SERVER
    if named and inet and st.f[row, F_L4] == L4_TCP:
        return row
    family = np.int64(b[at])
    if family == AF_UNIX:
        if length < 17:
            return row
        new = changed(st, row, event)
        set_unix(st, new, b, at, length)
        add(st, life, event, fd, new)
        return new
    if family == AF_INET and length >= 13:
        sip = _ip4(b, at + 1)
        sip2 = np.int64(0)
        sport = u16(b, at + 5)
        dip = _ip4(b, at + 7)
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
    f = st.f[row]
    same = (
        f[F_SIP_LO] == sip
        and f[F_SIP_HI] == sip2
        and f[F_SPORT] == sport
        and f[F_DIP_LO] == dip
        and f[F_DIP_HI] == dip2
        and f[F_DPORT] == dport
    )
    mirror = (
        f[F_SIP_LO] == dip
        and f[F_SIP_HI] == dip2
        and f[F_SPORT] == dport
        and f[F_DIP_LO] == sip
        and f[F_DIP_HI] == sip2
        and f[F_DPORT] == sport
    )
    if (same or mirror) and kind == new_kind:
        return row
    new = changed(st, row, event)
    if new_kind != kind and kind == KIND_IPV4_SERVER:
        st.f[new, F_FLAGS] &= ~FD_ADDR_NAME
    st.f[new, F_KIND] = new_kind
    if not _set_addresses(st, new, sip, sip2, sport, dip, dip2, dport):
        return _settle(st, life, event, fd, row, new)
    if st.f[new, F_L4] == L4_UNKNOWN:
        st.f[new, F_L4] = L4_UDP
    complete(st, new)
    if not st.f[new, F_FLAGS] & (FD_CLIENT | FD_SERVER):
        st.f[new, F_FLAGS] |= _guess_role(st, life, event, new, reads)
    if st.f[new, F_KIND] == KIND_IPV4 or st.f[new, F_KIND] == KIND_IPV6:
        server = (st.f[new, F_FLAGS] & FD_SERVER) != 0
        if (reads and not server) or (not reads and server):
            _swap(st, new)
        st.f[new, F_FLAGS] = (st.f[new, F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME
        st.f[new, F_NAME] = 0
    return _settle(st, life, event, fd, row, new)


@inline
def _settle(st: State, life: int, event: int, fd: int, row: int, new: int) -> int:
    """Put the new state of a descriptor into its table, or drop it when nothing changed after all."""
    if new == row:
        return row
    same = True
    for c in range(F_COLUMNS):
        if c != F_FIRST and st.f[new, c] != st.f[row, c]:
            same = False
    if same and new == st.s[S_FDS] - 1:
        st.s[S_FDS] = new
        return row
    add(st, life, event, fd, new)
    return new


@inline
def failed_connect(st: State, event: int, row: int, b: U8, at: int, length: int) -> int:
    """A state of the descriptor that only the failed call shows: with the name it tried to reach.

    The old reader prints it; the descriptor in the table stays as it is.
    """
    family = np.int64(b[at]) if length > 0 else np.int64(-1)
    inet = family == AF_INET and length >= 13
    inet6 = family == AF_INET6 and length >= 37
    if not (inet or inet6 or (family == AF_UNIX and length >= 17)):
        return row
    new = st.s[S_FDS]
    st.s[S_FDS] = new + 1
    for c in range(F_COLUMNS):
        st.f[new, c] = st.f[row, c]
    st.f[new, F_FIRST] = event
    if family == AF_UNIX:
        set_unix(st, new, b, at, length)
        return new
    if inet:
        _set_addresses(st, new, _ip4(b, at + 1), 0, u16(b, at + 5), _ip4(b, at + 7), 0, u16(b, at + 11))
    else:
        _set_addresses(
            st,
            new,
            i64(b, at + 1),
            i64(b, at + 9),
            u16(b, at + 17),
            i64(b, at + 19),
            i64(b, at + 27),
            u16(b, at + 35),
        )
    st.f[new, F_FLAGS] = (st.f[new, F_FLAGS] | FD_HAS_TUPLE) & ~FD_ADDR_NAME
    return new
