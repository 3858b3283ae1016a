"""The log prior, against SciPy and against a shift of the predictor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from bayesmixed.covariances.unstructured import lkj_log_density
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.log_prior import centred_coefficients, log_prior
from bayesmixed.priors.choice import prior

SpecOf = Callable[..., ModelSpec]
DrawsOf = Callable[[ModelSpec], xr.DataTree]


def test_every_parameter_has_its_own_density(spec_of: SpecOf, random_draws_of: DrawsOf) -> None:
    chosen = {"x": prior("StudentT", nu=4, sigma=2), "sd_g": prior("Exponential", lam=2)}
    spec = spec_of("y ~ x + (x | g) + (1 | h)", chosen)
    draws = random_draws_of(spec)
    posterior, out = draws["posterior"].to_dataset(), log_prior(draws, spec)
    assert set(out.data_vars) == {"beta", "sd_g", "corr_g", "sd_h", "sigma"}
    mean = spec.design.fixed.matrix[:, 1].mean()
    intercept = posterior["beta"].values[..., 0] + posterior["beta"].values[..., 1] * mean
    expected = stats.norm(*spec.priors.coefficients[0].args.values()).logpdf(intercept)
    np.testing.assert_allclose(out["beta"].sel(term="Intercept"), expected)
    np.testing.assert_allclose(
        out["beta"].sel(term="x"), stats.t(4, 0, 2).logpdf(posterior["beta"].sel(term="x"))
    )
    sd, corr = posterior["sd_g"].values, posterior["corr_g"].values
    move = np.array([[1.0, mean], [0.0, 1.0]])
    covariance = move @ (sd[..., :, None] * corr * sd[..., None, :]) @ move.T
    centred = np.sqrt(np.einsum("cdkk->cdk", covariance))
    np.testing.assert_allclose(out["sd_g"], stats.expon(scale=0.5).logpdf(centred))
    corr = covariance / (centred[..., :, None] * centred[..., None, :])
    np.testing.assert_allclose(out["corr_g"], lkj_log_density(corr, 2.0))
    scale = spec.priors.parameters["sigma"].args["sigma"]
    np.testing.assert_allclose(out["sigma"], np.log(2) + stats.t(3, 0, scale).logpdf(posterior["sigma"]))


def test_independent_sets_have_independent_correlations(spec_of: SpecOf, random_draws_of: DrawsOf) -> None:
    spec = spec_of("y ~ x + (1 | g) + (0 + x + v | g)")
    draws = random_draws_of(spec)
    matrix = draws["posterior"]["corr_g"].values
    np.testing.assert_allclose(log_prior(draws, spec)["corr_g"], lkj_log_density(matrix[..., 1:, 1:], 2.0))


def test_without_intercept_nothing_is_centred(spec_of: SpecOf) -> None:
    fixed = spec_of("y ~ 0 + x + v + (1 | g)").design.fixed
    beta = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(centred_coefficients(beta, fixed), beta)
