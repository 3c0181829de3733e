"""``scaptui streams`` in a pipe: the payloads of the demo's failing answers in every mode."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from program import Run

ANSWERS = (
    "evt.is_io_write=true and fd.type=ipv4 and proc.name=python3 and evt.buffer contains ' 500 INTERNAL'"
)


def _blocks(run: Run, *arguments: str | Path) -> list[dict[str, Any]]:
    done = run("streams", *arguments, "--json")
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_fifteen_answers_with_500(scaptui: Run, demo: Path) -> None:
    found = _blocks(scaptui, demo, ANSWERS)
    assert len(found) == 15
    first = found[0]
    assert first["direction"] == "write"
    assert first["process"] == "python3"
    assert first["container"] == "usercount"
    assert first["data"].startswith("HTTP/1.1 500 INTERNAL SERVER ERROR.")
    assert first["kept"] <= first["length"]


@pytest.mark.parametrize(
    ("mode", "piece"),
    [
        ("ascii", "HTTP/1.1 500 INTERNAL SERVER ERROR\n"),
        ("dotted", "HTTP/1.1 500 INTERNAL SERVER ERROR.."),
        ("hex", "0x0000: 4854 5450 2f31 2e31 2035 3030 2049 4e54  HTTP/1.1 500 INT\n"),
    ],
)
def test_modes_of_text(scaptui: Run, demo: Path, mode: str, piece: str) -> None:
    done = scaptui("streams", demo, ANSWERS, "--as", mode)
    text = done.stdout.decode("ascii")
    assert text.count(piece) == 15
    assert text.count("------ Write ") == 15
    assert "usercount, python3" in text


def test_raw_is_the_payload_and_nothing_else(scaptui: Run, demo: Path) -> None:
    raw = scaptui("streams", demo, ANSWERS, "--as", "raw").stdout
    blocks = _blocks(scaptui, demo, ANSWERS, "--as", "raw")
    assert raw == b"".join(base64.b64decode(block["data"]) for block in blocks)
    assert raw.startswith(b"HTTP/1.1 500 INTERNAL SERVER ERROR\r\n")


def test_nothing_passes(scaptui: Run, demo: Path) -> None:
    done = scaptui("streams", demo, "proc.name=nobody")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("mode", ["ascii", "dotted", "hex"])
def test_no_escape_in_text(scaptui: Run, demo: Path, mode: str) -> None:
    done = scaptui("streams", demo, "--as", mode)
    assert set(done.stdout) <= set(range(0x20, 0x7F)) | {0x09, 0x0A}
    assert len(done.stdout) > 100_000
