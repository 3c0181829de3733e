"""DNS messages: the question, the answers, and how it went.

Inputs: a datagram, or the part of it that a capture kept. Outputs: a :class:`Message`, or None for
what is no DNS. Names follow compression pointers backwards only and a bounded number of times.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

HEADER = 12
MOST_NAME = 255
MOST_JUMPS = 16
MOST_ANSWERS = 64
PORTS = (53, 5353, 5355)

TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
    33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY",
    52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
}  # fmt: skip
RCODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN",
    7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS",
}  # fmt: skip
_NAMED = (2, 5, 12, 39)  # answers that are a name


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer."""

    id: int
    response: bool
    rcode: int
    name: bytes  # of the question, without the last dot; bytes outside letters and digits as \\ddd
    type: int
    answers: tuple[bytes, ...]  # addresses, names, or TYPE for others; as many as the capture kept
    count: int  # how many the header announces
    truncated: bool  # TC: the server cut its answer


def type_name(code: int) -> str:
    """Return the name of a record type: ``A``, ``AAAA``, ``TYPE999``."""
    return TYPES.get(code, f"TYPE{code}")


def rcode_name(code: int) -> str:
    """Return the name of a response code: ``NOERROR``, ``NXDOMAIN``, ``RCODE11``."""
    return RCODES.get(code, f"RCODE{code}")


def parse(data: bytes) -> Message | None:
    """Return the message that ``data`` holds, or None when it is something else."""
    if len(data) < HEADER + 5:
        return None
    flags = int.from_bytes(data[2:4], "big")
    questions, answers = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
    response = bool(flags & 0x8000)
    if (flags >> 11) & 15 or questions != 1 or (flags & 0x40) or (not response and (answers or flags & 15)):
        return None
    found = _name(data, HEADER)
    if found is None:
        return None
    name, at = found
    if at + 4 > len(data):
        return None
    kind, space = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
    if space & 0x7FFF not in (1, 3, 4, 255):
        return None
    return Message(
        id=int.from_bytes(data[:2], "big"),
        response=response,
        rcode=flags & 15,
        name=name,
        type=kind,
        answers=_answers(data, at + 4, min(answers, MOST_ANSWERS)),
        count=answers,
        truncated=bool(flags & 0x200),
    )


def _answers(data: bytes, at: int, count: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for _ in range(count):
        named = _name(data, at)
        if named is None:
            break
        at = named[1]
        if at + 10 > len(data):
            break
        kind, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 8 : at + 10], "big")
        at += 10
        if at + size > len(data):
            break
        found.append(_value(data, at, size, kind))
        at += size
    return tuple(found)


def _value(data: bytes, at: int, size: int, kind: int) -> bytes:
    raw = data[at : at + size]
    if kind == 1 and size == 4:
        return b".".join(b"%d" % byte for byte in raw)
    if kind == 28 and size == 16:
        return str(ipaddress.IPv6Address(raw)).encode()
    if kind in _NAMED:
        named = _name(data, at)
        return b"?" if named is None else named[0]
    return type_name(kind).encode()


def _name(data: bytes, at: int) -> tuple[bytes, int] | None:
    """Return the name at ``at`` and the place after it; None when it is none."""
    labels: list[bytes] = []
    after = -1
    length = jumps = 0
    while True:
        if at >= len(data):
            return None
        size = data[at]
        if size >= 0xC0:
            if at + 2 > len(data):
                return None
            target = (size & 0x3F) << 8 | data[at + 1]
            after = at + 2 if after < 0 else after
            jumps += 1
            if target >= at or target < HEADER or jumps > MOST_JUMPS:
                return None
            at = target
            continue
        if size >= 0x40:
            return None
        at += 1
        if size == 0:
            return b".".join(labels) or b".", at if after < 0 else after
        label = data[at : at + size]
        length += size + 1
        if len(label) < size or length > MOST_NAME:
            return None
        labels.append(_shown(label))
        at += size


def _shown(label: bytes) -> bytes:
    """Return a label with bytes that would be misread as ``\\ddd``, as zone files have them."""
    if all(byte > 32 and byte < 127 and byte not in b'."\\' for byte in label):
        return label
    return b"".join(
        bytes((byte,)) if 32 < byte < 127 and byte not in b'."\\' else b"\\%03d" % byte for byte in label
    )
