"""Grids, comparisons and slopes of estimates against coefficients, their covariance and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DataError
from bayesmixed.verbs.marginal_effects import comparisons, predictions_at, slopes
from bayesmixed.verbs.predict import predict

from .estimates import SLEEP, THREE, estimated, simulated, source_of


@pytest.mark.parametrize("effects", ["fixed", "all", ["g"]])
def test_a_grid_is_predicted_as_its_rows_are(effects: Any) -> None:
    grid = predictions_at(source_of(estimated(THREE)), {"x": [1, 3]}, effects=effects)
    again = predict(source_of(estimated(THREE)), grid, effects=effects)
    pd.testing.assert_frame_equal(grid[list(again.columns)], again, rtol=1e-7)
    assert np.allclose(grid["v"], simulated()["v"].mean())


@pytest.mark.parametrize("average", [True, False])
def test_comparisons_and_slopes_of_a_line_are_its_coefficient(average: bool) -> None:
    fit = bm.lmer(SLEEP, bm.load_dataset("sleepstudy"), method="reml")
    days = fit.fixef().set_index("term").loc["Days"]
    for table in (fit.comparisons("Days", average=average), fit.slopes("Days", average=average)):
        np.testing.assert_allclose(table["value"], days["value"], rtol=1e-6)
        np.testing.assert_allclose(table["se"], days["se"], rtol=1e-6)
    assert fit.comparisons("Days", contrast=(0, 9))["value"].item() == pytest.approx(9 * days["value"])
    assert len(fit.predictions_at({"Days": [0, 9]})) == 2


def test_averages_have_the_covariance_of_the_coefficients() -> None:
    fit = bm.lmer("y ~ x*v + I(x^2) + (1 | g)", simulated(), method="reml")
    frame, terms = simulated(), list(fit.vcov().index)
    row = pd.Series(0.0, index=terms)
    row["x"], row["I(x^2)"], row["x:v"] = 1.0, 2 * frame["x"].mean(), frame["v"].mean()
    slope = fit.slopes("x")
    beta = fit.fixef().set_index("term")["value"]
    assert slope["value"].item() == pytest.approx(row @ beta, rel=1e-5)
    assert slope["se"].item() == pytest.approx(np.sqrt(row @ fit.vcov() @ row), rel=1e-5)


def test_slopes_of_groups_are_the_coefficients_of_their_levels() -> None:
    fit = bm.lmer(SLEEP, bm.load_dataset("sleepstudy"), method="reml")
    found = fit.slopes("Days", at={"Subject": ["308", "335"]}, effects="all", average=False)
    coef = fit.coef().query("effect == 'Days'").set_index("group").loc[["308", "335"]]
    np.testing.assert_allclose(found["value"], coef["value"], rtol=1e-5)
    np.testing.assert_allclose(found["se"], coef["se"], rtol=1e-5)


def test_refusals() -> None:
    with pytest.raises(DataError, match=r"Did you mean 'Days'\?"):
        slopes(source_of(estimated(SLEEP)), "days")
    with pytest.raises(DataError, match="contrast="):
        comparisons(source_of(estimated(SLEEP)), "Days", at={"Days": 1})
