"""Every fixed term left out in turn, lme4's ``drop1``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed.comparison.comparable import require_estimate
from bayesmixed.comparison.likelihood_ratio import likelihood_ratio
from bayesmixed.formula.reduced import droppable_terms, without_fixed_term
from bayesmixed.model.design_for import design_for
from bayesmixed.surface import public
from bayesmixed.verbs.contract import EstimateFit

NOTHING_DROPPED = "<none>"
"""Label of the model as it is."""


@public
def drop1(fit: EstimateFit) -> pd.DataFrame:
    """Test every fixed term that can be left out, by maximum likelihood.

    Use it to see what each predictor adds to all others; the columns of a factor are tested together.

    Parameters
    ----------
    fit : RemlFit or RegressionFit
        A fit by REML, ML or least squares.

    Returns
    -------
    pandas.DataFrame
        First the model as it is, ``<none>``, then one row for each term: ``term``, ``npar`` (parameters that
        go with it), ``AIC`` (without it), ``LRT`` (likelihood-ratio statistic), ``p_value``.

    Raises
    ------
    BayesmixedError
        For a Bayesian fit.

    Notes
    -----
    A term stays as long as another one contains it (``x`` beside ``x:z``); the intercept always stays. Fits
    by REML are fitted anew by ML, as in lme4. The p-value is that of chi-squared, too small with few groups.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="ml")
    >>> bm.drop1(fit)[["term", "LRT"]].round(2).values.tolist()
    [['<none>', nan], ['Days', 23.54]]
    """
    given = require_estimate(fit, "drop1")
    design = given.design
    full = given.by_ml()
    rows = [{"term": NOTHING_DROPPED, "npar": np.nan, "AIC": full.aic, "LRT": np.nan, "p_value": np.nan}]
    for term in droppable_terms(design.formula.fixed):
        parsed = without_fixed_term(design.formula, term)
        smaller = design_for(
            given.family, parsed, design.frame, weights=design.given_weights, data2=design.known
        )
        reduced = given.by_ml(smaller)
        ratio = likelihood_ratio(reduced, full)
        tests = {"LRT": ratio.statistic, "p_value": ratio.p_value}
        rows.append({"term": term.source, "npar": ratio.df, "AIC": reduced.aic, **tests})
    return pd.DataFrame(rows)
