"""The README's examples do what they say they do: run, and print something."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from program import Run

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(
    r"^\$ scaptui ((?:summary|view|events|streams|views|fields)\b[^#\n]*)",
    (PROJECT / "README.md").read_text("utf-8"),
    re.MULTILINE,
)


def test_there_are_examples() -> None:
    assert {example.split()[0] for example in EXAMPLES} == {
        "summary",
        "view",
        "events",
        "streams",
        "views",
        "fields",
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(scaptui: Run, demo: Path, example: str) -> None:
    words = [str(demo) if word == "trace.scap" else word for word in shlex.split(example)]
    filters = {"container.name=web": "container.name=frontend", "fd.sport=80": "fd.sport=8081"}
    done = scaptui(*(filters.get(word, word) for word in words), cwd=PROJECT)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"\n") >= 1
    assert done.stderr == b""
