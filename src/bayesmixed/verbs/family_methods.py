"""Verbs for families other than gaussian: methods that delegate, nothing computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

    from bayesmixed.engines.records import RunInfo
    from bayesmixed.model.spec import ModelSpec


class FamilyMethods:
    """What is asked of counts and proportions.

    Attributes
    ----------
    spec : ModelSpec
        Design, priors and family.
    draws : xarray.DataTree
        Posterior draws.
    run : RunInfo
        Its seed is used unless another is given.
    """

    spec: ModelSpec
    draws: xr.DataTree
    run: RunInfo

    def check_overdispersion(self, *, prob: float = 0.95, seed: int | None = None) -> pd.DataFrame:
        """Scatter of the responses; see :func:`bayesmixed.verbs.model_checks.check_overdispersion`."""
        from bayesmixed.verbs.model_checks import check_overdispersion

        seed = self.run.seed if seed is None else seed
        return check_overdispersion(self.draws, self.spec, prob=prob, seed=seed)

    def check_zeros(self, *, prob: float = 0.95, seed: int | None = None) -> pd.DataFrame:
        """Zeros among the responses; see :func:`bayesmixed.verbs.model_checks.check_zeros`."""
        from bayesmixed.verbs.model_checks import check_zeros

        seed = self.run.seed if seed is None else seed
        return check_zeros(self.draws, self.spec, prob=prob, seed=seed)

    def population_mean(self, newdata: IntoFrame | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Mean over all groups; see :func:`bayesmixed.verbs.population_mean.population_mean`."""
        from bayesmixed.verbs.population_mean import population_mean

        return population_mean(self.draws, self.spec, newdata, prob=prob)
