"""Arithmetic, comparisons and known functions of columns; nothing else is an expression."""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from bayesmixed.errors import near_names
from bayesmixed.formula.scan import Token, is_call, refusal, render, scan, shown

ELEMENTWISE = frozenset(
    (
        *("abs", "ceil", "cos", "exp", "exp2", "expm1", "floor", "log", "log10", "log1p", "log2"),
        *("round", "sign", "sin", "sqrt", "tan", "tanh"),
    )
)
STATEFUL = frozenset(["bs", "cc", "center", "cr", "poly", "scale"])
CODING = frozenset(["C", "factor"])
CONTRASTS = frozenset(["Diff", "Helmert", "Poly", "Sum", "Treatment"])
FUNCTIONS = ELEMENTWISE | STATEFUL | CODING | CONTRASTS | {"I", "c", "numeric"}
ALIASES = {
    "as.factor": "factor",
    "as.numeric": "numeric",
    "ceiling": "ceil",
    "contr.diff": "Diff",
    "contr.helmert": "Helmert",
    "contr.poly": "Poly",
    "contr.sum": "Sum",
    "contr.treatment": "Treatment",
    "standardize": "scale",
}
RESIDUAL = "It is a summand of its own: y ~ x + (1 | g) + ar(time, gr=g)."
INSTEAD = {
    **dict.fromkeys(("ar", "cosy", "unstr"), RESIDUAL),
    "cbind": "A model has one response: fit one model for each column.",
    "cut": "Compute it in the data first, as a column.",
    "ifelse": "Compute it in the data first, as a column, or compare: I(x > 0).",
    "interaction": "Write a:b for the combinations of a and b.",
    "ns": "Write cr(x, df=4) for a natural cubic spline.",
    "relevel": "Write C(f, Treatment(reference='b')) to choose the level to compare with.",
    "s": "A smooth is a summand of its own: y ~ s(x) + (1 | g). Elsewhere write bs(x, df=4) or cr(x, df=4).",
}
"""What to write in place of functions that formulas in R often call."""

MAX_NESTED = 100
"""Operations within operations that an expression may have: far more than anyone writes."""

R_OPERATORS = {"^": "**", "%%": "%", "%/%": "//"}
FactorKey = tuple[str, tuple[str, ...]]
"""What a factor of a term means: its code in one spelling, and its columns."""

CONSTANTS = {
    "TRUE": "True",
    "FALSE": "False",
    "True": "True",
    "False": "False",
    "None": "None",
    "NULL": "None",
    "pi": repr(math.pi),
}
"""Names that stand for a value inside expressions; between backticks they are columns."""
TRUTHS = {"TRUE": True, "True": True, "FALSE": False, "False": False}
"""Constants that are a yes or a no."""
WORD = re.compile(r"[^\W\d][\w.]*")
ALLOWED_NODES = (
    *(ast.Expression, ast.keyword, ast.Name, ast.Load),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.UnaryOp, ast.UAdd, ast.USub),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Something to compute from columns, e.g. ``log(y)``; a column alone is the simplest.

    Attributes
    ----------
    text : str
        Its name in tables, e.g. ``"I(x^2)"``.
    source : str
        How a formula writes it: as its name, with columns between backticks where they were.
    key : FactorKey
        What it means, however it is spelled: equal for ``log(x+1)`` and ``np.log( x + 1 )``.
    tree : ast.expr
        What to compute, in Python's syntax with ``_0``, ``_1``, ... in place of the columns.
    constants : tuple[str, ...]
        Names that were read as constants, e.g. ``("pi",)``.
    """

    text: str
    source: str
    key: FactorKey
    tree: ast.expr = field(compare=False, repr=False)
    constants: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the order of their numbers."""
        return self.key[1]

    @property
    def is_column(self) -> bool:
        """Whether it is a column as it stands."""
        return self.key[0] == "_0"


def column_expression(name: str, source: str | None = None) -> Expression:
    """Expression that is one column, whatever characters its name has."""
    return Expression(text=name, source=source or f"`{name}`", key=("_0", (name,)), tree=ast.Name("_0"))


def read_expression(text: str) -> Expression:
    """Expression written in a formula's language, Python's or R's spelling.

    Examples
    --------
    >>> read_expression("log(my.column + 1)").columns
    ('my.column',)
    """
    return expression_from(scan(text), text)


def expression_from(tokens: Sequence[Token], text: str) -> Expression:
    """Expression of tokens that were scanned from a formula."""
    start = tokens[0].start if tokens else 0
    columns: dict[str, str] = {}
    code = " ".join(_python(tokens, index, columns, text) for index in range(len(tokens)))
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            tree = ast.parse(code, mode="eval")
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        advice = (
            "Join its parts with an operator; a column's name with spaces stands between backticks: `my y`."
        )
        raise refusal(f"'{shown(tokens)}' is not a complete expression.", text, start, advice) from None
    _check(tree, tokens, text)
    return Expression(
        text=render(tokens, quoted=False),
        source=render(tokens),
        key=(ast.unparse(tree), tuple(columns)),
        tree=tree.body,
        constants=tuple(token.text for token in tokens if token.kind == "name" and token.text in CONSTANTS),
    )


