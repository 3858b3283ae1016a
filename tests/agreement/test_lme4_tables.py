"""The tables of a REML or ML fit are lme4's and lmerTest's, on all reference models.

Maker: lme4 1.1-31 with lmerTest, `shared/reference/lme4.json`. Tolerances follow from lme4's stopping rule,
which leaves its standard deviations good to about 1e-4.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Literal

import numpy as np
import pytest

import bayesmixed as bm
from references import LME4, python_group, python_level, python_term, reference_frame

RTOL = 1e-3
CRITERION_RTOL = 1e-6
VALUE_TOLERANCE = 1e-3  # of the residual standard deviation
SMALLEST_P = 1e-300  # below which R's p-values underflow


@cache
def fit_of(name: str, by: Literal["reml", "ml"]) -> bm.RemlFit:
    model = LME4[name]
    with warnings.catch_warnings():
        # one model is nested implicitly, on purpose
        warnings.simplefilter("ignore", bm.DesignWarning)
        return bm.lmer(model["formula"], reference_frame(model["data"]), method=by)


@pytest.mark.parametrize("name", LME4)
def test_fixed_effects_with_their_tests(name: str) -> None:
    table = fit_of(name, "reml").fixef().set_index("term")
    for row in LME4[name]["reml"]["fixef"]:
        ours = table.loc[python_term(row["term"], tuple(table.index))]
        assert ours["value"] == pytest.approx(row["estimate"], abs=RTOL * row["se"])
        assert ours["se"] == pytest.approx(row["se"], rel=RTOL)
        assert ours["df"] == pytest.approx(row["df"], rel=RTOL)
        assert ours["t"] == pytest.approx(row["t"], rel=RTOL, abs=1e-4)
        if row["p"] > SMALLEST_P:
            # A p-value far in the tail moves df times as fast as t.
            assert np.log(ours["p_value"]) == pytest.approx(np.log(row["p"]), rel=RTOL, abs=RTOL)


@pytest.mark.parametrize("name", LME4)
def test_standard_errors_by_ml(name: str) -> None:
    table = fit_of(name, "ml").fixef().set_index("term")
    for row in LME4[name]["ml"]["fixef"]:
        ours = table.loc[python_term(row["term"], tuple(table.index))]
        assert ours["se"] == pytest.approx(row["se"], rel=RTOL)


@pytest.mark.parametrize("name", LME4)
def test_covariance_of_the_coefficients(name: str) -> None:
    ours = fit_of(name, "reml").vcov()
    terms = tuple(ours.index)
    order = [terms.index(python_term(row["term"], terms)) for row in LME4[name]["reml"]["fixef"]]
    theirs = np.array(LME4[name]["reml"]["vcov"])
    scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    np.testing.assert_allclose(ours.to_numpy()[np.ix_(order, order)] / scale, theirs / scale, atol=RTOL)


@pytest.mark.parametrize("name", LME4)
@pytest.mark.parametrize("by", ["reml", "ml"])
def test_information_criteria(name: str, by: Literal["reml", "ml"]) -> None:
    fit, theirs = fit_of(name, by), LME4[name][by]
    assert fit.log_likelihood() == pytest.approx(theirs["logLik"], rel=CRITERION_RTOL)
    assert fit.aic() == pytest.approx(theirs["AIC"], rel=CRITERION_RTOL)
    assert fit.bic() == pytest.approx(theirs["BIC"], rel=CRITERION_RTOL)


@pytest.mark.parametrize("name", LME4)
def test_conditional_standard_deviations(name: str) -> None:
    table = fit_of(name, "reml").ranef().set_index(["group_var", "effect", "group"])["se"]
    groups = tuple(dict.fromkeys(table.index.get_level_values(0)))
    effects = tuple(dict.fromkeys(table.index.get_level_values(1)))
    for row in LME4[name]["ranef"]:
        group = python_group(row["grpvar"], groups)
        level = python_level(row["grpvar"].removesuffix(".1"), row["grp"], group)
        ours = table.loc[group, python_term(row["term"], effects), level]
        assert ours == pytest.approx(row["condsd"], rel=RTOL, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in LME4 if name != "insteval_crossed"])
def test_fitted_values_and_residuals(name: str) -> None:
    """Ten rows of lme4's, each looked up among ours: R orders the rows of some models anew."""
    fit, model = fit_of(name, "reml"), LME4[name]
    columns = (fit.fitted(), fit.resid(), fit.fitted(effects="fixed"))
    ours = np.column_stack([table["value"] for table in columns])
    theirs = np.column_stack([model["fitted10"], model["resid10"], model["population10"]])
    gaps = np.min(np.max(np.abs(ours[:, None] - theirs), axis=2), axis=0)
    assert np.max(gaps) < VALUE_TOLERANCE * fit.sigma


def test_predictions_of_the_largest_model() -> None:
    """Standard errors of 73,421 crossed rows take minutes, so only the values are compared."""
    if "insteval_crossed" not in LME4:
        pytest.skip("the reference numbers do not lie beside the project")
    from bayesmixed.verbs.estimate.combinations import fitted_values

    estimate, model = fit_of("insteval_crossed", "reml").estimate, LME4["insteval_crossed"]
    ours = fitted_values(estimate.design, estimate.optimum)[:10]
    np.testing.assert_allclose(ours, model["fitted10"], rtol=0, atol=VALUE_TOLERANCE)
