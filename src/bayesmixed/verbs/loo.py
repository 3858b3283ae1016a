"""Leave-one-out cross-validation, by rows or by groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.model.refusals import check_gaussian
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.prior_draws import log_likelihood
from bayesmixed.verbs.logo import leave_one_group_out

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDData


def loo(draws: xr.DataTree, spec: ModelSpec, *, group: str | None = None) -> ELPDData:
    """Expected log predictive density by leave-one-out cross-validation.

    Without `group` it answers how well the model predicts another row of a group that it knows; with `group`
    how well it predicts a whole group that it has never seen.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model; a group ``log_likelihood`` is used where it is there.
    spec : ModelSpec
        The model.
    group : str, optional
        A grouping factor, or any column of the data: see
        :func:`bayesmixed.verbs.logo.leave_one_group_out`.

    Returns
    -------
    arviz_stats.ELPDData
        ArviZ's own record: ``elpd``, ``se``, ``p``, and for every row or group ``elpd_i`` and ``pareto_k``;
        :func:`elpd_table` makes a frame of them.

    Raises
    ------
    DataError
        When `group` is neither a grouping factor nor a column.
    EngineError
        When `group` is given and the random effects cannot be integrated out exactly.

    Notes
    -----
    ``sum_i log p(y_i | y_-i)`` by Pareto-smoothed importance sampling (Vehtari, Gelman and Gabry 2017,
    Statistics and Computing 27:1413), each row's density given the random effects of its groups.
    """
    if group is not None:
        check_gaussian(spec, "Leaving whole groups out", "Use loo() without group=, which leaves out rows.")
        return leave_one_group_out(draws, spec, group)
    import arviz_stats

    tree = draws
    if "log_likelihood" not in draws.children:
        tree = xr.DataTree.from_dict({"/posterior": draws["posterior"].to_dataset()})
        tree["log_likelihood"] = xr.DataTree(log_likelihood(draws, spec))
    found: ELPDData = arviz_stats.loo(tree, pointwise=True, var_name=names.RESPONSE)
    return found


def elpd_table(elpd: ELPDData) -> pd.DataFrame:
    """Tabulate what every row or group adds to an expected log predictive density."""
    (dim,) = elpd.elpd_i.dims
    return pd.DataFrame(
        {
            str(dim): np.asarray(elpd.elpd_i[dim]),
            "elpd": np.asarray(elpd.elpd_i),
            "pareto_k": np.asarray(elpd.pareto_k),
        }
    )
