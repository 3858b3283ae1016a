"""Designs that cannot be fitted, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from bayesmixed import names
from bayesmixed.covariances.residual import Residual
from bayesmixed.design.rank import column_units
from bayesmixed.design.records import Design, FloatArray, GroupBlock, LinearPredictor, Response
from bayesmixed.errors import DataError, DesignWarning, warn

REMOTE = 1e5
"""How many standard deviations from zero a column may lie that is not centred."""


def check_columns_near_zero(names: Sequence[str], matrix: FloatArray) -> None:
    """Refuse columns so far from zero that their variation would lose its digits.

    Shapes: `matrix` (n, k).

    Squares of a column at m standard deviations from zero leave 16 - 2 log10(m) digits for its variation.
    """
    sds = np.where(np.ptp(matrix, axis=0) > 0.0, matrix.std(axis=0), 0.0)
    refuse_remote(names, matrix.mean(axis=0), sds)


def refuse_remote(names: Sequence[str], means: FloatArray, sds: FloatArray) -> None:
    """Refuse columns whose mean is too many standard deviations from zero."""
    for name, mean, sd in zip(names, means, sds, strict=True):
        if abs(mean) > REMOTE * sd > 0:
            raise DataError(
                f"{name!r} varies by {sd:.3g} around {mean:.6g}, too little for its size: a fit would lose "
                f"precision. Write center({name}), or subtract a constant in the data."
            )


def check_response(response: Response, offset: FloatArray, *, centred: bool) -> None:
    """Refuse a response that does not vary, or too little for its size. Shapes: `offset` (n,)."""
    values = response.values - offset
    if np.all(values == values[0]):
        refuse_constant(response.name, float(values[0]), has_offset=bool(np.any(offset)))
    if not centred:
        check_columns_near_zero([response.name], values[:, None])


def refuse_constant(name: str, value: float, *, has_offset: bool) -> NoReturn:
    """Refuse a response that is the same in every row."""
    less = " less its offset" if has_offset else ""
    raise DataError(f"The response {name!r}{less} is constant: every row has {value:g}.")


def check_group_names(predictors: Sequence[LinearPredictor], residual: Residual) -> None:
    """Refuse grouping factors whose names make the same variables or dimensions of a posterior."""
    taken = {name for each in predictors for name in names.predictor_variables(each.parameter)}
    if not residual.is_independent:
        taken |= {residual.correlation.label, *names.OCCASIONS}
    seen: dict[str, tuple[str, str]] = {}
    for block in [block for each in predictors for block in each.blocks]:
        if block.group == names.RESIDUAL:
            raise DataError(f"{block.group!r} is what tables call the residual. Rename the grouping factor.")
        owners = dict.fromkeys(names.group_variables(block.name), (block.parameter, block.group))
        del owners[names.level_dim(block.name)]
        owners[names.level_dim(block.group)] = ("", block.group)
        for name, owner in owners.items():
            if name in taken:
                raise DataError(
                    f"The grouping factor {block.group!r} would have {name!r} in the posterior, where "
                    f"another parameter is called so. Rename the column {block.group!r}."
                )
            other = seen.setdefault(name, owner)
            if other != owner:
                raise DataError(
                    f"The grouping factors {other[1]!r} and {block.group!r} would both have {name!r} in the "
                    f"posterior. Rename the column {block.group!r}."
                )


def check_levels(blocks: Sequence[GroupBlock]) -> None:
    """Refuse a grouping factor with one level, and one that is related in one bar and not in another."""
    groups = [block.group for block in blocks]
    for block in blocks:
        if block.root is not None and groups.count(block.group) > 1:
            raise DataError(
                f"{block.group!r} stands right of a bar both alone and in gr(), or with different matrices. "
                "Copy the column under another name, as for brms, and write that one in one of the bars."
            )
        if block.n_levels < 2 and not block.is_smooth:
            raise DataError(
                f"The grouping factor {block.group!r} has only one level, {block.levels[0]!r}: "
                "there is nothing to vary over. Leave the bar out."
            )


def refuse_coupled(blocks: Sequence[GroupBlock], what: str) -> None:
    """Refuse a model in which effects of levels are coupled, for what takes them one by one."""
    coupled = next((block for block in blocks if not block.is_plain), None)
    if coupled is not None and coupled.is_smooth:
        raise DataError(f"{what} does not take smooths such as {coupled.group}. Leave it out of the formula.")
    if coupled is not None:
        raise DataError(
            f"{what} takes grouping factors with independent levels, one a row, and {coupled.group} is "
            "not of this kind. Leave it out of the formula."
        )


def check_identified(blocks: Sequence[GroupBlock], n: int) -> None:
    """Refuse as many random effects as rows, in a model with a residual variance.

    The rule is lme4's, bar by bar (``check.nobs.vs.nlev`` and ``check.nobs.vs.nRE``): the variance of the
    effects and the residual variance then cannot be told apart, unless by a pattern of correlations.
    """
    for block in blocks:
        if block.is_smooth or _relations_tell(block):
            continue
        largest = max(1 if each.is_told_from_residual else each.size for each in block.covariances.sets)
        if largest * block.n_levels >= n:
            what = "levels" if largest == 1 else "random effects"
            raise DataError(
                f"{block.group!r} has {largest * block.n_levels} {what} for {n} rows: the residual variance "
                f"and the variance of {block.group!r} cannot be told apart. A grouping factor names groups "
                "of several rows; use a coarser one, or fewer effects."
            )


def _relations_tell(block: GroupBlock) -> bool:
    """Whether known covariances between observed levels tell the effects from residuals."""
    if block.root is None:
        return False
    observed = block.root[np.unique(block.codes)]
    covariance = observed @ observed.T
    return not np.allclose(covariance, np.diag(np.full(len(covariance), covariance[0, 0])))


def check_weights(weights: ArrayLike, n: int) -> FloatArray:
    """Check prior weights, shape (n,)."""
    values = np.asarray(weights)
    if values.dtype == object and all(w is None or isinstance(w, (int, float)) for w in values.flat):
        values = values.astype(np.float64)
    if values.dtype.kind not in "iuf":
        raise DataError("weights must be numbers.")
    if values.shape != (n,):
        raise DataError(f"weights has shape {values.shape}; the data have {n} rows.")
    for word, bad in (
        ("missing", np.isnan(values)),
        ("infinite", np.isinf(values)),
        ("zero or negative", values <= 0),
    ):
        if np.any(bad):
            first = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{int(bad.sum())} of the weights are {word}, the first in row {first} (counted from 0)."
            )
    return np.array(values, dtype=np.float64)


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
    wanted = design.n_residual_parameters + sum(block.covariances.n_parameters for block in design.blocks)
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
        if block.n_levels > p or not block.is_plain:
            continue
        for effect, left in zip(block.effects, _left_beside_fixed(design, i), strict=True):
            if left < LEFT:
                yield (
                    f"The fixed effects already distinguish all groups of {block.group!r}, so the variance "
                    f"of their effect {effect!r} cannot be estimated.",
                    "Leave the effect out of the bar, or leave the terms that distinguish the groups out of "
                    "the formula.",
                )
    yield from _of_series(design)
    plain = [i for i, block in enumerate(design.blocks) if block.is_plain]
    for i, j in combinations(plain, 2):
        first, second = design.blocks[i], design.blocks[j]
        shared = [effect for effect in first.effects if effect in second.effects]
        if shared and _same_groups(design, i, j):
            yield (
                f"{first.group!r} and {second.group!r} are the same groups, so their variances of the "
                f"effect {shared[0]!r} cannot be told apart.",
                "Leave one of the bars out.",
            )


def _of_series(design: Design) -> Iterator[tuple[str, str]]:
    """Intercepts of the series of residuals whose correlation holds them."""
    serial = design.residual.correlation
    if not serial.holds_intercepts or design.residual.errors is not None:
        return
    n_series = len(np.unique(serial.codes))
    for block in [block for block in design.blocks if block.is_plain]:
        pairs = np.unique(np.column_stack([block.codes, serial.codes]), axis=0)
        if names.INTERCEPT in block.effects and len(pairs) == block.n_levels == n_series:
            yield (
                f"The intercepts of {block.group!r} and the correlation of residuals, {serial.name}(), "
                "within the same groups cannot be told apart.",
                "Leave one of them out.",
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
