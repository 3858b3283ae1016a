"""The numbers of a meta-analysis agree with metafor 3.8-1, ``rma(yi, sei = sei, mods = ...)``."""

from __future__ import annotations

import numpy as np
import pytest

import bayesmixed as bm

METAFOR = {  # method, moderators: Q, its p, I2, H2
    ("reml", "ablat"): (30.7330900107, 0.00121429098742, 0.683912248384, 3.16367842438),
    ("reml", "1"): (152.233008082, 1.99676459085e-26, 0.922213845213, 12.8557582353),
    ("ml", "ablat"): (30.7330900107, 0.00121429098742, 0.493288501855, 1.97350958812),
    ("ml", "1"): (152.233008082, 1.99676459085e-26, 0.913782837894, 11.5986188315),
}


@pytest.mark.parametrize(("method", "moderators"), METAFOR)
def test_metafor(method: str, moderators: str) -> None:
    q, p, i2, h2 = METAFOR[method, moderators]
    fit = bm.lmer(f"yi | se(sei) ~ {moderators} + (1 | trial)", bm.load_dataset("bcg"), method=method)
    table = fit.heterogeneity().set_index("statistic")
    np.testing.assert_allclose(table["value"][["Q", "I2", "H2"]], [q, i2, h2], rtol=1e-5)
    assert table.loc["Q", "p_value"] == pytest.approx(p, rel=1e-8)
    assert table.loc["Q", "df"] == 13 - 1 - (moderators != "1")
    assert table.loc["tau", "value"] == pytest.approx(fit.varcorr(method="none")["sd"].item())
    assert table.loc["I2", "lower_2.5"] <= i2 <= table.loc["I2", "upper_97.5"]


def test_a_posterior_has_the_intervals_of_tau() -> None:
    fit = bm.lmer("effect | se(se) ~ 1 + (1 | school)", bm.load_dataset("eight_schools"), seed=1)
    table = fit.heterogeneity(prob=0.9).set_index("statistic")
    of_tau = fit.varcorr(prob=0.9)
    assert table.loc["tau", "upper_95"] == pytest.approx(of_tau["sd_95"].item())
    tau, share = table.loc["tau", "value"], table.loc["I2", "value"]
    assert tau**2 * (1 - share) / share == pytest.approx(tau**2 / (table.loc["H2", "value"] - 1))
    assert table.loc["Q", "value"] == pytest.approx(4.7070788644)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("distance ~ age + (1 | Subject)", "known standard errors"),
        ("distance | se(age, sigma=TRUE) ~ 1 + (1 | Subject)", r"without sigma=TRUE"),
        ("distance | se(age) ~ age + (age | Subject)", "one standard deviation"),
    ],
)
def test_other_models_are_refused(formula: str, message: str) -> None:
    fit = bm.lmer(formula, bm.load_dataset("Orthodont"), method="reml")
    with pytest.raises(bm.DataError, match=message):
        fit.heterogeneity()


def test_tables_of_a_meta_analysis_leave_the_intraclass_correlation_out() -> None:
    fit = bm.lmer("yi | se(sei) ~ 1 + (1 | trial)", bm.load_dataset("bcg"), method="reml")
    assert "ICC" not in str(bm.models_table({"REML": fit}))
