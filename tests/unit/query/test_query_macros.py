"""Named filters and lists: what may be defined, what they mean, what is told when they are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.query.filter import compile  # noqa: A004
from scaptui.core.query.macros import (
    MAX_CHECKS,
    MAX_LEVELS,
    BadMacro,
    Macros,
    NamedFilter,
    NamedList,
    reserved,
)
from scaptui.core.query.parser import parse
from scaptui.core.views.catalogue import list_tiles, list_views


def macros(lists: dict[str, tuple[str, ...]] | None = None, **filters: str) -> Macros:
    return Macros(
        [NamedFilter(name, text) for name, text in filters.items()],
        [NamedList(name, items) for name, items in (lists or {}).items()],
    )


KNOWN = macros(
    {"shells": ("zsh", "bash"), "ports": ("80", "http", "8080"), "nothing": (), "odd": ("a, b", "'", "zsh")},
    shell="proc.name in shells",
    web="fd.sport in (ports)",
    busy="web or shell and evt.type=read",
    idle="not busy",
    reading="evt.type = read",
)

SAME = [
    ("shell", "proc.name in (zsh, bash)"),
    ("not shell", "not proc.name in (zsh, bash)"),
    ("web and reading", "fd.sport in (80, 8080) and evt.type=read"),
    ("busy", "fd.sport in (80, 8080) or (proc.name in (zsh, bash) and evt.type=read)"),
    ("idle", "not (fd.sport in (80, 8080) or (proc.name in (zsh, bash) and evt.type=read))"),
    (
        "not idle and evt.num<15",
        "(fd.sport in (80, 8080) or (proc.name=zsh and evt.type=read)) and evt.num<15",
    ),
    ("proc.name in (shells, curl)", "proc.name in (zsh, curl)"),
    ("proc.name in (x, y, shells, curl, odd)", "proc.name in (zsh, curl)"),
    ("proc.name in ('shells')", "proc.name = shells"),
    ("proc.name = shells", "proc.name = 'shells'"),
    ("proc.name intersects shells", "proc.name = zsh"),
    ("proc.name = anyof shells", "proc.name = zsh"),
    ("proc.name != allof (shells)", "proc.name != zsh"),
    ("proc.name in nothing", "proc.name exists and not proc.name exists"),
    ("proc.name in odd", "proc.name = zsh"),
    ("fd.port in ports", "fd.port in (80, 8080)"),
]


@pytest.mark.parametrize(("text", "plain"), SAME)
def test_names_mean_what_they_stand_for(new: Capture, text: str, plain: str) -> None:
    found = compile(text, new.fields, KNOWN)
    assert found.mask().tolist() == compile(plain, new.fields).mask().tolist()
    assert str(parse(found.text)) == found.text  # the names are still in it
    assert compile(found.text, new.fields, KNOWN).mask().tolist() == found.mask().tolist()


def test_the_text_keeps_the_names(new: Capture) -> None:
    found = compile("web   and (proc.name in ( shells,'curl' ) or not idle)", new.fields, KNOWN)
    assert found.text == 'web and (proc.name in (shells, "curl") or not idle)'


def test_a_changed_definition_is_not_answered_from_the_kept_masks(new: Capture) -> None:
    first = compile("it", new.fields, macros(it="evt.num=3"))
    second = compile("it", new.fields, macros(it="evt.num=4"))
    assert (np.flatnonzero(first.mask()) + 1).tolist() == [3]
    assert (np.flatnonzero(second.mask()) + 1).tolist() == [4]
    both = first & compile("evt.num<4", new.fields)
    assert both.text == "it and evt.num < 4"
    assert (np.flatnonzero(both.mask()) + 1).tolist() == [3]
    assert not (first & second).mask().any()


WRONG = [
    ("wbe", 0, "none called 'wbe'", "web"),
    ("evt.num=1 and not(wbe)", 18, "none called 'wbe'", "web"),
    ("proc.name in shell", 13, "no list called 'shell'", "shells"),
    ("proc.name contains oneof ports2", 25, "no list called 'ports2'", "ports"),
    ("evt.num in (1, shells)", 15, "a number", None),
    ("evt.type in shells", 12, "none called 'zsh'", None),
    ("web = 3", 0, "none called 'web'", None),
]


@pytest.mark.parametrize(("text", "column", "reason", "suggestion"), WRONG)
def test_wrong_names_are_marked(
    new: Capture, text: str, column: int, reason: str, suggestion: str | None
) -> None:
    with pytest.raises(FilterError) as caught:
        compile(text, new.fields, KNOWN)
    assert caught.value.column == column
    assert reason in caught.value.reason
    if suggestion:
        assert caught.value.suggestion == suggestion


def test_an_error_inside_a_filter_is_shown_at_its_name(new: Capture) -> None:
    known = macros(inner="evt.num=1 and proc.nam=x", outer="evt.num=2 or inner")
    with pytest.raises(FilterError) as caught:
        compile("evt.num=1 and outer", new.fields, known)
    error = caught.value
    assert error.column == 14
    assert error.reason.startswith("in 'outer', column 14: in 'inner', column 15: expected a field")
    assert error.suggestion == "proc.name"


DEFINITIONS = [
    ({"a": "evt.num="}, {}, "a", "column 9 of the filter: expected a value"),
    ({"a": ""}, {}, "a", "found nothing"),
    ({"a": "b"}, {}, "a", "column 1 of the filter: .*none called 'b'"),
    ({"web": "evt.num=1", "a": "evt.num=2 and wbe"}, {}, "a", "did you mean web"),
    ({"a": "proc.name in shells"}, {}, "a", "no list called 'shells'"),
    ({"a": "a"}, {}, "a", "a calls a"),
    ({"a": "not b", "b": "evt.num=1 or c", "c": "a and b"}, {}, "a", "a calls b calls c calls a"),
    ({"1a": "evt.num=1"}, {}, "1a", "begins with no digit"),
    ({"a-b": "evt.num=1"}, {}, "a-b", "letters, digits and _"),
    ({"": "evt.num=1"}, {}, "", "letters"),
    ({"AND": "evt.num=1"}, {}, "AND", "a word of the filter language"),
    ({"contains": "evt.num=1"}, {}, "contains", "a word of the filter language"),
    ({}, {"toupper": ()}, "toupper", "a word of the filter language"),
    ({}, {"open": ("a",)}, "open", "this word among their values"),
    ({}, {"ipv4": ("a",)}, "ipv4", "this word among their values"),
]


@pytest.mark.parametrize(("filters", "lists", "name", "reason"), DEFINITIONS)
def test_wrong_definitions_are_refused(
    filters: dict[str, str], lists: dict[str, tuple[str, ...]], name: str, reason: str
) -> None:
    with pytest.raises(BadMacro, match=reason) as caught:
        macros(lists, **filters)
    assert caught.value.name == name


def test_a_filter_may_not_explode(new: Capture) -> None:
    doubling = {"m0": "evt.num=1"} | {f"m{n}": f"m{n - 1} or m{n - 1}" for n in range(1, 60)}
    with pytest.raises(BadMacro, match=f"at most {MAX_CHECKS} checks"):
        macros(**doubling)
    few = macros(**{name: doubling[name] for name in [f"m{n}" for n in range(13)]})
    assert compile("m12", new.fields, few).mask().sum() == 1
    with pytest.raises(FilterError, match=f"at most {MAX_CHECKS} checks") as caught:
        compile("m0 and m12 and m12 and m12", new.fields, few)
    assert caught.value.column == 23


def test_filters_may_call_each_other_only_so_deep(new: Capture) -> None:
    def chain(length: int) -> dict[str, str]:
        return {"m0": "evt.num=1"} | {f"m{n}": f"m{n - 1}" for n in range(1, length)}

    assert compile("m100", new.fields, macros(**chain(101))).mask().sum() == 1
    for names in (chain(5000), dict(reversed(chain(5000).items()))):
        with pytest.raises(BadMacro, match=f"at most {MAX_LEVELS}"):
            macros(**names)


def test_no_list_can_change_what_the_views_ask() -> None:
    """A drill-down is joined with the filter of the user: its words must not become names."""
    asked = [view.filter for view in list_views()] + [tile.target_filter for tile in list_tiles()]
    words = 0
    for text in asked:
        for part in (text or "").split(" in (")[1:]:
            for word in part.partition(")")[0].split(","):
                words += 1
                assert word.strip().isdigit() or word.strip() in reserved(), text
    assert words > 20


def test_nothing_is_known_without_definitions(new: Capture) -> None:
    assert not Macros()
    with pytest.raises(FilterError, match="none called 'web'"):
        compile("web", new.fields)


def test_a_capture_reads_its_file_again_when_it_changed(tmp_path: Path, new: Capture) -> None:
    path = tmp_path / "filters.toml"
    with Capture.open(new.path, macros=path) as capture:
        with pytest.raises(FilterError, match="none called 'it'"):
            capture.select("it")
        path.write_text('[filters]\nit = "evt.num=3"\n')
        assert capture.select("it").tolist() == [2]
        path.write_text('[filters]\nit = "evt.num=14"\n')
        assert capture.select("it").tolist() == [13]
        path.unlink()
        with pytest.raises(FilterError, match="none called 'it'"):
            capture.select("it")
    with Capture.open(new.path, macros=KNOWN) as capture:
        assert len(capture.select("shell")) == len(capture.select("proc.name=zsh"))
