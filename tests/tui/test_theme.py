"""Themes name every role, and the one that fits the terminal is chosen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color, ColorType

from scaptui.core.errors import DataFileError
from scaptui.tui.theme import FOLDER, ROLES, load_theme, suitable

CODES = re.compile(r"\x1b\[([0-9;]*)m")
BUILT_IN = sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_ones_load(name: str) -> None:
    assert set(load_theme(name).roles) == set(ROLES)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TERM": "xterm-256color"}, "dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "dark"),
        ({"TERM": "xterm"}, "ansi"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "vt100"}, "mono"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "mono"),
    ],
)
def test_the_terminal_decides(environ: dict[str, str], name: str) -> None:
    assert suitable(environ) == name


def colours(name: str) -> list[Color]:
    """Return all colours of a theme's roles."""
    styles = load_theme(name).roles.values()
    return [colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None]


def brightness(colour: Color) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = [part / 255 for part in colour.get_truecolor()]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("name", ["dark", "light"])
def test_text_stands_out_from_what_is_behind_it(name: str) -> None:
    theme = load_theme(name)
    behind = Color.parse(theme.textual.background)
    drawn = [role for role in ROLES if role.startswith(("lane", "guide", "time.outside", "tile.trend"))]
    for role, style in theme.roles.items():
        if style.color is None or role.startswith("heat"):  # which is a picture
            continue
        pair = sorted((brightness(style.color), brightness(style.bgcolor or behind)))
        contrast = (pair[1] + 0.05) / (pair[0] + 0.05)
        assert contrast >= (2 if role in drawn else 4.5), (role, round(contrast, 1))


def test_ansi_uses_the_sixteen_colours_only() -> None:
    assert {colour.type for colour in colours("ansi")} <= {ColorType.STANDARD, ColorType.DEFAULT}


def test_mono_uses_no_colour_and_still_tells_roles_apart() -> None:
    theme = load_theme("mono")
    assert colours("mono") == []
    assert theme["selection"] != theme["cell"]
    assert theme["stream.read.bar"] != theme["stream.write.bar"]


def test_a_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    text = (FOLDER / "dark.toml").read_text().replace('"selection" =', '"selektion" =')
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(DataFileError, match="did you mean 'selection'") as caught:
        load_theme(str(path))
    assert (
        caught.value.line == text.split("\n").index(next(x for x in text.split("\n") if "selektion" in x)) + 1
    )


def test_a_role_left_out_is_named(tmp_path: Path) -> None:
    lines = (FOLDER / "mono.toml").read_text().split("\n")
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(line for line in lines if not line.startswith('"stream.cut"')))
    with pytest.raises(DataFileError, match=r"stream\.cut is missing"):
        load_theme(str(path))


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(DataFileError, match="ansi, dark, light, mono"):
        load_theme("pink")


async def test_no_color_means_none(start, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert suitable() == "mono"
    async with start(theme="mono", size=(80, 24)) as walk:
        await walk.press("down", "enter", "f4")
        codes = {code for found in CODES.findall(walk.output()) for code in found.split(";")}
        assert codes <= {"", "0", "1", "2", "3", "4", "7", "39", "49"}
        assert "7" in codes


@pytest.mark.parametrize("name", BUILT_IN)
async def test_every_screen_can_be_painted(start, name: str) -> None:  # type: ignore[no-untyped-def]
    async with start(theme=name, size=(80, 24)) as walk:
        for keys in (
            "f4",
            "escape",
            "slash",
            "escape",
            "f2",
            "escape",
            "colon",
            "escape",
            "f1",
            "escape",
            "t",
        ):
            await walk.press(keys)
        await walk.press("t", "escape", "e", "s")
        assert "It can go to a file" in walk.text()
        await walk.press("escape", "backspace", "d", "enter")
        await walk.settle()
        assert "evt.num" in walk.text()
