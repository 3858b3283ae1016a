"""Predictions against their definition, and the promises about new levels, order and blocks."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmixed as bm
from bayesmixed.design import build_design
from bayesmixed.engines.records import RawDraws
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.formula import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs import fitted
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.sources import Posterior

FORMULA = "y ~ x + f + offset(known) + (x | g) + (1 | h)"
CHAINS, DRAWS = 2, 300


def rows(n: int = 48) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "known": rng.normal(size=n),
            "w": rng.uniform(0.5, 2, n),
            "f": np.tile(["u", "v", "w"], n // 3),
            "g": [f"g{i % 6}" for i in range(n)],
            "h": [f"h{i % 4}" for i in range(n)],
        },
        index=pd.Index(np.arange(n) + 100, name="id"),
    )


def draws_of(spec: ModelSpec) -> xr.DataTree:
    """Draws of noise, with a correlation that varies."""
    rng, shape = np.random.default_rng(1), (CHAINS, DRAWS)
    corr = np.broadcast_to(np.eye(2), (*shape, 2, 2)).copy()
    corr[..., 0, 1] = corr[..., 1, 0] = rng.uniform(-0.9, 0.9, shape)
    blocks = spec.design.blocks
    raw = RawDraws(
        beta=rng.normal(size=(*shape, len(spec.design.fixed.terms))),
        parameters={"sigma": rng.uniform(0.5, 2, shape)},
        sd=tuple(rng.uniform(0.5, 2, (*shape, block.n_effects)) for block in blocks),
        corr=tuple(corr if block.has_correlation else None for block in blocks),
        ranef=tuple(rng.normal(size=(*shape, block.n_levels, block.n_effects)) for block in blocks),
        sample_stats={},
    )
    return draws_tree(spec.design, raw, {})


@cache
def model(formula: str = FORMULA, weights: str | None = None) -> tuple[xr.DataTree, ModelSpec]:
    design = build_design(parse_formula(formula), rows(), weights=weights)
    spec = ModelSpec(design=design, priors=complete_priors(design, None))
    return draws_of(spec), spec


def new_rows() -> pd.DataFrame:
    """Seen and new levels; two rows share a new level, and an index label."""
    return pd.DataFrame(
        {
            "x": [0.5, -1.0, 2.0, 0.0, 1.0],
            "known": [0.0, 1.0, 0.5, -0.5, 0.0],
            "f": ["u", "w", "v", "u", "w"],
            "g": ["g1", "new", "new", "other", "g0"],
            "h": ["h0", "h9", "h1", "h9", "h3"],
        },
        index=pd.Index(["a", "b", "b", "c", "d"]),
    )


def matrix(**options: Any) -> np.ndarray:
    """Draws for the new rows, shape (draws, rows)."""
    newdata = options.pop("newdata", new_rows())
    source = Posterior(*model(), seed=options.pop("seed", 1))
    found = predict(source, newdata, as_draws=True, **{"new_levels": "sample"} | options)
    assert isinstance(found, xr.DataArray)
    assert found.dims == ("chain", "draw", "row")
    return found.values.reshape(-1, found.shape[-1])


@pytest.mark.parametrize("effects", ["all", "fixed"])
@pytest.mark.parametrize("again", [False, True])
def test_rows_of_the_fit_are_the_fitted_values(effects: Any, again: bool) -> None:
    draws, spec = model()
    table = predict(Posterior(draws, spec), rows() if again else None, effects=effects)
    assert isinstance(table, pd.DataFrame)
    pd.testing.assert_frame_equal(table, fitted(Posterior(draws, spec), effects=effects), rtol=1e-12)


@pytest.mark.parametrize("effects", [["g"], "h", ["h"], ["h", "g"], []])
def test_chosen_random_effects_draw_by_draw(effects: Any) -> None:
    draws, spec = model()
    posterior, design = draws["posterior"], spec.design
    expected = posterior["beta"].values @ design.fixed.matrix.T + design.offset
    for name in effects:
        block = design.block(name)
        levels = posterior[f"ranef_{name}"].values[:, :, block.codes]
        expected = expected + np.einsum("cdnk,nk->cdn", levels, block.columns)
    found = predict(Posterior(draws, spec), rows().drop(columns="y"), effects=effects, as_draws=True)
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


def test_columns_of_factors_that_take_no_part_are_not_needed() -> None:
    draws, spec = model()
    whole = predict(Posterior(draws, spec), new_rows(), effects="fixed")
    pd.testing.assert_frame_equal(
        predict(Posterior(draws, spec), new_rows().drop(columns=["g", "h"]), effects="fixed"),
        whole,
    )
    without_h = new_rows().drop(columns="h")
    assert len(predict(Posterior(draws, spec), without_h, effects=["g"], new_levels="population")) == 5


def test_the_population_needs_no_column_of_the_groups() -> None:
    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    new = pd.DataFrame({"Days": [0, 9]})
    pd.testing.assert_frame_equal(
        fit.predict(new, new_levels="population"), fit.predict(new, effects="fixed")
    )
    with pytest.raises(bm.DataError, match=r"no column 'Subject', a grouping factor.*effects='fixed'"):
        fit.predict(new)


def test_the_population_has_no_effect_of_a_new_level() -> None:
    draws, _ = model()
    population = matrix(new_levels="population")
    posterior = draws["posterior"]
    fixed = matrix(effects="fixed")
    np.testing.assert_allclose(population[:, 3], fixed[:, 3])
    h1 = posterior["ranef_h"].values[:, :, 1, 0].ravel()
    np.testing.assert_allclose(population[:, 2], fixed[:, 2] + h1)


def test_a_new_level_is_drawn_once_from_each_draw_s_covariance() -> None:
    draws, _ = model()
    posterior = draws["posterior"]
    effects = matrix(effects=["g"]) - matrix(effects="fixed")
    slope = (effects[:, 2] - effects[:, 1]) / 3.0
    intercept = effects[:, 1] + slope
    sd = posterior["sd_g"].values.reshape(-1, 2)
    rho = posterior["corr_g"].values[..., 0, 1].ravel()
    first, second = intercept / sd[:, 0], slope / sd[:, 1]
    rest = (second - rho * first) / np.sqrt(1 - rho**2)
    n = CHAINS * DRAWS
    for standard in (first, rest):
        assert abs(standard.mean()) < 4 / np.sqrt(n)
        assert abs(standard.std() - 1) < 4 / np.sqrt(2 * n)
    assert abs(np.corrcoef(first, rest)[0, 1]) < 4 / np.sqrt(n)


def test_two_new_levels_are_different_draws_and_one_is_shared() -> None:
    same_h = matrix(effects=["h"]) - matrix(effects="fixed")
    np.testing.assert_allclose(same_h[:, 1], same_h[:, 3], atol=1e-12)
    intercepts = matrix(newdata=new_rows().assign(x=0.0), effects=["g"]) - matrix(
        newdata=new_rows().assign(x=0.0), effects="fixed"
    )
    assert abs(np.corrcoef(intercepts[:, 1], intercepts[:, 3])[0, 1]) < 4 / np.sqrt(CHAINS * DRAWS)


@pytest.mark.parametrize("kind", ["mean", "response"])
def test_the_order_of_rows_and_the_company_of_levels_change_nothing(kind: Any) -> None:
    whole = matrix(kind=kind)
    order = [3, 0, 1, 4, 2]
    np.testing.assert_allclose(matrix(kind=kind, newdata=new_rows().iloc[order]), whole[:, order])
    np.testing.assert_allclose(matrix(kind=kind, newdata=new_rows().iloc[[3]])[:, 0], whole[:, 3])


@pytest.mark.parametrize("kind", ["mean", "response"])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_blocks_of_rows_change_nothing(kind: Any, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"kind": kind, "new_levels": "sample"}
    source = Posterior(*model(), seed=4)
    whole = predict(source, new_rows(), **options)
    monkeypatch.setattr("bayesmixed.verbs.summaries.BLOCK_BYTES", 8 * CHAINS * DRAWS * width)
    pd.testing.assert_frame_equal(predict(source, new_rows(), **options), whole)


def test_a_seed_repeats_new_levels_and_residuals() -> None:
    np.testing.assert_array_equal(matrix(kind="response"), matrix(kind="response"))
    assert not np.any(matrix(kind="response") == matrix(kind="response", seed=2))


def test_a_response_adds_a_residual_of_its_own_to_every_row() -> None:
    draws, spec = model(FORMULA, "w")
    mean = predict(Posterior(draws, spec), as_draws=True)
    response = predict(Posterior(draws, spec, seed=1), kind="response", as_draws=True)
    sigma = draws["posterior"]["sigma"].values[..., None]
    noise = ((response - mean).values * np.sqrt(rows()["w"].to_numpy()) / sigma).reshape(-1, 48)
    assert abs(noise.std() - 1) < 4 / np.sqrt(2 * noise.size)
    assert np.abs(np.corrcoef(noise.T)[np.triu_indices(48, 1)]).max() < 5.5 / np.sqrt(len(noise))


def test_weights_of_new_rows() -> None:
    source = Posterior(*model(FORMULA, "w"), seed=1)
    new = rows().drop(columns="y")
    options: dict[str, Any] = {"kind": "response", "as_draws": True}
    own = predict(source, **options)
    for weights in ("w", new["w"].to_numpy()):
        xr.testing.assert_allclose(predict(source, new, weights=weights, **options), own)
    assert not np.allclose(predict(source, new, weights=1, **options), own)
    assert len(predict(source, new)) == 48


def test_the_table_summarizes_the_draws() -> None:
    table = predict(Posterior(*model(), seed=1), new_rows(), new_levels="sample", prob=0.8)
    draws = matrix()
    assert list(table.columns) == ["value", "se", "lower_10", "upper_90"]
    pd.testing.assert_index_equal(table.index, new_rows().index)
    np.testing.assert_allclose(table["value"], np.median(draws, axis=0))
    np.testing.assert_allclose(table["upper_90"], np.quantile(draws, 0.9, axis=0))


def test_other_frames() -> None:
    import polars as pl

    plain = new_rows().reset_index(drop=True)
    expected = predict(Posterior(*model()), plain, new_levels="sample", kind="response")
    found = predict(Posterior(*model()), pl.from_pandas(plain), new_levels="sample", kind="response")
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("newdata", "options", "error", "words"),
    [
        (new_rows(), {}, DataError, "new_levels='population' or new_levels='sample'"),
        (new_rows().rename(columns={"x": "X"}), {}, DataError, "no column 'x'. Did you mean 'X'?"),
        (new_rows().drop(columns="h"), {}, DataError, "no column 'h'"),
        (new_rows().assign(f="q"), {"effects": "fixed"}, DataError, "'f' has levels that the model has not"),
        (new_rows().assign(x="q"), {"effects": "fixed"}, DataError, "'x' of the new data holds text"),
        (new_rows().assign(x=np.nan), {"effects": "fixed"}, DataError, "missing values in 'x'"),
        (new_rows().iloc[:0], {}, DataError, "newdata has no rows"),
        ([1, 2], {}, DataError, "not a data frame in memory, but of the type list"),
        (None, {"effects": ["G"]}, BayesmixedError, "Did you mean 'g'?"),
        (None, {"effects": "fixd"}, BayesmixedError, "Did you mean 'fixed'?"),
        (None, {"effects": None}, BayesmixedError, "effects=None is not known"),
        (None, {"kind": "linear"}, BayesmixedError, "'mean', 'link', 'response'"),
        (None, {"new_levels": "drop"}, BayesmixedError, "'error', 'population', 'sample'"),
        (None, {"prob": 95}, BayesmixedError, "prob=0.95"),
        (None, {"weights": 1}, DataError, "belongs to newdata"),
        (new_rows(), {"effects": "fixed", "weights": [1, 2]}, DataError, "weights has shape"),
    ],
)
def test_what_cannot_be_predicted_is_named(newdata: Any, options: Any, error: Any, words: str) -> None:
    with pytest.raises(error) as caught:
        predict(Posterior(*model()), newdata, **options)
    assert words in str(caught.value)


def test_a_seed_is_a_whole_number() -> None:
    with pytest.raises(BayesmixedError, match="seed=-1 must be a whole number"):
        predict(Posterior(*model(), seed=-1))


def test_weights_are_not_guessed() -> None:
    with pytest.raises(DataError, match=r"give weights="):
        predict(Posterior(*model(FORMULA, "w")), rows(), kind="response")


def test_progress_is_shown_when_asked(capfd: pytest.CaptureFixture[str]) -> None:
    draws, spec = model()
    predict(Posterior(draws, spec))
    assert capfd.readouterr().err == ""
    predict(Posterior(draws, spec, progress=True))
    assert "Predicting rows" in capfd.readouterr().err


@pytest.fixture(scope="module")
def sleep() -> MixedFit:
    """A posterior of the sleepstudy model."""
    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=3)
    assert isinstance(fit, MixedFit)
    return fit


def test_a_new_subject_has_the_spread_that_exact_integration_gives(sleep: MixedFit) -> None:
    new = pd.DataFrame({"Days": 9, "Subject": [f"new {i}" for i in range(40)]})
    found = sleep.predict(new, new_levels="sample", kind="response", draws=True).values.reshape(-1, 40)
    point = sleep.draws["posterior"]
    z = np.array([1.0, 9.0])
    sd, corr = point["sd_Subject"].values, point["corr_Subject"].values
    within = np.einsum("e,cde,cdef,cdf,f->cd", z, sd, corr, sd, z) + point["sigma"].values ** 2
    between = point["beta"].values @ z
    exact = np.sqrt(within.mean() + between.var())
    sds = found.std(axis=0)
    # an sd of 4,000 heavy-tailed draws is known to about 2 %; the mean of forty to much less
    np.testing.assert_allclose(sds, exact, rtol=0.1)
    assert sds.mean() == pytest.approx(exact, rel=0.01)
    shared = between.var() / exact**2
    pairs = np.corrcoef(found.T)[np.triu_indices(40, 1)]
    assert pairs.max() < shared + 6 / np.sqrt(len(found))


def test_methods_delegate(sleep: MixedFit) -> None:
    pd.testing.assert_frame_equal(sleep.predict(), sleep.fitted())
    new = pd.DataFrame({"Days": [9], "Subject": ["new"]})
    options: dict[str, Any] = {"new_levels": "sample", "kind": "response"}
    pd.testing.assert_frame_equal(sleep.predict(new, **options), sleep.predict(new, **options, seed=3))
