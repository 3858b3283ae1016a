"""The unit-free form of a model, in which all engines' arithmetic is done.

The response is divided by its sample standard deviation, every centred column by its own (see
:mod:`bayesmixed.design.centring`). So rescaling y or a predictor by a power of two changes not one bit of
what is sampled, and the units of the data cost no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesmixed.design.centring import centred_columns, moved_covariance, no_centring
from bayesmixed.design.meeting import Meeting
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What turns unit-free numbers into the units of the data."""

    # center, scale: the response is `center + scale * unit-free`; the centre is 0 without an intercept
    center: float
    scale: float
    centring: FloatArray  # C of the centred columns X C, shape (p, p)
    scales: FloatArray  # of these, shape (p,)
    effect_centrings: tuple[FloatArray, ...]  # for each block C of its centred columns, shape (k, k)
    effects: tuple[FloatArray, ...]  # for each block their scales, shape (k,)
    has_intercept: bool  # whether column 0 of X is an intercept
    # for each block what makes effects of its levels of independent ones, None where they are these
    roots: tuple[FloatArray | None, ...] = ()

    __repr__ = short_repr

    def coefficients(self, unit_free: FloatArray) -> FloatArray:
        """Coefficients of the columns as they are, in the units of the data.

        Shapes: `unit_free` (..., p); returns (..., p).
        """
        out = unit_free * (self.scale / self.scales)
        if self.has_intercept:
            out[..., 0] += self.center
        return np.asarray(out @ self.centring.T)

    def effect_map(self, block: int) -> FloatArray:
        """Map from unit-free effects of a block's centred columns to effects of its columns, shape (k, k)."""
        return np.asarray(self.effect_centrings[block] * (self.scale / self.effects[block]))

    def ranef(self, block: int, unit_free: FloatArray) -> FloatArray:
        """Random effects of the levels in the units of the data, shape (..., J, k)."""
        effects = np.asarray(unit_free @ self.effect_map(block).T)
        root = self.roots[block] if self.roots else None
        return effects if root is None else np.asarray(root @ effects)

    def covariance(self, block: int, sd: FloatArray, corr: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Standard deviations and correlations of those effects from unit-free ones of centred columns.

        Returns: shapes (..., k) and (..., k, k).
        """
        scaled: FloatArray = sd * (self.scale / self.effects[block])
        return moved_covariance(scaled, corr, self.effect_centrings[block])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFree:
    """A design in unit-free form, rows multiplied by the square root of their weight."""

    response: FloatArray  # shape (n,)
    fixed: FloatArray  # shape (n, p)
    columns: tuple[FloatArray, ...]  # for each block, shape (n, k)
    meetings: tuple[Meeting, ...]  # for each block the levels that every row meets
    roots: tuple[FloatArray | None, ...]  # for each block what makes effects of levels of independent ones
    n_levels: tuple[int, ...]  # for each block
    log_determinant: float  # of the residuals' covariance over sigma^2 before the rows were multiplied


def units_of(design: Design, *, about_means: bool = True) -> Units:
    """Units of a design."""
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
        centring=fixed.centring,
        scales=fixed.scales,
        effect_centrings=tuple(
            block.centring if about_means else no_centring(block.n_effects) for block in design.blocks
        ),
        effects=tuple(block.scales for block in design.blocks),
        has_intercept=fixed.has_intercept,
        roots=tuple(block.root for block in design.blocks),
    )


def unit_free(design: Design, units: Units) -> UnitFree:
    """Design in unit-free form."""
    fixed = centred_columns(design.fixed.matrix, units.centring) / units.scales
    response = (design.response.values - design.offset - units.center) / units.scale
    columns = [
        centred_columns(block.columns, centring) / scales
        for block, centring, scales in zip(design.blocks, units.effect_centrings, units.effects, strict=True)
    ]
    precision = unit_precision(design, units)
    if precision is not None:
        root = np.sqrt(precision)
        response, fixed = response * root, fixed * root[:, None]
        columns = [column * root[:, None] for column in columns]
    return UnitFree(
        response=response,
        fixed=fixed,
        columns=tuple(columns),
        meetings=tuple(block.meeting for block in design.blocks),
        roots=tuple(block.root for block in design.blocks),
        n_levels=tuple(block.n_levels for block in design.blocks),
        log_determinant=log_determinant_of(design, units),
    )


def unit_precision(design: Design, units: Units) -> FloatArray | None:
    """Known part of the residuals' precision in unit-free form, of weights or of known errors, shape (n,)."""
    residual = design.residual
    if residual.errors is None or residual.has_sigma:
        return residual.weights
    return np.asarray((units.scale / residual.errors) ** 2)


def log_determinant_of(design: Design, units: Units) -> float:
    """Log determinant of the inverse of that part."""
    if design.residual.errors is None or design.residual.has_sigma:
        return design.residual.log_determinant
    return float(2.0 * np.sum(np.log(design.residual.errors / units.scale)))
