"""Families by name, and from Bambi's objects."""

from __future__ import annotations

import sys

import pytest
from bambi.defaults import get_builtin_family

from bayesmixed.errors import FamilyError
from bayesmixed.families import bambi_families
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.families.registry import ALIASES, FAMILIES, as_family, family_by_name


@pytest.mark.parametrize("name", ["gaussian", "normal"])
@pytest.mark.parametrize("link", [None, "identity"])
def test_the_normal_family_has_two_names(name: str, link: str | None) -> None:
    assert family_by_name(name, link) == GAUSSIAN
    assert GAUSSIAN.is_gaussian


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_stands_for_a_family(alias: str) -> None:
    assert as_family(alias) == family_by_name(ALIASES[alias])


@pytest.mark.parametrize("name", FAMILIES)
def test_distribution_and_parameters_are_bambis(name: str) -> None:
    ours, theirs = family_by_name(name), get_builtin_family(name)
    assert ours.distribution == theirs.likelihood.name
    assert (ours.argument, *ours.parameter_names) == tuple(theirs.likelihood.params)
    link = theirs.link[theirs.likelihood.parent].name
    assert as_family(theirs) == family_by_name(name, link)


@pytest.mark.parametrize(
    ("name", "link", "native"),
    [
        ("gamma", "inverse", True),
        ("bernoulli", "probit", True),
        ("zero_inflated_poisson", None, False),
        ("weibull", None, True),
        ("exponential", None, False),
        ("wald", "inverse_squared", False),
    ],
)
def test_what_is_written_here_is_native(name: str, link: str | None, native: bool) -> None:
    assert family_by_name(name, link).is_native is native


def test_a_family_stays_itself() -> None:
    family = family_by_name("poisson")
    assert as_family(family) is family
    assert as_family(family, "identity") == family_by_name("poisson", "identity")


@pytest.mark.parametrize(
    ("family", "link", "message"),
    [
        ("gausian", None, "There is no family 'gausian'. Did you mean 'gaussian'"),
        ("qqqq", None, "Known names: gaussian, bernoulli"),
        ("gaussian", "log", "The family 'gaussian' has no link 'log'. Known names: identity."),
        ("binomial", "logitt", "Did you mean 'logit'?"),
        ("weibull", "logit", "The family 'weibull' has no link 'logit'."),
        ("categorical", None, "There is no family 'categorical'."),
        (3, None, "family=3 is not a family"),
    ],
)
def test_a_mistake_is_named(family: object, link: str | None, message: str) -> None:
    with pytest.raises(FamilyError) as caught:
        as_family(family, link)
    assert message in str(caught.value)


def test_a_likelihood_of_the_users_own_is_refused() -> None:
    import bambi

    likelihood = bambi.Likelihood("MyOwn", params=["mu"], parent="mu", dist=object)
    family = bambi.Family("mine", likelihood, "identity")
    with pytest.raises(FamilyError, match="not one of Bambi's univariate families"):
        as_family(family)


def test_a_family_is_printed_with_its_link() -> None:
    assert str(family_by_name("binomial", "logit")) == "binomial (logit)"


@pytest.mark.parametrize(
    ("name", "advice"),
    [("binom", "Did you mean 'nbinom2' or 'binomial'"), ("exponential", "Known names: gaussian, bernoulli")],
)
def test_without_bambi_its_families_are_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    bambi_families._builtin.cache_clear()
    monkeypatch.setitem(sys.modules, "bambi", None)
    monkeypatch.setitem(sys.modules, "bambi.defaults.families", None)
    with pytest.raises(FamilyError) as caught:
        as_family(name)
    assert f"There is no family {name!r} here. {advice}" in str(caught.value)
    assert "pip install 'bayesmixed[bambi]'" in str(caught.value)
