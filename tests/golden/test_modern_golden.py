"""Captures of the new kind: what the newest reference reader printed, field by field.

The golden files hold one JSON list per event after a first line with the field names.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaptui.core.capture import Capture

GOLDEN = Path(__file__).parent
NAMES = ("lab1-http500", "lab2-crashloop", "lab3-shell", "lab4-leak")
# events whose value differs knowingly: container records have no thread of their own
RECORDS = ("container", "container_removed")
MISSING_TEXTS = (None, "<NA>")


class Golden:
    """One capture with the reference's rows."""

    def __init__(self, name: str, captures: Path) -> None:
        packed = (GOLDEN / f"{name}.jsonl.gz").read_bytes()
        lines = gzip.decompress(packed).decode().splitlines()
        self.fields: list[str] = json.loads(lines[0])
        self.rows: list[list[Any]] = [json.loads(line) for line in lines[1:]]
        self.capture = Capture.open(captures / f"{name}.scap")
        self.events = np.array([row[0] - 1 for row in self.rows], np.int64)

    def column(self, field: str) -> list[Any]:
        at = self.fields.index(field)
        return [row[at] for row in self.rows]

    def ours(self, field: str) -> list[str | None]:
        cells = self.capture.fields.read(field, self.events)
        return cells.texts(self.capture.index.strings)


@pytest.fixture(scope="module", params=NAMES)
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.param, GOLDEN.parent / "captures")


def test_shows_the_same_events(golden: Golden) -> None:
    from scaptui.core.index.tables import EV_HIDDEN

    shown = np.flatnonzero((golden.capture.index.events.flags & EV_HIDDEN) == 0)
    assert shown.tolist() == golden.events.tolist()


def test_counts_events_by_type(golden: Golden) -> None:
    assert Counter(golden.ours("evt.type")) == Counter(golden.column("evt.type"))


@pytest.mark.parametrize(
    "field",
    [
        "evt.rawres",
        "thread.tid",
        "proc.pid",
        "proc.ppid",
        "proc.name",
        "proc.pname",
        "proc.exepath",
        "proc.cwd",
        "proc.vpid",
        "user.uid",
        "container.id",
        "fd.num",
        "fd.type",
        "fd.name",
    ],
)
def test_field_equals_the_reference(golden: Golden, field: str) -> None:
    types = golden.column("evt.type")
    wrong = []
    for number, kind, want, got in zip(
        golden.column("evt.num"), types, golden.column(field), golden.ours(field), strict=True
    ):
        if kind in RECORDS:
            continue
        expected = None if want in MISSING_TEXTS else str(want)
        actual = None if got in MISSING_TEXTS else got
        if expected != actual:
            wrong.append((number, kind, want, got))
    assert not wrong, f"{len(wrong)} differ, first: {wrong[:5]}"
