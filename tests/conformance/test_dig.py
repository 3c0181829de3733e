"""Event lines against what csysdig recorded for its list of system calls, with and without payloads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from views_golden import UNSET_ADDRESS, golden, plain_runs

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.buffers import WHOLE, Look
from scaptui.core.query.format import CONTAINERS, DEFAULT, compile_format

_OPTIONS = frozenset(("-v", "dig", "-j", "-pc", "-A", "-X"))


@pytest.fixture(scope="module")
def haproxy(capture_file: Callable[[str], Path]) -> Iterator[Capture]:
    with Capture.open(capture_file("haproxy-502.scap")) as capture:
        yield capture


@pytest.mark.parametrize("run", plain_runs("dig"), ids=lambda run: run["file"].removesuffix(".json"))
def test_the_lines_of_csysdig(haproxy: Capture, run: dict[str, Any]) -> None:
    options = run["argv"][3:]
    look = Look("ascii") if "-A" in options else Look("hexascii") if "-X" in options else WHOLE
    rest = [option for option in options if option not in _OPTIONS]
    document = json.loads((golden() / run["file"]).read_text(encoding="utf-8", errors="replace"))
    theirs = [line for part in document["slices"] for line in part.get("data", [])]
    rows = haproxy.select(rest[0] if rest else None)
    rows = rows[(haproxy.index.events.flags[rows] & EV_HIDDEN) == 0]
    text = CONTAINERS if "-pc" in options else DEFAULT
    ours = list(compile_format(text, haproxy.fields, look).lines(rows))
    if look.style == "ascii":  # csysdig begins text on the line of its name
        ours = [re.sub(r"(\w=)\n", r"\1", line) for line in ours]
    assert len(ours) == len(theirs)
    wrong = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b and UNSET_ADDRESS not in b]
    assert not wrong, f"{len(wrong)} of {len(theirs)} differ, first {wrong[0]}"
