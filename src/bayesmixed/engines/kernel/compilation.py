"""How the kernel is compiled: inner functions to LLVM code only, entries to machine code that stays on disk.

Numba would optimize, emit and wrap every inner function for calls from Python, and again each caller with its
callees inside, which takes twice as long. Inner functions here stop at LLVM code, which the entries optimize
as one. This uses Numba's compiler pipeline (``pipeline_class``) and is known to no other file; Numba is
pinned to the minor versions it was tested with. With plain ``numba.njit`` in place of `compiled` everything
works the same, after a longer first compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer
from typing import Any

from llvmlite import binding as llvm
from numba import _dynfunc, njit  # type: ignore[attr-defined]  # _dynfunc is a C extension
from numba.core import sigutils
from numba.core import typed_passes as typed
from numba.core import untyped_passes as untyped
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompilerBase, Flags
from numba.core.compiler_machinery import LoweringPass, PassManager, register_pass

from bayesmixed.engines.kernel.kernel_cache import KernelCache, say_once

PATIENCE = 2.0
"""Seconds of compiling after which the user is told: small functions take less."""

NOTICE = "bayesmixed: compiling its kernel; this happens once on a machine and takes about 10 seconds."


def announce() -> None:
    """Tell the user, once in a session, what is going on."""
    say_once("compiling", NOTICE)


class EntryLibrary(JITCodeLibrary):
    """LLVM code of an entry with all that it calls, optimized as one.

    Loops are neither vectorized nor unrolled: nearly all of them run over one, two or three effects, where
    the checks before a longer step cost more than the arithmetic. The machine code is half as large.
    """

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        tuning = llvm.create_pipeline_tuning_options(speed_level=2)
        tuning.loop_unrolling = tuning.loop_vectorization = tuning.slp_vectorization = False
        builder = llvm.create_pass_builder(self._codegen._tm, tuning)
        builder.getModulePassManager().run(self._final_module, builder)


class InnerLibrary(EntryLibrary):
    """LLVM code of a function that only other compiled functions call: linked into them as it is."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=False)
class OfferToCallers(LoweringPass):
    """Make a function known to compiled callers without machine code of its own."""

    _name = "offer_to_callers"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Register the library of one function; what is compiled has changed."""
        fndesc = state.cr.fndesc
        key = _dynfunc.make_function(
            fndesc.lookup_module(), fndesc.qualname, "", 0, state.cr.env, (state.library,)
        )
        state.targetctx.insert_user_function(key, fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=key)
        return True


class InnerFlags(Flags):
    """Compiler flags compared by identity, since all inner functions share them."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def copy(self) -> InnerFlags:
        """These very flags."""
        return self


PASSES = (
    untyped.TranslateByteCode,
    untyped.FixupArgs,
    untyped.IRProcessing,
    untyped.ReconstructSSA,
    typed.NopythonTypeInference,
    typed.PreLowerStripPhis,
    typed.IRLegalization,
    typed.AnnotateTypes,
    typed.NativeLowering,
    OfferToCallers,
    typed.NoPythonBackend,
)
"""What is left of Numba's pipeline without closures, calls into Python, and array expressions."""


class InnerCompiler(CompilerBase):
    """Numba's compiler up to LLVM code."""

    flags: InnerFlags | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if InnerCompiler.flags is None:
            InnerCompiler.flags = InnerFlags(self.state.flags)
            # Numba's flags are descriptors that take plain values.
            InnerCompiler.flags.no_compile = True  # type: ignore[misc, assignment]
        self.state.flags = InnerCompiler.flags

    def define_pipelines(self) -> list[Any]:
        """One pipeline of `PASSES`, into a library that stays LLVM code."""
        state = self.state
        state.library = InnerLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        passes = PassManager("inner")
        for step in PASSES:
            passes.add_pass(step, step._name)
        passes.finalize()
        return [passes]


class EntryCompiler(Compiler):
    """Numba's compiler, into a library that is optimized our way."""

    def define_pipelines(self) -> list[Any]:
        """Numba's own pipeline."""
        state = self.state
        state.library = EntryLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        pipelines: list[Any] = super().define_pipelines()
        return pipelines


# Numba's annotations leave out two documented options.
compiled = njit(  # type: ignore[call-overload]
    nogil=True,
    error_model="numpy",
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    pipeline_class=InnerCompiler,
)
"""Decorator of a function that only other compiled functions call."""


def entry(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorator of a C function that nutpie or ctypes calls; compiled at once, or read from disk."""

    def compile_entry(function: Callable[..., Any]) -> Any:
        notice = Timer(PATIENCE, announce)
        try:
            made = CFunc(
                function,
                sigutils.normalize_signature(signature),
                locals={},
                options={},
                pipeline_class=EntryCompiler,
            )
            # As `CFunc.enable_caching` does with Numba's own.
            made._cache = KernelCache(function, missing=notice.start)  # type: ignore[attr-defined]
            made.compile()
            return made
        finally:
            notice.cancel()

    return compile_entry
