"""The optimum of the kernel is lme4's estimate, REML and ML, on all reference models.

Maker: lme4 1.1-31, `shared/reference/lme4.json`. lme4 stops its optimizer at a relative tolerance of its own,
so its criterion is the upper bound here, and its standard deviations are good to about 1e-4.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bayesmixed.design import Design, build_design
from bayesmixed.engines.reml.likelihood import likelihood_of
from bayesmixed.engines.reml.optimum import Optimum, find_optimum
from bayesmixed.formula import parse_formula
from references import LME4, python_group, python_level, python_term, reference_frame

CRITERION_RTOL = 1e-6
COEFFICIENT_TOLERANCE = 1e-4  # of the standard error
SD_RTOL = 1e-4
BLUP_TOLERANCE = 1e-3  # of the conditional standard deviation
STOPPED_EARLY = {("netherlands_two_level", "reml"), ("netherlands_two_level", "ml")}
"""Where lme4 stopped before its estimates had settled that far: our criterion must lie strictly below."""

CASES = [(name, by) for name in LME4 for by in ("reml", "ml")]


@cache
def design_of(name: str) -> Design:
    return build_design(parse_formula(LME4[name]["formula"]), reference_frame(LME4[name]["data"]))


@cache
def optimum_of(name: str, by: str) -> Optimum:
    return find_optimum(likelihood_of(design_of(name), by))


def lme4_criterion(name: str, by: str) -> float:
    stored = LME4[name][by]
    return stored["criterion"] if by == "reml" else -2.0 * stored["logLik"]


@pytest.mark.parametrize(("name", "by"), CASES)
def test_criterion_is_at_or_below_lme4(name: str, by: str) -> None:
    theirs, ours = lme4_criterion(name, by), optimum_of(name, by).criterion
    assert ours <= theirs + 1e-9 * abs(theirs)
    assert ours == pytest.approx(theirs, rel=CRITERION_RTOL)


@pytest.mark.parametrize(("name", "by"), CASES)
def test_gradient_vanishes(name: str, by: str) -> None:
    assert optimum_of(name, by).gradient < 1e-7


@pytest.mark.parametrize(("name", "by"), CASES)
def test_coefficients(name: str, by: str) -> None:
    terms = design_of(name).fixed.terms
    theirs = {python_term(row["term"], terms): row for row in LME4[name][by]["fixef"]}
    errors = [
        abs(value - theirs[term]["estimate"]) / theirs[term]["se"]
        for term, value in zip(terms, optimum_of(name, by).coefficients, strict=True)
    ]
    check(name, by, max(errors), COEFFICIENT_TOLERANCE)


@pytest.mark.parametrize(("name", "by"), CASES)
def test_standard_deviations(name: str, by: str) -> None:
    design, optimum = design_of(name), optimum_of(name, by)
    groups = tuple(block.group for block in design.blocks)
    ours = {
        (block.group, effect): np.sqrt(covariance[i, i])
        for block, covariance in zip(design.blocks, optimum.covariances, strict=True)
        for i, effect in enumerate(block.effects)
    }
    errors = []
    for row in LME4[name][by]["varcorr"]:
        if row["var2"]:
            continue
        if row["grp"] == "Residual":
            value = optimum.sigma
        else:
            value = ours[
                python_group(row["grp"], groups), python_term(row["var1"], ("Intercept", *effects(design)))
            ]
        errors.append(abs(value - row["sdcor"]) / row["sdcor"] if row["sdcor"] > 0 else value)
    check(name, by, max(errors), SD_RTOL)


@pytest.mark.parametrize("name", LME4)
def test_conditional_means(name: str) -> None:
    design, optimum = design_of(name), optimum_of(name, "reml")
    groups = tuple(block.group for block in design.blocks)
    place = {block.group: i for i, block in enumerate(design.blocks)}
    errors = []
    for row in LME4[name]["ranef"]:
        group = python_group(row["grpvar"], groups)
        block = design.block(group)
        level = block.levels.index(python_level(row["grpvar"].removesuffix(".1"), row["grp"], group))
        effect = block.effects.index(python_term(row["term"], block.effects))
        gap = abs(optimum.ranef[place[group]][level, effect] - row["condval"])
        errors.append(gap / row["condsd"] if row["condsd"] > 0 else gap)
    assert max(errors) < BLUP_TOLERANCE


@pytest.mark.parametrize("name", LME4)
def test_singular_fits_are_lme4s(name: str) -> None:
    assert optimum_of(name, "reml").singular is LME4[name]["singular"]


def effects(design: Design) -> tuple[str, ...]:
    return tuple(effect for block in design.blocks for effect in block.effects)


def check(name: str, by: str, error: float, tolerance: float) -> None:
    if (name, by) in STOPPED_EARLY:
        theirs = lme4_criterion(name, by)
        assert optimum_of(name, by).criterion < theirs - 1e-12 * abs(theirs)
        assert error < 10.0 * tolerance
    else:
        assert error < tolerance
