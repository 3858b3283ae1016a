"""Every random-effect term left out in turn, lmerTest's ``ranova``."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from bayesmixed.comparison.comparable import require_estimate
from bayesmixed.comparison.drop1 import NOTHING_DROPPED
from bayesmixed.comparison.likelihood_ratio import bootstrap_p, check_boot, is_nested, likelihood_ratio
from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design
from bayesmixed.engines.reml.estimate import Estimate, LinearEstimate, estimate, estimate_linear
from bayesmixed.formula.reduced import without_random_effect
from bayesmixed.options import seed_sequence
from bayesmixed.surface import public
from bayesmixed.verbs.blocks import require_groups
from bayesmixed.verbs.contract import EstimateFit


@public
def ranova(fit: EstimateFit, *, boot: int = 0, seed: int | None = None) -> pd.DataFrame:
    """Test every random-effect term that can be left out, by the fit's own criterion.

    Use it to see whether a variance component is needed. ``(x | g)`` is reduced to ``(1 | g)``, ``(1 | g)``
    is dropped; when no bar is left, the model is tested against the ordinary regression.

    Parameters
    ----------
    fit : RemlFit
        A fit by REML or ML.
    boot : int, default 0
        Number of refits to data simulated from every reduced model, for ``p_boot``; none for 0.
    seed : int, optional
        Repeats the simulated data.

    Returns
    -------
    pandas.DataFrame
        First the model as it is, ``<none>``, then one row for each term: ``term``, ``npar`` (parameters of
        the reduced model), ``logLik``, ``AIC``, ``LRT`` (likelihood-ratio statistic), ``Df``, ``p_value``,
        ``p_mixture`` and, when asked for, ``p_boot``.

    Raises
    ------
    BayesmixedError
        For a Bayesian fit.

    Notes
    -----
    ``p_value`` is lmerTest's, by chi-squared with ``Df`` degrees of freedom, and too large: a variance cannot
    be negative. ``p_mixture`` is right for many groups where one variance goes (see
    :func:`bayesmixed.anova`), NaN where more go. ``(0 + f | g)`` of a factor is reduced to
    ``(1 | g)``, of a number it is dropped: neither of ``(0 + x | g)`` and ``(1 | g)`` contains the other.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    >>> bm.ranova(fit)[["term", "npar", "LRT"]].round(2).values.tolist()
    [['<none>', 6, nan], ['Days in (Days | Subject)', 4, 42.84]]
    """
    check_boot(boot)
    full = require_estimate(fit, "ranova")
    require_groups(full.design)
    assert isinstance(full, Estimate)
    unreduced = {"term": NOTHING_DROPPED, "npar": full.n_parameters, "logLik": full.log_likelihood}
    rows: list[dict[str, object]] = [{**unreduced, "AIC": full.aic}]
    seeds = seed_sequence(seed)
    for label, design in _reduced_designs(full.design):
        reduced = _estimate(design, full)
        row = _row(label, reduced, full)
        if boot:
            row["p_boot"] = bootstrap_p(reduced, full, boot, seeds.spawn(1)[0])
        rows.append(row)
    return pd.DataFrame(rows)


def _reduced_designs(design: Design) -> Iterator[tuple[str, Design]]:
    """Label and largest special case of the model for every random-effect term."""
    for label, candidates in without_random_effect(design.formula):
        for parsed in candidates:
            reduced = build_design(parsed, design.frame, weights=design.given_weights, data2=design.known)
            if is_nested(reduced, design):
                yield label, reduced
                break


def _estimate(design: Design, full: Estimate) -> Estimate | LinearEstimate:
    """Estimate of a reduced model by the criterion of the full one."""
    by = full.likelihood.by
    return estimate_linear(design, by) if design.is_plain else estimate(design, by)


def _row(label: str, reduced: Estimate | LinearEstimate, full: Estimate) -> dict[str, object]:
    """One row of the table."""
    ratio = likelihood_ratio(reduced, full)
    return {
        "term": label,
        "npar": reduced.n_parameters,
        "logLik": reduced.log_likelihood,
        "AIC": reduced.aic,
        "LRT": ratio.statistic,
        "Df": ratio.df,
        "p_value": ratio.p_value,
        "p_mixture": ratio.p_mixture,
    }
