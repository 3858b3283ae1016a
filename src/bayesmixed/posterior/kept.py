"""What a fit keeps of its random effects: draws, or moments in their place."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import BayesmixedError


def ranef_draws(posterior: xr.Dataset, group: str) -> xr.DataArray:
    """Draws of the random effects of one grouping factor."""
    if names.ranef(group) not in posterior:
        raise BayesmixedError(
            f"This needs draws of the random effects of {group}, and the fit keeps their moments only "
            "(keep_ranef='moments'). Take fit.with_ranef_draws(), which makes the draws again, or fit with "
            "keep_ranef='draws'."
        )
    dims = (names.CHAIN, names.DRAW, names.level_dim(group), names.effect_dim(group))
    return posterior[names.ranef(group)].transpose(*dims)


def require_all_ranef(posterior: xr.Dataset, groups: Iterable[str]) -> None:
    """Refuse a posterior that lacks draws of random effects."""
    for group in groups:
        ranef_draws(posterior, group)


def keeps_moments(draws: xr.DataTree) -> bool:
    """Whether a fit keeps moments and quantiles of its random effects in place of draws."""
    return names.RANEF_MOMENTS in draws.children


def level_moments(draws: xr.DataTree, variable: str) -> FloatArray:
    """Kept moments of the random effects, or coefficients, of one grouping factor.

    Returns shape (M, J, k).
    """
    return np.asarray(draws[names.RANEF_MOMENTS][variable].values, dtype=np.float64)


def posterior_means(draws: xr.DataTree, groups: Iterable[str], parameters: Iterable[str]) -> xr.Dataset:
    """Posterior means, laid out as one chain of one draw."""
    posterior, mean = draws["posterior"].to_dataset(), {names.MOMENT: names.MOMENTS[0]}
    effects = [names.ranef(group) for group in groups]
    drawn = [name for name in effects if name in posterior]
    means = posterior[[*parameters, *drawn]].mean([names.CHAIN, names.DRAW])
    for name in set(effects) - set(drawn):
        means[name] = draws[names.RANEF_MOMENTS][name].sel(mean, drop=True)
    return means.expand_dims([names.CHAIN, names.DRAW])
