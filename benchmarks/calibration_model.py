"""Truth, data and quantities of the calibration, drawn by NumPy and SciPy without the package's help."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from calibration_cases import Case, Grouping
from scipy import special, stats

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
RESPONSES = ("sigma", "nu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Parameters with random effects: d draws from the prior or from a posterior.

    Attributes
    ----------
    beta : FloatArray
        Intercept (at x = 0) and slope, shape (d, 2).
    sd : dict[str, FloatArray]
        By grouping factor, shape (d, effects).
    corr : dict[str, FloatArray]
        Correlation of intercept and slope by grouping factor, shape (d,).
    ranef : dict[str, FloatArray]
        By grouping factor, shape (d, levels, effects).
    family : dict[str, FloatArray]
        ``sigma``, ``nu``, as far as the family has them, shape (d,).
    """

    beta: FloatArray
    sd: dict[str, FloatArray]
    corr: dict[str, FloatArray]
    ranef: dict[str, FloatArray]
    family: dict[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Data drawn from the prior of a case, with the truth behind them.

    Attributes
    ----------
    frame : pandas.DataFrame
        The case's frame with the response ``y``.
    truth : Parameters
        One draw.
    new_mean, new_response : float
        Mean and response of the case's new row.
    seed : int
        For the fit.
    """

    frame: pd.DataFrame
    truth: Parameters
    new_mean: float
    new_response: float
    seed: int


def simulate(case: Case, replication: int) -> Simulation:
    """Parameters drawn from the prior, with data drawn given them."""
    rng = np.random.default_rng([zlib.crc32(case.key.encode()), replication])
    slope = _draw(case, "x", rng)
    intercept = _draw(case, "Intercept", rng) - slope * case.x.mean()
    family = {name: np.array([_draw(case, name, rng)]) for name in RESPONSES if name in case.priors}
    sd: dict[str, FloatArray] = {}
    corr: dict[str, FloatArray] = {}
    ranef: dict[str, FloatArray] = {}
    new = intercept + slope * case.new_x
    for grouping in case.groupings:
        name, k = grouping.name, len(grouping.effects)
        scales = np.array([_draw(case, f"sd_{name}", rng) for _ in grouping.effects])
        root = np.diag(scales)
        if grouping.correlated:
            root = _at_zero(case) @ root @ _correlation_root(case, name, rng)
        covariance = root @ root.T
        sd[name] = np.sqrt(np.diag(covariance))[None, :]
        if grouping.correlated:
            corr[name] = np.array([covariance[0, 1] / sd[name].prod()])
        effects = rng.standard_normal((len(grouping.levels) + 1, k)) @ root.T
        ranef[name] = effects[None, :-1]
        new += effects[-1] @ np.array([1.0, case.new_x])[:k]
    truth = Parameters(beta=np.array([[intercept, slope]]), sd=sd, corr=corr, ranef=ranef, family=family)
    rows = response(case, predictor(case, truth), family, row_weights(case))
    new_row = response(case, np.array([[new]]), family)
    return Simulation(
        frame=case.frame.assign(y=rows.rvs(size=(1, len(case.frame)), random_state=rng)[0]),
        truth=truth,
        new_mean=_mean(case, new),
        new_response=float(new_row.rvs(size=(1, 1), random_state=rng)[0, 0]),
        seed=int(rng.integers(2**31)),
    )


def _at_zero(case: Case) -> FloatArray:
    """Map from an intercept at the mean of x and a slope to the intercept at zero and the slope."""
    return np.array([[1.0, -case.x.mean()], [0.0, 1.0]])


def _correlation_root(case: Case, name: str, rng: np.random.Generator) -> FloatArray:
    """Cholesky factor of the correlation of two effects under LKJ(eta): (r + 1) / 2 ~ Beta(eta, eta)."""
    eta = case.priors[f"corr_{name}"].args["eta"]
    r = 2 * rng.beta(eta, eta) - 1
    return np.linalg.cholesky(np.array([[1.0, r], [r, 1.0]]))


def _draw(case: Case, name: str, rng: np.random.Generator) -> float:
    """One draw from a prior."""
    prior = case.priors[name]
    distributions: dict[str, Any] = {
        "Normal": lambda mu, sigma: rng.normal(mu, sigma),
        "StudentT": lambda nu, mu, sigma: mu + sigma * rng.standard_t(nu),
        "HalfNormal": lambda sigma: abs(rng.normal(0, sigma)),
        "HalfStudentT": lambda nu, sigma: abs(sigma * rng.standard_t(nu)),
        "Gamma": lambda alpha, beta: rng.gamma(alpha, 1 / beta),
    }
    return float(distributions[prior.name](**prior.args))


def row_weights(case: Case) -> FloatArray:
    """Weight of every row, shape (n,)."""
    return np.ones(len(case.frame)) if case.weights is None else case.frame[case.weights].to_numpy()


def columns(case: Case, grouping: Grouping) -> FloatArray:
    """Columns of a grouping factor's effects, shape (n, effects)."""
    return np.column_stack([np.ones(len(case.x)), case.x])[:, : len(grouping.effects)]


def predictor(case: Case, parameters: Parameters) -> FloatArray:
    """Linear predictor of every row, shape (d, n)."""
    total = parameters.beta[:, :1] + parameters.beta[:, 1:] * case.x
    for grouping in case.groupings:
        effects = parameters.ranef[grouping.name][:, grouping.codes]
        total = total + (effects * columns(case, grouping)).sum(axis=2)
    return total


def _mean(case: Case, value: float) -> float:
    """Mean response at a value of the linear predictor; of a t distribution its centre."""
    inverse: dict[str, Any] = {"bernoulli": special.expit, "poisson": np.exp}
    return float(inverse[case.family](value) if case.family in inverse else value)


def response(
    case: Case, predictor: FloatArray, family: Mapping[str, FloatArray], weights: FloatArray | float = 1.0
) -> Any:
    """SciPy's distribution of responses, for a linear predictor of shape (d, n)."""
    if case.family == "bernoulli":
        return stats.bernoulli(special.expit(predictor))
    if case.family == "poisson":
        return stats.poisson(np.exp(predictor))
    scale = family["sigma"][:, None] / np.sqrt(weights)
    return (
        stats.norm(predictor, scale)
        if case.family == "gaussian"
        else stats.t(family["nu"][:, None], predictor, scale)
    )


def log_likelihood(case: Case, y: FloatArray, parameters: Parameters) -> FloatArray:
    """Log density of all responses given parameters and random effects, shape (d,)."""
    distribution = response(case, predictor(case, parameters), parameters.family, row_weights(case))
    density = distribution.logpmf if case.family in ("bernoulli", "poisson") else distribution.logpdf
    return np.asarray(density(y).sum(axis=1))


def icc(case: Case, parameters: Parameters) -> dict[str, FloatArray]:
    """Share of the variance that lies between the levels of each grouping factor, shape (d,) each.

    Johnson (2014) for slopes; what stands for sigma^2 in other families is Nakagawa, Johnson and Schielzeth's
    (2017): sigma^2 nu / (nu - 2) for t, pi^2 / 3 for the logit, log(1 + 1 / lambda) for counts.
    """
    between = {}
    for grouping in case.groupings:
        name, z = grouping.name, columns(case, grouping)
        scaled = parameters.sd[name][:, None, :] * z
        between[name] = (scaled**2).sum(axis=2).mean(axis=1)
        if grouping.correlated:
            between[name] = between[name] + 2 * parameters.corr[name] * scaled.prod(axis=2).mean(axis=1)
    total = np.sum(list(between.values()), axis=0)
    return {name: part / (total + _within(case, parameters, total)) for name, part in between.items()}


def _within(case: Case, parameters: Parameters, between: FloatArray) -> FloatArray | float:
    """Variance within groups, on the scale of the linear predictor."""
    if case.family == "bernoulli":
        return np.pi**2 / 3
    if case.family == "poisson":
        fixed = parameters.beta[:, 1] ** 2 * case.x.var(ddof=1)
        centre = parameters.beta[:, 0] + parameters.beta[:, 1] * case.x.mean()
        return np.log1p(np.exp(-centre - (fixed + between) / 2))
    variance = parameters.family["sigma"] ** 2
    if case.family == "gaussian":
        return variance
    nu = parameters.family["nu"]
    return np.where(nu > 2, variance * nu / np.where(nu > 2, nu - 2, 1.0), np.inf)


def quantities(case: Case, y: FloatArray, parameters: Parameters) -> dict[str, FloatArray]:
    """Everything that is ranked, by name, shape (d,) each; of the random effects the first and last level."""
    found = {"Intercept": parameters.beta[:, 0], "x": parameters.beta[:, 1], **parameters.family}
    for grouping in case.groupings:
        name = grouping.name
        for e, effect in enumerate(grouping.effects):
            found[f"sd_{name}[{effect}]"] = parameters.sd[name][:, e]
            for j in (0, -1):
                found[f"ranef_{name}[{grouping.levels[j]}, {effect}]"] = parameters.ranef[name][:, j, e]
        if grouping.correlated:
            found[f"corr_{name}"] = parameters.corr[name]
    found.update({f"ICC {name}": share for name, share in icc(case, parameters).items()})
    return {**found, "log likelihood": log_likelihood(case, y, parameters)}
