"""Keymaps are checked when they are loaded, and every command has somebody who carries it out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaptui.core.errors import DataFileError
from scaptui.tui.app import ScaptuiApp
from scaptui.tui.commands import BY_ID, COMMANDS, CONTEXTS
from scaptui.tui.keymap import FOLDER, load_keymap, shown_key
from scaptui.tui.screens.about import AboutScreen
from scaptui.tui.screens.choice import ChoiceScreen
from scaptui.tui.screens.columns import ColumnsScreen, ColumnTable
from scaptui.tui.screens.detail import DetailScreen
from scaptui.tui.screens.help import HelpScreen
from scaptui.tui.screens.main import MainScreen
from scaptui.tui.screens.open import OpenScreen
from scaptui.tui.screens.pane import PaneTable
from scaptui.tui.screens.problems import ProblemsScreen
from scaptui.tui.widgets.filterbar import FilterBar, FindBar
from scaptui.tui.widgets.navigator import Navigator
from scaptui.tui.widgets.spectrogram import SpectrogramView
from scaptui.tui.widgets.streams import StreamView
from scaptui.tui.widgets.tiles import TileGrid
from scaptui.tui.widgets.viewlist import ViewList
from scaptui.tui.widgets.virtual_table import VirtualTable

BUILT_IN = sorted(path.stem for path in FOLDER.glob("*.toml"))
WHO = {
    "global": [MainScreen, ScaptuiApp],
    "overview": [TileGrid, MainScreen],
    "table": [VirtualTable, MainScreen],
    "events": [VirtualTable, MainScreen],
    "tree": [VirtualTable, MainScreen],
    "processes": [VirtualTable, MainScreen],
    "spectrogram": [SpectrogramView, MainScreen],
    "streams": [StreamView, MainScreen],
    "navigator": [Navigator, MainScreen],
    "views": [ViewList, MainScreen],
    "filter": [FilterBar],
    "find": [FindBar],
    "columns": [ColumnTable, ColumnsScreen],
    "pane": [PaneTable, DetailScreen, AboutScreen, ProblemsScreen],
    "choice": [ChoiceScreen],
    "opening": [OpenScreen, ScaptuiApp],
}


def write(folder: Path, text: str) -> str:
    """Write a keymap that quits with q and holds ``text``."""
    path = folder / "mine.toml"
    path.write_text(f'schema = 1\nkind = "keymap"\n[global]\n"q" = "app.quit"\n{text}')
    return str(path)


def test_the_built_in_ones_load() -> None:
    assert BUILT_IN == ["csysdig", "inspect", "vim"]
    for name in BUILT_IN:
        assert load_keymap(name).title


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_somebody_carries_out_every_command(command: object) -> None:
    known = BY_ID[command.id]  # type: ignore[attr-defined]
    contexts = known.contexts
    if "main" in contexts:
        contexts = (
            *(c for c in contexts if c != "main"),
            "overview",
            "table",
            "events",
            "processes",
            "tree",
            "spectrogram",
            "streams",
        )
    for context in contexts:
        assert any(hasattr(who, known.method) for who in WHO[context]), f"{known.id} in {context}"


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_important_command_has_a_key(name: str) -> None:
    keymap = load_keymap(name)
    unbound = [c.id for c in COMMANDS if c.footer and not keymap.keys_of(c)]
    assert unbound == []


def test_contexts_are_all_explained() -> None:
    assert {context for command in COMMANDS for context in command.contexts} <= set(CONTEXTS)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('"x" = "view.bak"', 5, "did you mean 'view.back'"),
        ('[tabel]\n"x" = "view.back"', 5, "did you mean 'table'"),
        ('[table]\n"entr" = "view.drill"', 6, "did you mean 'enter'"),
        ('[navigator]\n"x" = "fold.toggle"', 6, "does not work in [navigator]"),
        ('[table]\n"x" = 3', 6, "is not a command"),
        ('[table]\n"x" = ,\n', 6, "invalid"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    with pytest.raises(DataFileError) as caught:
        load_keymap(write(tmp_path, text))
    assert told in str(caught.value).lower()
    assert caught.value.line == line


def test_a_keymap_without_a_way_out_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trap.toml"
    path.write_text('schema = 1\nkind = "keymap"\n[global]\n"x" = "app.help"\n')
    with pytest.raises(DataFileError, match="no key leaves"):
        load_keymap(str(path))


def test_the_innermost_context_decides() -> None:
    keymap = load_keymap("inspect")
    assert keymap.find(("overview", "main", "global"), ("space",)) is BY_ID["tile.overlay"]
    assert keymap.find(("tree", "main", "global"), ("space",)) is BY_ID["fold.toggle"]
    assert keymap.find(("main", "global"), ("space",)) is False


def test_the_beginning_of_a_sequence_is_told_from_nothing() -> None:
    keymap = load_keymap("inspect")
    assert keymap.find(("streams", "main"), ("v",)) is True
    assert keymap.find(("streams", "main"), ("v", "x")) is BY_ID["stream.hex"]
    assert keymap.find(("streams", "main"), ("v", "q")) is False


def test_keys_are_written_as_people_read_them() -> None:
    assert [shown_key(k) for k in ("f4", "ctrl+f", "shift+left", "/", "+", "N")] == [
        "F4",
        "^F",
        "⇧←",
        "/",
        "+",
        "N",
    ]


def test_help_needs_no_main_screen() -> None:
    assert hasattr(HelpScreen, "do_pane_close")
