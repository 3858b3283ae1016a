"""Default priors: the numbers given to brms, and how they follow the units of the data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.records import Design
from bayesmixed.model.defaults import default_priors
from bayesmixed.priors.prior import Prior, PriorSet

MODELS = [
    "sleepstudy_correlated",
    "gpa_intercept",
    "dragons_nested",
    "penicillin_crossed",
    "dyestuff2_singular",
]
SLOPES = "Reaction ~ Days + (Days | Subject)"
DesignOf = Callable[..., Design]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[-\d.]+", text.split("(")[1])]


@pytest.mark.parametrize("model", MODELS)
def test_defaults_are_those_sampled_by_brms(model: str, shared: Path, design_of: DesignOf) -> None:
    """Reference: `priors` of brms.json, ten digits."""
    reference = json.loads((shared / "reference" / "brms.json").read_text())[model]
    frame = pd.read_csv(shared / "data" / reference["data"])
    frame = frame.astype({name: str for name in ("Subject", "student") if name in frame})
    ours = default_priors(design_of(reference["formula"], frame))
    theirs = reference["priors"]
    coefficients = [v for k, v in theirs.items() if not k.startswith(("sd_", "sigma", "cor"))]
    assert [list(p.args.values()) for p in ours.coefficients] == [
        pytest.approx(numbers(text), rel=1e-8) for text in coefficients
    ]
    sds = [v for k, v in theirs.items() if k.startswith("sd_")]
    flat = [prior for block in ours.sd for prior in block]
    assert sorted(p.args["sigma"] for p in flat) == pytest.approx(
        sorted(numbers(s)[1] for s in sds), rel=1e-8
    )
    assert list(ours.parameters["sigma"].args.values()) == pytest.approx(numbers(theirs["sigma"]), rel=1e-8)
    assert [p for block in ours.correlation for p in block.values()] == (
        [Prior("LKJ", {"eta": 2})] if "cor" in theirs else []
    )


def scales(priors: PriorSet) -> np.ndarray:
    """Every scale, in order."""
    every = [*priors.coefficients, *(p for block in priors.sd for p in block), priors.parameters["sigma"]]
    return np.array([prior.args["sigma"] for prior in every])


def test_a_rescaled_response_rescales_the_priors(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    seconds = sleepstudy.assign(Reaction=sleepstudy["Reaction"] / 1000)
    before, after = (default_priors(design_of(SLOPES, frame)) for frame in (sleepstudy, seconds))
    np.testing.assert_allclose(scales(after) * 1000, scales(before), rtol=1e-12)
    assert after.coefficients[0].args["mu"] * 1000 == pytest.approx(before.coefficients[0].args["mu"])


def test_a_rescaled_predictor_rescales_its_priors_alone(
    sleepstudy: pd.DataFrame, design_of: DesignOf
) -> None:
    hours = sleepstudy.assign(Days=sleepstudy["Days"] * 24)
    before, after = (scales(default_priors(design_of(SLOPES, frame))) for frame in (sleepstudy, hours))
    np.testing.assert_allclose(after * [1, 24, 1, 24, 1], before, rtol=1e-12)


def test_a_shifted_predictor_changes_no_prior(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    later = sleepstudy.assign(Days=sleepstudy["Days"] + 2000)
    before, after = (scales(default_priors(design_of(SLOPES, frame))) for frame in (sleepstudy, later))
    np.testing.assert_allclose(after, before, rtol=1e-12)


def test_without_intercept_the_level_of_y_is_the_coefficients(
    sleepstudy: pd.DataFrame, design_of: DesignOf
) -> None:
    priors = default_priors(design_of("Reaction ~ 0 + Days + (1 | Subject)", sleepstudy))
    y, x = sleepstudy["Reaction"], sleepstudy["Days"]
    expected = {"mu": 0.0, "sigma": 2.5 * np.sqrt((y**2).mean()) / x.std()}
    assert dict(priors.coefficients[0].args) == pytest.approx(expected)
    assert priors.parameters["sigma"].args["sigma"] == pytest.approx(y.std())


def test_the_offset_is_taken_off_first(sleepstudy: pd.DataFrame, design_of: DesignOf) -> None:
    frame = sleepstudy.assign(
        known=100 * sleepstudy["Days"], rest=sleepstudy["Reaction"] - 100 * sleepstudy["Days"]
    )
    with_offset = default_priors(design_of("Reaction ~ Days + offset(known) + (1 | Subject)", frame))
    without = default_priors(design_of("rest ~ Days + (1 | Subject)", frame))
    np.testing.assert_allclose(scales(with_offset), scales(without))
    assert with_offset.coefficients[0].args["mu"] == pytest.approx(frame["rest"].mean())
