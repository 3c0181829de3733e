"""proc.is_container_*: processes that a container engine starts to see whether a container is well.

Such a process has the command line of one of the container's probes and does not descend from the
container's own processes. Whatever it starts counts as well.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..index.tables import Container
from .cells import Cells, bools
from .container_fields import probe_of
from .context import Context
from .define import Arg, Definition, define
from .proc_fields import items

_NONE, _CONTAINER = 0, 1  # neither; descends from the first process of a container
PROBES = {
    "healthcheck": "healthcheck",
    "liveness_probe": "livenessprobe",
    "readiness_probe": "readinessprobe",
}
_FIRST_PROBE = 2
_MAX_GENERATIONS = 64

Commands = dict[tuple[bytes, ...], int]


def _commands(container: Container) -> Commands:
    """Return which command lines are probes of a container, and which probe each is."""
    found: Commands = {}
    if not container.has_metadata or container.json.get("lookup_state", 1) != 1:
        return found
    for place, key in enumerate(PROBES.values()):
        command = probe_of(container, key)
        if command is not None:
            found.setdefault(tuple(word.encode() for word in command), _FIRST_PROBE + place)
    return found


def _categories(ctx: Context) -> NDArray[np.int64]:
    """Return for each row of `threads` whether it is a probe (2 and up), and of which kind."""
    found = np.zeros(ctx.num_threads, np.int64)
    commands = [_commands(container) for container in ctx.index.containers]
    if not any(commands):
        return found
    threads, lives, container = ctx.index.threads, ctx.index.lives, ctx.index.container
    execs = ctx.named("execve", "execveat")
    seen: dict[int, int] = {}
    order = np.lexsort((np.arange(ctx.num_threads), threads.first_event))
    for row in order.tolist():
        life, since = int(threads.life[row]), int(threads.first_event[row])
        known = seen.get(life, _NONE)
        begins = life not in seen or since == int(lives.first_event[life])
        if container[row] > 0 and (begins or (since >= 0 and execs[ctx.index.events.type[since]])):
            known = _identify(ctx, row, known, commands[container[row]], found)
        seen[life] = known
        found[row] = known
    return found


def _identify(ctx: Context, row: int, known: int, commands: Commands, found: NDArray[np.int64]) -> int:
    threads, parents = ctx.index.threads, ctx.index.parent
    if threads.vpid[row] == 1:
        return _CONTAINER
    parent = int(parents[row])
    if parent >= 0 and found[parent] != _NONE:
        return int(found[parent])
    line = (ctx.strings[int(threads.exe[row])], *items(ctx.strings[int(threads.args[row])]))
    kind = commands.get(line, _NONE)
    for _ in range(_MAX_GENERATIONS if kind else 0):
        if parent < 0:
            break
        if threads.vpid[parent] == 1 and ctx.index.container[parent] > 0:
            return known
        parent = int(parents[parent])
    return kind or known


def _is_probe(ctx: Context, _arg: Arg, kind: int) -> Cells:
    return bools(ctx.once("probes", lambda: _categories(ctx)) == kind)


for _place, _name in enumerate(PROBES):
    define(
        f"proc.is_container_{_name}",
        Definition(dim="thread", per_dim=partial(_is_probe, kind=_FIRST_PROBE + _place)),
    )
