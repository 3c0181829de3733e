"""Searching a table of the engine: column by column, it finds what a look at every row finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_real import never, opened

from scaptui.core.views import distinct
from scaptui.tui.gateway import CaptureGateway
from scaptui.tui.model import Figures
from scaptui.tui.state import Query
from scaptui.tui.tables import ViewRows

VIEWS = ("dig", "files", "procs", "connections", "http", "file_opens", "containers", "threads")
TEXTS = (
    "500",
    "python",
    "OPEN",
    "/etc/",
    "1",
    "k",
    "-2(enoent)",
    "a",
    "é",
    "no such text",
    ":11",
    "true",
    "8081",
)
MOST = 40
FIGURES = (Figures(), Figures(raw=True), Figures(totals=True))


@pytest.fixture(scope="module", params=["http500.scap", "haproxy-502.scap"])
def gateway(
    request: pytest.FixtureRequest, demo: Path, capture_file: Callable[[str], Path]
) -> CaptureGateway:
    return opened(demo if request.param == demo.name else capture_file(request.param))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("scaptui.tui.matches", "scaptui.core.views.table", "scaptui.core.views.distinct"):
        monkeypatch.setattr(f"{module}.BLOCK", 500)


def found(rows: ViewRows, text: str, step: int) -> list[int]:
    """The first matches, as the keys n and N reach them one after the other."""
    hits: list[int] = []
    row = rows.search(text, 0 if step > 0 else rows.count - 1, step, never)
    while row is not None and len(hits) < MOST:
        hits.append(row)
        row = rows.search(text, row + step, step, never)
    return hits


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("view", VIEWS)
def test_it_finds_what_a_look_at_every_row_finds(gateway: CaptureGateway, view: str) -> None:
    query = Query("evt.num<4000") if view in ("dig", "threads") else Query()
    plain = gateway.table(view, query, never)
    orders = [plain, plain.sorted_by(len(plain.columns) - 1, None), plain.sorted_by(1, descending=True)]
    for rows in [order.written(figures) for order in orders for figures in FIGURES]:
        lines = [[cell.lower() for cell in cells] for cells in rows.rows(0, rows.count)]
        for text in TEXTS:
            expected = [row for row, cells in enumerate(lines) if any(text.lower() in cell for cell in cells)]
            assert found(rows, text, 1) == expected[:MOST], (text, rows.sort, rows.figures)
            assert found(rows, text, -1) == expected[::-1][:MOST], (text, rows.sort, rows.figures)


@pytest.mark.usefixtures("small_blocks")
def test_a_search_can_be_given_up_and_goes_on_where_it_was(
    gateway: CaptureGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = gateway.events(Query("evt.num<6001"), never)
    seen: list[tuple[int, int]] = []
    stops = iter([False, False, True])
    assert rows.search("no such text", 0, 1, lambda: next(stops), lambda *told: seen.append(told)) is None
    assert [done for done, _ in seen] == [0, 500]
    monkeypatch.setattr(type(rows.table), "distinct", lambda *_: pytest.fail("reads it again"))
    stops = iter([False, False, True])
    assert rows.search("no such text", 0, 1, lambda: next(stops)) is None


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("limits", [{}, {"MANY": 10}, {"KEPT": 1000}])
def test_texts_sort_alike_whether_they_are_kept_or_not(
    gateway: CaptureGateway, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(distinct, name, value)
    rows = gateway.events(Query("evt.num<5000"), never)
    rows.table.store.distinct.clear()
    info = rows.table.column("INFO")
    cells = rows.table.store.columns[info].cells(np.arange(rows.count, dtype=np.int64))
    texts = [
        value if ok else b"" for value, ok in zip(cells.values.tolist(), cells.valid.tolist(), strict=True)
    ]
    expected = sorted(range(rows.count), key=texts.__getitem__)
    for _ in range(2):  # the second time from what was kept
        order = rows.table.sorted_by(info, descending=False).order
        assert order is not None
        assert order.tolist() == expected


def test_texts_that_cost_much_are_made_once(gateway: CaptureGateway) -> None:
    rows = gateway.events(Query("evt.num<4000"), never)
    rows.table.store.distinct.clear()
    reads: list[int] = []
    store = rows.table.store.columns[rows.table.column("INFO")]
    column = distinct.Distinct(lambda at: reads.append(len(at)) or store.cells(at), rows.count)
    first, values = column.block(0)
    again, same = column.block(0)
    assert len(reads) == 1
    assert same is values
    assert first is again
    assert len(values) < rows.count
