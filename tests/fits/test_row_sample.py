"""Residuals of a sample of the rows are those of the same rows of the fit in memory."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import bayesmixed as bm
from lazy_rows import SOURCES

FORMULA = "y ~ x + dose + (x | g) + (1 | h)"
KINDS = ("response", "pearson", "standardized", "quantile")
NOTE = "a random sample of 100 of 396 rows"


@pytest.fixture(scope="module")
def estimates(parquet_folder: Path, rows_in_memory: pd.DataFrame) -> tuple[bm.RemlFit, bm.RemlFit]:
    """The model fitted where the rows lie, and in memory."""
    there, here = (
        bm.lmer(FORMULA, data, weights="w", method="reml")
        for data in (SOURCES["parquet"](parquet_folder), rows_in_memory.reset_index(drop=True))
    )
    return there, here


@pytest.fixture(scope="module")
def posteriors(parquet_folder: Path, rows_in_memory: pd.DataFrame) -> tuple[bm.MixedFit, bm.MixedFit]:
    """The same draws over the rows where they lie, and over those in memory."""
    formula = "y ~ x + (1 | g)"
    there = bm.lmer(formula, SOURCES["polars"](parquet_folder), weights="w", seed=1)
    spec = bm.specify(formula, rows_in_memory, weights="w")
    return there, dataclasses.replace(there, spec=spec)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fits", ["estimates", "posteriors"])
def test_residuals(fits: str, kind: Any, request: pytest.FixtureRequest) -> None:
    there, here = request.getfixturevalue(fits)
    ours = there.sample_rows(60, seed=4).resid(kind=kind)
    theirs = here.resid(kind=kind).reset_index(drop=True).loc[ours.index]
    pd.testing.assert_frame_equal(ours, theirs, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("fits", ["estimates", "posteriors"])
def test_fitted_values_and_data(fits: str, request: pytest.FixtureRequest) -> None:
    there, here = request.getfixturevalue(fits)
    sample = there.sample_rows(60, seed=4)
    for effects in ("all", "fixed"):
        ours = sample.fitted(effects=effects)
        theirs = here.fitted(effects=effects).reset_index(drop=True).loc[ours.index]
        pd.testing.assert_frame_equal(ours, theirs, rtol=2e-3, atol=2e-4)
    table = sample.augment()
    assert table.columns[: sample.frame.shape[1]].tolist() == sample.frame.columns.tolist()
    np.testing.assert_allclose(table["y"] - table["fitted"], table["resid"], rtol=1e-9, atol=1e-9)


def test_it_says_what_it_is(estimates: tuple[bm.RemlFit, bm.RemlFit]) -> None:
    there, here = estimates
    sample = there.sample_rows(100)
    assert str(sample) == "100 of 396 rows, drawn at random (seed 0)"
    assert len(sample) == len(sample.frame) == 100
    assert sample.plot.residuals().get_xlabel().endswith(f"\n({NOTE})")
    assert sample.plot.observed()[0].get_title(loc="left") == f"{NOTE}\n"
    plt.close("all")
    with pytest.raises(bm.DataError, match="are in memory"):
        here.sample_rows()
    with pytest.raises(bm.DataError, match=r"fit\.sample_rows\(\)"):
        there.resid()


def test_plots_bring_rows_back_once(
    posteriors: tuple[bm.MixedFit, bm.MixedFit], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = posteriors
    monkeypatch.setattr("bayesmixed.design.held.ROWS", 100)
    fit = dataclasses.replace(there)
    note = NOTE.replace("396", str(fit.nobs()))
    plot = fit.plot
    assert fit._with_rows is fit._with_rows
    assert here._with_rows is here
    for axes in (
        plot.residuals(),
        plot.residuals(by="g"),
        plot.residuals(by="year"),
        plot.residual_quantiles(),
        plot.predictive_density()[0],
        plot.predictive_groups(),
        plot.prior_predictive(),
        plot.line("x"),
        plot.groups("x", facets=False),
    ):
        assert axes.get_xlabel().endswith(f"\n({note})")
    for panels in (plot.observed(), plot.predictive_density(group="g"), plot.groups("x")):
        assert panels[0].get_title(loc="left") == f"{note}\n"
    assert len(plot.prior_posterior()) == 4
    plt.close("all")


def test_a_sample_of_all_rows_needs_no_words(estimates: tuple[bm.RemlFit, bm.RemlFit]) -> None:
    assert estimates[0].plot.residuals().get_xlabel() == "fitted y"
    plt.close("all")


def test_levels_that_the_sample_has_not(posteriors: tuple[bm.MixedFit, bm.MixedFit]) -> None:
    sample = posteriors[0].sample_rows(5, seed=1)
    present = sample.frame["g"].nunique()
    assert len(sample.plot.observed()) == present < 15
    assert len(sample.plot.predictive_groups().get_yticklabels()) == present
    absent = next(
        level for level in posteriors[0].spec.design.blocks[0].levels if level not in set(sample.frame["g"])
    )
    view = dataclasses.replace(posteriors[0].plot, fit=sample.fit)
    with pytest.raises(bm.DataError, match=f"does not include g {absent}"):
        view.line("x", group=absent)
    plt.close("all")


def test_models_of_rows_elsewhere_are_compared(
    estimates: tuple[bm.RemlFit, bm.RemlFit], parquet_folder: Path, rows_in_memory: pd.DataFrame
) -> None:
    smaller = "y ~ x + dose + (1 | g) + (1 | h)"
    there, here = (
        bm.lmer(smaller, data, weights="w", method="reml")
        for data in (SOURCES["parquet"](parquet_folder), rows_in_memory.reset_index(drop=True))
    )
    pd.testing.assert_frame_equal(bm.anova(there, estimates[0]), bm.anova(here, estimates[1]), rtol=1e-3)
    with pytest.raises(bm.DataError, match="one is fitted to rows in memory"):
        bm.anova(there, estimates[1])
    with pytest.raises(bm.DataError, match="needs the rows"):
        bm.anova(there, estimates[0], boot=20)
    other = bm.lmer(f"{smaller} + known", SOURCES["polars"](parquet_folder), method="reml")
    with pytest.raises(bm.DataError, match="their weights differ"):
        bm.anova(there, other)


def test_bayes_factors_of_rows_elsewhere(posteriors: tuple[bm.MixedFit, bm.MixedFit]) -> None:
    there, here = posteriors
    with pytest.raises(bm.DataError, match="one is fitted to rows in memory"):
        bm.bayes_factor(there, here)
    assert abs(bm.bayes_factor(there, dataclasses.replace(there), seed=1).log) < 0.1
