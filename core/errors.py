"""Errors that reach a person: what is wrong, where, and what to do. One exit code each."""

from __future__ import annotations

from os import PathLike

OK = 0
BAD_INPUT = 1
BAD_USAGE = 2


class ScaptuiError(Exception):
    """Base of all errors shown to users; its text is a whole sentence."""

    exit_code: int = BAD_INPUT


def name_of(path: str | PathLike[str]) -> str:
    """Return a capture's path as people read it."""
    return "standard input" if path == "-" else str(path)


class CaptureError(ScaptuiError):
    """The capture cannot be read."""

    def __init__(self, path: str | PathLike[str], reason: str, offset: int | None = None) -> None:
        """Name the file, the reason and, where it matters, the byte offset in the decompressed stream."""
        self.path = name_of(path)
        self.reason = reason
        self.offset = offset
        where = "" if offset is None else f" at offset {offset} (0x{offset:x})"
        super().__init__(f"{self.path}: {reason}{where}.")


class FilterError(ScaptuiError):
    """A filter, field or format text is wrong; ``column`` counts from 0."""

    def __init__(self, text: str, column: int, reason: str, suggestion: str | None = None) -> None:
        """Name the text, the position in it, what was expected there and the nearest valid name."""
        self.text = text
        self.column = column
        self.reason = reason
        self.suggestion = suggestion
        hint = f" Did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"Column {column + 1}: {reason}.{hint}")


class DataFileError(ScaptuiError):
    """A view, keymap, theme or configuration file is wrong."""

    def __init__(self, path: str | PathLike[str], line: int | None, key: str | None, reason: str) -> None:
        """Name the file, the line (from 1), the key and what was expected."""
        self.path = str(path)
        self.line = line
        self.key = key
        self.reason = reason
        where = f", line {line}" if line else ""
        what = f": {key}" if key else ""
        super().__init__(f"{self.path}{where}{what}: {self.sentence}")

    @property
    def sentence(self) -> str:
        """What is wrong, ended as a sentence; a question keeps its mark."""
        return self.reason if self.reason.endswith("?") else f"{self.reason}."


class UsageError(ScaptuiError):
    """The command line asks for something that does not exist."""

    exit_code = BAD_USAGE


class Cancelled(Exception):
    """Raised inside the engine when the caller's ``cancelled`` callback says so."""
