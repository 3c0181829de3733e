"""The list of views: groups, order, digits."""

from __future__ import annotations

import pytest

from scaptui.core.views.catalogue import list_views
from scaptui.tui.groups import OTHERS, load_groups
from scaptui.tui.model import ViewInfo


def test_every_view_of_the_list_has_a_group() -> None:
    groups = load_groups()
    named = {id_ for ids in groups.members.values() for id_ in ids}
    known = {view.id for view in list_views()}
    assert named <= known, "tui/groups.toml names views that there are not"
    listed = {view.id for view in list_views() if not view.hidden}
    assert listed <= named, "a view without a group: put it into tui/groups.toml"


def test_every_digit_opens_a_view() -> None:
    digits = load_groups().digits
    assert sorted(digits) == list("0123456789")
    assert len(set(digits.values())) == 10
    assert (digits["1"], digits["7"]) == ("overview", "http")


def test_views_come_in_the_order_of_their_groups() -> None:
    views = [
        ViewInfo("mine", "Mine", "table", own=True),
        ViewInfo("unknown", "Unknown", "table"),
        ViewInfo("dig", "Events", "events"),
        ViewInfo("files", "Files", "table"),
        ViewInfo("overview", "Overview", "tiles"),
    ]
    found = load_groups().arranged(views)
    assert [view.id for view in found] == ["overview", "files", "dig", "unknown", "mine"]
    assert [view.group for view in found] == ["Start", "Files", "Everything", OTHERS, "Your own"]
    assert [view.digit for view in found] == ["1", "5", "0", "", ""]


async def test_the_list_has_titles_that_the_cursor_passes(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("f2")
        lines = [line[:24].split("▕")[0].strip() for line in walk.lines()]
        assert lines[lines.index("Start") + 1] == "• Overview"
        assert lines[lines.index("Processes") + 1] == "2 Processes"
        await walk.press("down", "enter")
        assert walk.main.stack.top.view == "procs"


async def test_digits_open_views_of_the_same_selection(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("4", "enter", "5")
        assert (walk.main.stack.top.view, walk.main.stack.top.filter) == ("files", "container.id=1")
        await walk.press("4")
        assert walk.main.stack.top.view == "files"
        assert "Containers makes no sense" in walk.lines()[-1]


@pytest.mark.parametrize("digit", ["7", "8"])
async def test_a_digit_of_a_view_that_is_not_here(start, digit: str) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press(digit)
        assert walk.main.stack.depth == 1
