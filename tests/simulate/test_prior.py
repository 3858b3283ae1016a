"""Draws from the prior before any fitting."""

from __future__ import annotations

import numpy as np
import pytest

import bayesmixed as bm

FORMULA = "Yield ~ 1 + (1 | Batch)"


def test_the_tree_has_what_arviz_reads() -> None:
    data = bm.load_dataset("Dyestuff")
    tree = bm.simulate_prior(FORMULA, data, n=40, seed=1)
    assert set(tree.children) == {"prior", "prior_predictive", "observed_data"}
    assert dict(tree["prior_predictive"]["y"].sizes) == {"chain": 1, "draw": 40, "row": 30}
    np.testing.assert_array_equal(tree["observed_data"]["y"], data["Yield"])


def test_priors_asked_for_are_drawn_from() -> None:
    priors = {"Intercept": bm.prior("Normal", mu=5, sigma=0.1), "sigma": bm.prior("HalfNormal", sigma=0.01)}
    tree = bm.simulate_prior(FORMULA, bm.load_dataset("Dyestuff"), n=400, priors=priors, seed=1)
    beta = tree["prior"]["beta"].to_numpy()
    assert beta.mean() == pytest.approx(5, abs=0.03)
    assert beta.std() == pytest.approx(0.1, rel=0.2)


def test_the_seed_repeats() -> None:
    data = bm.load_dataset("Dyestuff")
    first, again = (bm.simulate_prior(FORMULA, data, n=5, seed=4)["prior_predictive"]["y"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = bm.simulate_prior(FORMULA, data, n=5)["prior_predictive"]["y"]
    assert not np.allclose(first, other)


def test_a_number_of_draws_is_needed() -> None:
    with pytest.raises(bm.BayesmixedError, match="n=0"):
        bm.simulate_prior(FORMULA, bm.load_dataset("Dyestuff"), n=0)
