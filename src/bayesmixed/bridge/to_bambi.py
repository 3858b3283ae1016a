"""A model of ours as a Bambi model."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.bridge.columns import TermPlaces, check_nothing_left_out, term_places
from bayesmixed.bridge.from_bambi import import_bambi
from bayesmixed.design.checks import refuse_coupled
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import DataError, DesignWarning, FormulaError, PriorError, warn
from bayesmixed.formula.expression import Expression
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.prior import Prior

SUCCESS, SUCCESSES, TRIALS = "success", "successes", "trials"
TRIALS_CALLS = ("p(", "prop(", "proportion(")


def to_bambi(spec: ModelSpec) -> Any:
    """Model of Bambi's with the same formula, data, family and priors, not yet fitted."""
    bambi = import_bambi()
    if spec.design.weights is not None and spec.design.response.trials is None:
        raise DataError("Bambi has no weights that divide the residual variance; fit without weights=.")
    spec.design.formula.refuse_residuals("A model of Bambi's that has the same meaning")
    refuse_coupled(spec.design.blocks, "Bambi")
    check_nothing_left_out(spec.design)
    _check_center(spec.design)
    response, data = _response(spec)
    formula = f"{response} ~ {_right_side(spec)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.Pandas4Warning)  # of Bambi's select_dtypes("object")
            model = bambi.Model(
                formula,
                data,
                family=spec.family.name,
                link=spec.family.link,
                center_predictors=spec.design.center is not False,
            )
    except Exception as error:  # formulae's errors have no common class
        raise FormulaError(f"Bambi cannot state this model: {error}", formula) from error
    model.set_priors(_priors(spec, term_places(model, spec.design), bambi.Prior))
    for block in spec.design.blocks:
        if block.covariances.n_parameters != block.n_effects or block.has_correlation:
            warn(_uncorrelated(block.group), DesignWarning)
    return model


def _check_center(design: Design) -> None:
    """Refuse priors at the means of columns for which Bambi's stand at zero."""
    beyond = design.fixed.centring - np.eye(len(design.fixed.terms))
    elsewhere = [f"the random effects of {block.group!r}" for block in design.blocks if block.is_centred]
    if np.any(beyond[1:] if design.fixed.has_intercept else beyond):
        elsewhere.append("coefficients that have an interaction or a power above them")
    if elsewhere:
        raise PriorError(
            f"The priors of {' and of '.join(elsewhere)} stand at the means of the predictors; Bambi's stand "
            "at zero. State the model with center='fixed', which puts them there."
        )


def _uncorrelated(group: str) -> str:
    """Warning of a correlation that is lost."""
    return (
        f"Bambi has no correlations between random effects: in its model those of {group!r} are independent. "
        f"For the same model in both write ( || {group})."
    )


def _response(spec: ModelSpec) -> tuple[str, pd.DataFrame]:
    """Left side in Bambi's language, and the rows used with the columns that it needs."""
    response, frame = spec.design.response, spec.design.frame.copy()
    written = spec.design.formula.response.source
    if response.trials is None:
        if response.levels is not None:
            return f"{written}[{response.levels[1]!r}]", frame
        if not spec.family.takes_successes or response.name in frame.columns:
            return written, frame
        return _add_column(frame, SUCCESS, response.values), frame
    if written.startswith(TRIALS_CALLS):
        return written, frame
    successes, trials = (
        _add_column(frame, name, values)
        for name, values in ((SUCCESSES, response.values), (TRIALS, response.trials))
    )
    return f"p({successes}, {trials})", frame


def _add_column(frame: pd.DataFrame, name: str, values: FloatArray) -> str:
    """Add whole numbers under a name that no column has; return it."""
    while name in frame.columns:
        name += "_"
    frame[name] = np.round(values).astype(np.int64)
    return name


def _right_side(spec: ModelSpec) -> str:
    """Right side in Bambi's language, where ``(x | g)`` means independent effects."""
    formula = spec.design.formula
    bars = [f"({bar.effects.source} | {':'.join(map(_quoted, bar.group.factors))})" for bar in formula.random]
    whole = " + ".join([formula.fixed.source, *(f"offset({each.source})" for each in formula.offsets), *bars])
    return re.sub(r"\bfactor\(", "C(", whole.replace("^", "**"))


def _quoted(part: Expression) -> str:
    """Part of a grouping factor, a column's name in backticks where it needs them."""
    return f"`{part.text}`" if part.is_column and not part.text.isidentifier() else part.text


def _priors(spec: ModelSpec, places: TermPlaces, bambi_prior: Any) -> dict[str, Any]:
    """Priors of all terms and parameters, as Bambi's."""
    priors = spec.priors
    found = {
        name: bambi_prior(kind, **arguments)
        for name, columns in places.coefficients.items()
        for kind, arguments in [_together(name, [priors.coefficients[j] for j in columns])]
    }
    for name, effects in places.effects.items():
        own = [priors.sd[k][spec.design.blocks[k].covariances.of_effect[i]] for k, i in effects]
        kind, arguments = _together(name, own)
        found[name] = bambi_prior("Normal", mu=0, sigma=bambi_prior(kind, **arguments))
    return found | {name: bambi_prior(prior.name, **prior.args) for name, prior in priors.parameters.items()}


def _together(name: str, priors: Sequence[Prior]) -> tuple[str, dict[str, Any]]:
    """Distribution and arguments of the columns of one term."""
    kinds = {prior.name for prior in priors}
    if len(kinds) > 1:
        raise PriorError(
            f"Bambi has one distribution for all columns of {name!r}, here they are "
            f"{' and '.join(sorted(kinds))}. Give them priors of one kind."
        )
    if len(priors) == 1:
        return priors[0].name, dict(priors[0].args)
    return kinds.pop(), {key: np.array([p.args[key] for p in priors]) for key in priors[0].args}
