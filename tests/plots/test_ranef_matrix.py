"""Scatter matrix of random effects."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.errors import DataError
from bayesmixed.plots.quantiles import point_covariance, ranef_matrix


def test_panels_show_points_ellipses_and_correlation(sleep_reml) -> None:
    table = sleep_reml.ranef()
    covariance = point_covariance(sleep_reml.point, sleep_reml.spec.design.blocks[0])
    axes = ranef_matrix(table, covariance)
    assert axes.shape == (2, 2)
    wide = table.pivot_table(index="group", columns="effect", values="value", sort=False)
    points = axes[1, 0].collections[-1].get_offsets()
    np.testing.assert_allclose(points, wide[["Intercept", "Days"]])
    assert axes[0, 1].texts[0].get_text() == "0.07"  # lme4 1.1-31: 0.066
    assert (axes[1, 0].get_xlabel(), axes[1, 0].get_ylabel()) == ("Intercept", "Days")


@pytest.mark.parametrize(("line", "prob"), [(0, 0.5), (1, 0.95)])
def test_ellipses_hold_their_share(sleep_reml, line: int, prob: float) -> None:
    covariance = point_covariance(sleep_reml.point, sleep_reml.spec.design.blocks[0])
    axes = ranef_matrix(sleep_reml.ranef(), covariance)
    edge = np.column_stack(axes[1, 0].lines[line].get_data())
    distance = np.einsum("ni,ij,nj->n", edge, np.linalg.inv(covariance), edge)
    np.testing.assert_allclose(distance, -2 * np.log(1 - prob))


def test_covariance_is_that_of_the_tables(sleep_bayes) -> None:
    covariance = point_covariance(sleep_bayes.draws, sleep_bayes.spec.design.blocks[0])
    sd = sleep_bayes.varcorr()["sd"][:2]
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), sd)
    correlation = sleep_bayes.varcorr(correlations=True)["value"].item()
    assert covariance[0, 1] == pytest.approx(correlation * sd.prod())


def test_one_effect_is_refused(sleep_reml) -> None:
    table = sleep_reml.ranef()
    with pytest.raises(DataError, match="needs two effects"):
        ranef_matrix(table[table["effect"] == "Days"], np.eye(1))
