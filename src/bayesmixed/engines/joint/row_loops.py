"""How loops over rows are compiled: several rows at a time, with sums in any order.

The rest of the kernel loops over one, two or three effects and is compiled without this, see
`collapsed.compilation`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding as llvm
from numba import extending, njit, types

from bayesmixed.engines.kernel.compilation import InnerCompiler, InnerLibrary

SPEED_LEVEL = 3
intrinsic: Any = extending.intrinsic  # see `collapsed.memory`


class RowLibrary(InnerLibrary):
    """LLVM code of a loop over rows, vectorized before it is linked into its callers."""

    def _optimize_final_module(self) -> None:
        tuning = llvm.create_pipeline_tuning_options(speed_level=SPEED_LEVEL)
        builder = llvm.create_pass_builder(self._codegen._tm, tuning)
        builder.getModulePassManager().run(self._final_module, builder)


class RowCompiler(InnerCompiler):
    """Numba's compiler up to vectorized LLVM code."""

    def define_pipelines(self) -> list[Any]:
        """The pipeline of inner functions, into a library of loops over rows."""
        pipelines, state = super().define_pipelines(), self.state
        state.library = RowLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return pipelines


# Numba's annotations leave out two documented options.
over_rows = njit(  # type: ignore[call-overload]
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz"},
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    pipeline_class=RowCompiler,
)
"""Decorator of a function of long loops, whose sums may be taken in any order."""

of_a_row = njit(  # type: ignore[call-overload]
    nogil=True,
    error_model="numpy",
    fastmath=False,  # else it would be inherited from the caller
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    pipeline_class=RowCompiler,
)
"""Decorator of a function of one row inside such a loop, computed as it is written."""


def _cast(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """The same bits as another type."""
    return builder.bitcast(args[0], context.get_value_type(sig.return_type))


@intrinsic
def bits_of(typingctx: Any, number: Any) -> Any:  # noqa: ARG001
    """The 64 bits of a double as an integer."""
    return types.int64(types.double), _cast


@intrinsic
def double_of(typingctx: Any, bits: Any) -> Any:  # noqa: ARG001
    """The double with these 64 bits."""
    return types.double(types.int64), _cast
