from __future__ import annotations

import numpy as np
import pytest

from scaptui.core.index.tables import StringTable
from scaptui.core.query.cells import Cells, Kind, bools, floats, ids, intern_all, ints, ip_text, na, texts_of


def table(*texts: bytes) -> StringTable:
    arena = np.frombuffer(b"".join(texts), np.uint8)
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    return StringTable(arena, offsets, len(texts))


STRINGS = table(b"", b"abc", b"\x7f\x00\x00\x01", bytes(15) + b"\x01")


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (ints(np.array([1, -2])), ["1", "-2"]),
        (ints(np.array([7]), fmt="10_PADDED_DEC"), ["000000007"]),
        (ints(np.array([0xFD00]), fmt="HEX"), ["FD00"]),
        (ints(np.array([8, 0]), fmt="OCT"), ["010", "0"]),
        (ints(np.array([-1]), kind=Kind.UINT), ["18446744073709551615"]),
        (floats(np.array([0.25])), ["0.2"]),
        (bools(np.array([True, False])), ["true", "false"]),
        (ids(np.array([1, 0])), ["abc", ""]),
        (ids(np.array([2, 3]), kind=Kind.IP), ["127.0.0.1", "::1"]),
        (texts_of([b"x", None, b"\xff"]), ["x", None, "�"]),
        (texts_of([b"a\n\xff"], Kind.BYTES), ["a.."]),
        (na(Kind.STR, 2), [None, None]),
    ],
)
def test_texts(cells: Cells, texts: list[str | None]) -> None:
    assert cells.texts(STRINGS) == texts


def test_objects() -> None:
    assert ints(np.array([-1]), kind=Kind.UINT).objects(STRINGS) == [2**64 - 1]
    assert ints(np.array([5, 6]), np.array([True, False])).objects(STRINGS) == [5, None]
    assert bools(np.array([True])).objects(STRINGS) == [True]
    assert ids(np.array([1])).objects(STRINGS) == ["abc"]


def test_take_and_where() -> None:
    cells = ints(np.array([10, 20, 30]), np.array([True, False, True]))
    assert cells.take(np.array([2, -1, 1, 0])).objects(STRINGS) == [30, None, None, 10]
    assert cells.where(np.array([False, True, True])).objects(STRINGS) == [None, None, 30]
    assert na(Kind.INT, 0).take(np.array([-1, -1])).objects(STRINGS) == [None, None]


def test_interning_keeps_ids() -> None:
    strings = table(b"", b"abc")
    cells = intern_all(strings, [b"abc", None, b"new", b""])
    assert cells.values.tolist() == [1, 0, 2, 0]
    assert cells.valid.tolist() == [True, False, True, True]
    assert strings[2] == b"new"


def test_ip_text_of_other_lengths() -> None:
    assert ip_text(b"") == ip_text(b"12345") == ""
