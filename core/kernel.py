"""The one way to compile a kernel: no GIL, and a private cache where the machine allows it.

Import this module before ``numba`` anywhere: it chooses the cache folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def cache_home() -> Path | None:
    """Return the user's private cache folder of scaptui (mode 0700), or None if there is no place."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    folder = Path(base) / "scaptui"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


_home = cache_home()
if _home is not None:
    os.environ.setdefault("NUMBA_CACHE_DIR", str(_home / "kernels"))

import numba  # noqa: E402  (the cache folder must be known first)

_CACHE = "NUMBA_CACHE_DIR" in os.environ


def kernel(function: F) -> F:
    """Compile ``function`` with numba on first call: nogil, boundscheck off, cached when possible."""
    return numba.njit(function, nogil=True, cache=_CACHE)  # type: ignore[return-value]


def inline(function: F) -> F:
    """Compile a helper that kernels call and Python never does.

    It has no cache of its own: its code is part of the kernels that call it, and storing it by itself
    would double the time that compiling takes.
    """
    return numba.njit(function, nogil=True)  # type: ignore[return-value]
