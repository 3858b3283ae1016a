"""The engine gets from sums what it gets from rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.build import build_design
from bayesmixed.design.records import FloatArray
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.engines.collapsed.problem import evaluate, make_problem, pack_problem
from bayesmixed.engines.kernel.cross_products import cross_products_of
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.engines.kernel.units import units_of
from bayesmixed.fits.reml_fit import reml_fit
from bayesmixed.fits.specify import specify
from bayesmixed.formula import parse_formula
from lazy_rows import FORMULAS, SOURCES


def same(ours: FloatArray, theirs: FloatArray, size: float = 1e-10) -> None:
    """Equal relative to the largest entry."""
    np.testing.assert_allclose(
        ours, theirs, rtol=0.0, atol=size * max(np.max(np.abs(theirs), initial=0.0), 1.0)
    )


@pytest.mark.parametrize(("source", "weights"), [("polars", None), ("parquet", "w")])
@pytest.mark.parametrize("formula", FORMULAS)
def test_cross_products(
    formula: str, weights: str | None, source: str, parquet_folder: Path, rows_in_memory: pd.DataFrame
) -> None:
    parsed = parse_formula(formula)
    ours = aggregate_design(parsed, SOURCES[source](parquet_folder), weights=weights)
    theirs = build_design(parsed, rows_in_memory, weights=weights)
    mine, memory = (cross_products_of(design, units_of(design)) for design in (ours, theirs))
    assert (mine.n_rows, mine.n_levels, mine.n_effects) == (memory.n_rows, memory.n_levels, memory.n_effects)
    assert mine.log_determinant == pytest.approx(memory.log_determinant, rel=1e-12)
    for key, gram in memory.gram.items():
        assert np.array_equal(mine.gram[key].indices, gram.indices)
        assert np.array_equal(mine.gram[key].indptr, gram.indptr)
        same(mine.gram[key].data, gram.data)
    for i in range(len(memory.fixed)):
        same(mine.fixed[i], memory.fixed[i])
        same(mine.response[i], memory.response[i])
    same(mine.fixed_gram, memory.fixed_gram)
    same(mine.fixed_response, memory.fixed_response)
    assert mine.response_squared == pytest.approx(memory.response_squared, rel=1e-10)


@pytest.mark.parametrize("formula", FORMULAS)
def test_log_density(formula: str, parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    specs = [specify(formula, data) for data in (SOURCES["polars"](parquet_folder), rows_in_memory)]
    plans = [make_plan(spec.design) for spec in specs]
    assert plans[0] == plans[1]
    packed = [pack_problem(make_problem(spec), plan) for spec, plan in zip(specs, plans, strict=True)]
    z = 0.3 * np.random.default_rng(2).standard_normal(packed[0].dimension)
    assert evaluate(packed[0], z)[0] == pytest.approx(evaluate(packed[1], z)[0], abs=1e-8, rel=1e-12)


@pytest.mark.parametrize("formula", FORMULAS)
def test_reml(formula: str, parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    ours, theirs = (
        bm.lmer(formula, data, method="reml") for data in (SOURCES["polars"](parquet_folder), rows_in_memory)
    )
    assert ours.deviance() == pytest.approx(theirs.deviance(), abs=1e-4)
    np.testing.assert_allclose(ours.fixef()["se"], theirs.fixef()["se"], rtol=1e-3)
    np.testing.assert_allclose(ours.icc()["icc"], theirs.icc()["icc"], atol=1e-4)
    np.testing.assert_allclose(ours.r2()["r2"], theirs.r2()["r2"], atol=1e-4)


def test_predictions_of_new_rows(parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    formula, new = "y ~ x*dose + (x | g) + (1 | h)", rows_in_memory.dropna().head(9)
    ours, theirs = (
        bm.lmer(formula, data, method="reml") for data in (SOURCES["polars"](parquet_folder), rows_in_memory)
    )
    pd.testing.assert_frame_equal(ours.predict(new), theirs.predict(new), rtol=1e-3)
    pd.testing.assert_frame_equal(ours.confint(method="wald"), theirs.confint(method="wald"), rtol=1e-3)


@pytest.mark.parametrize("formula", ["y ~ x + (year + x | g)", "y ~ x + (1 | h) + (x | g)"])
def test_profiles_of_variances(formula: str, parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    ours, theirs = (
        bm.lmer(formula, data, method="reml") for data in (SOURCES["polars"](parquet_folder), rows_in_memory)
    )
    for correlations in (False, True):
        pd.testing.assert_frame_equal(
            ours.varcorr(correlations=correlations), theirs.varcorr(correlations=correlations), rtol=1e-3
        )
    with pytest.raises(bm.DataError, match="method='wald'"):
        ours.confint()


def test_predictors_far_from_zero_lose_no_digits(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"year": rng.uniform(2e6, 2e6 + 30, 5000), "g": rng.integers(0, 40, 5000)})
    frame["y"] = 1e5 + frame["year"] + rng.normal(size=5000)
    frame.to_parquet(tmp_path / "rows.parquet")
    ours = aggregate_design(parse_formula("y ~ year + (1 | g)"), SOURCES["polars"](tmp_path))
    units = units_of(ours)
    year = (frame["year"].to_numpy(np.longdouble) - np.float64(-units.centring[0, 1])) / units.scales[1]
    y = (frame["y"].to_numpy(np.longdouble) - units.center) / units.scale
    mine = cross_products_of(ours, units)
    same(mine.fixed_gram, np.array([[5000, year.sum()], [year.sum(), year @ year]], float), 1e-13)
    same(mine.fixed_response, np.array([y.sum(), year @ y], float), 1e-13)
    assert mine.response_squared == pytest.approx(float(y @ y), rel=1e-13)


def test_a_bayesian_fit_has_its_tables_and_refuses_rows(parquet_folder: Path) -> None:
    fit = bm.lmer("y ~ year + (1 | g)", SOURCES["polars"](parquet_folder), seed=1)
    assert "398 rows" in str(fit)
    assert len(fit.ranef()) == 15
    assert fit.icc()["icc"].between(0, 1).all()
    assert len(fit.predict(pd.DataFrame({"year": [2001, 2002], "g": ["g1", "g2"]}))) == 2
    for verb in (fit.fitted, fit.resid, fit.augment, fit.loo, fit.predict, fit.simulate):
        with pytest.raises(bm.DataError, match="needs the rows of the data"):
            verb()


def test_other_families_need_rows(parquet_folder: Path) -> None:
    with pytest.raises(bm.DataError, match="needs the rows in memory"):
        bm.glmer("k ~ x + (1 | g)", SOURCES["polars"](parquet_folder), "poisson")


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    """A local cluster of Dask, two processes of their own."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("two_workers")
@pytest.mark.filterwarnings("ignore:Dask support is moving out of Narwhals:FutureWarning")
def test_dask_on_two_worker_processes(parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    frames = pytest.importorskip("dask.dataframe")
    there = frames.read_parquet(parquet_folder / "*.parquet")
    assert there.npartitions == 2
    formula = "y ~ scale(year)*dose + (x | g) + (1 | h)"
    specs = [specify(formula, data, weights="w") for data in (there, rows_in_memory)]
    packed = [pack_problem(make_problem(spec), make_plan(spec.design)) for spec in specs]
    for z in 0.3 * np.random.default_rng(5).standard_normal((5, packed[0].dimension)):
        assert evaluate(packed[0], z)[0] == pytest.approx(evaluate(packed[1], z)[0], abs=1e-8, rel=0.0)
    ours, theirs = (reml_fit(spec, "reml") for spec in specs)
    assert ours.deviance() == pytest.approx(theirs.deviance(), abs=1e-8)
    pd.testing.assert_frame_equal(ours.tidy(), theirs.tidy(), rtol=1e-6)
    sample = ours.sample_rows(30, seed=1).resid(kind="standardized")
    memory = theirs.resid(kind="standardized").reset_index(drop=True).loc[sample.index]
    pd.testing.assert_frame_equal(sample, memory, rtol=1e-6)
