"""Default priors of other families: brms's reference priors, and their units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.model.link_scale import link_scale
from bayesmixed.model.prior_set import prior_table
from references import BRMS, reference_frame

RNG = np.random.default_rng(4)
N = 40
FRAME = pd.DataFrame(
    {
        "g": np.repeat([f"g{i}" for i in range(8)], 5),
        "x": RNG.normal(2, 3, N),
        "count": RNG.poisson(4.0, N),
        "time": RNG.gamma(3.0, 2.0, N),
        "share": RNG.uniform(0.1, 0.9, N),
        "hit": np.arange(N) % 2,
    }
)

REFERENCES = [
    ("cbpp_binomial", "binomial", {"period": str}),
    ("contraception_bernoulli", "bernoulli", {}),
    ("grouseticks_poisson", "poisson", {"YEAR": str}),
]


@pytest.mark.skipif(not BRMS, reason="the shared references do not lie beside the project")
@pytest.mark.parametrize(("name", "family", "types"), REFERENCES)
def test_the_defaults_are_those_of_the_reference(name: str, family: str, types: dict[str, type]) -> None:
    reference = BRMS[name]
    frame = reference_frame(reference["data"]).astype(types)
    spec = bm.specify(reference["formula"], frame, family=family)
    ours = [str(prior) for prior in (*spec.priors.coefficients, *(sd[0] for sd in spec.priors.sd))]
    stated = list(reference["priors"].values())
    assert len(ours) == len(stated)
    for mine, theirs in zip(ours, stated, strict=True):
        distribution, numbers = theirs.rstrip(")").split("(")
        values = [float(number) for number in numbers.split(",")]
        assert mine.startswith(distribution)
        found = [float(part.split("=")[1].rstrip(")")) for part in mine.split(", ")]
        np.testing.assert_allclose(found, values, rtol=1e-3)


@pytest.mark.parametrize(
    ("response", "family", "link"),
    [
        ("count", "poisson", None),
        ("time", "gamma", None),
        ("share", "beta", None),
        ("hit", "bernoulli", "probit"),
        ("time", "lognormal", None),
    ],
)
def test_a_shifted_predictor_changes_no_prior(response: str, family: str, link: str | None) -> None:
    formula = f"{response} ~ x + (1 | g)"
    one, other = (
        bm.specify(formula, frame, family=family, link=link).priors
        for frame in (FRAME, FRAME.assign(x=FRAME["x"] + 100))
    )
    assert list(map(str, one.coefficients)) == list(map(str, other.coefficients))


def test_a_longer_exposure_in_other_units_moves_the_intercept_alone() -> None:
    formula = "count ~ x + offset(log(time)) + (1 | g)"
    hours, minutes = (
        bm.specify(formula, FRAME.assign(time=FRAME["time"] * factor), family="poisson").priors.coefficients
        for factor in (1, 60)
    )
    assert hours[0].args["mu"] - minutes[0].args["mu"] == pytest.approx(np.log(60))
    assert str(hours[1]) == str(minutes[1])


@pytest.mark.parametrize("link", ["identity", "inverse"])
def test_other_units_of_the_response_rescale_the_priors(link: str) -> None:
    formula, tenfold = "time ~ x + (1 | g)", FRAME.assign(time=FRAME["time"] * 10)
    specs = [bm.specify(formula, frame, family="gamma", link=link) for frame in (FRAME, tenfold)]
    one, other = (link_scale(spec.design, spec.family) for spec in specs)
    factor = 10 if link == "identity" else 0.1
    assert other.centre == pytest.approx(one.centre * factor)
    assert other.unit == pytest.approx(one.unit * factor)


def test_the_table_says_what_the_scales_are_made_of() -> None:
    spec = bm.specify("count ~ x + (1 | g)", FRAME, family="negativebinomial")
    table = prior_table(spec.design, spec.priors, spec.family).table().set_index("parameter")
    assert table.loc["Intercept", "note"] == "at the means of the columns: log(mean(y)), 2.5"
    assert table.loc["x", "note"] == "2.5 / sd(x)"
    assert table.loc["alpha", "prior"] == "InverseGamma(alpha=0.4, beta=0.3)"
    assert table.loc["alpha", "note"] == "1 / alpha ~ Gamma(0.4, 0.3)"
    assert "sigma" not in table.index


def test_users_choose_priors_of_the_familys_parameters() -> None:
    chosen = {"alpha": bm.prior("Exponential", lam=1), "x": bm.prior("Normal", sigma=1)}
    spec = bm.specify("count ~ x + (1 | g)", FRAME, family="negativebinomial", priors=chosen)
    assert spec.priors.parameters["alpha"] == chosen["alpha"]
    assert spec.priors.user == {"alpha", "x"}


def test_a_class_stands_for_all_its_members_but_those_named() -> None:
    narrow, wide, half = (
        bm.prior("Normal", sigma=1),
        bm.prior("Normal", sigma=9),
        bm.prior("HalfNormal", sigma=2),
    )
    chosen = {"x": wide, "b": narrow, "sd": half, "sd_g[x]": bm.prior("Exponential", lam=3)}
    priors = bm.specify("count ~ x + share + (x | g)", FRAME, family="poisson", priors=chosen).priors
    assert priors.coefficients[1:] == (wide, narrow)
    assert priors.sd == ((half, chosen["sd_g[x]"]),)
    assert priors.user == {"x", "share", "sd_g[Intercept]", "sd_g[x]"}
    with pytest.raises(bm.PriorError, match="no such parameter"):
        bm.specify("count ~ x + (1 | g)", FRAME, family="poisson", priors={"cor": bm.prior("LKJ", eta=1)})


def test_a_family_of_bambis_alone_has_bambis_priors() -> None:
    spec = bm.specify("count ~ x + (1 | g)", FRAME, family="zero_inflated_poisson")
    assert str(spec.priors.parameters["psi"]) == "Beta(alpha=2, beta=2)"
