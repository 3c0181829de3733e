"""Names of sockets: the text of their tuples (state engine, 6.3)."""

from __future__ import annotations

import socket

import numpy as np

from ..equal_rows import distinct_rows
from .tables import I64, FdColumns, StringTable

NAMED_TUPLE, NAMED_ENDS, NAMED_ADDRESS, NAMED_UNIX = 1, 2, 3, 4  # how a name is made

_IPV4_SOCK, _IPV6_SOCK, _IPV4_SERVSOCK, _IPV6_SERVSOCK = 3, 4, 5, 6
_TCP, _UDP, _ICMP, _RAW = 2, 3, 4, 5


def address_text(kind: int, raw: bytes) -> str:
    """Return the text of an address: IPv4 in the first four bytes, or 16 bytes of IPv6."""
    if kind in (_IPV6_SOCK, _IPV6_SERVSOCK):
        return socket.inet_ntop(socket.AF_INET6, raw)
    return ".".join(map(str, raw[:4]))


def tuple_text(kind: int, l4: int, sip: bytes, sport: int, dip: bytes, dport: int) -> str:
    """Return ``sip:sport->dip:dport``; without ports for icmp and raw sockets."""
    source, dest = address_text(kind, sip), address_text(kind, dip)
    if l4 in (_ICMP, _RAW):
        return f"{source}->{dest}"
    if l4 not in (_TCP, _UDP):
        return "<unknown>"
    return f"{source}:{sport}->{dest}:{dport}"


def unix_text(source: int, dest: int, path: str) -> str:
    """Return ``SRC->DST PATH`` with the kernel pointers in hexadecimal."""
    mask = (1 << 64) - 1
    return f"{source & mask:x}->{dest & mask:x} {path}"


def named_text(fds: FdColumns, row: int, how: int, path: bytes, modern: bool) -> bytes:
    """Return the name that is made from the socket of ``row``; ``how`` is one of the pass's NAMED_*."""
    kind, l4 = int(fds.kind[row]), int(fds.l4proto[row])
    sip, sport = fds.sip[row].tobytes(), int(fds.sport[row])
    if how == NAMED_UNIX:
        return unix_text(int(fds.source[row]), int(fds.dest[row]), path.decode("utf-8", "replace")).encode()
    if how == NAMED_ADDRESS or kind in (_IPV4_SERVSOCK, _IPV6_SERVSOCK):
        return f"{address_text(kind, sip)}:{sport}".encode()
    if kind not in (_IPV4_SOCK, _IPV6_SOCK):
        return b""
    shown = _TCP if how == NAMED_ENDS else l4
    if kind == _IPV6_SOCK and l4 == _RAW and not modern:
        shown = 0
    return tuple_text(kind, shown, sip, sport, fds.dip[row].tobytes(), int(fds.dport[row])).encode()


def name_sockets(fds: FdColumns, words: I64, named: I64, strings: StringTable, modern: bool) -> None:
    """Fill ``fds.name`` of the rows whose name is made from a socket.

    ``words`` has shape (n, 5): what the sockets know of their ends. ``named`` holds 8 times the row of
    the socket that gives the name plus how, 0 for all others; the name of the socket's row is the path of
    a unix socket until then.
    """
    made = np.flatnonzero(named)
    row = named[made] >> 3
    facts = (named[made] & 7, fds.kind[row], fds.l4proto[row], fds.name[row], *words[row].T)
    distinct, inverse = distinct_rows(np.column_stack(facts))
    names = np.zeros(len(distinct), np.int32)
    for place, code in enumerate(named[made[distinct]].tolist()):
        path = strings[int(fds.name[code >> 3])]
        names[place] = strings.intern(named_text(fds, code >> 3, code & 7, path, modern))
    fds.name[made] = names[inverse]
