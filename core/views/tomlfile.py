"""TOML files checked against a schema: every problem is named with its file, line and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import DataFileError

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_ENTRY = re.compile(r"\s*(?:\"([^\"]+)\"|([A-Za-z0-9_-]+))\s*=")
_SYNTAX = re.compile(r"^(.*?) \(at line (\d+), column \d+\)$", re.DOTALL)

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list of texts",
}


@dataclass(frozen=True)
class Key:
    """What one key may hold."""

    type: type
    required: bool = False
    choices: tuple[str, ...] = ()


Schema = Mapping[str, Key]


@dataclass
class Problems:
    """Collects what is wrong in one file."""

    path: Path | str
    text: str = ""
    found: list[DataFileError] = field(default_factory=list)

    def add(self, reason: str, key: str | None = None, table: str | None = None, number: int = 0) -> None:
        """Note a problem of ``key`` in the ``number``-th table called ``table`` (None: the top)."""
        self.found.append(DataFileError(self.path, self.line(key, table, number), key, reason))

    def line(self, key: str | None, table: str | None = None, number: int = 0) -> int | None:
        """Return the line (from 1) of a key, or of its table's header, or None when neither is there."""
        here: str | None = None
        seen: dict[str, int] = {}
        header_line: int | None = None if table else 1
        for at, line in enumerate(self.text.splitlines(), 1):
            header = _HEADER.match(line)
            if header:
                name = header.group(1)
                here = name
                seen[name] = seen.get(name, -1) + 1
                if name == table and seen[name] == number:
                    header_line = at
                continue
            entry = _ENTRY.match(line)
            inside = here == table and (table is None or seen[table] == number)
            if entry and inside and (entry.group(1) or entry.group(2)) == key:
                return at
        return header_line


def parse(path: Path | str, text: str, problems: Problems) -> dict[str, Any]:
    """Return the file's top table; a syntax error is noted and gives an empty one."""
    problems.text = text
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _SYNTAX.match(str(error))
        line, reason = (int(match.group(2)), match.group(1)) if match else (None, str(error))
        problems.found.append(DataFileError(path, line, None, reason[:1].lower() + reason[1:]))
        return {}


def nearest(name: str, known: Sequence[str]) -> str:
    """Return a hint that names the nearest known word, or an empty text."""
    close = difflib.get_close_matches(name, known, 1, 0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def check(
    table: Mapping[str, Any],
    schema: Schema,
    problems: Problems,
    name: str | None = None,
    number: int = 0,
    skip: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the valid entries of ``table``; unknown keys, missing ones and wrong types are noted.

    ``skip`` names sub-tables that the caller checks itself.
    """
    good: dict[str, Any] = {}
    for key, value in table.items():
        if key in skip:
            continue
        rule = schema.get(key)
        if rule is None:
            hint = nearest(key, [*schema, *skip])
            problems.add(f"no such key here{hint}", key, name, number)
        elif not _fits(value, rule.type):
            problems.add(f"must be {_WORDS[rule.type]}", key, name, number)
        elif rule.choices and not _allowed(value, rule.choices):
            wrong = value if isinstance(value, str) else next(v for v in value if v not in rule.choices)
            hint = nearest(wrong, rule.choices)
            problems.add(f"{wrong!r} is not one of {', '.join(rule.choices)}{hint}", key, name, number)
        else:
            good[key] = tuple(value) if rule.type is list else value
    for key, rule in schema.items():
        if rule.required and key not in table:
            where = f" in [{name}]" if name else ""
            problems.add(f"the key is missing{where}", key, name, number)
    return good


def _fits(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _allowed(value: Any, choices: tuple[str, ...]) -> bool:
    return all(item in choices for item in value) if isinstance(value, list) else value in choices


def tables(raw: Mapping[str, Any], name: str, problems: Problems) -> list[dict[str, Any]]:
    """Return the entries of an array of tables, ``[[name]]``; anything else is noted."""
    value = raw.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        problems.add(f"must be written as [[{name}]]", name)
        return []
    return value


T = TypeVar("T")


def read_all(
    folder: Path, build: Callable[[Path, str], tuple[T | None, list[DataFileError]]]
) -> tuple[list[T], list[DataFileError]]:
    """Build one thing from each ``*.toml`` of a folder: what could be built, and all that is wrong."""
    built: list[T] = []
    problems: list[DataFileError] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(DataFileError(path, None, None, f"cannot be read ({error})"))
            continue
        thing, wrong = build(path, text)
        problems.extend(wrong)
        if thing is not None:
            built.append(thing)
    return built, problems
