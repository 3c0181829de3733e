"""View and tile files: what is accepted, and how each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaptui.core.query.define import DEFINITIONS
from scaptui.core.views.answers import why_empty
from scaptui.core.views.catalogue import get_view, list_tiles, list_views
from scaptui.core.views.loader import check_links, load_tiles, load_view, load_views_of, slug

GOOD = """\
id = "mine"
name = "Mine"
kind = "table"
description = "Calls by program."
filter = "evt.dir=<"
sort = "CALLS"

[key]
field = "proc.name"

[[column]]
name = "CALLS"
field = "evt.count"
aggregation = "sum"
width = 8

[[column]]
name = "PROGRAM"
field = "proc.name"

[[color]]
column = "CALLS"
above = 100
role = "warning"
"""


REFERENCE = """
connections containers containers_errors directories docker_events errors file_opens files
io_by_type kubernetes_controllers kubernetes_deployments kubernetes_namespaces kubernetes_pods
kubernetes_replicasets kubernetes_services marathon_apps marathon_groups mesos_frameworks mesos_tasks
incoming_connections notifications page_faults port_bindings procs procs_cpu procs_errors
procs_fd_usage sports slow_io backlog spans_list spans_summary spectro_all spectro_file
spectro_traces spy_syslog spy_users_wsysdig spy_users syscall_procs syscalls threads traces_list
traces_summary
"""


def problems_of(text: str) -> list[tuple[int | None, str | None, str]]:
    view, found = load_view("mine.toml", text)
    assert view is None
    return [(problem.line, problem.key, problem.reason) for problem in found]


def test_a_good_file_becomes_a_view():
    view, found = load_view("mine.toml", GOOD)
    assert not found
    assert view is not None
    assert view.id == "mine"
    assert view.key is not None
    assert view.key.field == "proc.name"
    assert [column.name for column in view.columns] == ["CALLS", "PROGRAM"]
    assert view.columns[0].aggregation == "sum"
    assert view.columns[1].aggregation == "none"
    assert view.colors[0].above == 100


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ('kind = "table"', 'kind = "tabel"', 3, "kind", "did you mean 'table'?"),
        ('filter = "evt.dir=<"', 'fliter = "evt.dir=<"', 5, "fliter", "did you mean 'filter'?"),
        ('filter = "evt.dir=<"', "filter = 7", 5, "filter", "must be a text"),
        ('filter = "evt.dir=<"', 'filter = "evt.dir="', 5, "filter", "of the filter"),
        ('sort = "CALLS"', 'sort = "CALS"', 6, "sort", "did you mean 'CALLS'?"),
        (
            'field = "proc.name"\n\n[[column]]\nname = "CALLS"',
            'field = "proc.nme"\n\n[[column]]\nname = "CALLS"',
            9,
            "field",
            "proc.name",
        ),
        ('field = "evt.count"', 'field = "evt.cuont"', 13, "field", "did you mean 'evt.count'?"),
        ('aggregation = "sum"', 'aggregation = "total"', 14, "aggregation", "not one of none, sum"),
        ("width = 8", "width = true", 15, "width", "must be a whole number"),
        ('name = "PROGRAM"', 'name = "CALLS"', 18, "name", "two columns 'CALLS'"),
        ('column = "CALLS"\nabove', 'column = "CALL"\nabove', 22, "column", "did you mean 'CALLS'?"),
        ('role = "warning"', "", 21, "role", "is missing"),
        ('id = "mine"\n', "", 1, "id", "is missing"),
        ('[key]\nfield = "proc.name"', "", 3, "kind", "needs a [key]"),
    ],
)
def test_each_mistake_is_named_with_line_and_key(old: str, new: str, line: int, key: str, words: str):
    assert old in GOOD
    found = problems_of(GOOD.replace(old, new, 1))
    assert [(at, name) for at, name, _ in found] == [(line, key)]
    assert words in found[0][2]


def test_all_mistakes_are_reported_at_once():
    found = problems_of(GOOD.replace('"table"', '"tabel"').replace("width = 8", "widht = 8"))
    assert [(line, key) for line, key, _ in found] == [(3, "kind"), (15, "widht")]


def test_a_syntax_error_names_its_line():
    found = problems_of(GOOD.replace('name = "CALLS"', 'name = "CALLS'))
    assert found[0][0] == 12
    assert found[0][1] is None


def test_an_empty_file_is_a_problem():
    assert "empty" in problems_of("")[0][2]


def test_group_needs_a_second_level():
    text = GOOD.replace('aggregation = "sum"', 'aggregation = "sum"\ngroup = "max"')
    assert problems_of(text)[0][1] == "group"


def test_a_list_cannot_be_grouped():
    text = GOOD.replace('kind = "table"', 'kind = "list"').replace(
        '[key]\nfield = "proc.name"', '[key]\nfield = "proc.name"\ngroup = "proc.pid"'
    )
    assert "second level" in problems_of(text)[0][2]


def test_a_folder_gives_the_good_ones_and_all_problems(tmp_path: Path):
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text(GOOD.replace("kind =", "knd ="))
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "ignored.txt").write_text("no")
    views, found = load_views_of(tmp_path)
    assert [view.id for view in views] == ["mine"]
    assert [Path(problem.path).name for problem in found] == ["b.toml", "b.toml", "c.toml"]


def test_links_are_checked():
    view, _ = load_view("mine.toml", GOOD.replace("sort =", 'drilldown = "proc"\nsort ='))
    assert view is not None
    known = {other.id: other for other in list_views()}
    found = check_links([view], known)
    assert "did you mean 'procs'?" in found[0].reason


def test_all_views_of_the_reference_are_there():
    known = {view.id for view in list_views()}
    reference = REFERENCE.split()
    assert len(reference) == 43
    assert known >= {*reference, "dig", "echo", "overview", "listening_ports"}


def test_every_column_and_view_is_described():
    for view in list_views():
        assert view.description.endswith("."), view.id
        assert all(column.description for column in view.columns), view.id


def test_every_tile_opens_a_view_that_exists():
    for tile in list_tiles():
        view = get_view(tile.target_view)
        if tile.target_sort is not None:
            assert tile.target_sort in [column.name for column in view.columns], tile.id


def test_tile_ids_are_distinct():
    ids = [tile.id for tile in list_tiles()]
    assert len(ids) == len(set(ids))


TILES = """\
category = "file"

