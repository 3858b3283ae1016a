"""Numbers as text, with R's rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable


def format_numbers(values: Iterable[float], digits: int = 4, least: int | None = None) -> tuple[str, ...]:
    """Format numbers for one column as R prints a vector.

    Returns: all with the same number of decimals: as many as some number needs to show `digits` significant
    digits, trailing zeros not counted. Scientific where that is narrower for the column.

    The rule is ``formatReal`` of R.

    Examples
    --------
    >>> format_numbers([612.1002, 35.0717, 654.94])
    ('612.10', '35.07', '654.94')
    >>> format_numbers([1.5e-9, 2.0])
    ('1.5e-09', '2.0e+00')
    >>> format_numbers([251.40510, 0.0655514], 5), format_numbers([251.40510, 0.0655514], 5, least=3)
    (('251.405100', '0.065551'), ('251.4051', '0.0656'))
    """
    numbers = [float(value) for value in values]
    parts = [_significant(number, digits) for number in numbers if math.isfinite(number)]
    if not parts:
        return tuple(_special(number) for number in numbers)
    if least is not None:
        top = max(exponent for _, exponent in parts)
        shown = [digits if exponent == top else least for _, exponent in parts]
        known = [number for number in numbers if math.isfinite(number)]
        parts = [_significant(number, own) for number, own in zip(known, shown, strict=True)]
    decimals = max(max(0, length - 1 - exponent) for length, exponent in parts)
    mantissa = max(length for length, _ in parts) - 1
    left = max(1, 1 + max(exponent for _, exponent in parts))
    fixed_width = left + decimals + (decimals > 0)
    scientific_width = 1 + mantissa + (mantissa > 0) + 4
    style = f".{decimals}f" if fixed_width <= scientific_width else f".{mantissa}e"
    return tuple(
        _no_negative_zero(format(number, style)) if math.isfinite(number) else _special(number)
        for number in numbers
    )


def format_fixed(values: Iterable[float], decimals: int) -> tuple[str, ...]:
    """Format numbers with a given number of decimals.

    Returns: one text each.

    Examples
    --------
    >>> format_fixed([1.0004, -0.0001], 3)
    ('1.000', '0.000')
    """
    return tuple(
        _no_negative_zero(f"{value:.{decimals}f}") if math.isfinite(value) else _special(value)
        for value in values
    )


def _significant(number: float, digits: int) -> tuple[int, int]:
    """Count the significant digits that a number needs, up to `digits`, with its decimal exponent."""
    mantissa, exponent = f"{abs(number):.{digits - 1}e}".split("e")
    return max(1, len(mantissa.replace(".", "").rstrip("0"))), int(exponent)


def _special(number: float) -> str:
    """Spell a missing or infinite number as R does."""
    if math.isnan(number):
        return "NA"
    return "Inf" if number > 0 else "-Inf"


def _no_negative_zero(text: str) -> str:
    """Take the sign from a number that was rounded to zero."""
    return text.removeprefix("-") if not text.strip("-0.") else text
