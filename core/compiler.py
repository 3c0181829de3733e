"""A leaner way through numba's compiler for kernels with many helpers.

Left to itself numba optimises and emits the code of every helper again at each level of calls. Here a
helper is lowered to LLVM code once, and only the kernel that uses it is optimised and emitted: a third of
the time for the event pass. This leans on internals of numba; :mod:`.kernel` falls back to plain
``numba.jit`` when they have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

F = TypeVar("F", bound=Callable[..., object])

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

    def run_pass(self, state: Any) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
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

    def run_pass(self, state: Any) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
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

    def __call__(self, *args: object) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.py_func(*args)


def make_kernel(function: F, cache: bool) -> F:
    """Compile ``function`` on first call, linking the helpers it uses."""
    return numba.jit(function, cache=cache, pipeline_class=_KernelCompiler, **_OPTIONS)  # type: ignore[return-value]


def make_helper(function: F) -> F:
    """Make a helper that kernels call; its code becomes part of theirs."""
    options = _OPTIONS | {"no_rewrites": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _Helper(py_func=function, targetoptions=options, pipeline_class=_HelperCompiler)  # type: ignore[return-value]


@intrinsic
def pointer(typingctx: Any, array: Any) -> Any:
    """Give the pointer to the data of a contiguous array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen
