"""NUTS by nutpie on a compiled density: the one file that knows nutpie's private interface.

nutpie's public way into a custom density, ``nutpie.compiled_pyfunc.from_pyfunc``, calls back into Python and
takes the interpreter's lock at every leapfrog step. The way it runs PyMC models takes the address of a C
function instead (``nutpie/compile_pymc.py``), so that chains run in parallel with no Python in between. That
interface is not public: nutpie is pinned to the minor version with which this file was tested, and where the
interface is another, `run_nuts` goes the public way by itself, which gives the same draws.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock, Thread
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.records import SamplerSettings
from bayesmixed.errors import SamplingError, warn
from bayesmixed_program import ctrl_c_waits

POINT, COORDINATE = "point", "coordinate"
STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "n_steps": "n_steps",
    "depth": "tree_depth",
    "maxdepth_reached": "reached_max_treedepth",
    "mean_tree_accept": "acceptance_rate",
    "step_size": "step_size",
}
"""nutpie's names of the sampler's statistics, and ArviZ's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeDensity:
    """A log density as compiled C functions."""

    dimension: int  # length of the point
    # density, expand: Numba `cfunc` objects with nutpie's signatures
    density: Any
    expand: Any
    data: NDArray[np.int64]  # the packed block that both get as user data


@dataclass(frozen=True, slots=True, kw_only=True)
class NutsDraws:
    """What NUTS returns."""

    points: FloatArray  # what `expand` made of every kept draw, shape (chain, draw, dimension)
    # statistics of every kept draw under ArviZ's names, shape (chain, draw)
    sample_stats: dict[str, NDArray[Any]]
    interrupted: bool  # whether the user pressed Ctrl-C while the chains ran


def run_nuts(
    target: NativeDensity,
    settings: SamplerSettings,
    *,
    start: Callable[[int], FloatArray],
    target_accept: float = 0.8,
    callback: bool = False,
) -> NutsDraws:
    """Sample a compiled density. Shapes: `start` (dimension,)."""
    if target.dimension == 0:
        return _nothing_to_walk_over(settings)
    nutpie = load_nutpie()
    with single_threaded_blas():
        chains = _first_that_starts(
            [_callback_model] if callback else [_pointer_model, _callback_model],
            target,
            start,
            nutpie.sample,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=settings.seed,
            progress_bar=settings.progress,
            return_raw_trace=True,
            target_accept=target_accept,
            blocking=False,
        )
        trace, interrupted = _trace(chains)
        return _collect(trace, settings, target.dimension, interrupted)


def _nothing_to_walk_over(settings: SamplerSettings) -> NutsDraws:
    """Draws of a model in which everything is integrated out."""
    shape, stats = (settings.chains, settings.draws), quiet_statistics(settings)
    return NutsDraws(points=np.empty((*shape, 0)), sample_stats=stats, interrupted=False)


def quiet_statistics(settings: SamplerSettings) -> dict[str, NDArray[Any]]:
    """Statistics of draws that are independent, under ArviZ's names, shape (chain, draw)."""
    shape = (settings.chains, settings.draws)
    stats: dict[str, NDArray[Any]] = {name: np.zeros(shape) for name in STATISTICS.values()}
    flags = {name: np.zeros(shape, dtype=bool) for name in ("diverging", "reached_max_treedepth")}
    whole = {name: np.zeros(shape, dtype=np.uint64) for name in ("n_steps", "tree_depth")}
    return stats | {"acceptance_rate": np.ones(shape), **flags, **whole}


def _trace(chains: Any) -> tuple[Any, bool]:
    """Trace of running chains when they have ended or Ctrl-C is pressed, with whether it was."""
    try:
        # It judges the draws, and loads while they are made: in a thread, which Ctrl-C does not tear.
        Thread(target=importlib.import_module, args=("arviz_stats",), daemon=True).start()
        return chains.wait(), False
    except KeyboardInterrupt:
        return chains.abort(), True
    except RuntimeError as error:
        raise SamplingError(
            f"NUTS broke off: {error}. Check the scales of the predictors and the priors."
        ) from error


def _first_that_starts(
    ways: Sequence[Callable[..., Any]], target: NativeDensity, start: Any, sample: Any, **options: Any
) -> Any:
    """Chains that run on the first model that nutpie takes."""
    way, *others = ways
    try:
        return sample(way(target, start), **options)
    except Exception as error:  # another interface may raise anything
        if not others:
            raise
        _warn_of_detour(f"{type(error).__name__}: {error}")
    return _first_that_starts(others, target, start, sample, **options)


@cache
def _warn_of_detour(reason: str) -> None:
    """Warn, once in a session, that the sampler is slow."""
    warn(
        f"This version of nutpie takes compiled densities in another way than the versions that bayesmixed "
        f"was tested with ({reason}). NUTS calls them through Python: the draws are the same, but take "
        "several times as long. Install the version of nutpie that bayesmixed asks for.",
        RuntimeWarning,
    )


