"""Leave-one-out cross-validation, by rows or by groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from bayesmixed import names
from bayesmixed.model.spec import ModelSpec, check_gaussian
from bayesmixed.posterior.prior_draws import log_likelihood
from bayesmixed.verbs.logo import leave_one_group_out

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDData


def loo(draws: xr.DataTree, spec: ModelSpec, *, group: str | None = None) -> ELPDData:
    """Expected log predictive density by leave-one-out cross-validation."""
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
