"""Which columns of a design the terms of a Bambi model are, found by their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.errors import FormulaError

TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPlaces:
    """Where the terms of a Bambi model stand in a design."""

    coefficients: Mapping[str, tuple[int, ...]]  # name of a common term to its columns of X
    # name of a group-specific term to the block and the effect of each of its columns
    effects: Mapping[str, tuple[tuple[int, int], ...]]


def term_places(model: Any, design: Design) -> TermPlaces:
    """Places of all terms of a Bambi model in a design, both of the same formula and data."""
    check_nothing_left_out(design)
    component = parent_component(model)
    _check_same_response(model, design)
    _check_same_offset(component, design)
    intercept = component.intercept_term
    terms = ([] if intercept is None else [intercept]) + list(component.common_terms.values())
    coefficients = _coefficient_places(terms, design.fixed.matrix)
    effects = _effect_places(component.group_specific_terms.values(), design.blocks)
    wanted = len(design.fixed.terms) + sum(block.n_effects for block in design.blocks)
    if sum(map(len, [*coefficients.values(), *effects.values()])) != wanted:
        raise _other_reading("the formula", f"{wanted} coefficients and random effects against fewer")
    return TermPlaces(coefficients=coefficients, effects=effects)


def check_nothing_left_out(design: Design) -> None:
    """Refuse a design that leaves out columns, which Bambi would keep."""
    if design.fixed.left_out:
        listed = ", ".join(map(repr, design.fixed.left_out))
        raise FormulaError(
            f"Bambi keeps all columns of the fixed effects; bayesmixed leaves out {listed}, which are "
            "combinations of others.",
            advice="Code the terms in the data first, so that no column is a combination of others.",
        )


def parent_component(model: Any) -> Any:
    """Linear predictor of a Bambi model's location."""
    return model.parameters[model.family.likelihood.parent]


def _coefficient_places(terms: list[Any], matrix: FloatArray) -> dict[str, tuple[int, ...]]:
    """Columns of X of every common term."""
    free = list(range(matrix.shape[1]))
    places: dict[str, tuple[int, ...]] = {}
    for term in terms:
        found = []
        for column in _columns(term.data, len(matrix)):
            index = next((j for j in free if _same(matrix[:, j], column)), None)
            if index is None:
                raise _other_reading(f"the term {term.name!r}", "bayesmixed has no column with its values")
            free.remove(index)
            found.append(index)
        places[term.name] = tuple(found)
    return places


def _effect_places(terms: Any, blocks: tuple[GroupBlock, ...]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Block and effect of every column of every group-specific term."""
    free = [(k, i) for k, block in enumerate(blocks) for i in range(block.n_effects)]
    places: dict[str, tuple[tuple[int, int], ...]] = {}
    for term in terms:
        alike = [(k, i) for k, i in free if _same_levels(blocks[k].codes, term.group_index)]
        named = [(k, i) for k, i in alike if blocks[k].group == term.term.factor.name]
        found = []
        for column in _columns(term.predictor, len(term.group_index)):
            same = [(k, i) for k, i in named + alike if _same(blocks[k].columns[:, i], column)]
            place = next((place for place in same if place in free), None)
            if place is None:
                raise _other_reading(
                    f"the term '({term.name})'", "bayesmixed has no random effect with its values"
                )
            free.remove(place)
            found.append(place)
        places[term.name] = tuple(found)
    return places


def _columns(values: Any, n: int) -> FloatArray:
    """Columns of a term, one in each row, shape (p, n); an intercept may be a single one."""
    array = np.asarray(values, dtype=np.float64)
    return np.full((1, n), float(array)) if array.ndim == 0 else array.reshape(len(array), -1).T


def _same(ours: FloatArray, theirs: FloatArray) -> bool:
    """Whether two columns agree up to rounding."""
    size = max(1.0, float(np.abs(ours).max()))
    return ours.shape == theirs.shape and bool(np.all(np.abs(ours - theirs) <= TOLERANCE * size))


def _same_levels(ours: IntArray, theirs: Any) -> bool:
    """Whether two codings put the same rows together."""
    return len(ours) == len(theirs) and np.array_equal(
        pd.factorize(ours)[0], pd.factorize(np.asarray(theirs))[0]
    )


def _check_same_response(model: Any, design: Design) -> None:
    """Refuse responses that differ, in value or in number."""
    response = design.response
    ours = [response.values, *([] if response.trials is None else [response.trials])]
    theirs = _columns(model.response_term.data, design.n_rows)
    if len(ours) != len(theirs) or not all(map(_same, ours, theirs)):
        raise _other_reading(f"the response {response.name!r}", "values or rows used are not the same")


def _check_same_offset(component: Any, design: Design) -> None:
    """Refuse offsets that differ."""
    total = np.zeros(design.n_rows)
    for term in component.offset_terms.values():
        total = total + _columns(term.data, design.n_rows)[0]
    if not _same(design.offset, total):
        raise _other_reading("the offset", "values are not the same")


def _other_reading(what: str, why: str) -> FormulaError:
    """Error for what two packages understand differently."""
    return FormulaError(
        f"Bambi and bayesmixed read {what} differently: {why}.",
        advice="Compute the column in the data first, so that both take it as it is.",
    )
