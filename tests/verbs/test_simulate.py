"""Data sets drawn from a posterior."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs.simulate import simulate, with_new_levels


@pytest.fixture(scope="module")
def sleep() -> bm.MixedFit:
    """The sleepstudy model."""
    data = bm.load_dataset("sleepstudy")
    return bm.lmer("Reaction ~ Days + (Days | Subject)", data, seed=1)


def test_one_column_for_each_data_set(toy: Any) -> None:
    frame = simulate(toy, 3, seed=1)
    assert list(frame) == ["sim_1", "sim_2", "sim_3"]
    pd.testing.assert_index_equal(frame.index, toy.spec.design.frame.index)


def test_the_same_seed_gives_the_same_data(toy: Any) -> None:
    first = simulate(toy, 2, seed=1)
    pd.testing.assert_frame_equal(simulate(toy, 2, seed=1), first)
    assert not np.allclose(simulate(toy, 2, seed=2), first)


@pytest.mark.parametrize("effects", ["all", "new", "fixed"])
def test_data_sets_have_the_mean_and_variance_of_the_model(
    at_lme4: Callable[[str], Any], effects: Any
) -> None:
    fit = at_lme4("sleepstudy_correlated")
    n = 4000
    frame = simulate(fit, n, effects=effects, seed=1)
    design = fit.spec.design
    posterior = fit.draws["posterior"].to_dataset().isel(chain=0, draw=0)
    block, sigma = design.blocks[0], float(posterior["sigma"])
    mean = design.fixed.matrix @ posterior["beta"].to_numpy()
    variance = np.full(design.n_rows, sigma**2)
    if effects == "all":
        mean = mean + np.einsum("nk,nk->n", block.columns, posterior["ranef_Subject"].to_numpy()[block.codes])
    if effects == "new":
        sd = posterior["sd_Subject"].to_numpy()
        covariance = posterior["corr_Subject"].to_numpy() * np.outer(sd, sd)
        variance += np.einsum("nk,kl,nl->n", block.columns, covariance, block.columns)
    np.testing.assert_array_less(np.abs(frame.mean(axis=1) - mean), 5 * np.sqrt(variance / n))
    np.testing.assert_allclose(frame.var(axis=1) / variance, 1, atol=5 * np.sqrt(2 / n))


def test_rows_of_one_new_level_share_its_effects(at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("gpa_intercept")
    frame = simulate(fit, 4000, effects="new", seed=1)
    correlation = np.corrcoef(frame.iloc[[0, 1, 6]])
    sd, sigma = (fit.draws["posterior"][name].to_numpy().flat[0] for name in ("sd_student", "sigma"))
    icc = sd**2 / (sd**2 + sigma**2)
    assert correlation[0, 1] == pytest.approx(icc, abs=4 / np.sqrt(4000))
    assert correlation[0, 2] == pytest.approx(0, abs=4 / np.sqrt(4000))


def test_new_rows_of_seen_and_unseen_levels(sleep: bm.MixedFit) -> None:
    new = pd.DataFrame({"Subject": ["308", "new", "new"], "Days": [0, 0, 0]}, index=["a", "b", "c"])
    frame = sleep.simulate(900, newdata=new)
    assert frame.index.tolist() == ["a", "b", "c"]
    expected = sleep.predict(new, new_levels="sample", kind="response", prob=0.5)
    np.testing.assert_allclose(frame.std(axis=1), expected["se"], rtol=0.15)
    assert np.corrcoef(frame)[1, 2] > 0.1


def test_every_draw_is_used_before_one_is_used_twice(sleep: bm.MixedFit) -> None:
    frame = sleep.simulate(4000, effects="fixed")
    sigma = sleep.draws["posterior"]["sigma"].to_numpy()
    assert frame.shape == (180, 4000)
    expected = np.sqrt(np.mean(sigma**2) + np.var(sleep.draws["posterior"]["beta"].sel(term="Intercept")))
    assert frame.iloc[0].std() == pytest.approx(float(expected), rel=0.05)


def test_new_levels_keep_the_rows_together(toy: Any) -> None:
    from bayesmixed.design.prediction_rows import prediction_rows

    rows = prediction_rows(toy.spec.design)
    new = with_new_levels(rows)
    for seen, made, block in zip(rows.data.meetings, new.data.meetings, toy.spec.design.blocks, strict=True):
        np.testing.assert_array_equal(-1 - made.codes, seen.codes)
        assert np.all(made.codes < 0)
        assert block.levels in new.data.new_levels


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"n": 1.5}, "whole number"),
        ({"effects": "random"}, "'all', 'new', 'fixed'"),
        ({"seed": -1}, "seed=-1"),
        ({"newdata": pd.DataFrame({"Days": [1]})}, "no column 'Subject'"),
    ],
)
def test_refusals(sleep: bm.MixedFit, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BayesmixedError, match=message):
        sleep.simulate(**options)
