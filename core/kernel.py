"""The one way to compile a kernel: no GIL, and a private cache where the machine allows it.

Import this module before ``numba`` anywhere: it chooses the cache folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
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




def _sources_key() -> str:
    """A short name for the state of all modules with kernels.

    numba looks at the file of a kernel only, not at those of its helpers, and cannot read the index of
    a cache whose types have changed: a folder for each state of the sources avoids both.
    """
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        text = path.read_bytes()
        if b"@kernel" in text or b"@inline" in text:
            digest.update(text)
    return digest.hexdigest()[:16]


def _choose_cache() -> bool:
    """Point numba to a folder for these sources and drop those of older ones; False without a place."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return True
    home = cache_home()
    if home is None:
        return False
    folder = home / "kernels" / _sources_key()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.touch()
        others = sorted(folder.parent.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in others[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return False
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return True


_KEPT = 3  # folders of compiled kernels: several versions may be in use
_CACHE = _choose_cache()

import numba  # noqa: E402  (the cache folder must be known first)


def kernel(function: F) -> F:
    """Compile ``function`` with numba on first call: nogil, boundscheck off, cached when possible."""
    return numba.njit(function, nogil=True, cache=_CACHE)  # type: ignore[return-value]


def inline(function: F) -> F:
    """Compile a helper that kernels call and Python never does.

    It has no cache of its own: its code is part of the kernels that call it, and storing it by itself
    would double the time that compiling takes.
    """
    return numba.njit(function, nogil=True)  # type: ignore[return-value]
