"""The likelihood-ratio test between two models, with its parametric bootstrap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.covariances.covariance import Covariance
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.engines.reml.estimate import LinearEstimate, Maximized, linear_criteria
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import seed_sequence
from bayesmixed.verbs.estimate.bootstrap import CHUNK_BYTES

ROUNDING = 1e-9
"""A gain in the criterion below this share of it is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatio:
    """A likelihood-ratio test."""

    statistic: float  # twice the gain in log likelihood, at least 0
    df: int  # number of parameters that the larger model has more
    p_value: float  # by the chi-squared distribution; NaN without degrees of freedom
    # by the mixture that holds when the larger model has one random effect more; NaN otherwise
    p_mixture: float


def likelihood_ratio(smaller: Maximized, larger: Maximized) -> LikelihoodRatio:
    """Test a model against a larger one that contains it.

    A variance cannot be negative, so that the chi-squared p-value of a variance is too large. With one random
    effect more the statistic's limit is the mixture (Self and Liang 1987, JASA 82:605; Stram and Lee 1994,
    Biometrics 50:1171). It supposes many independent groups; the parametric bootstrap does not.
    """
    statistic = float(ratio_statistic(smaller.optimum.criterion, larger.optimum.criterion))
    df = larger.n_parameters - smaller.n_parameters
    on_boundary = df > 0 and adds_one_variance(smaller.design, larger.design)
    return LikelihoodRatio(
        statistic=statistic,
        df=df,
        p_value=chi_squared_p(statistic, df),
        p_mixture=mixture_p(statistic, df) if on_boundary else np.nan,
    )


def ratio_statistic(smaller: float | FloatArray, larger: float | FloatArray) -> FloatArray:
    """Likelihood-ratio statistic of two criteria, 0 where the larger model gains nothing."""
    gain = np.subtract(smaller, larger)
    return np.where(gain > ROUNDING * np.abs(smaller), gain, 0.0)


def chi_squared_p(statistic: float, df: int) -> float:
    """Probability that a chi-squared variable exceeds a statistic."""
    if df < 1:
        return np.nan
    from scipy.stats import chi2

    return float(chi2.sf(statistic, df))


def mixture_p(statistic: float, df: int) -> float:
    """Probability that the statistic of one random effect exceeds what was found, when it is absent."""
    fewer = chi_squared_p(statistic, df - 1) if df > 1 else float(statistic <= 0.0)
    return 0.5 * (chi_squared_p(statistic, df) + fewer)


WITHIN = 1e-8
"""Relative length of the remainder of a column that still counts as a combination of other columns."""


def is_nested(smaller: Design, larger: Design) -> bool:
    """Whether a model is a special case of another on the same rows.

    Groups are compared as partitions of the rows, columns as the space that they span: how factors are named
    or coded does not matter. Special cases in which groups differ are not seen: ``(1 | g:f)`` within
    ``(0 + f | g)``.
    """
    sets = list(_effect_sets(larger))

    def has(outer: tuple[Covariance, FloatArray], inner: tuple[Covariance, FloatArray]) -> bool:
        same = outer[0] == inner[0] and np.array_equal(outer[1], inner[1])
        return same or (outer[0].is_free and spans(outer[1], inner[1]))

    return (
        np.array_equal(smaller.offset, larger.offset)
        and _has_residuals_of(smaller, larger)
        and spans(larger.fixed.matrix, smaller.fixed.matrix)
        and all(
            any(np.array_equal(codes, theirs) and has(outer, inner) for theirs, outer in sets)
            for codes, inner in _effect_sets(smaller)
        )
    )


def _has_residuals_of(smaller: Design, larger: Design) -> bool:
    """Whether the residuals of a model are a special case of those of another on the same rows.

    Independent residuals are one of correlated ones, one sigma of a predictor that may be constant.
    """
    ours, theirs = smaller.formula, larger.formula
    errors = [each.response.additions.errors for each in (ours, theirs)]
    same_series = ours.residual is None or (
        theirs.residual is not None
        and ours.residual.structure == theirs.residual.structure
        and {each.key for each in ours.residual.expressions}
        == {each.key for each in theirs.residual.expressions}
    )
    return (
        (errors[0] and errors[0].key) == (errors[1] and errors[1].key)
        and smaller.residual.has_sigma <= larger.residual.has_sigma
        and same_series
        and _has_sigma_of(smaller, larger)
    )


