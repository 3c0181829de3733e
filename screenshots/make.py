"""Draws the pictures of this folder: what scaptui does, and each view, on captures of the project.

python screenshots/make.py [NAME ...]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import resvg_py  # pyright: ignore[reportMissingImports]  (only `make screenshots` installs it)
from textual.pilot import Pilot

from scaptui.tui.app import ScaptuiApp
from scaptui.tui.keymap import load_keymap
from scaptui.tui.model import Gateway, Progress
from scaptui.tui.screens.main import MainScreen
from scaptui.tui.theme import load_theme

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent
sys.path.insert(0, str(PROJECT / "tests"))
from pictured import CLUSTER, STORY, capture_of, path_of  # noqa: E402

from scaptui.core.views.catalogue import list_views  # noqa: E402

MADE_UP = tempfile.TemporaryDirectory(prefix="scaptui-pictures-")
HTTP500 = PROJECT / "tui" / "demo" / "http500.scap"
CRASHLOOP = PROJECT / "tests" / "captures" / "lab2-crashloop.scap"
SHELL = PROJECT / "tests" / "captures" / "lab3-shell.scap"
BACKGROUND = "#10151b"  # of the theme: what a terminal in that colour would show between the texts
FONT = "DejaVu Sans Mono"
WIDTH = 960  # pixels of a PNG
PATIENCE = 300.0  # seconds; the first run compiles


@dataclass(frozen=True)
class Shot:
    """One picture: what is opened, and the steps until it is taken.

    A step is ``tile NAME`` (move to it), ``view ID`` (show the same in that view), ``press KEY`` or
    ``type TEXT``.
    """

    name: str
    title: str  # under the picture
    capture: Path
    steps: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 36)
    note: str = ""


def view_shots() -> tuple[Shot, ...]:
    """Return a picture of each view, in the order of ``scaptui views``."""
    folder = Path(MADE_UP.name)
    paths = {name: path_of(name, folder) for name in {capture_of(view.id) for view in list_views()}}
    shots: list[Shot] = []
    for view in list_views():
        name = capture_of(view.id)
        note = (
            "Of a made-up capture: the recorded ones hold none of this." if name in (STORY, CLUSTER) else ""
        )
        title = f"{view.name} (`{view.id}`)"
        shots.append(Shot(f"view-{view.id}", title, paths[name], (f"view {view.id}",), (120, 30), note))
    return tuple(shots)


SHOTS = (
    Shot("overview", "The Overview: a total and a trend for everything that can be counted.", HTTP500),
    Shot(
        "http-errors",
        "Enter on a tile: what it counts, here the failing answers as they were written and read.",
        HTTP500,
        ("tile HTTP Errors", "press enter"),
    ),
    Shot(
        "container",
        "`c` on a block: the Overview of its container.",
        HTTP500,
        ("tile HTTP Errors", "press enter", "press c", "tile File Open Errors"),
    ),
    Shot(
        "failed-opens",
        "Enter on File Open Errors: the list of system calls that every drill-down ends in.",
        HTTP500,
        ("tile HTTP Errors", "press enter", "press c", "tile File Open Errors", "press enter"),
        (160, 36),
    ),
    Shot(
        "details",
        "Enter on an event: every field that has a value.",
        HTTP500,
        ("tile File Open Errors", "press enter", "press enter"),
    ),
    Shot("containers", "Containers.", HTTP500, ("view containers",)),
    Shot("processes", "Processes.", CRASHLOOP, ("view procs",)),
    Shot("files", "Files.", CRASHLOOP, ("view files",)),
    Shot("connections", "Connections.", HTTP500, ("view connections",)),
    Shot("streams", "I/O Streams, here as a hex dump.", SHELL, ("view echo", "press v", "press x")),
    Shot("spy-users", "Spy Users: who ran what, in a tree of sessions.", SHELL, ("view spy_users",)),
    Shot("events", "System calls.", SHELL, ("view dig",), (160, 36)),
    Shot(
        "filter",
        "The filter bar tells the place of a mistake while one types.",
        HTTP500,
        ("view procs", "press f4", "type proc.nmae=python3"),
    ),
    Shot(
        "fields",
        "`F`, or `Tab` in the filter bar: every field with its meaning, narrowed while one types.",
        HTTP500,
        ("press F", "type container"),
    ),
    Shot(
        "values",
        "`Tab` behind an operator: the values that occur, the most frequent first.",
        HTTP500,
        ("press f4", "type fd.name=", "press tab"),
    ),
    Shot(
        "time",
        "The time navigator: the selected time applies to every view.",
        HTTP500,
        ("tile HTTP Errors", "press space", "press f3", "press up", "press up", "press right"),
    ),
    Shot("help", "`?`: the keys of the place where you are.", HTTP500, ("press ?",)),
    Shot("small", "The same in 80×24.", HTTP500, (), (80, 24)),
)


async def take(shot: Shot) -> str:
    """Return one picture as SVG."""

    def opener(progress: Progress, cancelled: object) -> Gateway:
        from scaptui.tui.gateway import open_capture

        return open_capture(str(shot.capture), progress, cancelled)  # pyright: ignore[reportArgumentType]

    app = ScaptuiApp(shot.capture.name, opener, keymap=load_keymap(), theme=load_theme("dark"))
    async with app.run_test(size=shot.size) as pilot:
        await _quiet(app, pilot)
        for step in shot.steps:
            await _do(app, pilot, step)
            await _quiet(app, pilot)
        await pilot.pause(0.2)
        picture = app.export_screenshot(title=f"scaptui {shot.capture.name}")
    if app.gateway is not None:
        app.gateway.close()
    # Rich's own background shows where nothing is painted
    return re.sub(r"\bterminal-\d+", "terminal", picture.replace('fill="#292929"', f'fill="{BACKGROUND}"'))


async def _quiet(app: ScaptuiApp, pilot: Pilot[None]) -> None:
    """Wait until the capture is open and no view is being loaded."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        await pilot.pause(0.05)
        base = next((screen for screen in app.screen_stack if isinstance(screen, MainScreen)), None)
        if base is not None and base.shown is not None and base.jobs.idle:
            await pilot.pause()
            return
    raise TimeoutError(f"{app.title}: nothing to see after {PATIENCE} s")


