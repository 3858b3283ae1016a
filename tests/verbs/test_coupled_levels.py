"""Related levels and several levels a row, by dense covariances of the rows, through the verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DataError, EngineError, FormulaError

N, J = 80, 9
LEVELS = [f"g{i}" for i in range(J)]
FORMULAS = {
    "related": "y ~ x + (1 | gr(g, cov=A))",
    "related slopes": "y ~ x + (x | gr(g, cov=A)) + (1 | k)",
    "several": "y ~ x + (1 | mm(g, h, weights=cbind(w, v)))",
    "several slopes": "y ~ x + (1 + x | mm(g, h)) + (1 | k)",
}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    g, x = rng.integers(0, J - 1, N), rng.uniform(-2, 2, N)
    h = (g + 1 + rng.integers(0, J - 2, N)) % (J - 1)
    u = np.linalg.cholesky(relations().to_numpy()) @ rng.normal(size=(J, 2))
    frame = pd.DataFrame({"x": x, "g": [LEVELS[i] for i in g], "h": [LEVELS[i] for i in h]})
    frame["k"] = [f"k{i}" for i in rng.integers(0, 6, N)]
    frame["w"], frame["v"] = rng.uniform(0.2, 1, N), rng.uniform(0.2, 1, N)
    return frame.assign(y=2 + x + 1.5 * u[g, 0] + 0.8 * u[h, 1] * x + rng.normal(size=N))


def relations() -> pd.DataFrame:
    """Covariance between the levels, of which the last has no rows."""
    root = np.random.default_rng(2).normal(size=(J, 2 * J))
    return pd.DataFrame(root @ root.T / (2 * J), index=LEVELS, columns=LEVELS)


def fitted(rows: pd.DataFrame, name: str, **options: Any) -> Any:
    return bm.lmer(FORMULAS[name], rows, data2={"A": relations()}, **options)


def incidence(frame: pd.DataFrame, block: Any, name: str) -> np.ndarray:
    """How much of every level each row has, shape (n, J), by hand."""
    levels = np.array(block.levels)
    if not block.group.startswith("mm"):
        return (frame[block.group].to_numpy()[:, None] == levels).astype(float)
    weights = frame[["w", "v"]].to_numpy() if "slopes" not in name else np.ones((len(frame), 2))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return sum(
        (frame[column].to_numpy()[:, None] == levels) * weights[:, [m]] for m, column in enumerate(("g", "h"))
    )


def between(block: Any) -> np.ndarray:
    return relations().to_numpy() if block.group == "g" else np.eye(block.n_levels)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("by", ["reml", "ml"])
def test_an_estimate_by_dense_matrices(rows: pd.DataFrame, name: str, by: str) -> None:
    fit = fitted(rows, name, method=by)
    estimate, y = fit.estimate, rows["y"].to_numpy()
    x = np.column_stack([np.ones(N), rows["x"]])
    total = estimate.optimum.sigma**2 * np.eye(N)
    for block, covariance in zip(estimate.design.blocks, estimate.optimum.covariances, strict=True):
        met = incidence(rows, block, name)
        total += (met @ between(block) @ met.T) * (block.columns @ covariance @ block.columns.T)
    inverse = np.linalg.inv(total)
    information = x.T @ inverse @ x
    beta = np.linalg.solve(information, x.T @ inverse @ y)
    criterion = np.linalg.slogdet(total)[1] + (y - x @ beta) @ inverse @ (y - x @ beta)
    m = N if by == "ml" else N - 2
    criterion += m * np.log(2 * np.pi) + (0 if by == "ml" else np.linalg.slogdet(information)[1])
    assert estimate.optimum.criterion == pytest.approx(criterion, rel=1e-10)
    np.testing.assert_allclose(estimate.optimum.coefficients, beta, rtol=1e-8)
    np.testing.assert_allclose(estimate.covariance, np.linalg.inv(information), rtol=1e-8)
    if by == "ml":
        return
    for block, covariance, found in zip(
        estimate.design.blocks, estimate.optimum.covariances, estimate.optimum.ranef, strict=True
    ):
        met = incidence(rows, block, name)
        z = np.einsum("nj,nk->njk", met, block.columns).reshape(N, -1)
        prior = np.kron(between(block), covariance)
        means = prior @ z.T @ inverse @ (y - x @ beta)
        np.testing.assert_allclose(found.ravel(), means, atol=1e-8)
        rest = prior - prior @ z.T @ inverse @ z @ prior
        table = fit.ranef()
        own = table[table["group_var"] == block.group]
        wide = own.pivot_table(index="group", columns="effect", values="se").loc[
            list(block.levels), list(block.effects)
        ]
        np.testing.assert_allclose(wide.to_numpy().ravel(), np.sqrt(np.diag(rest)), atol=1e-7)
        if "Intercept" in block.effects:
            projected = inverse - inverse @ x @ np.linalg.solve(information, x.T @ inverse)
            wrong = prior - prior @ z.T @ projected @ z @ prior
            crossed = -prior @ z.T @ inverse @ x @ np.linalg.inv(information)
            k = block.n_effects
            variance = np.diag(wrong)[::k] + 2 * crossed[::k, 0] + np.linalg.inv(information)[0, 0]
            coef = fit.coef()
            ours = coef[(coef["group_var"] == block.group) & (coef["effect"] == "Intercept")]["se"]
            np.testing.assert_allclose(ours, np.sqrt(variance), atol=1e-7)


@pytest.fixture(scope="module", params=FORMULAS)
def fit(rows: pd.DataFrame, request: pytest.FixtureRequest) -> Any:
    return fitted(rows, request.param, draws=500, chains=4, seed=1)


def test_a_posterior_is_near_the_estimate(fit: Any) -> None:
    reml = fit.reml()
    gap = fit.ranef()["value"] - reml.ranef()["value"]
    assert np.mean(np.abs(gap)) < 0.3 * fit.ranef()["se"].mean()
    table, theirs = fit.varcorr(), reml.varcorr(method="none")["sd"]
    inside = (table["sd_2.5"] < theirs) & (theirs < table["sd_97.5"])
    assert inside[theirs > 0.05].all()


def test_draws_of_rows_are_those_of_their_levels(fit: Any, rows: pd.DataFrame) -> None:
    posterior = fit.draws["posterior"]
    new = rows.iloc[:4]
    total = posterior["beta"].values @ np.column_stack([np.ones(4), new["x"]]).T
    name = next(name for name, formula in FORMULAS.items() if formula == fit.formula)
    for block in fit.spec.design.blocks:
        effects = posterior[f"ranef_{block.group}"].values
        columns = np.column_stack([np.ones(4), new["x"]])[:, : block.n_effects]
        total = total + np.einsum("nj,nk,cdjk->cdn", incidence(new, block, name), columns, effects)
    mean = fit.predict(new, draws=True)
    np.testing.assert_allclose(np.asarray(mean.values).reshape(total.shape), total, atol=1e-10)


def test_variances_of_rows(fit: Any, rows: pd.DataFrame) -> None:
    name = next(name for name, formula in FORMULAS.items() if formula == fit.formula)
    means = fit.draws["posterior"]
    expected = []
    for block in fit.spec.design.blocks:
        met = incidence(rows, block, name)
        shares = np.einsum("nj,jl,nl->n", met, between(block), met)
        np.testing.assert_allclose(block.shares(block.meeting), shares, rtol=1e-10)
        sd = means[f"sd_{block.group}"].values
        corr = means[f"corr_{block.group}"].values if block.n_effects > 1 else np.ones((*sd.shape, 1))
        own = np.einsum("nk,cdk,cdkl,cdl,nl->cdn", block.columns, sd, corr, sd, block.columns)
        expected.append(np.median(np.mean(shares * own, axis=-1) / _total(fit, name, rows)))
    np.testing.assert_allclose(fit.icc()["icc"][: len(expected)], expected, rtol=1e-10)


def _total(fit: Any, name: str, rows: pd.DataFrame) -> np.ndarray:
    posterior = fit.draws["posterior"]
    total = posterior["sigma"].values ** 2
    for block in fit.spec.design.blocks:
        met = incidence(rows, block, name)
        shares = np.einsum("nj,jl,nl->n", met, between(block), met)
        sd = posterior[f"sd_{block.group}"].values
        corr = posterior[f"corr_{block.group}"].values if block.n_effects > 1 else np.ones((*sd.shape, 1))
        own = np.einsum("nk,cdk,cdkl,cdl,nl->cdn", block.columns, sd, corr, sd, block.columns)
        total = total + np.mean(shares * own, axis=-1)
    return total


def test_a_file_holds_the_relations(fit: Any, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit")
    again = bm.load(tmp_path / "fit")
    pd.testing.assert_frame_equal(again.ranef(), fit.ranef())
    for ours, theirs in zip(fit.spec.design.blocks, again.spec.design.blocks, strict=True):
        assert (ours.root is None) == (theirs.root is None)
        if ours.root is not None:
            np.testing.assert_array_equal(ours.root, theirs.root)


def test_levels_without_rows_and_new_ones(rows: pd.DataFrame) -> None:
    for fit in (fitted(rows, "related", method="reml"), fitted(rows, "related", draws=500, chains=4, seed=1)):
        absent = rows.iloc[:1].assign(g=LEVELS[-1])
        assert np.isfinite(fit.predict(absent)["value"]).all()
        assert np.isfinite(fit.simulate(2, effects="new", seed=1)).all(axis=None)
        for levels, message in (("error", "has not seen"), ("sample", "Nothing is known")):
            with pytest.raises(DataError, match=message):
                fit.predict(absent.assign(g="other"), new_levels=levels)
        population = fit.predict(absent.assign(g="other"), new_levels="population")["value"][0]
        assert population == pytest.approx(fit.predict(absent, effects="fixed")["value"].iloc[0])
    fit = fitted(rows, "several", method="reml")
    new = rows.iloc[:1].assign(g="one", h="two")
    wide, narrow = (
        fit.predict(frame, new_levels="sample")["se"].iloc[0] for frame in (new, new.assign(h="one"))
    )
    assert narrow > wide > fit.predict(new, new_levels="population")["se"].iloc[0]


def test_new_effects_of_related_levels_are_related(rows: pd.DataFrame) -> None:
    from bayesmixed.posterior.linear_predictor import new_level_effects

    fit = fitted(rows, "related", draws=500, chains=4, seed=1)
    block, posterior = fit.spec.design.blocks[0], fit.draws["posterior"].to_dataset()
    made = new_level_effects(posterior, fit.spec.design, 1)(block, list(block.levels))
    scaled = (made[..., 0] / posterior["sd_g"].values).reshape(-1, J)
    np.testing.assert_allclose(np.cov(scaled.T), relations(), atol=0.12)


def test_what_is_refused_is_refused_by_name(rows: pd.DataFrame) -> None:
    with pytest.raises(EngineError, match="keep_ranef='draws'"):
        fitted(rows, "related", draws=100, chains=2, keep_ranef="moments", seed=1)
    with pytest.raises(DataError, match="simulate_data"):
        bm.simulate_data(FORMULAS["related"], data=rows, fixed={"Intercept": 1.0}, sd={"g": 1.0})
    reml = fitted(rows, "several", method="reml")
    with pytest.raises(DataError, match="has several levels of"):
        reml.plot.groups("x")
    for name in ("several", "related"):
        with pytest.raises(FormulaError, match="independent levels, one a row"):
            bm.pooling(FORMULAS[name], rows, method="reml")


def test_counts_are_fitted_by_the_graph(rows: pd.DataFrame) -> None:
    frame = rows.assign(n=np.random.default_rng(3).poisson(3, N))
    with pytest.warns(bm.ConvergenceWarning):
        fit = bm.glmer(
            "n ~ x + (1 | mm(g, h))", frame, family="poisson", draws=60, tune=100, chains=2, seed=1
        )
    assert fit.run.engine == "pymc"
    assert "one independent level a row" in fit.run.plan[0]
    assert np.isfinite(fit.predict(frame.iloc[:2])["value"]).all()
    assert np.isfinite(fit.icc()["icc"]).all()
