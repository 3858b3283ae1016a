"""Profile intervals are those of lme4's ``confint(method = "profile")``.

Maker: lme4 1.1-31, `shared/reference/lme4.json`. lme4 interpolates between points of the profile by splines;
the ends here are roots, so that the two differ by up to 1e-4 of an interval's width.
"""

from __future__ import annotations

import pytest

from bayesmixed.design import Design, build_design
from bayesmixed.engines.reml.estimate import estimate
from bayesmixed.formula import parse_formula
from bayesmixed.verbs.estimate.confint import confint
from references import LME4, python_group, python_term, reference_frame

WIDTH_TOLERANCE = 2e-4
CASES = [name for name, model in LME4.items() if "profile" in model]


def python_parameter(name: str, design: Design) -> str:
    """Our name of lme4's parameter: ``sd_(Intercept)|a:b`` is ``sd_Intercept|b:a``."""
    effects, bar, group = name.replace("(Intercept)", "Intercept").partition("|")
    if bar:
        return f"{effects}|{python_group(group, tuple(block.group for block in design.blocks))}"
    return name if name == "sigma" else python_term(name, design.fixed.terms)


@pytest.mark.parametrize("name", CASES)
def test_profile_intervals(name: str) -> None:
    design = build_design(parse_formula(LME4[name]["formula"]), reference_frame(LME4[name]["data"]))
    ours = confint(estimate(design)).set_index("parameter")
    theirs = {python_parameter(row["par"], design): row for row in LME4[name]["profile"]}
    assert set(theirs) == set(ours.index)
    for parameter, row in theirs.items():
        tolerance = WIDTH_TOLERANCE * (row["upper"] - row["lower"])
        assert ours.loc[parameter, "lower_2.5"] == pytest.approx(row["lower"], abs=tolerance)
        assert ours.loc[parameter, "upper_97.5"] == pytest.approx(row["upper"], abs=tolerance)
