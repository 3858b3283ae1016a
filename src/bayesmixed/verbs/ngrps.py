"""Numbers of levels."""

from __future__ import annotations

import pandas as pd

from bayesmixed.model.spec import ModelSpec


def ngrps(spec: ModelSpec) -> pd.Series[int]:
    """Count the observed levels of every grouping factor.

    Parameters
    ----------
    spec : ModelSpec
        The model.

    Returns
    -------
    pandas.Series
        Indexed by ``group``, named ``levels``, in the order of the tables.
    """
    index = pd.Index([block.group for block in spec.design.blocks], name="group")
    return pd.Series([block.n_levels for block in spec.design.blocks], index=index, name="levels")
