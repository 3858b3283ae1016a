"""Models side by side by their expected log predictive density."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from bayesmixed.comparison.comparable import check_comparable
from bayesmixed.errors import BayesmixedError
from bayesmixed.surface import public
from bayesmixed.verbs.contract import PosteriorFit


@public
def compare(fits: Mapping[str, PosteriorFit], *, group: str | None = None) -> pd.DataFrame:
    """Rank models by how well they predict data that they were not fitted to.

    Use it to choose among models for prediction, by leave-one-out cross-validation; :func:`bayes_factor`
    compares how probable models and their priors made the data.

    Parameters
    ----------
    fits : mapping of str to MixedFit
        Name to fit, two or more, e.g. ``{"slopes": m1, "intercepts": m0}``.
    group : str, optional
        Leave out whole levels of this grouping factor, or column, in place of single rows.

    Returns
    -------
    pandas.DataFrame
        One row for each model, the best first, with ArviZ's columns: ``rank``, ``elpd_diff`` and its standard
        error ``dse``, ``p_worse``, ``diag_diff`` and ``diag_elpd`` (what is wrong with the difference or the
        elpd, empty when nothing is), ``p``, ``elpd``, ``se``, and the stacking ``weight``.

    Raises
    ------
    BayesmixedError
        When `fits` is not a mapping of two or more fits.
    DataError
        When their rows or responses differ.

    Notes
    -----
    See :meth:`MixedFit.loo`. A difference of less than 4, or of less than about two of its standard errors,
    says little (Sivula et al. 2025, arXiv 2008.10296). Stacking: Yao et al. 2018, Bayesian Analysis 13:917.

    Examples
    --------
    >>> intercepts = bm.lmer("Reaction ~ Days + (1 | Subject)", sleep, seed=1)
    >>> bm.compare({"slopes": fit, "intercepts": intercepts}, group="Subject").index.tolist()
    ['slopes', 'intercepts']
    """
    if not isinstance(fits, Mapping) or len(fits) < 2:
        raise BayesmixedError('compare() takes two or more fits by name: compare({"one": m1, "other": m0}).')
    check_comparable(fits, "compare")
    import arviz_stats

    table: pd.DataFrame = arviz_stats.compare(
        {str(name): fit.loo(group=group) for name, fit in fits.items()}, round_to="none"
    )
    return table
