"""``glmer``: from a formula, a data frame and a family to a fit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayesmixed.engines.records import sampler_settings
from bayesmixed.fits.lmer import sample_model
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.specify import Formula, Weights, require_structure, specify
from bayesmixed.options import Center, Engine, KeepRanef, Missing
from bayesmixed.surface import public

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


@public
def glmer(
    formula: Formula,
    data: IntoDataFrame,
    family: object,
    *,
    link: str | None = None,
    priors: Mapping[str, object] | None = None,
    center: Center = True,
    weights: Weights | None = None,
    data2: Mapping[str, object] | None = None,
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
) -> MixedFit:
    """Fit a generalized linear mixed model.

    Use it as lme4's ``glmer`` for counts, proportions, times and other responses that are not normal.

    Parameters
    ----------
    formula : str or sequence of str
        In lme4's language. A binomial response is ``prop(successes, trials)``, ``successes | trials(n)``,
        ``cbind(successes, failures)``, a proportion with ``weights=`` as trials, a comparison
        (``use == 'Y'``), 0 and 1, or a column with two levels, of which the later one is modelled: the
        summary names it. ``offset(log(exposure))`` turns counts into rates.
    data : pandas, polars or Arrow frame
        One row for each observation; it is not changed.
    family : str, Family or bambi.Family
        ``"bernoulli"``, ``"binomial"``, ``"poisson"``, ``"negativebinomial"``, ``"gamma"``, ``"weibull"``,
        ``"beta"``, ``"t"``, ``"lognormal"``, ``"gaussian"``, a univariate family of Bambi's by name, or one
        of Bambi's family objects.
    link : str, optional
        ``"logit"``, ``"probit"``, ``"cloglog"``, ``"log"``, ``"identity"`` or ``"inverse"``, where the family
        has it; the family's default link unless given.
    priors : mapping of str to Prior, optional
        Priors by name, as in :func:`bayesmixed.lmer`, on the scale of the linear predictor; and of the
        family's own parameters: ``"alpha"`` (negativebinomial, gamma, weibull), ``"kappa"`` (beta),
        ``"sigma"`` (t, lognormal), ``"nu"`` (t).
    center : {True, "fixed", False}, default True
        Where the predictors stand when priors apply: at their means, those of random effects at zero, or all
        at zero; see :func:`bayesmixed.lmer`.
    weights : str or array, optional
        Of a proportion the numbers of trials; of a gaussian family as in :func:`bayesmixed.lmer`.
    data2 : mapping of str to frame, optional
        Known covariances between levels, as in :func:`bayesmixed.lmer`.
    engine : {"auto", "collapsed", "joint", "pymc"}, default "auto"
        ``"joint"`` samples coefficients and random effects with a compiled density; ``"pymc"`` samples the
        hierarchical graph; ``"collapsed"`` is for gaussian models; ``"auto"`` takes the fastest that can fit
        the model.
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
    keep_ranef : {"draws", "moments"}, default "draws"
        What is kept of the random effects: their draws, or (``"moments"``) their posterior means, covariances
        and quantiles, which take less room in the fit and in its file. These engines sample the random
        effects, so that sampling takes as much room either way.
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs: ``"drop"`` leaves them out and counts
        them, ``"raise"`` raises DataError.
    progress : bool, optional
        Whether the sampler shows its progress; it does not unless asked to.

    Returns
    -------
    MixedFit
        The posterior, with lme4's verbs.

    Raises
    ------
    FormulaError, DataError, PriorError
        As in :func:`bayesmixed.lmer`.
    FamilyError
        When family or link is unknown, or the response lies outside the family's support.
    EngineError
        When the chosen engine cannot fit the model.

    Warns
    -----
    ConvergenceWarning
        Once, when a quantity is still not good at the limit.

    Notes
    -----
    g(location of y_i) = x_i' b + offset_i + sum_k z_ki' u_kj, u_kj ~ N(0, S_k). negativebinomial: variance
    mu + mu^2 / alpha; gamma: variance mu^2 / alpha, and link "log" (R's default is "inverse"); weibull: mean
    mu and shape alpha; beta: shapes mu kappa and (1 - mu) kappa; t: scale sigma, nu degrees of freedom;
    lognormal: mean and sd of log y. These are Bambi's parameters.
    ``fit.priors`` shows the default priors; its help states them.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> herds = bm.load_dataset("cbpp")
    >>> fit = bm.glmer("prop(incidence, size) ~ period + (1 | herd)", herds, "binomial", seed=1)
    >>> fit.fixef(exponentiate=True)["value"].round(1).tolist()  # odds of disease, and odds ratios
    [0.2, 0.4, 0.3, 0.2]
    """
    started = time.perf_counter()
    spec = specify(
        formula,
        data,
        priors=priors,
        center=center,
        weights=weights,
        data2=data2,
        missing=missing,
        family=family,
        link=link,
    )
    require_structure(spec, "bm.glm(formula, data, family)")
    settings = sampler_settings(
        draws, tune, chains, cores, seed, adapt=adapt, progress=progress, keep_ranef=keep_ranef
    )
    return sample_model(spec, engine, settings, started)
