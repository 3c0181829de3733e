"""What the fixtures that run the program give to a test."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[bytes]]  # scaptui("view", path, "procs", "--json")
