"""HTTP/1 messages: what the first bytes of a request or an answer say.

Inputs: bytes as some process sent them, cut anywhere. Outputs: a :class:`Head`, or None for what is
no HTTP. Nothing is trusted: lengths are bounded, unknown or doubled headers are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

METHODS = (
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH", b"PROPFIND",
    b"PROPPATCH", b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"SEARCH", b"REPORT", b"PURGE",
)  # fmt: skip
MOST_HEAD = 1 << 14  # bytes of a head that are looked at
MOST_DIGITS = 15  # of a length: more is nonsense
UNKNOWN = -1

_METHODS = frozenset(METHODS)
_OFTEN = 1 << 10  # bytes of messages that are worth remembering: the same ones come again and again
_VERSION = b"HTTP/"
_NO_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a message: request line or status line, and the headers that matter.

    ``complete`` tells that the blank line after the headers was seen; ``size`` is then the number of
    bytes up to the body. ``length`` is the announced length of the body, -1: not told.
    """

    method: bytes  # empty: an answer
    target: bytes
    status: int  # 0: a request
    reason: bytes
    host: bytes
    kind: bytes  # Content-Type
    length: int
    chunked: bool
    complete: bool
    size: int
    cut: bool  # the first line itself ends before its end

    @property
    def is_request(self) -> bool:
        """Whether it is a request, not an answer."""
        return self.status == 0

    def body(self, method: bytes = b"") -> int:
        """Return the length of the body, -1 when it is not known; ``method`` is that of the request."""
        if not self.complete:
            return UNKNOWN
        if self.is_request:
            return UNKNOWN if self.chunked else max(self.length, 0)
        if method == b"HEAD" or self.status in _NO_BODY or 100 <= self.status < 200:
            return 0
        return UNKNOWN if self.chunked else self.length


def parse(data: bytes) -> Head | None:
    """Return the head that ``data`` begins with, or None when it begins with something else."""
    return _parse(data) if len(data) <= _OFTEN else _parse.__wrapped__(data[:MOST_HEAD])


@lru_cache(maxsize=1 << 11)
def _parse(data: bytes) -> Head | None:
    line, newline, _ = data.partition(b"\n")
    whole = bool(newline)
    line = line.removesuffix(b"\r")
    first = _status_line(line, whole) if line.startswith(_VERSION) else _request_line(line, whole)
    if first is None:
        return None
    method, target, status, reason = first
    host, kind, length, chunked, size = _headers(data, len(line)) if whole else (b"", b"", UNKNOWN, False, -1)
    return Head(
        method, target, status, reason, host, kind, length, chunked, size >= 0, max(size, 0), not whole
    )


def _request_line(line: bytes, whole: bool) -> tuple[bytes, bytes, int, bytes] | None:
    method, space, rest = line.partition(b" ")
    if not space or method not in _METHODS:
        return None
    target, space, version = rest.partition(b" ")
    if not target or not _printable(target):
        return None
    if space:
        tail = version[: len(_VERSION)]
        if not (tail == _VERSION or (not whole and _VERSION.startswith(tail))):
            return None
    elif whole or not target.startswith((b"/", b"http", b"*")):
        return None  # not HTTP/1, or too little is there to tell
    return method, target, 0, b""


def _status_line(line: bytes, whole: bool) -> tuple[bytes, bytes, int, bytes] | None:
    parts = line.split(b" ", 2)
    if len(parts) < 2 or len(parts[0]) != 8:
        return None
    code = parts[1]
    if len(code) != 3 or not code.isdigit() or code[0] not in b"12345":
        return None
    reason = parts[2] if len(parts) > 2 else b""
    return b"", b"", int(code), reason if _printable(reason) else b""


def _printable(text: bytes) -> bool:
    """Return whether a text has no control characters."""
    return all(byte >= 32 and byte != 127 for byte in text)


def _headers(data: bytes, at: int) -> tuple[bytes, bytes, int, bool, int]:
    """Return host, type, length, whether in chunks, and where the body begins (-1: not seen)."""
    host = kind = b""
    length, chunked = UNKNOWN, False
    start = data.index(b"\n", at) + 1
    while True:
        end = data.find(b"\n", start)
        if end < 0:
            return host, kind, length, chunked, -1
        line = data[start:end].removesuffix(b"\r")
        start = end + 1
        if not line:
            return host, kind, length, chunked, start
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        name = name.lower()
        if name == b"host":
            host = host or value.strip()
        elif name == b"content-length":
            digits = value.strip()
            if digits.isdigit() and len(digits) <= MOST_DIGITS:
                length = int(digits)
        elif name == b"transfer-encoding":
            chunked = b"chunked" in value.lower()
        elif name == b"content-type":
            kind = kind or value.strip()


def end_of_chunks(data: bytes) -> int:
    """Return how many bytes of ``data`` a body in chunks takes, -1 when its end is not among them."""
    at = 0
    while True:
        end = data.find(b"\n", at, at + 256)
        if end < 0:
            return UNKNOWN
        digits = data[at:end].split(b";", 1)[0].strip()
        if not digits or len(digits) > 12 or digits.strip(b"0123456789abcdefABCDEF"):
            return UNKNOWN
        size = int(digits, 16)
        at = end + 1
        if size == 0:
            break
        at += size + 2
        if at > len(data):
            return UNKNOWN
    while True:  # trailers, up to a blank line
        end = data.find(b"\n", at)
        if end < 0:
            return UNKNOWN
        blank = not data[at:end].strip()
        at = end + 1
        if blank:
            return at


def url(host: bytes, target: bytes) -> bytes:
    """Return what was asked for: the host in front of a path; other targets as they are."""
    return host + target if target.startswith(b"/") else target
