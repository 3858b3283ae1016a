"""The parametric bootstrap of a REML or ML estimate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.parameters import Parameter
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import seed_sequence
from bayesmixed.printing.records import wrapped
from bayesmixed.verbs.estimate.parameters import (
    ParameterArrays,
    arrays_tree,
    estimated_arrays,
    parameter_values,
    stacked,
)
from bayesmixed.verbs.summaries import check_prob, summarize

CHUNK_BYTES = 2**24
"""So much memory the simulated responses that are held at a time may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Estimates of B refits to responses simulated from one estimate.

    Attributes
    ----------
    arrays : ParameterArrays
        Their parameters: coefficients (B, p), sigma (B,), standard deviations (B, k), correlations (B, k, k).
    singular : NDArray
        Whether a covariance matrix of the refit does not have full rank, shape (B,).
    """

    arrays: ParameterArrays
    singular: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def __str__(self) -> str:
        said = wrapped(
            f"{self.n:,} bootstrap refits, {self.n_singular:,} of them singular. fit.confint(method='boot') "
            "makes intervals of such refits; arrays has the estimates:"
        )
        return f"{said}\n{self.arrays}"

    __repr__ = __str__

    @property
    def n(self) -> int:
        """Number of refits, B."""
        return len(self.singular)

    @property
    def n_singular(self) -> int:
        """Number of singular refits; many of them say that the data hardly determine the covariances."""
        return int(self.singular.sum())


def bootstrap(
    fitted: AnyEstimate, n: int = 500, seed: int | None = None, progress: bool = False
) -> Bootstrap:
    """Refit a model to responses simulated from its estimate."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise BayesmixedError(f"n={n!r} must be a whole number of refits, at least 1; lme4 does 500.")
    seeds = seed_sequence(seed)
    with single_threaded_blas():
        refits = _refits(fitted, n, seeds)
        found = [
            (estimated_arrays(fitted.design, optimum), optimum.singular)
            for optimum in _shown(refits, n, progress)
        ]
    return Bootstrap(
        arrays=stacked([arrays for arrays, _ in found]),
        singular=np.array([singular for _, singular in found]),
    )


def _refits(fitted: AnyEstimate, n: int, seeds: np.random.SeedSequence) -> Iterator[Optimum]:
    """Estimates of the refits, the responses simulated some at a time."""
    chunk = max(1, CHUNK_BYTES // (8 * fitted.design.n_rows))
    for done in range(0, n, chunk):
        yield from fitted.refits(fitted.simulated(min(chunk, n - done), seeds.spawn(1)[0]))


def _shown(refits: Iterator[Optimum], n: int, progress: bool) -> Iterable[Optimum]:
    """Refits, counted by a progress bar where one is wanted."""
    if not progress:
        return refits
    from rich.console import Console
    from rich.progress import track

    return track(refits, "Bootstrap", total=n, console=Console(stderr=True))


def bootstrap_intervals(refits: Bootstrap, parameters: Sequence[Parameter], prob: float = 0.95) -> FloatArray:
    """Percentile intervals of a parametric bootstrap.

    Returns shape (m, 2).

    Refits in which a correlation does not exist, beside a standard deviation of zero, do not count for it;
    the interval is NaN when it exists in none.
    """
    check_prob(prob)
    columns = parameter_values(parameters, refits.arrays).T
    return np.array([_percentiles(column[~np.isnan(column)], prob) for column in columns]).reshape(-1, 2)


def _percentiles(values: FloatArray, prob: float) -> FloatArray:
    """Equal-tailed interval of some values, shape (2,)."""
    if not len(values):
        return np.full(2, np.nan)
    summary = summarize(values[:, None], prob)
    return np.concatenate([summary.lower, summary.upper])


def bootstrap_tree(fitted: Estimate, refits: Bootstrap) -> xr.DataTree:
    """Lay a bootstrap out as a posterior of one chain, so that what reads draws gives bootstrap intervals."""
    blocks = fitted.design.blocks
    arrays = replace(refits.arrays, corr=tuple(np.nan_to_num(corr) for corr in refits.arrays.corr))
    untold = [np.broadcast_to(np.nan, (refits.n, block.n_levels, block.n_effects)) for block in blocks]
    tree = arrays_tree(fitted.design, arrays, untold)
    posterior = tree["posterior"].to_dataset()
    tree["posterior"] = xr.DataTree(posterior.drop_vars([names.ranef(block.group) for block in blocks]))
    return tree
