"""Walking through a capture: drilling, coming back, filters, time, search, copying."""

from __future__ import annotations

import asyncio
import base64
import stat
from pathlib import Path

import pytest
from fake import PROCS, START, FakeGateway, FakeStreams
from textual.widgets import Input, OptionList

from scaptui.tui.model import FilterProblem
from scaptui.tui.screens.choice import ChoiceScreen
from scaptui.tui.screens.detail import DetailScreen
from scaptui.tui.screens.help import HelpScreen
from scaptui.tui.screens.save import SaveScreen
from scaptui.tui.state import Query

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_has_every_tile(start, size) -> None:  # type: ignore[no-untyped-def]
    async with start(size=size) as walk:
        text = walk.text()
        for word in ("General", "System Calls", "8.8K", "Performance", "HTTP Errors", "fake.scap", "22,381"):
            assert word in text
        assert len(walk.lines()) == size[1]


async def test_enter_goes_into_a_row_and_backspace_returns_to_it(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("down", "enter", "down", "enter")
        assert walk.main.stack.top.filter == "container.id=2"
        assert "Overview › Containers: Containers › exporter: Processes" in walk.text()
        await walk.press("backspace")
        assert walk.main.table.cursor == 1
        assert gateway.asked[-1] == ("containers", Query(""))
        await walk.press("backspace")
        assert walk.main.tiles.tile.id == "running_containers"


async def test_the_scroll_position_comes_back_too(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", *["pagedown"] * 5, "up", "up", "up")
        before = (walk.main.table.cursor, walk.main.table.first_row)
        await walk.press("e", "backspace")
        assert (walk.main.table.cursor, walk.main.table.first_row) == before


async def test_filters_of_levels_add_up(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "enter", "enter")
        assert walk.main.stack.top.view == "dig"
        assert walk.main.stack.top.filter == "(container.id=1) and (proc.pid=100)"


async def test_keys_typed_while_a_view_loads_reach_the_new_view(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.pilot.press("down", "enter", "down", "enter")
        await walk.settle()
        assert walk.main.stack.top.filter == "container.id=2"


async def test_the_list_of_views_offers_what_makes_sense_here(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        assert "containers" in [option.id for option in walk.main.views.options]
        await walk.press("down", "enter", "enter")
        assert "containers" not in [option.id for option in walk.main.views.options]


async def test_another_view_keeps_the_selection(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "enter", "f2", "down", "enter")
        assert walk.main.stack.top.view == "proc_tree"
        assert walk.main.stack.top.filter == "container.id=1"
        await walk.press("backspace")
        assert walk.main.stack.top.view == "containers"


async def test_leaving_the_list_changes_nothing(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(80, 24)) as walk:
        before = walk.main.stack
        await walk.press("f2", "down", "down", "escape")
        assert walk.main.stack == before
        assert walk.main.focused is walk.main.tiles
        assert not walk.main.views.display


async def test_a_filter_is_applied_on_enter_and_undone_by_backspace(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("down", "enter", "f4")
        await walk.type("proc.name=nginx")
        assert gateway.asked[-1] == ("containers", Query(""))
        await walk.press("enter")
        assert gateway.asked[-1] == ("containers", Query("proc.name=nginx"))
        assert "Filter proc.name=nginx" in walk.text()
        await walk.press("backspace")
        assert walk.main.stack.top.filter == ""


async def test_the_bar_shows_the_whole_filter_and_escape_leaves_it(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "enter", "f4")
        assert walk.main.filter_bar.input.value == "container.id=1"
        await walk.type(" and x=1")
        await walk.press("escape")
        assert walk.main.stack.top.filter == "container.id=1"
        assert not walk.main.filter_bar.display


async def test_a_wrong_filter_is_marked_while_typing_and_not_applied(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "f4")
        await walk.type("a=1 and proc.nam = x")
        await walk.settle()
        lines = walk.lines()
        at = next(n for n, line in enumerate(lines) if "proc.nam = x" in line)
        assert lines[at + 1].index("^") == lines[at].index("proc.nam")
        assert "Did you mean proc.name?" in lines[at + 2]
        await walk.press("enter")
        assert walk.main.filter_bar.display
        assert walk.main.stack.top.filter == ""


async def test_a_long_message_about_a_filter_is_shown_to_its_end(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(60, 15)) as walk:
        await walk.press("f4")
        problem = FilterProblem(3, "Column 4: " + "expected a field, " * 5 + "did you mean proc.name?")
        walk.main.filter_bar.show_problem(problem)
        await walk.pilot.pause()
        assert "did you mean proc.name?" in " ".join(walk.text().split())


async def test_earlier_filters_are_a_key_away(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        for text in ("a=1", "b=2"):
            await walk.press("f4")
            walk.main.filter_bar.input.value = text
            await walk.press("enter")
        await walk.press("f4")
        walk.main.filter_bar.input.value = "draft"
        await walk.press("up", "up")
        assert walk.main.filter_bar.input.value == "a=1"
        await walk.press("down", "down")
        assert walk.main.filter_bar.input.value == "draft"


async def test_the_selected_time_applies_to_every_view_and_is_reset(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("down", "enter", "t", "right")
        await asyncio.sleep(0.3)
        await walk.settle()
        window = gateway.asked[-1][1].window
        assert window == (START + 6 * 10**9, START + 12 * 10**9 + 1)
        await walk.press("escape", "enter")
        assert gateway.asked[-1][1].window == window
        await walk.press("r")
        await asyncio.sleep(0.3)
        await walk.settle()
        assert gateway.asked[-1][1].window is None
        await walk.press("backspace")
        assert gateway.asked[-1][1].window is None


async def test_resetting_the_time_says_when_there_is_nothing_to_reset(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("r")
        assert "No time is selected." in walk.lines()[-1]


async def test_a_burst_of_moves_asks_once(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("down", "enter", "t")
        before = len(gateway.asked)
        await walk.pilot.press("up", "right", "right", "left")
        await asyncio.sleep(0.4)
        await walk.settle()
        assert len(gateway.asked) - before <= 2


async def test_zooming_out_to_all_drops_the_selection(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("t", "up", "up", "down", "down", "down")
        await asyncio.sleep(0.3)
        await walk.settle()
        assert walk.main.stack.top.window is None


async def test_space_overlays_trends_in_their_own_colours(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        assert walk.lines()[-2].startswith("■ System Calls")
        await walk.press("down", "space", "down", "space")
        assert [line[:14].strip() for line in walk.lines()[-3:-1]] == ["■ Containers", "■ File Bytes"]
        assert len(set(walk.main.tiles.overlays.values())) == 2
        await walk.press("space")
        assert walk.main.tiles.overlays.keys() == {"running_containers"}


async def test_sorting_follows_the_selected_row(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "down", "enter", "down")
        assert walk.main.table.source.key(1) == "200"
        await walk.press("circumflex_accent")  # column 6 does not exist
        await walk.press("at")  # by name
        assert walk.main.table.source.key(walk.main.table.cursor) == "200"
        names = [walk.main.table.source.rows(n, n + 1)[0][1] for n in range(len(PROCS))]
        assert names == sorted(names)
        await walk.press("at")
        assert [walk.main.table.source.rows(n, n + 1)[0][1] for n in range(len(PROCS))] == names[::-1]


async def test_sorting_from_the_first_row_shows_the_new_first_rows(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "down", "enter")
        first = walk.main.table.source.key(0)
        await walk.press("at", "at")
        assert walk.main.table.source.find_key(first) > 0
        assert walk.main.table.cursor == 0


async def test_the_sort_menu(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "down", "enter", "f9")
        assert isinstance(walk.app.screen, ChoiceScreen)
        await walk.press("up", "enter")
        assert walk.main.table.source.sort[0] == 1


async def test_searching_goes_on_and_around(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", "slash")
        await walk.type("row 77")
        await walk.settle()
        assert walk.main.table.cursor == 77
        await walk.press("enter", "n")
        assert walk.main.table.cursor == 770
        await walk.press("N", "N")
        assert walk.main.table.cursor == 77_999
        assert "went around" in walk.text()


async def test_a_longer_text_is_looked_for_from_where_the_search_began(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", *["down"] * 8, "slash")
        await walk.type("row 1")
        await walk.settle()
        assert walk.main.table.cursor == 10
        await walk.pilot.press("backspace")
        await walk.type("9")
        await walk.settle()
        assert walk.main.table.cursor == 9
        await walk.press("escape")
        assert walk.main.table.cursor == 8


async def test_a_search_without_a_match_says_so(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "slash")
        await walk.type("zebra")
        await walk.press("enter")
        assert "'zebra' is not here." in walk.text()


async def test_enter_on_an_event_shows_all_its_fields(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", "down", "enter")
        await walk.settle()
        assert isinstance(walk.app.screen, DetailScreen)
        assert "n Next event" in walk.lines()[-1]
        assert "/etc/users.txt" in walk.text()
        await walk.press("n")
        await walk.settle()
        assert "Event 3 " in walk.text()
        await walk.press("down", "down", "a")
        assert walk.main.stack.top.filter == 'fd.name="/etc/users.txt"'


async def test_a_value_of_a_block_leads_to_everything_that_has_it(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press(*["down"] * 6, "enter")
        assert "buffer" in walk.main.stack.top.filter
        await walk.press("enter")
        await walk.settle()
        await walk.press("down", "down", "enter")
        assert walk.main.stack.top.filter == 'fd.name="/etc/users.txt"'


async def test_the_details_of_a_block_lead_to_the_next_block(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("e", "]", "enter", "n")
        await walk.pilot.pause(0.2)
        assert "Event 21 · 3 of 6" in walk.app.screen.query_one("#heading").render().plain


async def test_from_a_block_to_its_container(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("e", "c")
        assert walk.main.stack.top.filter == "container.id=1"
        await walk.press("backspace", "p")
        assert "There is no process here." in walk.text()


async def test_a_tree_folds_and_leads_on_without_its_tiles_filter(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press(*["down"] * 5, "enter")
        assert "cat /etc/passwd" in walk.text()
        await walk.press("space")
        assert "cat /etc/passwd" not in walk.text()
        await walk.press("space", "down", "down", "enter")
        assert walk.main.stack.top.filter == "proc.sid=b"


def clipboard_of(walk) -> list[bytes]:  # type: ignore[no-untyped-def]
    """Record what goes to the clipboard as the terminal gets it."""
    got: list[bytes] = []
    write = walk.app._driver.write

    def record(text: str) -> None:
        if text.startswith("\x1b]52;c;"):
            got.append(base64.b64decode(text[7:-1]))
        write(text)

    walk.app._driver.write = record
    return got


async def test_copying_a_stream_sends_its_bytes_and_says_how_many(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway) as walk:
        await walk.press("e")
        got = clipboard_of(walk)
        await walk.press("y")
        data = gateway.streams_of.payload(0, lambda: False).data
        assert got == [data]
        assert f"Copied {len(data):,} bytes: this stream (3 blocks)." in walk.text()
        await walk.press("Y")
        assert got[1] == gateway.streams_of.block(0).data


async def test_what_the_capture_does_not_have_is_said_when_it_is_copied(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    gateway.streams_of = FakeStreams(cut=50)
    async with start(gateway) as walk:
        await walk.press("e", "y")
        told = " ".join(walk.lines()[-1].split())
        assert told.startswith("Copied 150 bytes: this stream (3 blocks). The calls moved ")
        assert told.endswith("; the capture has no more.")
        await walk.press("Y")
        assert "Copied 50 bytes: this block. The calls moved " in walk.text()
        await walk.press("s")
        assert "The calls moved" in walk.text()


async def test_copying_a_row(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter")
        got = clipboard_of(walk)
        await walk.press("y")
        assert got == [b"1\tweb\t1.0K"]


async def test_a_stream_too_long_for_the_clipboard_goes_to_a_file(start, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.chdir(tmp_path)
    gateway = FakeGateway()
    gateway.streams_of = FakeStreams(count=2, long=100_096)
    async with start(gateway) as walk:
        await walk.press("e", "end")
        got = clipboard_of(walk)
        await walk.press("y")
        assert isinstance(walk.app.screen, SaveScreen)
        assert "more than the 74,994" in walk.text()
        assert got == []
        Path("fake-stream.bin").write_bytes(b"mine")
        await walk.press("enter")
        assert "The file exists" in walk.text()
        assert Path("fake-stream.bin").read_bytes() == b"mine"
        walk.app.screen.query_one(Input).value = "other.bin"
        await walk.press("enter")
        written = tmp_path / "other.bin"
        assert len(written.read_bytes()) == 100_096
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        assert "Wrote 100,096 bytes" in walk.text()


async def test_payloads_as_ascii_dotted_and_hex(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("e", "v", "x")
        assert "47 45 54 20" in walk.text()
        await walk.press("v", "a")
        assert "GET /metrics 0 HTTP/1.1" in walk.text()
        assert "47 45 54 20" not in walk.text()
        await walk.press("m", "m")
        assert walk.main.streams.mode == "dotted"


async def test_colours_are_those_of_text(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("e", "v", "x", "v", "h")
        assert "· ascii" in walk.lines()[1]
        assert "no colours" not in walk.lines()[1]
        await walk.press("v", "h")
        assert "no colours" in walk.lines()[1]


async def test_a_long_block_is_walked_line_by_line(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    gateway.streams_of = FakeStreams(count=3, long=4096)
    async with start(gateway, size=(80, 24)) as walk:
        await walk.press("e", "v", "x", "end")
        assert "block 3 of 3" in walk.text()
        await walk.press("home", "down", "down")
        first = walk.lines()[3:8]
        for _ in range(40):
            await walk.pilot.press("down")
        await walk.settle()
        assert "block 3 of 3" in walk.text()
        assert walk.lines()[3:8] != first
        await walk.press("home")
        assert "block 1 of 3" in walk.text()


async def test_help_names_the_keys_of_this_place(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("f1")
        assert isinstance(walk.app.screen, HelpScreen)
        assert "Overlay trend" in walk.text()
        assert walk.text().index("Overview tiles") < walk.text().index("All views")
        await walk.press("escape")
        assert walk.app.screen is walk.main


async def test_the_palette_runs_commands_and_opens_views(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("colon")
        await walk.type("view: cont")
        assert walk.app.screen.query_one(OptionList).option_count == 1
        await walk.press("enter")
        assert walk.main.stack.top.view == "containers"


async def test_the_footer_follows_the_place(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        assert "Overlay" in walk.lines()[-1]
        await walk.press("t")
        assert "Zoom in" in walk.lines()[-1]
        await walk.press("escape", "down", "enter")
        assert "Sort" in walk.lines()[-1]
        assert "Overlay" not in walk.lines()[-1]


async def test_the_footer_names_what_leads_on_and_nothing_that_is_here(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("e")
        assert "c Container" in walk.lines()[-1]
        assert "F5 I/O" not in walk.lines()[-1]
        assert "F6 Syscalls" in walk.lines()[-1]
        await walk.press("d")
        assert "c Container" in walk.lines()[-1]
        assert "F5 I/O" in walk.lines()[-1]
        assert "F6 Syscalls" not in walk.lines()[-1]
        await walk.press("f2")
        assert "Enter Open" in walk.lines()[-1]


async def test_a_narrow_footer_keeps_the_way_on_and_back(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(60, 15)) as walk:
        await walk.press("d")
        for label in ("Help", "Drill", "Back", "Quit"):
            assert label in walk.lines()[-1]


async def test_the_list_of_views_has_the_keys_of_vi(start) -> None:  # type: ignore[no-untyped-def]
    async with start(keymap="vim") as walk:
        await walk.press("f2", "G")
        last = walk.main.views.highlighted
        await walk.press("g", "g", "j", "k")
        assert walk.main.views.highlighted < last
        await walk.press("j", "enter")
        assert walk.main.stack.top.view == "procs"


async def test_switching_to_the_view_one_came_from_goes_back(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("4", "1")
        assert walk.main.stack.depth == 1
        assert "Overview ›" not in walk.lines()[1]


async def test_an_empty_view_says_why(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "down", "enter", "f4")
        await walk.type("nothing")
        await walk.press("enter")
        assert "No data for Files here." in walk.text()
        await walk.press("backspace")
        assert "nginx" in walk.text()


async def test_a_click_on_a_crumb_goes_back_to_it_and_one_on_the_filter_edits_it(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "down", "enter", "enter")
        place = walk.lines()[1].index("exporter")
        await walk.pilot.click("#header", offset=(place, 1))
        await walk.settle()
        assert walk.main.stack.top.view == "procs"
        await walk.pilot.click("#header", offset=(place, 1))
        await walk.settle()
        assert walk.main.stack.top.view == "procs", "the level on screen stays"
        await walk.pilot.click("#header", offset=(walk.lines()[1].index("Containers"), 1))
        await walk.settle()
        assert walk.main.table.cursor == 1
        await walk.pilot.click("#header", offset=(12, 2))
        await walk.pilot.pause()
        assert walk.main.filter_bar.display


async def test_dropped_crumbs_lead_to_the_level_before_the_first_shown(start) -> None:  # type: ignore[no-untyped-def]
    async with start(size=(60, 15)) as walk:
        await walk.press("down", "enter", "down", "enter", "enter")
        assert walk.lines()[1].startswith(" … › ")
        shown = walk.lines()[1].count("›")
        await walk.pilot.click("#header", offset=(1, 1))
        await walk.settle()
        assert walk.main.stack.depth == 4 - shown


async def test_home_returns_to_the_whole_capture(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("down", "enter", "enter", "enter", "H")
        assert walk.main.stack.depth == 1
        assert "General" in walk.text()


@pytest.mark.parametrize("keymap", ["csysdig", "vim"])
async def test_other_keymaps_walk_too(start, keymap: str) -> None:  # type: ignore[no-untyped-def]
    down = "j" if keymap == "vim" else "down"
    async with start(keymap=keymap) as walk:
        await walk.press(down, "enter", down, "enter")
        assert walk.main.stack.top.filter == "container.id=2"
        await walk.press("backspace")
        assert walk.main.table.cursor == 1


async def test_a_filter_of_the_command_line_holds_from_the_start(start) -> None:  # type: ignore[no-untyped-def]
    gateway = FakeGateway()
    async with start(gateway, filter_text="container.id=1") as walk:
        assert ("overview", Query("container.id=1")) in gateway.asked
        await walk.press("down", "down", "enter")
        assert gateway.asked[-1] == ("files", Query("container.id=1"))


async def test_the_footer_leaves_out_keys_that_would_be_typed(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        assert "q Quit" in walk.lines()[-1]
        await walk.press("f4")
        assert "q Quit" not in walk.lines()[-1]
        assert "F10 Quit" in walk.lines()[-1]


async def test_the_notice_of_a_damaged_capture_is_shown_in_full(start) -> None:  # type: ignore[no-untyped-def]
    notice = "Damaged at offset 1,797,852: the capture ends in a block. " + "What could be read is shown."
    async with start(FakeGateway(notice=notice), size=(80, 24)) as walk:
        assert " ".join(walk.text().split()).count(notice) == 1
        assert len(walk.lines()) == 24
