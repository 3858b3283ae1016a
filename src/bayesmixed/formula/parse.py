"""Text to formula: the response, the fixed side, the bars, the offsets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bayesmixed.errors import FormulaError
from bayesmixed.formula.algebra import MAX_TERMS, Algebra, algebra_from
from bayesmixed.formula.bars import check_distinct, closing_of_call, has_bar, random_terms
from bayesmixed.formula.expression import Expression, expression_from
from bayesmixed.formula.residuals import TERMS, residual_term
from bayesmixed.formula.response import response_from
from bayesmixed.formula.scan import Token, closing, is_call, outside, refusal, render, scan
from bayesmixed.formula.smooth import Smooth, smooth_from
from bayesmixed.formula.terms import ParameterFormula, ParsedFormula, RandomTerm, ResidualTerm
from bayesmixed.names import SIGMA


@dataclass(frozen=True, slots=True, kw_only=True)
class _RightSide:
    """What stands right of a tilde."""

    fixed: Algebra
    random: tuple[RandomTerm, ...]
    offsets: tuple[Expression, ...]
    residual: ResidualTerm | None
    smooths: tuple[Smooth, ...]


def parse_formula(formula: str | Sequence[str]) -> ParsedFormula:
    """Take a formula in lme4's language apart, nested and crossed groups expanded, in the order written.

    Of several formulas the first has the response, the others a parameter: ``"sigma ~ x + (1 | g)"``.

    ``(e || g)`` makes **every column** of ``e`` independent, as ``diag(e | g)``; lme4 splits only the terms.
    Functions other than arithmetic, comparisons and known transforms are refused before anything is
    evaluated. ``cr`` and ``cc`` are centred unless ``constraints=`` says otherwise, so that they stand beside
    an intercept.

    Examples
    --------
    >>> formula = parse_formula("Reaction ~ Days + (Days || Subject)")
    >>> [term.name for term in formula.fixed.terms], formula.random[0].covariance
    (['Intercept', 'Days'], 'diag')
    >>> [bar.group.name for bar in parse_formula("y ~ 1 + (1 | batch/cask)").random]
    ['batch', 'batch:cask']
    >>> parse_formula(["y ~ x + (1 | g)", "sigma ~ x"]).others[0].parameter
    'sigma'
    """
    text, *rest = _texts(formula)
    left, right = _sides(scan(text), text)
    response = response_from(left, text)
    if not response.columns:
        raise refusal("The response does not name a column.", text, left[0].start)
    side = _right_side(right, text)
    additions = response.additions
    if side.residual is not None and additions.errors is not None:
        raise refusal(
            f"se() and {side.residual.structure}() are not available together.",
            text,
            left[0].start,
            "Leave one of them out; brms adds the known errors to residuals that are correlated.",
        )
    if response.kind == "value":
        factors = [*side.fixed.expressions]
        factors += [each for bar in side.random for each in bar.effects.expressions]
        factors += [each for smooth in side.smooths for each in smooth.expressions]
        _check_response_apart(response.parts[0], right, factors, text)
    others = tuple(_of_parameter(each) for each in rest)
    _check_others(others, has_sigma=additions.has_sigma)
    return ParsedFormula(
        texts=(text, *rest),
        response=response,
        fixed=side.fixed,
        random=side.random,
        offsets=side.offsets,
        residual=side.residual,
        others=others,
        smooths=side.smooths,
    )


def _texts(formula: object) -> list[str]:
    """The formulas that were given, the one with the response first."""
    texts = [formula] if isinstance(formula, str) else formula
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(each, str) for each in texts):
        raise FormulaError(
            "A formula is a string such as 'y ~ x + (1 | g)', or a list of strings such as "
            f"['y ~ x + (1 | g)', 'sigma ~ x'], not {type(formula).__name__}."
        )
    return list(texts)


def _of_parameter(text: str) -> ParameterFormula:
    """Formula of a parameter beside the mean."""
    left, right = _sides(scan(text), text)
    if len(left) != 1 or left[0].kind not in ("name", "quoted"):
        raise refusal(
            "The first formula has the response; left of '~' in another stands the name of a parameter.",
            text,
            left[0].start,
            "Write e.g. 'sigma ~ x'.",
        )
    side = _right_side(right, text)
    if side.residual is not None:
        raise refusal(
            f"{side.residual.structure}() is about the residuals of the response.",
            text,
            right[0].start,
            "Write it in the first formula.",
        )
    if side.smooths:
        raise refusal(
            f"A smooth stands in the formula of the mean alone; {left[0].name} does not take any.",
            text,
            right[0].start,
            "Write bs(x, df=4) or cr(x, df=4).",
        )
    return ParameterFormula(
        text=text, parameter=left[0].name, fixed=side.fixed, random=side.random, offsets=side.offsets
    )


def _check_others(others: Sequence[ParameterFormula], *, has_sigma: bool) -> None:
    """Refuse two formulas of one parameter, and one of a parameter that is not there."""
    seen: set[str] = set()
    for each in others:
        place = len(each.text) - len(each.text.lstrip())
        if each.parameter in seen:
            raise refusal(f"{each.parameter!r} has two formulas.", each.text, place, "Write one.")
        seen.add(each.parameter)
        if each.parameter == SIGMA and not has_sigma:
            raise refusal(
                "se() states the standard errors and leaves no sigma.",
                each.text,
                place,
                "Write se(s, sigma=TRUE) for a sigma beside them, or leave this formula out.",
            )


def _right_side(right: Sequence[Token], text: str) -> _RightSide:
    """Terms, bars, offsets and residuals of what stands right of a tilde."""
    summands, offsets, random, residual, smooths = _sort_summands(right, text)
    check_distinct(random, text)
    return _RightSide(
        fixed=algebra_from(summands, text),
        random=random,
        offsets=offsets,
        residual=residual,
        smooths=smooths,
    )


def _check_response_apart(
    response: Expression, right: Sequence[Token], factors: Sequence[Expression], text: str
) -> None:
    again = next((factor for factor in factors if factor.key == response.key), None)
    if again is not None:
        raise refusal(
            f"The response {response.text!r} stands on the right side too.",
            text,
            _place_of(again.text, right),
            "Leave it out there: a response does not explain itself.",
        )


def _place_of(factor: str, right: Sequence[Token]) -> int:
    """Where a factor begins on the right side."""
    for index, token in enumerate(right):
        end = closing(right, index + (token.text != "{")) if is_call(right, index) else index
        if render(right[index : end + 1], quoted=False) == factor:
            return token.start
    return right[0].start


def _sides(tokens: Sequence[Token], text: str) -> tuple[Sequence[Token], Sequence[Token]]:
    tildes = [index for index, token in enumerate(tokens) if token.text == "~"]
    if not tildes:
        raise refusal(
            "The formula has no '~'.", text, None, "Write response ~ effects, e.g. 'y ~ x + (1 | g)'."
        )
    if len(tildes) > 1:
        raise refusal("The formula has more than one '~'.", text, tokens[tildes[1]].start)
    tilde = tokens[tildes[0]]
    if tilde not in [token for _, token in outside(tokens)]:
        raise refusal(
            "This '~' stands inside parentheses.",
            text,
            tilde.start,
            "Give the formula alone, and the data as an argument: lmer('y ~ x + (1 | g)', data).",
        )
    left, right = tokens[: tildes[0]], tokens[tildes[0] + 1 :]
    if not left:
        raise refusal("There is no response left of '~'.", text, tilde.start, "Write e.g. 'y ~ x + (1 | g)'.")
    if not right:
        raise refusal(
            "There is nothing right of '~'.", text, tilde.start, "Write 'y ~ 1' for an intercept alone."
        )
    return left, right


def _sort_summands(
    right: Sequence[Token], text: str
) -> tuple[
    list[Token],
    tuple[Expression, ...],
    tuple[RandomTerm, ...],
    ResidualTerm | None,
    tuple[Smooth, ...],
]:
    residual: ResidualTerm | None = None
    fixed: list[Token] = []
    smooths: dict[str, Smooth] = {}
    offsets: list[Expression] = []
    random: list[RandomTerm] = []
    n_terms = 0
    for signs, chunk in _summands(right, text):
        if has_bar(chunk):
            _check_added(signs, "A random term", text)
            new = random_terms(chunk, text)
            random.extend(new)
            n_terms += sum(len(term.effects.terms) for term in new)
            if n_terms > MAX_TERMS:
                raise refusal("The bars stand for too many terms.", text, chunk[0].start)
        elif _calls(chunk, ["s"]):
            _check_added(signs, "A smooth", text)
            smooth = smooth_from(chunk, text)
            if isinstance(smooth, Expression):
                random.extend(random_terms(scan(f"(1 | {smooth.source})"), text))
            elif smooths.setdefault(smooth.name, smooth) is not smooth:
                raise refusal(f"{smooth.name} stands there twice.", text, chunk[0].start, "Leave one out.")
        elif _calls(chunk, ["offset"]):
            _check_added(signs, "An offset", text)
            offsets.append(_offset(chunk, text))
        elif _calls(chunk, TERMS):
            _check_added(signs, "A residual term", text)
            if residual is not None:
                raise refusal(
                    "The residuals have two structures.",
                    text,
                    chunk[0].start,
                    f"Keep {residual.source}, or this.",
                )
            residual = residual_term(chunk, text)
        else:
            fixed.extend([*signs, *chunk])
    if smooths and not fixed:
        fixed = [*scan("1")]
    return (
        _without_leading_plus(fixed),
        tuple(offsets),
        tuple(random),
        residual,
        tuple(smooths.values()),
    )


def _calls(chunk: Sequence[Token], functions: Collection[str]) -> bool:
    """Whether a summand is a call of one of some functions."""
    named = len(chunk) > 1 and chunk[0].text in functions
    return named and closing_of_call(chunk) == len(chunk) - 1


def _summands(right: Sequence[Token], text: str) -> list[tuple[list[Token], list[Token]]]:
    """Signs and tokens of every summand."""
    breaks = {index for index, token in outside(right) if token.text in ("+", "-")}
    summands: list[tuple[list[Token], list[Token]]] = [([], [])]
    for index, token in enumerate(right):
        signs, chunk = summands[-1]
        if index not in breaks:
            chunk.append(token)
        elif not chunk:
            signs.append(token)
        elif chunk[-1].kind == "operator":
            chunk.append(token)
        else:
            summands.append(([token], []))
    signs, chunk = summands[-1]
    if not chunk:
        raise refusal(f"Something is missing after {signs[-1].text!r}.", text, signs[-1].start)
    return summands


def _check_added(signs: Sequence[Token], what: str, text: str) -> None:
    for sign in signs:
        if sign.text == "-":
            raise refusal(
                f"{what} cannot be subtracted.", text, sign.start, "Leave it out, or join it with '+'."
            )


def _offset(chunk: Sequence[Token], text: str) -> Expression:
    inner = chunk[2:-1]
    if not inner:
        raise refusal("offset() is empty.", text, chunk[0].start, "Write e.g. offset(log(exposure)).")
    return expression_from(inner, text)


def _without_leading_plus(tokens: list[Token]) -> list[Token]:
    while tokens and tokens[0].text == "+":
        tokens = tokens[1:]
    return tokens
