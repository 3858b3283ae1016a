"""Terms of the fixed side: their columns in X, which terms contain which, and what they are estimates of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.design.frame import pick, tidy_all
from bayesmixed.design.matrix import MatrixRecipe, assemble, recipe_factors
from bayesmixed.design.rank import find_aliases, standardized
from bayesmixed.design.records import Design, FloatArray, IntArray
from bayesmixed.errors import DataError
from bayesmixed.formula.expression import STATEFUL

WHOLE = 1e-6
"""Distance from a whole number within which a weight of columns is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTerm:
    """One term of the fixed side."""

    name: str  # e.g. `"recipe:temperature"`
    factors: frozenset[str]  # what it multiplies
    numbers: frozenset[str]  # those of them that are one number; the others are levels, or several columns

    def within(self, other: FixedTerm) -> bool:
        """Whether another term has all of its factors and further categorical ones."""
        return self.factors < other.factors and self.numbers == other.numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """What coefficients in treatment contrasts estimate, in the model with a column for every level."""

    weights: FloatArray  # weights of the parameters of that model in every coefficient, shape (p, r)
    owners: IntArray  # term of every coefficient, -1 for the intercept, shape (p,)
    of_coefficients: FloatArray  # these coefficients as combinations of those of X, shape (p, p)


def fixed_terms(design: Design) -> tuple[FixedTerm, ...]:
    """Terms of the fixed side in the order of their columns, without the intercept."""
    spec = design.fixed.recipe.matrix.spec
    kinds = {name: kind.value for name, (kind, _) in spec.encoder_state.items()}
    terms = []
    for part in spec.structure:
        factors = [factor.expr for factor in part.term.factors if factor.expr != "1"]
        numbers = [f for f in factors if kinds[f] == "numerical" and f.partition("(")[0] not in STATEFUL]
        if factors:
            terms.append(
                FixedTerm(name=":".join(factors), factors=frozenset(factors), numbers=frozenset(numbers))
            )
    return tuple(terms)


def column_owners(design: Design) -> IntArray:
    """Term of every column of X, as `fixed_terms` counts them, -1 for the intercept, shape (p,)."""
    owners = _owners(design.fixed.recipe.matrix.spec)
    return np.array([owners[name] for name in design.fixed.terms], dtype=np.int64)


def estimands(design: Design) -> Estimand:
    """What the coefficients of a design with rows at hand are estimates of."""
    recipe: MatrixRecipe = design.fixed.recipe.matrix
    n = design.n_held
    values = _plain_levels(
        recipe, recipe_factors(recipe, tidy_all(pick(design.frame, list(recipe.kinds))), n)
    )
    coded, spec = assemble(recipe.spec.formula, values, n)
    full, _ = assemble(recipe.spec.formula, values, n, full_rank=False)
    kept = find_aliases(standardized(coded, has_intercept=recipe.has_intercept)).kept
    if len(kept) < len(design.fixed.terms):
        raise DataError(
            "The random sample of the rows does not hold all combinations of levels that the terms need."
        )
    owners, names = _owners(spec), [str(spec.column_names[j]) for j in kept]
    return Estimand(
        weights=_combined(coded[:, kept], full),
        owners=np.array([owners[name] for name in names], dtype=np.int64),
        of_coefficients=_combined(coded[:, kept], design.fixed.matrix),
    )


def _owners(spec: Any) -> dict[str, int]:
    """Place of the term of every column, by the column's name."""
    has_intercept = int(any(str(part.term) == "1" for part in spec.structure))
    return {str(name): i - has_intercept for i, part in enumerate(spec.structure) for name in part.columns}


def _plain_levels(recipe: MatrixRecipe, values: Mapping[str, Any]) -> dict[str, Any]:
    """Factors whose levels are coded by treatment contrasts, whatever the formula says."""
    from formulaic.materializers.types import FactorValues
    from formulaic.parser.types import Factor

    plain = dict(values)
    for name, (_, state) in recipe.spec.encoder_state.items():
        if "categories" in state:
            levels = pd.Categorical(values[name].__wrapped__, categories=state["categories"])
            plain[name] = FactorValues(pd.Series(levels), kind=Factor.Kind.CATEGORICAL, spans_intercept=True)
    return plain


def _combined(columns: FloatArray, others: FloatArray) -> FloatArray:
    """Weights of columns in others that are combinations of them, shape (p, k)."""
    lengths, other_lengths = (np.linalg.norm(each, axis=0) for each in (columns, others))
    scaled = others / np.where(other_lengths > 0.0, other_lengths, 1.0)
    weights = np.linalg.lstsq(columns / lengths, scaled)[0] * (other_lengths / lengths[:, None])
    whole = np.rint(weights)
    return np.asarray(np.where(np.abs(weights - whole) < WHOLE, whole, weights))
