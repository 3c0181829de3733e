"""Remembers the layout of each view in a private file of the user: ``scaptui/tables.json``.

The folder is ``$XDG_STATE_HOME``, or ``~/.local/state``. Nothing that is wrong with the file is fatal: what
can be read of it is used, and what cannot be is told once in a sentence.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import clipboard
from .layout import Layout

VERSION = 1
_MOST_BYTES = 1 << 20  # a larger file is none of ours
_MOST_VIEWS = 1000


def state_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the layouts are kept."""
    named = environ.get("XDG_STATE_HOME", "")
    folder = Path(named) if named and Path(named).is_absolute() else Path("~/.local/state").expanduser()
    return folder / "scaptui" / "tables.json"


class Memory:
    """The layouts of all views. Read once; each change is written at once, beside those of other programs."""

    def __init__(self, path: Path | None) -> None:
        """Take the file; None: nothing outlives the program."""
        self.path = path
        self.problem = ""  # a sentence about the file, until somebody takes it
        self._layouts: dict[str, Layout] = {}
        if path is not None:
            self._layouts = self._read(path)

    def layout(self, view: str) -> Layout:
        """Return the layout of a view."""
        return self._layouts.get(view, Layout())

    def keep(self, view: str, layout: Layout) -> None:
        """Take the layout of a view; :meth:`write` puts it into the file."""
        if layout == Layout():
            self._layouts.pop(view, None)
        else:
            self._layouts[view] = layout

    def write(self, view: str) -> str:
        """Write one view's layout into the file; return what is wrong, "" when all is well.

        The file is replaced whole or not at all; what another program wrote about other views stays. A file
        that cannot be read is put aside as ``tables.damaged``.
        """
        path = self.path
        if path is None:
            return ""
        told, self.problem = self.problem, ""
        layouts = self._read(path)
        unreadable, self.problem = bool(self.problem), told
        layouts.pop(view, None)
        mine = self._layouts.get(view)
        if mine is not None:
            layouts[view] = mine
        views = {name: layout.to_json() for name, layout in sorted(layouts.items())}
        text = json.dumps({"version": VERSION, "views": views}, indent=1)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if unreadable:
                path.replace(path.with_suffix(".damaged"))
            clipboard.save(path, text.encode("ascii"), replace=True)
        except OSError as error:
            return f"The columns are not remembered: {path}: {error.strerror or error}."
        return ""

    def _read(self, path: Path) -> dict[str, Layout]:
        """Return what the file says, as far as it can be read."""
        try:
            if not path.is_file():
                return {}
            with path.open("rb") as file:
                raw = file.read(_MOST_BYTES + 1)
            if len(raw) > _MOST_BYTES:
                raise ValueError("it is far too long")
            data: Any = json.loads(raw)
            if not isinstance(data, dict) or data.get("version") != VERSION:
                raise ValueError("it is of another kind")
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self.problem = f"{path} cannot be read ({reason}): columns are as the views have them."
            return {}
        views = data.get("views")
        found = list(views.items())[:_MOST_VIEWS] if isinstance(views, dict) else []
        return {str(name): Layout.from_json(layout) for name, layout in found}
