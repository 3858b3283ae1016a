"""How much each parameter's posterior depends on the priors and on the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.prior_draws import log_likelihood, log_prior
from bayesmixed.verbs.quantities import quantities

CHAIN_DRAW = (names.CHAIN, names.DRAW)


def prior_sensitivity(draws: xr.DataTree, spec: ModelSpec) -> pd.DataFrame:
    """Tabulate how the posterior moves when the priors, or the likelihood, are made a little stronger."""
    import arviz_stats

    values = quantities(draws, spec.design)
    posterior = {f"q{i}": (CHAIN_DRAW, array) for i, array in enumerate(values.values())}
    axes = {dim: draws["posterior"][dim].values for dim in CHAIN_DRAW}
    tree = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset(posterior, coords=axes),
            "/log_prior": log_prior(draws, spec),
            "/log_likelihood": log_likelihood(draws, spec),
        }
    )
    table = arviz_stats.psense_summary(tree, round_to=6)
    return pd.DataFrame(
        {
            "term": list(values),
            "prior": table["prior"].to_numpy(dtype=np.float64),
            "likelihood": table["likelihood"].to_numpy(dtype=np.float64),
            "diagnosis": table["diagnosis"].tolist(),
        }
    )
