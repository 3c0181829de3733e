"""The views and tiles that exist: the built-in ones, and the user's own views.

Built-in files are checked once, when first asked for; the user's are read then, too, and again with
:func:`reload`.
"""

from __future__ import annotations

import difflib
import os
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from ..errors import DataFileError, UsageError
from .loader import check_links, line_of, load_tiles, load_view, load_views_of
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
def built_in() -> Mapping[str, View]:
    """Return the built-in views by id. Raises DataFileError for the first mistake in them."""
    found = {view.id: view for view in _built("tables", load_view)}
    problems = check_links(found.values(), found)
    if problems:
        raise problems[0]
    return MappingProxyType(found)


@dataclass(frozen=True)
class Library:
    """The views there are, built-in ones and the user's; ``problems``: the mistakes in the user's files."""

    views: Mapping[str, View]
    problems: tuple[DataFileError, ...] = ()


_library: Library | None = None
_lock = threading.Lock()


def user_folder() -> Path:
    """Return where the user's views are: ``scaptui/views`` in ``XDG_CONFIG_HOME`` or ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(base) if base.startswith("/") else Path("~/.config").expanduser()
    return home / "scaptui" / "views"


def reload() -> tuple[DataFileError, ...]:
    """Read the user's view files again; from now on :func:`views` has what they say.

    Returns everything that is wrong with them, each with file, line and what was expected. Good files
    count, whatever the others hold. Safe to call from any thread, in the middle of anything: a view
    that is being shown stays as it was.
    """
    global _library
    known = dict(built_in())
    mine, problems = load_views_of(user_folder())
    files = {view.id: view.origin for view in built_in().values()}
    good: dict[str, View] = {}
    for view in mine:
        if view.id in known or view.id in good:
            where = "a built-in view" if view.id in known else files[view.id]
            reason = f"{where} has the id {view.id!r}, too; expected another one"
            problems.append(DataFileError(view.origin, line_of(view.origin, "id"), "id", reason))
            continue
        files[view.id] = view.origin
        good[view.id] = view
    everything = known | good
    for problem in check_links(good.values(), everything):
        problems.append(problem)
        everything = {key: view for key, view in everything.items() if view.origin != problem.path}
    ordered = dict(sorted(everything.items(), key=lambda item: (item[1].name, item[0])))
    found = Library(MappingProxyType(ordered), tuple(problems))
    with _lock:
        _library = found
    return found.problems


def library() -> Library:
    """Return all views with the mistakes in the user's files, read when first asked for or reloaded."""
    if _library is None:
        reload()
    assert _library is not None
    return _library


def views() -> Mapping[str, View]:
    """Return all views by id, by name; the user's own too. Raises DataFileError for a mistake in ours."""
    return library().views


def list_views() -> tuple[View, ...]:
    """Return all views, by name; hidden ones too."""
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
