"""An estimate laid out like a posterior of one draw, so that what reads draws reads it too."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed.classical.estimate import Estimate
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.records import RawDraws
from bayesmixed.posterior.tree import draws_tree


def point_tree(fitted: Estimate) -> xr.DataTree:
    """Lay an estimate out as a posterior of one chain with one draw."""
    optimum, blocks = fitted.optimum, fitted.design.blocks
    raw = RawDraws(
        beta=optimum.coefficients[None, None],
        sigma=np.array([[optimum.sigma]]),
        sd=tuple(standard_deviations(covariance)[None, None] for covariance in optimum.covariances),
        corr=tuple(
            correlations(covariance)[None, None] if block.has_correlation else None
            for block, covariance in zip(blocks, optimum.covariances, strict=True)
        ),
        ranef=tuple(effects[None, None] for effects in optimum.ranef),
        sample_stats={},
    )
    return draws_tree(fitted.design, raw, {"formula": fitted.design.formula.text})


def standard_deviations(covariance: FloatArray) -> FloatArray:
    """Roots of the diagonal of a covariance matrix, shape (k,)."""
    return np.asarray(np.sqrt(np.diag(covariance)))


def correlations(covariance: FloatArray) -> FloatArray:
    """Correlation matrix of a covariance matrix, NaN beside a variance of zero, shape (k, k)."""
    sd = standard_deviations(covariance)
    known = np.where(sd > 0.0, sd, np.nan)
    matrix: FloatArray = covariance / np.outer(known, known)
    np.fill_diagonal(matrix, 1.0)
    return matrix
