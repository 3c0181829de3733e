"""The one way to compile a kernel: no GIL, and a private cache where the machine allows it.

Import this module before ``numba`` anywhere: it chooses the cache folder.

numba by itself makes machine code and a Python entry of every function, once for each set of
literal arguments, and optimises and emits it again in all of its callers. Of the hundred small
functions of the event pass that made 44 s of CPU time. Here a helper (:func:`inline`) only becomes
LLVM code, once; the kernel that uses it is the one place where all is linked and optimised: 15 s.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

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
    digest = hashlib.sha256(f"{sys.version} {version('numba')}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        text = path.read_bytes()
        if b"@kernel" in text or b"@inline" in text or b"@intrinsic" in text:
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
from numba.core import config  # noqa: E402

try:
    from . import compiler as _lean
except (ImportError, AttributeError):  # a numba whose internals are others: slower to compile, same results
    _lean = None

_PLAIN = bool(vars(config)["DISABLE_JIT"])


def kernel(function: F) -> F:
    """Compile ``function`` with numba on first call: no GIL, boundscheck off, cached when possible.

    Kernels work on arrays that they are given and cannot make new ones.
    """
    if _lean is None or _PLAIN:
        return numba.njit(function, nogil=True, cache=_CACHE)  # type: ignore[return-value]
    return _lean.make_kernel(function, _CACHE)


def inline(function: F) -> F:
    """Make a helper that kernels call; its code is part of theirs. From Python it runs as Python."""
    if _PLAIN:
        return function
    if _lean is None:
        return numba.njit(function, nogil=True)  # type: ignore[return-value]
    return _lean.make_helper(function)


@inline
def _itself(array: F) -> F:
    return array


# An array takes seven arguments of a call and thirty lines of LLVM code for each element that is
# used, with a test for negative indices; a pointer takes one and four. That is half the time to
# compile the event pass, and it runs nearly twice as fast. NUMBA_BOUNDSCHECK=1 gets the arrays.
_ARRAYS = _lean is None or _PLAIN or vars(config)["BOUNDSCHECK"]
unchecked: Any = _itself if _ARRAYS or _lean is None else _lean.pointer
"""In a kernel: a contiguous array of one dimension as something to index, without any checks."""
