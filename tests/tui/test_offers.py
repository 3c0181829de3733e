"""The list of fields and the completion of filters, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeGateway
from textual.widgets import Input

from scaptui.tui.gateway import CaptureGateway, open_capture
from scaptui.tui.model import Offer
from scaptui.tui.screens.offers import OffersScreen, fitting


@pytest.fixture(scope="module")
def gateway(demo: Path) -> CaptureGateway:
    """The demo capture."""
    return open_capture(str(demo), lambda done, total: None, lambda: False)


def shown(walk) -> OffersScreen:  # type: ignore[no-untyped-def]
    """The list in front."""
    assert isinstance(walk.app.screen, OffersScreen)
    return walk.app.screen


@pytest.mark.parametrize("keymap", ["inspect", "csysdig", "vim"])
async def test_a_key_lists_every_field_with_its_meaning(start, gateway, keymap) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway, keymap=keymap, size=(160, 40)) as walk:
        await walk.press("F")
        shown(walk)
        assert "Fields and named filters" in walk.text()
        assert re.search(r"evt\.num +number +running number of the event", walk.text())
        await walk.type("container.image.re")
        await walk.press("down", "up")
        assert "container.image.repository" in walk.lines()[3]
        await walk.press("escape")
        assert walk.main.filter_bar.display
        await walk.press("escape")
        assert not walk.main.filter_bar.display
        assert walk.main.stack.top.filter == ""


async def test_a_field_of_the_list_is_added_to_the_filter(start, gateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway, filter_text="evt.failed=true or evt.num<5") as walk:
        await walk.press("F")
        await walk.type("proc.cmdline")
        await walk.press("enter")
        assert walk.main.filter_bar.input.value == "(evt.failed=true or evt.num<5) and proc.cmdline"
        assert walk.main.filter_bar.input.has_focus


async def test_a_filter_is_written_with_tab_alone(start, gateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway) as walk:
        await walk.press("f4")
        await walk.type("proc.na")
        await walk.press("tab")  # only one field begins so
        bar = walk.main.filter_bar
        assert bar.input.value == "proc.name"
        await walk.press("tab")  # what comes after it?
        assert "Operators of proc.name" in walk.text()
        await walk.type("startsw")
        await walk.press("enter")
        assert bar.input.value == "proc.name startswith "
        await walk.press("tab")
        assert "Values of proc.name" in walk.text()
        assert re.search(r"[0-9,]+ events", walk.text())
        await walk.press("down", "enter")
        value = bar.input.value.rpartition(" ")[2]
        assert value
        await walk.press("space", "tab")
        assert "Going on" in walk.text()
        await walk.press("enter")
        assert bar.input.value == f"proc.name startswith {value} and "
        await walk.type("evt.failed=tr")
        await walk.press("tab", "enter")
        assert walk.main.stack.top.filter == f"proc.name startswith {value} and evt.failed=true"


async def test_a_word_in_the_middle_is_replaced(start, gateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway) as walk:
        await walk.press("f4")
        await walk.type("proc.na=sh")
        await walk.press(*["left"] * 3, "tab")
        assert walk.main.filter_bar.input.value == "proc.name=sh"
        assert walk.main.filter_bar.input.cursor_position == len("proc.name")


async def test_where_nothing_fits_one_is_told(start, gateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway) as walk:
        await walk.press("f4")
        await walk.type("proc.aname[")
        await walk.press("tab")
        assert "Nothing to choose from here." in walk.text()
        walk.main.filter_bar.input.value = "proc.nosuch="
        walk.main.filter_bar.input.cursor_position = 12
        await walk.press("tab")
        assert "Values of proc.nosuch: none." in walk.text()
        walk.main.filter_bar.input.value = "proc.nosuch"
        walk.main.filter_bar.input.cursor_position = 11
        await walk.press("tab")
        assert "Fields and named filters: nothing fits 'proc.nosuch'." in walk.text()


async def test_an_answer_that_comes_too_late_is_dropped(start) -> None:  # type: ignore[no-untyped-def]
    async with start(FakeGateway()) as walk:
        await walk.press("f4")
        await walk.type("proc")
        walk.main._complete("something else", 3)
        await walk.settle()
        assert not isinstance(walk.app.screen, OffersScreen)
        assert walk.main.filter_bar.input.value == "proc"


async def test_the_list_narrows_and_nothing_in_it_acts_on_the_terminal(start) -> None:  # type: ignore[no-untyped-def]
    async with start(FakeGateway()) as walk:
        await walk.press("F")
        await walk.press("pagedown")
        assert "[b]name[/b] of \\x1b[2J" in walk.text()
        assert "\x1b[2J" not in walk.text()
        await walk.press("pageup")
        assert shown(walk).table.cursor == 0
        await walk.type("nosuch")
        assert "Nothing fits." in walk.text()
        await walk.press("enter")
        shown(walk)
        shown(walk).query_one(Input).value = "pid"
        await walk.pilot.pause()
        await walk.press("enter")
        assert walk.main.filter_bar.input.value == "proc.pid"


def test_what_begins_with_the_word_comes_first() -> None:
    offers = [
        Offer("fd.name", "text", "what a name is"),
        Offer("proc.pname", "text", "of the parent"),
        Offer("name.first", "text", ""),
        Offer("evt.num", "number", "the NAME of nothing"),
        Offer("evt.cpu", "number", ""),
    ]
    assert [offer.text for offer in fitting(offers, "name")] == [
        "name.first",
        "fd.name",
        "proc.pname",
        "evt.num",
    ]
    assert fitting(offers, " ") == offers


def test_names_of_the_user_are_offered_unless_their_file_is_wrong(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, utc: Callable[[], None]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "scaptui"
    folder.mkdir()
    (folder / "filters.toml").write_text('[filters]\nweb = "fd.sport=80"\n')
    opened = open_capture(str(demo), lambda done, total: None, lambda: False)
    found = opened.complete("we", 2, None, lambda: False)
    assert found is not None
    assert found.offers[0] == Offer("web", "named filter", "fd.sport=80", "")
    (folder / "filters.toml").write_text("[filters]\nweb = 1\n")
    found = opened.complete("we", 2, None, lambda: False)
    assert found is not None
    assert "proc.name" in [offer.text for offer in found.offers]
    assert "web" not in [offer.text for offer in found.offers]
    opened.close()
