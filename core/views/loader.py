"""View and tile files → records. The same rules for the built-in files and for the user's own.

Inputs: TOML files. Outputs: :class:`.model.View`, :class:`.model.Tile`, and for each mistake a
``DataFileError`` with path, line, key and reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, cast

from ..errors import DataFileError, FilterError
from ..query import ast, parser, registry
from .model import (
    AGGREGATIONS,
    ALWAYS,
    COLOR_ROLES,
    CONTAINERS,
    PLAIN,
    SOURCES,
    VIEW_KINDS,
    ColorRule,
    ColumnSpec,
    KeySpec,
    Tile,
    View,
)
from .ownfields import OWN_FIELDS
from .tomlfile import Key, Problems, Schema, check, nearest, parse, read_all, tables

VIEW_SCHEMA: Schema = {
    "id": Key(str, required=True),
    "name": Key(str, required=True),
    "kind": Key(str, required=True, choices=VIEW_KINDS),
    "description": Key(str, required=True),
    "filter": Key(str),
    "source": Key(str, choices=SOURCES),
    "drilldown": Key(str),
    "sort": Key(str),
    "tags": Key(list),
    "applies_to": Key(list),
    "use_defaults": Key(bool),
    "threads": Key(bool),
    "propagate_filter": Key(bool),
    "deeper": Key(bool),
    "hidden": Key(bool),
}
KEY_SCHEMA: Schema = {"field": Key(str, required=True), "containers": Key(str), "group": Key(str)}
COLUMN_SCHEMA: Schema = {
    "name": Key(str, required=True),
    "field": Key(str, required=True),
    "description": Key(str),
    "aggregation": Key(str, choices=AGGREGATIONS),
    "group": Key(str, choices=AGGREGATIONS),
    "where": Key(str),
    "where_new": Key(str),
    "width": Key(int),
    "only": Key(str, choices=(ALWAYS, CONTAINERS, PLAIN)),
}
COLOR_SCHEMA: Schema = {
    "role": Key(str, required=True, choices=COLOR_ROLES),
    "column": Key(str),
    "above": Key(float),
    "filter": Key(str),
}
TILE_SCHEMA: Schema = {
    "id": Key(str, required=True),
    "name": Key(str, required=True),
    "description": Key(str, required=True),
    "value": Key(str, required=True, choices=("count", "sum", "distinct", "rows")),
    "unit": Key(str, required=True),
    "filter": Key(str),
    "field": Key(str),
    "base": Key(str),
    "trend": Key(str, choices=("alive", "distinct", "listening")),
    "split": Key(str),
    "target_view": Key(str, required=True),
    "target_filter": Key(str),
    "target_sort": Key(str),
    "target_sum": Key(list),
    "drill_key": Key(str),
    "excludable": Key(bool),
    "noteworthy": Key(bool),
}
TILE_FILE_SCHEMA: Schema = {"category": Key(str, required=True)}
NEEDS_FIELD = ("sum", "distinct")
DEPTH = "%depth"


def load_view(path: Path | str, text: str) -> tuple[View | None, list[DataFileError]]:
    """Return the view that ``text`` describes, or None and everything that is wrong with it."""
    problems = Problems(path)
    raw = parse(path, text, problems)
    if not raw:
        if not problems.found:
            problems.add("the file is empty")
        return None, problems.found
    top = check(raw, VIEW_SCHEMA, problems, skip=("key", "column", "color"))
    key = _key(raw, problems)
    source = str(raw.get("source"))
    columns = tuple(
        ColumnSpec(**good)
        for number, entry in enumerate(tables(raw, "column", problems))
        if (good := _column(entry, number, problems, source))
    )
    colors = tuple(
        ColorRule(**good)
        for number, entry in enumerate(tables(raw, "color", problems))
        if (good := _color(entry, number, _names(raw), problems))
    )
    _filter(top.get("filter"), "filter", problems)
    if not problems.found:
        _shape(top, key, columns, problems)
    if problems.found:
        return None, problems.found
    return View(**top, key=key, columns=columns, colors=colors, origin=str(path)), []


def load_tiles(path: Path | str, text: str) -> tuple[list[Tile] | None, list[DataFileError]]:
    """Return the tiles of one file, all of one category, or None and everything that is wrong.

    A tile with a table ``each`` stands for one tile per entry: ``{name}`` and ``{value}`` in its
    texts are replaced by the entry's key and value.
    """
    problems = Problems(path)
    raw = parse(path, text, problems)
    top = check(raw, TILE_FILE_SCHEMA, problems, skip=("tile", "bases"))
    bases = _bases(raw, problems)
    found: list[Tile] = []
    for number, entry in enumerate(tables(raw, "tile", problems)):
        for variant in _variants(entry, number, problems):
            good = check(variant, TILE_SCHEMA, problems, "tile", number)
            for name in ("filter", "target_filter"):
                _filter(good.get(name), name, problems, "tile", number)
            for name in ("field", "split"):
                _field(good.get(name), name, problems, "tile", number)
            if good.get("value") in NEEDS_FIELD and "field" not in variant:
                problems.add(f"the value {good['value']!r} needs a field", "field", "tile", number)
            base = good.pop("base", None)
            if base is not None and base not in bases:
                problems.add(f"there is no base {base!r}{nearest(base, list(bases))}", "base", "tile", number)
            if not problems.found:
                found.append(Tile(**good, category=top["category"], base=bases.get(base or "")))
    return (None if problems.found else found), problems.found


def load_views_of(folder: Path) -> tuple[list[View], list[DataFileError]]:
    """Return the views of a folder's ``*.toml`` files, and everything that is wrong with the others."""
    return read_all(folder, load_view)


