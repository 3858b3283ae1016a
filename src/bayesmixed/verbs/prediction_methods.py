"""Verbs of a Bayesian fit that predict: methods that delegate, nothing computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import pandas as pd
import xarray as xr

from bayesmixed.options import NewLevels, PredictKind

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.prediction_rows import PredictEffects
    from bayesmixed.engines.records import RunInfo
    from bayesmixed.model.spec import ModelSpec
    from bayesmixed.verbs.contrasts import ContrastChoice


class EffectOptions(TypedDict, total=False):
    """Options of every verb that predicts."""

    effects: PredictEffects
    new_levels: NewLevels
    prob: float
    seed: int | None


class RowOptions(EffectOptions, total=False):
    """Options of :meth:`PredictionMethods.predict`."""

    kind: PredictKind
    weights: str | ArrayLike | None
    progress: bool | None


class GridOptions(EffectOptions, total=False):
    """Options of :meth:`PredictionMethods.predictions_at`."""

    average: bool


class SlopeOptions(GridOptions, total=False):
    """Options of :meth:`PredictionMethods.slopes`."""

    at: Mapping[str, Any] | None


class ContrastOptions(SlopeOptions, total=False):
    """Options of :meth:`PredictionMethods.comparisons`."""

    contrast: ContrastChoice


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

    @overload
    def predict(
        self,
        newdata: IntoFrame | None = None,
        *,
        draws: Literal[False] = False,
        **options: Unpack[RowOptions],
    ) -> pd.DataFrame: ...
    @overload
    def predict(
        self, newdata: IntoFrame | None = None, *, draws: Literal[True], **options: Unpack[RowOptions]
    ) -> xr.DataArray: ...
    @overload
    def predict(
        self, newdata: IntoFrame | None = None, *, draws: bool, **options: Unpack[RowOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
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
        """Prediction of every row, new or old; see :func:`bayesmixed.verbs.predict.predict`."""
        from bayesmixed.verbs.predict import predict

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

    @overload
    def predictions_at(
        self, at: Mapping[str, Any], *, draws: Literal[False] = False, **options: Unpack[GridOptions]
    ) -> pd.DataFrame: ...
    @overload
    def predictions_at(
        self, at: Mapping[str, Any], *, draws: Literal[True], **options: Unpack[GridOptions]
    ) -> xr.DataArray: ...
    @overload
    def predictions_at(
        self, at: Mapping[str, Any], *, draws: bool, **options: Unpack[GridOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
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
        """Mean on a grid of values; see :func:`bayesmixed.verbs.marginal_effects.predictions_at`."""
        from bayesmixed.verbs.marginal_effects import predictions_at

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

    @overload
    def comparisons(
        self, variable: str, *, draws: Literal[False] = False, **options: Unpack[ContrastOptions]
    ) -> pd.DataFrame: ...
    @overload
    def comparisons(
        self, variable: str, *, draws: Literal[True], **options: Unpack[ContrastOptions]
    ) -> xr.DataArray: ...
    @overload
    def comparisons(
        self, variable: str, *, draws: bool, **options: Unpack[ContrastOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
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
        """Difference of two means; see :func:`bayesmixed.verbs.marginal_effects.comparisons`."""
        from bayesmixed.verbs.marginal_effects import comparisons

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

    @overload
    def slopes(
        self, variable: str, *, draws: Literal[False] = False, **options: Unpack[SlopeOptions]
    ) -> pd.DataFrame: ...
    @overload
    def slopes(
        self, variable: str, *, draws: Literal[True], **options: Unpack[SlopeOptions]
    ) -> xr.DataArray: ...
    @overload
    def slopes(
        self, variable: str, *, draws: bool, **options: Unpack[SlopeOptions]
    ) -> pd.DataFrame | xr.DataArray: ...
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
        """Slope of the mean in a number; see :func:`bayesmixed.verbs.marginal_effects.slopes`."""
        from bayesmixed.verbs.marginal_effects import slopes

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
