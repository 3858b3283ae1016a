"""Parameters of which the data alone say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Literal

import numpy as np

from bayesmixed.design.rank import column_units
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import DataError, DesignWarning, warn

LEFT = 1e-8
"""Share of its squares that must be left of an effect beside the fixed effects."""


def check_estimable(design: Design, by: Literal["reml", "ml"]) -> None:
    """Refuse a model if the data alone do not determine every parameter."""
    for reason, advice in _reasons(design, by):
        raise DataError(f"{reason} {advice} Or use method='bayes', where the priors decide.")


def warn_of_priors_alone(design: Design) -> None:
    """Warn that a posterior depends on its priors alone for something that the data do not determine."""
    for reason, advice in _reasons(design, "reml"):
        warn(f"{reason} The priors alone decide there. {advice}", DesignWarning)
        return


def degrees_left(design: Design) -> tuple[int, int]:
    """Rows less coefficients, and the number of variances and correlations, the residual's among them."""
    wanted = 1 + sum(block.covariances.n_parameters for block in design.blocks)
    return design.n_rows - len(design.fixed.terms), wanted


def _reasons(design: Design, by: Literal["reml", "ml"]) -> Iterator[tuple[str, str]]:
    """What the data do not determine, with advice."""
    n, p = design.n_rows, len(design.fixed.terms)
    if p >= n:
        yield (
            f"The fixed effects have {p} coefficients for {n} rows: they alone fit every row, and nothing is "
            "left to estimate the other parameters from.",
            "Leave terms out of the formula.",
        )
    for i, block in enumerate(design.blocks if by == "reml" else ()):
        if block.n_levels > p:
            continue
        for effect, left in zip(block.effects, _left_beside_fixed(design, i), strict=True):
            if left < LEFT:
                yield (
                    f"The fixed effects already distinguish all groups of {block.group!r}, so the variance "
                    f"of their effect {effect!r} cannot be estimated.",
                    "Leave the effect out of the bar, or leave the terms that distinguish the groups out of "
                    "the formula.",
                )
    for i, j in combinations(range(len(design.blocks)), 2):
        first, second = design.blocks[i], design.blocks[j]
        shared = [effect for effect in first.effects if effect in second.effects]
        if shared and _same_groups(design, i, j):
            yield (
                f"{first.group!r} and {second.group!r} are the same groups, so their variances of the "
                f"effect {shared[0]!r} cannot be told apart.",
                "Leave one of the bars out.",
            )


def _left_beside_fixed(design: Design, i: int) -> FloatArray:
    """Share of the squares of every effect of a factor that X leaves, shape (k,)."""
    block = design.blocks[i]
    if design.sums is not None:
        pair, p = design.sums.pairs[i, i], len(design.fixed.terms)
        total = pair.products.diagonal(axis1=1, axis2=2).sum(axis=0)
        crossed = design.sums.fixed[i].reshape(block.n_levels, block.n_effects, p)
        gram = design.sums.fixed_gram
    else:
        x = design.fixed.matrix
        centres, scales = column_units(x.mean(0), x.std(0), has_intercept=design.fixed.has_intercept)
        x = (x - centres) / scales
        total, gram = np.sum(block.columns**2, axis=0), x.T @ x
        crossed = np.zeros((block.n_levels, block.n_effects, x.shape[1]))
        np.add.at(crossed, block.codes, block.columns[:, :, None] * x[:, None, :])
    explained = np.einsum("jkp,pq,jkq->k", crossed, np.linalg.inv(gram), crossed)
    return np.asarray(1.0 - explained / total)


def _same_groups(design: Design, i: int, j: int) -> bool:
    """Whether two factors put the same rows together."""
    n = design.blocks[i].n_levels
    if n != design.blocks[j].n_levels:
        return False
    first, second = design.level_pairs(i, j)
    return len(np.unique(first * n + second)) == n
