"""sysdig's word on a capture beside ours, cell by cell."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from state_story import Step, Story

from scaptui.core.capture import Capture
from scaptui.core.index.tables import FD_FROM_PROC, FD_MOMENT
from scaptui.core.schema.catalogue import events as catalogue

BETWEEN, END = "\x1f", "\x1e"
FIELDS = " ".join(
    (
        "evt.num evt.type evt.dir evt.latency evt.category evt.res evt.rawres evt.failed evt.buflen",
        "evt.count.error evt.args thread.tid thread.vtid thread.ismain thread.pfmajor thread.pfminor",
        "thread.vmsize thread.vmrss thread.cgroups thread.cpu proc.pid proc.vpid proc.ppid proc.sid",
        "proc.vpgid proc.sname proc.name proc.pname proc.exe proc.exepath proc.cmdline proc.exeline",
        "proc.pcmdline proc.cwd proc.env proc.tty proc.fdlimit proc.vmsize proc.vmrss proc.vmswap",
        "proc.nthreads proc.nchilds proc.duration proc.loginshellid proc.aname[0] proc.aname[1]",
        "proc.aname[2] proc.aname[3] proc.apid[1] proc.apid[2] proc.is_exe_writable user.uid user.name",
        "user.homedir user.loginuid group.gid group.name container.id container.name container.type",
        "container.image fd.num fd.type fd.typechar fd.name fd.directory fd.filename fd.cip fd.sip",
        "fd.cport fd.sport fd.lip fd.rip fd.lport fd.rport fd.l4proto fd.sockfamily fd.is_server fd.uid",
        "fd.containername fd.connected fd.name_changed fd.dev",
    )
).split()


CONTAINERS = CONTAINER_E, CONTAINER_JSON_E, CONTAINER_JSON_2_E = 228, 272, 324
EXECVE_19_X, EXECVEAT_X = 293, 331
# of the main thread, which sysdig looks up once and then remembers
MAIN_THREAD = (
    "proc.aname[0]",
    "proc.cwd",
    "proc.env",
    "proc.fdlimit",
    "proc.nthreads",
    "evt.args",
    "fd.name",
)


CIRCLES = (
    "proc.sname",
    "proc.loginshellid",
    "container.id",
    "container.name",
    "container.type",
    "container.image",
)


ADDRESSES = (
    "fd.name",
    "fd.cip",
    "fd.sip",
    "fd.lip",
    "fd.rip",
    "fd.containername",
    "evt.args",
    "fd.cport",
    "fd.sport",
    "fd.lport",
    "fd.rport",
)
LEFTOVER = re.compile(r"\b47\.11[45]\.\d+\.\d+|\b2f7[23]:756e:")
DESCRIBED = (
    *("container.name", "container.type", "container.image", "fd.containername"),
    *("fd.is_server", "fd.lip", "fd.rip", "fd.lport", "fd.rport"),
)


class Cell(NamedTuple):
    """A value that differs: number and type of the event, field, theirs, ours."""

    number: int
    event: str
    field: str
    theirs: str
    ours: str


def theirs(path: Path, fields: Sequence[str] = FIELDS) -> list[list[str]]:
    """Return what sysdig prints, one list of cells for each event it shows."""
    form = BETWEEN.join(f"%{name}" for name in fields)
    command = ["sysdig", "-r", str(path), "-d", "-p", f"*{form}{END}"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"sysdig ended with {done.returncode}: {done.stderr.decode()[-300:]}")
    return [row.split(BETWEEN) for row in done.stdout.decode("utf-8", "replace").split(f"{END}\n")[:-1]]


def known(cell: Cell, line: dict[str, str], capture: Capture) -> bool:
    """Whether a difference stands in ARCHITECTURE.md, or sysdig prints memory that it never set.

    The pass is expected to follow 0.29.3 to the letter (``exact``), so that this is only about fields.
    """
    field, event = cell.field, cell.number - 1
    event_type = int(capture.index.events.type[event])
    fds, threads = capture.index.fds, capture.index.threads
    fd, thread = int(capture.index.events.fd[event]), int(capture.index.events.thread[event])
    if field == "fd.dev":  # only files that an event opened have one
        return line["fd.typechar"] not in ("f", "d") or (fd >= 0 and bool(fds.flags[fd] & FD_FROM_PROC))
    if field == "group.gid":  # half of the number was never set
        return event_type in CONTAINERS[1:] or int(cell.theirs) & 0xFFFFFFFF == int(cell.ours)
    if field in DESCRIBED and np.isin(capture.index.events.type[event:], CONTAINERS).any():
        return True  # containers have their names before they are described
    if field in DESCRIBED and line.get("container.id") in described_twice(capture):
        return True  # and keep the fuller description
    if field == "container.type":  # it knows no word for them and prints the last one again
        return cell.ours in ("podman", "custom", "static")
    if field in ADDRESSES and any(LEFTOVER.search(line[name]) for name in ADDRESSES if name in line):
        return True  # the last bytes of an address that lies over the path of a unix socket
    if field == "fd.cport":  # of sockets that have no client: a field that was never set
        return cell.theirs == "0" and cell.ours == "<NA>"
    if event_type in CONTAINERS[1:] and field.startswith(("proc.", "user.", "group.")):
        return True  # the thread that it makes up for such events is mostly never set
    if field == "proc.is_exe_writable":  # a field that is never set, but by these two exits
        return event_type not in (EXECVE_19_X, EXECVEAT_X) or line["evt.failed"] == "true"
    if thread >= 0 and field in MAIN_THREAD:  # a number that a process took over from a thread, unseen
        main = int(capture.index.main[thread])
        if main >= 0 and threads.tid[main] != threads.pid[main]:
            return True
        family = {int(threads.tid[thread]), int(threads.pid[thread])}
        if family & taken_over(capture):
            return True
    if field == "evt.args":
        return (
            unnamed(cell.ours, again(capture)) == unnamed(cell.theirs, again(capture))
            or (cell.event == "getsockopt<" and bool(threads.tid[thread] != threads.pid[thread]))
            or any(in_circle(capture, row) for row in range(len(threads.tid)))
        )
    if field in CIRCLES and thread >= 0 and in_circle(capture, thread):  # it ends circles elsewhere
        return True
    if field in ("fd.filename", "fd.directory") and fd >= 0:  # of sockets, by the tuple of the call
        return bool(fds.flags[fd] & FD_MOMENT)
    if field in ("fd.is_server", "fd.lip", "fd.rip", "fd.lport", "fd.rport") and fd >= 0 and thread >= 0:
        # a descriptor that was passed on to another container: ours looks where it was opened
        opener = int(fds.opener[fd])
        container = capture.index.container
        return opener >= 0 and container[opener] != container[thread]
    return False


@lru_cache(maxsize=1)
def taken_over(capture: Capture) -> set[int]:
    """The numbers of threads and processes that an execve told to belong together, against what was known."""
    threads, events = capture.index.threads, capture.index.events
    found: set[int] = set()
    for tid in set(threads.tid.tolist()):
        pids = set(threads.pid[threads.tid == tid].tolist())
        if len(pids) > 1:
            found |= {tid, *pids}
    codes = [e.id for e in catalogue(False) if e.name in ("execve", "execveat") and not e.is_enter]
    for event in np.flatnonzero(np.isin(events.type, codes) & (events.thread >= 0)).tolist():
        row = int(events.thread[event])
        if threads.tid[row] != threads.pid[row]:
            found |= {int(threads.tid[row]), int(threads.pid[row])}
    return found


@lru_cache(maxsize=1)
def described_twice(capture: Capture) -> set[str]:
    """The containers of which more than one event speaks."""
    rows = np.flatnonzero(np.isin(capture.index.events.type, CONTAINERS))
    told = capture.fields.read("evt.args", rows).texts(capture.index.strings)
    named = Counter(
        re.split(r'^id=|^json=.*?"id": ?"', text or "")[-1].split('"')[0].split(" ")[0] for text in told
    )
    return {name for name, count in named.items() if count > 1}


@lru_cache(maxsize=1)
def again(capture: Capture) -> set[int]:
    """The numbers of descriptors that were given out again before their close returned."""
    events, fds = capture.index.events, capture.index.fds
    codes = [e.id for e in catalogue(False) if e.name == "close" and not e.is_enter]
    shut = np.flatnonzero(np.isin(events.type, codes) & (events.fd >= 0))
    born = fds.first_event[events.fd[shut]]
    early = (born >= 0) & (events.ts[np.maximum(born, 0)] > events.ts[shut] - events.latency[shut])
    return set(events.fdnum[shut[early]].tolist())


def unnamed(text: str, numbers: set[int]) -> str:
    """The arguments of an event without the names of the descriptors ``numbers``."""
    for number in numbers:
        text = re.sub(rf"=({number})\(<.*?\)(?= )", r"=\1", text)
    return text


def in_circle(capture: Capture, thread: int) -> bool:
    """Whether the ancestors of a row of `threads` come round again."""
    index = capture.index
    seen: set[int] = set()
    at = int(index.main[thread])
    while at >= 0:
        life = int(index.threads.life[at])
        if life in seen:
            return True
        seen.add(life)
        at = int(index.parent[at])
    return False


def differences(path: Path, fields: Sequence[str] = FIELDS) -> list[Cell]:
    """Return the cells of a capture in which we differ from sysdig, without the :func:`known` ones."""
    lines = theirs(path, fields)
    found: list[Cell] = []
    with Capture.open(path) as capture:
        rows = np.array([int(line[0]) - 1 for line in lines], np.int64)
        if not len(rows):
            return found
        ours = [capture.fields.read(name, rows).texts(capture.index.strings) for name in fields]
        for place, line in enumerate(lines):
            whole: dict[str, str] | None = None
            for column, field in enumerate(fields):
                text = ours[column][place]
                shown = "<NA>" if text is None else text
                if shown != line[column]:
                    cell = Cell(int(line[0]), line[1] + line[2], field, line[column], shown)
                    whole = whole or dict(zip(fields, line, strict=True))
                    if not known(cell, whole, capture):
                        found.append(cell)
    return found


def shrink(story: Story, bad: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """Leave events out, in ever smaller portions, as long as the rest is still ``bad``."""
    steps = list(story.steps)
    size = max(len(steps) // 2, 1)
    while True:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if _sound(fewer) and bad(fewer):
                steps = fewer
            else:
                at += size
        if size == 1:
            return steps
        size = max(size // 2, 1)


def _sound(steps: Sequence[Step]) -> bool:
    """Whether sysdig survives: it reads the parameters of an old openat from its enter event anyway."""
    pairs = zip([None, *steps], steps, strict=False)
    return any(step.sym.startswith("SYSCALL_") and step.sym.endswith("_E") for step in steps) and all(
        (step.sym != "SYSCALL_OPENAT_X")
        or (before is not None and before.sym == "SYSCALL_OPENAT_E" and before.tid == step.tid)
        for before, step in pairs
    )
