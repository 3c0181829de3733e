"""The user's own views: read from their folder, read again on demand, never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import CaptureBuilder
from program import Run

from scaptui.core.capture import Capture
from scaptui.core.errors import UsageError
from scaptui.core.views import catalogue
from scaptui.core.views.drill import offered, target_of
from scaptui.core.views.engine import run_view

MINE = """\
id = "readers"
name = "Readers"
kind = "table"
description = "Programs that read, with the bytes."
filter = "evt.is_io_read=true and evt.dir=<"
drilldown = "procs"
applies_to = ["", "container.id"]

[key]
field = "proc.name"

[[column]]
name = "BYTES"
field = "evt.buflen"
aggregation = "sum"

[[column]]
name = "PROGRAM"
field = "proc.name"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    found = catalogue.user_folder()
    assert found == tmp_path / "config" / "scaptui" / "views"
    found.mkdir(parents=True)
    yield found
    for path in found.iterdir():
        path.unlink()
    catalogue.reload()


def test_a_view_of_the_user(folder: Path, tmp_path: Path) -> None:
    (folder / "readers.toml").write_text(MINE)
    assert catalogue.reload() == ()
    view = catalogue.get_view("readers")
    assert view in list(offered(catalogue.list_views(), "container.id", None))
    assert target_of(view, "proc.name") == "procs"
    b = CaptureBuilder().proc(10, "cat").fd(10, 3, "/x").read(10, 3, b"12345").read(10, 3, b"678")
    with Capture.open(b.save(tmp_path / "x.scap")) as capture:
        assert run_view(capture, "readers").rows == [(8, "cat")]


def test_reading_again(folder: Path) -> None:
    path = folder / "readers.toml"
    path.write_text(MINE)
    catalogue.reload()
    before = catalogue.get_view("readers")
    path.write_text(MINE.replace('"Readers"', '"All Readers"'))
    assert catalogue.get_view("readers") is before
    assert catalogue.reload() == ()
    assert catalogue.get_view("readers").name == "All Readers"
    path.unlink()
    catalogue.reload()
    with pytest.raises(UsageError, match="readers"):
        catalogue.get_view("readers")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("evt.is_io_read=true", "evt.is_io_raed=true", 5, "column 1 of the filter: there is no field"),
        ("evt.dir=<", "(evt.dir=< or len(proc.nme)>3)", 5, "did you mean 'proc.name'?"),
        ('id = "readers"', 'id = "procs"', 1, "a built-in view has the id 'procs'"),
        ('drilldown = "procs"', 'drilldown = "prosc"', 6, "did you mean 'procs'?"),
        ('name = "BYTES"', "name = BYTES", 13, "nvalid"),
        ('field = "evt.buflen"', 'field = "evt.bufflen"', 14, "did you mean 'evt.buflen'?"),
    ],
)
def test_mistakes_are_told_and_the_others_still_there(
    folder: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in MINE
    (folder / "bad.toml").write_text(MINE.replace(old, new, 1))
    (folder / "good.toml").write_text(MINE.replace('"readers"', '"fine"'))
    problems = catalogue.reload()
    assert [(problem.path, problem.line) for problem in problems] == [(str(folder / "bad.toml"), line)]
    assert words in problems[0].reason
    assert catalogue.get_view("fine").name == "Readers"
    assert catalogue.library().problems == problems
    if "id" not in new:
        assert "readers" not in catalogue.views()


def test_two_files_with_one_id(folder: Path) -> None:
    (folder / "a.toml").write_text(MINE)
    (folder / "b.toml").write_text(MINE)
    (problem,) = catalogue.reload()
    assert problem.path.endswith("b.toml")
    assert "a.toml" in problem.reason
    assert catalogue.get_view("readers").origin.endswith("a.toml")


def test_no_folder_is_no_problem() -> None:
    assert catalogue.reload() == ()


def test_the_program_knows_them(folder: Path, tmp_path: Path, scaptui: Run, settings: dict[str, str]) -> None:
    (folder / "readers.toml").write_text(MINE)
    (folder / "broken.toml").write_text(MINE.replace("kind =", "knid =").replace("readers", "broken"))
    env = settings | {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = scaptui("views", env=env)
    assert b"readers" in done.stdout
    assert done.returncode == 0
    assert b"broken.toml, line 3: knid: no such key here; did you mean 'kind'?" in done.stderr
    assert b"'kind'?." not in done.stderr
    done = scaptui("views", "readers", env=env)
    assert b"Programs that read, with the bytes." in done.stdout
    done = scaptui("view", tmp_path / "none.scap", "broken", env=env)
    assert done.returncode != 0
    assert b"no such key here" in done.stderr
