"""The PyMC graph of residuals that are not sigma^2 / w: against the dense normal density, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytensor
import pytest
import xarray as xr
from scipy import stats

from bayesmixed import names
from bayesmixed.design.build import build_design
from bayesmixed.design.centring import inverse
from bayesmixed.design.records import Design, FloatArray, LinearPredictor
from bayesmixed.engines.pymc import raw_draws
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.build import build_pymc_model
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.log_prior import log_prior
from bayesmixed.posterior.prior_draws import prior_tree
from bayesmixed.posterior.response import log_likelihood
from bayesmixed.posterior.tree import draws_tree

FORMULAS: list[Any] = [
    ["y ~ x + (x | g)", "sigma ~ 0 + f"],
    ["y ~ x + (1 | g)", "sigma ~ v + offset(known) + (x | g) + (1 | h)"],
    ["y | weights(w) ~ x + (1 | g)", "sigma ~ f*v + (0 + x || g)"],
    ["y | se(w) ~ x", "mean alone"],
    "y | se(w) ~ x + (1 | row)",
    "y | se(w, sigma=TRUE) + weights(w2) ~ x + (1 | g)",
    ["y | se(w, sigma=TRUE) ~ x + (1 | g)", "sigma ~ x"],
    "y ~ x + (1 | g) + ar(t, gr=g)",
    "y ~ x + ar(irregular, gr=g)",
    "y | weights(w) ~ x + (x | h) + ar(gr=g:f)",
    ["y ~ x + (1 | h) + ar(t, gr=g)", "sigma ~ x + (1 | h)"],
    "y ~ x + cosy(gr=g)",
    ["y | weights(w) ~ x + (1 | h) + cosy(gr=g)", "sigma ~ f"],
    "y ~ x + unstr(when, gr=cell)",
    ["y ~ x + (1 | h) + unstr(when, gr=cell)", "sigma ~ 0 + when"],
]


@pytest.fixture
def rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with times, some of which are missing, in no order."""
    rng, number = np.random.default_rng(8), np.arange(len(frame))
    frame["f"] = rng.choice(["a", "b"], len(frame))
    frame["t"] = number // 8
    frame["irregular"] = frame["t"] + rng.uniform(0, 0.4, len(frame))
    frame["when"] = [f"t{i}" for i in number // 8 % 3]
    frame["cell"] = [f"{g}.{i}" for g, i in zip(frame["g"], number // 24, strict=True)]
    frame["w2"], frame["row"] = rng.uniform(0.5, 2, len(frame)), number
    return frame.drop([9, 17, 40, 41]).sample(frac=1.0, random_state=3)


def spec_of(formula: Any, rows: pd.DataFrame) -> ModelSpec:
    """Specification of formulas; of a list that ends in words the first alone."""
    formulas = [each for each in formula if "~" in each] if isinstance(formula, list) else formula
    design = build_design(parse_formula(formulas), rows)
    return ModelSpec(design=design, priors=complete_priors(design))


def recorded(spec: ModelSpec, seed: int) -> tuple[xr.Dataset, float, float]:
    """A random point as one draw of a posterior; log densities of the response, and of the parameters."""
    model = build_pymc_model(spec)
    rng, start = np.random.default_rng(seed), model.initial_point()
    point = {name: value + rng.normal(0, 0.3, value.shape) for name, value in start.items()}
    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        fn = model.compile_fn(model.unobserved_value_vars, inputs=model.value_vars, point_fn=True)
        found = dict(zip([v.name for v in model.unobserved_value_vars], fn(point), strict=True))
        of_response = float(model.compile_logp(vars=[model[names.RESPONSE]])(point))
        of_parameters = float(model.compile_logp(vars=model.free_RVs, jacobian=False)(point))
    deviates = [value for name, value in found.items() if name.startswith("z_")]
    of_parameters -= sum(float(stats.norm.logpdf(each).sum()) for each in deviates)
    dims = {name: model.named_vars_to_dims.get(name, ()) for name in found}
    draws = xr.Dataset(
        {
            name: (("chain", "draw", *dims[name]), np.asarray(value)[None, None])
            for name, value in found.items()
            if len(dims[name]) == np.ndim(value) and not name.endswith("__")
        },
        coords={dim: list(labels) for dim, labels in model.coords.items() if labels is not None},
    )
    return draws, of_response, of_parameters


def eta(predictor: LinearPredictor, draws: xr.Dataset) -> FloatArray:
    """Linear predictor of the rows at the only draw."""
    out = predictor.offset.copy()
    if predictor.fixed.terms:
        out += predictor.fixed.matrix @ draws[names.beta(predictor.parameter)].values[0, 0]
    for block in predictor.blocks:
        effects = draws[names.ranef(block.name)].values[0, 0]
        out += np.sum(block.columns * effects[block.codes], axis=1)
    return out


def moments(design: Design, draws: xr.Dataset) -> tuple[FloatArray, FloatArray]:
    """Mean of the response and covariance of the residuals, shapes (n,) and (n, n)."""
    mean, *others = (eta(each, draws) for each in design.predictors.values())
    residual, n = design.residual, design.n_rows
    sigma = np.exp(others[0]) if others else draws[names.SIGMA].values[0, 0] if residual.has_sigma else 0.0
    weights = np.ones(n) if residual.weights is None else residual.weights
    sd = np.sqrt((0.0 if residual.errors is None else residual.errors**2) + sigma**2 / weights)
    correlation = np.eye(n)
    if not residual.is_independent:
        correlation = residual.correlation.correlation(draws[residual.correlation.label].values[0, 0])
    return mean, sd[:, None] * correlation * sd


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_the_density_is_the_dense_normals(formula: Any, rows: pd.DataFrame) -> None:
    spec = spec_of(formula, rows)
    draws, of_response, of_parameters = recorded(spec, 1)
    mean, covariance = moments(spec.design, draws)
    y = spec.design.response.values
    expected = stats.multivariate_normal(mean, covariance).logpdf(y)
    assert of_response == pytest.approx(expected, abs=1e-8)

    raw = raw_draws(spec.design, draws, xr.Dataset(), spec.priors.parameters)
    tree = draws_tree(spec.design, raw, {})
    correlated = [block for block in spec.design.all_blocks if block.has_correlation]
    if not correlated and spec.design.residual.correlation.label != "unstr":  # PyMC has partial correlations
        prior = log_prior(tree, spec)
        total = sum(float(prior[name].sum()) for name in prior.data_vars)
        assert of_parameters == pytest.approx(total, abs=1e-6)
    of_rows = log_likelihood(tree, spec)[names.RESPONSE].values[0, 0]
    np.testing.assert_allclose(of_rows, conditional_log_density(y, mean, covariance), atol=1e-8)


def conditional_log_density(y: FloatArray, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    """Log density of every row given the others, by partitions of the covariance."""
    out = np.empty(len(y))
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        weights = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[rest, i])
        variance = covariance[i, i] - weights @ covariance[rest, i]
        out[i] = stats.norm.logpdf(y[i], mean[i] + weights @ (y - mean)[rest], np.sqrt(variance))
    return out


@pytest.mark.parametrize(
    "formula", [FORMULAS[1], FORMULAS[4], FORMULAS[7], FORMULAS[11], FORMULAS[14]], ids=str
)
def test_the_prior_draws_what_the_priors_say(formula: Any, rows: pd.DataFrame) -> None:
    spec = spec_of(formula, rows)
    tree = prior_tree(spec, draws=4000, seed=1)
    assert tree["prior_predictive"][names.RESPONSE].shape == (1, 4000, len(rows))
    assert np.all(np.isfinite(tree["prior_predictive"][names.RESPONSE].values))
    for each in spec.design.others:
        sds = tree["prior"][names.beta(each.parameter)].values[0] @ inverse(each.fixed.centring).T
        own = spec.priors.others[each.parameter].coefficients
        np.testing.assert_allclose(sds.std(axis=0), [prior.args["sigma"] for prior in own], rtol=0.06)
    label = spec.design.residual.correlation.label
    if label == "unstr":  # LKJ(2) of three occasions: (r + 1) / 2 ~ Beta(2.5, 2.5)
        drawn = tree["prior"][label].values[0, :, 0, 1]
        assert stats.kstest((drawn + 1) / 2, stats.beta(2.5, 2.5).cdf).pvalue > 1e-3
    elif label:
        low, high = spec.design.residual.correlation.bounds
        cut = stats.truncnorm(low / 0.5, high / 0.5, 0, 0.5)
        assert stats.kstest(tree["prior"][label].values[0], cut.cdf).pvalue > 1e-3


def test_names_are_those_of_the_contract(rows: pd.DataFrame) -> None:
    spec = spec_of(["y ~ x + (1 | g)", "sigma ~ x + (x | g)"], rows)
    model = build_pymc_model(spec)
    dims = {name: model.named_vars_to_dims.get(name) for name in model.named_vars}
    assert "sigma" not in dims
    assert dims["beta_sigma"] == ("term_sigma",)
    assert dims["sd_sigma_g"] == ("sigma_g_effect",)
    assert dims["corr_sigma_g"] == ("sigma_g_effect", "sigma_g_effect_bis")
    assert dims["ranef_sigma_g"] == ("g", "sigma_g_effect")
    model = build_pymc_model(spec_of("y ~ x + unstr(when, gr=cell)", rows))
    assert model.named_vars_to_dims["unstr"] == names.OCCASIONS
    assert tuple(model.coords["unstr_time"]) == ("t0", "t1", "t2")
