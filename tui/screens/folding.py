"""Folding the trees of sessions and of processes."""

from __future__ import annotations

from ..model import TreeRows
from .part import Part


class Folding(Part):
    """Commands that fold; mixed into the main screen."""

    def _tree(self) -> TreeRows | None:
        rows = self.table.source
        if self.shown is None or self.shown.info.kind not in ("tree", "processes") or rows is None:
            return None
        return rows if rows.count else None  # pyright: ignore[reportReturnType]

    def do_fold_toggle(self) -> None:
        """Hide or show what is below the selected line."""
        tree = self._tree()
        if tree is not None:
            self.replace_rows(tree.toggled(self.table.cursor), self.table.cursor)

    def do_fold_all(self) -> None:
        """Hide everything below the topmost lines."""
        self._fold(True)

    def do_fold_none(self) -> None:
        """Show everything."""
        self._fold(False)

    def _fold(self, hide: bool) -> None:
        tree, cursor = self._tree(), self.table.cursor
        if tree is None:
            return
        if hide:  # the cursor goes to the line that is left of its branch
            while (above := tree.parent(cursor)) is not None:
                cursor = above
        key = tree.key(cursor)
        rows = tree.folded_all(hide)
        self.replace_rows(rows, rows.find_key(key) or 0)

    def do_fold_parent(self) -> None:
        """Go to the line above which the selected one hangs."""
        tree = self._tree()
        above = tree.parent(self.table.cursor) if tree is not None else None
        if above is not None:
            self.table.cursor = above
