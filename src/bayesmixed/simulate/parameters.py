"""The true parameters of a simulation, read from what a user wrote."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayesmixed.covariances.covariance import Covariance
from bayesmixed.design.centring import block_diagonal
from bayesmixed.design.lookup import place_of
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.errors import DataError, near_names
from bayesmixed.formula.algebra import ColumnKey

Numbers = float | Sequence[float] | Mapping[str, float]
ROUNDING = 1e-9


def named_numbers(
    given: Numbers, wanted: Sequence[str], argument: str, keys: Sequence[ColumnKey] = ()
) -> FloatArray:
    """Put numbers that were given by name, or in order, into the order of their names.

    Returns shape (number of names,).
    """
    if isinstance(given, Mapping):
        given = by_name(given, wanted, keys, argument)
        given = [given[name] for name in wanted]
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str):
        given = [given]
    numbers = list(given)
    if len(numbers) != len(wanted):
        listed = ", ".join(wanted) or "none"
        raise DataError(f"{argument} has {len(numbers)} numbers; it needs {len(wanted)}: {listed}.")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, Real) or not np.isfinite(number):
            raise DataError(f"{argument} holds {number!r}, which is not a finite number.")
    return np.array(numbers, dtype=np.float64)


def by_name[Value](
    given: Mapping[str, Value],
    wanted: Sequence[str],
    keys: Sequence[Hashable],
    argument: str,
    *,
    complete: bool = True,
) -> dict[str, Value]:
    """Values by the names that a model has, from a mapping in which they may be spelled otherwise."""
    found: dict[str, Value] = {}
    for text, value in given.items():
        place = place_of(text, wanted, keys)
        if place is None:
            raise DataError(f"{argument} names {text!r}. {near_names(str(text), wanted)}")
        if wanted[place] in found:
            raise DataError(f"{argument} has two values for {wanted[place]!r}.")
        found[wanted[place]] = value
    missing = [name for name in wanted if name not in found]
    if missing and complete:
        raise DataError(f"{argument} has no value for {', '.join(map(repr, missing))}.")
    return found


def standard_deviations(block: GroupBlock, given: Numbers) -> FloatArray:
    """True standard deviations of a grouping factor's effects.

    Returns shape (k,).
    """
    labels = [each.name for each in block.deviations]
    keys = [block.keys[each.effects.start] for each in block.deviations]
    values = named_numbers(given, labels, f"sd[{block.group!r}]", keys)
    if np.any(values < 0):
        raise DataError(f"sd[{block.group!r}] holds a negative number.")
    return block.covariances.spread(values)


def correlation_matrix(block: GroupBlock, given: float | ArrayLike) -> FloatArray:
    """True correlation matrix of a grouping factor's effects.

    Returns shape (k, k).
    """
    argument, k = f"corr[{block.group!r}]", block.n_effects
    if not block.has_correlation:
        raise DataError(f"{argument} is given, but the formula has no correlated effects of {block.group!r}.")
    if isinstance(given, pd.DataFrame):
        named = [{label: i for i, label in enumerate(labels)} for labels in (given.index, given.columns)]
        places = [by_name(each, block.effects, block.keys, argument) for each in named]
        rows, columns = ([each[effect] for effect in block.effects] for each in places)
        given = given.to_numpy()[np.ix_(rows, columns)]
    try:
        matrix = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{argument} holds something that is not a number.") from None
    parts = block.covariances.parts
    if matrix.ndim == 0:
        matrix = block_diagonal([_all_alike(part.covariance, float(matrix), argument) for part in parts])
    if matrix.shape != (k, k):
        raise DataError(f"{argument} has shape {matrix.shape}; give one number, or a {k} x {k} matrix.")
    _check_correlation(matrix, argument)
    own = [matrix[part.effects, part.effects] for part in parts]
    if np.any(matrix[block_diagonal([np.ones_like(each) for each in own]) == 0.0] != 0):
        raise DataError(f"{argument} correlates effects that are independent in the formula.")
    for part, within in zip(parts, own, strict=True):
        if not part.covariance.has(within):
            raise DataError(
                f"{argument} is not a correlation matrix of the structure {part.covariance.name}()."
            )
    return matrix


def _all_alike(covariance: Covariance, number: float, argument: str) -> FloatArray:
    """Correlation matrix of one set of effects for one number, shape (k, k)."""
    matrix = covariance.like(number)
    if np.any(np.isnan(matrix)):
        low, high = covariance.correlation_bounds
        raise DataError(
            f"{argument}={number:g} is not between {low:.3g} and {high:.3g}, as a correlation of "
            f"{covariance.size} effects of {covariance.name}() has to be."
        )
    return matrix


def _check_correlation(matrix: FloatArray, argument: str) -> None:
    """Refuse a matrix that is not a correlation matrix."""
    if not np.all(np.isfinite(matrix)) or not np.allclose(matrix, matrix.T, atol=ROUNDING):
        raise DataError(f"{argument} is not symmetric or not finite.")
    if not np.allclose(np.diag(matrix), 1.0, atol=ROUNDING):
        raise DataError(f"{argument} needs ones on its diagonal.")
    if np.linalg.eigvalsh(matrix)[0] < -ROUNDING:
        raise DataError(
            f"{argument} is not a correlation matrix: no effects can be correlated so. Its numbers lie "
            "between -1 and 1, and must agree with each other (it has a negative eigenvalue)."
        )
