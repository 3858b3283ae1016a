"""A user's priors among the defaults."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from bayesmixed.design.parameters import prior_parameters
from bayesmixed.design.records import Design
from bayesmixed.errors import PriorError
from bayesmixed.model.defaults import default_priors
from bayesmixed.model.prior_set import complete_priors, prior_table
from bayesmixed.priors.choice import prior
from bayesmixed.priors.prior import Prior

HALF = prior("HalfNormal", sigma=7)
OTHER = prior("Exponential", lam=2)
NORMAL = prior("Normal", mu=1, sigma=2)


@pytest.fixture
def design(sleepstudy: pd.DataFrame, design_of: Callable[..., Design]) -> Design:
    return design_of("Reaction ~ Days + (Days | Subject)", sleepstudy)


def test_nothing_chosen_is_the_defaults(design: Design) -> None:
    assert complete_priors(design) == complete_priors(design, {}) == default_priors(design)


def test_every_label_can_be_chosen(design: Design) -> None:
    choices = {"beta": NORMAL, "sd": HALF, "cor": prior("LKJ", eta=1), "sigma": HALF}
    kinds = {parameter.label: parameter.kind for parameter in prior_parameters(design)}
    assert list(kinds) == [
        "Intercept",
        "Days",
        "sd_Subject[Intercept]",
        "sd_Subject[Days]",
        "corr_Subject",
        "sigma",
    ]
    for label, kind in kinds.items():
        changed = complete_priors(design, {label: choices[kind]})
        assert changed.user == {label}
        assert sum(map(str.__ne__, map(str, flat(changed)), map(str, flat(default_priors(design))))) == 1


def flat(priors: object) -> list[Prior | None]:
    return [  # type: ignore[no-any-return]
        *priors.coefficients,  # type: ignore[attr-defined]
        *priors.sd[0],  # type: ignore[attr-defined]
        priors.correlation[0]["us"],  # type: ignore[attr-defined]
        priors.parameters["sigma"],  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize("order", [("sd_Subject", "sd_Subject[Days]"), ("sd_Subject[Days]", "sd_Subject")])
def test_one_effect_goes_before_its_factor(design: Design, order: tuple[str, str]) -> None:
    choices = {"sd_Subject": HALF, "sd_Subject[Days]": OTHER}
    priors = complete_priors(design, {name: choices[name] for name in order})
    assert priors.sd == ((HALF, OTHER),)
    assert priors.user == {"sd_Subject[Intercept]", "sd_Subject[Days]"}


@pytest.mark.parametrize(
    ("name", "choice", "message"),
    [
        ("days", NORMAL, "Did you mean 'Days'"),
        ("sd_Sbject", HALF, "Did you mean 'sd_Subject'"),
        ("sd_Subject[days]", HALF, "Did you mean 'sd_Subject[Days]'"),
        ("sd_Subject", NORMAL, "reaches below zero, a standard deviation cannot. Use HalfNormal"),
        ("sd_Subject[Days]", prior("StudentT", nu=3, sigma=1), "Use HalfStudentT"),
        ("sigma", prior("Uniform", lower=-1, upper=1), "Use Uniform with lower=0"),
        ("sigma", prior("Gumbel", mu=0, beta=1), "Use HalfNormal"),
        ("Days", prior("LKJ", eta=1), "LKJ is for correlation matrices only"),
        ("sigma", prior("LKJ", eta=1), "LKJ is for correlation matrices only"),
        ("corr_Subject", HALF, 'Write prior("LKJ", eta=2)'),
        ("Days", 3, "3 is not a prior"),
    ],
)
def test_a_mistake_is_named(design: Design, name: str, choice: object, message: str) -> None:
    with pytest.raises(PriorError) as caught:
        complete_priors(design, {name: choice})
    assert message in str(caught.value)


def test_correlations_that_the_model_has_not(
    sleepstudy: pd.DataFrame, design_of: Callable[..., Design]
) -> None:
    design = design_of("Reaction ~ Days + (Days || Subject)", sleepstudy)
    with pytest.raises(PriorError, match="'Subject' are not correlated in this model"):
        complete_priors(design, {"corr_Subject": prior("LKJ", eta=1)})


@pytest.mark.parametrize(
    "choice", [prior("Uniform", lower=0, upper=9), prior("HalfFlat"), prior("Gamma", alpha=2, beta=1)]
)
def test_positive_priors_fit_a_standard_deviation(design: Design, choice: Prior) -> None:
    assert complete_priors(design, {"sigma": choice}).parameters["sigma"] == choice


@pytest.fixture
def taken(sleepstudy: pd.DataFrame, design_of: Callable[..., Design]) -> Design:
    """A model whose columns are called like parameters and classes of them."""
    frame = sleepstudy.rename(columns={"Days": "sigma"}).assign(sd=sleepstudy["Days"] % 3)
    return design_of("Reaction ~ sigma*sd + (sigma | Subject)", frame)


def test_a_column_called_like_a_parameter_has_a_prior_of_its_own(taken: Design) -> None:
    priors = complete_priors(taken, {"b_sigma": NORMAL, "family_sigma": HALF})
    assert (priors.coefficients[1], priors.parameters["sigma"]) == (NORMAL, HALF)
    assert priors.user == {"b_sigma", "family_sigma"}
    table = prior_table(taken, priors).table()
    assert table["parameter"].tolist()[:4] == ["Intercept", "b_sigma", "b_sd", "sigma:sd"]
    assert table["parameter"].tolist()[-1] == "family_sigma"
    assert table["source"].tolist().count("user") == 2


def test_a_class_beside_a_column_of_its_name(taken: Design) -> None:
    assert complete_priors(taken, {"sd[]": HALF}).sd == ((HALF, HALF),)
    assert complete_priors(taken, {"b_sd": NORMAL}).coefficients[2] == NORMAL


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"sigma": HALF}, "Write 'b_sigma' for the coefficient 'sigma', 'family_sigma' for the residual"),
        ({"sd": HALF}, "Write 'b_sd' for the coefficient 'sd', 'sd[]' for all of 2 parameters"),
        ({"sigma:sd": NORMAL, "sd:sigma": NORMAL}, "are the same parameter: give it one prior"),
    ],
)
def test_a_name_for_two_and_two_names_for_one_are_refused(
    taken: Design, choices: dict[str, Prior], words: str
) -> None:
    with pytest.raises(PriorError) as caught:
        complete_priors(taken, choices)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "label"),
    [("sd : sigma", "sigma:sd"), ("`b_sd`", "b_sd"), ("sd_`Subject`[sigma]", "sd_Subject[sigma]")],
)
def test_a_name_may_be_spelled_otherwise(taken: Design, text: str, label: str) -> None:
    assert complete_priors(taken, {text: HALF if "[" in text else NORMAL}).user == {label}
