"""What the documents list is what there is: keys, views, dependencies, screenshots, files linked to.

python .ci/check_docs.py          complain about what is old
python .ci/check_docs.py --write  put the generated lists into the documents
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from scaptui import __version__
from scaptui.core.views.catalogue import list_views
from scaptui.tui.commands import CONTEXTS, Command
from scaptui.tui.keymap import load_keymap

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "screenshots/README.md")
KEY_CONTEXTS = ("global", "main", "overview", "table", "tree", "streams", "navigator")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)|<img[^>]* src=\"(?!https?:)([^\"]+)\"")
_DIGIT = re.compile(r"view\.\d")
_MARKED = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->", re.DOTALL)


def key_table() -> str:
    """Return the keys of the default keymap as Markdown, most important places first."""
    keymap = load_keymap()
    lines = ["| where | keys | what |", "|---|---|---|"]
    digits: list[Command] = []
    for context in KEY_CONTEXTS:
        for command in keymap.bound(context):
            if command.id.startswith(("cursor.", "sort.")) and command.id != "sort.menu":
                continue
            if _DIGIT.fullmatch(command.id):
                digits.append(command)
                continue
            keys = ", ".join(f"`{key}`".replace("|", "\\|") for key in keymap.keys_of(command, (context,)))
            lines.append(f"| {CONTEXTS[context]} | {keys} | {command.help} |")
        if digits:
            lines.append(
                f"| {CONTEXTS[context]} | `0` … `9` | Open the view with this digit in the list of views. |"
            )
            digits.clear()
    return "\n".join(lines) + "\n"


def view_table() -> str:
    """Return the views as Markdown."""
    shown = [view for view in list_views() if not view.hidden]
    lines = [f"| `{view.id}` | {view.name} | {' '.join(view.description.split())} |" for view in shown]
    return "\n".join(["| id | view | what it shows |", "|---|---|---|", *lines]) + "\n"


GENERATED = {"keys": key_table, "views": view_table}


def problems(project: Path) -> Iterator[str]:
    """Yield a sentence for each thing in the documents of ``project`` that is not so."""
    seen: set[str] = set()
    for name in DOCUMENTS:
        path = project / name
        if not path.is_file():
            yield f"{name} is missing."
            continue
        text = path.read_text("utf-8")
        for found in _MARKED.finditer(text):
            seen.add(found[1])
            if found[2] != GENERATED[found[1]]():
                yield f"{name}: the list of {found[1]} is old; .ci/check_docs.py --write renews it."
        for link in _LINK.finditer(text):
            target = (path.parent / (link[1] or link[2])).resolve()
            if not target.exists():
                yield f"{name} links to {link[1] or link[2]}, which is not there."
    yield from (f"No document has the list of {name}." for name in GENERATED if name not in seen)
    yield from _dependency_problems(project)
    yield from _screenshot_problems(project)
    if f"## {__version__}" not in (project / "CHANGELOG.md").read_text("utf-8"):
        yield f"CHANGELOG.md has no heading for version {__version__}."


def _dependency_problems(project: Path) -> Iterator[str]:
    with (project / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    names = {re.split(r"[<>=!~ ]", text)[0] for text in wanted}
    table = (
        (project / "ARCHITECTURE.md").read_text("utf-8").partition("## Dependencies")[2].partition("\n## ")[0]
    )
    listed = set(re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE))
    yield from (f"ARCHITECTURE.md does not say why {name} is needed." for name in sorted(names - listed))
    yield from (f"ARCHITECTURE.md explains {name}, which is not needed." for name in sorted(listed - names))


def _screenshot_problems(project: Path) -> Iterator[str]:
    folder = project / "screenshots"
    shots = set(
        re.findall(r"^    Shot\(\s*\"([\w-]+)\"", (folder / "make.py").read_text("utf-8"), re.MULTILINE)
    )
    shots |= {f"view-{view.id}" for view in list_views()}
    listed = (folder / "README.md").read_text("utf-8")
    for kind in ("svg", "png"):
        files = {path.stem for path in folder.glob(f"*.{kind}")}
        yield from (f"screenshots/{name}.{kind} is missing." for name in sorted(shots - files))
        yield from (f"screenshots/make.py does not draw {name}.{kind}." for name in sorted(files - shots))
    yield from (
        f"screenshots/README.md does not show {name}.svg."
        for name in sorted(shots)
        if f"{name}.svg" not in listed
    )


def write(project: Path) -> None:
    """Renew the generated lists of all documents."""
    for name in DOCUMENTS:
        path = project / name
        text = path.read_text("utf-8")
        path.write_text(
            _MARKED.sub(lambda m: f"<!-- {m[1]} -->\n{GENERATED[m[1]]()}<!-- /{m[1]} -->", text), "utf-8"
        )


def main() -> int:
    """Check or write; the exit code is 1 when something is not so."""
    if "--write" in sys.argv[1:]:
        write(PROJECT)
    found = list(problems(PROJECT))
    for sentence in found:
        print(sentence, file=sys.stderr)
    if not found:
        print("The documents list what there is.")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
