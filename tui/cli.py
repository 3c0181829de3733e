"""The command line: parses it, hands it to the screen or to one headless command, prints errors.

Outputs an exit code: 0 done, 1 something about the capture or the filter is wrong, 2 wrong usage. No
traceback reaches the user; ``SCAPTUI_DEBUG=1`` lets one of an internal error through.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from difflib import get_close_matches
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple, TextIO

from scaptui import __version__

from ..core.errors import BAD_INPUT, BAD_USAGE, OK, FilterError, ScaptuiError, UsageError
from .headless import output


class Command(NamedTuple):
    """One headless command: its module in :mod:`.headless` has ``run(arguments) -> None``."""

    help: str
    module: str
    arguments: Callable[[argparse.ArgumentParser], None]


def _capture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("capture", metavar="CAPTURE", help="the capture file; - reads standard input")


def _filter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "filter", metavar="FILTER", nargs="?", help="only events that pass, e.g. 'proc.name=nginx'"
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


_seconds.__name__ = "time"


def _count(text: str) -> int:
    """Parse a number that must be 1 or more."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


_count.__name__ = "count"


def _summary(parser: argparse.ArgumentParser) -> None:
    _capture(parser)
    _filter(parser)
    parser.add_argument(
        "--buckets", type=_count, default=100, metavar="N", help="points of each timeline (default 100)"
    )
    _window(parser)
    _json(parser)


def _window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--window",
        nargs=2,
        type=_seconds,
        metavar=("FROM", "TO"),
        help="only what happened between these seconds since the first event, e.g. 1.5 2",
    )


def _view(parser: argparse.ArgumentParser) -> None:
    _capture(parser)
    parser.add_argument("view", metavar="VIEW", help="a view's id; `scaptui views` lists them")
    _filter(parser)
    parser.add_argument(
        "--sort", metavar="COL", help="name or number of the column to sort by; -COL reverses"
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="print the first N rows only")
    parser.add_argument("--containers", action="store_true", help="add the containers' columns")
    parser.add_argument(
        "--totals", action="store_true", help="totals instead of rates per second; pipes and JSON have them"
    )
    _window(parser)
    _json(parser)


