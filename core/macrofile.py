"""The user's file of named filters and lists, read when a filter asks for it and again when it changed.

::

    [filters]
    web = "container.name=web and fd.sport=80"

    [filters.noise]
    filter = "evt.type in (futex, switch) or quiet"
    description = "what nobody wants to see"

    [lists]
    shells = ["sh", "bash", "zsh"]
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from .errors import DataFileError
from .query.macros import BadMacro, Macros, NamedFilter, NamedList
from .views.tomlfile import Problems, nearest, parse

_TABLES = ("filters", "lists")
_TOP = ("schema", "kind", "title", *_TABLES)
_CONTENT = {"filters": "filter", "lists": "items"}
_ABOUT = "description"


def default_path() -> Path:
    """Return where the user's file is: ``scaptui/filters.toml`` in ``XDG_CONFIG_HOME`` or ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path("~/.config").expanduser()  # noqa: PTH117
    return folder / "scaptui" / "filters.toml"


class MacroFile:
    """The names that a file defines; none when there is no such file."""

    def __init__(self, path: Path) -> None:
        """Take the path; nothing is read before :meth:`current`."""
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._macros = Macros()
        self._error: DataFileError | None = None

    def current(self) -> Macros:
        """Return what the file says now. Raises DataFileError with the line when that is wrong."""
        stamp = self._look()
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._error, self._macros = stamp, None, Macros()
                if stamp is not None:
                    try:
                        self._macros = load(self.path)
                    except DataFileError as error:
                        self._error = error
            if self._error is not None:
                raise self._error
            return self._macros

    def _look(self) -> tuple[int, ...] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def load(path: Path) -> Macros:
    """Return the names that a file defines. Raises DataFileError that says where it is wrong."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise DataFileError(path, None, None, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DataFileError(path, None, None, "is not UTF-8 text") from None
    problems = Problems(path)
    raw = parse(path, text, problems)
    if problems.found:
        raise problems.found[0]
    return _Reader(path, problems, raw).macros()


class _Reader:
    """Checks the tables of one file."""

    def __init__(self, path: Path, problems: Problems, raw: dict[str, Any]) -> None:
        self._path = path
        self._problems = problems
        self._raw = raw

    def macros(self) -> Macros:
        for key, value in self._raw.items():
            if key not in _TOP:
                raise self._error(key, f"no such key here{nearest(key, _TOP)}")
            if key in _TABLES and not isinstance(value, dict):
                raise self._error(key, f"must be a table, [{key}]")
        for key, wanted in (("schema", 1), ("kind", "filters")):
            if self._raw.get(key, wanted) != wanted:
                raise self._error(key, f"must be {wanted!r}")
        filters = [NamedFilter(name, text, about) for name, text, about in self._entries("filters")]
        lists = [NamedList(name, items, about) for name, items, about in self._entries("lists")]
        try:
            return Macros(filters, lists)
        except BadMacro as error:
            raise self._error(error.name, error.reason, f"{error.kind}s") from None

    def _entries(self, table: str) -> list[tuple[str, Any, str]]:
        found: list[tuple[str, Any, str]] = []
        content = _CONTENT[table]
        for name, given in self._raw.get(table, {}).items():
            about = ""
            if isinstance(given, dict):
                for key in given:
                    if key not in (content, _ABOUT):
                        raise self._inner(
                            table, name, key, f"no such key here{nearest(key, (content, _ABOUT))}"
                        )
                about = given.get(_ABOUT, "")
                if not isinstance(about, str):
                    raise self._inner(table, name, _ABOUT, "must be a text")
                if content not in given:
                    raise self._inner(table, name, content, "the key is missing")
                given = given[content]
            found.append((name, self._value(table, name, given), about))
        return found

    def _value(self, table: str, name: str, given: Any) -> Any:
        if table == "filters":
            if not isinstance(given, str):
                raise self._error(name, "must be a filter in quotes", table)
            return given
        fits = isinstance(given, list) and all(
            isinstance(item, str | int) and not isinstance(item, bool) for item in given
        )
        if not fits:
            raise self._error(name, "must be a list of texts or whole numbers", table)
        return tuple(str(item) for item in given)

    def _inner(self, table: str, name: str, key: str, reason: str) -> DataFileError:
        line = self._problems.line(key, f"{table}.{name}") or self._problems.line(name, table)
        return DataFileError(self._path, line, key, reason)

    def _error(self, key: str, reason: str, table: str | None = None) -> DataFileError:
        """Return the error for an entry, wherever it stands: in its table or as a table of its own."""
        own = f"{table}.{key}" if table else key
        line = self._problems.line(_CONTENT.get(table or "", ""), own)
        if table is not None and line is None:
            line = self._problems.line(key, table)
        elif table is None:
            line = self._problems.line(key) if not isinstance(self._raw.get(key), dict) else line
        return DataFileError(self._path, line, key, reason)
