"""A spectrogram in print: one line for each class of latency, shaded by how many events fell on a moment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from . import output

if TYPE_CHECKING:
    from ...core.capture import Capture
    from ...core.views.spectrogram import Spectrogram
    from ...core.views.table import Table

COLUMNS = 60
PER_DECADE = 4
SHADES = " .:-=+*#%@"


def write(
    capture: Capture, table: Table, filter_text: str | None, window: tuple[int, int] | None, as_json: bool
) -> None:
    """Print a spectrogram; in JSON beside the rows that csysdig has of it."""
    from ...core.views.spectrogram import spectrogram

    found = spectrogram(
        capture,
        table.view,
        filter=filter_text,
        window=window,
        columns=100 if as_json else COLUMNS,
        per_decade=PER_DECADE,
    )
    if as_json:
        output.write(output.json_text(table.to_json() | {"spectrogram": found.to_json()}) + "\n")
    elif found.total == 0:
        output.write((found.note or "No events with a latency.") + "\n")
    else:
        _draw(found)


def _draw(found: Spectrogram) -> None:
    from ...core.views.units import duration

    first, last = found.used()
    highest = int(found.counts.max())
    output.write(f"{'LATENCY':>10}  {'TIME':<{found.columns}}  COUNT\n")
    for level in reversed(range(first, last)):
        counts = found.counts[:, level].tolist()
        cells = "".join(shade(count, highest) for count in counts)
        output.write(f"{duration(int(found.edges[level])):>10}  {cells}  {sum(counts)}\n")
    width = duration(found.column_ns)
    output.write(
        f"{found.total} events; a character stands for {width}, {SHADES[-1]} for {highest} of them\n"
    )


def shade(count: int, highest: int) -> str:
    """Return the character for a count, by its logarithm; only nothing is blank."""
    if count <= 0:
        return SHADES[0]
    share = math.log1p(count) / math.log1p(highest)
    return SHADES[max(1, round(share * (len(SHADES) - 1)))]
