"""What a fit keeps of its random effects: draws, or moments in their place."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import BayesmixedError


def ranef_draws(posterior: xr.Dataset, group: str) -> xr.DataArray:
    """Draws of the random effects of one grouping factor.

    Parameters
    ----------
    posterior : xarray.Dataset
        The group ``posterior`` of a fit.
    group : str
        The grouping factor.

    Returns
    -------
    xarray.DataArray
        Dimensions (chain, draw, level, effect).

    Raises
    ------
    BayesmixedError
        When the fit keeps moments only.
    """
    if names.ranef(group) not in posterior:
        raise BayesmixedError(
            f"This needs draws of the random effects of {group}, and the fit keeps their moments only "
            "(keep_ranef='moments'). Take fit.with_ranef_draws(), which makes the draws again, or fit with "
            "keep_ranef='draws'."
        )
    dims = (names.CHAIN, names.DRAW, names.level_dim(group), names.effect_dim(group))
    return posterior[names.ranef(group)].transpose(*dims)


def require_all_ranef(posterior: xr.Dataset, groups: Iterable[str]) -> None:
    """Refuse a posterior that lacks draws of random effects.

    Parameters
    ----------
    posterior : xarray.Dataset
        The group ``posterior`` of a fit.
    groups : iterable of str
        Its grouping factors.

    Raises
    ------
    BayesmixedError
        When the fit keeps moments only.
    """
    for group in groups:
        ranef_draws(posterior, group)


def keeps_moments(draws: xr.DataTree) -> bool:
    """Whether a fit keeps moments and quantiles of its random effects in place of draws.

    Parameters
    ----------
    draws : xarray.DataTree
        A fit's draws.
    """
    return names.RANEF_MOMENTS in draws.children


def level_moments(draws: xr.DataTree, variable: str) -> FloatArray:
    """Kept moments of the random effects, or coefficients, of one grouping factor.

    Parameters
    ----------
    draws : xarray.DataTree
        A fit's draws.
    variable : str
        ``names.ranef(group)`` or ``names.coef(group)``.

    Returns
    -------
    FloatArray
        In the order of ``names.MOMENTS``, shape (M, J, k).
    """
    return np.asarray(draws[names.RANEF_MOMENTS][variable].values, dtype=np.float64)


def posterior_means(draws: xr.DataTree, groups: Iterable[str], parameters: Iterable[str]) -> xr.Dataset:
    """Posterior means, laid out as one chain of one draw.

    Parameters
    ----------
    draws : xarray.DataTree
        A fit's draws.
    groups : iterable of str
        Grouping factors whose random effects are wanted.
    parameters : iterable of str
        Further variables of the posterior that are wanted.

    Returns
    -------
    xarray.Dataset
        Exact for random effects of which moments are kept.
    """
    posterior, mean = draws["posterior"].to_dataset(), {names.MOMENT: names.MOMENTS[0]}
    effects = [names.ranef(group) for group in groups]
    drawn = [name for name in effects if name in posterior]
    means = posterior[[*parameters, *drawn]].mean([names.CHAIN, names.DRAW])
    for name in set(effects) - set(drawn):
        means[name] = draws[names.RANEF_MOMENTS][name].sel(mean, drop=True)
    return means.expand_dims([names.CHAIN, names.DRAW])
