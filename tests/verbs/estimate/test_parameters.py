"""Names, order and values of the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs.estimate.parameters import (
    chosen_parameters,
    estimated_arrays,
    lme4_parameters,
    parameter_values,
)

from .estimates import BATCH, CROSSED, SLEEP, THREE, estimated, flat_slope

SLEEP_NAMES = [
    "sd_Intercept|Subject",
    "sd_Days|Subject",
    "cor_Days.Intercept|Subject",
    "sigma",
    "Intercept",
    "Days",
]
NAMES = {
    SLEEP: SLEEP_NAMES,
    BATCH: ["sd_Intercept|Batch", "sigma", "Intercept"],
    CROSSED: ["sd_Intercept|plate", "sd_Intercept|sample", "sigma", "Intercept"],
    THREE: [
        *("sd_Intercept|g", "sd_x|g", "sd_v|g"),
        *("cor_x.Intercept|g", "cor_v.Intercept|g", "cor_v.x|g"),
        *("sd_Intercept|h", "sigma", "Intercept", "x", "v"),
    ],
    "y ~ x + (x || g) + (0 + v | g)": [
        *("sd_Intercept|g", "sd_x|g", "sd_v|g", "sigma", "Intercept", "x"),
    ],
}
"""Formula to names in lme4 2.0's order: standard deviations before correlations, factor by factor."""


@pytest.mark.parametrize("formula", NAMES)
def test_names_and_order(formula: str) -> None:
    assert [parameter.name for parameter in lme4_parameters(estimated(formula).design)] == NAMES[formula]


@pytest.mark.parametrize("formula", NAMES)
def test_lme4_counts_as_many(formula: str) -> None:
    fitted = estimated(formula)
    assert len(lme4_parameters(fitted.design)) == fitted.n_parameters


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, SLEEP_NAMES),
        ("theta", SLEEP_NAMES[:4]),
        ("beta", SLEEP_NAMES[4:]),
        ("sigma", ["sigma"]),
        (["Days", "sigma"], ["sigma", "Days"]),
        (["beta", "Days", "sd_Days|Subject"], ["sd_Days|Subject", "Intercept", "Days"]),
    ],
)
def test_chosen(wanted: str | list[str] | None, expected: list[str]) -> None:
    chosen = chosen_parameters(estimated(SLEEP).design, wanted)
    assert [parameter.name for parameter in chosen] == expected


@pytest.mark.parametrize(("wrong", "hint"), [("days", "'Days'"), ("sd_Days", "'sd_Days|Subject'")])
def test_unknown_names_list_near_ones(wrong: str, hint: str) -> None:
    with pytest.raises(BayesmixedError, match=f"no parameter '{wrong}'.*mean.*") as raised:
        chosen_parameters(estimated(SLEEP).design, [wrong])
    assert hint in str(raised.value)


def test_values_are_the_estimates() -> None:
    fitted = estimated(SLEEP)
    covariance = fitted.optimum.covariances[0]
    sd = np.sqrt(np.diag(covariance))
    expected = [*sd, covariance[0, 1] / sd.prod(), fitted.optimum.sigma, *fitted.optimum.coefficients]
    values = parameter_values(lme4_parameters(fitted.design), estimated_arrays(fitted.design, fitted.optimum))
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_correlation_beside_a_zero_variance_does_not_exist() -> None:
    fitted = flat_slope()
    values = parameter_values(lme4_parameters(fitted.design), estimated_arrays(fitted.design, fitted.optimum))
    assert values[1] == 0.0
    assert np.isnan(values[2])
    assert np.all(np.isfinite(np.delete(values, 2)))


def test_no_parameters_have_no_values() -> None:
    fitted = estimated(SLEEP)
    assert parameter_values([], estimated_arrays(fitted.design, fitted.optimum)).shape == (0,)
