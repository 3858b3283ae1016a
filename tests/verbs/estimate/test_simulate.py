"""Data sets drawn from a REML estimate."""

from __future__ import annotations

import numpy as np
import pytest

import bayesmixed as bm

from .estimates import BATCH, SLEEP

N = 3000


def test_new_random_effects_unless_asked_otherwise() -> None:
    data = bm.load_dataset("Dyestuff")
    fit = bm.lmer(BATCH, data, method="reml")
    sd, sigma = fit.varcorr(method="none")["sd"]
    new, same = fit.simulate(N, seed=1), fit.simulate(N, effects="all", seed=1)
    error = 4 / np.sqrt(2 * N)
    assert new.iloc[0].std() == pytest.approx(np.hypot(sd, sigma), rel=error)
    assert same.iloc[0].std() == pytest.approx(sigma, rel=error)
    assert same.iloc[0].mean() == pytest.approx(fit.fitted()["value"].iloc[0], abs=4 * sigma / np.sqrt(N))


def test_a_refit_of_simulated_data_gives_the_estimate_back() -> None:
    data = bm.load_dataset("sleepstudy")
    formula = "Reaction ~ Days + (Days | Subject)"
    fit = bm.lmer(formula, data, method="reml")
    refits = [
        bm.lmer(formula, data.assign(Reaction=column), method="reml").fixef()["value"].to_numpy()
        for _, column in fit.simulate(40, seed=2).items()
    ]
    truth = fit.fixef()
    error = 4 * truth["se"] / np.sqrt(40)
    np.testing.assert_array_less(np.abs(np.mean(refits, axis=0) - truth["value"]), error)


def test_without_a_seed_every_call_differs() -> None:
    fit = bm.lmer(BATCH, bm.load_dataset("Dyestuff"), method="reml")
    assert not np.allclose(fit.simulate(), fit.simulate())
    np.testing.assert_array_equal(fit.simulate(seed=3), fit.simulate(seed=3))


def test_a_variance_of_zero_adds_nothing() -> None:
    formula = "Yield ~ x + (x | Batch)"
    data = bm.load_dataset("Dyestuff2").assign(x=np.tile([-2.0, -1, 0, 1, 2], 6))
    fit = bm.lmer(formula, data, method="reml")
    assert fit.singular
    frame = fit.simulate(N, seed=1)
    assert np.isfinite(frame.to_numpy()).all()


@pytest.mark.parametrize("effects", ["all", "fixed"])
def test_quantile_residuals_are_standardized_ones(effects: str) -> None:
    fit = bm.lmer(SLEEP, bm.load_dataset("sleepstudy"), method="reml")
    quantile = fit.resid(kind="quantile", effects=effects)  # type: ignore[arg-type]
    assert list(quantile) == ["value"]
    expected = fit.resid(kind="standardized", effects=effects)["value"]  # type: ignore[arg-type]
    np.testing.assert_allclose(quantile["value"], expected)


def test_population_residuals_have_the_marginal_deviation() -> None:
    data = bm.load_dataset("sleepstudy")
    fit = bm.lmer(SLEEP, data, method="reml")
    raw, standardized = (fit.resid(kind=kind, effects="fixed") for kind in ("response", "standardized"))
    np.testing.assert_allclose(raw["value"], data["Reaction"] - fit.fitted(effects="fixed")["value"])
    parts = fit.varcorr(method="none")["sd"].to_numpy()
    covariance = fit.varcorr(correlations=True, method="none")["value"].iloc[0] * parts[0] * parts[1]
    days = data["Days"].to_numpy()
    variance = parts[0] ** 2 + 2 * covariance * days + (parts[1] * days) ** 2 + parts[2] ** 2
    np.testing.assert_allclose(raw["value"] / standardized["value"], np.sqrt(variance))
