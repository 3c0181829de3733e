"""What all field evaluators share: the index, tables of the event types, keys to the dimensions.

A *key* is the row of a dimension that decides a field for a row; -1 means NA. Dimensions:

``thread``  rows of `threads`
``mem``     rows of `mems`
``type``    event codes
``name``    event codes, system call codes (a generic event is named by its system call), names that
            asynchronous events carry
``fd``      rows of `fds`, then, for events that concern a descriptor but have none, event codes
``pair``    rows of `fds` seen from a container (see :mod:`.pairs`)
``http``    HTTP exchanges (see :mod:`.exchange_fields`)
``dns``     DNS exchanges
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..format.records import RecordStore
from ..index.tables import Index
from ..schema.catalogue import EventInfo, events, tables
from ..schema.params import locate_one
from .cells import Bools, Cells, intern_all
from .cpu_time import SwitchTimes
from .descriptors import Descriptors
from .rows import RowSet
from .threads import ThreadTable

if TYPE_CHECKING:
    from .args import ArgReader

Keys = NDArray[np.int64]
T = TypeVar("T")

ASYNC_TYPE = 402
GENERIC_TYPES = 2  # codes 0 and 1: system calls without an event of their own
_PORTION = 1 << 17  # events whose blocks are read at once
_FD_FLAGS = frozenset(("CREATES_FD", "USES_FD", "DESTROYS_FD"))


class Context:
    """The index of a capture, and what is computed from it once for many fields."""

    def __init__(self, index: Index, records: RecordStore | None) -> None:
        """Take an index; without ``records`` fields that read the payload are not available."""
        self.index = index
        self.records = records
        self.modern = index.modern
        self.strings = index.strings
        self.catalogue: tuple[EventInfo, ...] = events(index.modern)
        self.exchanges: dict[str, Any] = {}  # see `exchange_fields`: made on first use
        self._made: dict[str, Any] = {}
        self._lock = threading.RLock()

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what ``make`` made when ``name`` was first asked for; safe from several threads."""
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]

    # --- dimensions -------------------------------------------------------------------------------

    @property
    def num_threads(self) -> int:
        """Rows of `threads`."""
        return len(self.index.threads.tid)

    @property
    def num_fds(self) -> int:
        """Rows of `fds`."""
        return len(self.index.fds.kind)

    @property
    def num_types(self) -> int:
        """Event codes."""
        return len(self.catalogue)

    def keys(self, dim: str, rows: RowSet) -> Keys:
        """Return the row of dimension ``dim`` for each of ``rows``, -1: NA."""
        if dim == "thread":
            return rows.thread
        if dim == "tid":
            return self.tid_keys(rows)
        if dim == "mem":
            return np.where(rows.thread >= 0, rows.mem, -1)
        if dim == "type":
            return rows.type
        if dim == "name":
            return self.name_keys(rows)
        if dim == "fd":
            return self.fd_keys(rows)
        if dim == "pair":
            from .pairs import pairs_of  # imported late: it builds on this module

            return pairs_of(self).keys(rows)
        if dim in ("http", "dns"):
            from .exchange_fields import exchanges_of  # imported late: it builds on this module

            return exchanges_of(self, dim).common.of(rows.rows)
        raise KeyError(dim)

    def fd_keys(self, rows: RowSet) -> Keys:
        """Return fd rows; for events about a descriptor without one, ``num_fds`` + event code."""
        fd = rows.fd.astype(np.int64)
        concerned = self.about_fd[rows.type] & (rows.thread >= 0)
        return np.where(concerned, np.where(fd >= 0, fd, self.num_fds + rows.type.astype(np.int64)), -1)

    @cached_property
    def strangers(self) -> Keys:
        """Thread ids, each once and in order, of events that belong to no thread."""
        events = self.index.events
        return np.unique(events.latency[events.thread < 0])

    @cached_property
    def _tid_keys(self) -> NDArray[np.int32]:
        """The key of every event: many views ask for all of them."""
        events = self.index.events
        keys = events.thread.copy()
        nobody = np.flatnonzero(keys < 0)
        keys[nobody] = self.num_threads + np.searchsorted(self.strangers, events.latency[nobody])
        return keys

    def tid_keys(self, rows: RowSet) -> Keys:
        """Return thread rows; for events of no thread, ``num_threads`` + place in ``strangers``."""
        if rows.synthetic:
            return rows.thread.astype(np.int64)
        return self._tid_keys[rows.select].astype(np.int64)

    def name_keys(self, rows: RowSet) -> Keys:
        """Return event codes; for events that carry their own name, keys behind those."""
        keys = rows.type.astype(np.int64)
        if rows.synthetic:
            return keys
        generic = np.flatnonzero(keys < GENERIC_TYPES)
        if len(generic):
            where, codes = self._generic
            if isinstance(rows.select, slice):  # they lie together
                first = int(np.searchsorted(where, rows.rows[generic[0]]))
                keys[generic] = self.num_types + codes[first : first + len(generic)]
            else:
                keys[generic] = self.num_types + codes[np.searchsorted(where, rows.select[generic])]
        carried = np.flatnonzero(keys == ASYNC_TYPE) if self.modern else ()
        if len(carried):
            where, places, _ = self._carried
            own = places[np.searchsorted(where, rows.rows[carried])]
            keys[carried] = np.where(own >= 0, self.num_types + len(self.syscalls) + own, ASYNC_TYPE)
        return keys

    @cached_property
    def _generic(self) -> tuple[NDArray[np.int64], Keys]:
        """Rows of all generic events and the code of the system call of each."""
        where = np.flatnonzero(self.index.events.type < GENERIC_TYPES).astype(np.int64)
        if self.records is None:
            return where, np.zeros(len(where), np.int64)
        places = np.full(self.num_types, -1, np.int64)
        places[:GENERIC_TYPES] = 0  # the system call's code is the first parameter
        codes = np.zeros(len(where), np.int64)
        for begin in range(0, len(where), _PORTION):
            buffer, blocks = self.records.gather(where[begin : begin + _PORTION])
            start, length = locate_one(buffer, blocks, places, self.modern)
            found = np.flatnonzero((start >= 0) & (length >= 2))
            at = start[found]
            codes[begin + found] = buffer[at].astype(np.int64) | (buffer[at + 1].astype(np.int64) << 8)
        return where, np.where(codes < len(self.syscalls), codes, 0)

    @cached_property
    def _carried(self) -> tuple[NDArray[np.int64], Keys, list[bytes]]:
        """Rows of all asynchronous events, the place of the name of each, and the names."""
        where = np.flatnonzero(self.index.events.type == ASYNC_TYPE).astype(np.int64)
        if self.records is None or not self.modern:
            return where, np.full(len(where), -1, np.int64), []
        cells = self.args.raw("name", where)
        known = zip(cells.values.tolist(), cells.valid.tolist(), strict=True)
        texts = [text if ok else b"" for text, ok in known]
        names = sorted(set(texts) - {b""})
        return where, np.array([names.index(t) if t else -1 for t in texts], np.int64), names

    @property
    def num_names(self) -> int:
        """Rows of the ``name`` dimension."""
        return self.num_types + len(self.syscalls) + len(self._carried[2])

    # --- the payload ------------------------------------------------------------------------------

    @cached_property
    def args(self) -> ArgReader:
        """The reader of event parameters."""
        from .args import ArgReader  # imported late: the reader is needed for payload fields only

        if self.records is None:
            raise ValueError("the events' parameters are not at hand")
        return ArgReader(self.index, self.records)

    # --- threads and their descriptors --------------------------------------------------------------

    @cached_property
    def tables(self) -> Descriptors:
        """Descriptor tables as of any event."""
        return Descriptors(self.index) if self.records is None else self.args.asof.tables

    @cached_property
    def threads(self) -> ThreadTable:
        """Look-ups among the rows of `threads`."""
        return ThreadTable(self.index)

    @cached_property
    def switches(self) -> SwitchTimes:
        """Processor time by context switches."""
        return SwitchTimes(self.index)

    # --- event types ------------------------------------------------------------------------------

    @cached_property
    def syscalls(self) -> list[tuple[str, str]]:
        """Name and category of each system call code."""
        new: dict[str, Any] = tables()["ppm_sc"]
        old: dict[str, Any] = tables()["ppm_sc_0_29_3"]
        known = new if self.modern else {**new, **old}
        found = [("<unknown>", "OTHER")] * (max(int(code) for code in known) + 1)
        for code, entry in known.items():
            if isinstance(entry, dict):
                found[int(code)] = (entry["name"], entry["category"])
            else:
                found[int(code)] = (entry, old.get(code, {}).get("category", "OTHER"))
        return found

    def flagged(self, *flags: str) -> Bools:
        """Return which event codes carry any of the catalogue's ``flags``."""
        wanted = frozenset(flags)
        return np.array([bool(e.flags & wanted) for e in self.catalogue], np.bool_)

    def in_category(self, *categories: str) -> Bools:
        """Return which event codes belong to any of the catalogue's ``categories``."""
        return np.array([e.category in categories for e in self.catalogue], np.bool_)

    def named(self, *names: str, exits: bool = True) -> Bools:
        """Return which event codes are exits (or enters) of the system calls ``names``."""
        return np.array([e.name in names and e.is_enter != exits for e in self.catalogue], np.bool_)

    @cached_property
    def is_exit(self) -> Bools:
        """Which event codes are exits."""
        return np.arange(self.num_types) % 2 == 1

    @cached_property
    def about_fd(self) -> Bools:
        """Which event codes concern a descriptor: only for them fd.* has a value."""
        return self.flagged(*_FD_FLAGS)

    @cached_property
    def type_names(self) -> Cells:
        """Names by row of the ``name`` dimension."""
        names = [e.name for e in self.catalogue] + [name for name, _ in self.syscalls]
        return intern_all(self.strings, [*(name.encode() for name in names), *self._carried[2]])

    # --- strings ----------------------------------------------------------------------------------

    def derive(self, ids: NDArray[Any], function: Callable[[bytes], bytes | None]) -> Cells:
        """Return STR cells of ``function`` of each string, called once per distinct string."""
        distinct, inverse = np.unique(ids, return_inverse=True)
        cells = intern_all(self.strings, [function(self.strings[i]) for i in distinct.tolist()])
        return cells.take(inverse.reshape(-1))

    def decide(self, ids: NDArray[Any], function: Callable[[bytes], bool]) -> Bools:
        """Return ``function`` of each string, called once per distinct string."""
        if len(ids) == 0:
            return np.zeros(0, np.bool_)
        used = np.zeros(int(ids.max()) + 1, np.bool_)
        used[ids] = True
        for sid in np.flatnonzero(used).tolist():
            used[sid] = function(self.strings[sid])
        return used[ids]

    def text(self, value: str) -> int:
        """Return the string id of ``value``."""
        return int(intern_all(self.strings, [value.encode()]).values[0])

    def words(self, values: list[str | None]) -> Cells:
        """Return STR cells of the given words."""
        return intern_all(self.strings, [None if v is None else v.encode() for v in values])
