"""Each guard of `make check` is seen failing when its rule is broken."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages as ``scaptui/…``, with the contracts."""
    shutil.copytree(PROJECT / "src" / "scaptui", tmp_path / "scaptui")
    for name in ("core", "tui", "keymaps"):
        shutil.copytree(
            PROJECT / name, tmp_path / "scaptui" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def _contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    script = (
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    )
    command = [sys.executable, "-c", script, "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=120)


def test_contracts_hold(tree: Path) -> None:
    done = _contracts(tree)
    assert done.returncode == 0, done.stdout
    assert "2 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "said"),
    [
        ("core/text.py", "import rich", "scaptui.core.text -> rich"),
        ("core/views/model.py", "from ...tui import cells", "scaptui.core.views.model -> scaptui.tui.cells"),
        (
            "core/format/blocks.py",
            "from ..query import ast",
            "scaptui.core.format.blocks -> scaptui.core.query.ast",
        ),
        (
            "core/query/ast.py",
            "from ..views import model",
            "scaptui.core.query.ast -> scaptui.core.views.model",
        ),
    ],
)
def test_broken_contract(tree: Path, module: str, line: str, said: str) -> None:
    path = tree / "scaptui" / module
    path.write_text(path.read_text("utf-8") + f"\n{line}\n", "utf-8")
    done = _contracts(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout


@pytest.fixture(scope="module")
def documents() -> ModuleType:
    """The module that checks the documents."""
    spec = importlib.util.spec_from_file_location("check_docs", PROJECT / ".ci" / "check_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the documents speak of."""
    for entry in PROJECT.iterdir():
        if entry.name in ("core", "tui", "keymaps", "tests"):
            (tmp_path / entry.name).symlink_to(entry)
        elif entry.name == "screenshots":
            shutil.copytree(entry, tmp_path / entry.name)
        elif entry.is_file():
            shutil.copy(entry, tmp_path)
    return tmp_path


def test_documents_are_true(documents: ModuleType, project: Path) -> None:
    assert list(documents.problems(project)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("README.md", "| Everywhere | `F1`", "| Everywhere | `F8`", "the list of keys is old"),
        ("README.md", "<!-- views -->", "", "No document has the list of views"),
        ("README.md", "(LICENSE)", "(LICENCE)", "links to LICENCE, which is not there"),
        ("ARCHITECTURE.md", "| `isal`", "| `zlib`", "does not say why isal is needed"),
        ("ARCHITECTURE.md", "| `isal`", "| `zlib`", "explains zlib, which is not needed"),
        ("CHANGELOG.md", "## 0", "## 9", "has no heading for version"),
        ("screenshots/make.py", '    Shot("overview"', '    Shot("other"', "other.svg is missing"),
        ("screenshots/make.py", '    Shot("overview"', '    Shot("other"', "does not draw overview"),
        ("screenshots/README.md", "overview.svg", "other.svg", "README.md does not show overview.svg"),
    ],
)
def test_untrue_document(
    documents: ModuleType, project: Path, name: str, old: str, new: str, said: str
) -> None:
    path = project / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert any(said in sentence for sentence in documents.problems(project))
