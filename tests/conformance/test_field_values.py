"""Field values on captures of the old kind are those that sysdig 0.29.3 prints: every field, every event.

What differs on purpose stands in ARCHITECTURE.md's table; here is a condition for each row of it that
says exactly which values may differ, and how.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.index.tables import UNKNOWN_ID
from scaptui.core.query import modules
from scaptui.core.query.define import DEFINITIONS
from scaptui.core.query.fd_fields import DIRECTORY, FILES
from scaptui.core.query.registry import ArgRule, specs
from scaptui.core.schema import catalogue

pytestmark = pytest.mark.skipif(shutil.which("sysdig") is None, reason="sysdig is not installed")

CAPTURES = ("curl-google.scap", "haproxy-502.scap", "ipv6-conn.scap")
BETWEEN, END = "\x1f", "\x1e"
GROUP = 16  # fields that one run of the reference prints
NA = "<NA>"
UNSET_PEER = "145.216.3.255"
APART = ("evt.abspath", "evt.abspath.src", "evt.abspath.dst")  # they change what the reference says next
# what the reference can answer only on a screen, or only with plugins and name servers
NOT_HERE = {"evt.latency.quantized", "span.duration.quantized"}

# --- what is asked ------------------------------------------------------------------------------------


@cache
def opened(path: Path) -> Capture:
    return Capture.open(path)


def plain_fields() -> list[str]:
    modules.load()
    return [
        name
        for name, spec in specs().items()
        if spec.type_old
        and spec.arg is ArgRule.NONE
        and "FILTER_ONLY" not in spec.flags
        and name in DEFINITIONS
        and name not in NOT_HERE
    ]


def parameters(capture: Capture) -> list[catalogue.Param]:
    """Parameters of the events that the capture has."""
    codes = np.unique(capture.index.events.type).tolist()
    return [param for code in codes for param in catalogue.events(False)[code].params]


def subsystems(capture: Capture) -> set[str]:
    sids = np.unique(capture.index.threads.cgroups).tolist()
    texts = [capture.index.strings.text(sid) for sid in sids]
    names = {item.rpartition("=")[0] for text in texts for item in text.split("\0") if item}
    renamed = {"perf": "perf_event", "mem": "memory", "io": "blkio"}
    return {renamed.get(name, name) for name in (n.removesuffix("_cgroup") for n in names)}


def with_argument(capture: Capture) -> list[str]:
    """Fields with every argument that means something in the capture."""
    params = parameters(capture)
    names = sorted({param.name for param in params})
    most = max(len(catalogue.events(False)[code].params) for code in np.unique(capture.index.events.type))
    mounts = ("source", "dest", "mode", "rdwr", "propagation")
    return [
        *(f"evt.arg.{name}" for name in names),
        *(f"evt.arg[{place}]" for place in range(most + 1)),
        *(
            f"thread.cgroup.{name}"
            for name in sorted(subsystems(capture) | {"cpuset"})
            if name.isidentifier()
        ),
        *(f"proc.{field}[{level}]" for field in ("aname", "apid") for level in range(7)),
        *(f"container.mount[{arg}]" for arg in ("0", "1", "9", "/*", "/etc/*")),
        *(f"container.mount.{part}[{arg}]" for part in mounts for arg in ("0", "1", "9", "/*", "/etc/*")),
        *(f"k8s.{kind}.label.app" for kind in ("pod", "ns", "rc", "rs", "svc", "deployment")),
        *("mesos.task.label.app", "marathon.app.label.app"),
    ]


def raw_arguments(capture: Capture) -> list[str]:
    return [f"evt.rawarg.{name}" for name in sorted({param.name for param in parameters(capture)})]


# --- asking both --------------------------------------------------------------------------------------


class Refused(Exception):
    """The reference cannot print what it was asked for."""


def theirs(path: Path, names: list[str]) -> list[list[str]]:
    line = BETWEEN.join(["%evt.num", *(f"%{name}" for name in names)])
    command = ["sysdig", "-r", str(path), "-d", "-p", f"*{line}{END}"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr.decode())
    return [row.split(BETWEEN) for row in done.stdout.decode("utf-8", "replace").split(f"{END}\n")[:-1]]


def rows_of(capture: Capture, numbers: list[int]) -> np.ndarray:
    every = np.arange(capture.count)
    row = dict(zip(capture.index.numbers(every).tolist(), every.tolist(), strict=True))
    return np.array([row[number] for number in numbers], np.int64)


class Cell(NamedTuple):
    """One value of one event that differs."""

    capture: Capture
    field: str
    row: int
    theirs: str
    ours: str
    before: str  # what the reference printed for the event before
    peer_unset: bool  # the reference made up the peer of the event's socket


# --- knowing differences ------------------------------------------------------------------------------

Condition = Callable[[Cell], bool]


def _unset_peer(cell: Cell) -> bool:
    return cell.peer_unset


def _number_of_children(cell: Cell) -> bool:
    """The reference reads 64 bits of a number of 32: above it stands the number of threads."""
    children = cell.capture.fields.read("proc.nchilds", np.array([cell.row]))
    return int(cell.theirs) == int(cell.ours) + (int(children.values[0]) << 32)


def _nobody_told(cell: Cell) -> bool:
    thread = cell.capture.index.events.thread[cell.row]
    unknown = int(cell.capture.index.threads.loginuid[thread]) == UNKNOWN_ID
    told = ("0", "-1") if cell.field == "user.loginuid" else ("root", NA)
    return unknown and (cell.theirs, cell.ours) == told


def _kind(cell: Cell) -> int:
    fd = int(cell.capture.index.events.fd[cell.row])
    return int(cell.capture.index.fds.kind[fd]) if fd >= 0 else -1


def _no_file(cell: Cell) -> bool:
    return cell.ours == NA and _kind(cell) not in (*FILES, DIRECTORY)


def _server(cell: Cell) -> bool:
    if _kind(cell) not in (5, 6, 8):
        return False
    fd = int(cell.capture.index.events.fd[cell.row])
    port = str(int(cell.capture.index.fds.sport[fd]))
    shown = {"fd.cport": ("0", NA), "fd.cproto": ("", NA), "fd.sproto": ("", port)}
    return (cell.theirs, cell.ours) == shown[cell.field]


def _stale(cell: Cell) -> bool:
    """The first event of a thread repeats the text of the event printed before."""
    index = cell.capture.index
    life = index.threads.life[index.events.thread[cell.row]]
    return (
        cell.ours == "0ns" and cell.theirs == cell.before and int(index.lives.first_event[life]) == cell.row
    )


UNPRINTED = {f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)} - {"INT64"}


def _raw(cell: Cell) -> bool:
    """Of raw parameters the reference prints no numbers but signed ones of 64 bits, and bytes as they are."""
    name = cell.field.removeprefix("evt.rawarg.")
    every = (param for event in catalogue.events(False) for param in event.params if param.name == name)
    kind = next(every).type
    if kind == "BYTEBUF":
        raw = cell.capture.fields.read(cell.field, np.array([cell.row])).values[0]
        return cell.theirs == raw.partition(b"\0")[0].decode("utf-8", "replace")
    return cell.theirs == NA and kind in {*UNPRINTED, "PORT", "RELTIME", "ABSTIME", "SOCKADDR"}


PEER = {
    *("fd.name", "fd.cip", "fd.sip", "fd.lip", "fd.rip", "fd.is_server", "fd.containername"),
    *("evt.args", "evt.info", "evt.arg.fd", "evt.arg[0]"),
}
KNOWN: list[tuple[set[str], Condition]] = [
    (PEER, _unset_peer),
    ({"group.gid"}, _number_of_children),
    ({"user.loginuid", "user.loginname"}, _nobody_told),
    ({"fd.dev", "fd.dev.major", "fd.dev.minor"}, _no_file),
    ({"fd.cport", "fd.cproto", "fd.sproto"}, _server),
    ({"evt.latency.human"}, _stale),
]


def known(cell: Cell) -> bool:
    if cell.field.startswith("evt.rawarg."):
        return _raw(cell)
    return any(cell.field in fields and condition(cell) for fields, condition in KNOWN)


# --- comparing ----------------------------------------------------------------------------------------


@cache
def made_up(path: Path) -> frozenset[str]:
    """Numbers of the events for which the reference shows a peer that it never set."""
    rows = theirs(path, ["fd.name", "evt.args"])
    return frozenset(row[0] for row in rows if any(UNSET_PEER in cell for cell in row))


def differences(path: Path, names: list[str]) -> Iterator[str]:
    capture = opened(path)
    printed = theirs(path, names)
    assert printed
    rows = rows_of(capture, [int(row[0]) for row in printed])
    unset = made_up(path)
    for place, field in enumerate(names, 1):
        texts = capture.fields.read(field, rows).texts(capture.index.strings)
        before = ""
        for row, line, text in zip(rows.tolist(), printed, texts, strict=True):
            ours = NA if text is None else text
            if line[place] != ours:
                cell = Cell(capture, field, row, line[place], ours, before, line[0] in unset)
                if not known(cell):
                    yield f"{field} of {line[0]}: theirs {line[place]!r}, ours {ours!r}"
            before = line[place]


def compare(path: Path, names: list[str]) -> None:
    wrong: list[str] = []
    for start in range(0, len(names), GROUP):
        wrong += differences(path, names[start : start + GROUP])
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("name", CAPTURES)
def test_values(capture_file: Callable[[str], Path], name: str) -> None:
    compare(capture_file(name), plain_fields())


@pytest.mark.parametrize("name", CAPTURES)
def test_values_with_arguments(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(name)
    compare(path, with_argument(opened(path)))
    for field in APART:
        compare(path, [field])


@pytest.mark.parametrize("name", CAPTURES)
def test_raw_arguments(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(name)
    compared = 0
    for field in raw_arguments(opened(path)):
        try:
            compare(path, [field])
            compared += 1
        except Refused as error:
            assert "wrong event type" in str(error), field
    assert compared > 5


def test_most_fields_are_compared() -> None:
    left_out = {name for name, spec in specs().items() if spec.type_old and spec.arg is ArgRule.NONE} - set(
        plain_fields()
    )
    unanswered = {name for name in left_out if name not in DEFINITIONS}
    filters = {name for name in left_out if "FILTER_ONLY" in specs()[name].flags}
    assert left_out - unanswered - filters <= NOT_HERE
    needs_others = {"evt.pluginname", "evt.plugininfo"} | {f"fd.{side}ip.name" for side in "cslr"}
    assert unanswered == needs_others


# --- fields for filters only --------------------------------------------------------------------------


def accepted(path: Path, filter_text: str) -> list[int]:
    command = ["sysdig", "-r", str(path), "-d", "-p", "%evt.num", *([filter_text] if filter_text else [])]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [int(line) for line in done.stdout.split()]


def values_of(capture: Capture, field: str, most: int) -> list[str]:
    rows = np.arange(capture.count)
    found = [text for text in capture.fields.read(field, rows).texts(capture.index.strings) if text]
    return sorted(set(found), key=found.index)[:most]


def questions(capture: Capture) -> Iterator[str]:
    """Filters on the fields that are for filters only, with values that occur."""
    addresses = [*values_of(capture, "fd.cip", 2), *values_of(capture, "fd.sip", 2), "10.0.0.2"]
    ports = [*values_of(capture, "fd.cport", 2), *values_of(capture, "fd.sport", 2), "53"]
    for op in ("=", "!="):
        yield from (f"fd.ip{op}{address}" for address in addresses)
        yield from (f"fd.port{op}{port}" for port in ports)
        yield from (f"fd.proto{op}{port}" for port in ports)
    for net in ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
        yield from (f"fd.{side}net={net}" for side in ("", "c", "s", "l", "r"))
    middle = int(capture.index.events.ts[capture.count // 2])
    yield from (f"evt.around[{middle}]={span}" for span in (0, 1, 1000, 1_000_000))


@pytest.mark.parametrize("name", CAPTURES)
def test_fields_for_filters_only(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(name)
    capture = opened(path)
    shown = set(accepted(path, ""))
    unset = {int(number) for number in made_up(path)}
    for text in questions(capture):
        rows = capture.select(text)
        ours = {n for n in capture.index.numbers(rows).tolist() if n in shown} - unset
        assert ours == set(accepted(path, text)) - unset, text


@pytest.mark.parametrize("name", CAPTURES)
def test_events_by_type(capture_file: Callable[[str], Path], name: str) -> None:
    path = capture_file(name)
    capture = opened(path)
    shown = set(accepted(path, ""))
    for code in np.unique(capture.index.events.type).tolist():
        word = catalogue.events(False)[code].name
        first = next(event.id for event in catalogue.events(False) if event.name == word)
        for arg, codes in ((word, (first, first + 1)), (str(code), (code,))):
            rows = capture.select(f"evt.type.is.{arg}=1")
            # by name the reference sees only the first layout of an event
            rows = rows[np.isin(capture.index.events.type[rows], codes)]
            ours = set(capture.index.numbers(rows).tolist()) & shown
            assert ours == set(accepted(path, f"evt.type.is.{arg}=1")), arg
