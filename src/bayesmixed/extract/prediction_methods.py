"""Verbs of a Bayesian fit that predict: methods that delegate, nothing computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from bayesmixed.options import NewLevels, PredictKind

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.prediction_rows import PredictEffects
    from bayesmixed.engines.records import RunInfo
    from bayesmixed.extract.contrasts import ContrastChoice
    from bayesmixed.model.spec import ModelSpec


class PredictionMethods:
    """What a fit predicts, for new rows, on grids and over its data.

    Attributes
    ----------
    spec : ModelSpec
        Design and priors.
    draws : xarray.DataTree
        Posterior draws.
    run : RunInfo
        Its seed is used unless another is given.
    """

    spec: ModelSpec
    draws: xr.DataTree
    run: RunInfo

    def predict(
        self,
        newdata: IntoFrame | None = None,
        *,
        effects: PredictEffects = "all",
        new_levels: NewLevels = "error",
        kind: PredictKind = "mean",
        prob: float = 0.95,
        weights: str | ArrayLike | None = None,
        draws: bool = False,
        seed: int | None = None,
        progress: bool | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Prediction of every row, new or old; see :func:`bayesmixed.extract.predict.predict`."""
        from bayesmixed.extract.predict import predict

        return predict(
            self.draws,
            self.spec,
            newdata,
            effects=effects,
            new_levels=new_levels,
            kind=kind,
            prob=prob,
            weights=weights,
            as_draws=draws,
            seed=self.run.seed if seed is None else seed,
            progress=progress,
        )

    def predictions_at(
        self,
        at: Mapping[str, Any],
        *,
        average: bool = False,
        effects: PredictEffects = "fixed",
        new_levels: NewLevels = "error",
        prob: float = 0.95,
        draws: bool = False,
        seed: int | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Mean on a grid of values; see :func:`bayesmixed.extract.marginal_effects.predictions_at`."""
        from bayesmixed.extract.marginal_effects import predictions_at

        return predictions_at(
            self.draws,
            self.spec,
            at,
            average=average,
            effects=effects,
            new_levels=new_levels,
            prob=prob,
            as_draws=draws,
            seed=self.run.seed if seed is None else seed,
        )

    def comparisons(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        contrast: ContrastChoice = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        new_levels: NewLevels = "error",
        prob: float = 0.95,
        draws: bool = False,
        seed: int | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Difference of two means; see :func:`bayesmixed.extract.marginal_effects.comparisons`."""
        from bayesmixed.extract.marginal_effects import comparisons

        return comparisons(
            self.draws,
            self.spec,
            variable,
            at=at,
            contrast=contrast,
            average=average,
            effects=effects,
            new_levels=new_levels,
            prob=prob,
            as_draws=draws,
            seed=self.run.seed if seed is None else seed,
        )

    def slopes(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        new_levels: NewLevels = "error",
        prob: float = 0.95,
        draws: bool = False,
        seed: int | None = None,
    ) -> pd.DataFrame | xr.DataArray:
        """Slope of the mean in a number; see :func:`bayesmixed.extract.marginal_effects.slopes`."""
        from bayesmixed.extract.marginal_effects import slopes

        return slopes(
            self.draws,
            self.spec,
            variable,
            at=at,
            average=average,
            effects=effects,
            new_levels=new_levels,
            prob=prob,
            as_draws=draws,
            seed=self.run.seed if seed is None else seed,
        )
