"""Checks as methods of a fit."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.testing.compare import compare_images

import bayesmixed as bm
from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.families.registry import FAMILIES
from bayesmixed.plots.style import PALETTE
from bayesmixed.posterior.diagnostics import diagnose
from verbs.family_models import simulated

BASELINE = Path(__file__).parent / "baseline"
BOTH = ("sleep_reml", "sleep_bayes")
FOR_ALL = {
    "residuals": lambda plot, **kw: plot.residuals(**kw),
    "by_number": lambda plot, **kw: plot.residuals(by="Days", **kw),
    "by_group": lambda plot, **kw: plot.residuals(by="Subject", **kw),
    "residual_quantiles": lambda plot, **kw: plot.residual_quantiles(**kw),
    "ranef_quantiles": lambda plot, **kw: plot.ranef_quantiles(**kw),
    "ranef_matrix": lambda plot, **kw: plot.ranef_matrix(**kw),
    "observed": lambda plot, **kw: plot.observed(**kw),
}
FOR_BAYES = {
    "predictive_density": lambda plot, **kw: plot.predictive_density(**kw),
    "predictive_by_group": lambda plot, **kw: plot.predictive_density(group="Subject", **kw),
    "predictive_groups": lambda plot, **kw: plot.predictive_groups(**kw),
    "prior_posterior": lambda plot, **kw: plot.prior_posterior(**kw),
    "trace": lambda plot, **kw: plot.trace(**kw),
    "energy": lambda plot, **kw: plot.energy(**kw),
}


@pytest.mark.parametrize("fit", BOTH)
@pytest.mark.parametrize("name", FOR_ALL)
def test_every_fit_has_the_plot_and_takes_axes(request, fit: str, name: str) -> None:
    plot = request.getfixturevalue(fit).plot
    made = FOR_ALL[name](plot)
    count = np.size(made)
    figure, given = plt.subplots(1, count, squeeze=False)
    ax = given[0, 0] if not isinstance(made, np.ndarray) else given.ravel()
    again = FOR_ALL[name](plot, ax=ax)
    assert np.ravel(again).tolist() == given.ravel().tolist()
    assert figure.legends == []


@pytest.mark.parametrize("name", FOR_BAYES)
def test_posterior_checks_take_axes(sleep_bayes, name: str) -> None:
    count = np.size(FOR_BAYES[name](sleep_bayes.plot))
    figure, given = plt.subplots(1, count, squeeze=False)
    ax = given[0, 0] if name == "predictive_groups" else given.ravel()
    assert np.ravel(FOR_BAYES[name](sleep_bayes.plot, ax=ax)).tolist() == given.ravel().tolist()
    assert figure.legends == []


@pytest.mark.parametrize("name", FOR_BAYES)
def test_posterior_checks_need_a_posterior(sleep_reml, name: str) -> None:
    with pytest.raises(BayesmixedError, match="method='bayes'"):
        FOR_BAYES[name](sleep_reml.plot)


def test_checks_leave_the_draws_alone(sleep_bayes) -> None:
    before = set(sleep_bayes.draws.children)
    sleep_bayes.plot.predictive_groups()
    sleep_bayes.plot.prior_posterior(parameters=["Days"])
    assert set(sleep_bayes.draws.children) == before


def test_points_are_the_tables(sleep_reml) -> None:
    offsets = sleep_reml.plot.residuals().collections[0].get_offsets()
    np.testing.assert_allclose(offsets[:, 0], sleep_reml.fitted()["value"])
    np.testing.assert_allclose(offsets[:, 1], sleep_reml.resid()["value"])


def at_truth(family: str, seed: int) -> bm.MixedFit:
    """Fit whose draws all equal the parameters that its data were drawn with."""
    draws, spec = simulated(family, seed=seed)
    run = RunInfo(engine="pymc", plan=(), draws=60, tune=0, chains=1, thin=1, seed=seed, seconds=0.0)
    return bm.MixedFit(spec=spec, draws=draws, run=run, diagnosis=diagnose(draws))


@pytest.mark.parametrize(
    ("family", "seeds"),
    [*((family, range(1, 4)) for family in FAMILIES), ("zero_inflated_poisson", [1]), ("exponential", [1])],
)
def test_quantiles_do_not_condemn_a_family_whose_model_is_right(family: str, seeds: list[int]) -> None:
    """A 95 % envelope of 240 points leaves out none of nearly all samples, whatever the family."""
    outside = []
    for seed in seeds:
        points = at_truth(family, seed).plot.residual_quantiles().collections[-1]
        outside.append(np.all(np.isclose(points.get_facecolors()[:, :3], to_rgb(PALETTE[1])), axis=1).sum())
    assert np.mean(outside) <= 0.5


@pytest.mark.parametrize("family", FAMILIES)
def test_every_picture_of_residuals_shows_the_kind_of_the_family(family: str) -> None:
    plot = at_truth(family, 1).plot
    own = ("residual", "standardized residual") if family == "gaussian" else ("quantile residual",) * 2
    shown = (
        plot.residuals().get_ylabel(),
        plot.residuals(by="x").get_ylabel(),
        plot.residuals(by="g").get_xlabel(),
        plot.residual_quantiles().get_ylabel(),
    )
    assert shown == (own[0], own[0], own[0], own[1])


def test_category_and_missing_covariate_values() -> None:
    cake = bm.load_dataset("cake").assign(noted=lambda d: d["temp"].where(d["temp"] > 180))
    fit = bm.lmer("angle ~ temp + (1 | replicate)", cake, method="reml")
    boxes = fit.plot.residuals(by="recipe")
    assert [label.get_text() for label in boxes.get_yticklabels()] == ["A", "B", "C"]
    points = fit.plot.residuals(by="noted").collections[0].get_offsets()
    assert len(points) == (cake["temp"] > 180).sum()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda plot: plot.residuals(by="Day"), "no column 'Day'. Did you mean 'Days'"),
        (lambda plot: plot.observed(group="subject"), "no grouping factor 'subject'"),
        (lambda plot: plot.ranef_matrix(group="subject"), "no grouping factor 'subject'"),
        (lambda plot: plot.ranef_quantiles(group="subject"), "no grouping factor 'subject'"),
    ],
)
def test_mistakes_are_named(sleep_reml, call, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call(sleep_reml.plot)


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("name", ["residuals", "by_group", "residual_quantiles", "ranef_matrix"])
def test_picture_is_the_one_looked_at(sleep_reml, name: str, style: str, tmp_path: Path) -> None:
    """Baselines by matplotlib 3.10 and its own font; remake them by saving what this test draws."""
    settings = {"font.family": "DejaVu Sans", "figure.dpi": 50, "savefig.dpi": 50}
    with plt.style.context(["default", style, settings]):
        made = np.ravel(FOR_ALL[name](sleep_reml.plot))[0].figure
        made.savefig(tmp_path / "made.png")
    baseline = BASELINE / f"{name}_{style}.png"
    assert mpl.get_backend().lower() == "agg"
    assert compare_images(str(baseline), str(tmp_path / "made.png"), tol=8) is None
