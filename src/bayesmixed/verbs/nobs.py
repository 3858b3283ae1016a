"""Number of observations."""

from __future__ import annotations

from bayesmixed.model.spec import ModelSpec


def nobs(spec: ModelSpec) -> int:
    """Count the rows that the model uses, those left out for missing values not counted.

    Parameters
    ----------
    spec : ModelSpec
        The model.

    Returns
    -------
    int
        Rows.
    """
    return spec.design.n_rows
