"""The only place that spells the names of variables and dimensions.

A fit's posterior holds ``beta`` (term), the auxiliary parameters of its family (``sigma``, ``alpha``,
``kappa``, ``nu``), and for every grouping factor ``g``: ``sd_g`` (g_effect), ``corr_g`` (g_effect,
g_effect_bis) where effects are correlated, and ``ranef_g`` (g, g_effect). Where moments of the random
effects are kept, the group ``ranef_moments`` holds ``ranef_g`` and ``coef_g`` (ranef_moment, g, g_effect),
and ``covariance_g`` (g, g_effect, g_effect_bis). A moment is a mean, a standard deviation or a quantile.
"""

from __future__ import annotations

BETA = "beta"
BETA_CENTRED = "beta_centred"
SIGMA = "sigma"
ALPHA = "alpha"
KAPPA = "kappa"
NU = "nu"
RESPONSE = "y"
TERM = "term"
ROW = "row"
CHAIN = "chain"
DRAW = "draw"
INTERCEPT = "Intercept"
RESIDUAL = "Residual"
RANEF_MOMENTS = "ranef_moments"
MOMENT = "ranef_moment"
QUANTILES: tuple[float, ...] = (0.0005, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.175, 0.25, 0.375, 0.5)
QUANTILES = (*QUANTILES, *(1 - tail for tail in QUANTILES[-2::-1]))
MOMENTS = ("mean", "sd", *(f"{100 * q:g}%" for q in QUANTILES))
LEGEND = "legend"
"""Attribute of a table that says what its numbers are."""


def sd(group: str) -> str:
    """Name of the standard deviations of a grouping factor's effects, shape (effect,)."""
    return f"sd_{group}"


def corr(group: str) -> str:
    """Name of the correlation matrix of a grouping factor's effects, shape (effect, effect)."""
    return f"corr_{group}"


def ranef(group: str) -> str:
    """Name of the random effects of a grouping factor, shape (level, effect)."""
    return f"ranef_{group}"


def coef(group: str) -> str:
    """Name of the moments of the levels' coefficients, shape (ranef_moment, level, effect)."""
    return f"coef_{group}"


def covariance(group: str) -> str:
    """Name of the covariance matrices of every level's effects, shape (level, effect, effect)."""
    return f"covariance_{group}"


def level_dim(group: str) -> str:
    """Dimension that runs over the levels of a grouping factor."""
    return group


def effect_dim(group: str) -> str:
    """Dimension that runs over the effects of a grouping factor."""
    return f"{group}_effect"


def effect_bis_dim(group: str) -> str:
    """Second dimension of a matrix over the effects of a grouping factor."""
    return f"{group}_effect_bis"


def partial_corr(group: str, block: int) -> str:
    """Free parameters behind one correlated block of a grouping factor in the PyMC graph."""
    return f"partial_corr_{group}" if block == 0 else f"partial_corr_{group}_{block + 1}"


def standardized_ranef(group: str, effect: str) -> str:
    """Name of the standard normal deviates behind one random effect in the PyMC graph."""
    return f"z_{group}_{effect}"


def sd_of(group: str, effect: str) -> str:
    """Label of one standard deviation, as a user names it: ``"sd_Subject[Days]"``."""
    return f"sd_{group}[{effect}]"


def sd_centred(group: str) -> str:
    """Name of the standard deviations of centred effects in the PyMC graph, shape (effect,)."""
    return f"sd_centred_{group}"


def sd_centred_of(group: str, effect: str) -> str:
    """Label of one of them, when they have priors of several kinds."""
    return f"{sd_centred(group)}[{effect}]"


def beta_centred_of(term: str) -> str:
    """Label of one free coefficient in the PyMC graph, when coefficients have priors of several kinds."""
    return f"{BETA_CENTRED}[{term}]"
