"""The way back from named draws to points, and densities at many points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.covariances.unstructured import Unstructured
from bayesmixed.engines.collapsed import integrated
from bayesmixed.engines.collapsed.integrated import (
    integrate_all,
    log_densities,
    points_of_draws,
    residual_points,
)
from bayesmixed.engines.collapsed.problem import evaluate
from bayesmixed.errors import EngineError
from bayesmixed.priors.choice import prior

ALL_INTEGRATED = [
    *("two correlated", "three correlated", "two correlated sets", "independent", "nested 3 slopes"),
    *("cs", "homcs", "cs slopes", "cs beside others", "cs twice", "uniform rho"),
    *("homdiag", "ar1", "hetar1", "ar1 beside others"),
    *("crossed slopes", "weights", "offset", "no intercept", "no coefficients", "student", "laplace", "lkj"),
]


@pytest.mark.parametrize("name", ALL_INTEGRATED)
def test_draws_lead_back_to_their_points(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    model = integrate_all(case.spec)
    drawn = [case.parameters(seed) for seed in range(3)]
    factors = [
        [block.covariances.cholesky(p.logits[i]) for p in drawn] for i, block in enumerate(case.design.blocks)
    ]
    points = points_of_draws(
        model,
        sd=tuple(
            np.array([np.exp(p.log_sd[i][block.covariances.of_effect]) for p in drawn])
            for i, block in enumerate(case.design.blocks)
        ),
        corr=tuple(
            np.array([factor @ factor.T for factor in of_block]) if block.has_correlation else None
            for block, of_block in zip(case.design.blocks, factors, strict=True)
        ),
        residual=residual_points(model, {"sigma": np.array([np.exp(p.log_sigma) for p in drawn])}),
        coefficients=np.array([p.coefficients for p in drawn]),
    )
    np.testing.assert_allclose(points, [case.point(p) for p in drawn], rtol=1e-9, atol=1e-9)


def test_many_densities_are_those_of_one_at_a_time(case_of: Callable[[str], Any]) -> None:
    case = case_of("crossed slopes")
    points = np.array([case.point(case.parameters(seed)) for seed in range(4)])
    one_by_one = [evaluate(case.packed, point)[0] for point in points]
    np.testing.assert_array_equal(log_densities(case.packed, points), one_by_one)


@pytest.mark.parametrize("rho", [-1.0, 1.0])
def test_a_perfect_correlation_has_a_finite_logit(rho: float) -> None:
    (logit,) = Unstructured(2).coordinates(np.array([[[1.0, rho], [rho, 1.0]]]))
    assert np.isfinite(logit).all()
    assert np.tanh(logit / 2) == pytest.approx(rho)


def test_unknown_priors_are_refused_by_name(spec_of: Callable[..., Any], frame: Any) -> None:
    spec = spec_of(frame, "y ~ x + (1 | g)", {"sigma": prior("TruncatedNormal", sigma=3, lower=0, upper=99)})
    with pytest.raises(EngineError, match="TruncatedNormal"):
        integrate_all(spec)


def test_too_many_crossed_effects_are_refused(
    spec_of: Callable[..., Any], frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrated, "INTEGRATION_LIMIT", 3)
    with pytest.raises(EngineError, match="more than 3 random effects"):
        integrate_all(spec_of(frame, "y ~ x + (1 | g) + (1 | h)"))
