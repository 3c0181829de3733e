"""The wished order, widths and order of columns, and the file that remembers them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaptui.tui.layout import NARROWEST, WIDEST, Layout
from scaptui.tui.model import Column, Figures
from scaptui.tui.remember import Memory, state_file

COLUMNS = [Column(name) for name in ("PID", "CPU", "USER", "Command")]
MINE = Layout(
    order=("CPU", "PID", "USER", "Command"),
    hidden=frozenset({"USER"}),
    widths={"PID": 9},
    sort=("CPU", True),
    figures=Figures(raw=True, totals=True),
)


def test_a_layout_says_which_columns_come_in_which_order() -> None:
    assert Layout().shown(COLUMNS) == [0, 1, 2, 3]
    assert MINE.arranged(COLUMNS) == [1, 0, 2, 3]
    assert MINE.shown(COLUMNS) == [1, 0, 3]


def test_columns_that_a_view_gets_or_loses_do_no_harm() -> None:
    more = [*COLUMNS[:2], Column("NEW"), *COLUMNS[2:]]
    assert MINE.arranged(more) == [1, 2, 0, 3, 4]
    fewer = COLUMNS[2:]
    assert MINE.arranged(fewer) == [0, 1]
    assert MINE.shown(fewer) == [1]


def test_hiding_everything_leaves_one_column() -> None:
    nothing = Layout(hidden=frozenset(column.name for column in COLUMNS))
    assert nothing.shown(COLUMNS) == [0]


def test_columns_move_as_far_as_the_ends() -> None:
    layout = Layout().moved(COLUMNS, "USER", -1)
    assert [COLUMNS[at].name for at in layout.arranged(COLUMNS)] == ["PID", "USER", "CPU", "Command"]
    for _ in range(5):
        layout = layout.moved(COLUMNS, "USER", 1)
    assert [COLUMNS[at].name for at in layout.arranged(COLUMNS)] == ["PID", "CPU", "Command", "USER"]


def test_widths_have_limits_and_can_be_dropped() -> None:
    assert Layout().resized("PID", 0).width(COLUMNS[0]) == NARROWEST
    assert Layout().resized("PID", 10**9).width(COLUMNS[0]) == WIDEST
    assert MINE.resized("PID", None).width(COLUMNS[0]) is None


def test_a_layout_survives_its_file() -> None:
    assert Layout.from_json(json.loads(json.dumps(MINE.to_json()))) == MINE
    assert Layout().to_json() == {}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_KEYS = st.sampled_from(["order", "hidden", "widths", "sort", "raw", "totals", "x"])


@given(st.dictionaries(_KEYS, _JSON) | _JSON)
def test_anything_in_a_file_is_a_layout(found: object) -> None:
    layout = Layout.from_json(found)
    assert sorted(layout.arranged(COLUMNS)) == [0, 1, 2, 3]
    assert layout.shown(COLUMNS)
    for width in layout.widths.values():
        assert NARROWEST <= width <= WIDEST


def test_the_file_lies_in_the_state_folder() -> None:
    assert state_file({"XDG_STATE_HOME": "/x"}) == Path("/x/scaptui/tables.json")
    assert state_file({"XDG_STATE_HOME": "relative"}) == state_file({})
    assert state_file({"HOME": "/h"}).parts[-3:] == ("state", "scaptui", "tables.json")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the layouts go."""
    return tmp_path / "state" / "scaptui" / "tables.json"


def test_layouts_are_remembered_in_a_private_file(path: Path) -> None:
    memory = Memory(path)
    memory.keep("procs", MINE)
    assert memory.write("procs") == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["tables.json"]
    again = Memory(path)
    assert again.layout("procs") == MINE
    assert again.layout("files") == Layout()
    assert again.problem == ""


def test_two_programs_keep_each_others_views(path: Path) -> None:
    one, two = Memory(path), Memory(path)
    one.keep("procs", MINE)
    one.write("procs")
    two.keep("files", Layout(hidden=frozenset({"X"})))
    two.write("files")
    both = Memory(path)
    assert both.layout("procs") == MINE
    assert both.layout("files").hidden == {"X"}


def test_the_usual_layout_is_not_kept(path: Path) -> None:
    memory = Memory(path)
    memory.keep("procs", MINE)
    memory.write("procs")
    memory.keep("procs", Layout())
    memory.write("procs")
    assert json.loads(path.read_text()) == {"version": 1, "views": {}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b'{"version": 2, "views": {}}',
        b"[" * 100_000,
        b'{"version":1,"views":{"a":' + b" " * (1 << 20) + b"1}}",
    ],
    ids=["empty", "cut", "no text", "a list", "newer", "deep", "long"],
)
def test_a_damaged_file_is_told_once_and_put_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    memory = Memory(path)
    assert "cannot be read" in memory.problem
    assert memory.layout("procs") == Layout()
    memory.keep("procs", MINE)
    assert memory.write("procs") == ""
    assert Memory(path).layout("procs") == MINE
    assert path.with_suffix(".damaged").read_bytes() == content


def test_a_wrong_entry_harms_no_other(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 1, "views": {"procs": MINE.to_json(), "files": 7}}))
    memory = Memory(path)
    assert memory.layout("procs") == MINE
    assert memory.layout("files") == Layout()


def test_what_is_no_file_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert Memory(path).layout("procs") == Layout()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "scaptui" / "tables.json")
    memory.keep("procs", MINE)
    assert memory.write("procs").startswith("The columns are not remembered: ")
    assert memory.layout("procs") == MINE
