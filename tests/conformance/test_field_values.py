"""Field values on captures of the old kind are those that sysdig 0.29.3 prints."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.query import modules
from scaptui.core.query.define import DEFINITIONS
from scaptui.core.query.registry import ArgRule, specs

pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")

NOT_PRINTED = {"FILTER_ONLY", "TABLE_ONLY"}
# what the reference prints from memory that it never set, or that differs on purpose
UNSET = {"fd.dev", "fd.dev.major", "fd.dev.minor", "group.gid", "user.loginuid", "user.loginname"}
UNSET_PEER = "145.216.3.255"
PRINTED = [
    name
    for name, spec in specs().items()
    if spec.type_old and spec.arg is ArgRule.NONE and not spec.flags & NOT_PRINTED and name not in UNSET
]
WITH_ARGUMENT = [
    "proc.aname[0]",
    "proc.aname[1]",
    "proc.aname[2]",
    "proc.apid[1]",
    "evt.arg.fd",
    "evt.arg.res",
    "evt.arg[1]",
    "evt.rawarg.res",
    "thread.cgroup.cpuset",
    "container.mount[0]",
    "evt.abspath.src",
]
GROUP = 16  # fields that one run of the reference prints
BETWEEN, END = "\x1f", "\x1e"
# share of equal cells: the rest is explained where the field is named
SHARE = {
    "evt.latency.human": 0.99,  # stale text on exits without an enter
    "fd.connected": 0.99,  # unconnected datagram sockets that were used
    "fd.sproto": 0.999,
    "fd.name_changed": 0.999,  # a second connect with the same tuple
}


@cache
def opened(path: Path) -> Capture:
    return Capture.open(path)


def fields() -> list[str]:
    modules.load()
    return [name for name in PRINTED if name in DEFINITIONS] + WITH_ARGUMENT


def theirs(path: Path, names: list[str]) -> list[list[str]]:
    line = BETWEEN.join(["%evt.num", *(f"%{name}" for name in names)])
    command = ["sysdig", "-r", str(path), "-d", "-p", f"*{line}{END}"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [row.split(BETWEEN) for row in done.stdout.decode("utf-8", "replace").split(f"{END}\n")[:-1]]


@pytest.mark.parametrize("start", range(0, 176, GROUP))
@pytest.mark.parametrize("name", ["curl-google.scap", "haproxy-502.scap"])
def test_values(capture_file: Callable[[str], Path], name: str, start: int) -> None:
    path = capture_file(name)
    capture = opened(path)
    names = fields()[start : start + GROUP]
    printed = [row for row in theirs(path, names) if not any(UNSET_PEER in cell for cell in row)]
    rows = np.array([int(row[0]) for row in printed], np.int64) - 1
    wrong: list[str] = []
    for place, field in enumerate(names, 1):
        mine = capture.fields.read(field, rows).texts(capture.index.strings)
        shown = ["<NA>" if text is None else text for text in mine]
        bad = [
            (row[0], row[place], text) for row, text in zip(printed, shown, strict=True) if row[place] != text
        ]
        if len(bad) > (1 - SHARE.get(field, 1)) * len(rows):
            wrong.append(f"{field}: {len(bad)} of {len(rows)}, first (number, theirs, ours) {bad[0]}")
    assert not wrong, "\n".join(wrong)


def test_all_fields_are_compared() -> None:
    assert len(fields()) <= 176
    assert len(fields()) > 120
