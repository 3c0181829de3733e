"""Random output formats (``-p``) print what sysdig prints, as text and as JSON.

``SCAPTUI_FORMATS`` is how many are tried of each (default 30), ``SCAPTUI_FORMATS_SEED`` where to begin.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query.define import DEFINITIONS
from scaptui.core.query.format import compile_format
from scaptui.core.query.registry import ArgRule, specs

COUNT = int(os.environ.get("SCAPTUI_FORMATS", "30"))
SEED = int(os.environ.get("SCAPTUI_FORMATS_SEED", "0"))
CAPTURES = ["curl-google.scap", "ipv6-conn.scap"]
LITERALS = [" ", "|", " - ", "é", "\\n", "\\t", "*", "[", "]", ", ", " (", ")", "$", "1"]
WIDTHS = ["", "", "", "5", "12", "30", "0", "1", "05"]
ARGUMENTS = {
    "evt.arg": (".fd", ".res", ".name", ".size", ".data", ".flags", "[0]", "[1]", "[99]"),
}
KNOWN = {  # in ARCHITECTURE.md's table
    "user.loginname", "user.loginuid", "fd.dev", "fd.dev.major", "fd.dev.minor", "evt.latency.human",
    "fd.cproto", "fd.sproto", "fd.cport", "group.gid", "evt.deltatime", "proc.tty", "evt.wait_latency",
}  # fmt: skip
TIMES = ("evt.time", "evt.datetime", "evt.outputtime")
IN_JSON = {
    "util.cnt",
    "thread.exectime",
    "thread.totexectime",
    "fd.connected",
    "proc.fdusage",
    "thread.cpu",
}


def candidates() -> list[str]:
    """Return the fields of the old reader that a format may have."""
    return [
        spec.name
        for spec in specs().values()
        if spec.type_old
        and not spec.flags & {"TABLE_ONLY", "FILTER_ONLY"}
        and spec.name in DEFINITIONS
        and spec.name not in KNOWN
        and (spec.arg is not ArgRule.REQUIRED or spec.name in ARGUMENTS)
    ]


class Typist:
    """Writes formats."""

    def __init__(self, seed: int, *, json: bool) -> None:
        self.dice = random.Random(seed)
        self.fields = [
            name for name in candidates() if not (json and (name in IN_JSON or name.startswith(TIMES)))
        ]

    def format(self) -> str:
        text = self.dice.choice(("*", ""))
        for _ in range(self.dice.randint(1, 5)):
            name = self.dice.choice(self.fields)
            name += self.dice.choice(ARGUMENTS.get(name, ("",)))
            if name in ("proc.aname", "proc.apid"):
                name += self.dice.choice(("[0]", "[1]", "[3]", "[9]"))
            text += self.dice.choice(LITERALS) + "%" + self.dice.choice(WIDTHS) + name
        return text + self.dice.choice(LITERALS)


def sysdig(*arguments: str | Path) -> bytes:
    """Return what sysdig prints."""
    if shutil.which("sysdig") is None:
        pytest.skip("sysdig is not installed")
    environment = {**os.environ, "TZ": "UTC"}
    done = subprocess.run(
        ["sysdig", "-d", *map(str, arguments)], capture_output=True, timeout=120, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(text: str, ours: Sequence[object], theirs: Sequence[object]) -> None:
    """All lines that a format prints are equal."""
    first = next(((a, b) for a, b in zip(ours, theirs, strict=False) if a != b), None)
    assert first is None, text
    assert len(ours) == len(theirs), text


@pytest.mark.parametrize("name", CAPTURES)
def test_lines_of_random_formats(capture_file: Callable[[str], Path], name: str, utc: None) -> None:
    path = capture_file(name)
    capture = Capture.open(path)
    rows = capture.select()
    rows = rows[(capture.index.events.flags[rows] & EV_HIDDEN) == 0]
    typist = Typist(SEED, json=False)
    for _ in range(COUNT):
        text = typist.format()
        ours = "".join(f"{line}\n" for line in compile_format(text, capture.fields).lines(rows))
        check(text, ours.splitlines(), sysdig("-r", path, "-p", text).decode("utf-8", "replace").splitlines())


@pytest.mark.parametrize("name", CAPTURES)
def test_objects_of_random_formats(
    scaptui: Callable[..., subprocess.CompletedProcess[bytes]], capture_file: Callable[[str], Path], name: str
) -> None:
    path = capture_file(name)
    typist = Typist(SEED, json=True)
    for _ in range(COUNT // 4):
        text = typist.format()
        ours = scaptui("events", path, "-p", text, "--json").stdout
        theirs = sysdig("-r", path, "-j", "-p", text)
        check(text, *([json.loads(line) for line in lines.splitlines()] for lines in (ours, theirs)))
