"""The designs of 20 models of lme4: given lme4's variances, our X and Z give its coefficients and BLUPs.

Maker: lme4 1.1-31 (REML), `shared/reference/lme4.json`. The check is generalized least squares with
V = sum Z S Z' + sigma^2 I, which every column, code and level enters. Tolerance: 1e-5 of the coefficient's
standard error (lme4's variances carry 12 digits).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import Design, GroupBlock, build_design
from bayesmixed.formula import parse_formula

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
REFERENCE = SHARED / "reference" / "lme4.json"
MODELS: dict[str, Any] = json.loads(REFERENCE.read_text()) if REFERENCE.is_file() else {}
TEXT_COLUMNS = {"cake.csv": {"temperature": str, "replicate": str}}


def load(name: str) -> pd.DataFrame:
    files = name.split(" on ")[0].split(" + ")
    frames = [pd.read_csv(SHARED / "data" / file, dtype=TEXT_COLUMNS.get(file)) for file in files]
    return frames[0] if len(frames) == 1 else frames[0].merge(frames[1], on=name.split(" on ")[1], how="left")


def covariance(block: GroupBlock, rows: list[dict[str, Any]]) -> np.ndarray:
    names = {sorted_parts(block.group), block.group}
    mine = [r for r in rows if sorted_parts(r["grp"].removesuffix(".1")) in names]
    place = {name: i for i, name in enumerate(block.effects)}
    matrix = np.zeros((block.n_effects, block.n_effects))
    for row in mine:
        i = place[row["var1"].replace("(Intercept)", "Intercept")]
        j = i if row["var2"] is None else place[row["var2"].replace("(Intercept)", "Intercept")]
        matrix[i, j] = matrix[j, i] = row["vcov"]
    return matrix


def sorted_parts(group: str) -> str:
    return ":".join(sorted(group.split(":")))


def gls(
    design: Design, rows: list[dict[str, Any]], sigma: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = design.n_rows
    marginal = np.eye(n) * sigma**2
    for block in design.blocks:
        same = block.codes[:, None] == block.codes[None, :]
        marginal += same * (block.columns @ covariance(block, rows) @ block.columns.T)
    X, y = design.fixed.matrix, design.response.values
    solved = np.linalg.solve(marginal, np.column_stack([X, y]))
    vcov = np.linalg.inv(X.T @ solved[:, :-1])
    beta = vcov @ (X.T @ solved[:, -1])
    return beta, np.sqrt(np.diag(vcov)), solved[:, -1] - solved[:, :-1] @ beta


@pytest.mark.skipif(not MODELS, reason="the shared references do not lie beside the project")
@pytest.mark.parametrize("name", MODELS)
def test_rows_levels_and_order_of_blocks(name: str) -> None:
    model = MODELS[name]
    design = build_design(parse_formula(model["formula"]), load(model["data"]))
    assert design.n_rows == model["nobs"]
    assert [(sorted_parts(b.group), b.n_levels) for b in design.blocks] == [
        (sorted_parts(group), levels) for group, levels in model["ngrps"].items()
    ]
    assert len(design.fixed.terms) == len(model["reml"]["fixef"])


@pytest.mark.skipif(not MODELS, reason="the shared references do not lie beside the project")
@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model["nobs"] < 2000])
def test_coefficients_and_blups(name: str) -> None:
    model = MODELS[name]
    design = build_design(parse_formula(model["formula"]), load(model["data"]))
    reml = model["reml"]
    beta, se, weighted = gls(design, reml["varcorr"], reml["sigma"])
    expected = np.array([row["estimate"] for row in reml["fixef"]])
    np.testing.assert_allclose((beta - expected) / se, 0.0, atol=1e-5)
    np.testing.assert_allclose(se, [row["se"] for row in reml["fixef"]], rtol=1e-5)
    for block in design.blocks:
        check_blups(block, covariance(block, reml["varcorr"]), weighted, model["ranef"])


def check_blups(block: GroupBlock, cov: np.ndarray, weighted: np.ndarray, rows: list[dict[str, Any]]) -> None:
    summed = np.zeros((block.n_levels, block.n_effects))
    np.add.at(summed, block.codes, block.columns * weighted[:, None])
    blups = summed @ cov
    effects = {name: i for i, name in enumerate(block.effects)}
    swap = ":" in block.group
    levels = {
        ":".join(reversed(label.split(":"))) if swap else label: i for i, label in enumerate(block.levels)
    }
    levels |= {label: i for i, label in enumerate(block.levels)}
    mine = [row for row in rows if sorted_parts(row["grpvar"]) == sorted_parts(block.group)]
    assert len(mine) == blups.size
    for row in mine:
        found = blups[levels[row["grp"]], effects[row["term"].replace("(Intercept)", "Intercept")]]
        assert found == pytest.approx(row["condval"], rel=1e-4, abs=1e-5 * max(1.0, np.abs(blups).max()))