async def _do(app: ScaptuiApp, pilot: Pilot[None], step: str) -> None:
    verb, _, rest = step.partition(" ")
    screen = app.screen
    if verb == "press":
        await pilot.press(rest)
    elif verb == "type":
        await pilot.press(*("space" if char == " " else char for char in rest))
    elif verb == "view" and isinstance(screen, MainScreen):
        screen.open_view(rest)
    elif verb == "tile" and isinstance(screen, MainScreen):
        for _ in screen.tiles.tiles:
            if screen.tiles.tile is not None and screen.tiles.tile.name == rest:
                return
            await pilot.press("down")
        raise LookupError(f"there is no tile {rest}")
    else:
        raise ValueError(f"cannot {step!r} here")


def png(svg: str) -> bytes:
    """Return a picture as PNG, drawn with a font of this machine."""
    text = svg.replace("Fira Code", FONT)
    drawn = resvg_py.svg_to_bytes(svg_string=text, width=WIDTH, font_family=FONT, monospace_family=FONT)
    return bytes(drawn)


def page() -> str:
    """Return the README of this folder."""
    lines = ["# Pictures", "", "Drawn by `make screenshots`.", ""]
    for shot in SHOTS:
        lines += [f"## {shot.title}", "", f"![{shot.name}]({shot.name}.svg)", ""]
    lines += ["# Every view", "", "In the order of `scaptui views`.", ""]
    about = {f"view-{view.id}": " ".join(view.description.split()) for view in list_views()}
    for shot in view_shots():
        words = f"{about[shot.name]} {shot.note}".rstrip()
        lines += [f"## {shot.title}", "", words, "", f"![{shot.name}]({shot.name}.svg)", ""]
    return "\n".join(lines)


def main() -> int:
    """Draw all pictures, or those named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="draw these only")
    wanted = parser.parse_args().names
    shots = (*SHOTS, *view_shots())
    unknown = set(wanted) - {shot.name for shot in shots}
    if unknown:
        parser.error(f"there is no picture called {', '.join(sorted(unknown))}")
    for shot in shots:
        if wanted and shot.name not in wanted:
            continue
        picture = asyncio.run(take(shot))
        (FOLDER / f"{shot.name}.svg").write_text(picture, "utf-8")
        (FOLDER / f"{shot.name}.png").write_bytes(png(picture))
        print(f"screenshots/{shot.name}.svg, .png", flush=True)
    (FOLDER / "README.md").write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
