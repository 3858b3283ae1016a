"""What a design must be for its family, checked before anything is fitted."""

from __future__ import annotations

import numpy as np

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, Response
from bayesmixed.errors import DataError, FamilyError, FormulaError, near_names
from bayesmixed.families.family import Family, Mask, not_whole
from bayesmixed.formula.scan import refusal
from bayesmixed.formula.terms import ParsedFormula


def check_formula(parsed: ParsedFormula, family: Family) -> None:
    """Refuse parts of a formula that a family cannot have."""
    for each in parsed.others:
        place = len(each.text) - len(each.text.lstrip())
        if not family.is_gaussian:
            raise refusal(
                f"The family {family.name!r} does not take a formula of a parameter beside the mean.",
                each.text,
                place,
                "Leave it out: only the gaussian family has one, of sigma.",
            )
        if each.parameter == names.MU:
            raise refusal(
                "The mean's formula is the one with the response.", each.text, place, "Write its terms there."
            )
        if each.parameter not in family.parameter_names:
            raise refusal(
                f"The family {family.name!r} does not have a parameter {each.parameter!r}.",
                each.text,
                place,
                near_names(each.parameter, family.parameter_names),
            )
    wanted = [] if parsed.response.additions.errors is None else ["se()"]
    wanted += [] if parsed.residual is None else [f"{parsed.residual.structure}()"]
    if wanted and not family.is_gaussian:
        raise FormulaError(
            f"{wanted[0]} is about the residuals of a gaussian response; the family is {family.name!r}.",
            parsed.text,
            advice="Leave it out, or take family='gaussian'.",
        )


def check_family(design: Design, family: Family) -> None:
    """Refuse a design that a family cannot have."""
    _check_names(design, family)
    _check_trials(design.response, family)
    _check_values(design.response, family)
    if design.weights is not None and not (family.is_gaussian or family.takes_trials):
        raise DataError(
            f"weights= has no meaning for the family {family.name!r}: it is for gaussian models (the "
            "residual variance of a row is sigma^2 / weight) and for proportions of a binomial family (the "
            "trials)."
        )
    _check_varies(design, family)


def _check_names(design: Design, family: Family) -> None:
    """Refuse a grouping factor that is called like a parameter of the family."""
    for block in design.blocks:
        if names.level_dim(block.group) in family.parameter_names:
            raise DataError(
                f"The grouping factor {block.group!r} has the name of a parameter of the family "
                f"{family.name!r}. Rename the column, e.g. {block.group + '_id'!r}."
            )


def _check_trials(response: Response, family: Family) -> None:
    """Refuse impossible numbers of trials and successes."""
    trials, y, name = response.trials, response.values, response.name
    if trials is None:
        if family.takes_trials:
            raise FamilyError(
                f"The response {name!r} of the family {family.name!r} lacks its trials: "
                "write prop(successes, trials), or cbind(successes, failures)."
            )
        return
    if not family.takes_trials:
        raise FamilyError(
            f"The response {name!r} counts successes of trials; use family='binomial', not {family.name!r}."
        )
    for message, bad in (
        ("has a number of trials that is not whole", not_whole(trials)),
        ("has no trials (zero)", trials == 0),
        ("has a negative number of trials", trials < 0),
        ("has a negative number of successes", y < 0),
        ("has more successes than trials", y > trials),
        ("has a number of successes that is not whole", not_whole(y)),
    ):
        _refuse(bad, y, f"The response {name!r} {message}")


def _check_values(response: Response, family: Family) -> None:
    """Refuse values outside the support."""
    support, y = family.support, response.values
    if support is not None and response.trials is None:
        needs = f"The family {family.name!r} needs {support.words}, but {response.name!r} has something else"
        _refuse(support.excludes(y), y, needs, support.advice.format(response=response.name))


def _refuse(bad: Mask, values: FloatArray, message: str, advice: str = "") -> None:
    """Raise when any row is bad."""
    if bad.any():
        rows, first = int(bad.sum()), int(np.flatnonzero(bad)[0])
        plural = "" if rows == 1 else "s"
        raise FamilyError(
            f"{message} in {rows} row{plural}, the first row {first} (counted from 0) with {values[first]:g}."
            f" {advice}".rstrip()
        )


def _check_varies(design: Design, family: Family) -> None:
    """Refuse a constant response, where neither trials nor an offset make its rows differ."""
    y = design.response.values
    if family.has_residual_sd or design.response.trials is not None or design.formula.offsets:
        return
    if np.all(y == y[0]):
        raise DataError(
            f"The response {design.response.name!r} is constant: every row has {y[0]:g}, so nothing can be "
            "learned about what changes it."
        )
