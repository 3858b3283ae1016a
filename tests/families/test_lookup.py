"""Families by name."""

from __future__ import annotations

import pytest

from bayesmixed.errors import FamilyError
from bayesmixed.families.lookup import Family, family_by_name


@pytest.mark.parametrize("name", ["gaussian", "normal"])
@pytest.mark.parametrize("link", [None, "identity"])
def test_the_normal_family_has_two_names(name: str, link: str | None) -> None:
    assert family_by_name(name, link) == Family(name="gaussian", link="identity")


@pytest.mark.parametrize(
    ("name", "link", "message"),
    [
        ("gausian", None, "There is no family 'gausian'. Did you mean 'gaussian'?"),
        ("zebra", None, "Known names: gaussian."),
        ("gaussian", "log", "The family 'gaussian' has no link 'log'. Known names: identity."),
    ],
)
def test_a_mistake_is_named(name: str, link: str | None, message: str) -> None:
    with pytest.raises(FamilyError) as caught:
        family_by_name(name, link)
    assert message in str(caught.value)
