"""Parameters whose text hangs on the state of the machine: descriptors, processes, users, paths.

Inputs: an index and the event that is being rendered. Outputs: text as in :mod:`.render`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..index.tables import FD_CLIENT, FD_SERVER, Index
from ..schema.catalogue import Param
from . import render
from .asof import AsOf
from .render import Render, Rendered


class Moment(threading.local):
    """The event that a thread of ours is rendering, for parameters that are more than their bytes."""

    row = -1  # event row
    thread = -1  # row of `threads`
    fd = -1  # row of `fds` of the event's own descriptor
    fdnum = -1  # its number
    directory: bytes | None = None  # the parameter that holds the directory descriptor


class StateText:
    """Shows parameters as of :attr:`moment`."""

    def __init__(self, index: Index, asof: AsOf) -> None:
        """Work on the events of ``index``."""
        self._index = index
        self._modern = index.modern
        self._asof = asof
        self._fd_text: dict[int, bytes] = {}
        self.moment = Moment()

    def needed(self, kind: str) -> bool:
        """Whether parameters of this type, or what may be inside them, hang on the moment."""
        return kind in _STATEFUL

    def renderer(self, param: Param) -> Render | None:
        """Return the function that shows ``param``, None for types that need nothing but their bytes."""
        kind = param.type
        if kind in ("FD", "FD32"):
            return lambda raw: self._show_fd(kind, raw)
        if kind in ("PID", "PID32"):
            return lambda raw: self._show_pid(kind, raw)
        if kind in ("UID", "GID"):
            return self._show_user if kind == "UID" else self._show_group
        if kind == "FDLIST":
            return self._show_fd_list
        if kind == "FSPATH":
            return self._show_path
        if kind == "FSRELPATH":
            return self._show_relative
        return None

    def _fd_row(self, num: int) -> int:
        """Return the row of `fds` of descriptor ``num`` of the event that is being rendered."""
        moment = self.moment
        if moment.fdnum == num and moment.fd >= 0 and int(self._index.fds.num[moment.fd]) == num:
            return moment.fd
        return self._asof.fd(moment.row, moment.thread, num)

    def _show_fd(self, kind: str, raw: bytes) -> Rendered:
        num = render.number_of(kind, raw)
        if num is None:
            return (b"<NA>" if self._modern else b""), b""
        if num < 0:
            return b"%d" % num, b"AT_FDCWD" if num == render.AT_FDCWD else render.errno_name(-num)
        row = self._fd_row(num)
        return b"%d" % num, self._describe_fd(row) if row >= 0 else b""

    def _describe_fd(self, row: int) -> bytes:
        """Return ``<TP>name`` of a row of `fds`: letters of type and protocol, name."""
        text = self._fd_text.get(row)
        if text is None:
            fds = self._index.fds
            kind = int(fds.kind[row])
            letters = render.FD_LETTERS.get(kind, b"o")
            l4 = int(fds.l4proto[row])
            told = l4 == render.L4_RAW or kind not in render.TUPLE_KINDS
            if kind in render.IP_KINDS and (told or int(fds.flags[row]) & (FD_CLIENT | FD_SERVER)):
                letters += render.L4_LETTERS.get(l4, b"")
            name = render.clean(self._index.strings[int(fds.name[row])], self._modern)
            text = self._fd_text[row] = b"<%b>%b" % (letters, name)
        return text

    def _show_fd_list(self, raw: bytes) -> Rendered:
        if not raw:
            return (b"NULL" if self._modern else b""), b""
        count = min(int.from_bytes(raw[:2], "little"), (len(raw) - 2) // 10)
        parts: list[bytes] = []
        for at in range(2, 2 + 10 * max(count, 0), 10):
            num = int.from_bytes(raw[at : at + 8], "little", signed=True)
            flags = int.from_bytes(raw[at + 8 : at + 10], "little", signed=True) & 0xFFFFFFFF
            row = self._fd_row(num) if num >= 0 else -1
            letter = render.FD_LETTERS.get(int(self._index.fds.kind[row]), b"o") if row >= 0 else b"?"
            parts.append(b"%d:%b%x" % (num & 0xFFFFFFFFFFFFFFFF, letter, flags))
        return b" ".join(parts), b""

    def _show_pid(self, kind: str, raw: bytes) -> Rendered:
        tid = render.number_of(kind, raw)
        if tid is None:
            return (b"<NA>" if self._modern else b""), b""
        row = self._asof.thread(self.moment.row, tid)
        if row < 0:
            return b"%d" % tid, b""
        comm = self._index.strings[int(self._index.threads.comm[row])]
        return b"%d" % tid, render.clean(comm, True) if self._modern else comm

    def _show_user(self, raw: bytes) -> Rendered:
        return self._show_id(raw, "UID")

    def _show_group(self, raw: bytes) -> Rendered:
        return self._show_id(raw, "GID")

    def _show_id(self, raw: bytes, kind: str) -> Rendered:
        code = render.number_of(kind, raw)
        if code is None:
            return (b"<NA>" if self._modern else b""), b""
        if code == render.UNKNOWN_ID:
            return b"-1", b"<NONE>"
        shown = code if self._modern or code < 1 << 31 else code - (1 << 32)
        entries = self._index.users if kind == "UID" else self._index.groups
        entry = entries.get((self._container(), code))
        return b"%d" % shown, b"<NA>" if entry is None else render.clean(entry.name.encode(), self._modern)

    def _container(self) -> str:
        if not self._modern or self.moment.thread < 0:
            return ""
        row = int(self._index.container[self.moment.thread])
        return self._index.containers[row].id if row > 0 else ""

    def _show_path(self, raw: bytes) -> Rendered:
        return self._joined(raw, lambda: self._asof.cwd(self.moment.row, self.moment.thread))

    def _show_relative(self, raw: bytes) -> Rendered:
        return self._joined(raw, self._directory)

    def _joined(self, raw: bytes, base: Callable[[], bytes]) -> Rendered:
        if not raw:
            return (b"<NA>" if self._modern else b""), b""
        path = render.until_nul(raw)
        shown = render.clean(path, self._modern)
        if path.startswith((b"/", b"<NA>")) or self.moment.thread < 0 or (self._modern and not path):
            return shown, b""
        return shown, render.join_path(base(), path, self._modern)

    def _directory(self) -> bytes:
        """Return the directory that a path is relative to, as text that ends in a slash."""
        moment = self.moment
        raw = moment.directory
        num = render.number_of("FD", raw) if raw is not None else None
        if num is None or num == render.AT_FDCWD:
            return self._asof.cwd(moment.row, moment.thread)
        row = self._fd_row(num) if num >= 0 else -1
        if row < 0:
            return b""
        name = self._index.strings[int(self._index.fds.name[row])]
        if not self._modern:
            name = render.clean(name, False)
        return name if not name or (self._modern and name.endswith(b"/")) else name + b"/"


_STATEFUL = frozenset(("FD", "FD32", "PID", "PID32", "UID", "GID", "FDLIST", "FSPATH", "FSRELPATH", "DYN"))
