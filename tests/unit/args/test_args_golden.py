"""Some events of every code of the old readers: the recorded lines of sysdig 0.29.3."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from event_variety import CODES, FORMAT, left_out

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.format import compile_format
from scaptui.core.schema.catalogue import events
from scaptui.core.text import printable

GOLDEN = Path(__file__).parents[2] / "golden"


def test_the_recorded_lines() -> None:
    recorded = gzip.decompress((GOLDEN / "catalogue.txt.gz").read_bytes()).decode("utf-8", "replace")
    theirs = [line.split("\x1f") for line in recorded.split("\x1e\n")[:-1]]
    with Capture.open(GOLDEN / "catalogue.scap") as capture:
        rows = np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)
        form = compile_format(FORMAT, capture.fields)
        ours = [line.split("\x1f") for line in form.lines(rows)]
        held = set(np.unique(capture.index.events.type).tolist())
    assert len(ours) == len(theirs) > 900
    for mine, reference in zip(ours, theirs, strict=True):
        assert mine == [printable(value) for value in reference]
    assert held >= {code for code in range(CODES) if not left_out(events(False)[code])}
