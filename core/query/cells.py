"""Columns of field values: one cell per row, each a value or NA.

Inputs: built by the field modules and by :mod:`.args`. Outputs: read by the filter, the views and
the output formats.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..index.tables import StringTable

Bools = NDArray[np.bool_]


class Kind(Enum):
    """How the values of a column are stored."""

    INT = "int"  # int64
    UINT = "uint"  # unsigned 64 bits, stored as int64 bit pattern
    FLOAT = "float"  # float64
    BOOL = "bool"  # bool
    STR = "str"  # int64 ids into the string table
    IP = "ip"  # int64 ids into the string table: 4 or 16 raw bytes in network order
    TEXT = "text"  # object array of bytes: text too varied to intern (times, arguments)
    BYTES = "bytes"  # object array of bytes: I/O buffers
    LIST = "list"  # object array of tuples of bytes: several values at once


@dataclass(frozen=True)
class Cells:
    """One cell per row; where ``valid`` is false the row has no value (NA)."""

    kind: Kind
    values: NDArray[Any]
    valid: Bools
    fmt: str = "DEC"  # print format of numbers: DEC, HEX, OCT or 10_PADDED_DEC

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.valid)

    def take(self, rows: NDArray[Any]) -> Cells:
        """Return the cells of the given rows; row -1 gives NA."""
        if len(self.valid) == 0:
            return na(self.kind, len(rows), self.fmt)
        here = rows >= 0
        safe = np.where(here, rows, 0)
        return replace(self, values=self.values[safe], valid=self.valid[safe] & here)

    def where(self, keep: Bools) -> Cells:
        """Return the same cells, with NA where ``keep`` is false."""
        return replace(self, valid=self.valid & keep)

    def texts(self, strings: StringTable) -> list[str | None]:
        """Return each cell as the reference tool prints it; None where there is no value."""
        render = _renderer(self.kind, self.fmt, strings)
        return [
            render(value) if ok else None
            for value, ok in zip(self.values.tolist(), self.valid.tolist(), strict=True)
        ]

    def objects(self, strings: StringTable) -> list[Any]:
        """Return each cell as a Python value (int, float, bool, text, bytes); None where NA."""
        if self.kind in (Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.BYTES):
            raw = self.values.tolist()
        elif self.kind is Kind.LIST:
            raw = [[item.decode("utf-8", "replace") for item in items] for items in self.values.tolist()]
        elif self.kind is Kind.UINT:
            raw = self.values.view(np.uint64).tolist()
        else:
            return self.texts(strings)
        return [value if ok else None for value, ok in zip(raw, self.valid.tolist(), strict=True)]


@dataclass(frozen=True)
class DimCells:
    """A field decided once per row of a dimension; ``Fields.keys(dim, rows)`` leads to it."""

    dim: str  # thread, fd, fdname, type, name, mem, ...
    cells: Cells


def ip_text(raw: bytes) -> str:
    """Return 4 or 16 network-order bytes as an address."""
    if len(raw) in (4, 16):
        return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
    return ""


def dotted(raw: bytes) -> str:
    """Return a buffer with a dot for each byte that is not printable ASCII."""
    return raw.translate(_DOTS).decode("ascii")


_DOTS = bytes(b if 32 <= b < 127 else ord(".") for b in range(256))


def _renderer(kind: Kind, fmt: str, strings: StringTable) -> Callable[[Any], str]:
    if kind is Kind.STR:
        return strings.text
    if kind is Kind.BOOL:
        return lambda value: "true" if value else "false"
    if kind is Kind.FLOAT:
        return lambda value: f"{value:.1f}"
    if kind is Kind.IP:
        return lambda sid: ip_text(strings[sid])
    if kind is Kind.TEXT:
        return lambda value: value.decode("utf-8", "replace")
    if kind is Kind.BYTES:
        return dotted
    if kind is Kind.LIST:
        return lambda items: f"({b','.join(items).decode('utf-8', 'replace')})"
    if fmt == "10_PADDED_DEC":
        return lambda value: f"{value:09d}"
    if fmt == "HEX":
        return lambda value: f"{value & 0xFFFFFFFFFFFFFFFF:X}"
    if fmt == "OCT":
        return lambda value: f"0{value & 0xFFFFFFFFFFFFFFFF:o}" if value else "0"
    if kind is Kind.UINT:
        return lambda value: str(value & 0xFFFFFFFFFFFFFFFF)
    return str


def na(kind: Kind, count: int, fmt: str = "DEC") -> Cells:
    """Return ``count`` cells without a value."""
    return Cells(kind, _blank(kind, count), np.zeros(count, np.bool_), fmt)


def _blank(kind: Kind, count: int) -> NDArray[Any]:
    if kind is Kind.FLOAT:
        return np.zeros(count, np.float64)
    if kind is Kind.BOOL:
        return np.zeros(count, np.bool_)
    if kind in (Kind.TEXT, Kind.BYTES, Kind.LIST):
        blank = np.empty(count, object)
        blank.fill(() if kind is Kind.LIST else b"")
        return blank
    return np.zeros(count, np.int64)


def ints(values: NDArray[Any], valid: Bools | None = None, fmt: str = "DEC", kind: Kind = Kind.INT) -> Cells:
    """Return number cells; every cell is valid unless told otherwise."""
    return Cells(kind, values.astype(np.int64, copy=False), _valid(values, valid), fmt)


def bools(values: NDArray[Any], valid: Bools | None = None) -> Cells:
    """Return true/false cells."""
    return Cells(Kind.BOOL, values.astype(np.bool_, copy=False), _valid(values, valid))


def floats(values: NDArray[Any], valid: Bools | None = None) -> Cells:
    """Return float64 cells."""
    return Cells(Kind.FLOAT, values.astype(np.float64, copy=False), _valid(values, valid))


def ids(values: NDArray[Any], valid: Bools | None = None, kind: Kind = Kind.STR) -> Cells:
    """Return cells of string ids."""
    return Cells(kind, values.astype(np.int64, copy=False), _valid(values, valid))


def _valid(values: NDArray[Any], valid: Bools | None) -> Bools:
    return np.ones(len(values), np.bool_) if valid is None else valid


_intern_lock = threading.Lock()


def intern_all(strings: StringTable, values: Iterable[bytes | None]) -> Cells:
    """Return STR cells of the given texts (None: NA), adding new ones to ``strings``; thread-safe."""
    with _intern_lock:
        found = [-1 if value is None else strings.intern(value) for value in values]
    sids = np.array(found, np.int64)
    return Cells(Kind.STR, np.maximum(sids, 0), sids >= 0)


def texts_of(values: Sequence[bytes | None], kind: Kind = Kind.TEXT) -> Cells:
    """Return TEXT (or BYTES) cells of the given byte strings; None is NA."""
    array = _blank(kind, len(values))
    valid = np.zeros(len(values), np.bool_)
    for i, value in enumerate(values):
        if value is not None:
            array[i] = value
            valid[i] = True
    return Cells(kind, array, valid)