def _events(parser: argparse.ArgumentParser) -> None:
    _capture(parser)
    _filter(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--fields", metavar="A,B,C", help="print one JSON object a line with these fields")
    what.add_argument(
        "-p",
        "--format",
        metavar="FMT",
        help="print text, e.g. '%%evt.num %%evt.type'; c, k and m stand for lines with containers, "
        "Kubernetes pods and Mesos tasks, p prints the format that is used without -p",
    )
    _buffers(parser)
    parser.add_argument(
        "-t",
        "--time",
        choices=("h", "a", "r", "d", "D"),
        default="h",
        help="what %%evt.outputtime is: h the time of day (default), a seconds since the epoch, r since "
        "the first event, d latency of the call, D since the event before",
    )
    parser.add_argument("-n", "--limit", type=_count, metavar="N", help="stop after N lines")
    _json(parser)


def _buffers(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(buffers=None)
    looks = parser.add_mutually_exclusive_group()
    for short, long, value, text in (
        ("-A", "--print-ascii", "ascii", "show buffers as text, with their line ends"),
        ("-x", "--print-hex", "hex", "show buffers in hex"),
        ("-X", "--print-hex-ascii", "hexascii", "show buffers in hex and as text"),
        ("-b", "--print-base64", "base64", "show buffers in base64"),
    ):
        looks.add_argument(short, long, dest="buffers", action="store_const", const=value, help=text)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="do not cut buffers to 80 characters (old captures)"
    )
    parser.add_argument(
        "-s", "--snaplen", type=_count, metavar="N", help="show the first N bytes of each buffer only"
    )


def _streams(parser: argparse.ArgumentParser) -> None:
    _capture(parser)
    _filter(parser)
    parser.add_argument(
        "--as",
        dest="mode",
        choices=("ascii", "dotted", "hex", "raw"),
        default="dotted",
        help="how bytes are shown (default dotted); raw writes them as they are",
    )
    _json(parser)


def _views(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("view", metavar="VIEW", nargs="?", help="show this view's columns only")
    _json(parser)


def _fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("field", metavar="NAME", nargs="?", help="show this field, or this class of fields")
    _json(parser)


COMMANDS: dict[str, Command] = {
    "summary": Command("totals and timelines of all tiles", "summary", _summary),
    "view": Command("the rows of a view", "view", _view),
    "events": Command("the events, one a line", "events", _events),
    "streams": Command("the bytes read and written", "streams", _streams),
    "views": Command("the views there are", "views", _views),
    "fields": Command("the fields that filters, views and --fields know", "fields", _fields),
}


def screen_parser() -> argparse.ArgumentParser:
    """Return the parser of ``scaptui CAPTURE``."""
    lines = "\n".join(f"  {name:<9} {command.help}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="scaptui",
        usage="%(prog)s [options] CAPTURE\n       %(prog)s COMMAND ...",
        description="Look into a sysdig capture, in the terminal.",
        epilog=f"commands that print and exit (scaptui COMMAND --help says more):\n{lines}\n\n"
        "A capture that is named like a command opens with `scaptui -- NAME`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("capture", metavar="CAPTURE", nargs="?", help="the capture file")
    parser.add_argument("--demo", action="store_true", help="open the capture that comes with scaptui")
    parser.add_argument("-f", "--filter", metavar="FILTER", help="start with this filter")
    parser.add_argument("--keymap", metavar="K", help="name of a keymap, or a keymap file")
    parser.add_argument("--theme", metavar="T", help="name of a colour theme")
    parser.add_argument("--version", action="version", version=f"scaptui {__version__}")
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of ``scaptui NAME``."""
    command = COMMANDS[name]
    parser = argparse.ArgumentParser(
        prog=f"scaptui {name}", description=command.help[0].upper() + command.help[1:] + "."
    )
    command.arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run scaptui with the arguments after the program's name (default: those of the process)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output.prepare()
    try:
        code = _dispatch(arguments)
        output.finish()
    except BrokenPipeError:
        output.silence()
        return OK  # the reader has what it wanted
    except output.OutputError as error:
        output.silence()
        output.complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        output.complain("interrupted.")
        code = BAD_INPUT
    except FilterError as error:
        output.explain(error)
        code = error.exit_code
    except ScaptuiError as error:
        output.complain(str(error))
        code = error.exit_code
    except Exception as error:
        if os.environ.get("SCAPTUI_DEBUG"):
            raise
        output.complain(f"internal error: {type(error).__name__}: {error}. Please report it.")
        code = BAD_INPUT
    if code != OK:
        output.flush_what_there_is()
    return code


def _dispatch(arguments: list[str]) -> int:
    try:
        if arguments and arguments[0] in COMMANDS:
            return _run_command(arguments[0], arguments[1:])
        return _run_screen(arguments)
    except SystemExit as end:  # argparse: --help, --version, wrong usage
        return end.code if isinstance(end.code, int) else BAD_USAGE


def _run_command(name: str, arguments: list[str]) -> int:
    parsed = command_parser(name).parse_intermixed_args(arguments)
    _check_text(getattr(parsed, "filter", None))
    run = import_module(f"..headless.{COMMANDS[name].module}", __name__).run
    run(parsed)
    return OK


def _run_screen(arguments: list[str]) -> int:
    parser = screen_parser()
    parsed, more = parser.parse_known_args(arguments)
    if more:
        parser.error(_unexpected(parsed.capture, more))
    if parsed.demo == (parsed.capture is not None):
        parser.error("name one capture, or --demo")
    _check_text(parsed.filter)
    if parsed.capture == "-":
        raise UsageError(
            "The screen needs standard input for its keys. Name a file or, in bash, what a command writes: "
            "scaptui <(ssh host cat trace.scap)"
        )
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout) and _is_terminal(sys.stderr)):
        raise UsageError(
            "The screen needs a terminal on standard input, output and error; "
            "for a pipe use scaptui summary, view, events or streams."
        )
    with demo() if parsed.demo else nullcontext(Path(parsed.capture)) as path:
        run = import_module("..app", __name__).run
        return run(path, filter=parsed.filter, keymap=parsed.keymap, theme=parsed.theme)


def _unexpected(first: str | None, more: Sequence[str]) -> str:
    """Return what to say about arguments that are too many: a command misspelt, or a filter without -f."""
    meant = get_close_matches(first or "", COMMANDS, 1)
    if meant and not Path(first or "").exists():
        return f"there is no command {first!r}; did you mean {meant[0]}?"
    hint = "" if more[0].startswith("-") else "; a filter comes after -f"
    return f"unexpected argument {more[0]!r}{hint}"


def demo() -> AbstractContextManager[Path]:
    """Give the path of the demo capture that comes with the package."""
    return as_file(files("scaptui.tui").joinpath("demo", "http500.scap"))


def _check_text(text: str | None) -> None:
    """Refuse a filter whose bytes are not UTF-8 text: nothing behind this point expects one."""
    for column, char in enumerate(text or ""):
        if "\ud800" <= char <= "\udfff":
            raise FilterError(text or "", column, "a filter is UTF-8 text, and this byte is not")


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
