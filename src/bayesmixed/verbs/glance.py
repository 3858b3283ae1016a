"""A fit in one row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.engines.records import RunInfo
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.nobs import nobs
from bayesmixed.verbs.summaries import draw_matrix


def glance(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    elpd_loo: float | None = None,
) -> pd.DataFrame:
    """Put a fit into one row, to stack fits under each other.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    run : RunInfo
        How the draws were made.
    diagnostics : pandas.DataFrame
        One row for each quantity with ``r_hat``, ``ess_bulk``, ``ess_tail``.
    elpd_loo : float, optional
        Expected log predictive density by leave-one-out cross-validation; it costs a pass over rows times
        draws, so it is computed only for who asks.

    Returns
    -------
    pandas.DataFrame
        One row: ``nobs``, ``sigma`` (posterior median, NaN for a family without it), ``engine``,
        ``chains``, ``draws`` (of each chain), ``max_rhat``, ``min_ess`` (the smallest of all bulk and tail
        effective sample sizes) and, when given, ``elpd_loo``.
    """
    row: dict[str, object] = {
        "nobs": nobs(spec),
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


def _sigma(draws: xr.DataTree, spec: ModelSpec) -> float:
    """Posterior median of the residual standard deviation."""
    return float(np.median(draw_matrix(draws, names.SIGMA))) if spec.family.has_residual_sd else np.nan
