"""The views and tiles that exist: the built-in ones, checked once when first asked for."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from ..errors import DataFileError, UsageError
from .loader import check_links, load_tiles, load_view
from .model import Category, Tile, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CATEGORIES = (
    Category("general", "General"),
    Category("file", "File"),
    Category("network", "Network"),
    Category("napps", "Network Apps"),
    Category("security", "Security"),
    Category("performance", "Performance"),
    Category("logs", "Logs"),
    Category("infrastructure", "Infrastructure"),
)


def _texts(folder: str) -> Iterable[tuple[str, str]]:
    base = files("scaptui.core.views").joinpath(folder)
    for entry in sorted(base.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            yield f"{folder}/{entry.name}", entry.read_text(encoding="utf-8")


T = TypeVar("T")


def _built(folder: str, build: Callable[[str, str], tuple[T | None, list[DataFileError]]]) -> list[T]:
    found: list[T] = []
    for path, text in _texts(folder):
        thing, problems = build(path, text)
        if problems:
            raise problems[0]
        if thing is not None:
            found.append(thing)
    return found


@cache
def views() -> Mapping[str, View]:
    """Return all built-in views by id. Raises DataFileError for the first mistake in them."""
    found = {view.id: view for view in _built("tables", load_view)}
    problems = check_links(found.values(), found)
    if problems:
        raise problems[0]
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (item[1].name, item[0]))))


def list_views() -> tuple[View, ...]:
    """Return all built-in views, by name; hidden ones too."""
    return tuple(views().values())


def get_view(view_id: str) -> View:
    """Return the view with this id. Raises UsageError that names the nearest one."""
    view = views().get(view_id)
    if view is None:
        known = views()
        by_name = {v.name.lower(): v.id for v in known.values()}
        if view_id.lower() in by_name:
            return known[by_name[view_id.lower()]]
        close = difflib.get_close_matches(view_id, list(known), 1, 0.5)
        hint = f" Did you mean {close[0]!r}?" if close else " 'scaptui views' lists them."
        raise UsageError(f"There is no view {view_id!r}.{hint}")
    return view


@cache
def list_tiles() -> tuple[Tile, ...]:
    """Return all built-in tiles in the order of the Overview. Raises DataFileError on a mistake."""
    order = {category.id: at for at, category in enumerate(CATEGORIES)}
    tiles = [tile for group in _built("tiles", load_tiles) for tile in group]
    return tuple(sorted(tiles, key=lambda tile: order[tile.category]))
