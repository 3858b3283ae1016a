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
    """Tabulate how the posterior moves when the priors, or the likelihood, are made a little stronger.

    Use it before believing an interval of a parameter of which the data say little, e.g. a standard deviation
    over five groups.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.

    Returns
    -------
    pandas.DataFrame
        One row for each coefficient, standard deviation and correlation, and sigma: ``term``, ``prior`` and
        ``likelihood`` (sensitivities; 0.05 and more is much), ``diagnosis`` in ArviZ's words.

    Notes
    -----
    The cumulative Jensen-Shannon distance between the posterior and itself with the priors, or the
    likelihood, raised to a power near 1, by importance sampling (Kallioinen et al. 2024, Statistics and
    Computing 34:57); computed by ArviZ. The distribution of the random effects counts as part of the
    model, not as a prior.
    """
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
