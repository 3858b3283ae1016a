"""Fits that keep moments of their random effects beside the same fits that keep draws."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import bayesmixed as bm
from bayesmixed import MixedFit, names
from bayesmixed.verbs import redraw
from nested_rows import nested_frame

FORMULA = "Reaction ~ Days + (Days | Subject)"
RUN: dict[str, Any] = {"draws": 1000, "adapt": False, "seed": 4}
SHORT: dict[str, Any] = {"draws": 60, "tune": 100, "chains": 2, "adapt": False, "seed": 4}
POINT = ["value", "se", "lower_2.5", "upper_97.5"]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return bm.load_dataset("sleepstudy")


@pytest.fixture(scope="module")
def drawn(data: pd.DataFrame) -> MixedFit:
    return bm.lmer(FORMULA, data, **RUN)


@pytest.fixture(scope="module")
def kept(data: pd.DataFrame) -> MixedFit:
    return bm.lmer(FORMULA, data, keep_ranef="moments", **RUN)


@pytest.fixture(scope="module")
def crossed() -> pd.DataFrame:
    """Rows with two crossed factors, both so large that one is sampled."""
    rng = np.random.default_rng(1)
    g, h = rng.integers(0, 190, 800), rng.integers(0, 170, 800)
    y = rng.normal(0, 1, 190)[g] + rng.normal(0, 1, 170)[h] + rng.normal(0, 1, 800)
    return pd.DataFrame({"y": y, "g": [f"g{i}" for i in g], "h": [f"h{i}" for i in h]})


@pytest.fixture(scope="module")
def sampled(crossed: pd.DataFrame) -> MixedFit:
    with pytest.warns(bm.ConvergenceWarning):
        return bm.lmer("y ~ 1 + (1 | g) + (1 | h)", crossed, keep_ranef="moments", **SHORT)


@pytest.fixture(scope="module")
def counts() -> MixedFit:
    herds = bm.load_dataset("cbpp")
    with pytest.warns(bm.ConvergenceWarning):
        return bm.glmer("incidence ~ 1 + (1 | herd)", herds, "poisson", keep_ranef="moments", **SHORT)


def test_nothing_of_draws_times_levels_is_kept(kept: MixedFit) -> None:
    assert names.ranef("Subject") not in kept.draws["posterior"]
    moments = kept.draws[names.RANEF_MOMENTS]
    assert moments[names.ranef("Subject")].shape == moments[names.coef("Subject")].shape == (23, 18, 2)
    assert moments[names.covariance("Subject")].shape == (18, 2, 2)


def test_everything_else_is_the_same(drawn: MixedFit, kept: MixedFit) -> None:
    for table in ("fixef", "varcorr", "icc", "r2"):
        pd.testing.assert_frame_equal(getattr(kept, table)(), getattr(drawn, table)(), check_exact=True)


@pytest.mark.parametrize("verb", ["ranef", "coef"])
def test_numbers_are_those_of_the_draws_within_their_error(
    drawn: MixedFit, kept: MixedFit, verb: str
) -> None:
    """4,000 draws: a mean is known to 0.016 sd, a sd to 1.2 %, an end of the interval to 0.042 sd."""
    exact, noisy = getattr(kept, verb)(), getattr(drawn, verb)()
    pd.testing.assert_frame_equal(exact.drop(columns=POINT), noisy.drop(columns=POINT))
    off = exact[POINT].sub(noisy[POINT]).div(exact["se"], axis=0)
    assert off["value"].abs().max() < 0.09
    assert off["se"].abs().max() < 0.05
    assert off[POINT[2:]].abs().max().max() < 0.2
    assert off.mean().abs().max() < 0.03


def few_groups() -> pd.DataFrame:
    """Three groups that hardly differ: the posterior of their standard deviation piles up at zero."""
    rng = np.random.default_rng(305)
    frame = pd.DataFrame({"Yield": rng.standard_normal(15), "Batch": np.repeat(list("abc"), 5)})
    return frame.assign(Yield=frame["Yield"] + 0.3 * frame["Batch"].map({"a": 1.1, "b": -0.4, "c": 0.2}))


FEW: dict[str, Callable[[], pd.DataFrame]] = {
    "Dyestuff": lambda: bm.load_dataset("Dyestuff"),
    "Dyestuff2": lambda: bm.load_dataset("Dyestuff2"),
    "three groups": few_groups,
}


def dense_components(fit: MixedFit, rows: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Means and variances of effects and coefficients at every draw, by Henderson's equations."""
    y, Z = rows["Yield"].to_numpy(), pd.get_dummies(rows["Batch"]).to_numpy(dtype=float)
    W = np.column_stack([Z, np.ones(len(y))])
    posterior = fit.draws["posterior"]
    tau, sigma = posterior["sd_Batch"].to_numpy().ravel(), posterior["sigma"].to_numpy().ravel()
    prior = np.zeros((len(tau), W.shape[1]))
    prior[:, :-1], prior[:, -1] = tau[:, None] ** -2, (2.5 * y.std(ddof=1)) ** -2
    precision = W.T @ W / sigma[:, None, None] ** 2 + prior[:, :, None] * np.eye(W.shape[1])
    right = (W.T @ y) / sigma[:, None] ** 2 + prior * np.array([*[0.0] * Z.shape[1], y.mean()])
    covariance = np.linalg.inv(precision)
    mean, variance = (covariance @ right[:, :, None])[:, :, 0], np.einsum("sjj->sj", covariance)
    both = variance[:, :-1] + variance[:, -1:] + 2 * covariance[:, :-1, -1]
    return {"ranef": (mean[:, :-1], variance[:, :-1]), "coef": (mean[:, :-1] + mean[:, -1:], both)}


