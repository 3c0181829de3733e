"""The screens over the real engine: the demo's story, and an old capture where it is at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaptui.core.errors import CaptureError
from scaptui.tui.gateway import CaptureGateway, open_capture
from scaptui.tui.model import Payload
from scaptui.tui.screens.detail import DetailScreen
from scaptui.tui.state import Query
from scaptui.tui.widgets.streams import MODES


def never() -> bool:
    """Nobody cancels."""
    return False


def opened(path: Path) -> CaptureGateway:
    """Open a capture as the app does."""
    return open_capture(str(path), lambda done, total: None, never)


@pytest.fixture(scope="module")
def gateway(demo: Path) -> CaptureGateway:
    """The demo capture."""
    return opened(demo)


def test_every_offered_view_answers_and_leads_somewhere(gateway: CaptureGateway) -> None:
    known = {view.id for view in gateway.views("")}
    assert {"overview", "containers", "procs", "files", "connections", "echo", "spy_users", "dig"} <= known
    for view in gateway.views(""):
        if view.kind != "table":
            continue
        rows = gateway.table(view.id, Query(), never)
        for row in range(min(rows.count, 3)):
            assert len(rows.rows(row, row + 1)[0]) == len(rows.columns)
            assert rows.find_key(rows.key(row)) is not None
            target = rows.target(row)
            if target is not None:
                assert gateway.view(target.view)
                assert gateway.check(target.filter) is None


def test_every_tile_opens_a_view_with_a_filter_that_holds(gateway: CaptureGateway) -> None:
    for tile in gateway.summary(Query(), never).tiles:
        assert gateway.view(tile.view)
        assert not tile.filter or gateway.check(tile.filter) is None


def test_a_wrong_filter_names_column_and_suggestion(gateway: CaptureGateway) -> None:
    problem = gateway.check("proc.pid=1 and proc.nam=x")
    assert problem is not None
    assert problem.column == 15
    assert "proc.name" in problem.message


def test_events_keep_their_key_in_another_selection(gateway: CaptureGateway) -> None:
    some = gateway.events(Query("evt.type=openat"), never)
    every = gateway.events(Query(), never)
    place = every.find_key(some.key(7))
    assert place is not None
    assert every.event(place) == some.event(7)


def test_streams_give_lines_in_every_mode_and_whole_payloads(gateway: CaptureGateway) -> None:
    streams = gateway.streams(Query("fd.type in (ipv4, ipv6)"), never)
    assert streams.count > 20
    for mode in MODES:
        assert streams.lines(0, mode)
    taken = streams.payload(0, never)
    assert taken.blocks >= 1
    assert streams.block(0).data in taken.data
    assert taken.moved == len(taken.data)
    found = streams.search("500 internal", 0, 1, never)
    assert found is not None
    assert b"500 INTERNAL" in streams.block(found).data
    assert streams.find_event(streams.block(found).event) == found


def test_details_lead_back_to_the_event(gateway: CaptureGateway) -> None:
    event = gateway.events(Query("evt.type=openat"), never).event(3)
    assert event is not None
    fields = {field.name: field for field in gateway.details(event, never)}
    assert fields["evt.type"].value == "openat"
    for field in fields.values():
        assert not field.filter or gateway.check(field.filter) is None, field.filter
    again = gateway.events(Query(f"{fields['evt.num'].filter} and {fields['evt.type'].filter}"), never)
    assert [again.event(row) for row in range(again.count)] == [event]


def test_who_ran_what(gateway: CaptureGateway) -> None:
    tree = gateway.sessions(Query(), never)
    text = "\n".join(cells[3] for cells in tree.rows(0, tree.count))
    assert "in prometheus" in text
    assert "curl -s" in text


async def test_the_story_of_the_demo(start, gateway: CaptureGateway) -> None:  # type: ignore[no-untyped-def]
    """From the HTTP errors to the file that is missing, by keyboard alone, at 80x24."""
    async with start(gateway, size=(80, 24)) as walk:
        await walk.press("slash")
        await walk.type("HTTP Errors")
        await walk.press("enter", "enter")
        assert "500 INTERNAL SERVER ERROR" in walk.text()
        assert walk.main.stack.top.view == "echo"
        await walk.press("c")  # the container of the block
        assert "usercount: Overview" in walk.text()
        await walk.press("slash")
        await walk.type("Open Errors")
        await walk.press("enter", "enter")
        assert "users.db" in walk.text()
        await walk.press("enter")
        await walk.pilot.pause(0.3)
        assert isinstance(walk.app.screen, DetailScreen)
        await walk.press("escape", "backspace", "backspace")
        assert walk.main.stack.top.view == "echo"


async def test_from_a_session_to_its_container(start, gateway: CaptureGateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway) as walk:
        walk.main.open_view("spy_users")
        await walk.settle()
        line = next(n for n in range(99) if "in prometheus" in walk.main.table.source.rows(n, n + 1)[0][3])
        walk.main.table.cursor = line
        await walk.press("c")
        assert "prometheus: Overview" in walk.lines()[1]
        await walk.press("backspace", "down", "p")
        assert walk.main.stack.top.filter.startswith("proc.pid=")
        assert walk.main.stack.top.view == "overview"


async def test_a_request_is_named_in_the_breadcrumbs(start, gateway: CaptureGateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway) as walk:
        await walk.press("7", "enter")
        assert "HTTP › GET 127.0.0.1:8081/metrics: I/O Streams" in walk.lines()[1]


async def test_the_selected_time_narrows_every_view(start, gateway: CaptureGateway) -> None:  # type: ignore[no-untyped-def]
    async with start(gateway) as walk:
        await walk.press("d")
        every = walk.main.table.count
        await walk.press("t", "right", "escape")
        await walk.pilot.pause(0.4)
        await walk.settle()
        assert 0 < walk.main.table.count < every
        await walk.press("r")
        await walk.pilot.pause(0.4)
        await walk.settle()
        assert walk.main.table.count == every


def test_a_truncated_capture_says_so(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.scap"
    path.write_bytes(demo.read_bytes()[:200_000])
    gateway = opened(path)
    assert gateway.info.events > 100
    assert "Damaged at offset" in gateway.info.notice
    gateway.close()


def test_what_is_not_a_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 100)
    with pytest.raises(CaptureError, match="not a sysdig capture"):
        opened(path)


async def test_an_old_capture(start, capture_file: Callable[[str], Path]) -> None:  # type: ignore[no-untyped-def]
    gateway = opened(capture_file("haproxy-502.scap"))
    async with start(gateway) as walk:
        await walk.press("4")
        assert "example2_lb_1" in walk.text()
        await walk.press("enter")
        assert "haproxy" in walk.text()
        await walk.press("e")
        assert "(80 of " in walk.text()  # the capture kept 80 bytes of each payload
    gateway.close()


def test_the_last_words_on_an_inherited_stderr_are_shown(capture_file: Callable[[str], Path]) -> None:
    gateway = opened(capture_file("lab2-crashloop.scap"))
    streams = gateway.streams(Query("proc.pid=13642"), never)
    at = streams.search("not found in upstream", 0, 1, never)
    assert at is not None
    block = streams.block(at)
    assert (block.fd, block.name, block.write) == (2, "", True)
    assert streams.payload(at, never) == Payload(block.data, 1, len(block.data))
