"""``lm`` and ``glm``: regressions without random effects, as posteriors or as R's estimates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, overload

from bayesmixed.engines.records import sampler_settings
from bayesmixed.errors import FormulaError
from bayesmixed.fits.lmer import LIKELIHOOD, sample_model
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.regression_fit import RegressionFit, regression_fit
from bayesmixed.fits.specify import Formula, Weights, specify
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, Engine, GlmMethod, LmMethod, Missing, one_of
from bayesmixed.surface import public, uses

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from bayesmixed.fits.specify import Data


@overload
def lm(
    formula: Formula,
    data: Data,
    *,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    method: Literal["bayes"] = "bayes",
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    missing: Missing = "drop",
    progress: bool | None = None,
) -> MixedFit: ...
@overload
def lm(
    formula: Formula,
    data: Data,
    *,
    weights: Weights | None = None,
    method: Literal["ols"],
    missing: Missing = "drop",
) -> RegressionFit: ...
@public
@uses("method", {"ols": LIKELIHOOD}, instead="bayes")
def lm(
    formula: Formula,
    data: Data,
    *,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    method: LmMethod = "bayes",
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    missing: Missing = "drop",
    progress: bool | None = None,
) -> MixedFit | RegressionFit:
    """Fit a linear regression without random effects, Bayesian unless asked otherwise.

    Use it as R's ``lm``: the baseline beside which a mixed model stands, with the same verbs and tables.

    Parameters
    ----------
    formula : str or sequence of str
        As in :func:`bayesmixed.lmer`, without a bar, e.g. ``"Reaction ~ Days"``.
    data : frame, lazy frame or path
        One row for each observation, as in :func:`bayesmixed.lmer`.
    priors : mapping of str to Prior, optional
        Priors of ``"Intercept"``, coefficients and ``"sigma"`` by name, as in :func:`bayesmixed.lmer`.
    center : {True, "fixed", False}, default True
        Where the predictors stand when priors apply: at their means (``True`` and ``"fixed"``) or at zero.
    weights : str or array, optional
        A column's name, or one number for each row; the residual variance of a row is sigma^2 / weight.
    method : {"bayes", "ols"}, default "bayes"
        ``"bayes"``: the posterior. ``"ols"``: least squares, R's estimates, which use `weights` and `missing`
        alone and refuse the other arguments.
    engine : {"auto", "collapsed", "joint", "pymc"}, default "auto"
        ``"collapsed"`` integrates the coefficients out exactly and draws sigma, where it alone is left, from
        its exact distribution; ``"pymc"`` samples the graph; ``"auto"`` takes the first that can fit the
        model.
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
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs.
    progress : bool, optional
        Whether the sampler shows its progress; it does not unless asked to.

    Returns
    -------
    MixedFit or RegressionFit
        The posterior, or the estimate. Verbs about random effects are refused.

    Raises
    ------
    FormulaError
        When the formula cannot be read or has a bar.
    DataError, PriorError, EngineError
        As in :func:`bayesmixed.lmer`.
    BayesmixedError
        When an argument is given that the method does not use.

    Warns
    -----
    ConvergenceWarning, DesignWarning
        As in :func:`bayesmixed.lmer`.

    Notes
    -----
    y = X b + e, e ~ N(0, sigma^2 / w). Rows of one group are taken for independent: a regression of grouped
    data gives standard errors of the intercept that are too small.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> sleep = bm.load_dataset("sleepstudy")
    >>> bm.lm("Reaction ~ Days", sleep, method="ols").fixef()[["term", "value", "se", "t"]].round(2)
    term       value   se     t
    Intercept 251.41 6.61 38.03
    Days       10.47 1.24  8.45
    >>> bm.lm("Reaction ~ Days", sleep, seed=1).fixef()["value"].round(0).tolist()
    [251.0, 10.0]
    """
    started = time.perf_counter()
    one_of(method, LmMethod, "method")
    spec = specify(formula, data, priors=priors, center=center, weights=weights, missing=missing)
    refuse_bars(spec, "bm.lmer(formula, data)")
    if method == "ols":
        return regression_fit(spec, "ols")
    settings = sampler_settings(draws, tune, chains, cores, seed, adapt=adapt, progress=progress)
    return sample_model(spec, engine, settings, started)


@overload
def glm(
    formula: Formula,
    data: IntoDataFrame,
    family: object,
    *,
    link: str | None = None,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    method: Literal["bayes"] = "bayes",
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    missing: Missing = "drop",
    progress: bool | None = None,
) -> MixedFit: ...
@overload
def glm(
    formula: Formula,
    data: IntoDataFrame,
    family: object,
    *,
    link: str | None = None,
    weights: Weights | None = None,
    method: Literal["ml"],
    missing: Missing = "drop",
) -> RegressionFit: ...
@public
@uses("method", {"ml": ("formula", "data", "family", "link", "weights", "missing")}, instead="bayes")
def glm(
    formula: Formula,
    data: IntoDataFrame,
    family: object,
    *,
    link: str | None = None,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    method: GlmMethod = "bayes",
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    missing: Missing = "drop",
    progress: bool | None = None,
) -> MixedFit | RegressionFit:
    """Fit a generalized linear model without random effects, Bayesian unless asked otherwise.

    Use it as R's ``glm``, for counts, proportions, times and other responses that are not normal.

    Parameters
    ----------
    formula : str or sequence of str
        As in :func:`bayesmixed.glmer`, without a bar, e.g. ``"prop(incidence, size) ~ period"``.
    data : pandas, polars or Arrow frame
        One row for each observation; it is not changed.
    family : str, Family or bambi.Family
        As in :func:`bayesmixed.glmer`.
    link : str, optional
        As in :func:`bayesmixed.glmer`; the family's default link unless given.
    priors : mapping of str to Prior, optional
        Priors by name, as in :func:`bayesmixed.glmer`.
    center : {True, "fixed", False}, default True
        Where the predictors stand when priors apply: at their means (``True`` and ``"fixed"``) or at zero.
    weights : str or array, optional
        Of a proportion the numbers of trials; of a gaussian family as in :func:`bayesmixed.lm`.
    method : {"bayes", "ml"}, default "bayes"
        ``"bayes"``: the posterior. ``"ml"``: maximum likelihood, as R's ``glm``, ``MASS::glm.nb`` and
        ``survival::survreg``, which does not use priors and refuses the arguments of sampling.
    engine : {"auto", "collapsed", "joint", "pymc"}, default "auto"
        As in :func:`bayesmixed.glmer`.
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
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs.
    progress : bool, optional
        Whether the sampler shows its progress; it does not unless asked to.

    Returns
    -------
    MixedFit or RegressionFit
        The posterior, or the estimate. Verbs about random effects are refused.

    Raises
    ------
    FormulaError
        When the formula cannot be read or has a bar.
    DataError
        As in :func:`bayesmixed.lmer`; when the likelihood does not have a maximum, as where a predictor
        separates successes from failures.
    PriorError, FamilyError, EngineError
        As in :func:`bayesmixed.glmer`; FamilyError for maximum likelihood of a family that is Bambi's alone.
    BayesmixedError
        When an argument is given that the method does not use.

    Warns
    -----
    ConvergenceWarning, DesignWarning
        As in :func:`bayesmixed.lmer`.

    Notes
    -----
    g(location of y_i) = x_i' b + offset_i; :func:`bayesmixed.glmer` states the families. By maximum
    likelihood the family's own parameter, such as a gamma shape, is estimated by it too, where R's ``glm``
    takes moments: coefficients are the same, standard errors those of ``MASS::gamma.dispersion``.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> herds = bm.load_dataset("cbpp")
    >>> fit = bm.glm("prop(incidence, size) ~ period", herds, "binomial", method="ml")
    >>> fit.fixef()[["term", "value", "se", "z"]].round(2)
    term        value   se     z
    Intercept   -1.27 0.14 -8.76
    period[T.2] -1.17 0.29 -4.02
    period[T.3] -1.30 0.31 -4.16
    period[T.4] -1.78 0.41 -4.31
    """
    started = time.perf_counter()
    one_of(method, GlmMethod, "method")
    spec = specify(
        formula,
        data,
        priors=priors,
        center=center,
        weights=weights,
        missing=missing,
        family=family,
        link=link,
    )
    refuse_bars(spec, "bm.glmer(formula, data, family)")
    if method == "ml":
        return regression_fit(spec, "ml")
    settings = sampler_settings(draws, tune, chains, cores, seed, adapt=adapt, progress=progress)
    return sample_model(spec, engine, settings, started)


def refuse_bars(spec: ModelSpec, instead: str) -> None:
    """Refuse a mixed model, which another function fits."""
    spec.design.formula.refuse_coupled("A regression without groups")
    if spec.design.all_blocks:
        raise FormulaError(
            "The formula has random effects.",
            spec.design.formula.text,
            advice=f"Leave bars and smooths out, or write {instead} for the model with them.",
        )
