"""``scaptui summary``: every tile of the Overview with its total and its timeline."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import output
from .opening import opened, window_of

if TYPE_CHECKING:
    from ...core.capture import Capture
    from ...core.views.summary import Metric, Summary

BARS = " ▁▂▃▄▅▆▇█"
TREND_CELLS = 20


def run(arguments: argparse.Namespace) -> None:
    """Print the tiles of one capture."""
    with opened(Path(arguments.capture)) as capture:
        from ...core.views.summary import summary

        window = window_of(capture, arguments.window)
        result = summary(capture, filter=arguments.filter, window=window, buckets=arguments.buckets)
        if arguments.json:
            output.write(output.json_text(as_json(capture, result, arguments.filter)) + "\n")
        else:
            _print_table(result)


def as_json(capture: Capture, result: Summary, filter_text: str | None) -> dict[str, Any]:
    """Return what ``--json`` prints; times are ns since the epoch."""
    index = capture.index
    return result.to_json() | {
        "filter": filter_text,
        "events": capture.count,
        "damage": [{"offset": d.offset, "code": d.code, "reason": d.reason} for d in index.damage],
        "unknown_events": index.unknown_events,
        "unknown_blocks": index.unknown_blocks,
    }


def _print_table(result: Summary) -> None:
    names = {category.id: category.name for category in result.categories}
    lines = [_line(metric, names) for metric in result.metrics]
    if output.on_terminal():
        output.rows(("CATEGORY", "TILE", "TOTAL", "UNIT", "TREND"), lines, (False, False, True, False, False))
    else:
        output.rows(("CATEGORY", "TILE", "TOTAL", "UNIT"), [line[:4] for line in lines], (False,) * 4)


def _line(metric: Metric, categories: dict[str, str]) -> tuple[str, str, str, str, str]:
    category = categories.get(metric.category, metric.category)
    return (category, metric.name, str(metric.total), metric.unit, trend(metric.timeline, TREND_CELLS))


def trend(timeline: Sequence[int | float], width: int) -> str:
    """Draw ``timeline`` as ``width`` bars at most, each the sum of its share, scaled to the highest."""
    count = len(timeline)
    width = min(width, count)
    sums = [sum(timeline[i * count // width : (i + 1) * count // width]) for i in range(width)]
    top = max(sums, default=0)
    if top <= 0:
        return ""
    return "".join(BARS[max(1, round(value / top * 8))] if value > 0 else " " for value in sums)