[bases]
io = "evt.is_io=true"

[[tile]]
id = "t-{slug}"
name = "{name} Calls"
description = "Calls on {name}."
base = "io"
filter = "{value}"
value = "count"
unit = "calls"
target_view = "files"

[tile.each]
"A B" = "fd.num=1"
"C" = "fd.num=2"
"""


def test_a_tile_can_stand_for_several():
    tiles, found = load_tiles("file.toml", TILES)
    assert not found
    assert tiles is not None
    assert [(t.id, t.name, t.filter, t.base) for t in tiles] == [
        ("t-a-b", "A B Calls", "fd.num=1", "evt.is_io=true"),
        ("t-c", "C Calls", "fd.num=2", "evt.is_io=true"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ('value = "count"', 'value = "sum"', 6, "field", "needs a field"),
        ('value = "count"', 'value = "mean"', 12, "value", "not one of"),
        ('base = "io"', 'base = "ioo"', 10, "base", "did you mean 'io'?"),
        ('"C" = "fd.num=2"', '"C" = "fd.num"', 11, "filter", "of the filter"),
        ('unit = "calls"\n', "", 6, "unit", "is missing"),
    ],
)
def test_mistakes_in_tiles(old: str, new: str, line: int, key: str, words: str):
    tiles, found = load_tiles("file.toml", TILES.replace(old, new, 1))
    assert tiles is None
    assert (found[0].line, found[0].key) == (line, key)
    assert words in found[0].reason


def test_a_view_says_which_field_no_capture_tells(monkeypatch: pytest.MonkeyPatch):
    assert why_empty(get_view("files")) is None
    assert why_empty(get_view("proc_tree")) is None
    monkeypatch.delitem(DEFINITIONS, "fd.containername")
    assert why_empty(get_view("files")) == (
        "No capture answers this view: fd.containername is not computed by this version."
    )


def test_slug():
    assert slug("Kyoto Tycoon") == "kyoto-tycoon"
