"""What belongs to one model is taken as one, whatever the model; what does not is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed.design.build import build_design
from bayesmixed.errors import FileError
from bayesmixed.families.registry import FAMILIES, family_by_name
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.consistency import known_family, plausible_run, require_one_model
from bayesmixed.priors.prior import Prior

FORMULAS = (
    "y ~ 1 + (1 | g)",
    "y ~ 0 + x + (1 | g)",
    "y ~ x * v + (x + v | g) + (1 | h)",
    "y ~ x + (x || g) + (0 + v | h)",
    "y ~ x + (1 | g:h)",
    "y ~ 0 + (1 | g)",
)
RUN: dict[str, Any] = {
    "engine": "joint",
    "plan": ("all is sampled",),
    "draws": 3,
    "tune": 5,
    "chains": 2,
    "thin": 1,
    "seed": 7,
    "seconds": 0.1,
    "versions": {"numpy": "2"},
}

SpecOf = Callable[..., ModelSpec]
DrawsOf = Callable[[ModelSpec], xr.DataTree]


@pytest.mark.parametrize("center", [True, "fixed", False])
@pytest.mark.parametrize("formula", FORMULAS)
def test_draws_and_default_priors_belong_to_their_model(
    formula: str, center: Any, spec_of: SpecOf, random_draws_of: DrawsOf
) -> None:
    spec = spec_of(formula, center=center)
    require_one_model(spec, random_draws_of(spec))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_and_its_default_priors_come_back(name: str, frame: pd.DataFrame) -> None:
    rows = frame.assign(y=np.tile([0.25, 0.75], len(frame) // 2))
    for link in FAMILIES[name].links:
        family = family_by_name(name, link)
        record = {field: getattr(family, field) for field in ("name", "link", "distribution", "argument")}
        record["parameters"] = family.parameter_names
        assert known_family(record) == family
        design = build_design(
            parse_formula("y ~ x + (x | g)"), rows, residual_variance=family.has_residual_sd
        )
        priors = complete_priors(design, None, family)
        labels = [*design.fixed.terms, "sd_g[Intercept]", "sd_g[x]", "corr_g", *family.parameter_names]
        again = complete_priors(design, dict(zip(labels, priors.in_order, strict=True)), family)
        assert replace(again, user=frozenset()) == priors


def changed(change: Callable[[dict[str, xr.Dataset]], object]) -> Callable[[xr.DataTree], xr.DataTree]:
    """Draws with a group changed."""

    def of(draws: xr.DataTree) -> xr.DataTree:
        groups = {node.path: node.to_dataset(inherit=False) for node in draws.subtree}
        change(groups)
        return xr.DataTree.from_dict(groups)

    return of


def posterior(change: Callable[[xr.Dataset], xr.Dataset]) -> Callable[[xr.DataTree], xr.DataTree]:
    """Draws with a changed posterior."""
    return changed(lambda groups: groups.update({"/posterior": change(groups["/posterior"])}))


REFUSED: dict[str, tuple[Callable[[xr.DataTree], xr.DataTree], str]] = {
    "no coefficients": (posterior(lambda p: p.drop_vars("beta")), "draws of 'beta'"),
    "no effects": (posterior(lambda p: p.drop_vars("ranef_h")), "draws of 'ranef_h'"),
    "a correlation too few": (posterior(lambda p: p.drop_vars("corr_g")), "draws of 'corr_g'"),
    "whole numbers": (posterior(lambda p: p.assign(sigma=p["sigma"].astype(int))), "draws of 'sigma'"),
    "other dimensions": (posterior(lambda p: p.transpose("draw", "chain", ...)), "draws of 'beta'"),
    "a level too few": (posterior(lambda p: p.isel(g=slice(1, None))), "'ranef_g' are not labelled"),
    "levels in another order": (posterior(lambda p: p.isel(g=slice(None, None, -1))), "are not labelled"),
    "other terms": (posterior(lambda p: p.assign_coords(term=["a", "b"])), "'beta' are not labelled"),
    "no draws": (posterior(lambda p: p.isel(draw=slice(0))), "are not labelled"),
    "another response": (
        changed(lambda groups: groups.update({"/observed_data": groups["/observed_data"] * 2})),
        "rows of 'observed_data'",
    ),
    "other columns": (
        changed(lambda groups: groups.update({"/constant_data": groups["/constant_data"] * 2})),
        "rows of 'constant_data'",
    ),
}


@pytest.mark.parametrize(("change", "named"), REFUSED.values(), ids=REFUSED)
def test_draws_of_another_model_are_refused(
    change: Callable[[xr.DataTree], xr.DataTree], named: str, spec_of: SpecOf, random_draws_of: DrawsOf
) -> None:
    spec = spec_of("y ~ x + (x | g) + (1 | h)")
    draws = change(random_draws_of(spec))
    with pytest.raises(FileError, match=named):
        require_one_model(spec, draws)


@pytest.mark.parametrize(
    "change",
    [
        {"user": frozenset({"z"})},
        {"parameters": {"sigma": Prior("LKJ", {"eta": 2})}},
        {"coefficients": (Prior("Normal", {"mu": 0, "sigma": 1}),)},
        {"parameters": {"nu": Prior("Gamma", {"alpha": 2, "beta": 0.1})}},
        {"correlation": ({}, {})},
    ],
)
def test_priors_of_another_model_are_refused(
    change: dict[str, Any], spec_of: SpecOf, random_draws_of: DrawsOf
) -> None:
    spec = spec_of("y ~ x + (x | g) + (1 | h)")
    other = replace(spec, priors=replace(spec.priors, **change))
    with pytest.raises(ValueError, match=r"prior|Prior|zip"):
        require_one_model(other, random_draws_of(spec))


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "exec"},
        {"draws": "3"},
        {"draws": True},
        {"chains": -1},
        {"seed": 10**30},
        {"seconds": float("nan")},
        {"seconds": "1"},
        {"plan": "all"},
        {"plan": (1,)},
        {"versions": {"numpy": 2}},
    ],
)
def test_a_run_of_another_kind_is_refused(change: dict[str, Any]) -> None:
    assert plausible_run(RUN).draws == 3
    with pytest.raises(FileError, match="how its draws were made"):
        plausible_run({**RUN, **change})
