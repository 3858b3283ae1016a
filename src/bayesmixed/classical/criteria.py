"""Log likelihood and information criteria of a fit by maximum likelihood, restricted or full."""

from __future__ import annotations

import numpy as np

from bayesmixed.classical.estimate import Maximized


def aic(fitted: Maximized) -> float:
    """Akaike's criterion, -2 log L + 2 k (Akaike 1974); for REML the restricted likelihood, as in lme4."""
    return fitted.optimum.criterion + 2.0 * fitted.n_parameters


def aicc(fitted: Maximized) -> float:
    """Akaike's criterion for small samples, AIC + 2 k (k + 1) / (n - k - 1) (Hurvich and Tsai 1989).

    Infinite when there are no more than k + 1 rows.
    """
    k, n = fitted.n_parameters, fitted.design.n_rows
    return aic(fitted) + (2.0 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf)


def bic(fitted: Maximized) -> float:
    """Schwarz's criterion, -2 log L + k log n (Schwarz 1978), n the number of rows as in lme4."""
    return fitted.optimum.criterion + fitted.n_parameters * float(np.log(fitted.design.n_rows))
