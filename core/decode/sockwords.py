"""What a socket knows of its ends: five 64-bit words whose meaning its kind decides. Kernels.

The readers keep this knowledge in a union, and what one kind of socket wrote is read by the next. So
it is here. In bytes of the words ``F_W0..F_W4`` (little-endian numbers, addresses in network order):

=============== ======== ======== ===== ====== ======== ====
kind            source   dest     sport dport  protocol
=============== ======== ======== ===== ====== ======== ====
IPv4            0..3     4..7     8..9  10..11 12
IPv4 server     0..3              4..5         6
IPv6            0..15    16..31   32..  34..   36
IPv6 server     0..15             16..         18
unix            0..7     8..15
=============== ======== ======== ===== ====== ======== ====
"""

from __future__ import annotations

import numpy as np

from ..index.tables import I64
from ..kernel import inline
from .state import F_KIND, F_W0, F_W1, F_W2, F_W3, F_W4

KIND_IPV4 = 3
KIND_IPV6 = 4
KIND_IPV4_SERVER = 5
KIND_IPV6_SERVER = 6
KIND_UNIX = 8

_LOW = 0xFFFFFFFF


@inline
def _bits(h: I64, at: int, shift: int, mask: int) -> int:
    return (h[at] >> shift) & mask


@inline
def _set_bits(h: I64, at: int, shift: int, mask: int, value: int) -> None:
    h[at] = (h[at] & ~(mask << shift)) | ((value & mask) << shift)


# --- IPv4: f is the place of a row -------------------------------------------------------------------
@inline
def sip4(h: I64, f: int) -> int:
    """Source address; a server's own."""
    return _bits(h, f + F_W0, 0, _LOW)


@inline
def dip4(h: I64, f: int) -> int:
    """Destination address."""
    return _bits(h, f + F_W0, 32, _LOW)


@inline
def set_sip4(h: I64, f: int, value: int) -> None:
    """Set the source address, or a server's own."""
    _set_bits(h, f + F_W0, 0, np.int64(_LOW), value)


@inline
def set_dip4(h: I64, f: int, value: int) -> None:
    """Set the destination address."""
    _set_bits(h, f + F_W0, 32, np.int64(_LOW), value)


@inline
def set_server4(h: I64, f: int, ip: int, port: int, l4: int) -> None:
    """Set all that a server knows."""
    set_sip4(h, f, ip)
    _set_bits(h, f + F_W0, 32, np.int64(0xFFFF), port)
    _set_bits(h, f + F_W0, 48, np.int64(0xFF), l4)


# --- IPv6 -----------------------------------------------------------------------------------------------
@inline
def set_server6(h: I64, f: int, low: int, high: int, port: int, l4: int) -> None:
    """Set all that a server knows."""
    h[f + F_W0] = low
    h[f + F_W1] = high
    _set_bits(h, f + F_W2, 0, np.int64(0xFFFF), port)
    _set_bits(h, f + F_W2, 16, np.int64(0xFF), l4)


# --- both -----------------------------------------------------------------------------------------------
@inline
def _ports(wide: bool) -> int:
    """Which word has the ports and the protocol."""
    return F_W4 if wide else F_W1


@inline
def sport(h: I64, f: int, wide: bool) -> int:
    """Source port; ``wide``: as an IPv6 socket has it."""
    return _bits(h, f + _ports(wide), 0, 0xFFFF)


@inline
def dport(h: I64, f: int, wide: bool) -> int:
    """Destination port."""
    return _bits(h, f + _ports(wide), 16, 0xFFFF)


@inline
def l4(h: I64, f: int, wide: bool) -> int:
    """Transport protocol of a socket that is no server."""
    return _bits(h, f + _ports(wide), 32, 0xFF)


@inline
def set_sport(h: I64, f: int, wide: bool, value: int) -> None:
    """Set the source port."""
    _set_bits(h, f + _ports(wide), 0, np.int64(0xFFFF), value)


@inline
def set_dport(h: I64, f: int, wide: bool, value: int) -> None:
    """Set the destination port."""
    _set_bits(h, f + _ports(wide), 16, np.int64(0xFFFF), value)


@inline
def set_l4(h: I64, f: int, wide: bool, value: int) -> None:
    """Set the transport protocol."""
    _set_bits(h, f + _ports(wide), 32, np.int64(0xFF), value)


@inline
def server_port4(h: I64, f: int) -> int:
    """Port of an IPv4 server."""
    return _bits(h, f + F_W0, 32, 0xFFFF)


@inline
def server_l4_4(h: I64, f: int) -> int:
    """Transport protocol of an IPv4 server."""
    return _bits(h, f + F_W0, 48, 0xFF)


@inline
def is_tcp(h: I64, f: int) -> bool:
    """Whether the readers take it for a TCP socket: only IPv4 ones count."""
    return h[f + F_KIND] == KIND_IPV4 and l4(h, f, False) == 2


@inline
def swap_ends(h: I64, f: int) -> None:
    """Exchange source and destination."""
    wide = h[f + F_KIND] != KIND_IPV4
    port = sport(h, f, wide)
    set_sport(h, f, wide, dport(h, f, wide))
    set_dport(h, f, wide, port)
    if wide:
        low, high = h[f + F_W0], h[f + F_W1]
        h[f + F_W0], h[f + F_W1] = h[f + F_W2], h[f + F_W3]
        h[f + F_W2], h[f + F_W3] = low, high
    else:
        ip = sip4(h, f)
        set_sip4(h, f, dip4(h, f))
        set_dip4(h, f, ip)
