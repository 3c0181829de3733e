"""Pictures of the main views, over made-up data. Renew them with --snapshot-update."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fake import FakeGateway, web
from walking import Walk

from scaptui.tui import highlight
from scaptui.tui.app import ScaptuiApp
from scaptui.tui.keymap import load_keymap
from scaptui.tui.theme import load_theme

PICTURES = {
    "overview-80x24": ((80, 24), "dark", ("down", "space")),
    "table-120x40": ((120, 40), "dark", ("down", "down", "enter", "down")),
    "streams-mono-80x24": ((80, 24), "mono", ("e", "down")),
    "streams-colours-80x24": ((80, 24), "dark", ("e", "v", "a")),
    "overview-overlays-ansi-120x40": ((120, 40), "ansi", ("space", "full_stop", "space", "t", "up", "up")),
    "columns-80x24": ((80, 24), "dark", ("2", "C", "down", "space")),
    "spectrogram-80x24": ((80, 24), "dark", ("9", "space", *["right"] * 9, "up", "up")),
    "spectrogram-mono-80x24": ((80, 24), "mono", ("9",)),
    "processes-80x24": ((80, 24), "dark", ("3", "down")),
    "views-60x15": ((60, 15), "ansi", ("2", "f2")),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(snap_compare: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlight, "MAX_TIME", math.inf)  # a picture does not depend on the machine's speed
    size, theme, keys = PICTURES[name]
    app = ScaptuiApp(
        "fake.scap",
        lambda progress, cancelled: web() if "colours" in name else FakeGateway(),
        keymap=load_keymap("inspect"),
        theme=load_theme(theme),
    )

    async def prepare(pilot: Any) -> None:
        walk = Walk(app, pilot)
        await walk.settle()
        await walk.press(*keys)
        await walk.rest()

    assert snap_compare(app, terminal_size=size, run_before=prepare)
