"""Views against every recorded output of csysdig: tables, lines of events, orders and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from views_golden import APART, SPECTROGRAMS, Run, differences, document, golden, recorded, rounded, rows_of

from scaptui.core.capture import Capture
from scaptui.core.query.buffers import Look
from scaptui.core.views.engine import run_view
from scaptui.core.views.spectrogram import spectrogram

pytestmark = pytest.mark.usefixtures("utc")

UNSET = "192.168.128.156:55441->145.216.3.255:514"
LOOKS = {"-A": Look("ascii"), "-X": Look("hexascii")}


@pytest.fixture(scope="module")
def opened(capture_file: Callable[[str], Path]) -> Iterator[Callable[[str], Capture]]:
    known: dict[str, Capture] = {}

    def get(name: str) -> Capture:
        if name not in known:
            known[name] = Capture.open(capture_file(name))
        return known[name]

    yield get
    for capture in known.values():
        capture.close()


TABLES = sorted({run.view for run in recorded()} - {*APART, *SPECTROGRAMS})


@pytest.mark.parametrize("view", TABLES)
def test_the_tables_of_csysdig(view: str, opened: Callable[[str], Capture]) -> None:
    wrong: dict[str, list[str]] = {}
    for run in recorded():
        if run.view == view and not run.options:
            found = differences(
                opened(run.capture), view, run.filter, run.containers, rows_of(document(run.path))
            )
            if found:
                wrong[run.name] = found[:4]
    assert wrong == {}


@pytest.mark.parametrize("view", ["spectro_all", "spectro_file"])
def test_spectrograms_count_the_events_of_the_one_class_there(
    view: str, opened: Callable[[str], Capture]
) -> None:
    chosen = [run for run in recorded() if run.view == view]
    if not chosen:
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    for run in chosen:
        theirs = sum(int(values[1]) for _, values in rows_of(document(run.path)))
        capture = opened(run.capture)
        assert spectrogram(capture, view, filter=run.filter).total == theirs, run.name
        table = run_view(capture, view, filter=run.filter)
        assert sum(int(row[1] or 0) for row in table.rows) == theirs, run.name  # type: ignore[arg-type]


@pytest.mark.parametrize("run", [r for r in recorded() if r.view == "dig"], ids=lambda run: run.name)
def test_the_lines_of_csysdig(run: Run, opened: Callable[[str], Capture]) -> None:
    theirs = [line for part in document(run.path)["slices"] for line in part.get("data", [])]
    ours = lines(opened(run.capture), run)
    assert len(ours) == len(theirs)
    for mine, line in zip(ours, theirs, strict=True):
        if UNSET not in line:
            assert mine == line


def lines(capture: Capture, run: Run) -> list[str]:
    """Return the events of a run as csysdig writes them."""
    rows = run_view(capture, "dig", filter=run.filter).store.events
    assert rows is not None
    fields, strings = capture.fields, capture.index.strings

    def texts(name: str) -> list[str]:
        return ["<NA>" if text is None else text for text in fields.read(name, rows).texts(strings)]

    look = next((LOOKS[option] for option in run.options if option in LOOKS), Look("dots"))
    info = [line.decode("utf-8", "replace") for line in fields.context.args.lines(rows, look)]
    if look.style == "ascii":
        info = [line.replace("=\n", "=") for line in info]  # csysdig begins on the same line
    number, cpu, name, tid = (texts(n) for n in ("evt.num", "evt.cpu", "proc.name", "thread.tid"))
    way, kind = texts("evt.dir"), texts("evt.type")
    if not run.containers:
        columns = zip(number, texts("evt.outputtime"), cpu, name, tid, way, kind, info, strict=True)
        return ["{} {} {} {} ({}) {} {} {}".format(*row) for row in columns]
    box, box_id, vtid = (texts(n) for n in ("container.name", "container.id", "thread.vtid"))
    columns = zip(number, texts("evt.time"), cpu, box, box_id, name, tid, vtid, way, kind, info, strict=True)
    return ["{} {} {} {} ({}) {} ({}:{}) {} {} {}".format(*row) for row in columns]


@pytest.mark.parametrize("column", [1, 2, 3, 8])
def test_the_orders_of_csysdig(column: int, opened: Callable[[str], Capture]) -> None:
    found = [run for run in recorded() if run.options == ("--sortingcol", str(column))]
    if not found:
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    for run in found:
        theirs = [values[column - 1] for _, values in rows_of(document(run.path))]
        table = run_view(opened(run.capture), run.view, containers=run.containers, sort=str(column))
        assert [table.columns[column - 1].json(row[column - 1]) for row in table.rows] == theirs


def test_a_page_of_csysdig(opened: Callable[[str], Capture]) -> None:
    found = [run for run in recorded() if "--from" in run.options]
    if not found:
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    (run,) = found
    printed = document(run.path)
    start, stop = int(run.options[1]), int(run.options[3])
    table = run_view(opened(run.capture), run.view, containers=run.containers)
    at = printed["slices"][-1]["info"]["sortingCol"] - 1
    assert table.sort == at
    theirs = [rounded(values[at]) for _, values in rows_of(printed)]
    assert [rounded(row[at]) for row in table.page(start, stop + 1)] == theirs


def test_all_views_of_csysdig_are_recorded() -> None:
    if not golden().exists():
        pytest.skip("the golden data is not beside the captures (SCAPTUI_CAPTURES)")
    assert len({run.view for run in recorded()}) == 43 + len(APART)
