"""Rows of views against csysdig, run now: every view, every capture of the old kind, many filters."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import views_story
from views_golden import OLD, SPECTROGRAMS, differences, rows_of

from scaptui.core.capture import Capture
from scaptui.core.views.answers import why_empty
from scaptui.core.views.catalogue import list_views

pytestmark = pytest.mark.usefixtures("utc")

NO_VIEWS_THERE = ("dig", "echo", "overview", "listening_ports", *SPECTROGRAMS)
VIEWS = [view for view in list_views() if not view.own and view.id not in NO_VIEWS_THERE]
ANSWERED = [view.id for view in VIEWS if why_empty(view) is None]
OTHERS = [view.id for view in VIEWS if why_empty(view) is not None]
STORY = "story"
WINDOW = "a third of the time"
FILTERS = [
    None,
    "proc.name contains curl",
    "container.id!=host",
    "fd.type=ipv4 or fd.type=ipv6",
    "evt.failed=true",
    "fd.port=80",
    "evt.type in (open, read, write, connect, accept, close)",
    "not proc.name=haproxy",
    "not fd.type=file and not evt.type=switch",
    "evt.latency>100000",
    "user.name=root and evt.is_io=true",
    "fd.name contains lib or fd.name startswith /etc",
    WINDOW,
]


def filters_for(view: str) -> list[str | None]:
    """No filter and three of the others, by turns; all of them with SCAPTUI_FULL=1 in the environment."""
    if os.environ.get("SCAPTUI_FULL"):
        return FILTERS
    place = ANSWERED.index(view)
    return [None, *(FILTERS[1 + (place * 3 + step) % (len(FILTERS) - 1)] for step in range(3))]


@pytest.fixture(scope="module")
def captures(
    capture_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Capture]]:
    """Open each capture once."""
    if shutil.which("csysdig") is None:
        pytest.skip("csysdig is not installed")
    known: dict[str, Capture] = {}

    def get(name: str) -> Capture:
        if name not in known:
            if name == STORY:
                known[name] = Capture.open(views_story.save(tmp_path_factory.mktemp("story"), False))
            else:
                known[name] = Capture.open(capture_file(name))
        return known[name]

    yield get
    for capture in known.values():
        capture.close()


def wrong(capture: Capture, view: str, text: str | None, *, containers: bool) -> list[str]:
    """Return how the rows of a view differ from those that csysdig prints."""
    if text == WINDOW:
        third = capture.duration_ns // 3
        begin = capture.start_ts + third
        text = f"evt.rawtime>={begin} and evt.rawtime<{begin + third}"
    command = ["csysdig", "-r", str(capture.path), "-v", view, "-j"]
    command += ["-pc"] if containers else []
    command += [text] if text else []
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    theirs = rows_of(json.loads(done.stdout.decode("utf-8", "replace")))
    return differences(capture, view, text, containers, theirs)


@pytest.mark.parametrize("view", ANSWERED)
@pytest.mark.parametrize("name", [*OLD, STORY])
def test_the_rows_of_csysdig(name: str, view: str, captures: Callable[[str], Capture]) -> None:
    if name == STORY and view in ("files", "directories", "file_opens"):
        pytest.skip("openat opens files here, not there: see ARCHITECTURE.md and tests/golden")
    capture = captures(name)
    found = {text or "all": wrong(capture, view, text, containers=True)[:4] for text in filters_for(view)}
    assert {text: rows for text, rows in found.items() if rows} == {}


@pytest.mark.parametrize("view", ANSWERED)
def test_the_rows_of_csysdig_without_container_columns(view: str, captures: Callable[[str], Capture]) -> None:
    found = {
        text or "all": wrong(captures(OLD[0]), view, text, containers=False)[:4] for text in filters_for(view)
    }
    assert {text: rows for text, rows in found.items() if rows} == {}


@pytest.mark.parametrize("view", OTHERS)
def test_views_that_no_capture_answers_have_no_rows_there(
    view: str, captures: Callable[[str], Capture]
) -> None:
    assert wrong(captures(OLD[0]), view, None, containers=True) == []
