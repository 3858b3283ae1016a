"""Rows taken several at a time have the likelihood and the scores of rows taken one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesmixed.design.build import build_design
from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.likelihood import ROWS_OF_A_PRODUCT
from bayesmixed.engines.joint.mode import evaluate_joint, row_scores
from bayesmixed.engines.joint.packing import JointPacked, pack_joint
from bayesmixed.engines.joint.plan import make_joint_plan
from bayesmixed.engines.joint.problem import make_joint_problem
from bayesmixed.families.registry import family_by_name
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec

N_ROWS = 2 * ROWS_OF_A_PRODUCT + 77


def packed_rows(family: str) -> JointPacked:
    """More rows than one product holds."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"y": rng.integers(0, 2, N_ROWS).astype(float), "g": np.arange(N_ROWS) % 7})
    kind = family_by_name(family, None)
    design = build_design(parse_formula("y ~ 1 + (1 | g)"), frame)
    spec = ModelSpec(design=design, priors=complete_priors(design, None, kind), family=kind)
    return pack_joint(make_joint_problem(spec, make_joint_plan(design)))


def test_rows_of_one_trial_together_are_those_one_by_one() -> None:
    together = packed_rows("bernoulli")
    assert together.block[at.ONE_TRIAL] == 1
    one_by_one = together.with_sections({})
    one_by_one.block[at.ONE_TRIAL] = 0
    for size in (0.3, 3.0, 30.0):
        z = size * np.random.default_rng(4).normal(size=together.dimension)
        z[0] = 0.3
        (value, gradient), (other, other_gradient) = (evaluate_joint(p, z) for p in (together, one_by_one))
        assert value == pytest.approx(other, rel=1e-12)
        np.testing.assert_allclose(gradient, other_gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("family", "mean", "spread"),
    [("bernoulli", stats.logistic.cdf, 300.0), ("poisson", np.exp, 100.0)],
)
def test_scores_are_what_was_seen_less_its_mean(family: str, mean: object, spread: float) -> None:
    packed = packed_rows(family)
    eta = np.linspace(-spread, spread, N_ROWS)
    y = packed.section(at.ROW_Y, N_ROWS)
    np.testing.assert_allclose(row_scores(packed, np.empty(0), eta), y - mean(eta), rtol=1e-13, atol=1e-15)


def test_a_predictor_that_is_not_a_number_is_not_hidden() -> None:
    packed = packed_rows("bernoulli")
    z = np.zeros(packed.dimension)
    z[-1] = np.nan
    assert evaluate_joint(packed, z)[0] == -np.inf
