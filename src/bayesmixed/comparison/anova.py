"""Tests of the terms of one model and between nested models, lmerTest's and lme4's ``anova``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from bayesmixed.comparison.comparable import check_comparable_likelihoods, require_estimate
from bayesmixed.comparison.likelihood_ratio import bootstrap_p, check_boot, is_nested, likelihood_ratio
from bayesmixed.design.held import held_design
from bayesmixed.engines.regression import AnyEstimate, Regression
from bayesmixed.errors import BayesmixedError, DesignWarning, warn
from bayesmixed.names import LEGEND
from bayesmixed.options import AnovaType, one_of, seed_sequence
from bayesmixed.surface import public
from bayesmixed.verbs.contract import EstimateFit
from bayesmixed.verbs.estimate.f_tests import term_tests

NO_TEST = {"Chisq": np.nan, "Df": np.nan, "p_value": np.nan, "p_mixture": np.nan}
"""Of the smallest model, which is tested against nothing."""


@public
def anova(
    *fits: EstimateFit,
    type: AnovaType = "III",  # noqa: A002 (R's name)
    refit: bool = True,
    names: Sequence[str] | None = None,
    boot: int = 0,
    seed: int | None = None,
) -> pd.DataFrame:
    """Test the fixed terms of one model, or models against each other, fitted by REML or ML.

    Use it as R's ``anova``. With one fit: the F test of every fixed term, all columns of a factor together,
    by Satterthwaite's degrees of freedom, as in lmerTest. With several: likelihood-ratio tests, as in lme4;
    every model is tested against the one above it, which should be a special case of it.

    Parameters
    ----------
    *fits : RemlFit or RegressionFit
        One fit, or several to the same rows, response and weights; regressions may stand beside mixed models.
    type : {"III", "II", "I"}, default "III"
        Type of the F tests. ``"III"``: a term's effect averaged over the levels of the factors with which it
        interacts, every cell of levels weighted equally. ``"II"``: adjusted for all terms that do not contain
        it. ``"I"``: adjusted for the terms before it.
    refit : bool, default True
        Whether REML fits are fitted anew by ML first, as lme4 does. With False the criteria by which they
        were fitted are compared; REML fits must then have the same fixed part.
    names : sequence of str, optional
        What to call the models, in the order given; their formulas unless given.
    boot : int, default 0
        Number of refits to data simulated from the smaller model of every pair, for ``p_boot``; none for 0.
    seed : int, optional
        Repeats the simulated data.

    Returns
    -------
    pandas.DataFrame
        Of one fit by term: ``term``, ``sum_sq``, ``mean_sq``, ``NumDF``, ``DenDF``, ``F``, ``p_value``.
        Of several by increasing number of parameters: ``model``, ``npar``, ``AIC``, ``BIC``, ``logLik``,
        ``deviance`` (minus twice the log likelihood), ``Chisq`` (likelihood-ratio statistic against the row
        above), ``Df``, ``p_value``, ``p_mixture`` and, when asked for, ``p_boot``. ``attrs["legend"]`` says
        by which criterion, and what the p-values are. Of several fits by least squares, as R's: ``model``,
        ``npar``, ``AIC``, ``BIC``, ``logLik``, ``df_residual``, ``SSE``, ``sum_sq``, ``Df``, ``F`` (against
        the residual variance of the largest model), ``p_value``.

    Raises
    ------
    BayesmixedError
        For no fit, a Bayesian fit, an unknown `type`, or REML fits that cannot be compared without refitting.
    DataError
        When rows, responses or weights differ; for type III, when the random sample of rows that are not in
        memory does not hold all combinations of levels.

    Warns
    -----
    DesignWarning
        When a model does not seem to be a special case of the next: the chi-squared limit then fails.

    Notes
    -----
    ``p_value`` takes the statistic for chi-squared with ``Df`` degrees of freedom. Where the larger model has
    one random effect more, its variance lies on the boundary under the smaller model; ``p_mixture``, half
    chi-squared with ``Df`` and half with ``Df`` - 1 degrees of freedom, is the limit then (Stram and Lee
    1994, Biometrics 50:1171), and NaN elsewhere. Models with equally many parameters are not tested.

    F tests are lmerTest's, of SAS's hypotheses (Kuznetsova, Brockhoff and Christensen 2017, Journal of
    Statistical Software 82(13)); ``mean_sq`` is F times sigma^2. Two things to know of the types. In the
    presence of ``f:x`` the number x is not averaged over: f is tested where x is 0, so centre x first. And
    ``y ~ h + h:f`` has the same test of h of type III as ``y ~ h * f``, the same model; lmerTest tests h at
    the first level of f there. Where a cell of levels has no rows, type III depends on which cells have some.
    A model with a single term is tested as type I, where all types agree.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> sleep = bm.load_dataset("sleepstudy")
    >>> m0 = bm.lmer("Reaction ~ Days + (1 | Subject)", sleep, method="reml")
    >>> m1 = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, method="reml")
    >>> bm.anova(m0, m1)[["npar", "deviance", "Chisq"]].round(2).values.tolist()
    [[4.0, 1794.08, nan], [6.0, 1751.94, 42.14]]
    >>> cakes = bm.load_dataset("cake")
    >>> m = bm.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", cakes, method="reml")
    >>> bm.anova(m)[["term", "NumDF", "DenDF", "F"]].round(2).values.tolist()
    [['recipe', 2, 42.0, 0.25], ['temperature', 5, 210.0, 20.52], ['recipe:temperature', 10, 210.0, 1.01]]
    """
    check_boot(boot)
    if not fits:
        raise BayesmixedError("anova needs a fit by REML or ML, or several to compare.")
    if len(fits) == 1:
        if boot or names is not None:
            raise BayesmixedError(
                "boot= and names= belong to tests between two fits or more; with one fit anova gives the F "
                "tests of its terms. For bootstrap tests of random effects use ranova(fit, boot=...)."
            )
        return _f_table(require_estimate(fits[0], "anova"), type)
    given = [require_estimate(fit, "anova") for fit in fits]
    labelled = list(zip(_labels(fits, names), _by_ml(given) if refit else given, strict=True))
    labelled.sort(key=lambda pair: pair[1].n_parameters)
    labels, fitted = [label for label, _ in labelled], [each for _, each in labelled]
    estimates = [each.at_design(held_design(each.design)) for each in fitted]
    check_comparable_likelihoods(estimates, labels)
    _warn_if_not_nested(estimates, labels)
    if not boot and all(isinstance(each, Regression) and each.by == "ols" for each in given):
        return _least_squares_table([each for each in estimates if isinstance(each, Regression)], labels)
    table = _table(estimates, labels)
    if boot:
        table["p_boot"] = _bootstrapped(fitted, table["Df"], boot, seed)
    table.attrs[LEGEND] = _legend(table, fitted[0], refitted=any(e not in given for e in fitted))
    return table


def _f_table(fitted: AnyEstimate, kind: AnovaType) -> pd.DataFrame:
    """F tests of the fixed terms of one model."""
    one_of(kind, AnovaType, "type")
    if not fitted.family.is_gaussian:
        raise BayesmixedError(
            "F tests of terms are for gaussian models: test each term by drop1(fit), or two models by "
            "anova(smaller, larger)."
        )
    table = term_tests(fitted, kind)
    freedom = "the residual" if isinstance(fitted, Regression) else "Satterthwaite's"
    table.attrs[LEGEND] = f"Type {kind}, with {freedom} degrees of freedom."
    return table


def _labels(fits: Sequence[EstimateFit], names: Sequence[str] | None) -> Sequence[str]:
    """What to call the models."""
    if names is None:
        return [fit.spec.design.formula.text.strip() for fit in fits]
    if isinstance(names, str) or len(names) != len(fits):
        raise BayesmixedError(f"names={names!r} must be a list of {len(fits)} names, one for each fit.")
    return names


def _by_ml(estimates: Sequence[AnyEstimate]) -> list[AnyEstimate]:
    """The same models by ML."""
    return [each.by_ml() for each in estimates]


def _warn_if_not_nested(estimates: Sequence[AnyEstimate], labels: Sequence[str]) -> None:
    """Warn about every model with fewer parameters that is not a special case of the next."""
    for (smaller, label), (larger, other) in pairwise(zip(estimates, labels, strict=True)):
        fewer = smaller.n_parameters < larger.n_parameters
        if fewer and not is_nested(smaller.design, larger.design):
            warn(
                f"{label!r} does not seem to be a special case of {other!r}: unless it is, the statistic is "
                "not chi-squared, and the p-value means nothing. Compare them by AIC or BIC.",
                DesignWarning,
            )


def _table(estimates: Sequence[AnyEstimate], labels: Sequence[str]) -> pd.DataFrame:
    """The table without bootstrap."""
    ratios = [likelihood_ratio(smaller, larger) for smaller, larger in pairwise(estimates)]
    tests = [
        {"Chisq": ratio.statistic, "Df": ratio.df, "p_value": ratio.p_value, "p_mixture": ratio.p_mixture}
        for ratio in ratios
    ]
    return pd.DataFrame(
        {
            "model": list(labels),
            "npar": [e.n_parameters for e in estimates],
            "AIC": [e.aic for e in estimates],
            "BIC": [e.bic for e in estimates],
            "logLik": [e.log_likelihood for e in estimates],
            "deviance": [e.optimum.criterion for e in estimates],
            **pd.DataFrame([NO_TEST, *tests]),
        }
    )


def _least_squares_table(estimates: Sequence[Regression], labels: Sequence[str]) -> pd.DataFrame:
    """R's table of nested linear models: F against the residual variance of the largest."""
    from scipy.stats import f

    table = pd.DataFrame(
        {
            "model": list(labels),
            "npar": [each.n_parameters for each in estimates],
            "AIC": [each.aic for each in estimates],
            "BIC": [each.bic for each in estimates],
            "logLik": [each.log_likelihood for each in estimates],
            "df_residual": [each.df_residual for each in estimates],
            "SSE": [each.deviance for each in estimates],
        }
    )
    largest, gained, df = estimates[-1], -table["SSE"].diff(), -table["df_residual"].diff()
    statistic = (gained / df).where(df > 0.0) / (largest.deviance / largest.df_residual)
    table = table.assign(sum_sq=gained, Df=df, F=statistic)
    table["p_value"] = f.sf(statistic, df, largest.df_residual)
    table.attrs[LEGEND] = "Least squares: F against the residual variance of the largest model."
    return table


def _bootstrapped(
    estimates: Sequence[AnyEstimate], df: pd.Series[float], boot: int, seed: int | None
) -> list[float]:
    """Bootstrap p-value of every row; NaN where nothing is tested."""
    seeds = seed_sequence(seed).spawn(len(estimates) - 1)
    tested = zip(pairwise(estimates), df.iloc[1:], seeds, strict=True)
    return [np.nan, *(bootstrap_p(*pair, boot, own) if more > 0 else np.nan for pair, more, own in tested)]


def _legend(table: pd.DataFrame, first: AnyEstimate, *, refitted: bool) -> str:
    """What the numbers of the table are."""
    said = ["Refitted by ML." if refitted else f"Fitted by {first.by.upper()}."]
    if table["p_mixture"].notna().any():
        said.append("p_mixture: half chi-squared with Df, half with Df - 1, for a variance on its boundary.")
    if (table["Df"] == 0).any():
        said.append("No test where two models have equally many parameters.")
    return " ".join(said)
