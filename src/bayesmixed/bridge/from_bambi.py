"""A Bambi model taken apart: formula, family and priors in our language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.bridge.columns import parent_component, term_places
from bayesmixed.design.parameters import prior_parameters
from bayesmixed.design.records import Design
from bayesmixed.errors import BayesmixedError, FamilyError, FormulaError, PriorError
from bayesmixed.families.family import Family
from bayesmixed.families.registry import as_family
from bayesmixed.formula.scan import scan
from bayesmixed.priors.choice import prior
from bayesmixed.priors.prior import Prior

RESPONSES = ("censored", "constrained", "truncated", "weighted")


@dataclass(frozen=True, slots=True, kw_only=True)
class BambiStatement:
    """What a Bambi model says, but for its priors."""

    formula: str  # in our language: Bambi's `(x | g)` is our `(x || g)`
    data: pd.DataFrame  # the model's
    family: Family  # with the model's link


def import_bambi() -> Any:
    """Bambi, which is an optional dependency."""
    try:
        import bambi
    except ImportError as error:
        raise BayesmixedError(
            "Bambi is not installed; install it with `pip install 'bayesmixed[bambi]'`."
        ) from error
    return bambi


def read_bambi(model: Any) -> BambiStatement:
    """Formula, data and family of a Bambi model."""
    if not isinstance(model, import_bambi().Model):
        raise BayesmixedError(f"{model!r} is not a bambi.Model but a {type(model).__name__}.")
    family = as_family(model.family)
    _check_response(model)
    _check_parts(model)
    return BambiStatement(formula=_formula(model), data=model.data, family=family)


def bambi_priors(model: Any, design: Design) -> dict[str, Prior]:
    """Priors of a Bambi model by the names of our parameters."""
    component, places = parent_component(model), term_places(model, design)
    found: dict[str, Prior] = {}
    parameters = prior_parameters(design, model.marginal_parameters)
    label = {(p.kind, p.block, p.first): p.label for p in parameters if p.kind in ("beta", "sd")}
    own = {p.spellings[0]: p.label for p in parameters if p.block < 0 and p.kind != "beta"}
    for name, columns in places.coefficients.items():
        for j, column in enumerate(columns):
            found[label["beta", -1, column]] = _entry(name, component.terms[name].prior, j, len(columns))
    for name, effects in places.effects.items():
        spread = _spread_prior(name, component.terms[name].prior)
        for j, (k, i) in enumerate(effects):
            found[label["sd", k, i]] = _entry(name, spread, j, len(effects))
    for name, parameter in model.marginal_parameters.items():
        found[own[name]] = _entry(name, parameter.prior, 0, 1)
    return found


def _formula(model: Any) -> str:
    """Formula with the bars of independent effects and the modelled level spelt out."""
    left, _, right = model.formula.main.partition("~")
    if model.response_term.success is not None and model.response_term.categorical:
        left = _comparison(model)
    tokens, pieces, end = scan(right), [], 0
    for i, token in enumerate(tokens):
        if token.is_bar and [t.text for t in tokens[max(i - 2, 0) : i]] != ["(", "1"]:
            pieces.append(f"{right[end : token.start]}||")
            end = token.end
    return f"{left.strip()} ~ {''.join(pieces)}{right[end:]}".replace("~  ", "~ ").strip()


def _comparison(model: Any) -> str:
    """Two-level response as a comparison with the level that Bambi models, its first unless asked."""
    name = model.response_term.term.components[0].name
    values = pd.Series(model.data[name]).dropna().unique().tolist()
    level = next(value for value in values if str(value) == str(model.response_term.success))
    return f"{_written(name)} == {level!r}"


def _written(name: str) -> str:
    """Column's name, in backticks where a formula needs them."""
    return name if name.isidentifier() else f"`{name}`"


def _check_response(model: Any) -> None:
    """Refuse Bambi's special kinds of responses."""
    for kind in RESPONSES:
        if getattr(model.response_term, f"is_{kind}"):
            raise FamilyError(
                f"The response {model.response_term.name!r} is {kind}, and bayesmixed has no family for it."
            )


def _check_parts(model: Any) -> None:
    """Refuse a model that is not a generalized linear mixed model with one linear predictor."""
    others = [name for name in model.conditional_parameters if name != model.family.likelihood.parent]
    if others:
        raise FormulaError(
            f"The Bambi model has a linear predictor of its own for {' and '.join(map(repr, others))}; "
            "bayesmixed has one linear predictor, that of the mean.",
            advice="Leave that formula out, or fit the model in Bambi.",
        )
    smooths = list(parent_component(model).hsgp_terms)
    if smooths:
        raise FormulaError(
            f"The Bambi model has the Gaussian process {smooths[0]}; bayesmixed has no smooth terms.",
            advice="Use columns instead, e.g. bs(x, df=5), or fit the model in Bambi.",
        )
    if model.potentials:
        raise FormulaError("The Bambi model has potentials, which bayesmixed cannot fit.")


def _spread_prior(name: str, whole: Any) -> Any:
    """Prior of the standard deviation of a group-specific term."""
    args = getattr(whole, "args", {})
    around_zero = np.all(np.asarray(args.get("mu", 0.0), dtype=object) == 0)
    if getattr(whole, "name", "") != "Normal" or not around_zero or not hasattr(args.get("sigma"), "args"):
        raise PriorError(
            f"The random effects ({name}) have the prior {whole}; "
            "bayesmixed's are Normal(mu=0, sigma=<prior>), independent of each other."
        )
    return args["sigma"]


def _entry(name: str, whole: Any, j: int, size: int) -> Prior:
    """Prior of one of a term's columns."""
    if not hasattr(whole, "args"):
        raise PriorError(f"The Bambi model fixes {name!r} at {whole}; bayesmixed needs a prior for it.")
    if getattr(whole, "dist", None) is not None:
        raise PriorError(
            f"The prior of {name!r} is a custom function; name one of PyMC's distributions instead."
        )
    values = {}
    for argument, value in whole.args.items():
        if hasattr(value, "args"):
            raise PriorError(f"The prior {whole} of {name!r} has a prior for its argument {argument!r}.")
        values[argument] = float(np.broadcast_to(np.asarray(value, dtype=np.float64), size)[j])
    try:
        return prior(whole.name, **values)
    except PriorError as error:
        raise PriorError(f"The prior {whole} of {name!r} cannot be used here: {error}") from error
