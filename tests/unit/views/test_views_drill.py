"""The stack of views: filters, targets, breadcrumbs, what is offered."""

from __future__ import annotations

import pytest

from scaptui.core.query.parser import parse
from scaptui.core.views.catalogue import list_tiles
from scaptui.core.views.drill import Stack, join, key_filter, literal


def test_drilling_keeps_the_view_filter_and_adds_the_key():
    stack = Stack("containers").enter(b"59fd49aa4072")
    assert stack.view == "procs"
    assert stack.filter == '(container.name != host) and container.id="59fd49aa4072"'
    assert stack.key == "container.id"


def test_levels_are_put_together_in_parentheses():
    stack = Stack("containers", "evt.num>5").enter(b"c1").enter(13969)
    assert stack.view == "threads"
    assert stack.filter == (
        '(evt.num>5) and ((container.name != host) and container.id="c1") '
        "and ((evt.type!=switch) and proc.pid=13969)"
    )
    assert parse(stack.filter) is not None


def test_keys_depend_on_container_columns():
    assert Stack("files", containers=True).enter(b"c:/etc/hosts").key == "fd.containername"
    assert Stack("files", containers=False).enter(b"/etc/hosts").key == "fd.name"


def test_a_view_without_filter_adds_only_the_key():
    assert Stack("io_by_type").enter(b"file").filter == 'fd.type="file"'


def test_a_missing_key_finds_events_without_the_field():
    assert Stack("io_by_type").enter(None).filter == "not fd.type exists"
    assert key_filter("fd.name", b"") == 'fd.name=""'


def test_views_that_do_not_hand_their_filter_on():
    assert Stack("spy_users_wsysdig").enter(b"curl17497").filter == 'thread.nametid="curl17497"'


@pytest.mark.parametrize(
    "raw", [b'a"b', b"back\\slash", b"line\nbreak", b"\x1b[31m", b"caf\xc3\xa9", b"\xff\xfe", b"", b"(x)"]
)
def test_values_come_back_from_the_parser(raw: bytes):
    node = parse(f"fd.name={literal(raw)}")
    assert node is not None
    assert node.values[0].value == raw  # type: ignore[union-attr]


def test_literals():
    assert literal(7) == "7"
    assert literal(True) == "true"
    assert literal("web") == '"web"'


def test_back_restores_each_level():
    first = Stack("containers")
    second = first.enter(b"c1")
    third = second.enter(5)
    assert third.back() == second
    assert third.back().back() == first
    assert first.back() == first
    assert third.back_to(0) == first
    assert third.back_to(1) == second


def test_switching_keeps_the_selection():
    stack = Stack("containers").enter(b"c1")
    files = stack.switch("files")
    assert files.filter == stack.filter
    assert files.key == "container.id"
    assert files.back() == stack
    assert stack.switch("procs") == stack


def test_an_edited_filter_takes_the_place_of_all_until_taken_back():
    stack = Stack("containers").enter(b"c1")
    edited = stack.refine("evt.type=open")
    assert edited.filter == "evt.type=open"
    assert edited.view == stack.view
    assert edited.key == "container.id"
    assert edited.back() == stack
    assert edited.enter(5).filter == "(evt.type=open) and ((evt.type!=switch) and proc.pid=5)"
    assert stack.refine(None).filter is None


def test_a_tile_opens_its_view_with_its_filter():
    tile = next(tile for tile in list_tiles() if tile.id == "http-errors")
    stack = Stack().open_tile(tile)
    assert stack.view == "echo"
    assert stack.filter == tile.target_filter
    assert stack.crumbs()[-1].detail == "HTTP Errors"


def test_the_breadcrumb_names_views_and_keys():
    stack = Stack("containers").enter(b"c1").enter(5)
    assert [(crumb.name, crumb.detail) for crumb in stack.crumbs()] == [
        ("Containers", ""),
        ("Processes", "container.id = c1"),
        ("Threads", "proc.pid = 5"),
    ]


def test_the_breadcrumb_is_safe_to_show():
    detail = Stack("files").enter(b"x\x1b[2J").crumbs()[-1].detail
    assert "\x1b" not in detail


def test_offered_views_depend_on_the_last_key():
    root = {view.id for view in Stack().offered()}
    inside = {view.id for view in Stack("containers").enter(b"c1").offered()}
    assert "containers" in root
    assert "containers" not in inside
    assert {"procs", "files", "dig", "echo"} <= inside
    assert "overview" in root
    assert "overview" not in inside
    names = [view.name for view in Stack().offered()]
    assert names == sorted(names)


def test_hidden_views_are_not_offered():
    assert "spy_users_wsysdig" not in {view.id for view in Stack().offered()}


def test_rows_without_a_target_end_in_the_events():
    assert Stack("slow_io").enter(1506127473900617765).view == "dig"


def test_rows_that_cannot_be_entered_leave_the_stack():
    stack = Stack("dig")
    assert stack.enter(b"x") == stack


def test_spans_go_one_tag_deeper():
    stack = Stack("traces_summary").enter(b"web")
    assert stack.view == "spans_summary"
    assert stack.depth == 1
    assert 'span.tag[0]="web"' in (stack.filter or "")
    assert 'span.tag[1]="db"' in (stack.enter(b"db").filter or "")


def test_join():
    assert join([]) is None
    assert join(["a=1", ""]) == "a=1"
    assert join(["a=1", "b=2 or c=3"]) == "(a=1) and (b=2 or c=3)"
