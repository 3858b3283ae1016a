"""Columns of X that depend on others: which are left out, and which rows the data then do not determine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.lookup import place_of
from bayesmixed.design.records import Design, FixedDesign, FloatArray, IntArray, LinearPredictor
from bayesmixed.errors import DataError, DesignWarning, warn
from bayesmixed.printing.records import short_repr

RANK_TOLERANCE, NEARLY = 1e-9, 1e-5
"""Share of a column that must be left beside the others: to be told apart, and to keep its digits."""

BEYOND = 1e-9
"""Scales of a left-out column by which a row may miss its combination: rounding, so that a step of a slope,
a millionth of a range, is still seen."""

OF_ZEROS = 1e-100
"""Scale of a column of zeros, of which nothing else is known: every other number is beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aliases:
    """Which of P columns are kept, and what binds the others to them."""

    # kept, left_out: places of the p independent columns and of the d others, each of which depends on
    # earlier ones
    kept: IntArray
    left_out: IntArray
    # centres, scales: of all columns, shape (P,): what is subtracted, none without an intercept, and what is
    # divided by
    centres: FloatArray
    scales: FloatArray
    combined: FloatArray  # left-out columns as combinations of those kept, both so standardized, shape (p, d)

    __repr__ = short_repr

    def combinations(self, *, has_intercept: bool) -> dict[int, dict[int, float]]:
        """Left-out columns as they stand, by their places, as combinations of kept ones, by theirs."""
        found = {}
        for d, j in enumerate(self.left_out):
            weights = self.scales[j] * self.combined[:, d] / self.scales[self.kept]
            if has_intercept:
                weights[0] += self.centres[j] - weights @ self.centres[self.kept]
            part = np.abs(self.combined[:, d]) > BEYOND
            if has_intercept:
                part[0] = weights[0] != 0.0
            found[int(j)] = {int(k): float(weights[k]) for k in np.flatnonzero(part)}
        return found

    def beyond(self, every: FloatArray) -> FloatArray:
        """How far rows lie from what binds the left-out columns in the rows of the fit.

        Shapes: `every` (m, P); returns (m, d).
        """
        if not len(self.left_out):
            return np.zeros((len(every), 0))
        rows = (every - self.centres) / self.scales
        return np.asarray(rows[:, self.left_out] - rows[:, self.kept] @ self.combined)


