"""Predictive checks by group."""

from __future__ import annotations

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.plots.densities import predictive_density, predictive_distributions, prior_predictive
from bayesmixed.plots.predictive import group_statistics, predictive_groups, replicates
from bayesmixed.plots.style import LABELLED_LEVELS, PALETTE
from plots.check_frames import grouped

COMPUTED = {"mean": np.mean, "sd": lambda y: np.std(y, ddof=1), "min": np.min, "max": np.max}


def replicated(values: np.ndarray, n: int = 80) -> np.ndarray:
    return values + np.random.default_rng(5).normal(size=(n, len(values)))


@pytest.mark.parametrize("statistic", COMPUTED)
def test_statistics_are_those_of_the_rows(statistic) -> None:
    values, codes, levels = grouped(4, 6)
    drawn = replicated(values)
    shuffled = np.random.default_rng(0).permutation(len(values))
    table = group_statistics(
        values[shuffled], drawn[:, shuffled], codes[shuffled], levels, statistic=statistic
    )
    compute = COMPUTED[statistic]
    for j, row in table.iterrows():
        each = np.array([compute(one[codes == j]) for one in drawn])
        assert row["observed"] == pytest.approx(compute(values[codes == j]))
        assert row["value"] == pytest.approx(np.median(each))
        assert row["p_above"] == pytest.approx(np.mean(each > row["observed"]))


def test_single_rows_have_no_sd_but_a_mean() -> None:
    values, codes = np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1])
    drawn = replicated(values)
    assert group_statistics(values, drawn, codes, ["a", "b"], statistic="sd")["group"].tolist() == ["a"]
    assert group_statistics(values, drawn, codes, ["a", "b"])["group"].tolist() == ["a", "b"]


def test_unknown_statistic_is_named() -> None:
    with pytest.raises(BayesmixedError, match="statistic='median'"):
        group_statistics(np.zeros(2), np.zeros((3, 2)), np.array([0, 1]), ["a", "b"], statistic="median")


@pytest.mark.parametrize("n_levels", [3, 300])
def test_groups_are_sorted_and_the_outer_ones_coloured(n_levels: int) -> None:
    values, codes, levels = grouped(n_levels, 8)
    table = group_statistics(values, replicated(values), codes, levels)
    table.loc[0, "observed"] = 50.0
    ax = predictive_groups(table, name="school", response="score")
    shown = {entry.get_label(): entry for entry in ax.collections if not entry.get_label().startswith("_")}
    assert shown["outside"].get_offsets()[-1].tolist() == [50.0, n_levels - 1]
    np.testing.assert_allclose(
        shown["outside"].get_facecolors()[0][:3], [int(PALETTE[1][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    )
    assert len(ax.get_yticklabels()) == (n_levels if n_levels <= LABELLED_LEVELS else 0)
    assert ax.get_xlabel() == "mean of score"


def test_replicates_have_the_model_s_moments(sleep_bayes) -> None:
    """Across replicates a row varies about its fitted value with about the residual sd."""
    drawn = replicates(sleep_bayes.draws, sleep_bayes.spec, seed=1)
    assert drawn.shape == (500, 180)
    fitted = sleep_bayes.fitted()
    np.testing.assert_allclose(drawn.mean(axis=0), fitted["value"], atol=6)
    sigma = float(np.median(sleep_bayes.draws["posterior"]["sigma"]))
    total = np.sqrt(sigma**2 + fitted["se"].to_numpy() ** 2)
    np.testing.assert_allclose(drawn.std(axis=0) / total, 1, atol=0.17)
    np.testing.assert_array_equal(drawn, replicates(sleep_bayes.draws, sleep_bayes.spec, seed=1))


def test_few_replicates_are_asked_of_few_draws(sleep_bayes) -> None:
    assert replicates(sleep_bayes.draws, sleep_bayes.spec, seed=1, n=20).shape == (20, 180)


@pytest.mark.parametrize("n_levels", [3, 30])
def test_distribution_functions_climb_to_one(n_levels: int) -> None:
    values, codes, levels = grouped(n_levels, 6)
    axes = predictive_distributions(values, replicated(values), codes, levels, response="score")
    means = [values[codes == j].mean() for j in range(n_levels)]
    assert len(axes) == min(12, n_levels)
    assert axes[0].get_title() == levels[int(np.argmin(means))]
    x, height = axes[0].lines[0].get_data()
    np.testing.assert_allclose(np.unique(x), np.sort(values[codes == int(np.argmin(means))]))
    assert (height[0], height[-1]) == (0, 1)
    assert len(axes[0].collections[0].get_segments()) == 50


def test_density_has_a_line_for_each_replicate_and_one_for_the_data() -> None:
    values, _, _ = grouped(5, 20)
    ax = predictive_density(values, replicated(values, 15), response="score")
    assert len(ax.lines) == 16
    assert ax.get_xlabel() == "score"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["observed", "replicated"]


def test_data_from_the_prior_stand_behind_the_observed() -> None:
    tree = bm.simulate_prior(
        "incidence ~ period + (1 | herd)", bm.load_dataset("cbpp"), n=60, family="poisson", seed=1
    )
    ax = prior_predictive(tree, response="incidence")
    observed = tree["observed_data"]["y"].to_numpy()
    x, height = ax.lines[0].get_data()
    np.testing.assert_array_equal(np.unique(x), np.unique(observed))
    assert (height[0], height[-1]) == (0, 1)
    assert len(ax.collections[0].get_segments()) == 50
    low, high = ax.get_xlim()
    assert -5 < low < 0 < 3 * observed.max() <= high < 5 * observed.max()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["observed", "drawn from the prior"]


def test_the_prior_of_a_fit_is_drawn_with_its_seed(sleep_bayes) -> None:
    first, second, other = (
        sleep_bayes.plot.prior_predictive(seed=seed).collections[0].get_segments()[0] for seed in (None, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
