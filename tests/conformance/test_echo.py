"""I/O blocks against what csysdig prints for its echo view."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from views_golden import UNSET_ADDRESS, golden, plain_runs

from scaptui.core.capture import Capture
from scaptui.core.streams.echo import EchoBlock, blocks
from scaptui.core.streams.render import Mode

_OPTIONS = frozenset(("-v", "echo", "-j", "-pc", "-A", "-X"))


def expected(path: Path) -> list[dict[str, str]]:
    document = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    return [row for part in document["slices"] for row in part.get("data", [])]


def as_printed(block: EchoBlock) -> dict[str, str]:
    row = {
        "ta": str(block.ts),
        "td": str(block.reltime),
        "d": "<" if block.direction == "read" else ">",
        "v": block.text,
        "l": str(block.length),
        "fd": str(block.fd),
        "ft": block.fd_type,
        "f": f"{block.fd}(<{block.fd_type}>{block.fd_name})",
        "p": block.comm,
    }
    if block.fd_name:
        row["fn"] = block.fd_name
    if block.container:
        row["c"] = block.container
    return row


def compare(ours: list[dict[str, str]], theirs: list[dict[str, str]]) -> None:
    assert len(ours) == len(theirs)
    for mine, reference in zip(ours, theirs, strict=True):
        skipped = ("f", "fn") if UNSET_ADDRESS in reference["f"] else ()
        for key in (*mine, *reference):
            if key not in skipped:
                assert mine.get(key) == reference.get(key), (key, mine, reference)


@pytest.fixture(scope="module")
def haproxy(capture_file: Callable[[str], Path]) -> Capture:
    return Capture.open(capture_file("haproxy-502.scap"))


@pytest.mark.parametrize("run", plain_runs("echo"), ids=lambda run: run["file"].removesuffix(".json"))
def test_the_blocks_of_csysdig(haproxy: Capture, run: dict[str, Any]) -> None:
    options = run["argv"][3:]
    mode: Mode = "ascii" if "-A" in options else "hex" if "-X" in options else "dotted"
    rest = [option for option in options if option not in _OPTIONS]
    ours = [as_printed(block) for block in blocks(haproxy, haproxy.select(rest[0] if rest else None), mode)]
    compare(ours, expected(golden() / run["file"]))


def test_blocks_over_ipv6(capture_file: Callable[[str], Path]) -> None:
    reference = golden() / "extra" / "curl_google__echo__pc.json"
    if not reference.exists():
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    with Capture.open(capture_file("curl-google.scap")) as capture:
        compare(
            [as_printed(block) for block in blocks(capture, capture.select(), "dotted")], expected(reference)
        )
