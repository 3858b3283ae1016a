"""Expressions of a formula as queries of columns that are not in memory."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from bayesmixed.design.evaluate import ARITHMETIC, COMPARISONS, State
from bayesmixed.design.remote.source import ask
from bayesmixed.errors import DataError
from bayesmixed.formula.expression import CODING, STATEFUL, Expression

MOMENTS = frozenset(["center", "scale"])
"""Stateful functions that need a mean and a standard deviation alone."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A column of text."""

    column: nw.Expr


@dataclass(frozen=True, slots=True)
class _Scope:
    """Names and kinds of the columns by their numbers, and the memory of the transforms."""

    expression: Expression
    kinds: Mapping[str, str]
    state: State

    def column(self, code: str) -> nw.Expr | _Text:
        """Column by its number."""
        name = self.expression.columns[int(code[1:])]
        if self.kinds[name] == "dates":
            raise _uncomputable(
                self.expression, "dates and other objects are not numbers; convert them in the data first"
            )
        if self.kinds[name] == "text":
            return _Text(nw.col(name).cast(nw.String))
        return nw.col(name).cast(nw.Float64)

    def number(self, value: Any) -> Any:
        """Value that must be a number."""
        if isinstance(value, _Text | str):
            raise _uncomputable(self.expression, "text is not a number")
        return value


def is_categorical(expression: Expression, kinds: Mapping[str, str]) -> bool:
    """Whether an expression gives levels: text, booleans, comparisons, ``C()`` and ``factor()``."""
    match _within_identity(expression):
        case ast.Name(id=code):
            return kinds[expression.columns[int(code[1:])]] in ("text", "booleans")
        case ast.Call() as call:
            return _name(call) in CODING
        case node:
            return isinstance(node, ast.Compare)


def is_comparison(expression: Expression) -> bool:
    """Whether an expression is a comparison, perhaps within ``I()``."""
    return isinstance(_within_identity(expression), ast.Compare)


def _within_identity(expression: Expression) -> ast.AST:
    """Syntax tree of an expression without ``I()`` around it."""
    node: ast.AST = expression.tree
    while isinstance(node, ast.Call) and _name(node) == "I" and len(node.args) == 1:
        node = node.args[0]
    return node


def lazy_number(expression: Expression, kinds: Mapping[str, str], state: State) -> nw.Expr:
    """Expression that gives one number for every row, as a query."""
    scope = _Scope(expression, kinds, state)
    value = scope.number(_value(expression.tree, scope))
    return value if isinstance(value, nw.Expr) else nw.lit(float(value))


def fill_state(
    expression: Expression, frame: nw.LazyFrame[Any], kinds: Mapping[str, str], state: State
) -> None:
    """Pass over the rows for every ``center()`` and ``scale()`` of an expression, innermost first."""
    scope = _Scope(expression, kinds, state)
    calls = [node for node in ast.walk(expression.tree) if isinstance(node, ast.Call)]
    for node in reversed(calls):
        if _name(node) in MOMENTS and ast.unparse(node) not in state:
            argument = scope.number(_value(node.args[0], scope))
            state[ast.unparse(node)] = _moments(frame, argument, **_options(node))


def _name(node: ast.Call) -> str:
    """Name of the function that is called."""
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _options(node: ast.Call) -> dict[str, Any]:
    """Options of ``scale()``; ``center()`` is a scale of nothing."""
    if _name(node) == "center":
        return {"scale": False}
    names = ("center", "scale", "ddof")
    given = dict(zip(names, node.args[1:], strict=False)) | {str(k.arg): k.value for k in node.keywords}
    values = {name: ast.literal_eval(value) for name, value in given.items()}
    unknown = set(values) - set(names)
    if unknown:
        raise DataError(f"{_name(node)}() has no option {sorted(unknown)[0]!r}; it has {', '.join(names)}.")
    return values


def _moments(
    frame: nw.LazyFrame[Any],
    values: nw.Expr,
    center: bool | float = True,
    scale: bool | float = True,
    ddof: float = 1,
) -> dict[str, Any]:
    """Centre and scale of an expression over the rows, None where the transform does not have them."""

    def middle() -> float:
        total, n = _sum(frame, values)
        return total / n

    def spread() -> float:
        total, n = _sum(frame, rest * rest)
        return math.sqrt(total / (n - ddof))

    centre = _chosen(center, middle)
    rest = values if centre is None else values - centre
    return {"ddof": ddof, "center": centre, "scale": _chosen(scale, spread)}


def _chosen(option: bool | float, compute: Callable[[], float]) -> float | None:
    """Number that the user gave, else that of the rows, else None."""
    if isinstance(option, bool):
        return compute() if option else None
    return float(option)


def _sum(frame: nw.LazyFrame[Any], values: nw.Expr) -> tuple[float, float]:
    """Sum of an expression over all rows, with the number of rows."""
    rows = frame.with_columns(values.alias("__x"), nw.lit(1.0).alias("__n"))
    found = ask(lambda: rows.select(nw.col("__x").sum(), nw.col("__n").sum())).iloc[0]
    return float(found["__x"]), float(found["__n"])


