from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmixed.design import Design, build_design
from bayesmixed.engines.reml.estimate import estimate_linear, linear_criteria
from bayesmixed.engines.reml.likelihood import Criterion, likelihood_of
from bayesmixed.formula import parse_formula

CASES = ["y ~ x", "y ~ 0 + x", "y ~ x + f + offset(z)", "y ~ 1"]


def design_of(formula: str, *, weighted: bool) -> Design:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(24, 3)) * [20.0, 3.0, 1.0] + 5.0, columns=["y", "x", "z"])
    frame = frame.assign(f=np.tile(list("abc"), 8), g=np.repeat(list("pqrs"), 6))
    weights = np.linspace(0.5, 3.0, 24) if weighted else None
    return build_design(parse_formula(f"{formula} + (1 | g)"), frame, weights=weights)


@pytest.mark.parametrize("by", ["reml", "ml"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("formula", CASES)
def test_criterion_is_that_of_a_mixed_model_without_variance(
    formula: str, weighted: bool, by: Criterion
) -> None:
    mixed = design_of(formula, weighted=weighted)
    likelihood = likelihood_of(mixed, by)
    expected = likelihood.profiled(np.zeros(1))[0] + likelihood.shift
    fitted = estimate_linear(dataclasses.replace(mixed, blocks=()), by)
    assert -2.0 * fitted.log_likelihood == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("formula", CASES)
def test_likelihood_is_the_normal_density_at_the_estimate(formula: str, weighted: bool) -> None:
    design = dataclasses.replace(design_of(formula, weighted=weighted), blocks=())
    fitted = estimate_linear(design, "ml")
    mean = design.fixed.matrix @ fitted.optimum.coefficients + design.offset
    sd = fitted.optimum.sigma / np.sqrt(np.ones(24) if design.weights is None else design.weights)
    assert fitted.log_likelihood == pytest.approx(stats.norm.logpdf(design.response.values, mean, sd).sum())
    assert fitted.n_parameters == design.fixed.matrix.shape[1] + 1


def test_many_responses_at_a_time_are_one_by_one() -> None:
    design = dataclasses.replace(design_of("y ~ x", weighted=True), blocks=())
    responses = np.stack([design.response.values, design.response.values[::-1]])
    one_by_one = [linear_criteria(design, "reml", y[None])[0] for y in responses]
    np.testing.assert_allclose(linear_criteria(design, "reml", responses), one_by_one, rtol=1e-12)
