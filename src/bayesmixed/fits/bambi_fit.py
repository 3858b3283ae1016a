"""``from_bambi``: a Bambi model fitted by the engines of this package."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from bayesmixed.bridge.from_bambi import bambi_priors, read_bambi
from bayesmixed.engines.settings import sampler_settings
from bayesmixed.fits.lmer import sample_model
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.specify import specify
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, Engine
from bayesmixed.priors.prior_set import complete_priors
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

    Use it in place of ``model.fit()``: the posterior is the same, sooner there, and has lme4's tables.

    Parameters
    ----------
    model : bambi.Model
        A generalized linear mixed model: one linear predictor with group-specific terms, a univariate family.
        It is not changed.
    engine, draws, tune, chains, cores, seed, adapt, progress
        As in :func:`bayesmixed.glmer`.

    Returns
    -------
    MixedFit
        The posterior. Its formula has ``||`` where Bambi's has ``|``: Bambi's random effects are independent.

    Raises
    ------
    BayesmixedError
        When it is no Bambi model, or Bambi is not installed.
    FormulaError
        For smooths, formulas of other parameters and potentials; when the two packages read the formula
        differently, so that another model would be fitted.
    FamilyError
        For a family, a link or a kind of response that we have not.
    PriorError
        For a fixed value in place of a prior, or random effects that are not Normal(0, sigma).

    Warns
    -----
    ConvergenceWarning
        Once, when a quantity is still not good at the limit.

    Notes
    -----
    Combinations of an ``a:b`` that no row has get no level here; Bambi gives them one, which changes nothing
    but the number of parameters.

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
