"""A REML or ML estimate in one row."""

from __future__ import annotations

import pandas as pd

from bayesmixed.engines.reml.estimate import Estimate


def glance(fitted: Estimate) -> pd.DataFrame:
    """Put an estimate into one row, to stack models under each other.

    Parameters
    ----------
    fitted : Estimate
        The estimate.

    Returns
    -------
    pandas.DataFrame
        One row: ``nobs``, ``sigma``, ``engine`` (``"reml"`` or ``"ml"``), ``npar``, ``log_likelihood``,
        ``AIC``, ``AICc``, ``BIC``, ``deviance`` (minus twice the log likelihood, restricted for REML),
        ``df_residual`` (rows less parameters), ``singular``.
    """
    row = {
        "nobs": fitted.design.n_rows,
        "sigma": fitted.optimum.sigma,
        "engine": fitted.likelihood.by,
        "npar": fitted.n_parameters,
        "log_likelihood": fitted.log_likelihood,
        "AIC": fitted.aic,
        "AICc": fitted.aicc,
        "BIC": fitted.bic,
        "deviance": fitted.optimum.criterion,
        "df_residual": fitted.design.n_rows - fitted.n_parameters,
        "singular": fitted.optimum.singular,
    }
    return pd.DataFrame([row])
