"""Output formats of sysdig: ``*%evt.num %20proc.name %evt.info``.

Inputs: the text of a format and the fields of a capture. Outputs: one line per event. A leading
``*`` shows missing values as ``<NA>``; without it a line that misses a value is left out. ``%20``
pads or cuts a value to 20 characters; ``\\n``, ``\\t``, ``\\e`` and ``\\\\`` stand for one character;
``%%`` is not known to sysdig, here it is a percent sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import FilterError
from .args import arg_names
from .buffers import SHORT, Look
from .fields import FieldRef, Fields
from .registry import ArgRule, FieldSpec, lookup, nearest
from .shown import Shown, TimeType

DEFAULT = "*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info"
CONTAINERS = (
    "*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) "
    "%proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info"
)
KUBERNETES = CONTAINERS.replace("container.name", "k8s.pod.name")
MESOS = CONTAINERS.replace("container.name", "mesos.task.name")
NAMED = {
    "c": CONTAINERS,
    "container": CONTAINERS,
    "k": KUBERNETES,
    "kubernetes": KUBERNETES,
    "m": MESOS,
    "mesos": MESOS,
}
MISSING = "<NA>"
MAX_WIDTH = 4096

_CHUNK = 1 << 14
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\e": "\x1b", "\\\\": "\\"}
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
    shown: Shown

    @property
    def refs(self) -> tuple[FieldRef, ...]:
        """The fields of the format, in its order."""
        return tuple(piece.field for piece in self.pieces if piece.field is not None)

    def lines(self, rows: NDArray[np.int64]) -> Iterator[str]:
        """Return one line per event row, safe to print; fewer when lines with missing values go."""
        return (line for line in self.rendered(rows) if line is not None)

    def rendered(self, rows: NDArray[np.int64]) -> Iterator[str | None]:
        """Yield one line per event row; None for the lines that :meth:`lines` leaves out."""
        for begin in range(0, len(rows), _CHUNK):
            chunk = rows[begin : begin + _CHUNK]
            columns = [self._column(piece, chunk) for piece in self.pieces]
            if any(None in column for column in columns):
                yield from map(_joined, zip(*columns, strict=True))
            else:
                yield from map("".join, zip(*columns, strict=True))  # pyright: ignore[reportArgumentType]

    def _column(self, piece: Piece, rows: NDArray[np.int64]) -> list[str | None]:
        """Return the text of a piece for each row."""
        if piece.field is None:
            return [piece.text] * len(rows)
        column: list[str | None] = self.shown.texts(piece.field, rows)
        if self.keep_missing:
            column = [MISSING if text is None else text for text in column]
        if piece.width:
            column = [text if text is None else _fit(text, piece.width) for text in column]
        return column


def _joined(values: tuple[str | None, ...]) -> str | None:
    known = [value for value in values if value is not None]
    return "".join(known) if len(known) == len(values) else None


def _fit(value: str, width: int) -> str:
    return value[:width].ljust(width)


def compile_format(text: str, fields: Fields, look: Look = SHORT, time: TimeType = "h") -> Format:
    """Return the format that ``text`` describes.

    ``look`` says how buffers are shown, ``time`` what ``evt.outputtime`` is.

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
            escaped = _ESCAPES.get(text[at : at + 2])
            literal.append(escaped or text[at])
            at += 2 if escaped else 1
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
    return Format(text, tuple(pieces), keep, Shown(fields, look, time))


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
