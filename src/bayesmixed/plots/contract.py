"""What plots ask of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, Self, runtime_checkable

import pandas as pd
import xarray as xr

from bayesmixed.design.prediction_rows import PredictEffects
from bayesmixed.engines.records import RunInfo
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import IccKind, ResidualKind


class PlottedFit(Protocol):
    """A fit as plots see it; ``bayesmixed.MixedFit`` and ``bayesmixed.RemlFit`` are two."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""
        ...

    @property
    def with_rows(self) -> Self:
        """The same fit with rows at hand."""
        ...

    def fixef(self, *, prob: float = ...) -> pd.DataFrame:
        """Coefficients."""
        ...

    def ranef(self, *, group: str | None = ..., prob: float = ...) -> pd.DataFrame:
        """Random effects of every level."""
        ...

    def coef(self, *, group: str | None = ..., prob: float = ...) -> pd.DataFrame:
        """Coefficients of every level."""
        ...

    def varcorr(self, *, correlations: bool = ..., prob: float = ...) -> pd.DataFrame:
        """Variances, or correlations."""
        ...

    def icc(
        self, *, kind: IccKind = ..., at: Mapping[str, float] | None = ..., prob: float = ...
    ) -> pd.DataFrame:
        """Intraclass correlations."""
        ...

    def fitted(self, *, effects: Literal["all", "fixed"] = ..., prob: float = ...) -> pd.DataFrame:
        """Mean of every row."""
        ...

    def resid(self, *, kind: ResidualKind = ..., prob: float = ...) -> pd.DataFrame:
        """Residual of every row."""
        ...


class PredictingFit(PlottedFit, Protocol):
    """A fit that predicts new rows; ``bayesmixed.MixedFit`` and ``bayesmixed.RemlFit`` are two."""

    def predict(
        self, newdata: pd.DataFrame | None = ..., *, effects: PredictEffects = ..., prob: float = ...
    ) -> pd.DataFrame:
        """Mean of every row of a frame."""
        ...


@runtime_checkable
class SampledFit(Protocol):
    """A fit with a posterior; ``bayesmixed.MixedFit`` is one."""

    @property
    def draws(self) -> xr.DataTree:
        """The posterior."""
        ...

    @property
    def run(self) -> RunInfo:
        """How the draws were made."""
        ...

    def add_groups(self, *groups: str, seed: int | None = ...) -> xr.DataTree:
        """Add predictive or prior draws, and more, to `draws`."""
        ...


@runtime_checkable
class EstimatedFit(Protocol):
    """A fit that is a single point; ``bayesmixed.RemlFit`` is one."""

    @property
    def point(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""
        ...