@pytest.mark.parametrize("name", FEW)
def test_intervals_of_few_groups_hold_what_they_say(name: str) -> None:
    """The mass of the exact mixture over all draws between the ends of an interval, and below each."""
    rows = FEW[name]()
    with warnings.catch_warnings(action="ignore", category=bm.ConvergenceWarning):
        fit = bm.lmer("Yield ~ 1 + (1 | Batch)", rows, keep_ranef="moments", **RUN)
    for verb, (means, variances) in dense_components(fit, rows).items():
        for prob in (0.5, 0.9, 0.95, 0.99):
            table = getattr(fit, verb)(prob=prob)
            low, middle, high = (table[c] for c in (table.columns[-2], "value", table.columns[-1]))
            below = [
                ndtr((end.to_numpy() - means) / np.sqrt(variances)).mean(axis=0)
                for end in (low, middle, high)
            ]
            expected = np.array([(1 - prob) / 2, 0.5, (1 + prob) / 2])[:, None]
            np.testing.assert_allclose(below - expected, 0, atol=0.01)
            tail = (1 - prob) / 2
            np.testing.assert_allclose(np.array(below)[[0, 2]] - expected[[0, 2]], 0, atol=0.06 * tail)
        mean_square = (variances + (means - means.mean(axis=0)) ** 2).mean(axis=0)
        np.testing.assert_allclose(getattr(fit, verb)()["se"], np.sqrt(mean_square), rtol=1e-6)


def test_covariances_of_a_level_are_those_of_its_draws(drawn: MixedFit, kept: MixedFit) -> None:
    values = drawn.draws["posterior"][names.ranef("Subject")].to_numpy().reshape(-1, 18, 2)
    found = kept.draws[names.RANEF_MOMENTS][names.covariance("Subject")].to_numpy()
    for level in range(18):
        size = np.sqrt(np.diag(found[level]))
        difference = (found[level] - np.cov(values[:, level].T)) / np.outer(size, size)
        assert np.abs(difference).max() < 0.12


def test_draws_can_be_made_again(drawn: MixedFit, kept: MixedFit) -> None:
    again = kept.with_ranef_draws()
    expected = drawn.draws["posterior"][names.ranef("Subject")]
    np.testing.assert_allclose(again.draws["posterior"][expected.name], expected, rtol=0, atol=1e-9)
    assert names.RANEF_MOMENTS not in again.draws.children
    assert again.plan == drawn.plan
    assert drawn.with_ranef_draws().draws is drawn.draws
    np.testing.assert_allclose(again.fitted(), drawn.fitted(), rtol=1e-9)
    np.testing.assert_allclose(again.resid(), drawn.resid(), rtol=1e-7)


