"""A posterior whose fixed effects leave columns out says NaN where they would be needed, and nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, DesignWarning, PriorError

EMPTY = "f[T.c]:h[T.y]"


SHORT: dict[str, Any] = {"draws": 200, "chains": 2, "adapt": False, "seed": 1}


def rows() -> pd.DataFrame:
    """Rows of f, h and a number; no row has c with y, and z is a multiple of x."""
    cells = [(f, h) for f in "abc" for h in "xy" if (f, h) != ("c", "y")]
    frame = pd.DataFrame([(*cell, str(i % 6)) for cell in cells for i in range(12)], columns=["f", "h", "g"])
    rng = np.random.default_rng(4)
    frame = frame.assign(x=rng.normal(size=60).round(2), y=rng.normal(size=60))
    frame["y"] += frame["x"] + frame["g"].astype(float)
    return frame.assign(z=3.0 - 2.0 * frame["x"], k=rng.poisson(np.exp(0.5 + 0.2 * frame["x"])))


def quietly(fit: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit()


@pytest.fixture(scope="module")
def posterior() -> bm.MixedFit:
    return quietly(lambda: bm.lmer("y ~ f*h + x + z + (1 | g)", rows(), **SHORT))


@pytest.fixture(scope="module")
def counts() -> bm.MixedFit:
    return quietly(lambda: bm.glmer("k ~ f*h + x + (1 | g)", rows(), family="poisson", **SHORT))


CELLS = {"f": ["b", "c"], "h": ["x", "y"]}
NEW = pd.DataFrame({"f": ["c", "c", "a"], "h": ["y", "x", "y"], "x": 1.0, "z": [1.0, 1.0, 0.0], "g": "1"})


@pytest.mark.parametrize(
    ("verb", "nan"),
    [
        pytest.param(lambda fit: fit.predict(NEW), [True, False, True], id="predict"),
        pytest.param(
            lambda fit: fit.predict(NEW, kind="response"), [True, False, True], id="predict a response"
        ),
        pytest.param(lambda fit: fit.population_mean(NEW), [True, False, True], id="population_mean"),
        pytest.param(lambda fit: fit.predictions_at(CELLS), [False, False, False, True], id="predictions_at"),
        pytest.param(lambda fit: fit.comparisons("f"), [False, True], id="comparisons"),
        pytest.param(lambda fit: fit.comparisons("x"), [True], id="a step of one of two twins"),
        pytest.param(lambda fit: fit.slopes("z"), [True], id="a slope of one of two twins"),
    ],
)
def test_what_the_data_do_not_tell_is_nan(
    posterior: bm.MixedFit, verb: Callable[[bm.MixedFit], pd.DataFrame], nan: list[bool]
) -> None:
    with pytest.warns(DesignWarning, match="are NaN, and so are means over them"):
        found = verb(posterior)
    for column in ("value", "se", "lower_2.5", "upper_97.5"):
        assert found[column].isna().tolist() == nan


def test_what_the_data_tell_is_the_sum_of_coefficients(posterior: bm.MixedFit) -> None:
    beta = posterior.draws["posterior"]["beta"]
    with pytest.warns(DesignWarning):
        draws = posterior.predict(NEW, effects="fixed", draws=True)
    wanted = beta.sel(term="Intercept") + beta.sel(term="f[T.c]") + beta.sel(term="x")
    np.testing.assert_allclose(draws.isel(row=1), wanted.transpose("chain", "draw"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = posterior.comparisons("f", at={"h": "x"}, average=False, draws=True)
    wanted = beta.sel(term="f[T.c]").transpose("chain", "draw")
    np.testing.assert_allclose(found.isel(row=1), wanted, atol=1e-12)


def test_a_difference_within_an_empty_cell_needs_a_linear_model(counts: bm.MixedFit) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimate = bm.lmer("y ~ f*h + x + (1 | g)", rows(), method="reml")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimate.comparisons("x", at={"f": "c", "h": "y"}, average=False)
    fixef = estimate.fixef().set_index("term").loc["x"]
    np.testing.assert_allclose(found[["value", "se"]].to_numpy()[0], fixef[["value", "se"]].to_numpy(float))
    with pytest.warns(DesignWarning, match="1 of 1 rows"):
        assert counts.comparisons("x", at={"f": "c", "h": "y"}, average=False)["value"].isna().all()


@pytest.mark.parametrize("fit", ["posterior", "counts"])
def test_responses_of_an_empty_cell_are_not_drawn(fit: str, request: pytest.FixtureRequest) -> None:
    new = NEW.assign(z=lambda d: 3.0 - 2.0 * d.x)
    with pytest.warns(DesignWarning, match=r"1 of 3 rows.*'f\[T.c\]:h\[T.y\]'"):
        found = request.getfixturevalue(fit).simulate(3, newdata=new)
    assert found.isna().all(axis=1).tolist() == [True, False, False]
    assert found.notna().all(axis=1).tolist() == [False, True, True]


def test_left_out_coefficients_are_named(posterior: bm.MixedFit) -> None:
    assert posterior.spec.design.fixed.left_out == ("z", EMPTY)
    assert f"Left out of the fixed effects: z, {EMPTY}, which are combinations" in str(posterior)
    assert EMPTY in posterior._repr_html_()
    for name in ("z", EMPTY):
        with pytest.raises(BayesmixedError, match="is left out, since it is a combination of other columns"):
            posterior.hypothesis(f"{name} > 0")
        priors = {name: bm.prior("Normal", mu=0, sigma=1)}
        with pytest.raises(PriorError, match="is left out, since it is a combination of other columns"):
            quietly(lambda priors=priors: bm.specify(posterior.formula, rows(), priors=priors))


def test_a_loaded_fit_leaves_out_the_same(posterior: bm.MixedFit, tmp_path: Path) -> None:
    posterior.save(tmp_path / "fit")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = bm.load(tmp_path / "fit")
        pd.testing.assert_frame_equal(loaded.fixef(), posterior.fixef())
    assert loaded.spec.design.fixed.left_out == posterior.spec.design.fixed.left_out
    with pytest.warns(DesignWarning):
        again = loaded.predict(NEW)
    pd.testing.assert_frame_equal(again, quietly(lambda: posterior.predict(NEW)))


def test_bambi_would_keep_them(posterior: bm.MixedFit) -> None:
    pytest.importorskip("bambi")
    with pytest.raises(BayesmixedError, match="leaves out 'z'"):
        posterior.to_bambi()
