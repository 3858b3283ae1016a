"""Wald intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesmixed.classical.parameters import lme4_parameters
from bayesmixed.classical.wald import wald_intervals

from .estimates import SLEEP, THREE, estimated


@pytest.mark.parametrize("formula", [SLEEP, THREE])
@pytest.mark.parametrize("by", ["reml", "ml"])
@pytest.mark.parametrize("prob", [0.5, 0.95])
def test_normal_quantiles_around_coefficients_alone(formula: str, by: str, prob: float) -> None:
    fitted = estimated(formula, by)
    parameters = lme4_parameters(fitted.design)
    ends = wald_intervals(fitted, parameters, prob)
    is_beta = np.array([parameter.kind == "beta" for parameter in parameters])
    expected = stats.norm.interval(prob, fitted.optimum.coefficients, np.sqrt(np.diag(fitted.covariance)))
    np.testing.assert_allclose(ends[is_beta], np.transpose(expected), rtol=1e-12)
    assert np.all(np.isnan(ends[~is_beta]))


def test_sleepstudy_as_lme4() -> None:
    """Maker: estimates and standard errors of lme4 1.1-31, `shared/reference/lme4.json`, +- 1.959964 se."""
    fitted = estimated(SLEEP)
    ends = wald_intervals(fitted, lme4_parameters(fitted.design))[-2:]
    np.testing.assert_allclose(ends, [[238.0291, 264.7811], [7.4376, 13.4970]], atol=2e-4)
