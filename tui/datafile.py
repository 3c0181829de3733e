"""Keymaps and themes are read with the engine's strict TOML reader; this adds what both have in common."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.errors import DataFileError
from ..core.views.tomlfile import Problems, nearest, parse

SCHEMA = 1


class DataFile:
    """A parsed file: ``schema = 1``, ``kind = "<kind>"``, a title and known tables, nothing else."""

    def __init__(self, path: Path, kind: str, tables: Iterable[str]) -> None:
        """Read ``path``. Raises :class:`DataFileError` that names the line and the nearest known key."""
        self.path = path
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise DataFileError(path, None, None, f"cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise DataFileError(path, None, None, "is not UTF-8 text") from error
        self._problems = Problems(path)
        self.data: dict[str, Any] = parse(path, text, self._problems)
        if self._problems.found:
            raise self._problems.found[0]
        for key, wanted in (("schema", SCHEMA), ("kind", kind)):
            if self.data.get(key) != wanted:
                raise self.error(key, f"must be {wanted!r}")
        known = ["schema", "kind", "title", *tables]
        for key in self.data:
            if key not in known:
                raise self.error(key, f"no such key here{nearest(key, known)}")
        for table in tables:
            if not isinstance(self.data.setdefault(table, {}), dict):
                raise self.error(table, "must be a table")

    def error(self, key: str | None, reason: str, table: str | None = None) -> DataFileError:
        """Return the error that says what is wrong with ``key`` (in ``[table]``)."""
        if table is None and isinstance(self.data.get(key or ""), dict):
            line = self._problems.line(None, key)
        else:
            line = self._problems.line(key, table)
        return DataFileError(self.path, line, key, reason)

    @property
    def title(self) -> str:
        """What the file calls itself."""
        return str(self.data.get("title", self.path.stem))


def locate(name: str, folder: Path, kind: str) -> Path:
    """Return the built-in file ``name`` of ``folder``, or the user's when ``name`` ends in .toml."""
    if name.endswith(".toml"):
        return Path(name).expanduser()
    names = sorted(path.stem for path in folder.glob("*.toml"))
    if name not in names:
        raise DataFileError(name, None, None, f"is not a {kind}; there are {', '.join(names)}")
    return folder / f"{name}.toml"
