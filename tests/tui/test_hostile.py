"""Whatever a capture holds, nothing of it acts on the terminal."""

from __future__ import annotations

import re

import pytest
from fake import HOSTILE, FakeGateway

OURS = re.compile(r"\x1b\[[0-9;]*m")
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def output(walk) -> str:  # type: ignore[no-untyped-def]
    """Return what the terminal would get for the whole screen, less the colours."""
    return OURS.sub("", walk.output())


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("down", "down", "enter"),  # a table with the name
        ("down", "down", "enter", "down", "down", "enter"),  # breadcrumbs
        ("e",),  # payloads
        ("e", "v", "a"),
        ("e", "v", "x"),
        ("d", "enter"),  # details
        ("d", "enter", "down"),  # the value in full
        ("d", "enter", "down", "enter"),  # a filter label made of it
    ],
    ids=lambda keys: "-".join(keys) or "overview",
)
async def test_no_control_character_reaches_the_output(start, keys: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    async with start(FakeGateway(notice=f"Damaged: {HOSTILE}"), filter_text=f"x={HOSTILE}") as walk:
        for key in keys:
            await walk.press(key)
            await walk.pilot.pause(0.05)
        found = BAD.findall(output(walk))
        assert found == []
        assert "\\x1b" in output(walk)


async def test_markup_is_shown_and_not_obeyed(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "down", "enter")
        assert "[red]x" in walk.text()


async def test_messages_and_the_search_bar_are_clean_too(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        walk.main.tell(HOSTILE)
        await walk.pilot.pause()
        assert BAD.findall(output(walk)) == []
        gateway.broken = RuntimeError(HOSTILE)
        await walk.pilot.press("down", "enter")
        await walk.pilot.pause(0.3)
        assert "RuntimeError" in walk.text()
        assert BAD.findall(output(walk)) == []
