"""Pictures of the main views, over made-up data. Renew them with --snapshot-update."""

from __future__ import annotations

from typing import Any

import pytest
from fake import FakeGateway
from walking import Walk

from scaptui.tui.app import ScaptuiApp
from scaptui.tui.keymap import load_keymap
from scaptui.tui.theme import load_theme

PICTURES = {
    "overview-80x24": ((80, 24), "dark", ("down", "space")),
    "table-120x40": ((120, 40), "dark", ("down", "down", "enter", "down")),
    "streams-mono-80x24": ((80, 24), "mono", ("e", "down")),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(snap_compare: Any, name: str) -> None:
    size, theme, keys = PICTURES[name]
    app = ScaptuiApp(
        "fake.scap",
        lambda progress, cancelled: FakeGateway(),
        keymap=load_keymap("inspect"),
        theme=load_theme(theme),
    )

    async def prepare(pilot: Any) -> None:
        walk = Walk(app, pilot)
        await walk.settle()
        await walk.press(*keys)

    assert snap_compare(app, terminal_size=size, run_before=prepare)
