"""Draws of a fit as points of its collapsed density."""

from __future__ import annotations

import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.integrated import IntegratedModel, points_of_draws
from bayesmixed.posterior.log_prior import centred_coefficients, centred_scales
from bayesmixed.verbs.summaries import draw_matrix


def integrated_points(draws: xr.DataTree, model: IntegratedModel) -> FloatArray:
    """Points of all posterior draws, chain after chain.

    Returns shape (chains * draws, dimension).
    """
    design, posterior = model.spec.design, draws["posterior"].to_dataset()
    sd, corr = zip(*(centred_scales(posterior, block) for block in design.blocks), strict=True)
    return points_of_draws(
        model,
        sd=tuple(each.reshape(-1, each.shape[-1]) for each in sd),
        corr=tuple(
            each.reshape(-1, *each.shape[-2:]) if block.has_correlation else None
            for each, block in zip(corr, design.blocks, strict=True)
        ),
        sigma=draw_matrix(draws, names.SIGMA),
        coefficients=centred_coefficients(draw_matrix(draws, names.BETA), design.fixed),
    )
