"""Data sets that a REML or ML estimate would produce."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import SimulatedEffects, seed_sequence
from bayesmixed.verbs.simulate import simulate as simulate_from_draws

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


def simulate(
    point: xr.DataTree,
    spec: ModelSpec,
    n: int = 1,
    *,
    newdata: IntoFrame | None = None,
    effects: SimulatedEffects = "new",
    weights: str | ArrayLike | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Simulate responses of every row with the parameters at their estimates.

    Use it as lme4's ``simulate``: random effects and residuals are new unless asked otherwise.

    Parameters
    ----------
    point : xarray.DataTree
        The estimate as a posterior of one draw.
    spec : ModelSpec
        The model.
    n, newdata, effects, weights
        As in :func:`bayesmixed.verbs.simulate.simulate`, but for the default of `effects`.
    seed : int, optional
        Repeats the data sets; without it every call differs.

    Returns
    -------
    pandas.DataFrame
        Columns ``sim_1``, ``sim_2``, ...; one row for each row, under the index of the data.

    Raises
    ------
    BayesmixedError, DataError
        As in :func:`bayesmixed.verbs.simulate.simulate`.
    """
    # A correlation that does not exist, beside a standard deviation of zero, adds nothing to any effect.
    posterior = point["posterior"].to_dataset().fillna(0.0)
    number = int(seed_sequence(seed).generate_state(1, np.uint32)[0]) if seed is None else seed
    draws = xr.DataTree.from_dict({"/posterior": posterior})
    return simulate_from_draws(draws, spec, n, newdata=newdata, effects=effects, weights=weights, seed=number)
