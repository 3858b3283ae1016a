"""A fit in one row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.engines.records import RunInfo
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.summaries import draw_matrix


def glance(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    elpd_loo: float | None = None,
) -> pd.DataFrame:
    """Put a posterior into one row, its smallest effective sample size of all bulk and tail ones."""
    row: dict[str, object] = {
        "nobs": spec.design.n_rows,
        "sigma": _sigma(draws, spec),
        "engine": run.engine,
        "chains": run.chains,
        "draws": run.draws,
        "max_rhat": float(diagnostics["r_hat"].max(skipna=False)),
        "min_ess": float(diagnostics[["ess_bulk", "ess_tail"]].to_numpy().min()),
    }
    if elpd_loo is not None:
        row["elpd_loo"] = elpd_loo
    return pd.DataFrame([row])


def estimate_glance(fitted: Estimate) -> pd.DataFrame:
    """Put an estimate into one row, its deviance restricted for REML."""
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


def _sigma(draws: xr.DataTree, spec: ModelSpec) -> float:
    """Posterior median of the residual standard deviation."""
    return float(np.median(draw_matrix(draws, names.SIGMA))) if spec.family.has_residual_sd else np.nan
