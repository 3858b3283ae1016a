"""The table of confidence intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs.estimate.bootstrap import bootstrap, bootstrap_intervals
from bayesmixed.verbs.estimate.confint import confint, wald_intervals
from bayesmixed.verbs.estimate.parameters import lme4_parameters
from bayesmixed.verbs.estimate.profile import profile_intervals

from .estimates import SLEEP, THREE, estimated

COLUMNS = ["parameter", "kind", "group", "effect", "estimate"]


def test_labels() -> None:
    table = confint(estimated(SLEEP), method="wald")
    assert table[COLUMNS[1:4]].to_numpy().tolist() == [
        ["sd", "Subject", "Intercept"],
        ["sd", "Subject", "Days"],
        ["cor", "Subject", "Intercept.Days"],
        ["sigma", "Residual", ""],
        ["beta", "", "Intercept"],
        ["beta", "", "Days"],
    ]


@pytest.mark.parametrize(("method", "prob"), [("profile", 0.95), ("wald", 0.9), ("boot", 0.5)])
def test_each_method_is_its_function(method: str, prob: float) -> None:
    fitted = estimated(SLEEP)
    parameters = lme4_parameters(fitted.design)
    expected = {
        "profile": lambda: profile_intervals(fitted, parameters, prob),
        "wald": lambda: wald_intervals(fitted, parameters, prob),
        "boot": lambda: bootstrap_intervals(bootstrap(fitted, 30, 9), parameters, prob),
    }[method]()
    table = confint(fitted, method=method, prob=prob, n=30, seed=9)
    tail = f"{50 * (1 - prob):.6g}", f"{50 * (1 + prob):.6g}"
    assert list(table.columns) == [*COLUMNS, f"lower_{tail[0]}", f"upper_{tail[1]}"]
    np.testing.assert_array_equal(table.iloc[:, 5:].to_numpy(dtype=float), expected)
    assert table["estimate"].to_numpy()[3] == pytest.approx(fitted.optimum.sigma)


@pytest.mark.parametrize("method", ["profile", "wald", "boot"])
def test_chosen_parameters_have_the_rows_of_the_whole_table(method: str) -> None:
    fitted = estimated(SLEEP)
    whole = confint(fitted, method=method, n=20, seed=1)
    part = confint(fitted, method=method, n=20, seed=1, parameters=["Days", "sigma"])
    expected = whole[whole["parameter"].isin(["Days", "sigma"])].reset_index(drop=True)
    assert part.equals(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "Wald"}, "method='Wald' is not known; use one of 'profile', 'wald', 'boot'"),
        ({"prob": 95}, "prob=95"),
        ({"parameters": "Dyas"}, "no parameter 'Dyas'. Did you mean 'Days'"),
        ({"method": "boot", "n": 0}, "n=0"),
    ],
)
def test_bad_input(options: dict[str, object], message: str) -> None:
    with pytest.raises(BayesmixedError, match=message):
        confint(estimated(SLEEP), **options)


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