def _has_sigma_of(smaller: Design, larger: Design) -> bool:
    """Whether the predictor of sigma is a special case of another; one number is a constant one."""
    if not larger.others:
        return not smaller.others
    outer = larger.others[0]
    inner = smaller.others[0] if smaller.others else None
    if any(block.n_levels for block in (inner.blocks if inner else ())):
        return False  # random effects of sigma are integrated out by no estimate
    matrix = np.ones((larger.n_rows, 1)) if inner is None else inner.fixed.matrix
    offset = np.zeros(larger.n_rows) if inner is None else inner.offset
    return spans(outer.fixed.matrix, np.column_stack([matrix, outer.offset - offset]))


def has_same_fixed_part(ours: Design, theirs: Design) -> bool:
    """Whether two designs have the same X, up to the order of its columns, and the same offset."""
    if set(ours.fixed.keys) != set(theirs.fixed.keys):
        return False
    order = [theirs.fixed.keys.index(key) for key in ours.fixed.keys]
    return np.array_equal(ours.offset, theirs.offset) and np.allclose(
        ours.fixed.matrix, theirs.fixed.matrix[:, order], rtol=WITHIN, atol=0.0
    )


def adds_one_variance(smaller: Design, larger: Design) -> bool:
    """Whether a model becomes the other when the variance of one random effect is set to zero.

    Its covariances go with it; the fixed parts may differ too.
    """
    added = sum(b.n_effects for b in larger.blocks) - sum(b.n_effects for b in smaller.blocks)
    return added == 1 and is_nested(smaller, larger)


def spans(outer: FloatArray, inner: FloatArray) -> bool:
    """Whether all columns of a matrix are combinations of another's."""
    lengths = np.linalg.norm(outer, axis=0)
    scaled = outer / np.where(lengths > 0.0, lengths, 1.0)
    combination = np.linalg.lstsq(scaled, inner)[0]
    rest = np.linalg.norm(inner - scaled @ combination, axis=0)
    return bool(np.all(rest <= WITHIN * np.linalg.norm(inner, axis=0)))


def _effect_sets(design: Design) -> Iterator[tuple[FloatArray, tuple[Covariance, FloatArray]]]:
    """Groups, numbered by first appearance, with the structure and the columns of every set of effects."""
    for block in design.blocks:
        codes = _appearance(block)
        for part in block.covariances.parts:
            yield codes, (part.covariance, block.columns[:, part.effects])


def _appearance(block: GroupBlock) -> FloatArray:
    """What tells groupings apart: levels by first appearance, and how they are coupled."""
    if block.is_plain:
        return pd.factorize(block.codes)[0].astype(np.float64)
    weights = np.ones(block.meeting.codes.shape) if block.meeting.weights is None else block.meeting.weights
    root = np.empty(0) if block.root is None else block.root.ravel()
    return np.concatenate([block.meeting.codes.ravel(), weights.ravel(), root])


def bootstrap_p(
    smaller: AnyEstimate | LinearEstimate,
    larger: AnyEstimate,
    n: int,
    seed: int | np.random.SeedSequence | None,
) -> float:
    """Share of statistics as large as the one found, among data simulated from the smaller model.

    Use it where the chi-squared limit is in doubt: few groups, a variance near zero.

    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 4.4.
    """
    found = ratio_statistic(smaller.optimum.criterion, larger.optimum.criterion)
    statistics = bootstrap_statistics(smaller, larger, n, seed)
    return float((1 + np.sum(statistics >= found)) / (1 + n))


def bootstrap_statistics(
    smaller: AnyEstimate | LinearEstimate,
    larger: AnyEstimate,
    n: int,
    seed: int | np.random.SeedSequence | None,
) -> FloatArray:
    """Likelihood-ratio statistics of responses simulated from the smaller model, shape (n,).

    The parameters are those of `bootstrap_p`.
    """
    seeds = seed if isinstance(seed, np.random.SeedSequence) else seed_sequence(seed)
    chunk = max(1, CHUNK_BYTES // (8 * smaller.design.n_rows))
    parts = []
    for done in range(0, n, chunk):
        responses = smaller.simulated(min(chunk, n - done), seeds.spawn(1)[0])
        with single_threaded_blas():
            parts.append(ratio_statistic(_criteria(smaller, responses), _criteria(larger, responses)))
    return np.concatenate(parts)


def check_boot(boot: int) -> None:
    """Refuse a number of bootstrap refits that is not a whole number of at least 0."""
    if isinstance(boot, bool) or not isinstance(boot, int | np.integer) or boot < 0:
        raise BayesmixedError(f"boot={boot!r} must be a whole number: how many refits, 0 for none.")


def _criteria(fitted: AnyEstimate | LinearEstimate, responses: FloatArray) -> FloatArray:
    """Lowest criterion of a model for each of many responses, shape (B,)."""
    if isinstance(fitted, LinearEstimate):
        return linear_criteria(fitted.design, fitted.by, responses)
    with single_threaded_blas():
        return np.array([found.criterion for found in fitted.refits(responses)])
