from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesmixed.comparison.likelihood_ratio import (
    chi_squared_p,
    likelihood_ratio,
    mixture_p,
    ratio_statistic,
)

from .likelihood_fits import fit_of


@pytest.mark.parametrize("df", [0, -1])
def test_without_degrees_of_freedom_there_is_no_test(df: int) -> None:
    assert np.isnan(chi_squared_p(3.0, df))


@pytest.mark.parametrize("df", [1, 2, 3, 6])
@pytest.mark.parametrize("statistic", [0.0, 1e-6, 0.5, 4.0, 42.84])
def test_mixture_lies_between_its_parts(statistic: float, df: int) -> None:
    lower = stats.chi2.sf(statistic, df - 1) if df > 1 else float(statistic == 0.0)
    assert mixture_p(statistic, df) == pytest.approx((lower + stats.chi2.sf(statistic, df)) / 2, rel=1e-12)
    assert lower <= mixture_p(statistic, df) <= chi_squared_p(statistic, df)


def test_statistic_is_never_negative() -> None:
    assert ratio_statistic(np.array([1.0, 2.0]), np.array([1.5, 1.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("smaller", "larger", "df", "on_boundary"),
    [
        ("1 + (1 | Subject)", "Days + (1 | Subject)", 1, False),
        ("1 + (1 | Subject)", "Days + (Days | Subject)", 3, True),
        ("Days + (1 | Subject)", "Days + (Days || Subject)", 1, True),
        ("Days + (1 | Subject)", "Days + (Days | Subject)", 2, True),
        ("Days + (1 | Subject)", "Days + (Days + I(Days^2) | Subject)", 5, False),
        ("Days + (Days || Subject)", "Days + (Days | Subject)", 1, False),
        ("Days + (Days || Subject)", "Days + (Days + I(Days^2) | Subject)", 4, True),
        ("Days + (1 | Subject)", "Days + (0 + Days | Subject)", 0, False),
        ("Days + (Days | Subject)", "Days + (1 | Subject)", -2, False),
    ],
)
def test_which_tests_are_on_the_boundary(smaller: str, larger: str, df: int, on_boundary: bool) -> None:
    first, second = (fit_of("sleepstudy", f"Reaction ~ {side}", "ml").estimate for side in (smaller, larger))
    ratio = likelihood_ratio(first, second)
    assert ratio.df == df
    assert np.isfinite(ratio.p_mixture) == on_boundary
