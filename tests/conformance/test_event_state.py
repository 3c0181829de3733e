"""Old captures: the state of threads and descriptors, event by event, against sysdig itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scaptui.core.capture import Capture

FIELDS = [
    "evt.num",
    "evt.type",
    "evt.dir",
    "evt.rawres",
    "evt.latency",
    "evt.cpu",
    "thread.tid",
    "thread.vtid",
    "proc.pid",
    "proc.vpid",
    "proc.ppid",
    "proc.sid",
    "proc.name",
    "proc.pname",
    "proc.exe",
    "proc.exepath",
    "proc.args",
    "proc.cwd",
    "user.uid",
    "user.name",
    "group.gid",
    "container.id",
    "container.name",
    "fd.num",
    "fd.type",
    "fd.name",
    "fd.l4proto",
    "fd.cip",
    "fd.sip",
    "fd.cport",
    "fd.sport",
    "fd.lip",
    "fd.rip",
]
UNSET = "145.216.3.255"  # the other side of a datagram socket that sysdig 0.29.3 never sets


def known(field: str, theirs: str, ours: str | None, line: list[str]) -> bool:
    """Whether a difference stands in ARCHITECTURE.md's table: values that 0.29.3 never set."""
    if field == "group.gid":
        return int(theirs) > 0xFFFFFFFF  # no 32-bit id
    if field == "fd.cport":
        return theirs == "0" and ours is None
    return field.startswith("fd.") and any(UNSET in cell for cell in line)


pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")


@pytest.mark.parametrize("name", ["haproxy-502.scap", "curl-google.scap", "ipv6-conn.scap"])
def test_every_event_has_the_same_state(name: str, capture_file: Callable[[str], Path]) -> None:
    path = capture_file(name)
    form = "*" + "\t".join(f"%{field}" for field in FIELDS)
    run = subprocess.run(
        ["sysdig", "-r", str(path), "-p", form], capture_output=True, check=True, timeout=120
    )
    lines = [line.split("\t") for line in run.stdout.decode("utf-8", "replace").splitlines()]
    with Capture.open(path) as capture:
        rows = np.array([int(line[0]) - 1 for line in lines], np.int64)
        strings = capture.index.strings
        wrong = []
        for at, field in enumerate(FIELDS):
            texts = capture.fields.read(field, rows).texts(strings)
            for line, text in zip(lines, texts, strict=True):
                if line[at] != ("<NA>" if text is None else text) and not known(field, line[at], text, line):
                    wrong.append((line[0], line[1], field, line[at], text))
    assert len(lines) > 20
    assert not wrong, f"{len(wrong)} differ, first: {wrong[:6]}"
