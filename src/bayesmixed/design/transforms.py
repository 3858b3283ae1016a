"""What the known functions of a formula compute."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.errors import DataError

Function = Callable[..., Any]


def numbers(values: Any) -> NDArray[np.float64]:
    """Convert a column or a number to floats."""
    if isinstance(values, (pd.Categorical, str, list)):
        raise DataError("text is not a number")
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise DataError("dates and other objects are not numbers; convert them in the data first")
    return array.astype(np.float64)


def _elementwise(function: Function) -> Function:
    def apply(values: Any, *arguments: Any) -> Any:
        return function(numbers(values), *arguments)

    return apply


def _on_numbers(function: Function) -> Function:
    def apply(values: Any, *arguments: Any, **options: Any) -> Any:
        return function(numbers(values), *arguments, **options)

    return apply


def _poly(function: Function) -> Function:
    def apply(values: Any, degree: int = 1, raw: bool = False, **options: Any) -> Any:
        array = numbers(values)
        if type(degree) is not int:
            raise DataError(f"degree={degree!r} must be a whole number")
        fitted = "alpha" in options["_state"]
        if not fitted and not 1 <= degree < len(np.unique(array)):
            raise DataError(f"a polynomial of degree {degree} needs more than {degree} different values")
        return function(array, degree, raw=raw, **options)

    return apply


def _spline(function: Function, **defaults: Any) -> Function:
    def apply(values: Any, df: Any = None, knots: Any = None, **options: Any) -> Any:
        array = numbers(values)
        if not options["_state"]:
            _check_spline(df, knots, options.get("degree"), most=len(np.unique(array)))
        return function(array, df, knots, **{**defaults, **options})

    return apply


def _check_spline(df: Any, knots: Any, degree: Any, *, most: int) -> None:
    for name, value, least in (("df", df, 1), ("degree", degree, 0)):
        if value is not None and not (type(value) is int and least <= value <= most):
            raise DataError(
                f"{name}={value!r} must be a whole number from {least} to the {most} different values"
            )
    if knots is not None and not (isinstance(knots, list) and all(type(k) in (int, float) for k in knots)):
        raise DataError("knots= takes numbers, e.g. knots=c(1, 2)")


def _coding(function: Function) -> Function:
    def apply(values: Any, contrasts: Any = None, levels: Any = None) -> Any:
        if contrasts is not None and not _is_coding(contrasts):
            raise DataError(f"{contrasts!r} is not a coding; write Treatment, Sum, Helmert, Diff or Poly")
        if levels is not None and not isinstance(levels, list):
            raise DataError("levels= takes texts or numbers, e.g. levels=c('b', 'a')")
        coded = pd.Series(_whole(values))
        unknown = set() if levels is None else set(coded.unique()) - set(levels)
        if unknown:
            raise DataError(f"levels= leaves out {', '.join(sorted(repr(str(level)) for level in unknown))}")
        return function(coded, contrasts, levels=levels)

    return apply


def _is_coding(contrasts: Any) -> bool:
    from formulaic.transforms.contrasts import Contrasts

    return isinstance(contrasts, Contrasts)


def _whole(values: Any) -> Any:
    """Return whole numbers as integers, so that a level reads 4 and not 4.0."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f" and np.all(values == np.floor(values)):
        return values.astype(np.int64)
    return values


@cache
def functions() -> dict[str, Function]:
    """Collect the functions that a formula may call, by their names in `bayesmixed.formula.expression`."""
    from formulaic import transforms

    known = transforms.TRANSFORMS
    elementwise = ["abs", "ceil", "cos", "exp", "exp2", "expm1", "floor", "log", "log10", "log1p", "log2"]
    elementwise += ["round", "sign", "sin", "sqrt", "tan", "tanh"]
    table: dict[str, Function] = {name: _elementwise(getattr(np, name)) for name in elementwise}
    table |= {name: _on_numbers(known[name]) for name in ("center", "scale")}
    table |= {name: _spline(known[name], constraints="center") for name in ("cc", "cr")}
    table |= {name: known[name] for name in ("Diff", "Helmert", "Poly", "Sum", "Treatment")}
    table["bs"] = _spline(known["bs"], extrapolation="extend")
    table["poly"] = _poly(known["poly"])
    table |= {"C": _coding(known["C"]), "factor": _coding(known["C"])}
    table |= {"I": lambda values: values, "c": lambda *values: list(values), "numeric": numbers}
    return table
