"""Standard output and standard error: the only place of the headless commands that writes."""

from __future__ import annotations

import io
import json
import math
import os
import sys
import unicodedata
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from ...core.errors import FilterError, ScaptuiError
from ...core.text import printable


class OutputError(ScaptuiError):
    """Standard output cannot be written (closed, full disk); a reader that went away is no error."""


def prepare() -> None:
    """Make standard output take any text: what its encoding lacks is written as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def _writing() -> Generator[TextIO]:
    """Give standard output; what goes wrong there becomes an :class:`OutputError`."""
    if sys.stdout is None:
        raise OutputError("Nothing can be written: standard output is closed.")
    try:
        yield sys.stdout
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"Standard output cannot be written: {error.strerror}.") from None


def write(text: str) -> None:
    """Write ``text`` to standard output as it is; it must be safe for a terminal already."""
    with _writing() as out:
        out.write(text)


def write_bytes(data: bytes) -> None:
    """Write raw bytes to standard output; never call it when that is a terminal."""
    with _writing() as out:
        out.buffer.write(data)


def finish() -> None:
    """Flush standard output, so that a failed write is reported here and not at interpreter exit."""
    if sys.stdout is not None:
        with _writing() as out:
            out.flush()


def flush_what_there_is() -> None:
    """Flush after an error that was told already; a second one changes nothing."""
    try:
        finish()
    except (BrokenPipeError, OutputError):
        silence()


def silence() -> None:
    """Point standard output at nothing: what is still buffered for a reader that left is dropped."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)


def complain(message: str) -> None:
    """Write one sentence to standard error, cleaned; a closed standard error is ignored."""
    _to_stderr(f"scaptui: {printable(message)}\n")


def explain(error: FilterError) -> None:
    """Write a wrong filter, field or format to standard error: the text, a caret, the sentence."""
    before = printable(error.text[: error.column])
    text = printable(error.text)
    caret = " " * cells(before) + "^"
    _to_stderr(f"scaptui: this is wrong:\n  {text}\n  {caret}\n{printable(str(error))}\n")


def _to_stderr(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def cells(text: str) -> int:
    """How many terminal cells ``text`` takes."""
    wide = sum(1 for char in text if unicodedata.east_asian_width(char) in "WF")
    return len(text) + wide - sum(1 for char in text if unicodedata.combining(char))


def json_text(value: Any) -> str:
    """Return ``value`` as one line of JSON in ASCII; NaN and infinities become null."""
    return json.dumps(plain(value), separators=(",", ":"), allow_nan=False).replace("\x7f", "\\u007f")


def plain(value: Any) -> Any:
    """Return ``value`` built from what JSON has; bytes become text with U+FFFD where not UTF-8."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


GAP = 2  # cells between columns of a table
LEAST = 10  # cells below which a column of text is not cut
LONG = 20  # cells from which on it is cut before short ones are
FOLDED = 30  # the same of the last one, which folds


def rows(headers: Sequence[str], lines: Iterable[Sequence[str]], right: Sequence[bool]) -> None:
    """Print a table: a Rich table on a terminal, a header line and tab-separated lines in a pipe.

    ``right`` says for each column whether it is aligned right. Cells are cleaned here.
    """
    if on_terminal():
        _rich_table(headers, lines, right)
        return
    write("\t".join(printable(header) for header in headers) + "\n")
    for line in lines:
        write("\t".join(printable(cell) for cell in line) + "\n")


def _rich_table(headers: Sequence[str], lines: Iterable[Sequence[str]], right: Sequence[bool]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [[printable(cell) for cell in line] for line in lines]
    titles = [printable(header) for header in headers]
    needed = [max(map(cells, column)) for column in zip(titles, *shown, strict=True)]
    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    room = console.width - GAP * (len(titles) - 1)
    widths = fitted(needed, right, room)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    last = len(titles) - 1
    for number, (title, at_right, width) in enumerate(zip(titles, right, widths, strict=True)):
        table.add_column(
            Text(title),
            justify="right" if at_right else "left",
            width=width,
            no_wrap=number != last,
            overflow="fold" if number == last else "ellipsis",
        )
    for line in shown:
        table.add_row(*map(Text, line))
    console.width = max(console.width, sum(widths) + GAP * (len(titles) - 1))
    with _writing():
        console.print(table)


def fitted(needed: Sequence[int], right: Sequence[bool], room: int) -> list[int]:
    """Return widths of columns for ``room`` cells: texts give way, the longest first; figures never do.

    The last text folds, so that it gives way before the others. Where nothing helps, lines are too long, and
    nothing folds.
    """
    widths = list(needed)
    texts = [at for at, figures in enumerate(right) if not figures]
    long = [at for at in texts[:-1] if needed[at] > LONG]
    for least, candidates in ((FOLDED, texts[-1:]), (LEAST, long), (LEAST, texts)):
        while sum(widths) > room:
            wide = [at for at in candidates if widths[at] > least]
            if not wide:
                break
            widths[max(wide, key=lambda at: widths[at])] -= 1
    if sum(widths) > room and texts:
        widths[texts[-1]] = needed[texts[-1]]
    return widths
