"""``scaptui streams``: what was read and written, block after block."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from . import output
from .opening import opened

if TYPE_CHECKING:
    from ...core.streams.echo import EchoBlock

STYLES = {"read": "yellow", "write": "bright_blue"}


def run(arguments: argparse.Namespace) -> None:
    """Print the blocks of the events that pass; ``raw`` gives the payloads alone, byte for byte."""
    raw = arguments.mode == "raw" and not arguments.json
    if raw and output.on_terminal():
        raise UsageError(
            "Raw bytes are not sent to a terminal: redirect them, or use --as ascii, dotted or hex."
        )
    with opened(Path(arguments.capture)) as capture:
        from ...core.streams.echo import blocks

        found = blocks(capture, capture.select(arguments.filter), arguments.mode)
        if arguments.json:
            for block in found:
                output.write(output.json_text(as_json(block, arguments.mode)) + "\n")
        elif raw:
            for block in found:
                output.write_bytes(block.data)
        else:
            _print_text(found)


def as_json(block: EchoBlock, mode: str) -> dict[str, Any]:
    """Return one block as ``--json`` prints it; the payload of ``raw`` is in base64."""
    return {
        "num": block.row + 1,
        "ts": block.ts,
        "direction": block.direction,
        "length": block.length,
        "kept": block.kept,
        "fd": block.fd,
        "fd_type": block.fd_type,
        "fd_name": block.fd_name,
        "process": block.comm,
        "pid": block.pid,
        "tid": block.tid,
        "container": block.container,
        "encoding": "base64" if mode == "raw" else mode,
        "data": base64.b64encode(block.data).decode() if mode == "raw" else block.text,
    }


def _print_text(found: Iterable[EchoBlock]) -> None:
    from ...core.streams.copy import heading

    colored = _console_print() if output.on_terminal() else None
    for block in found:
        text = f"------ {heading(block)}\n\n{block.text}\n\n"
        if colored is None:
            output.write(text)
        else:
            colored(text, STYLES[block.direction])


def _console_print() -> Any:
    """Return a function that prints a text in a style, as far as the terminal has colours."""
    from rich.console import Console
    from rich.text import Text

    console = Console(markup=False, emoji=False, highlight=False)
    return lambda text, style: console.print(Text(text, style=style), end="", soft_wrap=True)
