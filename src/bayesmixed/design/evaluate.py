"""Expressions computed from columns by walking their syntax tree; no code of the user runs."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.design.frame import Column
from bayesmixed.design.records import FloatArray
from bayesmixed.design.splines import smooth_basis, smooth_trend
from bayesmixed.errors import DataError, DesignWarning, warn
from bayesmixed.formula.expression import STATEFUL, Expression

LARGEST = 1e75
"""Size of values up to which ratios of variances are finite."""

SMOOTHS = {"smooth_basis": smooth_basis, "smooth_trend": smooth_trend}
"""What a smooth is made of; no user writes them."""

State = dict[str, dict[str, Any]]

ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True, slots=True)
class _Scope:
    """Name of the expression, values of the columns by their numbers, and the memory of the transforms."""

    text: str
    columns: Mapping[str, Column]
    state: State


def evaluate(expression: Expression, columns: Mapping[str, Column], state: State) -> Any:
    """Compute an expression. Shapes: `columns` (n,)."""
    numbered = {f"_{i}": columns[name] for i, name in enumerate(expression.columns)}
    scope = _Scope(expression.text, numbered, state)
    try:
        with np.errstate(all="ignore"):
            return _value(expression.tree, scope)
    except (
        ValueError,
        TypeError,
        ArithmeticError,
        IndexError,
        KeyError,
        AttributeError,
        MemoryError,
    ) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise DataError(f"'{expression.text}' cannot be computed: {reason}.") from None


def _value(node: ast.AST, scope: _Scope) -> Any:
    match node:
        case ast.Name(id=name):
            return scope.columns[name]
        case ast.Constant(value=value):
            return value
        case ast.List(elts=elements):
            return [_value(element, scope) for element in elements]
        case ast.UnaryOp(op=sign, operand=operand):
            return _signed(sign, _value(operand, scope))
        case ast.BinOp(left=left, op=sign, right=right):
            return ARITHMETIC[type(sign)](numbers(_value(left, scope)), numbers(_value(right, scope)))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return _compared(COMPARISONS[type(sign)], _value(left, scope), _value(right, scope))
        case ast.Call(func=ast.Name(id=name)):
            return _called(name, node, scope)
    raise TypeError(f"{type(node).__name__} is not part of an expression")


def _signed(sign: ast.unaryop, value: Any) -> Any:
    if isinstance(value, (int, float)):
        return -value if isinstance(sign, ast.USub) else value
    return -numbers(value) if isinstance(sign, ast.USub) else numbers(value)


def _compared(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> NDArray[np.bool_]:
    for this, other in ((left, right), (right, left)):
        if isinstance(this, str) and not isinstance(other, pd.Categorical):
            raise DataError(f"numbers cannot be compared with the text {this!r}")
    return np.asarray(compare(left, right), dtype=bool)


def _called(name: str, node: ast.Call, scope: _Scope) -> Any:
    arguments = [_value(argument, scope) for argument in node.args]
    options = {str(keyword.arg): _value(keyword.value, scope) for keyword in node.keywords}
    if name in STATEFUL or name in SMOOTHS:
        options["_state"] = scope.state.setdefault(ast.unparse(node), {})
    try:
        value = (SMOOTHS.get(name) or functions()[name])(*arguments, **options)
    except TypeError:
        raise DataError(f"the arguments do not suit {name}()") from None
    if name == "bs":
        _warn_beyond_knots(scope.text, numbers(arguments[0]), options["_state"])
    return value


def _warn_beyond_knots(text: str, values: FloatArray, memory: Mapping[str, Any]) -> None:
    """Warn of values where a B-spline is no longer one, as R does."""
    low, high = memory["lower_bound"], memory["upper_bound"]
    beyond = values[(values < low) | (values > high)]
    if beyond.size:
        farthest = beyond[np.argmax(np.abs(beyond - (low + high) / 2))]
        rows = f"{beyond.size} row{'s' if beyond.size > 1 else ''}, the farthest at {farthest:g}"
        warn(
            f"{text!r} lies beyond its boundary knots, {low:g} and {high:g}, in {rows}. There its "
            "polynomials run on and soon reach any size. Stay between the knots, or fit cr(), which runs on "
            "as a straight line.",
            DesignWarning,
        )


def evaluate_numbers(
    expression: Expression, columns: Mapping[str, Column], n: int, state: State
) -> FloatArray:
    """Compute an expression that gives one finite number for every row, shape (n,)."""
    value = evaluate(expression, columns, state)
    if isinstance(value, pd.Categorical):
        raise DataError(
            f"{expression.text!r} is not numeric: it holds text such as {str(value[0])!r}. "
            f"{_advice(expression, str(value[0]))}"
        )
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{expression.text!r} is not numeric.")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape not in ((), (n,)):
        raise DataError(f"{expression.text!r} does not give one number per row.")
    check_finite(array, expression.text)
    return np.array(np.broadcast_to(array, (n,)), dtype=np.float64)


def _advice(expression: Expression, first: str) -> str:
    """What to write where a number is wanted and text is found."""
    if pd.isna(pd.to_numeric(first, errors="coerce")):
        return f"Compare it to make it 0 and 1, e.g. {expression.text} == {first!r}."
    column = expression.columns[0]
    return f"If it holds numbers, convert it: data[{column!r}] = pd.to_numeric(data[{column!r}])."


def check_finite(array: NDArray[Any], text: str) -> None:
    """Refuse computed values that are not finite, or whose squares are not."""
    bad = 0 if array.dtype.kind in "bui" else int(np.count_nonzero(~np.isfinite(array)))
    largest = float(np.max(np.abs(array), initial=0.0)) if array.dtype.kind == "f" and not bad else 0.0
    refuse_not_finite(bad, largest, text)


def refuse_not_finite(bad: int, largest: float, text: str) -> None:
    """Refuse an expression that is not finite in some rows, or whose squares are not."""
    if bad:
        raise DataError(
            f"{text!r} is not finite in {bad} row{'s' if bad > 1 else ''}. Leave these rows out before "
            "fitting, or transform so that the function exists everywhere, e.g. log(x + 1) where x may be 0."
        )
    if largest and not 1 / LARGEST < largest < LARGEST:
        raise DataError(
            f"The largest value of {text!r} is {largest:.3g}; choose a unit in which it lies between "
            f"{1 / LARGEST:g} and {LARGEST:g}."
        )


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
