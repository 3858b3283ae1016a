"""Every parameter has a label of its own, and a text names one or is answered with what to write."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import Design, build_design
from bayesmixed.design.parameters import parameter_named, parameters_of, prior_parameters
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula import parse_formula


def design_of(formula: str, *names: str) -> Design:
    """Design of 40 rows with numbers of some names, a factor f and grouping factors g and k."""
    rng, n = np.random.default_rng(3), 40
    columns = {name: rng.normal(size=n) for name in ("y", "x", "z", *names)}
    frame = pd.DataFrame(
        columns | {"f": rng.choice(["p", "q"], n), "g": np.arange(n) % 5, "k": np.arange(n) % 4}
    )
    return build_design(parse_formula(formula), frame)


def labels(formula: str, *names: str) -> list[str]:
    return [parameter.label for parameter in parameters_of(design_of(formula, *names), ["sigma", "nu"])]


LABELS = {
    "nothing shared": (
        "y ~ x*z + (x | g)",
        (),
        ["Intercept", "x", "z", "x:z", "sd_g[Intercept]", "sd_g[x]", "corr_g[Intercept, x]", "sigma", "nu"],
    ),
    "a column like a parameter": (
        "y ~ sigma + nu + (1 | g)",
        ("sigma", "nu"),
        ["Intercept", "b_sigma", "b_nu", "sd_g[Intercept]", "family_sigma", "family_nu"],
    ),
    "a column like all deviations of a factor": (
        "y ~ sd_g + (1 | g)",
        ("sd_g",),
        ["Intercept", "b_sd_g", "sd_g[Intercept]", "sigma", "nu"],
    ),
    "a column like one deviation": (
        "y ~ `sd_g[x]` + (x | g)",
        ("sd_g[x]",),
        ["Intercept", "b_sd_g[x]", "sd_g[Intercept]", "sd_x|g", "corr_g[Intercept, x]", "sigma", "nu"],
    ),
    "a column like another's prefixed name": (
        "y ~ x + b_x + (1 | g)",
        ("b_x",),
        ["Intercept", "x", "b_b_x", "sd_g[Intercept]", "sigma", "nu"],
    ),
    "a column like a word": (
        "y ~ b + theta + (1 | g)",
        ("b", "theta"),
        ["Intercept", "b_b", "b_theta", "sd_g[Intercept]", "sigma", "nu"],
    ),
    "names that differ by a blank": (
        "y ~ x + `x ` + (1 | g)",
        ("x ",),
        ["Intercept", "x", "`x `", "sd_g[Intercept]", "sigma", "nu"],
    ),
    "a grouping factor like the residual's prefix": (
        "y ~ x + (1 | g:k)",
        (),
        ["Intercept", "x", "sd_g:k[Intercept]", "sigma", "nu"],
    ),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels(case: str) -> None:
    formula, names, expected = LABELS[case]
    assert labels(formula, *names) == expected
    assert len(set(expected)) == len(expected)


def test_correlations_have_one_prior() -> None:
    found = prior_parameters(design_of("y ~ x + (x + z | g)"))
    assert [p.label for p in found if p.kind == "cor"] == ["corr_g"]
    found = prior_parameters(design_of("y ~ corr_g + (x | g)", "corr_g"))
    assert [p.label for p in found if p.kind in ("cor", "beta")] == ["Intercept", "b_corr_g", "corr_g[]"]


NAMED = {
    "x": ["x", " x ", "`x`", "b_x", "beta[x]", "b_`x`"],
    "x:z": ["x:z", "z:x", "z : x", "`z`:x", "`x:z`", "b_z:x", "beta[ z:x ]"],
    "log(w + 5)": ["log(w + 5)", "log(w+5)", "np.log( w+5 )", "`log(w + 5)`", "b_log(w+5)"],
    "C(f, Treatment('q'))[T.p]": ['C(f,Treatment("q"))[T.p]', "C(f, contr.treatment('q')) [T.p]"],
    "sd_g[x]": ["sd_g[x]", "sd_g[ x ]", "sd_`g`[x]", "`sd_g[x]`", "sd_x|g"],
    "sd_g:k[log(w + 5)]": ["sd_g:k[log(w+5)]", "sd_k:g[log(w + 5)]", "sd_k:g", "sd_ g:k[np.log(w + 5)]"],
    "corr_g[Intercept, x]": ["corr_g[x,Intercept]", "corr_g", "corr_`g`[ Intercept,x ]", "cor_x.Intercept|g"],
    "sigma": ["sigma", "`sigma`", "family_sigma"],
}


@pytest.mark.parametrize("label", NAMED)
def test_spellings_of_one_parameter(label: str) -> None:
    formula = "y ~ x*z + log(w + 5) + C(f, Treatment('q')) + (x | g) + (0 + log(w + 5) | g:k)"
    known = parameters_of(design_of(formula, "w"))
    for text in NAMED[label]:
        found = parameter_named(known, text)
        assert found is not None, text
        assert found.label == label


@pytest.mark.parametrize(
    "text", ["", "w", "x:", "sd_x", "sd_g[z]", "corr_g[x]", "b_", "beta[]", "sd_k", 3, None]
)
def test_what_names_nothing(text: object) -> None:
    assert parameter_named(parameters_of(design_of("y ~ x + (x | g)")), text) is None


AMBIGUOUS = {
    "sigma": ["'b_sigma' for the coefficient 'sigma'", "'family_sigma' for the residual standard deviation"],
    "sd_g": [
        "'b_sd_g' for the coefficient 'sd_g'",
        "'sd_g[Intercept]' for the standard deviation of 'Intercept'",
    ],
    "b_x": ["'x' for the coefficient 'x'", "'b_b_x' for the coefficient 'b_x'"],
}


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_text_for_two_parameters_is_answered(text: str) -> None:
    known = parameters_of(design_of("y ~ x + b_x + sigma + sd_g + (1 | g)", "sigma", "sd_g", "b_x"))
    with pytest.raises(BayesmixedError) as caught:
        parameter_named(known, text)
    assert all(words in str(caught.value) for words in AMBIGUOUS[text])


def test_a_column_and_an_interaction_of_one_spelling() -> None:
    known = parameters_of(design_of("y ~ x*z + `z:x` + (1 | g)", "z:x"))
    with pytest.raises(BayesmixedError, match="several"):
        parameter_named(known, "z:x")
    assert [parameter_named(known, text) for text in ("`z:x`", "x:z")] == [known[3], known[4]]


def test_names_that_leave_none_are_refused() -> None:
    names = ("sigma", "b_sigma", "beta[sigma]")
    assert labels("y ~ sigma + b_sigma + `beta[sigma]` + (1 | g)", *names)[1] == "`sigma`"
    with pytest.raises(DataError, match="No name stands for the residual standard deviation alone"):
        labels("y ~ sigma + family_sigma + (1 | g)", "sigma", "family_sigma")
