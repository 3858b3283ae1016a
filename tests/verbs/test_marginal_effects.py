"""Grids, comparisons and slopes against the coefficients and the predictions that they are made of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed.design import build_design
from bayesmixed.engines.records import RawDraws
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs.marginal_effects import comparisons, predictions_at, slopes
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.sources import Posterior

FORMULA = "y ~ x*f + I(x^2) + v + flag + factor(k) + (x | a/b)"
N = 60


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.uniform(0, 4, N),
            "v": rng.normal(2, 1, N),
            "f": pd.Categorical(rng.choice(["low", "mid", "high"], N, p=[0.2, 0.5, 0.3])),
            "flag": rng.uniform(size=N) > 0.7,
            "k": rng.choice([10, 20, 20, 30], N),
            "a": [f"a{i % 3}" for i in range(N)],
            "b": [f"b{i % 4}" for i in range(N)],
            "unused": 1.0,
        }
    )


@cache
def model(formula: str = FORMULA) -> tuple[xr.DataTree, ModelSpec]:
    design = build_design(parse_formula(formula), rows())
    rng, shape, blocks = np.random.default_rng(1), (2, 50), design.blocks
    raw = RawDraws(
        beta=rng.normal(size=(*shape, len(design.fixed.terms))),
        parameters={"sigma": rng.uniform(0.5, 2, shape)},
        sd=tuple(rng.uniform(0.5, 2, (*shape, block.n_effects)) for block in blocks),
        corr=tuple(
            np.broadcast_to(np.eye(2), (*shape, 2, 2)) if block.has_correlation else None for block in blocks
        ),
        ranef=tuple(rng.normal(size=(*shape, block.n_levels, block.n_effects)) for block in blocks),
        sample_stats={},
    )
    return draws_tree(design, raw, {}), ModelSpec(design=design, priors=complete_priors(design, None))


def beta(term: str) -> np.ndarray:
    """Draws of a coefficient, chains joined."""
    values: np.ndarray = model()[0]["posterior"]["beta"].sel(term=term).values.ravel()
    return values


def flat(draws: Any) -> np.ndarray:
    assert isinstance(draws, xr.DataArray)
    return np.asarray(draws.values).reshape(-1, draws.shape[-1])


def test_a_grid_holds_the_rest_at_means_and_modes() -> None:
    grid = predictions_at(Posterior(*model()), {"x": [0, 1, 2], "f": ["low", "high"]})
    data = rows()
    assert grid["x"].tolist() == [0, 0, 1, 1, 2, 2]
    assert grid["f"].tolist() == ["low", "high"] * 3
    assert np.allclose(grid["v"], data["v"].mean())
    assert not grid["flag"].any()
    assert (grid["k"] == 20).all()
    columns = ["x", "f", "v", "flag", "k", "value", "se", "lower_2.5", "upper_97.5"]
    assert list(grid.columns) == columns


@pytest.mark.parametrize("effects", ["fixed", "all", ["a"]])
def test_a_grid_is_predicted_as_its_rows_are(effects: Any) -> None:
    grid = predictions_at(Posterior(*model()), {"x": [1, 3]}, effects=effects)
    again = predict(Posterior(*model()), grid, effects=effects)
    pd.testing.assert_frame_equal(grid[list(again.columns)], again)


def test_groups_run_through_the_levels_observed() -> None:
    draws, spec = model("y ~ x + (1 | a/b)")
    every = predictions_at(Posterior(draws, spec), {"x": 1}, effects="all")
    assert sorted(every["a"] + every["b"]) == sorted(set(rows()["a"] + rows()["b"]))
    some = predictions_at(Posterior(draws, spec), {"a": "a1"}, effects="all")
    assert set(some["b"]) == set(rows().query("a == 'a1'")["b"])
    assert len(predictions_at(Posterior(draws, spec), {"a": "a1"}, effects=["a"])) == 1
    new = predictions_at(Posterior(draws, spec), {"a": ["n1", "n2"]}, effects=["a"], new_levels="sample")
    assert new["value"].nunique() == 2


def test_an_averaged_prediction_is_the_mean_over_the_rows_of_the_data() -> None:
    draws = flat(
        predictions_at(Posterior(*model()), {"f": ["low", "mid"]}, average=True, effects="all", as_draws=True)
    )
    for place, level in enumerate(["low", "mid"]):
        whole = flat(predict(Posterior(*model()), rows().assign(f=level), as_draws=True))
        np.testing.assert_allclose(draws[:, place], whole.mean(axis=1))


def test_draws_carry_the_grid() -> None:
    draws = predictions_at(Posterior(*model()), {"x": [0, 2]}, as_draws=True)
    assert isinstance(draws, xr.DataArray)
    assert draws.dims == ("chain", "draw", "row")
    assert draws["x"].values.tolist() == [0, 2]
    table = predictions_at(Posterior(*model()), {"x": [0, 2]})
    np.testing.assert_allclose(np.median(flat(draws), axis=0), table["value"])


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize(("choice", "size"), [(None, 1.0), (2, 2.0), (-0.5, -0.5), ((0, 4), 4.0)])
def test_a_comparison_of_a_number_is_its_coefficient(average: bool, choice: Any, size: float) -> None:
    found = flat(comparisons(Posterior(*model()), "v", contrast=choice, average=average, as_draws=True))
    assert found.shape[1] == (1 if average else N)
    np.testing.assert_allclose(found, size * np.tile(beta("v")[:, None], found.shape[1]), rtol=1e-9)


@pytest.mark.parametrize(
    ("variable", "choice", "labels"),
    [
        ("f", None, ["low - high", "mid - high"]),
        ("f", "pairwise", ["low - high", "mid - high", "mid - low"]),
        ("f", ("low", "mid"), ["mid - low"]),
        ("flag", None, ["True - False"]),
        ("k", None, ["20 - 10", "30 - 10"]),
        ("v", None, ["+1"]),
        ("v", -2.5, ["-2.5"]),
        ("v", (0, 3), ["3 - 0"]),
    ],
)
def test_contrasts_that_can_be_chosen(variable: str, choice: Any, labels: list[str]) -> None:
    table = comparisons(Posterior(*model()), variable, contrast=choice)
    assert table["contrast"].tolist() == labels
    assert list(table.columns)[:2] == ["term", "contrast"]


def test_a_comparison_of_levels_where_another_predictor_stands() -> None:
    found = flat(
        comparisons(Posterior(*model()), "f", at={"x": [0, 3]}, contrast=("high", "mid"), as_draws=True)
    )
    level, interaction = beta("f[T.mid]"), beta("x:f[T.mid]")
    np.testing.assert_allclose(found, np.column_stack([level, level + 3 * interaction]), atol=1e-12)
    grid = comparisons(Posterior(*model()), "f", at={"x": [0, 3]}, contrast=("high", "mid"), average=False)
    assert grid["x"].tolist() == [0, 3]
    np.testing.assert_allclose(grid["value"], np.median(found, axis=0))


def test_a_slope_is_the_derivative() -> None:
    x = rows()["x"].to_numpy()
    level = pd.get_dummies(rows()["f"]).to_numpy(dtype=float)
    each = beta("x")[:, None] + 2 * np.outer(beta("I(x^2)"), x)
    each = each + np.outer(beta("x:f[T.low]"), level[:, 1]) + np.outer(beta("x:f[T.mid]"), level[:, 2])
    found = flat(slopes(Posterior(*model()), "x", average=False, as_draws=True))
    np.testing.assert_allclose(found, each, atol=1e-4)
    averaged = flat(slopes(Posterior(*model()), "x", as_draws=True))
    np.testing.assert_allclose(averaged[:, 0], each.mean(axis=1), atol=1e-5)


def test_slopes_of_groups() -> None:
    draws, spec = model("y ~ x + (x | a)")
    found = slopes(Posterior(draws, spec), "x", at={"a": ["a0", "a2"]}, effects="all", average=False)
    effects = draws["posterior"]["ranef_a"].sel(a_effect="x", a=["a0", "a2"])
    expected = (draws["posterior"]["beta"].sel(term="x") + effects).values.reshape(-1, 2)
    np.testing.assert_allclose(found["value"], np.median(expected, axis=0), rtol=1e-6)
    assert found["a"].tolist() == ["a0", "a2"]


def test_slopes_of_a_spline_reach_the_ends_of_the_data() -> None:
    draws, spec = model("y ~ bs(x, df=4) + (1 | a)")
    assert np.isfinite(slopes(Posterior(draws, spec), "x", average=False)["value"]).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = comparisons(Posterior(*model()), "f", at={"x": [0, 3]})
    monkeypatch.setattr("bayesmixed.verbs.summaries.BLOCK_BYTES", 8 * 100 * 7)
    pd.testing.assert_frame_equal(comparisons(Posterior(*model()), "f", at={"x": [0, 3]}), whole)


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (lambda m: predictions_at(Posterior(*m), {"X": 1}), "Did you mean 'x'?"),
        (lambda m: predictions_at(Posterior(*m), {"x": []}), "no value for 'x'"),
        (
            lambda m: predictions_at(Posterior(*m), {"f": "none"}),
            "levels that the model has not seen: 'none'",
        ),
        (lambda m: predictions_at(Posterior(*m), {"x": "one"}), "'x' of the new data holds text"),
        (lambda m: predictions_at(Posterior(*m), {"a": "a0"}), "'a' predicts through random effects alone"),
        (lambda m: comparisons(Posterior(*m), "unused"), "does not predict from a column 'unused'"),
        (lambda m: comparisons(Posterior(*m), "x", at={"x": 1}), "contrast=(low, high)"),
        (lambda m: comparisons(Posterior(*m), "x", contrast="pairwise"), "the size of a step"),
        (
            lambda m: comparisons(Posterior(*m), "x", contrast=(1, 2, 3)),
            "a pair of values, low and high, not 3",
        ),
        (lambda m: comparisons(Posterior(*m), "f", contrast=1), "'reference', 'pairwise', or a pair"),
        (lambda m: comparisons(Posterior(*m), "f", contrast=("low", "mit")), "Did you mean 'mid'?"),
        (lambda m: slopes(Posterior(*m), "f"), "use comparisons('f')"),
        (lambda m: slopes(Posterior(*m), "x", prob=95), "prob=0.95"),
    ],
)
def test_what_cannot_be_compared_is_named(verb: Any, words: str) -> None:
    with pytest.raises((DataError, BayesmixedError)) as caught:
        verb(model())
    assert words in str(caught.value)


COLUMNS = {"x": "value", "f": "term", "v": "contrast", "a": "row", "b": "se"}


@cache
def model_of_taken_names() -> tuple[xr.DataTree, ModelSpec]:
    """The same draws of the same model, its columns called like those of the tables."""
    frame = rows().rename(columns=COLUMNS)
    formula = "y ~ value*term + I(value^2) + contrast + flag + factor(k) + (value | row/se)"
    design, raw = build_design(parse_formula(formula), frame), model()[0]["posterior"]
    draws = RawDraws(
        beta=raw["beta"].to_numpy(),
        parameters={"sigma": raw["sigma"].to_numpy()},
        sd=tuple(raw[f"sd_{group}"].to_numpy() for group in ("a:b", "a")),
        corr=tuple(raw[f"corr_{group}"].to_numpy() for group in ("a:b", "a")),
        ranef=tuple(raw[f"ranef_{group}"].to_numpy() for group in ("a:b", "a")),
        sample_stats={},
    )
    return draws_tree(design, draws, {}), ModelSpec(design=design, priors=complete_priors(design, None))


AT = {"x": [0.5, 2.0], "f": ["low", "high"]}
VERBS = {
    "predictions": lambda model, at: predictions_at(Posterior(*model), at),
    "mean predictions": lambda model, at: predictions_at(Posterior(*model), at, average=True),
    "comparisons": lambda model, at: comparisons(
        Posterior(*model), next(iter(at)), at=dict([*at.items()][1:])
    ),
    "comparisons of rows": lambda model, at: comparisons(
        Posterior(*model), next(iter(at)), average=False, effects="all"
    ),
    "slopes": lambda model, at: slopes(Posterior(*model), next(iter(at)), at=at, average=False),
}


@pytest.mark.parametrize("verb", VERBS)
def test_columns_called_like_those_of_a_table_get_out_of_the_way(verb: str) -> None:
    plain = VERBS[verb](model(), AT)
    taken = VERBS[verb](model_of_taken_names(), {COLUMNS[name]: values for name, values in AT.items()})
    own = {"value", "se", "lower_2.5", "upper_97.5", *(() if "predictions" in verb else ("term", "contrast"))}
    expected = [
        f"at_{COLUMNS.get(name, name)}" if COLUMNS.get(name) in own else COLUMNS.get(name, name)
        for name in plain.columns
    ]
    assert list(taken.columns) == expected
    for one, other in zip(plain.columns, taken.columns, strict=True):
        assert one == "term" or plain[one].tolist() == taken[other].tolist()


def test_draws_keep_columns_called_like_their_dimensions() -> None:
    found = predictions_at(
        Posterior(*model_of_taken_names()), {"row": ["a0", "a1"]}, effects="all", as_draws=True
    )
    assert isinstance(found, xr.DataArray)
    assert set(found["at_row"].to_numpy()) == {"a0", "a1"}
    assert found.dims == ("chain", "draw", "row")
