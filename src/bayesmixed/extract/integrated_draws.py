"""Draws of a fit as points of its collapsed density."""

from __future__ import annotations

import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.integrated import IntegratedModel, points_of_draws
from bayesmixed.extract.summaries import draw_matrix
from bayesmixed.posterior.log_prior import centred_coefficients


def integrated_points(draws: xr.DataTree, model: IntegratedModel) -> FloatArray:
    """Points of all posterior draws, chain after chain.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model, made by any engine.
    model : IntegratedModel
        The model with its random effects integrated out.

    Returns
    -------
    FloatArray
        Shape (chains * draws, dimension).
    """
    design = model.spec.design
    return points_of_draws(
        model,
        sd=tuple(draw_matrix(draws, names.sd(block.group)) for block in design.blocks),
        corr=tuple(
            draw_matrix(draws, names.corr(block.group)) if block.has_correlation else None
            for block in design.blocks
        ),
        sigma=draw_matrix(draws, names.SIGMA),
        coefficients=centred_coefficients(draw_matrix(draws, names.BETA), design.fixed),
    )
