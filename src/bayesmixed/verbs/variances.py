"""Variances that the parts of a model account for, draw by draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.lookup import place_of
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.errors import DataError, near_names
from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.verbs.summaries import draw_matrix

FIXED_MEANING = "V_fix: variance of X beta over the rows"
WITH_SMOOTHS = "V_fix: variance of X beta and the smooths over the rows"


def random_variance(
    draws: xr.DataTree, block: GroupBlock, at: Mapping[str, float] | None = None
) -> FloatArray:
    """Variance that a grouping factor adds to a row, averaged over the rows.

    Returns shape (chains * draws,).

    The mean over the rows of z' S z, with S the covariance matrix of the effects and z the row's values
    (Johnson 2014, Methods in Ecology and Evolution 5:944); for a random intercept alone it is the variance of
    the intercepts.
    """
    cross = _mean_square(block, at or {})
    sd = draw_matrix(draws, names.sd(block.group))
    if not block.has_correlation:
        return np.asarray(sd**2 @ np.diag(cross))
    corr = draw_matrix(draws, names.corr(block.group))
    return np.asarray(np.einsum("se,sef,sf,ef->s", sd, corr, sd, cross, optimize=True))


def fixed_variance(draws: xr.DataTree, design: Design) -> FloatArray:
    """Sample variance over the rows of the fixed part of the linear predictor.

    Returns shape (chains * draws,).
    """
    matrix, coefficients = population_columns(draws, design)
    cross = design.sums.fixed_covariance if design.sums is not None else _covariance(matrix)
    return np.asarray(np.einsum("sp,pq,sq->s", coefficients, cross, coefficients, optimize=True))


def fixed_meaning(design: Design) -> str:
    """Meaning of V_fix in one model."""
    return WITH_SMOOTHS if design.smooths else FIXED_MEANING


def population_columns(draws: xr.DataTree, design: Design) -> tuple[FloatArray, FloatArray]:
    """Columns of X and of the smooths over the rows, with draws of their coefficients.

    Returns: shapes (n, m) and (chains * draws, m).
    """
    columns, coefficients = [design.fixed.matrix], [draw_matrix(draws, names.BETA)]
    for block in design.smooths:
        weights = block.meeting.weights
        assert weights is not None
        columns.append(weights)
        coefficients.append(draw_matrix(draws, names.ranef(block.group))[..., 0])
    if len(columns) == 1:
        return columns[0], coefficients[0]
    return np.hstack(columns), np.hstack(coefficients)


def split_blocks(design: Design) -> tuple[tuple[GroupBlock, ...], tuple[GroupBlock, ...]]:
    """Tell grouping factors from those that have a level for every row."""
    trials = design.response.trials
    grouped = len(design.groups) == 1 and trials is not None and bool(np.any(trials > 1))
    is_row = [block.is_plain and block.n_levels == design.n_rows and not grouped for block in design.groups]
    pairs = list(zip(design.groups, is_row, strict=True))
    return tuple(b for b, row in pairs if not row), tuple(b for b, row in pairs if row)


def random_meaning(blocks: Sequence[GroupBlock]) -> str:
    """Meaning of V, the variance that a grouping factor adds, in one model."""
    intercepts = all(block.effects == (names.INTERCEPT,) for block in blocks)
    if all(block.is_plain for block in blocks):
        return "variance of the intercepts" if intercepts else "mean over the rows of z'Sz"
    shares = []
    if any(block.root is not None for block in blocks):
        shares.append(
            "of related levels a is the level's own entry of A, so that V/(V_all+...) of them is "
            "heritability, or phylogenetic signal"
        )
    if any(not block.meeting.is_one for block in blocks):
        shares.append("where a row has several levels a is the sum of their squared weights")
    return f"mean over the rows of {'s^2' if intercepts else 'z' + chr(39) + 'Sz'} a ({'; '.join(shares)})"


def effects_at[Value](design: Design, at: Mapping[str, Value]) -> dict[str, Value]:
    """Values at which effects are held, by the names that the effects have in the model."""
    effects, out = _slopes(design), {}
    for text, values in at.items():
        place = place_of(text, list(effects), list(effects.values()))
        if place is None:
            known = near_names(str(text), sorted(effects))
            raise DataError(f"at= names {text!r}, which is not a random effect. {known}")
        out[list(effects)[place]] = values
    return out


def check_at(design: Design, at: Mapping[str, float]) -> None:
    """Refuse points that no random effect can be held at."""
    columns = {
        name: frozenset(c for (_, own), _ in key for c in own) for name, key in _slopes(design).items()
    }
    for name, value in at.items():
        if not (isinstance(value, Real) and math.isfinite(value)):
            raise DataError(f"at= needs one finite number for {name!r}, not {value!r}.")
        for other in columns:
            if other not in at and columns[name] <= columns[other]:
                raise DataError(f"The effect {other!r} depends on {name!r} too; give at= a value for each.")


def _slopes(design: Design) -> dict[str, ColumnKey]:
    """Varying effects but the intercept, with what their columns mean."""
    pairs = (pair for block in design.groups for pair in zip(block.effects, block.keys, strict=True))
    return {effect: key for effect, key in pairs if effect != names.INTERCEPT}


def _mean_square(block: GroupBlock, at: Mapping[str, float]) -> FloatArray:
    """Mean over the rows of z z', with some effects held at a value, shape (k, k)."""
    held = np.column_stack([np.zeros(block.n_effects), np.eye(block.n_effects)])
    for e, effect in enumerate(block.effects):
        if effect in at:
            held[e] = 0.0
            held[e, 0] = at[effect]
    return np.asarray(held @ block.second_moments @ held.T)


def _covariance(matrix: FloatArray) -> FloatArray:
    """Sample covariances of columns over the rows, shape (m, m)."""
    centred = matrix - matrix.mean(axis=0)
    return np.asarray(centred.T @ centred / (len(centred) - 1))
