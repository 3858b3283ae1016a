"""Draws of a fit as points of its collapsed density."""

from __future__ import annotations

import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.integrated import IntegratedModel, points_of_draws, residual_points
from bayesmixed.posterior.log_prior import centred_coefficients, centred_scales
from bayesmixed.verbs.summaries import draw_matrix


def integrated_points(draws: xr.DataTree, model: IntegratedModel) -> FloatArray:
    """Points of all posterior draws, chain after chain.

    Returns shape (chains * draws, dimension).
    """
    design, posterior = model.spec.design, draws["posterior"].to_dataset()
    scales = [centred_scales(posterior, block) for block in design.blocks]
    residual = {name: draw_matrix(draws, name) for name in model.spec.priors.parameters}
    residual |= {each.parameter: draw_matrix(draws, names.beta(each.parameter)) for each in design.others}
    return points_of_draws(
        model,
        sd=tuple(sd.reshape(-1, sd.shape[-1]) for sd, _ in scales),
        corr=tuple(
            corr.reshape(-1, *corr.shape[-2:]) if block.has_correlation else None
            for (_, corr), block in zip(scales, design.blocks, strict=True)
        ),
        residual=residual_points(model, residual),
        coefficients=centred_coefficients(draw_matrix(draws, names.BETA), design.fixed),
    )
