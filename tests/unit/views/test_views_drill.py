"""Drill-downs: filters, targets, what is offered."""

from __future__ import annotations

import pytest

from scaptui.core.query.parser import parse
from scaptui.core.views.catalogue import get_view, list_views
from scaptui.core.views.drill import join, key_filter, level_filter, literal, offered, target_of


def names_after(key: str) -> list[str]:
    return [view.id for view in offered(list_views(), key, None)]


def test_drilling_keeps_the_view_filter_and_adds_the_key():
    view = get_view("containers")
    assert target_of(view, "container.id") == "procs"
    entered = level_filter(view, "container.id", b"59fd49aa4072")
    assert entered == '(container.name != host) and container.id="59fd49aa4072"'
    assert parse(entered) is not None


def test_keys_depend_on_container_columns():
    key = get_view("files").key
    assert key is not None
    assert (key.drill(True), key.drill(False)) == ("fd.containername", "fd.name")


def test_a_view_without_filter_adds_only_the_key():
    assert level_filter(get_view("io_by_type"), "fd.type", b"file") == 'fd.type="file"'


def test_a_missing_key_finds_events_without_the_field():
    assert level_filter(get_view("io_by_type"), "fd.type", None) == "not fd.type exists"
    assert key_filter("fd.name", b"") == 'fd.name=""'


def test_views_that_do_not_hand_their_filter_on():
    view = get_view("spy_users_wsysdig")
    assert level_filter(view, "thread.nametid", b"curl17497") == 'thread.nametid="curl17497"'


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


def test_offered_views_depend_on_the_last_key():
    root, inside = names_after(""), names_after("container.id")
    assert "containers" in root
    assert "containers" not in inside
    assert {"procs", "files", "dig", "echo"} <= set(inside)
    assert "overview" in root
    assert "overview" not in inside


def test_hidden_views_are_not_offered():
    assert "spy_users_wsysdig" not in names_after("")


def test_rows_without_a_target_end_in_the_events():
    assert target_of(get_view("slow_io"), "evt.rawtime") == "dig"


def test_spans_go_one_tag_deeper():
    view = get_view("traces_summary")
    assert target_of(view, "span.tag[0]") == "spans_summary"
    deeper = level_filter(get_view("spans_summary"), "span.tag[1]", b"db", depth=1)
    assert 'span.tag[1]="db"' in deeper


def test_join():
    assert join([]) is None
    assert join(["a=1", ""]) == "a=1"
    assert join(["a=1", "b=2 or c=3"]) == "(a=1) and (b=2 or c=3)"
