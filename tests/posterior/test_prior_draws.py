"""Draws from the prior: named as the posterior, distributed as the priors say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from bayesmixed.errors import PriorError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.log_prior import centred_coefficients
from bayesmixed.posterior.prior_draws import prior_predictive
from bayesmixed.priors.choice import prior

SpecOf = Callable[..., ModelSpec]


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x | g)",
        "y ~ 0 + x + (x || g) + (1 | h)",
        "y ~ x + (1 | g) + (0 + x + v | g)",
        "y ~ 0 + (1 | g)",
    ],
)
def test_the_prior_has_the_posteriors_variables(
    spec_of: SpecOf, random_draws_of: Callable[[ModelSpec], xr.DataTree], formula: str
) -> None:
    spec = spec_of(formula)
    group, predictive = prior_predictive(spec, draws=20, seed=1)
    posterior = random_draws_of(spec)["posterior"].to_dataset()
    assert {name: v.dims for name, v in group.items()} == {name: v.dims for name, v in posterior.items()}
    assert predictive["y"].shape == (1, 20, 96)
    assert np.isfinite(predictive["y"]).all()


def test_parameters_follow_their_priors(spec_of: SpecOf) -> None:
    chosen = {"sd_g": prior("HalfNormal", sigma=0.7), "sigma": prior("Exponential", lam=2)}
    spec = spec_of("y ~ x + (x | g)", chosen)
    group, predictive = prior_predictive(spec, draws=2000, seed=3)
    centred = centred_coefficients(group["beta"].values[0], spec.design.fixed)
    at_zero, corr = group["sd_g"].values[0], group["corr_g"].values[0]
    move = np.array([[1.0, spec.design.fixed.matrix[:, 1].mean()], [0.0, 1.0]])
    covariance = move @ (at_zero[:, :, None] * corr * at_zero[:, None, :]) @ move.T
    sd = np.sqrt(np.einsum("skk->sk", covariance))
    laws = [
        *((centred[:, j], stats.norm(*p.args.values())) for j, p in enumerate(spec.priors.coefficients)),
        (sd[:, 0], stats.halfnorm(0, 0.7)),
        (sd[:, 1], stats.halfnorm(0, 0.7)),
        (group["sigma"].values[0], stats.expon(scale=0.5)),
        ((covariance[:, 0, 1] / sd.prod(axis=1) + 1) / 2, stats.beta(2, 2)),
        ((group["ranef_g"].values[0, :, 3] / group["sd_g"].values[0])[:, 1], stats.norm()),
    ]
    for values, law in laws:
        assert stats.kstest(values, law.cdf).pvalue > 1e-4
    assert predictive["y"].std() > group["sigma"].mean()


def test_random_effects_are_correlated_as_drawn(spec_of: SpecOf) -> None:
    group, _ = prior_predictive(spec_of("y ~ x + (x | g)"), draws=4000, seed=4)
    standard = (group["ranef_g"] / group["sd_g"]).values[0]
    products = (standard[..., 0] * standard[..., 1]).mean(axis=1)  # over eight levels
    drawn = group["corr_g"].values[0, :, 0, 1]
    assert np.polyfit(drawn, products, 1) == pytest.approx([1, 0], abs=0.06)  # four standard errors


def test_nothing_is_drawn_from_an_improper_prior(spec_of: SpecOf) -> None:
    with pytest.raises(PriorError, match="improper"):
        prior_predictive(spec_of("y ~ x + (1 | g)", {"x": prior("Flat")}), draws=3, seed=1)
