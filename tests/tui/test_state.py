"""The stack of levels: what drilling down, going back and choosing a time do to it."""

from __future__ import annotations

from scaptui.tui.state import Query, Stack, ViewState, both


def test_a_pushed_level_takes_the_window_in_force() -> None:
    stack = Stack().with_window((5, 9)).push(ViewState("procs", "container.id=1"))
    assert stack.top.query == Query("container.id=1", (5, 9))


def test_going_back_never_brings_an_older_window() -> None:
    stack = Stack().with_window((5, 9)).push(ViewState("procs")).with_window(None).pop()
    assert stack.top.window is None


def test_going_back_restores_the_level_that_was_left() -> None:
    left = Stack().change(selected="tile", scroll=7)
    assert left.push(ViewState("procs")).pop() == left


def test_the_lowest_level_stays() -> None:
    assert Stack().pop() == Stack()


def test_filters_are_joined_in_parentheses() -> None:
    assert both("a=1 or b=2", "c=3") == "(a=1 or b=2) and (c=3)"
    assert both("", "c=3") == "c=3"
    assert both("c=3", "") == "c=3"
    assert both("c=3", "c=3") == "c=3"


def test_a_filter_that_is_only_for_one_view_is_not_passed_on() -> None:
    assert ViewState(filter="a and b", inherited="a").passed_on == "a"
    assert ViewState(filter="a", inherited="").passed_on == ""
    assert ViewState(filter="a").passed_on == "a"
