"""Work off the event loop: the newest request wins, failures are shown, nothing hangs."""

from __future__ import annotations

import asyncio
import threading
import time

from fake import FakeGateway
from textual.app import App

from scaptui.core.errors import CaptureError, FilterError
from scaptui.tui.jobs import Check, JobDone, Jobs, sentence


class Desk(App[None]):
    """Takes results."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self)

    def on_job_done(self, message: JobDone) -> None:
        """Deliver."""
        self.jobs.deliver(message)


async def until_idle(desk: Desk) -> None:
    """Wait for all results."""
    for _ in range(300):
        await asyncio.sleep(0.01)
        if desk.jobs.idle:
            return
    raise AssertionError("still waiting")


async def test_the_newest_request_of_a_lane_wins() -> None:
    desk = Desk()
    got: list[str] = []
    gate = threading.Event()

    def slow(cancelled: Check) -> str:
        gate.wait(5)
        return "old"

    async with desk.run_test():
        first = desk.jobs.start("view", slow, got.append, got.append)
        second = desk.jobs.start("view", lambda check: "new", got.append, got.append)
        other = desk.jobs.start("check", lambda check: "other", got.append, got.append)
        await until_idle(desk)
        gate.set()
        await asyncio.sleep(0.1)
    assert sorted(got) == ["new", "other"]
    assert first.cancelled()
    assert not second.cancelled()
    assert first.serial < second.serial < other.serial


async def test_a_failure_becomes_a_sentence() -> None:
    desk = Desk()
    told: list[str] = []

    def broken(cancelled: Check) -> None:
        raise CaptureError("x.scap", "is not a capture", 16)

    async with desk.run_test():
        desk.jobs.start("view", broken, print, told.append)
        await until_idle(desk)
    assert told == ["x.scap: is not a capture at offset 16 (0x10)."]


def test_sentences_for_all_kinds_of_errors() -> None:
    assert (
        sentence(FilterError("a", 3, "expected a value", "b"))
        == "Column 4: expected a value. Did you mean b?"
    )
    assert sentence(FileNotFoundError(2, "No such file or directory", "x.scap")) == (
        "x.scap: No such file or directory."
    )
    assert sentence(KeyError("k")).startswith("An error inside scaptui: KeyError")


async def test_a_view_that_fails_says_so_and_back_works(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        gateway.broken = RuntimeError("the disk is gone")
        await walk.pilot.press("down", "enter")
        for _ in range(100):
            await walk.pilot.pause(0.02)
            if "the disk is gone" in walk.text():
                break
        assert "RuntimeError: the disk is gone" in walk.text()
        gateway.broken = None
        await walk.press("backspace")
        assert "General" in walk.text()


async def test_a_view_that_never_comes_can_be_left(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        gateway.slow.add("containers")
        await walk.pilot.press("down", "enter")
        await walk.pilot.pause(0.4)
        assert "Working…" in walk.text()
        began = time.monotonic()
        await walk.press("backspace")
        assert time.monotonic() - began < 2
        assert "General" in walk.text()
        assert walk.main.tiles.tile.id == "running_containers"


async def test_leaving_does_not_wait_for_a_worker(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    gate = threading.Event()
    gateway.sessions = lambda query, cancelled: gate.wait(20)  # type: ignore[assignment]
    began = time.monotonic()
    async with start(gateway) as walk:
        await walk.pilot.press(*["down"] * 5, "enter")
        await walk.pilot.pause(0.1)
        await walk.pilot.press("q")
    gate.set()
    assert time.monotonic() - began < 8


async def test_the_event_loop_never_stops_for_a_slow_view(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        gateway.slow.add("containers")
        await walk.pilot.press("down", "enter")
        longest = 0.0
        for _ in range(50):
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)
        assert longest < 0.25
        await walk.press("backspace")
