"""The process tree: folding, lives as bars, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_real import never, opened

from scaptui.core.views.catalogue import get_view
from scaptui.tui.model import Bar, Figures
from scaptui.tui.proctree import BAR, VALUES
from scaptui.tui.state import Query
from scaptui.tui.widgets.virtual_table import bar_text


@pytest.mark.parametrize(
    ("bar", "text"),
    [
        (Bar(0, 1, begins=False, ends=False, role=""), "╶────────╴"),
        (Bar(0, 1, begins=True, ends=True, role=""), "├────────┤"),
        (Bar(0.2, 0.5, begins=True, ends=False, role=""), "  ├─╴     "),
        (Bar(0.5, 0.5, begins=True, ends=True, role=""), "     ┃    "),
        (Bar(0.96, 1, begins=True, ends=False, role=""), "         ├"),
        (Bar(0, 0.04, begins=False, ends=True, role=""), "┤         "),
        (Bar(1, 1, begins=False, ends=False, role=""), "         ─"),
    ],
)
def test_a_life_is_a_bar_over_the_time_shown(bar: Bar, text: str) -> None:
    assert bar_text(bar, 10) == text


@pytest.mark.parametrize("width", [0, 1, 2, 3])
def test_bars_fit_into_any_width(width: int) -> None:
    for start in range(5):
        for end in range(start, 5):
            bar = Bar(start / 4, end / 4, begins=True, ends=True, role="")
            assert len(bar_text(bar, width)) == width


def test_every_column_of_the_view_has_a_value() -> None:
    for containers in (False, True):
        fields = {column.field for column in get_view("proc_tree").shown_columns(containers)}
        assert fields <= set(VALUES)


@pytest.fixture(scope="module")
def shell(capture_file: Callable[[str], Path]):  # type: ignore[no-untyped-def]
    """A shell with what it started."""
    return opened(capture_file("lab3-shell.scap"))


@pytest.fixture(scope="module")
def gateway(capture_file: Callable[[str], Path]):  # type: ignore[no-untyped-def]
    """nginx that ends eight times."""
    return opened(capture_file("lab2-crashloop.scap"))


def lines(rows) -> list[list[str]]:  # type: ignore[no-untyped-def]
    """All cells."""
    return rows.rows(0, rows.count)


def column(rows, name: str) -> int:  # type: ignore[no-untyped-def]
    """The number of a column."""
    return [column.name for column in rows.columns].index(name)


def test_children_stand_below_their_parent_with_guides(shell) -> None:  # type: ignore[no-untyped-def]
    rows = shell.processes(Query(), never)
    name = column(rows, "NAME")
    texts = [line[name] for line in lines(rows)]
    parents = [at for at, text in enumerate(texts) if "▾ " in text]
    assert parents
    for at in parents:
        assert rows.parent(at + 1) == at
        assert "├ " in texts[at + 1] or "└ " in texts[at + 1]


def test_failures_stand_out(gateway) -> None:  # type: ignore[no-untyped-def]
    rows = gateway.processes(Query(), never)
    end, bar = column(rows, "EXIT"), column(rows, BAR)
    failed = [
        at for at, line in enumerate(lines(rows)) if line[end] == "exit 1" and "nginx" in " ".join(line)
    ]
    assert len(failed) == 8
    assert {rows.role(at, end) for at in failed} == {"error"}
    assert {rows.bar(at).role for at in failed} == {"error"}
    assert rows.columns[bar].bar
    first = rows.striking(0, 1, never)
    assert first is not None
    assert any(rows.role(first, at) in ("error", "warning") for at in range(len(rows.columns)))


def test_folding_hides_all_below_and_keeps_the_rest(shell) -> None:  # type: ignore[no-untyped-def]
    rows = shell.processes(Query(), never)
    name = column(rows, "NAME")
    at = next(n for n, line in enumerate(lines(rows)) if line[name].startswith("▾ "))
    key = rows.key(at)
    folded = rows.toggled(at)
    assert folded.find_key(key) == at
    assert lines(folded)[at][name].startswith("▸ ")
    assert folded.parent(at + 1) is None or folded.parent(at + 1) != at
    assert [line[0] for line in lines(folded.toggled(at))] == [line[0] for line in lines(rows)]
    tops = rows.folded_all(True)
    assert all(tops.parent(row) is None for row in range(tops.count))
    assert tops.folded_all(False).count == rows.count


def test_bars_cover_the_selected_time(gateway) -> None:  # type: ignore[no-untyped-def]
    info = gateway.info
    half = (info.start_ts, info.start_ts + info.duration_ns // 2)
    whole, part = gateway.processes(Query(), never), gateway.processes(Query("", half), never)
    assert part.count <= whole.count
    seen = 0
    for row in range(part.count):
        place = whole.find_key(part.key(row))
        assert place is not None
        one, two = part.bar(row), whole.bar(place)
        assert 0 <= one.start <= one.end <= 1
        if two.begins and two.start < 0.45:
            assert one.start == pytest.approx(two.start * 2, abs=1e-6)
            seen += 1
    assert seen


def test_a_process_leads_to_its_events_and_its_family(shell) -> None:  # type: ignore[no-untyped-def]
    gateway = shell
    rows = shell.processes(Query(), never)
    name = column(rows, "NAME")
    at = next(n for n, line in enumerate(lines(rows)) if line[name].startswith("▾ "))
    own = gateway.events(Query(rows.target(at).filter), never).count
    family = gateway.events(Query(rows.overview(at, "family").filter), never).count
    assert 0 < own < family
    shown = int(rows.values(at)[column(rows, "EVENTS") - 0].raw)
    assert shown <= own  # the tree does not count records of state
    box = next(n for n, line in enumerate(lines(rows)) if line[column(rows, "CONTAINER")])
    assert gateway.check(rows.overview(box, "container").filter) is None


def test_raw_figures(gateway) -> None:  # type: ignore[no-untyped-def]
    rows = gateway.processes(Query(), never)
    raw = rows.written(Figures(raw=True))
    at = column(rows, "LIFETIME")
    assert raw.columns[at].header == "LIFETIME ns"
    assert all(line[at].isdigit() for line in lines(raw))
    assert not all(line[at].isdigit() for line in lines(rows))


async def test_keys_fold_and_walk_the_tree(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("3")
        assert "cat /etc/passwd" in walk.text()
        await walk.press("down", "circumflex_accent")
        assert walk.main.table.cursor == 0
        await walk.press("space")
        assert "cat /etc/passwd" not in walk.text()
        await walk.press("plus", "down", "down", "minus")
        assert walk.main.table.count == 2
        assert walk.main.table.cursor == 0
        await walk.press("plus", "end", "P")
        assert walk.main.stack.top.filter == "family=c"
        await walk.press("backspace", "enter")
        assert walk.main.stack.top.filter == "proc.sid=c"


async def test_the_tree_remembers_its_columns(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("3")
        assert "LIFE" in walk.main.table.render_line(0).text
        assert "├" in walk.main.table.render_line(2).text
        await walk.press("C", "down", "space", "escape")
        assert "LIFE" not in walk.main.table.render_line(0).text
        await walk.press("i")
        assert "Name." in walk.text()
        await walk.press("escape", "R")
        assert "LIFE" in walk.main.table.render_line(0).text


async def test_sessions_fold_by_the_same_keys(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press(*["down"] * 5, "enter", "down", "minus")
        assert walk.main.table.count == 2
        await walk.press("plus", "full_stop")
        assert walk.main.table.count == 5
        assert "Nothing here stands out." in walk.lines()[-1]


async def test_keys_lead_to_what_stands_out(start) -> None:  # type: ignore[no-untyped-def]
    async with start() as walk:
        await walk.press("d", "full_stop")
        assert walk.main.table.cursor == 500
        await walk.press("full_stop", "comma", "comma")
        assert walk.main.table.cursor == 99_500
        assert "Around the end." in walk.lines()[-1]
