"""The data with what the model says of every row."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from bayesmixed.errors import DataError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.fitted import fitted
from bayesmixed.verbs.resid import resid
from bayesmixed.verbs.summaries import bound_names


def augment(draws: xr.DataTree, spec: ModelSpec, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
    """Set fitted values and residuals beside the rows used, ready to be plotted.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    prob : float
        Probability inside the equal-tailed intervals.
    prefix : str
        Put before every new column's name; ``"."`` gives broom's names.

    Returns
    -------
    pandas.DataFrame
        The data's columns, then ``fitted``, ``fitted_se``, ``fitted_lower_2.5``, ``fitted_upper_97.5``,
        ``fixed`` (the population's value), ``fixed_se``, ``fixed_lower_2.5``, ``fixed_upper_97.5``,
        ``resid``, ``std_resid``.

    Raises
    ------
    DataError
        When the data have a column of one of these names.
    BayesmixedError
        When `prob` is not between 0 and 1.
    """
    return beside_data(
        spec.design.frame,
        fitted=fitted(draws, spec, prob=prob),
        fixed=fitted(draws, spec, effects="fixed", prob=prob),
        resid=resid(draws, spec, prob=prob),
        std_resid=resid(draws, spec, kind="standardized", prob=prob),
        prob=prob,
        prefix=prefix,
    )


def beside_data(
    frame: pd.DataFrame,
    *,
    fitted: pd.DataFrame,
    fixed: pd.DataFrame,
    resid: pd.DataFrame,
    std_resid: pd.DataFrame,
    prob: float,
    prefix: str,
) -> pd.DataFrame:
    """Set tables with one row for each row of the data beside them, whoever estimated them."""
    new = pd.concat(
        [
            _named(fitted, "fitted", prob),
            _named(fixed, "fixed", prob),
            resid["value"].rename("resid"),
            std_resid["value"].rename("std_resid"),
        ],
        axis=1,
    ).add_prefix(prefix)
    taken = [str(name) for name in new.columns if name in frame.columns]
    if taken:
        raise DataError(f"The data already have a column {', '.join(taken)}; give prefix='.' or another.")
    return pd.concat([frame, new], axis=1)


def _named(table: pd.DataFrame, stem: str, prob: float) -> pd.DataFrame:
    """Columns of a summary under a stem: ``fitted``, ``fitted_se``, ``fitted_lower_2.5``."""
    names = {"value": stem, **{name: f"{stem}_{name}" for name in ("se", *bound_names(prob))}}
    return table[list(names)].rename(columns=names)
