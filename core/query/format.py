"""Output formats of sysdig: ``*%evt.num %20proc.name %evt.info``.

Inputs: the text of a format and the fields of a capture. Outputs: one line per event. A leading
``*`` shows missing values as ``<NA>``; without it a line that misses a value is left out. ``%20``
pads or cuts a value to 20 characters; ``%%`` is not known to sysdig, here it is a percent sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError
from ..text import printable
from .args import arg_names
from .cells import Kind
from .fields import FieldRef, Fields
from .registry import ArgRule, FieldSpec, lookup, nearest
from .render import short_dots

DEFAULT = "*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info"
CONTAINERS = (
    "*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) "
    "%proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info"
)
MISSING = "<NA>"
MAX_WIDTH = 4096

_CHUNK = 4096
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_BRACKETS = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Piece:
    """A stretch of literal text, or one field with its width (0: as long as it is)."""

    text: str
    field: FieldRef | None = None
    width: int = 0


@dataclass(frozen=True)
class Format:
    """A compiled output format of one capture."""

    text: str
    pieces: tuple[Piece, ...]
    keep_missing: bool  # show <NA>, rather than leaving the line out
    fields: Fields

    def lines(self, rows: NDArray[np.int64], *, full: bool = False) -> Iterator[str]:
        """Yield one line per event row, safe to print; fewer when lines with missing values go.

        Buffers in captures of the old kind are cut to 80 characters, unless ``full``.
        """
        for line in self.rendered(rows, full=full):
            if line is not None:
                yield line

    def rendered(self, rows: NDArray[np.int64], *, full: bool = False) -> Iterator[str | None]:
        """Yield one line per event row; None for the lines that :meth:`lines` leaves out."""
        for begin in range(0, len(rows), _CHUNK):
            chunk = rows[begin : begin + _CHUNK]
            columns = [self._column(piece, chunk, full) for piece in self.pieces]
            for values in zip(*columns, strict=True):
                known = [value for value in values if value is not None]
                yield "".join(known) if len(known) == len(values) else None

    def _column(self, piece: Piece, rows: NDArray[np.int64], full: bool) -> list[str | None]:
        """Return the text of a piece for each row."""
        if piece.field is None:
            return [piece.text] * len(rows)
        texts = self._texts(piece.field, rows, full)
        shown: dict[str | None, str | None] = {None: MISSING if self.keep_missing else None}
        column: list[str | None] = []
        for text in texts:
            value = shown.get(text)
            if value is None and text is not None:
                value = shown[text] = printable(text)
            column.append(value if not piece.width or value is None else _fit(value, piece.width))
        return column

    def _texts(self, field: FieldRef, rows: NDArray[np.int64], full: bool) -> list[str | None]:
        args = self.fields.context.args
        if full and field.spec.name in ("evt.args", "evt.info"):
            cells = args.args(rows, full=True)
        elif full and field.spec.name == "evt.arg" and field.arg is not None:
            cells = args.text(int(field.arg) if field.arg.isdigit() else field.arg, rows, full=True)
        else:
            cells = self.fields.read(field, rows)
            if cells.kind is Kind.BYTES and not full and not self.fields.index.modern:
                pairs = zip(cells.values.tolist(), cells.valid.tolist(), strict=True)
                return [short_dots(value).decode() if ok else None for value, ok in pairs]
        return cells.texts(self.fields.index.strings)


def _fit(value: str, width: int) -> str:
    return value[:width].ljust(width)


def compile_format(text: str, fields: Fields) -> Format:
    """Return the format that ``text`` describes.

    Raises FilterError with the column where a field was expected, is not known, or lacks its argument.
    """
    if not text:
        raise FilterError(text, 0, "expected a format, found nothing")
    keep = text.startswith("*")
    at = int(keep)
    pieces: list[Piece] = []
    literal: list[str] = []
    while at < len(text):
        if text[at] != "%":
            literal.append(text[at])
            at += 1
            continue
        if text.startswith("%%", at):
            literal.append("%")
            at += 2
            continue
        if literal:
            pieces.append(Piece("".join(literal)))
            literal = []
        piece, at = _field(text, at + 1, fields)
        pieces.append(piece)
    if literal:
        pieces.append(Piece("".join(literal)))
    return Format(text, tuple(pieces), keep, fields)


def _field(text: str, at: int, fields: Fields) -> tuple[Piece, int]:
    """Read a width and a field at ``at``; return them and where the rest begins."""
    begin = at
    while at < len(text) and text[at] in "0123456789":
        at += 1
    width = int(text[begin:at][:9] or "0")
    if width > MAX_WIDTH:
        raise FilterError(text, begin, f"expected a width of at most {MAX_WIDTH}")
    match = _NAME.match(text, at)
    if match is None:
        found = f"found '{text[at]}'" if at < len(text) else "found the end of the format"
        raise FilterError(text, at, f"expected a field name after %, {found}")
    name, spec = _longest(match.group(), fields.index.modern)
    if spec is None:
        reason = f"expected a field, and there is none called '{match.group()}'"
        raise FilterError(text, at, reason, nearest(match.group()))
    end = at + len(name)
    brackets = _BRACKETS.match(text, end)
    if brackets is not None and spec.arg is not ArgRule.NONE and name == spec.name:
        name += brackets.group()
        end = brackets.end()
    try:
        ref = fields.resolve(name)
    except FilterError as error:
        raise FilterError(text, at + error.column, error.reason, error.suggestion) from None
    return Piece(name, ref, width), end


def _longest(run: str, modern: bool) -> tuple[str, FieldSpec | None]:
    """Return the longest beginning of ``run`` that is a field (with its dotted argument)."""
    whole = run.rstrip(".")
    found = lookup(whole)
    if found is not None:
        spec, arg = found
        if arg is not None and spec.name in ("evt.arg", "evt.rawarg"):
            known = max((n for n in arg_names(modern) if arg.startswith(n)), key=len, default=arg)
            return f"{spec.name}.{known}", spec
    for end in range(len(whole), 0, -1):
        found = lookup(whole[:end])
        if found is not None:
            return whole[:end], found[0]
    return run, None