def told(beyond: FloatArray) -> NDArray[np.bool_]:
    """Which rows, or differences of rows, are combinations of the rows of the fit.

    Shapes: `beyond` (m, d); returns (m,).
    """
    return np.asarray(np.all(np.abs(beyond) <= BEYOND, axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standardized:
    """Columns less their centres over their scales, without their rows."""

    root: FloatArray  # R with R'R = Z'Z / n of the n standardized rows Z, shape (r, P)
    centres: FloatArray  # of the columns, shape (P,)
    scales: FloatArray  # of the columns, shape (P,)


def standardized(matrix: FloatArray, *, has_intercept: bool) -> Standardized:
    """Standardize the columns of X, and take the rows away. Shapes: `matrix` (n, P)."""
    centres, scales = column_units(matrix.mean(axis=0), matrix.std(axis=0), has_intercept=has_intercept)
    root = np.linalg.qr((matrix - centres) / scales, mode="r") / np.sqrt(len(matrix))
    return Standardized(root=root, centres=centres, scales=scales)


def column_units(means: FloatArray, sds: FloatArray, *, has_intercept: bool) -> tuple[FloatArray, FloatArray]:
    """Centre and scale of every column of X. Shapes: `means, sds` (P,)."""
    centres = means.copy() if has_intercept else np.zeros_like(means)
    centres[:1] = 0.0
    spread = sds if has_intercept else np.hypot(means, sds)
    scales = np.where(sds <= RANK_TOLERANCE * np.abs(means), np.abs(means), spread)
    return centres, np.where(scales == 0.0, OF_ZEROS, scales)


def find_aliases(columns: Standardized, tolerance: float = RANK_TOLERANCE) -> Aliases:
    """Find the columns of X that depend on earlier ones, over its rows."""
    root = columns.root
    left_out = dependent_columns(root, tolerance)
    kept = np.setdiff1d(np.arange(root.shape[1]), left_out)
    return Aliases(
        kept=kept,
        left_out=np.array(left_out, dtype=np.int64),
        centres=columns.centres,
        scales=columns.scales,
        combined=np.linalg.lstsq(root[:, kept], root[:, left_out])[0],
    )


def dependent_columns(root: FloatArray, tolerance: float) -> list[int]:
    """Find the columns of length 1 or less of which no more than a tolerance is left beside earlier ones.

    Shapes: `root` (r, P).

    Gram-Schmidt, twice for orthogonality to rounding, column after column.
    """
    basis = np.empty((len(root), 0))
    found: list[int] = []
    for index, column in enumerate(root.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length < tolerance:
            found.append(index)
        else:
            basis = np.column_stack([basis, rest / length])
    return found


def aliased_columns(matrix: FloatArray, tolerance: float = RANK_TOLERANCE) -> list[int]:
    """Find the columns of a matrix that depend linearly on earlier ones. Shapes: `matrix` (n, p)."""
    lengths = np.linalg.norm(matrix, axis=0)
    triangle = np.linalg.qr(matrix / np.where(lengths == 0, 1.0, lengths), mode="r")
    return dependent_columns(triangle, tolerance)


def refuse_nearly_aliased(columns: Standardized, aliases: Aliases, names: Sequence[str]) -> None:
    """Refuse columns of which too little is left beside earlier ones for the digits of a cross-product.

    Cross-products square the condition of a matrix: of a column that differs by a share r of its standard
    deviation from a combination of others, about 16 + 2 log10(r) digits are left, six at 1e-5.
    """
    nearly = [aliases.kept[j] for j in dependent_columns(columns.root[:, aliases.kept], NEARLY)]
    if nearly:
        raise DataError(
            f"The fixed effects can hardly be told apart: {_listed([names[j] for j in nearly])} differs "
            f"by less than {NEARLY:g} of its standard deviation from a combination of the other columns, so "
            "a fit would lose precision. Take the difference as the predictor, or leave it out."
        )


def warn_of_left_out(design: Design) -> None:
    """Warn of the columns of X that were left out, all of a predictor's at once."""
    for predictor in design.predictors.values():
        if predictor.fixed.left_out:
            _warn_of_left_out(predictor, design.n_rows)


def _warn_of_left_out(predictor: LinearPredictor, n: int) -> None:
    """Warn of the columns that the X of one predictor leaves out."""
    fixed = predictor.fixed
    aliases: Aliases = fixed.recipe.aliases
    empty = aliases.scales[aliases.left_out] == OF_ZEROS
    zeros, others = (
        [term for term, is_empty in zip(fixed.left_out, empty, strict=True) if is_empty == wanted]
        for wanted in (True, False)
    )
    combination = "a combination" if len(others) == 1 else "combinations"
    reasons = [f"{_listed(zeros)} (zero in every row)"] if zeros else []
    reasons += [f"{_listed(others)} ({combination} of the other columns)"] if others else []
    whose = "" if predictor.parameter == names.MU else f" of {predictor.parameter}"
    warn(
        f"The data of {n} rows cannot tell all fixed effects{whose} apart. The model leaves out "
        f"{' and '.join(reasons)}, as lme4 does; predictions that need them are NaN.",
        DesignWarning,
    )


def warn_of_untold(fixed: FixedDesign, beyond: FloatArray) -> None:
    """Warn of predictions that the data do not determine. Shapes: `beyond` (m, d)."""
    apart = np.abs(beyond) > BEYOND
    if np.any(apart):
        needed = [term for term, j in zip(fixed.left_out, apart.T, strict=True) if np.any(j)]
        rows = f"{np.sum(np.any(apart, axis=1))} of {len(apart)} rows"
        warn(
            f"The predictions of {rows} are NaN, and so are means over them: they need {_listed(needed)}, "
            "which the fixed effects leave out.",
            DesignWarning,
        )


def absence(design: Design, name: str) -> str:
    """Say that a name is that of a column that X leaves out."""
    rows = f"over these {design.n_rows} rows"
    for parameter, predictor in design.predictors.items():
        fixed, prefix = predictor.fixed, names.of_predictor(parameter, "")
        place = place_of(name.removeprefix(prefix), fixed.left_out, fixed.left_out_keys)
        if name.startswith(prefix) and place is not None:
            term = names.of_predictor(parameter, fixed.left_out[place])
            return f"{term!r} is left out, since it is a combination of other columns {rows}."
    return ""


def _listed(terms: Sequence[str]) -> str:
    """Names of columns."""
    return ", ".join(map(repr, terms))
