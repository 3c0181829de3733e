"""How a user wants the table of a view: which columns, in which order, how wide, sorted by what.

Pure data: a layout names columns, so that it outlives changes of the view; names it does not know are passed
over, and columns it does not know stay where the view puts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .model import AS_USUAL, Column, Figures

NARROWEST, WIDEST = 3, 400  # cells
_MOST = 200  # names in a list of a file


@dataclass(frozen=True)
class Layout:
    """What differs from the view as its file describes it."""

    order: tuple[str, ...] = ()  # names of columns; those not named follow the one before them in the view
    hidden: frozenset[str] = frozenset()
    widths: Mapping[str, int] = field(default_factory=dict[str, int])  # cells
    sort: tuple[str, bool] | None = None  # column, largest first
    figures: Figures = AS_USUAL

    # ---------------------------------------------------------------- columns

    def arranged(self, columns: Sequence[Column]) -> list[int]:
        """Return the numbers of all columns in the wanted order, hidden ones too."""
        names = [column.name for column in columns]
        placed = [names.index(name) for name in dict.fromkeys(self.order) if name in names]
        for at in range(len(names)):
            if at not in placed:
                placed.insert(placed.index(at - 1) + 1 if at else 0, at)
        return placed

    def shown(self, columns: Sequence[Column]) -> list[int]:
        """Return the numbers of the columns to show, in the wanted order; never none."""
        arranged = self.arranged(columns)
        found = [at for at in arranged if columns[at].name not in self.hidden]
        return found or arranged[:1]

    def width(self, column: Column) -> int | None:
        """Return the wanted width of a column in cells, or None for what its cells need."""
        return self.widths.get(column.name)

    # ---------------------------------------------------------------- changes

    def toggled(self, name: str) -> Layout:
        """Return the layout with a column hidden or shown."""
        return replace(self, hidden=self.hidden ^ {name})

    def moved(self, columns: Sequence[Column], name: str, step: int) -> Layout:
        """Return the layout with a column one place earlier (-1) or later (1)."""
        names = [columns[at].name for at in self.arranged(columns)]
        here = names.index(name)
        there = max(0, min(here + step, len(names) - 1))
        names.insert(there, names.pop(here))
        return replace(self, order=tuple(names))

    def resized(self, name: str, width: int | None) -> Layout:
        """Return the layout with a column of ``width`` cells; None: what its cells need."""
        widths = {key: value for key, value in self.widths.items() if key != name}
        if width is not None:
            widths[name] = max(NARROWEST, min(width, WIDEST))
        return replace(self, widths=widths)

    # ------------------------------------------------------------------ files

    def to_json(self) -> dict[str, Any]:
        """Return the layout for a file, without what is as the view has it."""
        found: dict[str, Any] = {}
        if self.order:
            found["order"] = list(self.order)
        if self.hidden:
            found["hidden"] = sorted(self.hidden)
        if self.widths:
            found["widths"] = dict(self.widths)
        if self.sort is not None:
            found["sort"] = list(self.sort)
        if self.figures.raw:
            found["raw"] = True
        if self.figures.totals:
            found["totals"] = True
        return found

    @classmethod
    def from_json(cls, found: object) -> Layout:
        """Return the layout of a file; whatever in it is not as it should be is left out."""
        data: dict[str, Any] = found if isinstance(found, dict) else {}
        widths = data.get("widths")
        sort = data.get("sort")
        usable = isinstance(sort, list) and len(sort) == 2 and isinstance(sort[0], str)
        return cls(
            order=tuple(_names(data.get("order"))),
            hidden=frozenset(_names(data.get("hidden"))),
            widths={
                name: max(NARROWEST, min(width, WIDEST))
                for name, width in (widths.items() if isinstance(widths, dict) else ())
                if isinstance(name, str) and isinstance(width, int) and not isinstance(width, bool)
            },
            sort=(str(sort[0]), sort[1] is True) if usable and isinstance(sort, list) else None,
            figures=Figures(data.get("raw") is True, data.get("totals") is True),
        )


def _names(found: object) -> list[str]:
    return [name for name in found[:_MOST] if isinstance(name, str)] if isinstance(found, list) else []
