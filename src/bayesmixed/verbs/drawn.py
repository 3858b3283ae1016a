"""Quantities of which a posterior has draws, computed a block at a time, never all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.meeting import Meeting
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import covariance_roots, linear_predictor, posterior_means
from bayesmixed.posterior.response import mean_of, row_parameters
from bayesmixed.verbs.places import renamed
from bayesmixed.verbs.progress import counted
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import block_slices, summarize_blocks, summary_columns

Effects = Literal["all", "fixed"]
Scale = Literal["response", "link"]
Columns = Callable[[slice], FloatArray]
"""Draws of a slice of the quantities, shape (chains * draws, width)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """m quantities of which there are draws.

    Attributes
    ----------
    of : callable
        Gives the draws of a slice of them, shape (chains * draws, width).
    n : int
        Number of quantities, m.
    n_draws : int
        Number of draws, all chains together.
    progress : bool or None
        Whether a bar counts the quantities; None for a long job on a terminal.
    """

    of: Columns
    n: int
    n_draws: int
    progress: bool | None = False

    def __sub__(self, other: Any) -> Drawn:
        """Differences."""
        return replace(self, of=lambda part: self.of(part) - other.of(part))

    def below(self, values: FloatArray) -> Drawn:
        """Values of shape (m,) less the quantities."""
        return replace(self, of=lambda part: values[part] - self.of(part))

    def times(self, factor: FloatArray) -> Drawn:
        """Products with factors of shape (m,)."""
        return replace(self, of=lambda part: self.of(part) * factor[part])

    def over(self, divisor: FloatArray | Drawn) -> Drawn:
        """Quotients by divisors of shape (m,), which may have draws themselves."""
        by = divisor.of if isinstance(divisor, Drawn) else divisor.__getitem__
        return replace(self, of=lambda part: self.of(part) / by(part))

    def averaged(self, each: int) -> Drawn:
        """Means of so many consecutive quantities each."""
        if each == 1:
            return self

        def means(part: slice) -> FloatArray:
            out = np.zeros((self.n_draws, part.stop - part.start))
            for place, answer in enumerate(range(part.start, part.stop)):
                for block in block_slices(each, self.n_draws):
                    first = answer * each
                    rows = slice(first + block.start, first + block.stop)
                    out[:, place] += self.of(rows).sum(axis=1)
            return out / each

        return replace(self, of=means, n=self.n // each)

    def scores(self) -> FloatArray:
        """Normal scores of the mean, over the draws, of the normal distribution function, shape (m,)."""
        parts = [normal_scores(self.of(block)) for block in block_slices(self.n, self.n_draws)]
        return np.concatenate(parts)

    def summary(self, prob: float) -> Summary:
        """Medians with equal-tailed intervals."""
        with counted(self.of, self.n, self.n_draws, self.progress) as columns:
            return summarize_blocks(columns, self.n, self.n_draws, prob)

    def columns(self, prob: float) -> dict[str, FloatArray]:
        """Columns of a table, of shape (m,) each."""
        return summary_columns(self.summary(prob), prob)

    def freedom(self) -> dict[str, FloatArray]:
        """Nothing: draws do not need degrees of freedom."""
        return {}

    tests = freedom

    def labelled(self, draws: xr.DataTree, labels: pd.DataFrame) -> xr.DataArray:
        """All draws, shape (chain, draw, row), with labels as coordinates of the rows."""
        posterior, dims = draws["posterior"], (names.CHAIN, names.DRAW, names.ROW)
        coords: dict[str, Any] = {dim: posterior[dim].values for dim in dims[:2]}
        coords[names.ROW] = np.asarray(labels.index)
        described = {
            str(name): (names.ROW, np.asarray(values)) for name, values in renamed(labels, dims).items()
        }
        values = self.of(slice(0, self.n)).reshape(*(len(coords[dim]) for dim in dims[:2]), self.n)
        return xr.DataArray(values, coords=coords | described, dims=dims)


def normal_scores(standardized: FloatArray) -> FloatArray:
    """Normal scores of a mixture of normal distribution functions.

    Shapes: `standardized` (draws, rows); returns (rows,).
    """
    from scipy.special import log_ndtr, logsumexp, ndtri_exp

    side = np.where(standardized.mean(axis=0) > 0, -1.0, 1.0)
    log_tail = logsumexp(log_ndtr(side * standardized), axis=0) - np.log(len(standardized))
    return np.asarray(side * ndtri_exp(log_tail))


def mean_draws(
    draws: xr.DataTree, spec: ModelSpec, effects: Effects, rows: slice, scale: Scale = "response"
) -> FloatArray:
    """Draws of the mean, or of the linear predictor, for a slice of the rows.

    Returns shape (chains * draws, rows).
    """
    posterior = draws["posterior"].to_dataset()
    predictor = linear_predictor(posterior, spec.design, effects=effects, rows=rows)
    return row_matrix(predictor if scale == "link" else mean_of(predictor, posterior, spec.family))


def residual_sds(draws: xr.DataTree, spec: ModelSpec, rows: slice) -> FloatArray:
    """Draws of the residual standard deviations of a slice of the rows of a gaussian model.

    Returns shape (chains * draws, rows).
    """
    posterior = draws["posterior"].to_dataset()
    values = row_parameters(posterior, spec.design, spec.family, rows=rows)[names.SIGMA]
    width = len(range(*rows.indices(spec.design.n_held)))
    return np.broadcast_to(values, (*values.shape[:2], width)).reshape(-1, width)


def row_matrix(values: xr.DataArray) -> FloatArray:
    """Join the chains of draws of rows.

    Returns shape (chains * draws, rows).
    """
    array = np.asarray(values.transpose(names.CHAIN, names.DRAW, names.ROW).values)
    return array.reshape(-1, array.shape[-1])


def n_draws(draws: xr.DataTree) -> int:
    """Count the draws of all chains together."""
    sizes = draws["posterior"].sizes
    return int(sizes[names.CHAIN] * sizes[names.DRAW])


def add_group_variances(
    total: NDArray[np.float64],
    posterior: xr.Dataset,
    blocks: Sequence[GroupBlock],
    columns: Sequence[FloatArray],
    meetings: Sequence[Meeting],
) -> None:
    """Add the draws of the variances z'Sz of all grouping factors in place.

    Shapes: `total` (chains * draws, rows), each of `columns` (rows, k).
    """
    for block, own, meeting in zip(blocks, columns, meetings, strict=True):
        if block.is_smooth:
            continue
        roots, shares = covariance_roots(posterior, block), block.shares(meeting)
        for column in np.moveaxis(roots.reshape(-1, *roots.shape[2:]), -1, 0):
            total += shares * (column @ own.T) ** 2


def posterior_mean_fitted(draws: xr.DataTree, spec: ModelSpec, scale: Scale = "response") -> FloatArray:
    """Fitted value of every row at the posterior mean, at a cost that the number of draws does not multiply.

    Returns shape (n,).

    The linear predictor is linear in coefficients and random effects, so their means give its mean exactly;
    the mean of the response is its inverse link there, which is the posterior mean for the identity alone.
    """
    groups = [block.group for block in spec.design.blocks]
    own = [name for name in spec.family.parameter_names if name in spec.priors.parameters]
    means = posterior_means(draws, groups, [names.BETA, *own])
    predictor = linear_predictor(means, spec.design)
    wanted = predictor if scale == "link" else mean_of(predictor, means, spec.family)
    values: FloatArray = wanted.values[0, 0]
    return values
