"""lme4's Laplace estimates lie inside the posterior's bulk.

Golden numbers: lme4 1.1-31 under R, ``glmer(..., family = binomial)`` with its defaults (``nAGQ = 1``),
printed to 8 digits. Default priors are weak against these data: every coefficient lies within the central
half of its marginal posterior, and every standard deviation, which maximum likelihood puts low, within 80 %.
"""

from __future__ import annotations

import pytest

import bayesmixed as bm

CBPP = {
    "Intercept": -1.39834286,
    "period[T.2]": -0.99192497,
    "period[T.3]": -1.12821622,
    "period[T.4]": -1.57974541,
    "herd": 0.64206993,
}
VERB_AGG = {
    "Intercept": 0.199257224,
    "Anger": 0.057409663,
    "Gender[T.M]": 0.320609758,
    "btype[T.scold]": -1.058635923,
    "btype[T.shout]": -2.105060253,
    "situ[T.self]": -1.055284382,
    "id": 1.33953935,
    "item": 0.49524252,
}


@pytest.mark.parametrize(
    ("formula", "data", "estimates"),
    [
        ("cbind(incidence, size - incidence) ~ period + (1 | herd)", "cbpp", CBPP),
        pytest.param(
            "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)",
            "VerbAgg",
            VERB_AGG,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_estimates_lie_in_the_bulk(formula: str, data: str, estimates: dict[str, float]) -> None:
    fit = bm.glmer(formula, bm.load_dataset(data), "binomial", seed=1)
    fixed = fit.fixef(prob=0.5).set_index("term")
    spread = fit.varcorr(prob=0.8).set_index("group")
    assert {*fixed.index, *spread.index} == set(estimates)
    for name, value in estimates.items():
        if name in fixed.index:
            assert fixed.loc[name, "lower_25"] < value < fixed.loc[name, "upper_75"], name
        else:
            assert spread.loc[name, "sd_10"] < value < spread.loc[name, "sd_90"], name
