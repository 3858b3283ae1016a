"""The unit-free form of a model, in which all engines' arithmetic is done.

The response is divided by its sample standard deviation, every column by its own, columns of X are centred
when there is an intercept. So rescaling y or a predictor by a power of two changes not one bit of what is
sampled, and the units of the data cost no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import Design, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What turns unit-free numbers into the units of the data.

    Attributes
    ----------
    center, scale : float
        The response is ``center + scale * unit-free``; the centre is 0 without an intercept.
    means, scales : FloatArray
        Of the columns of X, shape (p,); means are 0 without an intercept.
    effects : tuple[FloatArray, ...]
        For each block the scales of its columns, shape (k,).
    has_intercept : bool
        Whether column 0 of X is an intercept.
    """

    center: float
    scale: float
    means: FloatArray
    scales: FloatArray
    effects: tuple[FloatArray, ...]
    has_intercept: bool

    def coefficients(self, unit_free: FloatArray) -> FloatArray:
        """Coefficients in the units of the data, the intercept at x = 0.

        Parameters
        ----------
        unit_free : FloatArray
            Shape (..., p), the intercept at the means of the columns.

        Returns
        -------
        FloatArray
            Shape (..., p).
        """
        out = unit_free * (self.scale / self.scales)
        if self.has_intercept:
            out[..., 0] += self.center - out[..., 1:] @ self.means[1:]
        return out

    def ranef(self, block: int, unit_free: FloatArray) -> FloatArray:
        """Random effects, or their sds, of a block in the units of the data, shape (..., k)."""
        scaled: FloatArray = unit_free * (self.scale / self.effects[block])
        return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFree:
    """A design in unit-free form, rows multiplied by the square root of their weight.

    Attributes
    ----------
    response : FloatArray
        Shape (n,).
    fixed : FloatArray
        Shape (n, p).
    columns : tuple[FloatArray, ...]
        For each block, shape (n, k).
    codes : tuple[IntArray, ...]
        For each block, shape (n,).
    n_levels : tuple[int, ...]
        For each block.
    log_weights : float
        Sum over the rows of the log weight.
    """

    response: FloatArray
    fixed: FloatArray
    columns: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]
    n_levels: tuple[int, ...]
    log_weights: float


def units_of(design: Design) -> Units:
    """Units of a design.

    Parameters
    ----------
    design : Design
        The design to be fitted.

    Returns
    -------
    Units
        Centre and scale of the response, the columns of X, and the columns of every block.
    """
    fixed, sums = design.fixed, design.sums
    if sums is None:
        response = design.response.values - design.offset
        center = float(np.mean(response))
        scale = float(np.sqrt(np.sum((response - center) ** 2) / (len(response) - 1)))
    else:
        center, scale = sums.response_mean, sums.response_sd
    return Units(
        center=center if fixed.has_intercept else 0.0,
        scale=scale,
        means=fixed.means if fixed.has_intercept else np.zeros_like(fixed.means),
        scales=fixed.scales,
        effects=tuple(block.scales for block in design.blocks),
        has_intercept=fixed.has_intercept,
    )


def unit_free(design: Design, units: Units) -> UnitFree:
    """Design in unit-free form.

    Parameters
    ----------
    design : Design
        The design to be fitted.
    units : Units
        Made by `units_of`.

    Returns
    -------
    UnitFree
        Arrays with one entry for each row used.
    """
    fixed = (design.fixed.matrix - units.means) / units.scales
    response = (design.response.values - design.offset - units.center) / units.scale
    columns = [block.columns / block.scales for block in design.blocks]
    if design.weights is not None:
        root = np.sqrt(design.weights)
        response, fixed = response * root, fixed * root[:, None]
        columns = [column * root[:, None] for column in columns]
    return UnitFree(
        response=response,
        fixed=fixed,
        columns=tuple(columns),
        codes=tuple(block.codes for block in design.blocks),
        n_levels=tuple(block.n_levels for block in design.blocks),
        log_weights=design.log_weights,
    )
