"""Themes: TOML files that give roles (``stream.read``, ``error``, ``selection``) their looks.

A theme has ``[base]`` colours for Textual's own widgets and ``[roles]`` for what scaptui paints; a role is
a style such as ``bold #ffffff on #1f5f9f``. Themes with ``ansi = true`` use the terminal's own 16 colours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.theme import Theme as TextualTheme

from ..core.views.tomlfile import nearest
from .datafile import DataFile, locate

FOLDER = Path(__file__).resolve().parent / "themes"
ROLES = (
    "header", "header.key", "crumb", "crumb.current", "notice", "error", "warning", "dim", "column",
    "column.sorted", "cell", "selection", "selection.blurred", "match", "match.current", "tile.category",
    "tile.name", "tile.total", "tile.zero", "tile.trend", "stream.read", "stream.write", "stream.read.bar",
    "stream.write.bar", "stream.header", "stream.cut", "time.axis", "time.window", "time.outside",
    "code.name", "code.keyword", "code.string", "code.number", "code.comment",
    "key", "key.label", "guide", "lane.1", "lane.2", "lane.3", "lane.4", "lane.5", "lane.6",
    "tile.noteworthy", "bar", "heat.1", "heat.2", "heat.3", "heat.4", "heat.5", "heat.6", "heat.7", "heat.8",
    "heat.brush",
)  # fmt: skip
LANES = [role for role in ROLES if role.startswith("lane.")]
HEATS = [f"heat.{level}" for level in range(1, 9)]  # from few to many
_BASE = (
    "primary",
    "secondary",
    "accent",
    "warning",
    "error",
    "success",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)


@dataclass(frozen=True)
class Theme:
    """A loaded theme: Textual's part and the style of each role."""

    name: str
    textual: TextualTheme
    roles: Mapping[str, Style]

    def __getitem__(self, role: str) -> Style:
        """Return the style of ``role``."""
        return self.roles[role]


def suitable(environ: Mapping[str, str] = os.environ) -> str:
    """Return the built-in theme that fits the terminal's colours: ``dark``, ``ansi`` or ``mono``."""
    term = environ.get("TERM", "")
    if "NO_COLOR" in environ or term in ("dumb", "unknown", "vt100", "vt220", "linux-m"):
        return "mono"
    if environ.get("COLORTERM", "") in ("truecolor", "24bit") or term.endswith(
        ("256color", "direct", "kitty")
    ):
        return "dark"
    return "ansi"


def load_theme(name: str | None = None) -> Theme:
    """Return a built-in theme by name, the one in the file ``name``, or the suitable one.

    Raises :class:`DataFileError` for an unknown name, role or colour, and for a role left out.
    """
    path = locate(name or suitable(), FOLDER, "theme")
    file = DataFile(path, "theme", ("base", "roles", "variables"))
    for key in file.data["base"]:
        if key not in (*_BASE, "dark", "ansi"):
            raise file.error(key, f"no such colour{nearest(key, _BASE)}", "base")
    roles: dict[str, Style] = {}
    for role, written in file.data["roles"].items():
        if role not in ROLES:
            raise file.error(role, f"no such role{nearest(role, ROLES)}", "roles")
        try:
            roles[role] = Style.parse(written)
        except (StyleSyntaxError, AttributeError) as error:
            raise file.error(role, f"{written!r} is not a style", "roles") from error
    missing = [role for role in ROLES if role not in roles]
    if missing:
        raise file.error("roles", f"the role {missing[0]} is missing")
    try:
        textual = TextualTheme(f"scaptui-{path.stem}", **file.data["base"], variables=file.data["variables"])
        textual.to_color_system().generate()
    except Exception as error:
        raise file.error("base", f"has a wrong colour ({error})") from error
    return Theme(path.stem, textual, roles)
