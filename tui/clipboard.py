"""The terminal's clipboard: OSC 52 with bytes as they are, and files for what is too long for it."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

LIMIT = 74_994  # bytes: 100,000 characters with the frame, what most terminals take
TMUX_LIMIT = 786_432  # bytes: tmux drops longer ones without a word


def limit(environ: Mapping[str, str] = os.environ) -> int:
    """Return how many bytes the terminal's clipboard is known to take."""
    return TMUX_LIMIT if environ.get("TMUX") else LIMIT


def osc52(data: bytes) -> str:
    """Return the control sequence that puts ``data`` into the clipboard."""
    return f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07"


def save(path: Path, data: bytes, *, replace: bool = False) -> None:
    """Write ``data`` to a file that only its owner can read.

    Raises :class:`FileExistsError` when the file is there and ``replace`` is not set, and other
    :class:`OSError` as they come. A file is replaced whole or not at all.
    """
    if not replace:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # created 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
