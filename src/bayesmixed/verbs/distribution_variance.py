"""Variance of the response within groups, on the scale of the linear predictor."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.families.links import link_function
from bayesmixed.families.lookup import is_native
from bayesmixed.families.moments import response_variance
from bayesmixed.families.records import Family
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.summaries import draw_matrix
from bayesmixed.verbs.variances import (
    fixed_variance,
    random_variance,
    residual_variance,
    split_blocks,
)

RESIDUAL_FORMULA = "sigma^2"
LATENT = {
    "logit": (pi**2 / 3, "pi^2/3"),
    "probit": (1.0, "1"),
    "cloglog": (pi**2 / 6, "pi^2/6"),
}
"""Variances of the latent distributions behind the links of a probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionVariance:
    """Variance within groups, on the scale of the linear predictor.

    Attributes
    ----------
    draws : FloatArray
        Shape (chains * draws,).
    formula : str
        What it is, for the formula of a share, e.g. ``"pi^2/3"``.
    meaning : str
        What the letters of the formula stand for, for a legend; empty when there are none.
    """

    draws: FloatArray
    formula: str
    meaning: str


def has_shares(family: Family) -> bool:
    """Whether the intraclass correlation and R2 of a family are known here."""
    return is_native(family)


def distribution_variance(draws: xr.DataTree, spec: ModelSpec) -> DistributionVariance:
    """Variance within groups: distribution-specific, with that of effects which single rows have.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.

    Returns
    -------
    DistributionVariance
        With its formula.

    Raises
    ------
    FamilyError
        For a family whose variance on that scale is not known here.

    Notes
    -----
    Nakagawa, Johnson and Schielzeth 2017 (J. R. Soc. Interface 14:20170213). gaussian and lognormal: sigma^2
    (of the logarithm); t: sigma^2 nu / (nu - 2). bernoulli and binomial: the variance of the link's latent
    distribution, pi^2/3 (logit), 1 (probit), pi^2/6 (cloglog). With a log link the lognormal approximation:
    poisson log(1 + 1/lambda), negativebinomial log(1 + 1/lambda + 1/alpha), gamma log(1 + 1/alpha), with the
    expected count lambda = exp(m + (V_fix + V_all) / 2), m the mean over the rows of X beta + offset. All
    others by the delta method, Var(y) (d link / d mean)^2 at the linear predictor m.

    The variance of a factor with a level for every row, V_over, is added: it is overdispersion and lies
    within groups (the paper's sigma_e^2, which stands in the denominator of R2 and ICC alone). The expected
    count is that of all rows, lambda = exp(m + (V_fix + V_all + V_over) / 2).
    """
    within = _of_family(draws, spec)
    rows = split_blocks(spec.design)[1]
    if not rows:
        return within
    listed = " and ".join(block.group for block in rows)
    return DistributionVariance(
        draws=within.draws + np.sum([random_variance(draws, block) for block in rows], axis=0),
        formula=f"V_over+{within.formula}",
        meaning=f"V_over: variance of {listed}, one level a row, which is overdispersion; {within.meaning}",
    )


def _of_family(draws: xr.DataTree, spec: ModelSpec) -> DistributionVariance:
    """Variance that the family itself adds."""
    family = spec.family
    if not has_shares(family):
        raise FamilyError(
            f"The variance of the family {family.name!r} on the scale of its link is not known here, so that "
            "there is neither an intraclass correlation nor R2; varcorr() has the variances of the groups."
        )
    if family.name == "t":
        nu = draw_matrix(draws, names.NU)
        inflation = np.divide(nu, nu - 2, out=np.full_like(nu, np.inf), where=nu > 2)
        return DistributionVariance(
            draws=residual_variance(draws) * inflation,
            formula="sigma^2*nu/(nu-2)",
            meaning="sigma, nu: scale and degrees of freedom of the t distribution",
        )
    if family.has_residual_sd:
        meaning = "sigma^2: residual variance" + (" of the logarithm" if family.name == "lognormal" else "")
        return DistributionVariance(draws=residual_variance(draws), formula=RESIDUAL_FORMULA, meaning=meaning)
    if family.name in ("bernoulli", "binomial"):
        value, formula = LATENT[family.link]
        total = draw_matrix(draws, names.BETA).shape[0]
        return DistributionVariance(
            draws=np.full(total, value),
            formula=formula,
            meaning=f"{formula}: variance of the {family.link} link's latent distribution",
        )
    return _of_log_link(draws, spec) if family.link == "log" else _by_delta_method(draws, spec)


def _of_log_link(draws: xr.DataTree, spec: ModelSpec) -> DistributionVariance:
    """Lognormal approximation of counts and of gamma responses."""
    between = np.sum([random_variance(draws, block) for block in spec.design.blocks], axis=0)
    spread = fixed_variance(draws, spec.design) + between
    expected = np.exp(_mean_predictor(draws, spec) + spread / 2)
    total = "V_fix + V_all + V_over" if split_blocks(spec.design)[1] else "V_fix + V_all"
    inverse, parts = np.zeros_like(expected), []
    if spec.family.name != "gamma":
        inverse, parts = 1 / expected, ["1/lambda"]
    if names.ALPHA in spec.family.parameters:
        inverse, parts = inverse + 1 / draw_matrix(draws, names.ALPHA), [*parts, "1/alpha"]
    return DistributionVariance(
        draws=np.log1p(inverse),
        formula=f"log(1+{'+'.join(parts)})",
        meaning=f"lambda: expected response, exp(m + ({total})/2), m the mean of X beta + offset"
        if "1/lambda" in parts
        else "alpha: shape of the gamma distribution",
    )


def _by_delta_method(draws: xr.DataTree, spec: ModelSpec) -> DistributionVariance:
    """First-order approximation at the mean linear predictor."""
    link = link_function(spec.family.link)
    predictor = _mean_predictor(draws, spec)
    parameters = {name: draw_matrix(draws, name) for name in spec.family.parameters}
    variance = response_variance(spec.family, link.inverse(predictor), parameters)
    return DistributionVariance(
        draws=variance / link.derivative(predictor) ** 2,
        formula="Var(y)*g'^2",
        meaning="Var(y)*g'^2: variance of the response times the squared slope of the link, at the mean "
        "linear predictor",
    )


def _mean_predictor(draws: xr.DataTree, spec: ModelSpec) -> FloatArray:
    """Mean over the rows of X beta + offset, shape (chains * draws,)."""
    design = spec.design
    beta = draw_matrix(draws, names.BETA)
    return np.asarray(beta @ design.fixed.matrix.mean(axis=0) + design.offset.mean())
