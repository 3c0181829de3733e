"""The list of views in groups, and the digits that open one: ``groups.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from .datafile import DataFile
from .model import ViewInfo

FILE = Path(__file__).resolve().parent / "groups.toml"
OTHERS = "Others"
OWN = "Your own"


@dataclass(frozen=True)
class Groups:
    """Titles with the ids of their views, and ids by digit."""

    members: dict[str, tuple[str, ...]]
    digits: dict[str, str]

    def arranged(self, views: Sequence[ViewInfo]) -> list[ViewInfo]:
        """Return the views in the order of the list, each with its group and its digit."""
        places: dict[str, tuple[int, int, str]] = {}
        for at, (title, ids) in enumerate(self.members.items()):
            places |= {id_: (at, number, title) for number, id_ in enumerate(ids)}
        keys = {id_: digit for digit, id_ in self.digits.items()}
        last = len(self.members)

        def place(view: ViewInfo) -> tuple[int, int, str]:
            if view.own:
                return (last + 1, 0, OWN)
            return places.get(view.id, (last, 0, OTHERS))

        found = sorted(views, key=place)  # stable: by name where the file does not say more
        return [replace(view, group=place(view)[2], digit=keys.get(view.id, "")) for view in found]


@cache
def load_groups() -> Groups:
    """Return the groups. Raises :class:`DataFileError` for a view named twice and for what is no list."""
    file = DataFile(FILE, "groups", ("digits", "groups"))
    members: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for title, ids in file.data["groups"].items():
        if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
            raise file.error(title, "must be a list of ids", "groups")
        for id_ in ids:
            if id_ in seen:
                raise file.error(title, f"{id_} is named twice", "groups")
            seen.add(id_)
        members[title] = tuple(ids)
    for digit, id_ in file.data["digits"].items():
        if len(digit) != 1 or not digit.isdigit() or id_ not in seen:
            raise file.error(digit, "must be a digit and the id of a view in a group", "digits")
    return Groups(members, dict(file.data["digits"]))
