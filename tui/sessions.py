"""Who ran what: sessions of users with the commands they started, as a tree that folds.

Input: one :class:`Started` per program start (or change of directory in a shell), in the order of time.
Output: rows for a table. Commands stand below the process that started them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default

from .model import Column, Target
from .rows import Cellwise
from .state import EVENTS

COLUMNS = (
    Column("TIME", limit=18),
    Column("PID", right=True, limit=8),
    Column("DIRECTORY", limit=24),
    Column("SESSION, SHELL, COMMAND", limit=4000),
)


@dataclass(frozen=True)
class Started:
    """One program start."""

    event: int  # event row
    time: str
    user: str
    container: str
    tty: int
    session: int
    pid: int
    parent: int  # process id of the parent
    parent_name: str
    command: str
    directory: str
    inside: bool = False  # happened in the process itself (cd), not in a new one


@dataclass
class _Node:
    key: str
    cells: tuple[str, str, str, str]
    filter: str
    label: str
    field: str
    event: int | None = None
    below: list[_Node] = default(default_factory=list)


DEEPEST = 400  # cells of guides before a line


def terminal(number: int) -> str:
    """Return the name of a terminal by its device number: ``pts/0``, ``tty1``; "" for none."""
    major, minor = (number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00)
    if number <= 0:
        return ""
    if 136 <= major <= 143:
        return f"pts/{(major - 136) * 256 + minor}"
    return f"tty{minor}" if major == 4 else f"terminal {number}"


def tree(started: Sequence[Started]) -> SessionRows:
    """Return the sessions in which programs were started, those on a terminal first."""
    sessions: dict[tuple[str, str, int, int], list[Started]] = {}
    for item in started:
        sessions.setdefault((item.container, item.user, item.tty, item.session), []).append(item)
    roots: list[_Node] = []
    for (container, user, tty, session), items in sessions.items():
        words = [f"{user or '?'} in {container or 'host'}", terminal(tty) or "no terminal"]
        if session > 0:
            words.append(f"session {session}")
        root = _Node(
            f"session {container} {user} {tty} {session}",
            (items[0].time, "", "", ", ".join(words)),
            f"proc.sid={session} and proc.tty={tty}",
            words[-1],
            "proc.sid",
        )
        _grow(root, items)
        roots.append(root)
    order = sorted(range(len(roots)), key=lambda n: list(sessions)[n][2] <= 0)
    return SessionRows([roots[n] for n in order], frozenset())


def _grow(root: _Node, items: Sequence[Started]) -> None:
    """Hang the commands of a session below the processes that started them."""
    known: dict[int, _Node] = {}  # process id → where its children go
    for item in items:
        owner = item.pid if item.inside else item.parent
        above = known.get(owner) if owner > 0 else root
        if above is None:
            above = _Node(
                f"{root.key} {owner}",
                ("", str(owner), "", f"{item.parent_name or '?'} ({owner})"),
                f"proc.pid={owner}",
                item.parent_name or str(owner),
                "proc.pid",
            )
            known[owner] = above
            root.below.append(above)
        node = _Node(
            f"event {item.event}",
            (item.time, str(item.pid), item.directory, item.command),
            f"proc.pid={item.pid}",
            item.command[:40],
            "proc.pid",
            item.event,
        )
        above.below.append(node)
        if not item.inside:
            known[item.pid] = node


class SessionRows(Cellwise):
    """The visible lines of the tree."""

    columns = COLUMNS

    def __init__(self, roots: Sequence[_Node], folded: frozenset[str]) -> None:
        """Take the sessions and the keys of the lines whose children are hidden."""
        self._roots = roots
        self._folded = folded
        self._lines: list[tuple[_Node, str]] = []
        self._lay_out()
        self._places = {node.key: row for row, (node, _) in enumerate(self._lines)}
        self.count = len(self._lines)

    def _lay_out(self) -> None:
        """Put the visible lines in order, with the guides that show what hangs on what."""
        waiting = [(root, "", "") for root in reversed(self._roots)]
        while waiting:  # a chain of processes can be longer than a stack of calls
            node, guide, below = waiting.pop()
            mark = "" if not node.below else "▸ " if node.key in self._folded else "▾ "
            self._lines.append((node, guide + mark))
            if node.key in self._folded:
                continue
            below = below[-DEEPEST:]
            for number, child in enumerate(reversed(node.below)):
                end = number == 0
                waiting.append((child, below + ("└ " if end else "├ "), below + ("  " if end else "│ ")))

    def rows(self, start: int, stop: int) -> list[tuple[str, str, str, str]]:
        """Return the cells of lines ``start`` .. ``stop - 1``."""
        return [(*node.cells[:3], guide + node.cells[3]) for node, guide in self._lines[start:stop]]

    def key(self, row: int) -> str:
        """Return what names a line."""
        return self._lines[row][0].key

    def find_key(self, key: str) -> int | None:
        """Return the line that ``key`` names."""
        return self._places.get(key)

    def role(self, row: int, column: int) -> str | None:
        """Return the role of a line: sessions stand out."""
        return "tile.category" if column == 3 and self._lines[row][0].key.startswith("session ") else None

    def event(self, row: int) -> int | None:
        """Return the event row of a command; None for sessions and shells."""
        return self._lines[row][0].event

    def inside(self, row: int) -> int | None:
        """Return the event row of a line's first command, its own or one below; they share a container."""
        waiting = [self._lines[row][0]]
        while waiting:
            node = waiting.pop()
            if node.event is not None:
                return node.event
            waiting += reversed(node.below)
        return None

    def toggled(self, row: int) -> SessionRows:
        """Return the tree with what is below a line hidden or shown."""
        return SessionRows(self._roots, self._folded ^ {self.key(row)})

    def folded_all(self, hide: bool) -> SessionRows:
        """Return the tree with everything below the sessions hidden, or everything shown."""
        return SessionRows(self._roots, frozenset(root.key for root in self._roots) if hide else frozenset())

    def parent(self, row: int) -> int | None:
        """Return the line above which a line hangs, None for a session."""
        node = self._lines[row][0]
        above = (
            at for at in range(row - 1, -1, -1) if any(node is child for child in self._lines[at][0].below)
        )
        return next(above, None)

    def target(self, row: int) -> Target:
        """Return the system calls of a session or process."""
        node = self._lines[row][0]
        return Target(EVENTS, node.filter, node.field, node.label)
