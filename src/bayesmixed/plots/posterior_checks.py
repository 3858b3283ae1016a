"""Checks of a posterior: replicated data and the prior of a fit, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesmixed.design.records import FloatArray
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import GroupStatistic, checked_seed
from bayesmixed.plots import densities, predictive
from bayesmixed.plots.contract import PlottedFit, SampledFit, labelled, present_levels
from bayesmixed.posterior.prior_draws import prior_predictive, prior_tree
from bayesmixed.verbs.blocks import chosen_blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    SomeAxes = Sequence[Axes] | NDArray[Any] | Axes | None

PRIOR_DATA_SETS = 200


def predictive_density(
    fit: PlottedFit,
    *,
    group: str | None = None,
    max_panels: int = 12,
    seed: int | None = None,
    ax: SomeAxes = None,
) -> NDArray[Any]:
    """Density of the observed response of a fit before those of replicated data."""
    fit = with_rows(fit)
    response, replicated = fit.spec.design.response, _replicates(fit, seed)
    if group is None:
        panel = densities.predictive_density(response.observed, replicated, response=response.name, ax=ax)
        return labelled(fit, np.array([panel]))
    codes, levels = present_levels(chosen_blocks(fit.spec.design, group)[0])
    axes = densities.predictive_distributions(
        response.observed, replicated, codes, levels, response=response.name, max_panels=max_panels, ax=ax
    )
    return labelled(fit, axes)


def predictive_groups(
    fit: PlottedFit,
    *,
    group: str | None = None,
    statistic: GroupStatistic = "mean",
    prob: float = 0.95,
    seed: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Statistic of every group in the data of a fit on the interval of its replicates."""
    fit = with_rows(fit)
    block, response = chosen_blocks(fit.spec.design, group)[0], fit.spec.design.response
    codes, levels = present_levels(block)
    table = predictive.group_statistics(
        response.observed, _replicates(fit, seed), codes, levels, statistic=statistic, prob=prob
    )
    axes = predictive.predictive_groups(
        table, name=block.group, statistic=statistic, response=response.name, ax=ax
    )
    return labelled(fit, axes)


def prior_beside_posterior(
    fit: PlottedFit, *, parameters: Sequence[str] | None = None, ax: SomeAxes = None
) -> NDArray[Any]:
    """Prior and posterior densities of a fit, the prior drawn with the fit's seed."""
    draws, spec = sampled(fit).draws, with_rows(fit).spec
    made = "prior" in draws.children
    prior = draws["prior"].to_dataset() if made else prior_predictive(spec, seed=sampled(fit).run.seed)[0]
    tree = xr.DataTree.from_dict({"posterior": prior})
    return densities.prior_posterior(tree, draws, spec.design, parameters=parameters, ax=ax)


def prior_predictive_of(fit: PlottedFit, *, seed: int | None = None, ax: Axes | None = None) -> Axes:
    """Data drawn from the prior of a fit behind the observed."""
    chosen = sampled(fit).run.seed if seed is None else checked_seed(seed)
    fit = with_rows(fit)
    tree = prior_tree(fit.spec, draws=PRIOR_DATA_SETS, seed=chosen)
    return labelled(fit, densities.prior_predictive(tree, response=fit.spec.design.response.name, ax=ax))


def sampled(fit: PlottedFit) -> SampledFit:
    """The same fit, known to have a posterior."""
    if not isinstance(fit, SampledFit):
        raise BayesmixedError("This plot needs a posterior; fit the model with method='bayes'.")
    return fit


def with_rows(fit: PlottedFit) -> PlottedFit:
    """A Bayesian fit with rows at hand, all or a random sample of them."""
    sampled(fit)
    return fit.with_rows


def _replicates(fit: PlottedFit, seed: int | None) -> FloatArray:
    """Replicated data of a Bayesian fit, shape (replicates, n)."""
    bayes = sampled(fit)
    chosen = bayes.run.seed if seed is None else checked_seed(seed)
    return predictive.replicates(bayes.draws, fit.spec, seed=chosen)
