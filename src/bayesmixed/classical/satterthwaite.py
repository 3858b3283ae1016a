"""Satterthwaite's degrees of freedom: how well the variance of a contrast is known."""

from __future__ import annotations

import numpy as np

from bayesmixed.classical.estimate import Estimate
from bayesmixed.design.records import FloatArray


def degrees_of_freedom(fitted: Estimate, contrasts: FloatArray) -> FloatArray:
    """Satterthwaite's degrees of freedom of linear combinations of the coefficients.

    Parameters
    ----------
    fitted : Estimate
        The estimate.
    contrasts : FloatArray
        Weights of the coefficients, shape (c, p).

    Returns
    -------
    FloatArray
        Shape (c,).

    Notes
    -----
    For f = l'V l as a function of the variance parameters t with Hessian H of the criterion,
    df = 2 f^2 / (f'(t)' 2 H^-1 f'(t)), as lmerTest computes it (Kuznetsova, Brockhoff and Christensen 2017,
    Journal of Statistical Software 82(13)). With sigma profiled out, f'' in its direction gives the term
    f^2 / m, so that df = f^2 / (g' H^-1 g + f^2 / m), with g the slope of f in the relative covariance
    factors and m the degrees of freedom of sigma. Directions in which the criterion is flat add nothing.
    """
    curvature = fitted.curvature
    variances = np.einsum("ci,ij,cj->c", contrasts, curvature.covariance, contrasts)
    slopes = np.einsum("ci,mij,cj->cm", contrasts, curvature.slopes, contrasts)
    spread = np.einsum("ci,ij,cj->c", slopes, curvature.inverse, slopes)
    return np.asarray(variances**2 / (spread + variances**2 / fitted.likelihood.degrees))
