"""F tests of several contrasts: what holds whichever contrasts span a hypothesis."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.verbs.estimate.f_tests import denominator_df, f_test

from .estimates import SLEEP, THREE, estimated


@pytest.mark.parametrize("separate", [[5.0, 12.0, 40.0], [2.5, 300.0], [17.0, 17.0]])
def test_the_denominator_gives_f_the_mean_of_the_squared_t_s(separate: list[float]) -> None:
    """The expectation of a squared t is df / (df - 2), that of F the same with the denominator's df."""
    nu = np.array(separate)
    df = denominator_df(nu)
    assert df / (df - 2) == pytest.approx(np.mean(nu / (nu - 2)))


def test_where_a_square_has_no_expectation_the_denominator_is_two() -> None:
    assert denominator_df(np.array([1.5, 30.0])) == 2.0
    assert denominator_df(np.array([1.5])) == 1.5


def test_f_depends_on_the_hypothesis_alone() -> None:
    fit, contrasts = estimated(THREE), np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    plain = f_test(fit, contrasts)
    beta, covariance = fit.optimum.coefficients[1:], fit.covariance[1:, 1:]
    assert plain.statistic == pytest.approx(beta @ np.linalg.solve(covariance, beta) / 2)
    for mix in ([[1.0, 1.0], [1.0, -1.0]], [[1e6, 0.0], [0.0, 1e-6]]):
        assert f_test(fit, np.array(mix) @ contrasts).statistic == pytest.approx(plain.statistic, rel=1e-9)


def test_balanced_rows_leave_no_choice_of_degrees_of_freedom() -> None:
    """18 subjects of sleepstudy with a line each: 17 for every contrast, and for both coefficients."""
    both = f_test(estimated(SLEEP), np.eye(2))
    assert (both.numerator, both.denominator) == (2, pytest.approx(17.0, rel=1e-5))