@pytest.mark.parametrize(
    "options",
    [{}, {"effects": "fixed"}, {"new_levels": "sample"}, {"new_levels": "population"}, {"kind": "response"}],
    ids=str,
)
def test_predictions_draw_the_levels_that_they_need(
    drawn: MixedFit, kept: MixedFit, data: pd.DataFrame, options: dict[str, Any]
) -> None:
    new = data.iloc[[170, 3, 80, 4]].copy()
    if "new_levels" in options:
        new.loc[new.index[1], "Subject"] = "next"
    found, expected = kept.predict(new, **options), drawn.predict(new, **options)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


ROWS_OF_THE_FIT: dict[str, Callable[[MixedFit], pd.DataFrame]] = {
    "predict": lambda fit: fit.predict(),
    "simulate": lambda fit: fit.simulate(3),
    "simulate new levels": lambda fit: fit.simulate(3, effects="new"),
    "slopes": lambda fit: fit.slopes("Days", effects="all"),
}


@pytest.mark.parametrize("verb", ROWS_OF_THE_FIT)
def test_rows_of_the_fit_are_predicted_too(drawn: MixedFit, kept: MixedFit, verb: str) -> None:
    found, expected = ROWS_OF_THE_FIT[verb](kept), ROWS_OF_THE_FIT[verb](drawn)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)


def test_the_summary_and_the_equation_need_no_draws(kept: MixedFit, drawn: MixedFit) -> None:
    assert str(kept).splitlines()[1:3] == str(drawn).splitlines()[1:3]
    assert kept.equation("308").startswith("Reaction = 25")
    assert "kept as moments" in kept.plan
    assert "moments" not in drawn.plan


def test_the_equation_of_a_nested_level_adds_the_means_of_its_parents() -> None:
    """Beside the means of the same run's draws, over 200 draws; the parent's effect is more than 1."""
    run = {**SHORT, "draws": 100}
    fits = []
    for kept in ("moments", "draws"):
        with pytest.warns(bm.ConvergenceWarning):
            fits.append(bm.lmer("y ~ x + (1 | a/b)", nested_frame(), keep_ranef=kept, **run))
    moments, draws = fits
    posterior = draws.draws["posterior"]
    inner, outer = (posterior[f"ranef_{g}"].sel({g: at}) for g, at in (("a:b", "a2:b1"), ("a", "a2")))
    total = posterior["beta"].sel(term="Intercept") + inner[..., 0] + outer[..., 0]
    found = float(moments.equation("a2:b1", digits=6).split()[2])
    assert found == pytest.approx(float(total.mean()), abs=4 * float(total.std()) / np.sqrt(200))
    assert abs(found - float((total - outer[..., 0]).mean())) > 1


REFUSING: dict[str, Callable[[MixedFit], object]] = {
    "fitted": lambda fit: fit.fitted(),
    "resid": lambda fit: fit.resid(),
    "augment": lambda fit: fit.augment(),
    "loo": lambda fit: fit.loo(),
    "posterior predictive": lambda fit: fit.add_groups("posterior_predictive"),
    "log likelihood": lambda fit: fit.add_groups("log_likelihood"),
    "check_overdispersion": lambda fit: fit.check_overdispersion(),
    "all diagnostics": lambda fit: fit.diagnostics(ranef="all"),
}


@pytest.mark.parametrize("verb", REFUSING)
def test_verbs_that_need_all_draws_say_what_to_do(kept: MixedFit, verb: str) -> None:
    with pytest.raises(bm.BayesmixedError, match=r"with_ranef_draws\(\)[\s\S]*keep_ranef='draws'"):
        REFUSING[verb](kept)


def test_verbs_without_random_effects_are_untouched(kept: MixedFit, drawn: MixedFit) -> None:
    pd.testing.assert_frame_equal(kept.fitted(effects="fixed"), drawn.fitted(effects="fixed"))
    pd.testing.assert_frame_equal(kept.predict(effects="fixed"), drawn.predict(effects="fixed"))


def test_diagnostics_leave_integrated_effects_out(kept: MixedFit, drawn: MixedFit) -> None:
    table = kept.diagnostics()
    assert not table.index.str.startswith("ranef_").any()
    pd.testing.assert_frame_equal(table, drawn.diagnostics().loc[table.index])


