"""Truth beside estimate, for simulated data."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bayesmixed.design.parameters import parameters_named, parameters_of
from bayesmixed.errors import BayesmixedError
from bayesmixed.simulate.records import Simulation
from bayesmixed.surface import public
from bayesmixed.verbs.contract import EstimateFit, Fit, PosteriorFit
from bayesmixed.verbs.summaries import bound_names


@public
def recover(simulation: Simulation, fit: Fit, *, prob: float = 0.95) -> pd.DataFrame:
    """Set the true parameters of a simulation beside their estimates.

    Use it to see whether a model finds out what made the data, or what a wrong model makes of them.

    Parameters
    ----------
    simulation : Simulation
        From :func:`bayesmixed.simulate_data`.
    fit : MixedFit or RemlFit
        A fit to its data; for REML and ML the intervals are by profile likelihood, those of the coefficients
        by Student's t.
    prob : float, default 0.95
        Probability inside the intervals.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``truth``, ``value``, ``lower_2.5``, ``upper_97.5``, ``covered`` (whether the interval
        holds the truth), correlations included. What only the simulation or only the fit has is missing
        (NaN) on the other side.

    Raises
    ------
    BayesmixedError
        When one of the two is something else, or `prob` is not between 0 and 1.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> simulation = bm.simulate_data(
    ...     "y ~ x + (1 | g)", groups={"g": 100}, per_group=3, fixed=[2, 0.5], sd={"g": 0.5}, seed=1
    ... )
    >>> fit = bm.lmer(simulation.formula, simulation.data, method="reml")
    >>> bm.recover(simulation, fit)["parameter"].tolist()
    ['Intercept', 'x', 'sd_g[Intercept]', 'sigma']
    """
    if not isinstance(simulation, Simulation) or not isinstance(fit, PosteriorFit | EstimateFit):
        raise BayesmixedError(
            f"recover(simulation, fit) takes what simulate_data and lmer return, not "
            f"{type(simulation).__name__} and {type(fit).__name__}."
        )
    lower, upper = bound_names(prob)
    truth = simulation.truth.rename(columns={"value": "truth"})
    estimates = _estimates(fit, prob, truth["parameter"].tolist())
    table = truth.merge(estimates, on="parameter", how="outer", sort=False)
    order = list(dict.fromkeys([*truth["parameter"], *estimates["parameter"]]))
    table = table.set_index("parameter").loc[order].reset_index()
    known = table[["truth", lower, upper]].notna().all(axis=1)
    covered = table["truth"].between(table[lower], table[upper]).astype("boolean")
    return table.assign(covered=covered.where(known))


def _estimates(fit: Fit, prob: float, spellings: Sequence[str]) -> pd.DataFrame:
    """Table of a fit's parameters, those of a simulation as they are spelled there."""
    lower, upper = bound_names(prob)
    # Both tables list coefficients, then each grouping factor's deviations and correlations, then sigma.
    table = fit.tidy(prob=prob, method="profile") if isinstance(fit, EstimateFit) else fit.tidy(prob=prob)
    columns = {"estimate": "value", "conf_low": lower, "conf_high": upper}
    renamed = table.rename(columns=columns)[["value", lower, upper]]
    parameters = parameters_of(fit.spec.design)
    meant = [(text, parameters_named(parameters, text)) for text in spellings]
    known = {found[0].label: text for text, found in meant if len(found) == 1}
    labels = [known.get(parameter.label, parameter.label) for parameter in parameters]
    return pd.concat([pd.Series(labels, name="parameter"), renamed], axis=1)
