"""Models whose X has dependent columns, or none, beside lme4's fits and emmeans' means of cells."""

from __future__ import annotations

import json
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DesignWarning
from references import python_term

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "rank_deficient.json").read_text())
FITS: list[dict[str, Any]] = REFERENCE["fits"]
NAMES = [f"{case['name']}, {case['by']}" for case in FITS]
CELLS = [case for case in FITS if "emmeans" in case]


def rows_of(case: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(REFERENCE["frame"]).iloc[case["rows"]].reset_index(drop=True)


def fitted(case: dict[str, Any], data: Any) -> bm.RemlFit:
    weights = "w" if case["weights"] else None
    expected = pytest.warns(DesignWarning, match="cannot tell all fixed effects apart")
    with expected if case["dropped"] else nullcontext():
        return bm.lmer(case["formula"], data, weights=weights, method=case["by"])


def python_names(names: Any, fit: bm.RemlFit) -> list[str]:
    fixed = fit.spec.design.fixed
    return [python_term(name, (*fixed.terms, *fixed.left_out)) for name in names]


@pytest.mark.parametrize("case", FITS, ids=NAMES)
def test_estimates_are_those_of_lme4(case: dict[str, Any]) -> None:
    fit, fixef = fitted(case, rows_of(case)), dict(case["fixef"] or {})
    assert python_names(fixef, fit) == fit.fixef()["term"].tolist()
    assert python_names(case["dropped"], fit) == list(fit.spec.design.fixed.left_out)
    np.testing.assert_allclose(fit.fixef()["value"], list(fixef.values()), rtol=1e-6)
    vcov = np.reshape(case["vcov"], (len(fixef), len(fixef)))
    np.testing.assert_allclose(fit.vcov(), vcov, rtol=1e-6, atol=1e-9)
    assert fit.sigma == pytest.approx(case["sigma"], rel=1e-6)
    assert fit.log_likelihood() == pytest.approx(case["logLik"], rel=1e-9)
    assert fit.estimate.n_parameters == case["df"]
    ranef = fit.ranef()["value"].to_numpy().reshape(np.shape(case["ranef"]), order="F")
    np.testing.assert_allclose(ranef, case["ranef"], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("case", CELLS, ids=[f"{case['name']}, {case['by']}" for case in CELLS])
def test_means_of_cells_are_those_of_emmeans(case: dict[str, Any]) -> None:
    fit, cells = fitted(case, rows_of(case)), pd.DataFrame(case["emmeans"]).sort_values(["f", "h"])
    empty = cells["value"].isna().to_numpy()
    assert empty.any()
    with pytest.warns(DesignWarning, match=f"predictions of {empty.sum()} of 9 rows"):
        found = fit.predictions_at({"f": ["a", "b", "c"], "h": ["x", "y", "z"]})
    np.testing.assert_allclose(found["value"], cells["value"].astype(float), rtol=1e-6)
    np.testing.assert_allclose(found["se"], cells["se"].astype(float), rtol=1e-6)


TESTED = [(case, table) for case in FITS for table in case.get("anova", ())]


@pytest.mark.parametrize(
    ("case", "table"), TESTED, ids=[f"{case['name']}, {table['type']}" for case, table in TESTED]
)
def test_tests_of_terms_are_those_of_lmertest(case: dict[str, Any], table: dict[str, Any]) -> None:
    found = bm.anova(fitted(case, rows_of(case)), type=table["type"]).set_index("term")
    assert set(found.index[found["NumDF"] > 0]) == set(table["term"])
    for column, within in (("NumDF", 0.0), ("DenDF", 1e-5), ("F", 1e-6)):
        np.testing.assert_allclose(found.loc[table["term"], column], table[column], rtol=within)


@pytest.mark.parametrize("case", CELLS[::2], ids=[case["name"] for case in CELLS[::2]])
def test_rows_elsewhere_give_the_same_fit(case: dict[str, Any], tmp_path: Path) -> None:
    rows_of(case).to_parquet(tmp_path / "rows.parquet", index=False)
    fit = fitted(case, tmp_path)
    assert python_names(case["fixef"], fit) == fit.fixef()["term"].tolist()
    np.testing.assert_allclose(fit.fixef()["value"], list(case["fixef"].values()), rtol=1e-6)
    assert fit.log_likelihood() == pytest.approx(case["logLik"], rel=1e-9)
    rows = rows_of(case).sort_values("y")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(
            fit.predict(rows)["value"], fitted_in_memory(case).predict(rows)["value"], rtol=1e-6
        )


def fitted_in_memory(case: dict[str, Any]) -> bm.RemlFit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        return bm.lmer(case["formula"], rows_of(case), method=case["by"])
