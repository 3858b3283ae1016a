"""Posterior draws made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from bayesmixed.covariances.unstructured import lkj_cholesky_draws
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.records import RawDraws
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree


@pytest.fixture
def random_draws_of() -> Callable[[ModelSpec], xr.DataTree]:
    """Make four chains of fifty draws that are plausible in size and follow no model."""

    def make(spec: ModelSpec) -> xr.DataTree:
        rng, shape, design = np.random.default_rng(11), (4, 50), spec.design
        factors = [
            lkj_cholesky_draws(2.0, block.n_effects, 200, rng).reshape(
                *shape, block.n_effects, block.n_effects
            )
            for block in design.blocks
        ]
        raw = RawDraws(
            beta=rng.normal(1, 0.3, (*shape, len(design.fixed.terms))),
            parameters={"sigma": rng.uniform(1.5, 2.5, shape)},
            sd=tuple(rng.uniform(0.2, 0.8, (*shape, block.n_effects)) for block in design.blocks),
            corr=tuple(
                _correlation(factor) if block.has_correlation else None
                for block, factor in zip(design.blocks, factors, strict=True)
            ),
            ranef=tuple(rng.normal(0, 0.5, (*shape, b.n_levels, b.n_effects)) for b in design.blocks),
            sample_stats={"energy": rng.normal(300, 3, shape), "diverging": np.zeros(shape, dtype=bool)},
        )
        return draws_tree(design, raw, {})

    return make


def _correlation(factor: FloatArray) -> FloatArray:
    """Correlation matrices with a diagonal of exact ones, as every engine hands them on."""
    out = factor @ factor.swapaxes(-1, -2)
    diagonal = np.arange(out.shape[-1])
    out[..., diagonal, diagonal] = 1.0
    return out
