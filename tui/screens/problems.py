"""What is wrong with the user's own views, each with its file and line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ..cells import clean
from ..model import Column, Problem
from .pane import Pane

_COLUMNS = (Column("FILE", limit=30), Column("LINE", right=True), Column("WHAT IS WRONG", limit=400))


class ProblemsScreen(Pane):
    """Lists problems."""

    def __init__(self, title: str, problems: Sequence[Problem]) -> None:
        """Take a title and the problems."""
        super().__init__(title)
        self._problems = problems

    def fill(self) -> None:
        """Show a line for each problem."""
        lines = [
            (problem.path.rpartition("/")[2], str(problem.line or ""), problem.message)
            for problem in self._problems
        ]
        self.show(_COLUMNS, len(lines), lines.__getitem__)

    def full(self, line: int) -> Text:
        """Return where the problem is, and all of it."""
        problem = self._problems[line]
        where = f"{problem.path}, line {problem.line}" if problem.line else problem.path
        return Text(clean(where), self.role("dim")).append("\n" + clean(problem.message))

    do_views_reload = Pane.do_pane_close
