"""Which priors the collapsed engine knows, and which of them let coefficients be integrated.

Their densities are compared in the units of the data in ``test_density``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.engines.kernel.unit_priors import (
    COEFFICIENT_PRIORS,
    SCALE_PRIORS,
    coefficients_are_integrable,
    unit_free_priors,
    unsupported_priors,
)
from bayesmixed.engines.kernel.units import units_of
from bayesmixed.priors.choice import prior

FORMULA = "y ~ x + (x | g)"


def test_the_structures_have_every_prior_that_the_engine_knows(
    case_of: Callable[[str], Any], structure_names: list[str]
) -> None:
    priors = [case_of(name).spec.priors for name in structure_names]
    assert {q.name for p in priors for block in p.sd for q in block} == set(SCALE_PRIORS)
    assert {p.parameters["sigma"].name for p in priors} == set(SCALE_PRIORS)
    assert {q.name for p in priors for q in p.coefficients} == set(COEFFICIENT_PRIORS)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, True),
        (prior("Normal", mu=3, sigma=0.1), True),
        (prior("Flat"), True),
        (prior("StudentT", nu=30, sigma=1), False),
        (prior("Cauchy", alpha=0, beta=1), False),
        (prior("Laplace", mu=0, b=1), False),
    ],
)
def test_normal_and_flat_coefficients_are_integrated(
    spec_of: Callable[..., Any], frame: pd.DataFrame, choice: Any, expected: bool
) -> None:
    spec = spec_of(frame, FORMULA, {} if choice is None else {"x": choice})
    assert coefficients_are_integrable(spec) is expected


def test_priors_that_the_engine_does_not_know_are_listed(
    spec_of: Callable[..., Any], frame: pd.DataFrame
) -> None:
    unknown = {
        "x": prior("Logistic", mu=0, s=2),
        "sd_g[x]": prior("Uniform", lower=0, upper=9),
        "sigma": prior("TruncatedNormal", sigma=20, lower=0, upper=90),
    }
    assert unsupported_priors(spec_of(frame, FORMULA)) == ()
    found = unsupported_priors(spec_of(frame, FORMULA, unknown))
    assert sorted(found) == sorted(str(choice) for choice in unknown.values())


@pytest.mark.parametrize("column", ["y", "x"])
def test_default_priors_know_no_units(spec_of: Callable[..., Any], frame: pd.DataFrame, column: str) -> None:
    specs = [spec_of(f, FORMULA) for f in (frame, frame.assign(**{column: 2.0**9 * frame[column]}))]
    plain, moved = (unit_free_priors(spec, units_of(spec.design)) for spec in specs)
    np.testing.assert_array_equal(plain.theta[0], moved.theta[0])
    np.testing.assert_array_equal(plain.residual, moved.residual)
    np.testing.assert_array_equal(plain.coefficients, moved.coefficients)
    np.testing.assert_allclose(plain.coefficients[:, 0], 0)
    np.testing.assert_allclose(plain.coefficients[:, 1], 2.5**-2)