def _uncomputable(expression: Expression, reason: str) -> DataError:
    """Error of an expression that does not fit its columns, as for data in memory."""
    return DataError(f"'{expression.text}' cannot be computed: {reason}.")


def _value(node: ast.AST, scope: _Scope) -> Any:
    match node:
        case ast.Name(id=code):
            return scope.column(code)
        case ast.Constant(value=value):
            return float(value) if isinstance(value, bool) else value
        case ast.UnaryOp(op=sign, operand=operand):
            inner = scope.number(_value(operand, scope))
            return -inner if isinstance(sign, ast.USub) else inner
        case ast.BinOp(left=left, op=sign, right=right):
            return _arithmetic(sign, scope.number(_value(left, scope)), scope.number(_value(right, scope)))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return _compared(sign, _value(left, scope), _value(right, scope), scope)
        case ast.Call():
            return _called(node, scope)
    raise _uncomputable(scope.expression, f"{type(node).__name__} is not part of an expression")


def _arithmetic(sign: ast.operator, left: Any, right: Any) -> Any:
    """Arithmetic of doubles; a division by zero gives nothing."""
    if isinstance(sign, ast.FloorDiv | ast.Mod):
        whole = _as_query(_arithmetic(ast.Div(), left, right)).floor()
        return whole if isinstance(sign, ast.FloorDiv) else left - right * whole
    if isinstance(sign, ast.Div):
        divisor = _as_query(right)
        right = nw.when(divisor != 0).then(divisor).otherwise(None)
    return ARITHMETIC[type(sign)](left, right)


def _as_query(value: Any) -> nw.Expr:
    """Expression of a number."""
    return value if isinstance(value, nw.Expr) else nw.lit(float(value))


def _compared(sign: ast.cmpop, left: Any, right: Any, scope: _Scope) -> nw.Expr:
    """Comparison that gives 0 and 1."""
    texts = [isinstance(value, _Text | str) for value in (left, right)]
    if texts[0] != texts[1]:
        found = next((value for value in (left, right) if isinstance(value, str)), None)
        with_what = f"the text {found!r}" if found is not None else "text"
        raise _uncomputable(scope.expression, f"numbers cannot be compared with {with_what}")
    if texts[0] and not isinstance(sign, ast.Eq | ast.NotEq):
        raise _uncomputable(scope.expression, "data that are not in memory compare text by == and != only")
    sides = [value.column if isinstance(value, _Text) else value for value in (left, right)]
    held = COMPARISONS[type(sign)](*(nw.lit(side) if isinstance(side, str) else side for side in sides))
    return nw.when(_as_query(held)).then(nw.lit(1.0)).otherwise(nw.lit(0.0))


def _called(node: ast.Call, scope: _Scope) -> Any:
    name = _name(node)
    if name == "I":
        return _value(node.args[0], scope)
    if name in MOMENTS:
        moments = scope.state[ast.unparse(node)]
        value = scope.number(_value(node.args[0], scope))
        value = value if moments["center"] is None else value - moments["center"]
        return value if moments["scale"] is None else _arithmetic(ast.Div(), value, moments["scale"])
    if name in _FUNCTIONS and len(node.args) == 1:
        return _FUNCTIONS[name](_as_query(scope.number(_value(node.args[0], scope))))
    why = (
        "needs all rows in memory" if name in STATEFUL else "is not available for data that are not in memory"
    )
    advice = " Polynomials can be written out: x + I(x^2)." if name == "poly" else ""
    raise DataError(
        f"{name}() in {scope.expression.text!r} {why}. Compute it in the data first, as a column; available "
        f"are arithmetic, comparisons, {', '.join(sorted([*_FUNCTIONS, *MOMENTS]))}.{advice}"
    )


def _where(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """Value where it is defined."""
    return nw.when(condition).then(value).otherwise(None)


def _logarithm(x: nw.Expr, base: float = math.e) -> nw.Expr:
    return _where(x > 0, x).log(base)


def _sign(x: nw.Expr) -> nw.Expr:
    negative = nw.when(x < 0).then(nw.lit(-1.0)).otherwise(nw.lit(0.0))
    return nw.when(x > 0).then(nw.lit(1.0)).otherwise(negative)


_FUNCTIONS: Mapping[str, Callable[[nw.Expr], nw.Expr]] = {
    "abs": lambda x: x.abs(),
    "ceil": lambda x: x.ceil(),
    "cos": lambda x: x.cos(),
    "exp": lambda x: x.exp(),
    "floor": lambda x: x.floor(),
    "log": _logarithm,
    "log10": lambda x: _logarithm(x, 10),
    "log1p": lambda x: _logarithm(x + 1.0),
    "log2": lambda x: _logarithm(x, 2),
    "numeric": lambda x: x,
    "sign": _sign,
    "sin": lambda x: x.sin(),
    "sqrt": lambda x: _where(x >= 0, x).sqrt(),
}
