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
from numba.core import types  # noqa: E402
from numba.core.codegen import JITCodeLibrary  # noqa: E402
from numba.core.compiler import CompilerBase, DefaultPassBuilder  # noqa: E402
from numba.core.compiler_machinery import register_pass  # noqa: E402
from numba.core.registry import CPUDispatcher  # noqa: E402
from numba.core.typed_passes import NativeLowering  # noqa: E402
from numba.extending import intrinsic  # noqa: E402
from numba.np.arrayobj import make_array  # noqa: E402

# kernels and helpers never allocate: without reference counts of their arguments the event pass is
# a quarter faster
_OPTIONS = {"nopython": True, "nogil": True, "_nrt": False}


class _HelperLibrary(JITCodeLibrary):
    """The code of one helper, neither optimised across functions nor emitted."""

    def finalize(self) -> None:
        """Close the library; whoever links it looks after what it needs itself."""
        self._raise_if_finalized()
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        self._ensure_finalized()
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "external":
                function.linkage = "linkonce_odr"  # only those in use stay
        return self._final_module


class _KernelLibrary(JITCodeLibrary):
    """The code of a kernel with all its helpers."""

    def finalize(self) -> None:
        """Link, optimise and emit."""
        needed: dict[Any, None] = {}
        todo = list(self._linking_libraries)
        while todo:
            library = todo.pop()
            if library not in needed:
                needed[library] = None
                if isinstance(library, _HelperLibrary):
                    todo += library._linking_libraries
        self._linking_libraries = list(needed)
        super().finalize()


@register_pass(mutates_CFG=True, analysis_only=False)
class _HelperLowering(NativeLowering):
    """Stops at LLVM code."""

    _name = "helper_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower the function and make it known to its callers."""
        state.library = _HelperLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        handle = object()  # stands for the machine code that there is none of
        state.targetctx.insert_user_function(handle, state["cr"].fndesc, [state.library])
        state["cr"] = state["cr"]._replace(cfunc=handle)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _KernelLowering(NativeLowering):
    """Makes machine code in a library that links helpers."""

    _name = "kernel_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower the function, link it with its helpers and emit it."""
        state.library = _KernelLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().run_pass(state)


class _HelperCompiler(CompilerBase):
    lowering: type[NativeLowering] = _HelperLowering

    def define_pipelines(self) -> list[Any]:
        """Return the ordinary pipeline with a lowering of ours."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(self.lowering if p is NativeLowering else p, text) for p, text in manager.passes]
        return [manager]


class _KernelCompiler(_HelperCompiler):
    lowering = _KernelLowering


class _Helper(CPUDispatcher):
    """A function that kernels call; called from Python it runs as Python."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Compile for the types of the arguments, never for the values of constants."""
        return super().get_call_template(tuple(types.unliteral(a) for a in args), kws)

    def add_overload(self, cres: Any) -> None:
        """Remember what was compiled; there is no entry for Python."""
        self.overloads[tuple(cres.signature.args)] = cres

    def __call__(self, *args: object) -> object:
        return self.py_func(*args)


def kernel(function: F) -> F:
    """Compile ``function`` with numba on first call: nogil, boundscheck off, cached when possible.

    Kernels work on arrays that they are given and cannot make new ones.
    """
    return numba.jit(function, cache=_CACHE, pipeline_class=_KernelCompiler, **_OPTIONS)  # type: ignore[return-value]


def inline(function: F) -> F:
    """Make a helper that kernels call; its code is part of theirs."""
    if numba.config.DISABLE_JIT:  # pyright: ignore[reportAttributeAccessIssue]
        return function
    options = _OPTIONS | {"no_rewrites": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _Helper(py_func=function, targetoptions=options, pipeline_class=_HelperCompiler)  # type: ignore[return-value]


@intrinsic
def _pointer(typingctx: Any, array: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@inline
def _itself(array: F) -> F:
    return array


# An array takes seven arguments of a call and thirty lines of LLVM code for each element that is
# used, with a test for negative indices; a pointer takes one and four. That is half the time to
# compile the event pass, and it runs nearly twice as fast. NUMBA_BOUNDSCHECK=1 gets the arrays.
_ARRAYS = numba.config.DISABLE_JIT or numba.config.BOUNDSCHECK  # pyright: ignore[reportAttributeAccessIssue]
unchecked: Any = _itself if _ARRAYS else _pointer
"""In a kernel: a contiguous array of one dimension as something to index, without any checks."""
