"""The linear predictor, against the sum written out row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior import linear_predictor as module
from bayesmixed.posterior.linear_predictor import linear_predictor

SpecOf = Callable[..., ModelSpec]
FORMULAS = ["y ~ x + (x | g)", "y ~ x + (1 | g) + (x | h)", "y ~ 0 + x + offset(known) + (0 + x | g)"]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("chunk", [1, 150, 10**6])
def test_it_is_the_sum_of_its_parts(
    spec_of: SpecOf,
    random_draws_of: Callable[[ModelSpec], xr.DataTree],
    formula: str,
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHUNK_VALUES", chunk)
    design = (spec := spec_of(formula)).design
    posterior = random_draws_of(spec)["posterior"].to_dataset()
    expected = np.einsum("cdp,np->cdn", posterior["beta"].values, design.fixed.matrix) + design.offset
    fixed = linear_predictor(posterior, design, effects="fixed")
    np.testing.assert_allclose(fixed.values, expected, rtol=1e-12)
    for block in design.blocks:
        ranef = posterior[f"ranef_{block.group}"].values[:, :, block.codes]
        expected = expected + np.einsum("cdnk,nk->cdn", ranef, block.columns)
    np.testing.assert_allclose(linear_predictor(posterior, design).values, expected, rtol=1e-10, atol=1e-12)


def test_rows_are_a_part_of_the_whole(
    spec_of: SpecOf, random_draws_of: Callable[[ModelSpec], xr.DataTree]
) -> None:
    spec = spec_of(FORMULAS[1])
    posterior = random_draws_of(spec)["posterior"].to_dataset()
    part = linear_predictor(posterior, spec.design, rows=slice(7, 20))
    xr.testing.assert_allclose(part, linear_predictor(posterior, spec.design).isel(row=slice(7, 20)))
    assert part.dims == ("chain", "draw", "row")


def test_the_order_of_dimensions_does_not_matter(
    spec_of: SpecOf, random_draws_of: Callable[[ModelSpec], xr.DataTree]
) -> None:
    spec = spec_of(FORMULAS[0])
    posterior = random_draws_of(spec)["posterior"].to_dataset()
    turned = posterior.transpose(..., "draw", "chain")
    xr.testing.assert_equal(linear_predictor(turned, spec.design), linear_predictor(posterior, spec.design))
