"""Fits whose digits would be lost."""

from __future__ import annotations

from bayesmixed.errors import DataError

LEAST_RESIDUAL = 1e-5
"""Residual standard deviation over that of the response below which a sum of squares has lost its digits."""


def check_residual(relative_sigma: float) -> None:
    """Refuse a fit that leaves nothing of the response.

    The residual sum of squares comes from cross-products, whose 16 digits are relative to the sum of squares
    of the response: 16 + 2 log10(relative_sigma) are left, six at 1e-5.
    """
    if not relative_sigma >= LEAST_RESIDUAL:
        raise DataError(
            f"The model leaves nothing of the response: the residual standard deviation is below "
            f"{LEAST_RESIDUAL:g} of the response's, where a fit loses its digits. Look for a predictor that "
            "is the response itself in other words, or for an outlier that dwarfs everything else."
        )
