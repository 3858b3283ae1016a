"""Linear combinations of coefficients and random effects: estimates, standard errors, degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.row_variances import combination_variances, relative_columns
from bayesmixed.classical.satterthwaite import Spread, combination_spread, degrees_of_freedom
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.reml.optimum import Optimum


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """Linear combinations of coefficients and random effects, x'b + z'u and what is known.

    Attributes
    ----------
    values : FloatArray
        Estimates, shape (c,).
    fixed : FloatArray
        Weights of the coefficients, shape (c, p).
    random : scipy.sparse.csr_array or None
        Weights of the unit random effects, as :func:`~bayesmixed.classical.row_variances.relative_columns`,
        shape (c, q); None where no random effect takes part.
    """

    values: FloatArray
    fixed: FloatArray
    random: sparse.csr_array | None

    def __sub__(self, other: Combinations) -> Combinations:
        """Differences."""
        apart = None if self.random is None else sparse.csr_array(self.random - other.random)
        return Combinations(values=self.values - other.values, fixed=self.fixed - other.fixed, random=apart)

    def mixed(self, weights: sparse.sparray) -> Combinations:
        """Combinations of the combinations, `weights` of shape (d, c)."""
        random = None if self.random is None else sparse.csr_array(weights @ self.random)
        return Combinations(values=weights @ self.values, fixed=weights @ self.fixed, random=random)

    @property
    def of_coefficients(self) -> NDArray[np.bool_]:
        """Which depend on no random effect that varies, shape (c,)."""
        if self.random is None:
            return np.ones(len(self.values), dtype=bool)
        return np.asarray(abs(self.random).sum(axis=1) == 0.0)


def combinations_of(estimate: Estimate, wanted: PredictionRows) -> Combinations:
    """Means of any rows, X b + Z u + offset; effects of new levels are zero."""
    return Combinations(
        values=predicted_values(estimate.design, estimate.optimum, wanted),
        fixed=wanted.data.fixed,
        random=relative_columns(estimate, wanted) if wanted.design.blocks else None,
    )


def predicted_values(design: Design, optimum: Optimum, wanted: PredictionRows) -> FloatArray:
    """Mean of any rows, X b + Z u + offset.

    Returns shape (m,).
    """
    data = wanted.data
    ranefs = {block.group: ranef for block, ranef in zip(design.blocks, optimum.ranef, strict=True)}
    total = data.fixed @ optimum.coefficients + data.offset
    for block, columns, codes in zip(wanted.design.blocks, data.columns, data.codes, strict=True):
        effects = np.where(codes[:, None] >= 0, ranefs[block.group][np.maximum(codes, 0)], 0.0)
        total = total + np.einsum("nk,nk->n", columns, effects)
    return np.where(wanted.told, total, np.nan)


def uncertainty(
    estimate: Estimate, asked: Combinations, added: Spread | None = None
) -> tuple[FloatArray, FloatArray]:
    """Standard errors and degrees of freedom of linear combinations.

    Returns shape (c,), (c,).

    What the data do not tell has NaN for both.
    """
    alone = asked.of_coefficients
    variances, df = np.zeros(len(alone)), np.full(len(alone), np.inf)
    if np.any(alone):
        spread = combination_spread(estimate, asked.fixed[alone])
        spread = spread if added is None else spread + added[alone]
        variances[alone], df[alone] = spread.variances, degrees_of_freedom(estimate, spread)
    if asked.random is not None and not np.all(alone):
        variances[~alone] = combination_variances(estimate, asked.fixed[~alone], asked.random[~alone])
        variances[~alone] += 0.0 if added is None else added.variances[~alone]
    untold = np.isnan(asked.values)
    variances[untold], df[untold] = np.nan, np.nan
    return np.sqrt(variances), df