def truth_from(tokens: Sequence[Token], argument: Token, text: str) -> bool:
    """Whether an option of a call is switched on."""
    word = tokens[0].text if len(tokens) == 1 else ""
    if word not in TRUTHS:
        raise refusal(f"{argument.text}= is TRUE or FALSE.", text, argument.start)
    return TRUTHS[word]


def canonical_function(name: str) -> str:
    """Name under which a function is known here: ``factor`` for ``as.factor``, ``log`` for ``np.log``."""
    bare = name.removeprefix("numpy.").removeprefix("np.")
    return ALIASES.get(bare, bare)


def is_plain_name(column: str) -> bool:
    """Whether a column's name is a word that means nothing else in an expression."""
    known = canonical_function(column)
    return WORD.fullmatch(column) is not None and known not in FUNCTIONS and known not in CONSTANTS


def _python(tokens: Sequence[Token], index: int, columns: dict[str, str], text: str) -> str:
    token = tokens[index]
    if token.kind == "operator":
        if token.is_bar or token.text in ("~", ":", "%in%"):
            raise refusal(f"{token.text!r} cannot stand inside an expression.", text, token.start)
        return R_OPERATORS.get(token.text, token.text)
    if token.kind in ("open", "close"):
        return {"{": "(", "}": ")"}.get(token.text, token.text)
    if token.kind == "name":
        word = _special_name(tokens, index, text)
        if word is not None:
            return word
    if token.kind in ("name", "quoted"):
        return columns.setdefault(token.name, f"_{len(columns)}")
    return token.text


def _special_name(tokens: Sequence[Token], index: int, text: str) -> str | None:
    token, name = tokens[index], canonical_function(tokens[index].text)
    if is_call(tokens, index):
        if name not in FUNCTIONS:
            raise refusal(
                f"The function {token.text!r} is not known.",
                text,
                token.start,
                INSTEAD.get(name) or near_names(name, sorted(FUNCTIONS)),
            )
        return name
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if following == "=":
        if not token.text.isidentifier() or token.text.startswith("_"):
            raise refusal(f"{token.text!r} is not the name of an argument.", text, token.start)
        return token.text
    if name in CONTRASTS and index > 0 and tokens[index - 1].text in (",", "="):
        return f"{name}()"
    return CONSTANTS.get(name)


def _check(tree: ast.AST, tokens: Sequence[Token], text: str) -> None:
    if _is_deep(tree):
        raise refusal(
            f"'{shown(tokens)}' has too many operations.",
            text,
            tokens[0].start,
            "Compute it in the data first, as a column.",
        )
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    arguments = {id(a) for call in calls for a in _arguments(call)}
    for call in calls:
        _check_arguments(call, tokens, text)
    for node in nodes:
        listed = isinstance(node, ast.List) and id(node) in arguments
        if not listed and not _is_allowed(node):
            raise refusal(
                f"'{shown(tokens)}' is more than arithmetic, comparisons and known functions of columns.",
                text,
                tokens[0].start,
                "Compute it in the data first, as a column.",
            )


def _is_deep(tree: ast.AST) -> bool:
    """Whether operations stand too deep within one another to be computed by recursion."""
    nodes = [tree]
    for _ in range(MAX_NESTED):
        if not nodes:
            return False
        nodes = [child for node in nodes for child in ast.iter_child_nodes(node)]
    return True


def _check_arguments(call: ast.Call, tokens: Sequence[Token], text: str) -> None:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    given = [keyword.arg for keyword in call.keywords]
    if len(set(given)) < len(given):
        raise refusal(f"{name}() has an argument twice.", text, tokens[0].start)
    most = 2 if name == "round" else 1
    if name in ELEMENTWISE and not 1 <= len(_arguments(call)) <= most:
        advice = "For another base write I(log(x) / log(3))." if name == "log" else ""
        raise refusal(
            f"{name}() takes {'one column' if most == 1 else 'a column and a number of digits'}.",
            text,
            tokens[0].start,
            advice,
        )


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and all(k.arg is not None for k in node.keywords)
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1
    if isinstance(node, ast.BinOp):
        return _is_number_like(node.left) and _is_number_like(node.right)
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, (int, float, str))
    return isinstance(node, ALLOWED_NODES)


def _is_number_like(node: ast.AST) -> bool:
    return not isinstance(node, ast.Constant) or isinstance(node.value, (int, float))
