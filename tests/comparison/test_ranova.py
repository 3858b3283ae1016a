"""lmerTest's ranova. Maker of the numbers: lmerTest 3.1-3 with lme4 1.1-31 under R 4.2.2."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.ranova import ranova

from .likelihood_fits import fit_of

ONE, DAYS = "(1 | Subject)", "Days in (Days | Subject)"
CASES = [
    (
        "sleepstudy",
        "Reaction ~ Days + (1 | Subject)",
        "reml",
        -893.232542697,
        {ONE: (3, -946.831831736, 1899.66366347, 107.198578077, 1, 4.02725545386e-25)},
    ),
    (
        "sleepstudy",
        "Reaction ~ Days + (1 | Subject)",
        "ml",
        -897.039321503,
        {ONE: (3, -950.146528178, 1906.29305636, 106.214413351, 1, 6.61735945828e-25)},
    ),
    (
        "sleepstudy",
        "Reaction ~ Days + (Days | Subject)",
        "reml",
        -871.814135980,
        {DAYS: (4, -893.232542697, 1794.46508539, 42.836813435, 2, 4.99004143061e-10)},
    ),
    (
        "dragons.csv",
        "testScore ~ scale(bodyLength) + (1 | mountainRange/site)",
        "reml",
        -1985.19469289,
        {
            "(1 | mountainRange)": (4, -1999.13081720, 4006.26163441, 27.8722486359, 1, 1.29595246418e-07),
            "(1 | mountainRange:site)": (4, -1992.81554109, 3993.63108217, 15.2416963997, 1, 9.45917168e-05),
        },
    ),
    (
        "gpa.csv",
        "gpa ~ occasion + (1 + occasion | student)",
        "reml",
        -130.478280764,
        {
            "occasion in (1 + occasion | student)": (
                *(4, -204.446440385, 416.892880771, 147.936319243, 2, 7.51685962175e-33),
            )
        },
    ),
    (
        "Penicillin",
        "diameter ~ 1 + (1 | plate) + (1 | sample)",
        "reml",
        -165.430294500,
        {
            "(1 | plate)": (3, -217.958930822, 441.917861645, 105.057272645, 1, 1.18656152763e-24),
            "(1 | sample)": (3, -306.628012004, 619.256024007, 282.395435008, 1, 2.25734086708e-63),
        },
    ),
    (
        "Pastes",
        "strength ~ 1 + (1 | batch/cask)",
        "reml",
        -123.495372927,
        {
            "(1 | batch)": (3, -123.824200890, 253.648401780, 0.657655926873, 1, 0.417388710959),
            "(1 | batch:cask)": (3, -150.797705365, 307.595410731, 54.604664877496, 1, 1.47385370219e-13),
        },
    ),
]
NUMBERS = ["npar", "logLik", "AIC", "LRT", "Df", "p_value"]


@pytest.mark.parametrize(("data", "formula", "method", "log_likelihood", "rows"), CASES)
def test_table_is_lmertests(
    data: str, formula: str, method: str, log_likelihood: float, rows: dict[str, tuple[float, ...]]
) -> None:
    table = ranova(fit_of(data, formula, method))
    assert table["term"].tolist() == ["<none>", *rows]
    assert table.loc[0, "logLik"] == pytest.approx(log_likelihood, rel=1e-7)
    np.testing.assert_allclose(table.loc[1:, NUMBERS].to_numpy(float), list(rows.values()), rtol=2e-5)
    assert table.loc[1:, "p_mixture"].notna().all()


def test_mixture_of_the_slope_is_the_teaching_texts() -> None:
    table = ranova(fit_of("sleepstudy", "Reaction ~ Days + (Days | Subject)"))
    assert table.loc[1, "p_mixture"] == pytest.approx(2.79e-10, rel=2e-3)


def test_a_variance_of_zero_has_nothing_to_lose() -> None:
    row = ranova(fit_of("Dyestuff2", "Yield ~ 1 + (1 | Batch)"), boot=20, seed=1).iloc[1]
    assert row["LRT"] == 0.0
    assert row[["p_value", "p_mixture", "p_boot"]].tolist() == [1.0, 1.0, 1.0]


def test_bootstrap_of_a_needed_component_is_as_small_as_it_can_be() -> None:
    table = ranova(fit_of("Pastes", "strength ~ 1 + (1 | batch/cask)"), boot=19, seed=1).set_index("term")
    assert np.isnan(table.loc["<none>", "p_boot"])
    assert table.loc["(1 | batch:cask)", "p_boot"] == 1 / 20
    assert table.loc["(1 | batch)", "p_boot"] > 1 / 20


@pytest.mark.parametrize(
    ("bars", "reduced"),
    [
        ("(x || g)", {"Intercept in (x || g)": "(0 + x | g)", "x in (x || g)": "(1 | g)"}),
        ("(0 + x | g)", {"x in (0 + x | g)": None}),
        ("(0 + f | g)", {"f in (0 + f | g)": "(1 | g)"}),
        ("(1 | g) + (0 + x | g)", {"(1 | g)": "(0 + x | g)", "x in (0 + x | g)": "(1 | g)"}),
        ("(x + z | g)", {"x in (x + z | g)": "(z | g)", "z in (x + z | g)": "(x | g)"}),
        ("(x * z | g)", {"x:z in (x * z | g)": "(x + z | g)"}),
        ("(f || g)", {"f in (f || g)": "(1 | g)"}),
    ],
)
def test_what_is_left_of_a_bar(bars: str, reduced: dict[str, str | None]) -> None:
    table = ranova(bm.lmer(f"y ~ x + f + {bars}", frame(), method="reml")).set_index("term")
    assert list(table.index) == ["<none>", *reduced]
    for label, left in reduced.items():
        if left is not None:
            expected = bm.lmer(f"y ~ x + f + {left}", frame(), method="reml").log_likelihood()
            assert table.loc[label, "logLik"] == pytest.approx(expected, abs=1e-6)
        else:
            assert table.loc[label, "npar"] == 5


def test_mixture_is_for_one_variance() -> None:
    table = ranova(bm.lmer("y ~ x + (f | g)", frame(), method="reml"))
    assert table.loc[1, "Df"] == 5
    assert np.isnan(table.loc[1, "p_mixture"])


def test_offset_and_weights_stay() -> None:
    data = frame().assign(w=np.linspace(1, 3, len(frame())))
    table = ranova(bm.lmer("y ~ x + offset(z) + (x | g)", data, method="ml", weights="w"))
    expected = bm.lmer("y ~ x + offset(z) + (1 | g)", data, method="ml", weights="w").log_likelihood()
    assert table.loc[1, "logLik"] == pytest.approx(expected, abs=1e-7)


def frame() -> pd.DataFrame:
    """180 rows in 15 groups, with effects of all columns that vary between them."""
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(15), 12)
    x, z, f = rng.normal(size=180), rng.normal(size=180), np.tile(["a", "b", "c"], 60)
    u = rng.normal(size=(15, 5))
    mean = u[g, 0] + u[g, 1] * x + u[g, 2] * z + u[g, 3] * (f == "b") + 0.5 * u[g, 4] * x * z
    return pd.DataFrame({"y": mean + rng.normal(size=180), "x": x, "z": z, "f": f, "g": [f"g{i}" for i in g]})
