"""Views of a made-up capture against what csysdig printed for it: on any machine."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import views_story

from scaptui.core.capture import Capture

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))
from views_golden import differences

pytestmark = pytest.mark.usefixtures("utc")

RUNS: list[dict[str, Any]] = json.loads(
    gzip.decompress((Path(__file__).parent / "views.json.gz").read_bytes())
)
# openat and its like open files here, there they do not: see ARCHITECTURE.md
OPENS = ("files", "directories")
NO_OPENS_THERE = ("file_opens",)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Capture]:
    with views_story.opened(tmp_path_factory.mktemp("story"), False) as capture:
        yield capture


@pytest.mark.parametrize("view", sorted({run["view"] for run in RUNS} - {*NO_OPENS_THERE}))
def test_the_rows_that_csysdig_printed(view: str, story: Capture) -> None:
    wrong: dict[str, list[str]] = {}
    for run in RUNS:
        if run["view"] == view:
            rows = [(key, values) for key, values in run["rows"]]
            found = differences(
                story, view, run["filter"], run["containers"], rows, apart=("OPENS",) if view in OPENS else ()
            )
            if found:
                wrong[f"{run['filter']} {run['containers']}"] = found[:4]
    assert wrong == {}


def test_enough_is_recorded() -> None:
    assert len({run["view"] for run in RUNS if run["rows"]}) >= 20
    assert sum(len(run["rows"]) for run in RUNS) > 2000
