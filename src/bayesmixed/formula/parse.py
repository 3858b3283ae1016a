"""Text to formula: the response, the fixed side, the bars, the offsets."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bayesmixed.covariances.registry import ABSENT_RESIDUALS
from bayesmixed.errors import FormulaError
from bayesmixed.formula.algebra import MAX_TERMS, algebra_from
from bayesmixed.formula.bars import check_distinct, closing_of_call, has_bar, random_terms
from bayesmixed.formula.expression import Expression, expression_from
from bayesmixed.formula.response import response_from
from bayesmixed.formula.scan import Token, closing, is_call, outside, refusal, render, scan
from bayesmixed.formula.terms import ParsedFormula, RandomTerm


def parse_formula(text: str) -> ParsedFormula:
    """Take a formula in lme4's language apart, nested and crossed groups expanded, in the order written.

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
    """
    if not isinstance(text, str):
        raise FormulaError(f"A formula is a string such as 'y ~ x + (1 | g)', not {type(text).__name__}.")
    left, right = _sides(scan(text), text)
    response = response_from(left, text)
    if not response.columns:
        raise refusal("The response does not name a column.", text, left[0].start)
    summands, offsets, random = _sort_summands(right, text)
    check_distinct(random, text)
    fixed = algebra_from(summands, text)
    if response.kind == "value":
        factors = [*fixed.expressions, *(each for bar in random for each in bar.effects.expressions)]
        _check_response_apart(response.parts[0], right, factors, text)
    return ParsedFormula(text=text, response=response, fixed=fixed, random=random, offsets=offsets)


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
) -> tuple[list[Token], tuple[Expression, ...], tuple[RandomTerm, ...]]:
    fixed: list[Token] = []
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
        elif _calls(chunk, ["offset"]):
            _check_added(signs, "An offset", text)
            offsets.append(_offset(chunk, text))
        elif (
            chunk[0].text in ABSENT_RESIDUALS and len(chunk) > 1 and closing_of_call(chunk) == len(chunk) - 1
        ):
            asked = ABSENT_RESIDUALS[chunk[0].text]
            raise refusal(
                f"{chunk[0].text}() asks for {asked}, which are not available.",
                text,
                chunk[0].start,
                "Leave it out: residuals are independent.",
            )
        else:
            fixed.extend([*signs, *chunk])
    return _without_leading_plus(fixed), tuple(offsets), tuple(random)


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
