"""The written model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bayesmixed.model.equation import equation_latex, equation_text
from bayesmixed.model.spec import ModelSpec

SpecOf = Callable[..., ModelSpec]


@pytest.mark.parametrize(
    ("formula", "options", "lines"),
    [
        (
            "y ~ x + (x | g)",
            {},
            [
                "y[i] = b[Intercept] + b[x] x[i] + u[g[i], Intercept] + u[g[i], x] x[i] + e[i]",
                "(u[g, Intercept], u[g, x]) ~ Normal(0, D C D), D = diag(sd_g), C = corr_g",
                "e[i] ~ Normal(0, sigma^2)",
                "corr_g ~ LKJ(eta=2)",
            ],
        ),
        (
            "y ~ 0 + x + offset(known) + (x || g)",
            {"weights": "w"},
            [
                "y[i] = b[x] x[i] + u[g[i], Intercept] + u[g[i], x] x[i] + offset[i] + e[i]",
                "u[g, Intercept] ~ Normal(0, sd_g[Intercept]^2)",
                "u[g, x] ~ Normal(0, sd_g[x]^2)",
                "e[i] ~ Normal(0, sigma^2 / weight[i])",
            ],
        ),
    ],
)
def test_the_text_states_the_model(
    spec_of: SpecOf, formula: str, options: dict[str, str], lines: list[str]
) -> None:
    text = equation_text(spec_of(formula, **options)).splitlines()
    assert [line for line in lines if line in text] == lines


def test_every_prior_is_stated(spec_of: SpecOf) -> None:
    text = equation_text(spec_of("y ~ x + (x | g)"))
    for label in ("b[Intercept] at the means of the columns", "b[x]", "sd_g[x]", "corr_g", "sigma"):
        assert f"\n{label} ~ " in text


def test_latex_is_balanced_and_escaped(spec_of: SpecOf) -> None:
    text = equation_latex(spec_of("y ~ I(x**2) + (x | g) + (1 | g:h)"))
    assert text.count("{") == text.count("}")
    assert text.startswith(r"\begin{aligned}")
    assert r"u_{\text{g:h},\,\text{Intercept}} &\sim" in text
    assert r"D_{\text{g}} C_{\text{g}} D_{\text{g}}" in text