def _collect(trace: Any, settings: SamplerSettings, dimension: int, interrupted: bool) -> NutsDraws:
    """Kept draws and statistics out of nutpie's Arrow batches; a chain that never began has an empty one."""
    draw_batches, stat_batches = trace.get_arrow_trace()
    points, stats = [], []
    for draws, chain_stats in zip(draw_batches, stat_batches, strict=True):
        import pyarrow as pa

        table = pa.record_batch(chain_stats)
        kept = ~np.asarray(table.column("tuning").to_numpy(zero_copy_only=False), dtype=bool)
        values = pa.record_batch(draws).column(POINT).flatten().to_numpy()
        points.append(values.reshape(len(kept), dimension)[kept])
        stats.append(
            {
                ours: table.column(theirs).to_numpy(zero_copy_only=False)[kept]
                for theirs, ours in STATISTICS.items()
            }
        )
    chains, length = chains_worth_keeping([len(chain) for chain in points], settings)
    return NutsDraws(
        points=np.array([points[i][:length] for i in chains]),
        sample_stats={name: np.array([stats[i][name][:length] for i in chains]) for name in stats[0]},
        interrupted=interrupted,
    )


def chains_worth_keeping(lengths: Sequence[int], settings: SamplerSettings) -> tuple[list[int], int]:
    """Chains of an interrupted run, and how many draws of each, that make the most draws.

    Returns: places of the chains, in order, and the number of draws that all of them have.
    """
    enough = min(settings.draws, settings.fewest)
    longest = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    sizes = {n: lengths[longest[n - 1]] for n in range(min(2, settings.chains), len(lengths) + 1)}
    possible = {n: length for n, length in sizes.items() if length >= enough}
    if not possible:
        raise KeyboardInterrupt("Sampling was interrupted before two chains had draws to keep.")
    n = max(possible, key=lambda n: (n * possible[n], n))
    return sorted(longest[:n]), possible[n]


def _pointer_model(target: NativeDensity, start: Callable[[int], FloatArray]) -> Any:
    """Model of nutpie that calls the compiled functions by address."""
    lib = importlib.import_module("nutpie._lib")
    base = importlib.import_module("nutpie.sample").CompiledModel
    n = target.dimension

    class PointerModel(base):  # type: ignore[misc, valid-type]
        @property
        def n_dim(self) -> int:
            return n

        @property
        def coords(self) -> dict[str, Any]:
            return {}

        def _make_model(self, _init_mean: Any) -> Any:
            data = target.data.ctypes.data
            sizes, dims = {COORDINATE: n}, {POINT: (COORDINATE,)}
            return lib.PyMcModel(
                lib.LogpFunc(target.density.address, data, self),
                lib.ExpandFunc(n, n, target.expand.address, data, self),
                lib.PyVariable.new_variables([POINT], ["float64"], [(n,)], sizes, dims),
                n,
                sizes,
                {},
                start,
                None,
            )

        def _make_sampler(self, settings: Any, init_mean: Any, cores: int, *rest: Any) -> Any:
            return lib.PySampler.from_pymc(settings, cores, self._make_model(init_mean), *rest)

    return PointerModel(dims={})


def _callback_model(target: NativeDensity, start: Callable[[int], FloatArray]) -> Any:
    """Model of nutpie that calls the same functions through Python."""
    pyfunc = importlib.import_module("nutpie.compiled_pyfunc")
    doubles = ctypes.POINTER(ctypes.c_double)
    data = ctypes.c_void_p(target.data.ctypes.data)
    n = target.dimension

    def pointer(values: FloatArray) -> Any:
        return values.ctypes.data_as(doubles)

    def log_density(z: FloatArray) -> tuple[float, FloatArray]:
        z = np.ascontiguousarray(z)
        gradient, value = np.empty(n), np.empty(1)
        status = target.density.ctypes(n, pointer(z), pointer(gradient), pointer(value), data)
        return (float(value[0]) if status == 0 else -np.inf), gradient

    def expand(z: FloatArray) -> dict[str, FloatArray]:
        z = np.ascontiguousarray(z)
        out = np.empty(n)
        target.expand.ctypes(n, n, pointer(z), pointer(out), data)
        return {POINT: out}

    return pyfunc.from_pyfunc(
        n,
        lambda: log_density,
        lambda *_: expand,
        [np.dtype("float64")],
        [(n,)],
        [POINT],
        coords={COORDINATE: np.arange(n)},
        dims={POINT: (COORDINATE,)},
        make_initial_point_fn=start,
    )


DEFERRED = "arviz"

_running = RLock()


class DeferredModule(ModuleType):
    """A module whose code runs when a name is first looked up in it: the one and whole module for everybody.

    `importlib.util.LazyLoader` runs the code at the next ``import`` of the module, which would be nutpie's.
    """

    def __getattr__(self, name: str) -> Any:
        with _running:  # other threads wait for the whole module
            state = vars(self)
            if type(self) is DeferredModule and "__running__" not in state:
                state["__running__"] = True
                try:
                    state["__spec__"].loader.exec_module(self)
                    self.__class__ = ModuleType  # type: ignore[assignment]
                finally:
                    del state["__running__"]
        return ModuleType.__getattribute__(self, name)


class _Later(Loader):
    """A loader whose modules are deferred; from then on they name the loader that runs their code."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        """Python's own."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing yet."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        module.__class__ = DeferredModule


class _Deferring(MetaPathFinder):
    """A finder that defers one module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Spec of the deferred module, none of any other."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == DEFERRED else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


def load_nutpie() -> Any:
    """nutpie; ArviZ is in ``sys.modules`` afterwards, and runs when it is used.

    Python's own locks of imports hold: a thread that imports ArviZ meanwhile gets this very module.
    """
    with ctrl_c_waits():
        if DEFERRED not in sys.modules:
            finder = _Deferring()
            sys.meta_path.insert(0, finder)
            try:
                import_module(DEFERRED)
            finally:
                sys.meta_path.remove(finder)
        return import_module("nutpie")
