"""Raw memory for compiled code: pointers, without the bounds and the bookkeeping of arrays.

Numba passes an array as seven values and asks of every index whether it is negative; a pointer is one value,
and an index into it one addition. With pointers the kernel takes a third less time, and compiles faster.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

INTEGERS, DOUBLES = types.CPointer(types.int64), types.CPointer(types.double)
BYTES, WORD = ir.IntType(8).as_pointer(), ir.IntType(64)
WORD_BYTES = 8
intrinsic: Any = (
    extending.intrinsic
)  # Numba's annotations count the typing context among the arguments of a call.


def _cast(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """The same address as another type of pointer."""
    return builder.bitcast(args[0], context.get_value_type(sig.return_type))


@intrinsic
def integers(typingctx: Any, block: Any) -> Any:  # noqa: ARG001
    """Untyped block of memory as 64-bit integers."""
    return INTEGERS(types.voidptr), _cast


@intrinsic
def doubles(typingctx: Any, block: Any) -> Any:  # noqa: ARG001
    """Untyped block of memory as doubles."""
    return DOUBLES(types.voidptr), _cast


@intrinsic
def beyond(typingctx: Any, pointer: Any, offset: Any) -> Any:  # noqa: ARG001
    """Pointer to the same memory from an offset on."""

    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), generate


@intrinsic
def allocate(typingctx: Any, n_words: Any) -> Any:  # noqa: ARG001
    """New block of doubles, to be given back to `release`; a null pointer when there is no memory left."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        malloc = cgutils.get_or_insert_function(builder.module, ir.FunctionType(BYTES, [WORD]), "malloc")
        block = builder.call(malloc, [builder.mul(args[0], WORD(WORD_BYTES))])
        return _cast(context, builder, sig, [block])

    return DOUBLES(types.int64), generate


@intrinsic
def is_null(typingctx: Any, block: Any) -> Any:  # noqa: ARG001
    """Whether `allocate` found no memory."""

    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return cgutils.is_null(builder, args[0])

    return types.boolean(DOUBLES), generate


@intrinsic
def release(typingctx: Any, block: Any) -> Any:  # noqa: ARG001
    """Give back a block made by `allocate`."""

    def generate(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        free = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [BYTES]), "free")
        builder.call(free, [builder.bitcast(args[0], BYTES)])
        return context.get_dummy_value()

    return types.void(DOUBLES), generate