def check_links(views: Iterable[View], known: Mapping[str, View]) -> list[DataFileError]:
    """Return a problem for each drill-down target that no view of ``known`` answers to."""
    return [
        DataFileError(
            view.origin, line_of(view.origin, "drilldown"), "drilldown", _unknown_view(view.drilldown, known)
        )
        for view in views
        if view.drilldown is not None and view.drilldown not in known
    ]


def line_of(path: str, key: str) -> int | None:
    """Return the line, from 1, at which a file has a key of its top table, None if that cannot be told."""
    try:
        return Problems(path, Path(path).read_text(encoding="utf-8")).line(key)
    except (OSError, UnicodeDecodeError):
        return None


def _unknown_view(name: str, known: Mapping[str, View]) -> str:
    return f"there is no view {name!r}{nearest(name, list(known))}"


def _bases(raw: Mapping[str, Any], problems: Problems) -> dict[str, str]:
    """Return the named filters that tiles of the file share."""
    entry = raw.get("bases", {})
    if not isinstance(entry, dict) or not all(isinstance(text, str) for text in entry.values()):
        problems.add("must be a table of filters", "bases")
        return {}
    for name, text in entry.items():
        _filter(text, name, problems, "bases")
    return dict(entry)


def _key(raw: Mapping[str, Any], problems: Problems) -> KeySpec | None:
    entry = raw.get("key")
    if entry is None:
        return None
    if not isinstance(entry, dict):
        problems.add("must be written as [key]", "key")
        return None
    good = check(entry, KEY_SCHEMA, problems, "key")
    for name in KEY_SCHEMA:
        _field(good.get(name), name, problems, "key")
    return KeySpec(**good) if "field" in good else None


def _column(entry: Mapping[str, Any], number: int, problems: Problems, source: str) -> dict[str, Any] | None:
    before = len(problems.found)
    good = check(entry, COLUMN_SCHEMA, problems, "column", number)
    if good.get("field") not in OWN_FIELDS.get(source, ()):
        _field(good.get("field"), "field", problems, "column", number)
    for name in ("where", "where_new"):
        _filter(good.get(name), name, problems, "column", number)
    return good if len(problems.found) == before else None