def test_predictions_stay_within_memory(kept: MixedFit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redraw, "MOST_VALUES", 20_000)
    with pytest.raises(bm.BayesmixedError, match="fewer levels at a time"):
        kept.predict()


def test_draws_of_another_seed_are_not_passed_off(kept: MixedFit) -> None:
    draws = kept.draws.copy()
    draws.attrs["seed"] = 5
    with pytest.raises(bm.BayesmixedError, match="does not give the coefficients"):
        redraw.redraw(draws, kept.spec)


def test_a_saved_fit_has_the_moments(kept: MixedFit, data: pd.DataFrame, tmp_path: Path) -> None:
    kept.save(tmp_path / "fit")
    again = bm.load(tmp_path / "fit")
    pd.testing.assert_frame_equal(again.ranef(), kept.ranef(), check_exact=True)
    pd.testing.assert_frame_equal(again.coef(prob=0.5), kept.coef(prob=0.5), check_exact=True)
    pd.testing.assert_frame_equal(again.diagnostics(), kept.diagnostics())
    pd.testing.assert_frame_equal(again.predict(data.head(2)), kept.predict(data.head(2)))
    assert again.plan == kept.plan


def test_effects_that_were_sampled_have_the_moments_of_their_draws(
    sampled: MixedFit, crossed: pd.DataFrame
) -> None:
    with pytest.warns(bm.ConvergenceWarning):
        drawn = bm.lmer("y ~ 1 + (1 | g) + (1 | h)", crossed, **SHORT)
    found = sampled.ranef(group="h")
    values = drawn.draws["posterior"][names.ranef("h")].to_numpy().reshape(120, -1)
    np.testing.assert_allclose(found["value"], np.median(values, axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["se"], values.std(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found["lower_2.5"], np.quantile(values, 0.025, axis=0), rtol=1e-9)
    integrated = sampled.ranef(group="g")["value"]
    assert np.corrcoef(integrated, drawn.ranef(group="g")["value"])[0, 1] > 0.97
    assert sampled.diagnosis.quantities == tuple(
        name for name in drawn.diagnosis.quantities if not name.startswith("ranef_g[")
    )
    with pytest.raises(bm.BayesmixedError, match="draws of the random effects are gone"):
        sampled.with_ranef_draws()


def test_the_joint_engine_keeps_the_moments_of_its_draws(counts: MixedFit) -> None:
    herds = bm.load_dataset("cbpp")
    with pytest.warns(bm.ConvergenceWarning):
        drawn = bm.glmer("incidence ~ 1 + (1 | herd)", herds, "poisson", **SHORT)
    values = drawn.draws["posterior"][names.ranef("herd")].to_numpy().reshape(120, -1)
    fixed = drawn.draws["posterior"][names.BETA].to_numpy().reshape(120, 1)
    np.testing.assert_allclose(counts.ranef()["value"], np.median(values, axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(counts.coef()["se"], (values + fixed).std(axis=0), rtol=1e-9)
    assert counts.diagnosis.quantities == drawn.diagnosis.quantities
    for refused in (counts.with_ranef_draws, lambda: counts.predict(herds.head(2))):
        with pytest.raises(bm.BayesmixedError, match="'joint' sampled"):
            refused()


def test_rows_need_not_be_in_memory(parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    with pytest.warns(bm.ConvergenceWarning):
        fit = bm.lmer("y ~ x + (x | g)", str(parquet_folder), keep_ranef="moments", **SHORT)
    drawn, new = fit.with_ranef_draws(), rows_in_memory.tail(3)
    pd.testing.assert_frame_equal(fit.predict(new), drawn.predict(new), rtol=1e-9)
    table = fit.ranef()
    off = (table["value"] - drawn.ranef()["value"]) / table["se"]
    assert 0 < off.abs().max() < 0.7


def test_an_unknown_word_is_refused(data: pd.DataFrame) -> None:
    with pytest.raises(bm.BayesmixedError, match="keep_ranef='means' is not known"):
        bm.lmer(FORMULA, data, keep_ranef="means")  # type: ignore[call-overload]
