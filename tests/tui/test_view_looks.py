"""A picture of each view there is, over the captures of the project. Renew them with --snapshot-update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pictured import capture_of, path_of
from walking import Walk

from scaptui.core.views.catalogue import list_views
from scaptui.tui import highlight
from scaptui.tui.app import ScaptuiApp
from scaptui.tui.gateway import CaptureGateway, open_capture
from scaptui.tui.keymap import load_keymap
from scaptui.tui.model import Summary
from scaptui.tui.spectra import SpectrumGrid
from scaptui.tui.theme import load_theme

SIZE = (110, 30)
Opened = Callable[[str], CaptureGateway]

pytestmark = pytest.mark.usefixtures("utc")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Open each capture once."""
    known: dict[str, CaptureGateway] = {}
    folder = tmp_path_factory.mktemp("pictured")

    def get(name: str) -> CaptureGateway:
        if name not in known:
            known[name] = open_capture(str(path_of(name, folder)), lambda done, total: None, lambda: False)
        return known[name]

    yield get
    for gateway in known.values():
        gateway.close()


@pytest.mark.parametrize("view", [view.id for view in list_views()])
def test_picture_of(view: str, opened: Opened, snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlight, "MAX_TIME", math.inf)  # a picture does not depend on the machine's speed
    gateway = opened(capture_of(view))
    app = ScaptuiApp(
        capture_of(view), lambda progress, cancelled: gateway, keymap=load_keymap(), theme=load_theme("dark")
    )

    async def prepare(pilot: Any) -> None:
        walk = Walk(app, pilot)
        await walk.rest()
        walk.main.open_view(view)
        await walk.rest()
        assert walk.main.shown is not None
        content = walk.main.shown.content
        amount = len(content.tiles) if isinstance(content, Summary) else getattr(content, "count", None)
        amount = content.total if isinstance(content, SpectrumGrid) else amount
        assert amount, f"{capture_of(view)} has nothing to show in {view}"

    assert snap_compare(app, terminal_size=SIZE, run_before=prepare)
