"""What stands behind the bar of a left side."""

from __future__ import annotations

import pytest

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula

READ = {
    "y | se(s) ~ x": ("y", "s", False, None),
    "y | se(s, sigma=TRUE) ~ x": ("y", "s", True, None),
    "log(y) | se(sqrt(v), sigma = FALSE) ~ x": ("log(y)", "sqrt(v)", False, None),
    "y | weights(w) ~ x": ("y", None, True, "w"),
    "y | weights(1/v) + se(s, sigma = True) ~ x": ("y", "s", True, "1 / v"),
    "y ~ x": ("y", None, True, None),
}

REFUSED = {
    "y | ~ x": ("nothing right of '|'", None),
    "y | se() ~ x": ("se() takes one column", 4),
    "y | se(s, t) ~ x": ("Write se(s) or se(s, sigma=TRUE)", 4),
    "y | se(s, sigma=2) ~ x": ("sigma= is TRUE or FALSE", 10),
    "y | se(s, sgima=TRUE) ~ x": ("se() has no argument 'sgima'", 10),
    "y | weights(w, scale=TRUE) ~ x": ("weights() has no argument 'scale'", 15),
    "y | se(s) + se(t) ~ x": ("se() stands there twice", 12),
    "y | se(s) + ~ x": ("missing beside '+'", 10),
    "y | + se(s) ~ x": ("missing beside '+'", 4),
    "y | se(s) + weights(w) ~ x": ("se() leaves no sigma", 4),
    "y | se ~ x": ("'se' cannot stand behind the bar", 4),
    "y | weigths(s) ~ x": ("Did you mean 'weights'?", 4),
    "y | se(s) * 2 ~ x": ("'se' cannot stand behind the bar", 4),
    "y | rate(t) ~ x": ("Write y ~ ... + offset(log(t)).", 4),
    "y | cens(c) ~ x": ("Censored responses are not available", 4),
    "y | trunc(lb=0) ~ x": ("Truncated responses are not available", 4),
    "prop(k, n) | trials(n) ~ x": ("states its trials itself", 11),
    "y || se(s) ~ x": ("inside an expression", 2),
    "y | se(s) ~ x + ar(t, gr=g)": ("se() and ar() are not available together", 0),
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_read(text: str, expected: tuple[str, str | None, bool, str | None]) -> None:
    response = parse_formula(text).response
    errors, weights = response.additions.errors, response.additions.weights
    found = (errors and errors.text, response.additions.has_sigma, weights and weights.text)
    assert (response.text, *found) == expected
    assert parse_formula(f"{response.source} ~ x").response == response


def test_trials_are_a_part_of_the_response() -> None:
    response = parse_formula("k | trials(n) ~ x + (1 | g)").response
    assert (response.text, response.kind) == ("k | trials(n)", "trials")
    assert [part.text for part in response.parts] == ["k", "n"]
    assert response.columns == ("k", "n")


@pytest.mark.parametrize(("text", "expected"), REFUSED.items())
def test_refused(text: str, expected: tuple[str, int | None]) -> None:
    words, position = expected
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert words in str(caught.value)
    assert caught.value.position == position
