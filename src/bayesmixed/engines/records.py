"""What an engine hands on: named draws in the units of the data, and how they were made."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.errors import BayesmixedError
from bayesmixed.options import KeepRanef, checked_count, checked_seed, one_of
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerSettings:
    """How NUTS is asked to run."""

    # draws, tune, chains, cores: kept draws and tuning draws of each chain, number of chains, and how many
    # run at a time
    draws: int = 1000
    tune: int = 500
    chains: int = 4
    cores: int = 1
    seed: int = 0  # seed of everything random
    # whether sampling is repeated, longer, until every quantity is good (and then thinned to `draws`)
    adapt: bool = True
    progress: bool = False  # whether a progress bar is shown
    # Mean acceptance rate that the step size is tuned for; the engine's own unless given. A higher rate makes
    # the steps finer.
    target_accept: float | None = None
    fewest: int = 100  # kept draws below which a chain that the user interrupts is thrown away
    keep_ranef: KeepRanef = "draws"  # what is kept of the random effects

    def times(self, factor: int) -> SamplerSettings:
        """The same settings with that many times the draws, and with its square root times the tuning."""
        return replace(
            self,
            draws=self.draws * factor,
            tune=round(self.tune * factor**0.5),
            fewest=self.fewest * factor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Numbers that an engine holds of every draw."""

    sampled: int  # those that NUTS walks over
    effects: int  # random effects that are laid out or drawn afterwards
    spared: int = 0  # those of them that `keep_ranef="moments"` does without


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """How a posterior was obtained, as the summary prints it.

    Attributes
    ----------
    engine : str
        ``"collapsed"``, ``"joint"`` or ``"pymc"``.
    plan : tuple[str, ...]
        What was integrated and what was sampled, and why, in sentences.
    draws, tune, chains : int
        Kept draws and tuning draws of each chain, number of chains.
    thin : int
        Every how many-th draw was kept (1: all).
    seed : int
        Seed that repeats the draws.
    seconds : float
        Wall time of the fit call.
    versions : dict[str, str]
        Versions of the libraries that took part.
    """

    engine: str
    plan: tuple[str, ...]
    draws: int
    tune: int
    chains: int
    thin: int
    seed: int
    seconds: float
    versions: dict[str, str] = field(default_factory=dict)

    __repr__ = short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelMoments:
    """Posterior moments of the random effects of one grouping factor, in the units of the data."""

    # ranef, coef: mean, standard deviation and quantiles of every effect, and of the coefficient that it
    # makes with its fixed part, shape (M, J, k), in the order of `names.MOMENTS`
    ranef: NDArray[np.float64]
    coef: NDArray[np.float64]
    covariance: NDArray[np.float64]  # posterior covariance matrix of every level's effects, shape (J, k, k)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPredictor:
    """Draws of the predictor of a parameter beside the mean, on the scale of its link; see `RawDraws`."""

    beta: NDArray[np.float64]
    sd: tuple[NDArray[np.float64], ...]
    corr: tuple[NDArray[np.float64] | None, ...]
    ranef: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDraws:
    """Draws of every parameter, in the units of the data."""

    beta: NDArray[np.float64]  # coefficients, shape (chain, draw, p)
    # of the family and of the residuals' correlations by name, each of shape (chain, draw, ...)
    parameters: dict[str, NDArray[np.float64]]
    sd: tuple[NDArray[np.float64], ...]  # for each block, shape (chain, draw, k)
    # for each block with correlated effects the full correlation matrix, shape (chain, draw, k, k), else None
    corr: tuple[NDArray[np.float64] | None, ...]
    # for each block, shape (chain, draw, J, k); None where moments are kept instead
    ranef: tuple[NDArray[np.float64] | None, ...]
    # the sampler's statistics, each of shape (chain, draw), under ArviZ's names
    sample_stats: dict[str, NDArray[Any]]
    # for each block the moments of its random effects, None where their draws are kept; empty where all are
    moments: tuple[LevelMoments | None, ...] = ()
    # of the predictors of parameters beside the mean, by the name of the parameter
    others: dict[str, RawPredictor] = field(default_factory=dict)
    interrupted: bool = False  # whether the user pressed Ctrl-C while the chains ran


MOST_DRAWS, MOST_CHAINS = 10**9, 10**4
"""More than these are slips of the hand; whether fewer fit into memory, `engines.machine` knows."""


def sampler_settings(
    draws: int,
    tune: int | None,
    chains: int,
    cores: int | None,
    seed: int | None,
    *,
    adapt: bool,
    progress: bool | None,
    keep_ranef: KeepRanef = "draws",
) -> SamplerSettings:
    """What a user asks of the sampler, checked."""
    one_of(keep_ranef, KeepRanef, "keep_ranef")
    return SamplerSettings(
        draws=_at_most(MOST_DRAWS, draws, "draws"),
        tune=_at_most(MOST_DRAWS, tune, "tune") if tune is not None else 0,
        chains=_at_most(MOST_CHAINS, chains, "chains"),
        cores=min(chains, (os.cpu_count() or 1) if cores is None else checked_count(cores, "cores")),
        seed=np.random.SeedSequence().generate_state(1)[0].item() if seed is None else checked_seed(seed),
        adapt=adapt,
        progress=bool(progress),
        keep_ranef=keep_ranef,
    )


def _at_most(most: int, value: object, argument: str) -> int:
    """A number of things, no more than can be meant."""
    count = checked_count(value, argument)
    if count > most:
        raise BayesmixedError(f"{argument}={value!r} is too many: {argument} is at most {most:,}.")
    return count
