"""Captures of the new kind: every field that the newest reader printed, on every event.

The recordings are large and lie beside the captures that are not part of the project; without them
these tests are skipped, and `test_modern_golden` compares what the project holds.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaptui.core.capture import Capture

NAMES = ("lab1-http500", "lab2-crashloop", "lab3-shell", "lab4-exfil")
FIELDS = 73
UNKNOWN = "<UNKNOWN>"

Event = dict[str, Any]


@cache
def recorded(path: Path) -> list[Event]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def opened(path: Path) -> Capture:
    return Capture.open(path)


@pytest.fixture(params=NAMES)
def lab(request: pytest.FixtureRequest, capture_file: Callable[[str], Path]) -> tuple[Capture, list[Event]]:
    """A capture and what the newest reader printed for it."""
    path = capture_file(f"{request.param}.scap")
    golden = path.resolve().parent.parent / "golden" / "modern" / f"{request.param}.jsonl.gz"
    outside = Path(__file__).parents[2].parent / "shared" / "golden" / "modern" / golden.name
    for place in (golden, outside):
        if place.exists():
            return opened(path), recorded(place)
    pytest.skip(f"{golden.name} is not beside the captures")


def written(value: Any) -> str | None:
    if value is None:
        return None
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


# --- knowing differences (ARCHITECTURE.md) ------------------------------------------------------------


def known(field: str, event: Event, theirs: str | None, ours: str | None, names: set[str]) -> bool:
    """Whether a value may differ, and differs as it should."""
    record = event["evt.type"] in ("container", "container_removed")
    if record and field.startswith("container."):
        return ours is None  # nobody called them, so they have no container
    if record and field == "thread.tid":
        return theirs == "0" and ours is None
    if field.startswith("container."):
        # before the capture describes a container, and after its end, the newest reader forgets its name
        return theirs in (None, "", "<NA>") and ours is not None and ours in names
    if field == "fs.path.target":
        return event["evt.type"] == "symlinkat" and theirs == f"{UNKNOWN}{ours}"
    if field == "fs.path.name":
        return _path(event, theirs, ours)
    return False


def _path(event: Event, theirs: str | None, ours: str | None) -> bool:
    if event["evt.type"] == "creat":  # forgotten by the newest reader
        return theirs is None and ours == event["fd.name"]
    resolved = event["evt.abspath"]
    if ours is None or theirs is None or ours != resolved:
        return False
    if theirs.startswith(UNKNOWN):
        return resolved.endswith("/" + theirs.removeprefix(UNKNOWN))
    # asked for evt.abspath before, it shows the directory that an open started from
    return event["evt.type"] == "openat" and resolved.startswith(theirs.removesuffix("/") + "/")


def differences(capture: Capture, events: list[Event], field: str) -> Iterator[str]:
    every = np.arange(capture.count)
    row_of = dict(zip(capture.index.numbers(every).tolist(), every.tolist(), strict=True))
    rows = np.array([row_of[event["evt.num"]] for event in events], np.int64)
    texts = capture.fields.read(field, rows).texts(capture.index.strings)
    names = {event[field] for event in events if event[field]} if field.startswith("container.") else set()
    for event, text in zip(events, texts, strict=True):
        theirs = written(event[field])
        if theirs != text and not known(field, event, theirs, text, names):
            yield f"{field} of {event['evt.num']} ({event['evt.type']}): theirs {theirs!r}, ours {text!r}"


def test_every_field_of_every_event(lab: tuple[Capture, list[Event]]) -> None:
    capture, events = lab
    fields = list(events[0])
    assert len(fields) == FIELDS
    wrong = [line for field in fields for line in differences(capture, events, field)]
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])
