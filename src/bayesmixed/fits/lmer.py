"""``lmer``: from a formula and a data frame to a fit, and ``load`` for a saved one."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, overload

from bayesmixed.design.checks import warn_of_priors_alone
from bayesmixed.engines.choose import prepare_engine
from bayesmixed.engines.moments import MOMENTS_KEPT
from bayesmixed.engines.records import RunInfo, SamplerSettings, sampler_settings
from bayesmixed.errors import EngineError, FileError
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.reml_fit import RemlFit, reml_fit
from bayesmixed.fits.specify import Formula, Weights, require_structure, specify
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, Engine, KeepRanef, Method, Missing, one_of
from bayesmixed.surface import public, uses

if TYPE_CHECKING:
    from bayesmixed.fits.specify import Data

LIKELIHOOD = ("formula", "data", "weights", "data2", "missing")
"""Arguments that REML and maximum likelihood use."""
LIBRARIES = ("bayesmixed", "pymc", "nutpie", "numba", "arviz", "numpy")


@overload
def lmer(
    formula: Formula,
    data: Data,
    *,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    data2: Mapping[str, object] | None = None,
    method: Literal["bayes"] = "bayes",
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    keep_ranef: KeepRanef = "draws",
    missing: Missing = "drop",
    progress: bool | None = None,
) -> MixedFit: ...
@overload
def lmer(
    formula: Formula,
    data: Data,
    *,
    weights: Weights | None = None,
    data2: Mapping[str, object] | None = None,
    method: Literal["reml", "ml"],
    missing: Missing = "drop",
) -> RemlFit: ...
@public
@uses("method", {"reml": LIKELIHOOD, "ml": LIKELIHOOD}, instead="bayes")
def lmer(
    formula: Formula,
    data: Data,
    *,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    data2: Mapping[str, object] | None = None,
    method: Method = "bayes",
    engine: Engine = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int | None = None,
    adapt: bool = True,
    keep_ranef: KeepRanef = "draws",
    missing: Missing = "drop",
    progress: bool | None = None,
) -> MixedFit | RemlFit:
    """Fit a linear mixed model, Bayesian unless asked otherwise.

    Use it as lme4's ``lmer``: the formula is the same, and so are the tables that come back.

    Parameters
    ----------
    formula : str or sequence of str
        In lme4's language, e.g. ``"Reaction ~ Days + (Days | Subject)"``. Bars: ``(1 | g)``; ``(x | g)``,
        correlated; ``(x || g)``, independent; ``(0 + x | g)``; ``(1 | a/b)``, nested; ``(1 | a:b)``;
        ``us(x | g)``, ``diag(x | g)``. Besides ``a * b``, ``(a + b)^2`` and so on: ``I(x^2)``, ``log(x)``,
        ``poly(x, 2)``, ``scale(x)``, ``center(x)``, ``factor(x)``, ``C(f, Treatment('b'))``, ``bs(x, df=4)``,
        ``cr(x, df=4)``, ``offset(x)``; smooths ``s(x, k=10)``, ``s(x, by=f)``. Bars of related levels,
        ``(1 | gr(g, cov=A))``, and of several levels a row, ``(1 | mm(a, b))``. Names with spaces stand
        between backticks.

        Residuals, as in brms. ``y | se(s) ~ ...``: known standard errors, and no sigma beside them unless
        ``se(s, sigma=TRUE)``; ``y | weights(w) ~ ...``: as `weights` (brms raises the likelihood to the power
        of w instead). ``+ ar(time, gr=g)``: within the levels of g a correlation of ``ar`` to the power of
        the time between two rows, their order where no time is given; ``+ cosy(gr=g)``: one correlation;
        ``+ unstr(time, gr=g)``: one for each pair of times.

        Several formulas, ``["y ~ x + (1 | g)", "sigma ~ x + (1 | g)"]``: the first has the response, the
        second predicts the logarithm of sigma.
    data : frame, lazy frame or path
        One row for each observation; it is not changed. A pandas, polars or Arrow frame; or data larger than
        memory: a Parquet file, folder or pattern (read by DuckDB), or a lazy frame of polars, DuckDB, Dask,
        PySpark or Ibis. Only sums over such data are brought into memory: residuals are those of a random
        sample, ``fit.sample_rows()``, and other verbs that need the rows raise an error.
    priors : mapping of str to Prior, optional
        Priors by name, e.g. ``{"Days": bm.prior("Normal", mu=0, sigma=10)}``, in the units of the data. Names
        are ``"Intercept"`` (at the means of the predictors), a coefficient's name, ``"sd_<group>"`` or
        ``"sd_<group>[<effect>]"``, ``"corr_<group>"`` and ``"sigma"``; or a class: ``"b"``, ``"sd"``,
        ``"cor"``. In the predictor of sigma: ``"sigma_Intercept"``, ``"sigma_<coefficient>"``,
        ``"sd_sigma_<group>"``, ``"corr_sigma_<group>"``, and the classes ``"b_sigma"``, ``"sd_sigma"``,
        ``"cor_sigma"``. Of residuals: ``"ar"``, ``"cosy"``, ``"unstr"``. Other parameters keep their
        defaults, which ``fit.priors`` prints.
    center : {True, "fixed", False}, default True
        Where the predictors stand when priors apply. ``True``: at their means, for the coefficients and for
        the covariance of a correlated bar ``(x | g)``, so that shifting a predictor changes nothing; tables
        show values at zero all the same. ``"fixed"``, as in brms and rstanarm: the intercept at the means,
        random effects at zero. ``False``: all at zero. REML and ML do not use priors.
    weights : str or array, optional
        A column's name, or one number for each row: a Series is matched by its index, all else by position.
        The residual variance of a row is sigma^2 / weight. A row whose weight is missing is left out.
    data2 : mapping of str to frame, optional
        Known covariances between levels, by the names that ``gr(g, cov=A)`` has in the formula: ``{"A": A}``
        with a pandas frame whose index and columns are the levels, or a pair of labels and an array. It may
        have levels without rows, which get their effects too.
    method : {"bayes", "reml", "ml"}, default "bayes"
        ``"bayes"``: the posterior. ``"reml"`` and ``"ml"``: lme4's estimates by restricted and by full
        maximum likelihood, which use `weights`, `data2` and `missing` alone and refuse the other arguments.
    engine : {"auto", "collapsed", "joint", "pymc"}, default "auto"
        ``"collapsed"`` integrates random effects and coefficients out exactly; ``"joint"`` samples them with
        a compiled density, for families of :func:`glmer`; ``"pymc"`` samples the hierarchical graph;
        ``"auto"`` takes the first that can fit the model.
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
        Whether sampling is repeated, up to 16 times as long and thinned to `draws`, until every quantity has
        a bulk and tail effective sample size of at least 400 and an R-hat of at most 1.01; a run in which a
        step diverged is repeated in finer steps.
    keep_ranef : {"draws", "moments"}, default "draws"
        What is kept of the random effects: their draws, 8 bytes each; or, for very many levels, posterior
        mean, covariance and quantiles of every level (``"moments"``), exact given the draws of everything
        else where effects are integrated out. The moments serve :meth:`MixedFit.ranef` and
        :meth:`MixedFit.coef`; :meth:`MixedFit.with_ranef_draws` makes the draws again.
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs: ``"drop"`` leaves them out and counts
        them, ``"raise"`` raises DataError.
    progress : bool, optional
        Whether the sampler shows its progress; it does not unless asked to.

    Returns
    -------
    MixedFit or RemlFit
        The posterior, or the estimate, with lme4's verbs.

    Raises
    ------
    FormulaError
        When the formula cannot be read, or has neither a bar nor anything to say of residuals.
    DataError
        When the data do not fit the formula.
    PriorError
        When a prior is for a parameter that the model does not have, or does not suit it.
    EngineError
        When the chosen engine cannot fit the model.
    BayesmixedError
        When an argument is given that the method does not use.

    Warns
    -----
    ConvergenceWarning
        Once, when a quantity is still not good at the limit; and when Ctrl-C interrupts sampling, which
        returns what was drawn if two chains have at least 100 draws.
    DesignWarning
        When fixed effects are combinations of earlier ones, such as those of cells of ``f*h`` without rows:
        they are left out, as in lme4. When a factor seems to be nested in another but is not written so.

    Notes
    -----
    y = X b + sum_k Z_k u_k + e, u_kj ~ N(0, S_k), e ~ N(0, D C D): the variance of row i is sigma_i^2 / w_i,
    beside known errors s_i^2 + sigma_i^2 / w_i, and C holds correlations within series. The marginal
    likelihood is that of Bates, Maechler, Bolker and Walker (2015), Journal of Statistical Software 67(1),
    with the coefficients integrated out too.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
    >>> fit.fixef()["term"].tolist()
    ['Intercept', 'Days']
    >>> bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml").singular
    False
    """
    started = time.perf_counter()
    one_of(method, Method, "method")
    spec = specify(formula, data, priors=priors, center=center, weights=weights, data2=data2, missing=missing)
    require_structure(spec, "bm.lm(formula, data)")
    if method != "bayes":
        return reml_fit(spec, method)
    settings = sampler_settings(
        draws, tune, chains, cores, seed, adapt=adapt, progress=progress, keep_ranef=keep_ranef
    )
    return sample_model(spec, engine, settings, started)


def sample_model(spec: ModelSpec, engine: Engine, settings: SamplerSettings, started: float) -> MixedFit:
    """Fit of a specified model, with a warning when its draws are not good."""
    from bayesmixed.posterior.diagnostics import warn_if_bad
    from bayesmixed.posterior.sampling import sample_until_good, warn_if_interrupted

    if settings.keep_ranef == "moments":
        _refuse_moments(spec)
    warn_of_priors_alone(spec.design)
    prepared = prepare_engine(spec, engine)
    settings = settings if settings.tune else replace(settings, tune=prepared.tune)
    attrs = {"formula": spec.design.formula.text, "engine": prepared.name, "seed": settings.seed}
    sampled = sample_until_good(
        spec.design,
        prepared.sample,
        settings,
        attrs,
        share=prepared.share,
        footprint=prepared.footprint,
    )
    run = RunInfo(
        engine=prepared.name,
        plan=(*prepared.plan, MOMENTS_KEPT) if settings.keep_ranef == "moments" else prepared.plan,
        draws=sampled.diagnosis.n_draws,
        tune=settings.times(sampled.thin).tune,
        chains=sampled.diagnosis.n_chains,
        thin=sampled.thin,
        seed=settings.seed,
        seconds=time.perf_counter() - started,
        versions={library: version(library) for library in LIBRARIES},
    )
    warn_if_interrupted(sampled, settings)
    warn_if_bad(sampled.diagnosis)
    return MixedFit(spec=spec, draws=sampled.draws, run=run, diagnosis=sampled.diagnosis)


def _refuse_moments(spec: ModelSpec) -> None:
    """Refuse moments of effects that are needed together: of smooths, and of related levels."""
    needed = next((b.group for b in spec.design.blocks if b.is_smooth or b.root is not None), None)
    if needed is not None:
        raise EngineError(
            f"keep_ranef='moments' is not available in a model with {needed}, whose effects are needed "
            "together. Use keep_ranef='draws'."
        )


@public
def load(path: str | os.PathLike[str]) -> MixedFit:
    """Read a fit that :meth:`MixedFit.save` wrote.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    MixedFit
        Equal to the one that was saved.

    Raises
    ------
    FileError
        When the file is damaged, is something else, or was written by a newer version.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit.save(os.path.join(folder, "sleep.fit"))
    ...     again = bm.load(os.path.join(folder, "sleep.fit"))
    >>> again.fixef().equals(fit.fixef())
    True
    """
    from bayesmixed.posterior.diagnostics import diagnose
    from bayesmixed.posterior.storage import first_words, read_fit

    saved = read_fit(path)
    try:
        spec, diagnosis = saved.spec(), diagnose(saved.draws)
    # The digests hold, so only a file that another program or version wrote comes here, with anything in it.
    except Exception as error:
        raise FileError(
            f"The model in {os.fspath(path)!r} cannot be built again: {first_words(error)}"
        ) from error
    return MixedFit(spec=spec, draws=saved.draws, run=saved.run, diagnosis=diagnosis)
