"""Verbs of a REML or ML fit that predict: methods that delegate, nothing computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmixed.options import NewLevels, PredictKind

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike

    from bayesmixed.design.prediction_rows import PredictEffects
    from bayesmixed.engines.reml.estimate import Estimate
    from bayesmixed.verbs.contrasts import ContrastChoice


class PredictionMethods:
    """What an estimate predicts, for new rows, on grids and over its data.

    Attributes
    ----------
    estimate : Estimate
        The optimum with the likelihood that it comes from.
    """

    estimate: Estimate

    def predict(
        self,
        newdata: IntoFrame | None = None,
        *,
        effects: PredictEffects = "all",
        new_levels: NewLevels = "error",
        kind: PredictKind = "mean",
        prob: float = 0.95,
        weights: str | ArrayLike | None = None,
    ) -> pd.DataFrame:
        """Prediction of every row, new or old; see :func:`bayesmixed.verbs.estimate.predict.predict`."""
        from bayesmixed.verbs.estimate.predict import predict

        return predict(
            self.estimate,
            newdata,
            effects=effects,
            new_levels=new_levels,
            kind=kind,
            prob=prob,
            weights=weights,
        )

    def predictions_at(
        self,
        at: Mapping[str, Any],
        *,
        average: bool = False,
        effects: PredictEffects = "fixed",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Mean on a grid of values; see :func:`bayesmixed.verbs.estimate.marginal_effects.predictions_at`."""
        from bayesmixed.verbs.estimate.marginal_effects import predictions_at

        return predictions_at(self.estimate, at, average=average, effects=effects, prob=prob)

    def comparisons(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        contrast: ContrastChoice = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Difference of two means; see :func:`bayesmixed.verbs.estimate.marginal_effects.comparisons`."""
        from bayesmixed.verbs.estimate.marginal_effects import comparisons

        return comparisons(
            self.estimate, variable, at=at, contrast=contrast, average=average, effects=effects, prob=prob
        )

    def slopes(
        self,
        variable: str,
        *,
        at: Mapping[str, Any] | None = None,
        average: bool = True,
        effects: PredictEffects = "fixed",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Slope of the mean in a number; see :func:`bayesmixed.verbs.estimate.marginal_effects.slopes`."""
        from bayesmixed.verbs.estimate.marginal_effects import slopes

        return slopes(self.estimate, variable, at=at, average=average, effects=effects, prob=prob)
