"""Names of sockets: the text of their tuples (state engine, 6.3)."""

from __future__ import annotations

import socket

from .tables import FdColumns, StringTable

_IPV4_SOCK, _IPV6_SOCK, _IPV4_SERVSOCK, _IPV6_SERVSOCK, _UNIX = 3, 4, 5, 6, 8
_ICMP, _RAW = 4, 5


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
    if l4 == 0:
        return "<unknown>"
    return f"{source}:{sport}->{dest}:{dport}"


def unix_text(source: int, dest: int, path: str) -> str:
    """Return ``SRC->DST PATH`` with the kernel pointers in hexadecimal."""
    mask = (1 << 64) - 1
    return f"{source & mask:x}->{dest & mask:x} {path}"


def name_sockets(fds: FdColumns, has_tuple: list[int], address_only: list[int], strings: StringTable) -> None:
    """Fill ``fds.name`` of the given rows: those whose name is their tuple, or their own address."""
    cache: dict[tuple[object, ...], int] = {}
    for row in has_tuple:
        kind = int(fds.kind[row])
        if kind == _UNIX:
            key: tuple[object, ...] = (kind, int(fds.source[row]), int(fds.dest[row]), int(fds.name[row]))
        elif kind in (_IPV4_SOCK, _IPV6_SOCK):
            key = (
                kind,
                int(fds.l4proto[row]),
                fds.sip[row].tobytes(),
                int(fds.sport[row]),
                fds.dip[row].tobytes(),
                int(fds.dport[row]),
            )
        else:
            continue
        sid = cache.get(key)
        if sid is None:
            if kind == _UNIX:
                path = strings[int(fds.name[row])].decode("utf-8", "replace")
                text = unix_text(int(fds.source[row]), int(fds.dest[row]), path)
            else:
                text = tuple_text(*key)  # pyright: ignore[reportArgumentType]  (the key was built so)
            sid = cache[key] = strings.intern(text.encode())
        fds.name[row] = sid
    for row in address_only:
        kind = int(fds.kind[row])
        text = f"{address_text(kind, fds.sip[row].tobytes())}:{int(fds.sport[row])}"
        fds.name[row] = strings.intern(text.encode())
