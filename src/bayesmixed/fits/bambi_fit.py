"""``from_bambi``: a Bambi model fitted by the engines of this package."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from bayesmixed.bridge.from_bambi import bambi_priors, read_bambi
from bayesmixed.engines.records import sampler_settings
from bayesmixed.fits.lmer import sample_model
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.specify import specify
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, Engine
from bayesmixed.surface import public


@public
def from_bambi(
    model: Any,
    *,
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    progress: bool | None = None,
) -> MixedFit:
    """Fit a Bambi model by this package's engines, with the model's own priors.

    Use it in place of ``model.fit()``: the posterior is the same, takes less time, and has lme4's tables.

    Parameters
    ----------
    model : bambi.Model
        A generalized linear mixed model: one linear predictor with group-specific terms, a univariate family.
        It is not changed.
    engine : {"auto", "collapsed", "joint", "pymc"}, default "auto"
        As in :func:`bayesmixed.lmer` and :func:`bayesmixed.glmer`.
    draws : int, default 1000
        Kept draws of each chain.
    tune : int, optional
        Tuning draws of each chain; the engine chooses the number unless given.
    chains : int, default 4
        Number of chains.
    cores : int, optional
        How many chains run at a time; all processors unless given.
    seed : int, optional
        Repeats the draws; ``fit.run.seed`` names the one used.
    adapt : bool, default True
        Whether sampling is repeated until the draws are good, as in :func:`bayesmixed.lmer`.
    progress : bool, optional
        Whether the sampler shows its progress; it does not unless asked to.

    Returns
    -------
    MixedFit
        The posterior. Its formula has ``||`` where Bambi's has ``|``: Bambi's random effects are independent.

    Raises
    ------
    BayesmixedError
        When `model` is not a Bambi model, or Bambi is not installed.
    FormulaError
        For smooths, formulas of other parameters and potentials; when the two packages read the formula
        differently, so that another model would be fitted.
    FamilyError
        For a family, a link or a kind of response that bayesmixed does not have.
    PriorError
        For a fixed value in place of a prior, or random effects that are not Normal(0, sigma).

    Warns
    -----
    ConvergenceWarning
        Once, when a quantity is still not good at the limit.

    Notes
    -----
    A combination of ``a:b`` without rows is not a level here; in Bambi it is one, which changes nothing but
    the number of parameters.

    Examples
    --------
    >>> import bambi, bayesmixed as bm
    >>> data = bm.load_dataset("Dyestuff").astype({"Batch": "category"})
    >>> fit = bm.from_bambi(bambi.Model("Yield ~ 1 + (1 | Batch)", data), seed=1)
    >>> print(fit.priors.table().loc[0, "prior"])
    Normal(mu=1528, sigma=154.9)
    """
    started = time.perf_counter()
    settings = sampler_settings(draws, tune, chains, cores, seed, adapt=adapt, progress=progress)
    return sample_model(bambi_spec(model), engine, settings, started)


def bambi_spec(model: Any) -> ModelSpec:
    """State a Bambi model in this package's terms, without fitting it."""
    statement = read_bambi(model)
    center: Center = "fixed" if model.center_predictors else False
    spec = specify(statement.formula, statement.data, center=center, family=statement.family)
    priors = bambi_priors(model, spec.design)
    return replace(spec, priors=complete_priors(spec.design, priors, spec.family))
