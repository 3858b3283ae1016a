"""F tests of the fixed terms: lmerTest's, and what holds of them whoever computes them.

Maker of the numbers: `tests/reference/satterthwaite.R`, R 4.2.2 with lme4 1.1-31 and lmerTest 3.1-3.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, DataError
from references import SATTERTHWAITE as MODELS
from references import own_frame, satterthwaite_fit

NAMES = [f"{m['data']}: {m['formula']} by {m['method']}" for m in MODELS]
RTOL = {"DenDF": 1e-5, "p_value": 1e-4}  # a p-value far in the tail moves df times as fast as F
NUMBERS = ["sum_sq", "mean_sq", "NumDF", "DenDF", "F", "p_value"]
LMERTEST_AT_THE_FIRST_LEVEL = ("y ~ h + h:f + x + (1 | g)", "h")


@cache
def fit_of(formula: str) -> bm.RemlFit:
    return bm.lmer(formula, own_frame("uneven.csv"), method="reml")


@pytest.mark.parametrize("kind", ["I", "II", "III"])
@pytest.mark.parametrize("i", range(len(MODELS)), ids=NAMES)
def test_tables_are_lmertests(i: int, kind: Any) -> None:
    model, ours = MODELS[i], satterthwaite_fit(i).anova(type=kind)
    theirs = pd.DataFrame(model["anova"][kind])
    assert ours["term"].str.replace("Sum", "contr.sum").tolist() == theirs["term"].tolist()
    other = [(model["formula"], term) == LMERTEST_AT_THE_FIRST_LEVEL and kind != "I" for term in ours["term"]]
    for name in NUMBERS:
        same = ~np.array(other)
        np.testing.assert_allclose(ours[name][same], theirs[name][same], rtol=RTOL.get(name, 1e-6))


def test_the_same_model_written_in_another_way_has_the_same_tests() -> None:
    nested, crossed = (fit_of(f"y ~ {side} + x + (x | g)").anova() for side in ("h + h:f", "h * f"))
    np.testing.assert_allclose(nested[NUMBERS].iloc[0], crossed[NUMBERS].iloc[0], rtol=1e-6)
    assert nested["NumDF"].tolist() == [1, 1, 4]


@pytest.mark.parametrize("kind", ["II", "III"])
@pytest.mark.parametrize("coding", ["Sum", "Helmert", "Treatment('top')"])
def test_the_coding_of_a_factor_does_not_matter(coding: str, kind: Any) -> None:
    coded, plain = (fit_of(f"y ~ {f} * h + x + (1 | g)").anova(type=kind) for f in (f"C(f, {coding})", "f"))
    np.testing.assert_allclose(coded["F"], plain["F"], rtol=1e-7)
    rtol = 1e-7 if kind == "III" else 1e-2  # which rows span a hypothesis of type II depends on the coding
    np.testing.assert_allclose(coded["DenDF"], plain["DenDF"], rtol=rtol)


def test_a_balanced_split_plot_is_the_analysis_of_variance() -> None:
    """The textbook's table of cake: recipes against replicates within them, temperatures against the rest."""
    cakes = own_frame("cake")
    fit = bm.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", cakes, method="reml")
    y, grand = cakes["angle"], cakes["angle"].mean()
    recipe = cakes.groupby("recipe", observed=True)["angle"].transform("mean")
    whole = cakes.groupby(["recipe", "replicate"], observed=True)["angle"].transform("mean")
    temperature = cakes.groupby("temperature")["angle"].transform("mean")
    cell = cakes.groupby(["recipe", "temperature"], observed=True)["angle"].transform("mean")
    within = np.sum((y - whole - cell + recipe) ** 2) / 210
    squares = {
        "recipe": (np.sum((recipe - grand) ** 2) / 2, 2, np.sum((whole - recipe) ** 2) / 42, 42),
        "temperature": (np.sum((temperature - grand) ** 2) / 5, 5, within, 210),
        "recipe:temperature": (np.sum((cell - recipe - temperature + grand) ** 2) / 10, 10, within, 210),
    }
    for kind in ("I", "II", "III"):
        table = fit.anova(type=kind).set_index("term")
        for term, (mean_square, df, error, rest) in squares.items():
            row = table.loc[term]
            assert row["F"] == pytest.approx(mean_square / error, rel=1e-7)
            assert (row["NumDF"], row["DenDF"]) == (df, pytest.approx(rest, rel=1e-6))
            assert row["p_value"] == pytest.approx(stats.f.sf(mean_square / error, df, rest), rel=1e-5)


@pytest.mark.parametrize("kind", ["I", "II", "III"])
def test_one_column_is_the_coefficient_s_t_test(kind: Any) -> None:
    row = fit_of("y ~ f + x + (x | g)").anova(type=kind).set_index("term").loc["x"]
    days = fit_of("y ~ f + x + (x | g)").fixef().set_index("term").loc["x"]
    np.testing.assert_allclose(
        row[["F", "DenDF", "p_value"]].astype(float), [days["t"] ** 2, days["df"], days["p_value"]], rtol=1e-9
    )


