"""The first screen: progress, errors, stopping."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path

from fake import FakeGateway

from scaptui.core.errors import Cancelled, CaptureError
from scaptui.tui.app import ScaptuiApp, opener_of
from scaptui.tui.keymap import load_keymap
from scaptui.tui.model import Check, Gateway, Progress
from scaptui.tui.screens.main import MainScreen
from scaptui.tui.theme import load_theme


def app_over(opener) -> ScaptuiApp:  # type: ignore[no-untyped-def]
    """Return an app that opens with ``opener``."""
    return ScaptuiApp("big.scap", opener, keymap=load_keymap(), theme=load_theme("dark"))


def text_of(app: ScaptuiApp) -> str:
    """Return what is on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_progress_shows_bytes_and_the_key_that_stops() -> None:
    gate = threading.Event()

    def opener(progress: Progress, cancelled: Check) -> Gateway:
        progress(3 * 1024 * 1024, 12 * 1024 * 1024)
        gate.wait(10)
        return FakeGateway()

    app = app_over(opener)
    async with app.run_test() as pilot:
        await pilot.pause(0.5)
        text = text_of(app)
        assert "big.scap" in text
        assert "3.00M of 12.00M" in text
        assert "/s" in text
        assert "Esc stops" in text
        gate.set()
        await pilot.pause(0.5)
        assert isinstance(app.screen, MainScreen)


async def test_when_all_is_read_there_is_no_rate_that_falls() -> None:
    gate = threading.Event()

    def opener(progress: Progress, cancelled: Check) -> Gateway:
        progress(12 * 1024 * 1024, 12 * 1024 * 1024)
        gate.wait(10)
        return FakeGateway()

    app = app_over(opener)
    async with app.run_test() as pilot:
        await pilot.pause(0.3)
        text = text_of(app)
        assert "12.00M read. Putting the index together…" in text
        assert "/s" not in text
        gate.set()


async def test_an_error_is_a_sentence_and_the_exit_code_is_1() -> None:
    def opener(progress: Progress, cancelled: Check) -> Gateway:
        raise CaptureError("big.scap", "is not a capture")

    app = app_over(opener)
    async with app.run_test() as pilot:
        await pilot.pause(0.4)
        assert "big.scap: is not a capture." in text_of(app)
        await pilot.press("q")
    assert app.exit_code == 1
    assert app.last_words == "big.scap: is not a capture."


async def test_stopping_tells_the_engine() -> None:
    stopped = threading.Event()

    def opener(progress: Progress, cancelled: Check) -> Gateway:
        for _ in range(500):
            if cancelled():
                stopped.set()
                raise Cancelled
            threading.Event().wait(0.01)
        return FakeGateway()

    app = app_over(opener)
    async with app.run_test() as pilot:
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause(0.3)
        assert stopped.is_set()
        assert "Stopped" in text_of(app)
        await pilot.press("q")
    assert app.exit_code == 1


async def test_a_stopped_load_that_read_something_is_shown() -> None:
    def opener(progress: Progress, cancelled: Check) -> Gateway:
        progress(1, 2)
        while not cancelled():
            threading.Event().wait(0.01)
        return FakeGateway(notice="Reading was stopped: the first 5 events are shown.")

    app = app_over(opener)
    async with app.run_test() as pilot:
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause(0.6)
        assert "Reading was stopped" in text_of(app)
    assert app.exit_code == 0


async def test_damage_is_said_on_screen(start) -> None:  # type: ignore[no-untyped-def]
    async with start(FakeGateway(notice="Damaged at offset 1,234: the file ends in a block.")) as walk:
        assert "Damaged at offset 1,234" in walk.text()
        await walk.press("down", "enter")
        assert "Damaged at offset 1,234" in walk.text()


def test_the_first_screen_needs_neither_numba_nor_the_engine() -> None:
    code = (
        "import sys, scaptui.tui.app; "
        "print([m for m in sys.modules if m in ('numba', 'numpy', 'llvmlite', 'scaptui.core.capture')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.strip() == "[]"


def test_the_collector_does_not_look_at_the_engine_again(demo: Path) -> None:
    """It took 0.1 s each time, on the way from a key to the screen."""
    gc.unfreeze()
    gateway = opener_of(str(demo))(lambda done, total: None, lambda: False)
    try:
        assert gc.get_freeze_count() > 50_000
    finally:
        gc.unfreeze()
        gateway.close()
