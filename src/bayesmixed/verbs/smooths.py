"""Smooths: how wiggly they are, and their curves with bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import splu

from bayesmixed import names
from bayesmixed.design.evaluate import evaluate
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.design.smooths import SmoothRecipe
from bayesmixed.engines.kernel.cross_products import cross_products_of
from bayesmixed.engines.kernel.terms import needs_terms
from bayesmixed.engines.kernel.units import units_of
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.errors import DataError, near_names
from bayesmixed.names import LEGEND
from bayesmixed.options import checked_count
from bayesmixed.posterior.linear_predictor import covariance_roots
from bayesmixed.verbs.drawn import Drawn
from bayesmixed.verbs.estimate.combinations import (
    Combinations,
    combination_covariance,
    precision_of,
    relative_roots,
)
from bayesmixed.verbs.sources import Estimated, Posterior, Source
from bayesmixed.verbs.summaries import bound_names, check_prob, draw_matrix

SIMULATED, SEED = 20_000, 0
"""Curves that tell how far an estimate's band reaches, and their seed."""
CURVE_COLUMNS = ("smooth", "value", "se")
EDF_MEANING = (
    "edf: effective degrees of freedom, the trace of the smoother given the variances{at}; k: knots; "
    "sd: of the penalized part, whose mean variance over the rows is sd^2"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one smooth is made of.

    Attributes
    ----------
    block : GroupBlock
        Its penalized part.
    recipe : SmoothRecipe
        How that is made.
    trends : tuple[int, ...]
        Coefficients of what is not penalized.
    """

    block: GroupBlock
    recipe: SmoothRecipe
    trends: tuple[int, ...]

    @property
    def x(self) -> str:
        """Column of the data that it is a function of."""
        columns = self.recipe.smooth.variable.columns
        if len(columns) != 1:
            raise DataError(
                f"{self.block.group} is not a function of one column, so it does not have a curve."
            )
        return columns[0]


def smooths(source: Source, sds: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Standard deviation and effective degrees of freedom of every smooth, `sds` those of all components."""
    parts = smooth_parts(source.spec.design)
    lower, upper = bound_names(prob, "sd", "sd")
    own = sds.set_index("group").loc[[part.block.group for part in parts]]
    table = pd.DataFrame(
        {
            "smooth": pd.array([part.block.group for part in parts], "str"),
            "sd": own["sd"].to_numpy(),
            lower: own[lower].to_numpy(),
            upper: own[upper].to_numpy(),
            "edf": effective_degrees(source, parts),
            "k": [part.recipe.smooth.k for part in parts],
        }
    )
    at = "" if isinstance(source, Estimated) else " at the middle of their posterior"
    table.attrs[LEGEND] = EDF_MEANING.format(at=at)
    return table


def smooth_parts(design: Design, x: str | None = None) -> list[Part]:
    """All smooths, or those of one column; a DataError where there are none."""
    parts = [Part(block=b, recipe=b.recipes[0], trends=_trends(design, b)) for b in design.smooths]
    if not parts:
        raise DataError("The model does not have smooths. Write s(x) in the formula.")
    if x is None:
        return parts
    chosen = [part for part in parts if x in (part.block.group, *part.recipe.smooth.variable.columns)]
    if not chosen:
        known = dict.fromkeys(n for p in parts for n in (*p.recipe.smooth.variable.columns, p.block.group))
        raise DataError(f"The model does not have a smooth of {x!r}. {near_names(str(x), known)}")
    return chosen


def _trends(design: Design, block: GroupBlock) -> tuple[int, ...]:
    """Coefficients of a smooth that are not penalized."""
    recipe: SmoothRecipe = block.recipes[0]
    trend, by = recipe.smooth.trend.key, recipe.smooth.by
    if by is None:
        return tuple(j for j, key in enumerate(design.fixed.keys) if key == {(trend, "")})
    wanted = [frozenset([(by.key, "")]), frozenset([(by.key, ""), (trend, "")])]
    if recipe.level is not None:
        labels = (f"[{recipe.level}]", f"[T.{recipe.level}]")
        wanted = [frozenset([(by.key, label), (trend, "")]) for label in labels]
    return tuple(j for j, key in enumerate(design.fixed.keys) if key in wanted)


def smooth_curve(source: Source, x: str, *, n: int = 100, prob: float = 0.95) -> pd.DataFrame:
    """Smooths of one column over its range, with intervals by point and for the whole curve."""
    check_prob(prob)
    parts, design = smooth_parts(source.spec.design, x), source.spec.design
    n, tables = checked_count(n, "n"), []
    for part in parts:
        seen = design.frame[part.x].to_numpy(dtype=float)
        grid = np.linspace(seen.min(), seen.max(), n)
        fixed, basis = _columns(design, part, grid)
        quantities = source_combinations(source, fixed, {part.block.group: basis})
        low, high = _simultaneous(quantities, prob)
        tables.append(
            pd.DataFrame({"smooth": part.block.group, part.x: grid}).assign(
                **quantities.columns(prob), lower_simultaneous=low, upper_simultaneous=high
            )
        )
    return pd.concat(tables, ignore_index=True).astype({"smooth": "str"})


def _columns(design: Design, part: Part, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights of coefficients (n, p) and of penalized columns (n, J) at values of the predictor."""
    recipe, smooth = part.recipe, part.recipe.smooth
    columns = {part.x: grid}
    state = design.fixed.recipe.matrix.state[smooth.trend.text]
    trend = np.asarray(evaluate(smooth.trend, columns, state))
    basis = np.asarray(evaluate(recipe.expression, columns, recipe.state)) / recipe.size
    fixed = np.zeros((len(grid), len(design.fixed.terms)))
    for j in part.trends:
        has_trend = any(factor == smooth.trend.key for factor, _ in design.fixed.keys[j])
        fixed[:, j] = trend if has_trend else 1.0
    return fixed, basis


def source_combinations(
    source: Source, fixed: FloatArray, random: dict[str, FloatArray]
) -> Drawn | Combinations:
    """Linear combinations of coefficients and of penalized columns, by group."""
    if isinstance(source, Posterior):
        draws = draw_matrix(source.draws, names.BETA) @ fixed.T
        for group, weights in random.items():
            draws = draws + draw_matrix(source.draws, names.ranef(group))[..., 0] @ weights.T
        return source.drawn(lambda rows: draws[:, rows], len(fixed))
    estimate = source.estimate
    values, parts = fixed @ estimate.optimum.coefficients, []
    roots = relative_roots(estimate)
    for block, ranef, root in zip(estimate.design.blocks, estimate.optimum.ranef, roots, strict=True):
        size = block.n_levels * block.n_effects
        weights = random.get(block.group, np.zeros((len(fixed), size)))
        values = values + weights @ ranef.reshape(size)
        parts.append(sparse.csr_array(weights * root[0, 0] if block.group in random else weights))
    return Combinations(
        estimate=estimate, values=values, fixed=fixed, random=sparse.csr_array(sparse.hstack(parts))
    )


def _simultaneous(quantities: Drawn | Combinations, prob: float) -> tuple[FloatArray, FloatArray]:
    """Ends of a band that holds the whole curve with a probability.

    As many standard deviations to both sides of the mean as the largest deviation of a curve has with that
    probability (Ruppert, Wand and Carroll 2003, Semiparametric Regression, section 6.5).
    """
    if isinstance(quantities, Drawn):
        draws = quantities.of(slice(0, quantities.n))
        centre, sd = draws.mean(axis=0), draws.std(axis=0)
    else:
        assert isinstance(quantities.estimate, Estimate)
        assert quantities.random is not None
        covariance = combination_covariance(quantities.estimate, quantities.fixed, quantities.random)
        centre, sd = quantities.values, np.sqrt(np.diag(covariance))
        values, vectors = np.linalg.eigh(covariance)
        noise = np.random.default_rng(SEED).standard_normal((SIMULATED, len(values)))
        draws = centre + noise @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    reach = np.quantile(np.max(np.abs(draws - centre) / np.where(sd > 0.0, sd, 1.0), axis=1), prob)
    return centre - reach * sd, centre + reach * sd


def effective_degrees(source: Source, parts: list[Part]) -> FloatArray:
    """Effective degrees of freedom of every smooth, NaN where rows do not have one weight each.

    With P = T'T + blockdiag(I, 0) of T = [Z L, X], the penalized part has the trace of I - P^-1 over its
    columns (Wood 2017, section 6.1.2), L the covariance factors relative to sigma.
    """
    design, found = source.spec.design, np.full(len(parts), np.nan)
    if not source.spec.family.is_gaussian or (isinstance(source, Posterior) and needs_terms(design)):
        return found
    if isinstance(source, Posterior):
        products = cross_products_of(design, units_of(design, about_means=False))
        roots = _middle_roots(source)
    else:
        estimate = source.estimate
        products = estimate.likelihood.products(estimate.optimum.entries)
        roots = relative_roots(estimate)
    precision = precision_of(products, design, roots)
    sizes = np.cumsum([0, *(block.n_levels * block.n_effects for block in design.blocks)])
    solver = splu(precision)
    for place, part in enumerate(parts):
        i = [block.group for block in design.blocks].index(part.block.group)
        own = slice(sizes[i], sizes[i + 1])
        columns = np.zeros((precision.shape[0], part.block.n_levels))
        columns[own] = np.eye(part.block.n_levels)
        rest = np.trace(solver.solve(columns)[own])
        found[place] = len(part.trends) + part.block.n_levels - rest
    return found


def _middle_roots(source: Posterior) -> list[FloatArray]:
    """Covariance factors over sigma in the middle of a posterior, in the units of the data."""
    posterior, design = source.draws["posterior"].to_dataset(), source.spec.design
    unit = units_of(design).scale
    sigma = np.median(posterior[names.SIGMA]) if names.SIGMA in posterior else unit
    roots = [covariance_roots(posterior, block) for block in design.blocks]
    return [np.median(root, axis=(0, 1)) / sigma for root in roots]