def test_type_three_averages_over_cells_with_equal_weights() -> None:
    fit = fit_of("y ~ f * h + x + (1 | g)")
    grid = fit.predictions_at({"f": ["low", "mid", "top"], "h": ["north", "south"]})
    means = grid.pivot_table(index="f", columns="h", values="value").mean()
    row = fit.anova().set_index("term").loc["h"]
    contrast = fit.comparisons("h", at={"f": ["low", "mid", "top"]}, average=False)
    assert contrast["value"].mean() == pytest.approx(means["south"] - means["north"])
    terms = list(fit.vcov().index)
    weights = np.zeros(len(terms))
    weights[[terms.index("h[T.south]"), *(terms.index(f"f[T.{f}]:h[T.south]") for f in ("mid", "top"))]] = (
        1,
        1 / 3,
        1 / 3,
    )
    variance = weights @ fit.vcov().to_numpy() @ weights
    assert row["F"] == pytest.approx(contrast["value"].mean() ** 2 / variance, rel=1e-9)


@pytest.mark.parametrize("kind", ["I", "II", "III"])
def test_where_a_predictor_is_zero_does_not_matter_to_slopes(kind: Any) -> None:
    """A year near 2,000 with its square: columns that are nearly the same."""
    frame = own_frame("uneven.csv")
    frame = frame.assign(year=2000 + frame["x"])
    here, there = (
        bm.lmer(f"y ~ f * {x} + I({x}^2) + (1 | g)", frame, method="reml").anova(type=kind)
        for x in ("year", "x")
    )
    last = here["term"].str.contains("2|:")
    np.testing.assert_allclose(here["F"][last], there["F"][last], rtol=1e-4)
    np.testing.assert_allclose(here["DenDF"][last], there["DenDF"][last], rtol=1e-4)


def test_a_singular_fit_is_tested_as_a_regression() -> None:
    """Dyestuff2 with the yields' order as a predictor: no batch varies, so lm's F test with 28 df."""
    data = bm.load_dataset("Dyestuff2").assign(x=np.arange(30) % 5)
    fit = bm.lmer("Yield ~ x + (1 | Batch)", data, method="reml")
    row = fit.anova().iloc[0]
    line = stats.linregress(data["x"], data["Yield"])
    assert fit.singular
    assert row["DenDF"] == pytest.approx(28.0)
    assert row["p_value"] == pytest.approx(line.pvalue, rel=1e-7)


@pytest.mark.parametrize("kind", ["I", "II", "III"])
@pytest.mark.parametrize("formula", ["y ~ f * h + x + (1 | g)", "y ~ 0 + f + x + (1 | g)"])
def test_rows_elsewhere_are_tested_all_the_same(formula: str, kind: Any) -> None:
    polars = pytest.importorskip("polars")
    lazy = bm.lmer(formula, polars.from_pandas(own_frame("uneven.csv")).lazy(), method="reml")
    pd.testing.assert_frame_equal(lazy.anova(type=kind), fit_of(formula).anova(type=kind), rtol=1e-6)


def test_a_model_without_terms_has_no_tests() -> None:
    table = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml").anova()
    assert table.empty
    assert list(table) == ["term", *NUMBERS]


def test_the_function_and_the_method_are_one() -> None:
    fit, smaller = fit_of("y ~ f * h + x + (1 | g)"), fit_of("y ~ h + x + (1 | g)")
    pd.testing.assert_frame_equal(bm.anova(fit, type="II"), fit.anova(type="II"))
    pd.testing.assert_frame_equal(bm.anova(fit, smaller), fit.anova(smaller))
    assert fit.anova().attrs["legend"] == "Type III, with Satterthwaite's degrees of freedom."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"type": "IV"}, "'I', 'II', 'III'"),
        ({"boot": 10}, "two fits or more"),
        ({"names": ["one"]}, "two fits or more"),
    ],
)
def test_refusals(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BayesmixedError, match=said):
        bm.anova(fit_of("y ~ h + x + (1 | g)"), **options)
    with pytest.raises(BayesmixedError, match="needs a fit"):
        bm.anova()


def test_a_term_whose_columns_are_left_out_has_no_test() -> None:
    """North and south differ as the groups' hemispheres do."""
    frame = own_frame("uneven.csv").assign(hemisphere=lambda d: d["h"].str.upper())
    with pytest.warns(bm.DesignWarning, match="hemisphere"):
        fit = bm.lmer("y ~ f + h + hemisphere + (1 | g)", frame, method="reml")
    for kind in ("I", "II", "III"):
        table, plain = fit.anova(type=kind), fit_of("y ~ f + h + (1 | g)").anova(type=kind)
        np.testing.assert_allclose(table[NUMBERS].iloc[:2], plain[NUMBERS], rtol=1e-7)
        assert table["NumDF"].tolist() == [2, 1, 0]
        assert np.isnan(table["F"].iloc[2])


def test_a_sample_without_a_cell_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    monkeypatch.setattr("bayesmixed.design.held.ROWS", 4)
    lazy = bm.lmer("y ~ f * h + (1 | g)", polars.from_pandas(own_frame("uneven.csv")).lazy(), method="reml")
    with pytest.raises(DataError, match="does not hold all combinations of levels"):
        lazy.anova()
