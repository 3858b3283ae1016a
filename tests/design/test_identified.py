"""Parameters of which the data alone say nothing: refused by REML and ML, named beside a posterior."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DataError, DesignWarning

FULL = "12 coefficients for 12 rows"
TOLD = "already distinguish all groups of 'g'"
TWINS = "'g' and 't' are the same groups"


def rows(extra: int = 0) -> pd.DataFrame:
    """Every cell of a and b once, and some a second time; t is g by other names."""
    cells = pd.DataFrame([(a, b) for a in "pqrs" for b in "xyz"], columns=["a", "b"])
    frame = pd.concat([cells, cells.head(extra)], ignore_index=True)
    rng = np.random.default_rng(1)
    frame = frame.assign(g=[f"g{i % 4}" for i in range(len(frame))], y=rng.normal(size=len(frame)))
    return frame.assign(t=frame["g"].map(str.upper), x=rng.normal(size=len(frame)))


@pytest.mark.parametrize(
    ("formula", "extra", "by", "words"),
    [
        ("y ~ a*b + (1 | g)", 0, "reml", FULL),
        ("y ~ a*b + (1 | g)", 0, "ml", FULL),
        ("y ~ a*b + x + (1 | g)", 1, "reml", "13 coefficients for 13 rows"),
        ("y ~ g + (1 | g)", 0, "reml", TOLD),
        ("y ~ 0 + t + (1 | g)", 0, "reml", TOLD),
        ("y ~ g*x + (x | g)", 12, "reml", TOLD),
        ("y ~ g + g:x + x + (0 + x | g)", 12, "reml", "variance of their effect 'x'"),
        ("y ~ a*b + (1 | g)", 3, "reml", TOLD),
        ("y ~ x + (1 | g) + (1 | t)", 0, "reml", TWINS),
        ("y ~ x + (1 | g) + (x | t)", 12, "ml", TWINS),
        ("y ~ x + (1 | g/t)", 0, "ml", "'g' and 'g:t' are the same groups"),
    ],
)
def test_the_data_alone_do_not_tell(formula: str, extra: int, by: Any, words: str, tmp_path: Path) -> None:
    frame = rows(extra)
    with pytest.raises(DataError, match=words):
        bm.lmer(formula, frame, method=by)
    pytest.importorskip("duckdb")
    frame.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=words):
        bm.lmer(formula, tmp_path, method=by)


@pytest.mark.parametrize(
    ("formula", "by"),
    [
        ("y ~ g + (1 | g)", "ml"),  # whose variance of g is zero
        ("y ~ a + x + (1 | g)", "reml"),
        ("y ~ x + (1 | g) + (0 + x | t)", "reml"),
        ("y ~ b + (1 | a/b)", "reml"),
        ("y ~ 0 + (1 | g)", "reml"),
        ("y ~ g + (0 + x | g)", "reml"),
    ],
)
def test_the_data_tell(formula: str, by: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = bm.lmer(formula, rows(12), method=by)
    assert np.isfinite(fit.fixef().drop(columns="term").to_numpy(float)).all()


def test_the_refusal_is_where_the_restricted_likelihood_is_flat() -> None:
    """By the density of contrasts K'y with K'X = 0, computed densely: the same at any variance of g."""
    frame = rows(12)
    for formula, flat in (("y ~ g + (1 | g)", True), ("y ~ a + (1 | g)", False)):
        design = bm.specify(formula, frame).design
        x, z = design.fixed.matrix, pd.get_dummies(design.blocks[0].codes).to_numpy(float)
        basis = np.linalg.svd(x)[0][:, x.shape[1] :]
        contrasts = basis.T @ design.response.values
        found = []
        for variance in (0.1, 3.0):
            covariance = basis.T @ (np.eye(len(frame)) + variance * z @ z.T) @ basis
            found.append(
                np.linalg.slogdet(covariance)[1] + contrasts @ np.linalg.solve(covariance, contrasts)
            )
        assert (abs(found[0] - found[1]) < 1e-9) == flat


@pytest.mark.parametrize(
    ("formula", "extra", "groups", "by", "words"),
    [
        ("y ~ a*b + (1 | g)", 1, 4, "ml", "13 rows for 12 coefficients leave one degree of freedom, too"),
        ("y ~ a*b + (1 | g)", 1, 5, "reml", "one degree of freedom, too few to estimate 2 variances"),
        ("y ~ a*b + (x | g)", 3, 7, "reml", "leave 3 degrees of freedom, too few to estimate 4 variances"),
        # Both pairs of rows with one mean lie in two groups, so that all that is told is a sum of variances.
        ("y ~ a*b + (1 | g)", 2, 5, "reml", "14 rows for 12 coefficients leave 2 degrees of freedom, too"),
    ],
)
def test_too_few_degrees_of_freedom_are_named(
    formula: str, extra: int, groups: int, by: Any, words: str
) -> None:
    frame = rows(extra).assign(g=lambda d: [f"g{i % groups}" for i in range(len(d))])
    with pytest.warns(DesignWarning, match=words):
        fit = bm.lmer(formula, frame, method=by)
    assert (fit.fixef()["df"] > 0.05).all()


def test_as_many_degrees_as_variances_are_enough() -> None:
    frame = rows(2).assign(g=[f"g{i % 5}" for i in range(14)])
    frame.loc[13, "g"] = "g1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bm.lmer("y ~ a*b + (1 | g)", frame, method="reml")


@pytest.mark.parametrize(
    ("formula", "words"),
    [("y ~ a*b + (1 | g)", FULL), ("y ~ g + (1 | g)", TOLD), ("y ~ x + (1 | g) + (1 | t)", TWINS)],
)
def test_a_posterior_says_that_priors_decide(formula: str, words: str) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit = bm.lmer(formula, rows(), draws=200, chains=2, adapt=False, seed=1)
    told = [str(each.message) for each in said if each.category is DesignWarning]
    assert len(told) == 1
    assert words in told[0]
    assert "priors alone decide" in told[0]
    assert np.isfinite(fit.varcorr()[["sd", "sd_2.5", "sd_97.5"]].to_numpy()).all()
    with pytest.raises(DataError, match=words):
        fit.reml()
