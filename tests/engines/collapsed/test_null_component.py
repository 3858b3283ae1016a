"""A model with a component held at zero against the model that never had it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.engines.collapsed.coordinates import find_mode
from bayesmixed.engines.collapsed.integrated import integrate_all, log_densities, log_integral
from bayesmixed.engines.collapsed.null_component import evidence_without
from bayesmixed.errors import EngineError
from bayesmixed.priors.choice import prior

INVERSE = {"sd_g": prior("InverseGamma", alpha=3, beta=40)}


@pytest.mark.parametrize(
    ("formula", "group", "effects", "reduced", "priors"),
    [
        ("y ~ x + (1 | g) + (1 | h)", "h", (0,), "y ~ x + (1 | g)", {}),
        ("y ~ x + (1 | g) + (1 | h)", "g", (0,), "y ~ x + (1 | h)", INVERSE),
        ("y ~ x + (1 | coarse/mid)", "mid:coarse", (0,), "y ~ x + (1 | coarse)", {}),
        ("y ~ x + (x | g)", "g", (1,), "y ~ x + (1 | g)", {}),
        ("y ~ x + (x | g)", "g", (0,), "y ~ x + (0 + center(x) | g)", {}),
        ("y ~ x + (x || g)", "g", (1,), "y ~ x + (1 | g)", {}),
        ("y ~ x + v + (x + v | g) + (1 | h)", "g", (0, 1, 2), "y ~ x + v + (1 | h)", {}),
    ],
)
def test_the_evidence_is_that_of_the_reduced_model(
    spec_of: Callable[..., Any],
    frame: Any,
    formula: str,
    group: str,
    effects: tuple[int, ...],
    reduced: str,
    priors: dict[str, Any],
) -> None:
    spec = spec_of(frame, formula, priors)
    names = [sorted(block.group.split(":")) for block in spec.design.blocks]
    block = names.index(sorted(group.split(":")))
    found = evidence_without(spec, block, effects, np.random.default_rng(1))
    model = integrate_all(spec_of(frame, reduced))
    mode = find_mode(model.packed)
    direct = log_integral(
        lambda z: log_densities(model.packed, z), mode.theta, 2 * mode.scale @ mode.scale.T,
        np.random.default_rng(2),
    )  # fmt: skip
    assert abs(found.value - direct.value) / np.hypot(found.se, direct.se) < 4.9
    assert found.se < 0.02


def test_part_of_three_correlated_effects_is_refused(spec_of: Callable[..., Any], frame: Any) -> None:
    with pytest.raises(EngineError, match="Fit the model without it"):
        evidence_without(spec_of(frame, "y ~ x + v + (x + v | g)"), 0, (1,), np.random.default_rng(1))


def test_coefficients_that_stay_are_refused(spec_of: Callable[..., Any], frame: Any) -> None:
    spec = spec_of(frame, "y ~ x + (1 | g)", {"x": prior("Laplace", mu=2, b=5)})
    with pytest.raises(EngineError, match="normal priors"):
        evidence_without(spec, 0, (0,), np.random.default_rng(1))
