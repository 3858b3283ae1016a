"""How the kernel is compiled: inner functions to LLVM code only, entries to machine code that stays on disk.

Numba would optimize, emit and wrap every inner function for calls from Python, and again each caller with its
callees inside, which takes twice as long. Inner functions here stop at LLVM code, which the entries optimize
as one. This uses Numba's compiler pipeline (``pipeline_class``) and is known to no other file; Numba is
pinned to the minor versions it was tested with. With plain ``numba.njit`` in place of `compiled` everything
works the same, after a longer first compilation.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import pickle
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

import llvmlite
import numba
from llvmlite import binding as llvm
from numba import _dynfunc, njit  # type: ignore[attr-defined]  # _dynfunc is a C extension
from numba.core import config, serialize, sigutils
from numba.core import typed_passes as typed
from numba.core import untyped_passes as untyped
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompilerBase, CompileResult, Flags
from numba.core.compiler_machinery import LoweringPass, PassManager, register_pass
from numba.misc.appdirs import AppDirs

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


VARIABLE = "BAYESMIXED_CACHE"
DIGEST_BYTES = hashlib.sha256().digest_size
VERSIONS_KEPT = 8
"""How many versions of an entry stay in a folder: those of other processors, environments, releases."""

UNKEPT = (
    "bayesmixed: the compiled kernel cannot be kept in {folder!r} ({reason}), so that every new process "
    f"compiles it again; name a folder that can be written in the environment variable {VARIABLE}."
)
_told: set[str] = set()


def say_once(kind: str, text: str) -> None:
    """Tell the user something on standard error, unless something of its kind was told in this session."""
    if kind not in _told:
        _told.add(kind)
        print(text, file=sys.stderr)


def cache_folders() -> tuple[Path, ...]:
    """Folders where compiled entries may lie, best first: the named one, or the user's and then ours."""
    named = os.environ.get(VARIABLE) or config.CACHE_DIR  # type: ignore[attr-defined]  # set as it is loaded
    if named:
        return (Path(named).expanduser().absolute(),)
    own = Path(AppDirs(appname="bayesmixed", appauthor=False).user_cache_dir)
    beside = Path(__file__).resolve().parent / "__pycache__"
    # Without a home the first begins with "~".
    return tuple(folder for folder in (own, beside) if folder.is_absolute())


class KernelCache:
    """What Numba asks of a cache, for one entry, `function`; calls `missing` before one is compiled.

    Numba's own cache ends a program when no folder can be written or a file is damaged, and would run machine
    code whose bits have flipped. Here a file begins with the digest of what follows, and its name holds a
    digest of all that the code depends on: so there is no index, processes that write at once write the same,
    and a file that is damaged is as good as none, compiled again and replaced.
    """

    def __init__(self, function: Callable[..., Any], *, missing: Callable[[], object]) -> None:
        self._function, self._missing = function, missing
        module = ".".join(function.__module__.split(".")[-2:])
        self._stem = f"{module}.{function.__name__}"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Compiled entry from disk, or None when there is none that is whole."""
        context.refresh()
        for folder in cache_folders():
            payload = _whole(folder / self._name(signature, context.codegen()))
            if payload is None:
                continue
            with suppress(Exception):  # compiling anew repairs it
                return CompileResult._rebuild(context, *pickle.loads(payload))
        self._missing()
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled entry in the first folder that takes it, or tell why none does."""
        payload = serialize.dumps(result._reduce())
        refusals = []
        for folder in cache_folders():
            try:
                _write(folder / self._name(signature, result.library.codegen), payload)
            except OSError as error:
                refusals.append(UNKEPT.format(folder=str(folder), reason=error.strerror or error))
                continue
            _forget_old(folder, self._stem)
            return
        if refusals:
            say_once("unkept", refusals[0])

    def _name(self, signature: Any, codegen: Any) -> str:
        """Name of the file: the entry, and a digest of its sources, the processor and the compilers."""
        code = self._function.__code__
        cells = tuple(cell.cell_contents for cell in self._function.__closure__ or ())
        digest = hashlib.sha256(Path(inspect.getfile(self._function)).read_bytes())
        versions = sys.implementation.cache_tag, numba.__version__, llvmlite.__version__
        place = code.co_firstlineno, str(signature), codegen.magic_tuple(), versions
        digest.update(repr(place).encode() + code.co_code + serialize.dumps(cells))
        return f"{self._stem}-{digest.hexdigest()[:20]}.nbc"


def _whole(path: Path) -> bytes | None:
    """What a file holds after the digest it begins with, or None when there is none or they differ."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def _write(path: Path, payload: bytes) -> None:
    """Write a file under its digest that appears when it is complete."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        beside.write_bytes(hashlib.sha256(payload).digest() + payload)
        os.replace(beside, path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _forget_old(folder: Path, stem: str) -> None:
    """Remove all but the newest versions of an entry."""
    with suppress(OSError):  # another process may be doing the same
        versions = sorted(folder.glob(f"{stem}-*.nbc"), key=lambda path: path.stat().st_mtime)
        for path in versions[:-VERSIONS_KEPT]:
            path.unlink(missing_ok=True)
