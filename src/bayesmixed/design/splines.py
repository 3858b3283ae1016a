"""Cubic regression splines: knots, basis and penalty (Wood 2017, Generalized Additive Models, section 5.3.1).

A natural cubic spline through k knots has values b and second derivatives g at the knots, D b = B g, and the
penalty, the integral of its squared second derivative, is g'B g. With B = L L' the penalized part of a smooth
is written in u = L'g: the penalty is u'u, and u ~ N(0, sd^2 I) is mgcv's smooth with the smoothing parameter
sigma^2 / sd^2. What the penalty does not see is a straight line. As in mgcv, the sum of a smooth over the
rows is zero, and the values at the knots of its penalized part are orthogonal to those of its line. The
columns are scaled so that the mean over the rows of the variance of the penalized part is sd^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.errors import DataError

FloatArray = NDArray[np.float64]


def smooth_trend(values: Any, k: int, *, _state: dict[str, Any]) -> FloatArray:
    """Straight line less its mean over the rows of the fit, shape (n,)."""
    if not _state:
        _state["mean"] = float(np.mean(_numbers(values, k)))
    return np.asarray(_numbers(values) - _state["mean"])


def smooth_basis(values: Any, k: int, is_centred: bool = True, *, _state: dict[str, Any]) -> FloatArray:
    """Columns of the penalized part, shape (n, k - 2); their sums over the rows are zero where centred."""
    x = _numbers(values)
    if not _state:
        knots = np.quantile(np.unique(_numbers(values, k)), np.linspace(0.0, 1.0, k))
        columns, line = _penalized(x, knots), _line(x, knots)
        here, values_here = _line(knots, knots), _penalized(knots, knots)
        apart, sums = here[:, 1] - line[:, 1].mean() if is_centred else here[:, 1], (line, columns)
        first = [each.sum(axis=0) for each in (sums if is_centred else (here, values_here))]
        second = [apart @ each for each in (here, values_here)]
        taken = np.linalg.solve(np.stack([first[0], second[0]]), np.stack([first[1], second[1]]))
        size = np.sqrt(np.mean(np.sum((columns - line @ taken) ** 2, axis=1)))
        _state |= {"knots": knots, "line": taken, "scale": size}
    knots = _state["knots"]
    return np.asarray((_penalized(x, knots) - _line(x, knots) @ _state["line"]) / _state["scale"])


def _numbers(values: Any, k: int = 0) -> FloatArray:
    """The predictor, which needs as many different values as there are knots."""
    array = np.asarray(getattr(values, "__wrapped__", values))
    if array.dtype.kind not in "iuf" or array.ndim != 1:
        raise DataError("a smooth takes one number a row")
    found = len(np.unique(array)) if k else 0
    if found < k:
        raise DataError(f"k={k} knots need {k} different values, and there are {found}; choose a smaller k")
    return array.astype(np.float64)


def _line(x: FloatArray, knots: FloatArray) -> FloatArray:
    """What is not penalized, columns of order one, shape (n, 2)."""
    return np.column_stack([np.ones(len(x)), (x - knots[0]) / (knots[-1] - knots[0])])


def _penalized(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Splines that are zero at the first and the last knot, whose penalty is that of their coefficients.

    Returns shape (n, k - 2). Beyond the knots they run on as straight lines.
    """
    z, t = ((each - knots[0]) / (knots[-1] - knots[0]) for each in (x, knots))
    h, k = np.diff(t), len(t)
    second, bands = np.zeros((k - 2, k)), np.zeros((k - 2, k - 2))
    inner = np.arange(k - 2)
    second[inner, inner], second[inner, inner + 2] = 1.0 / h[:-1], 1.0 / h[1:]
    second[inner, inner + 1] = -1.0 / h[:-1] - 1.0 / h[1:]
    bands[inner, inner] = (h[:-1] + h[1:]) / 3.0
    bands[inner[:-1], inner[1:]] = bands[inner[1:], inner[:-1]] = h[1:-1] / 6.0
    root = np.linalg.cholesky(bands)
    values, bends = np.zeros((k, k - 2)), np.zeros((k, k - 2))
    values[1:-1] = np.linalg.solve(second[:, 1:-1], root)
    bends[1:-1] = np.linalg.inv(root).T
    j = np.clip(np.searchsorted(t, z, side="right") - 1, 0, k - 2)
    inside = np.clip(z, t[0], t[-1])
    left, right = (t[j + 1] - inside)[:, None], (inside - t[j])[:, None]
    width = h[j][:, None]
    out = (left * values[j] + right * values[j + 1]) / width
    out += (left**3 / width - width * left) / 6.0 * bends[j]
    out += (right**3 / width - width * right) / 6.0 * bends[j + 1]
    slopes = (values[j + 1] - values[j]) / width
    slopes += (width / 6.0 - left**2 / (2.0 * width)) * bends[j]
    slopes += (right**2 / (2.0 * width) - width / 6.0) * bends[j + 1]
    return np.asarray(out + (z - inside)[:, None] * slopes)
