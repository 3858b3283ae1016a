"""What plots ask of a fit, and of the rows and levels that it has at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed.design.prediction_rows import PredictEffects
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.engines.records import RunInfo
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import IccKind, ResidualKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class PlottedFit(Protocol):
    """A fit as plots see it; ``bayesmixed.MixedFit`` and ``bayesmixed.RemlFit`` are two."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""
        ...

    @property
    def _with_rows(self) -> Self:
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


def sample_note(design: Design) -> str:
    """Words for the rows at hand, e.g. ``"a random sample of 10,000 of 100,000,000 rows"``."""
    held, total = design.n_held, design.n_rows
    return "" if held == total else f"a random sample of {held:,} of {total:,} rows"


def labelled[SomeAxes: (Axes, NDArray[Any])](fit: PlottedFit, axes: SomeAxes) -> SomeAxes:
    """The same axes; where the rows are a random sample, words on them say so."""
    note, panels = sample_note(fit.spec.design), np.ravel(np.asarray(axes, dtype=object))
    if note and len(panels) == 1:
        panels[0].set_xlabel(f"{panels[0].get_xlabel()}\n({note})")
    elif note:
        panels[0].set_title(f"{note}\n", fontsize="small", loc="left")
    return axes


def present_levels(block: GroupBlock) -> tuple[IntArray, tuple[str, ...]]:
    """Codes and labels of the levels that the rows at hand have.

    Returns shape (n,).
    """
    present, codes = np.unique(block.codes, return_inverse=True)
    return codes.astype(np.int64), tuple(block.levels[code] for code in present)


def spread_levels(score: FloatArray, n_panels: int) -> IntArray:
    """Levels from the lowest score to the highest, evenly spaced in rank.

    Shapes: `score` (J,).
    """
    order = np.argsort(score, kind="stable")
    if len(order) <= n_panels:
        return order
    return order[np.linspace(0, len(order) - 1, n_panels).round().astype(np.int64)]