def _color(
    entry: Mapping[str, Any], number: int, names: list[str], problems: Problems
) -> dict[str, Any] | None:
    before = len(problems.found)
    good = check(entry, COLOR_SCHEMA, problems, "color", number)
    _filter(good.get("filter"), "filter", problems, "color", number)
    if "column" in good and good["column"] not in names:
        hint = nearest(good["column"], names)
        problems.add(f"there is no column {good['column']!r}{hint}", "column", "color", number)
    if ("above" in good) != ("column" in good) or ("above" in good) == ("filter" in good):
        problems.add("needs either a column with 'above', or a filter", None, "color", number)
    return good if len(problems.found) == before else None


def _names(raw: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns as they are written, good or bad."""
    entries = raw.get("column", [])
    return [str(entry.get("name")) for entry in entries if isinstance(entry, dict)]


def _shape(
    top: Mapping[str, Any], key: KeySpec | None, columns: tuple[ColumnSpec, ...], problems: Problems
) -> None:
    """Check what concerns several keys at once."""
    kind = top["kind"]
    if kind == "tiles":
        return
    if not columns:
        problems.add("a view needs at least one [[column]]", "kind")
    if kind in ("table", "spectrogram") and key is None:
        problems.add(f"a {kind} needs a [key]", "kind")
    if kind in ("list", "tree", "echo", "events") and key is not None and key.group:
        problems.add("only tables can have a second level", "group", "key")
    names = [column.name for column in columns]
    sort = top.get("sort")
    if sort is not None and sort not in names:
        problems.add(f"there is no column {sort!r}{nearest(sort, names)}", "sort")
    for number, column in enumerate(columns):
        for other in columns[:number]:
            if other.name == column.name and (
                other.only == column.only or ALWAYS in (other.only, column.only)
            ):
                problems.add(f"there are two columns {column.name!r}", "name", "column", number)
                break
    if key is not None and key.group is None:
        for number, column in enumerate(columns):
            if column.group != "none":
                problems.add("needs a 'group' in [key]", "group", "column", number)


def _variants(entry: Mapping[str, Any], number: int, problems: Problems) -> list[dict[str, Any]]:
    """Return the entry, or one for each item of its table ``each``."""
    plain = {key: value for key, value in entry.items() if key != "each"}
    each = entry.get("each")
    if each is None:
        return [plain]
    if not isinstance(each, dict) or not all(isinstance(value, str) for value in each.values()):
        problems.add("must be a table of texts", "each", "tile", number)
        return []
    return [
        {
            key: text.replace("{name}", name).replace("{slug}", slug(name)).replace("{value}", value)
            if isinstance(text, str)
            else text
            for key, text in plain.items()
        }
        for name, value in each.items()
    ]


def slug(name: str) -> str:
    """Return a name as an id: lower case, every run of other characters a minus."""
    words = "".join(char if char.isalnum() else " " for char in name.lower()).split()
    return "-".join(words)


def _filter(
    text: str | None, key: str, problems: Problems, table: str | None = None, number: int = 0
) -> None:
    if text is None:
        return
    try:
        node = parser.parse(text.replace(f"{DEPTH}+1", "1"), names=False)
    except FilterError as error:
        problems.add(f"column {error.column + 1} of the filter: {error.reason}", key, table, number)
        return
    for operand in _operands(node):
        if registry.lookup(operand.name) is None:
            close = registry.nearest(operand.name)
            hint = f"; did you mean {close!r}?" if close else ""
            what = f"column {operand.column + 1} of the filter: there is no field {operand.name!r}{hint}"
            problems.add(what, key, table, number)


def _operands(node: Any) -> Iterator[ast.Operand]:
    """Yield all fields that a part of a filter names."""
    if isinstance(node, ast.Operand):
        yield node
    elif isinstance(node, tuple):
        for item in cast("tuple[Any, ...]", node):
            yield from _operands(item)
    elif is_dataclass(node):
        for part in fields(node):
            yield from _operands(getattr(node, part.name))


def _field(text: str | None, key: str, problems: Problems, table: str | None = None, number: int = 0) -> None:
    if text is None:
        return
    name = text.partition("[")[0]
    if registry.lookup(name) is None:
        close = registry.nearest(name)
        hint = f"; did you mean {close!r}?" if close else ""
        problems.add(f"there is no field {name!r}{hint}", key, table, number)
