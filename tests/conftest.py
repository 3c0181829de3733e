"""Captures for the tests and a way to run the program; no test reads the developer's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from program import Run

from scaptui.core.kernel import cache_home  # first of all: it chooses the cache folder of numba

TESTS = Path(__file__).parent
PROJECT = TESTS.parent


def outside_captures() -> Path:
    """The folder of captures that are not part of the project."""
    named = os.environ.get("SCAPTUI_CAPTURES")
    return Path(named) if named else PROJECT.parent / "shared" / "captures"


@pytest.fixture(scope="session")
def capture_file() -> Callable[[str], Path]:
    """Give the path of a capture by its file name; the test is skipped when it is not here."""

    def find(name: str) -> Path:
        for folder in (TESTS / "captures", outside_captures()):
            if (folder / name).exists():
                return folder / name
        pytest.skip(f"{name} is not in tests/captures; SCAPTUI_CAPTURES can name a folder that has it")

    return find


@pytest.fixture(scope="session")
def demo() -> Path:
    """The capture that comes with the package."""
    return PROJECT / "tui" / "demo" / "http500.scap"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a program under test: an empty home, but the compiled kernels of this machine."""
    home = tmp_path_factory.mktemp("home")
    cache = cache_home()
    unwanted = ("XDG_", "COLUMNS", "LINES", "NO_COLOR", "SCAPTUI_", "TMUX")
    env = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    env |= {"HOME": str(home), "TZ": "UTC", "PYTHONWARNINGS": "default"}
    return env if cache is None else env | {"XDG_CACHE_HOME": str(cache.parent)}


@pytest.fixture(scope="session")
def scaptui(settings: dict[str, str]) -> Run:
    """Run ``scaptui`` with these arguments in a pipe; keyword arguments go to ``subprocess.run``."""

    def run(*arguments: str | Path, **more: object) -> subprocess.CompletedProcess[bytes]:
        options: dict[str, object] = {"capture_output": True, "stdin": subprocess.DEVNULL, "env": settings}
        options.update(more)
        command = [sys.executable, "-m", "scaptui", *map(str, arguments)]
        return subprocess.run(command, timeout=240, check=False, **options)  # type: ignore[call-overload]

    return run


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day in UTC, wherever the test runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    yield
