"""What a singular estimate means, in plain words."""

from __future__ import annotations

import numpy as np

from bayesmixed.classical.estimate import Estimate
from bayesmixed.classical.point import standard_deviations

NOTHING = 1e-4
"""A standard deviation over sigma, in unit-free form, that counts as zero (lme4's ``isSingular``)."""


def singularity(fitted: Estimate) -> tuple[str, ...]:
    """Say which part of the random effects an estimate finds no sign of.

    Returns: one sentence for each standard deviation of zero, one for each grouping factor whose effects are
    perfectly correlated, and what to do; empty when the estimate is not singular.
    """
    if not fitted.optimum.singular:
        return ()
    said = [sentence for i in range(len(fitted.design.blocks)) for sentence in _block(fitted, i)]
    return (
        *said,
        "The fit is singular: the best estimate lies on the edge of what is possible, and says too little "
        "about the uncertainty there. A posterior (method='bayes') does not end on the edge.",
    )


def _block(fitted: Estimate, i: int) -> list[str]:
    """Sentences about one grouping factor."""
    block, scales = fitted.design.blocks[i], fitted.likelihood.units.effects[i]
    relative = standard_deviations(fitted.optimum.covariances[i]) * scales / fitted.optimum.sigma
    zero = [effect for effect, sd in zip(block.effects, relative, strict=True) if sd < NOTHING]
    said = [
        f"The standard deviation of {effect} among levels of {block.group} is estimated as zero: the levels "
        "differ no more than chance alone would make them."
        for effect in zero
    ]
    rank = np.linalg.matrix_rank(fitted.optimum.covariances[i] * np.outer(scales, scales), hermitian=True)
    if rank < block.n_effects - len(zero):
        said.append(
            f"Effects of {block.group} are estimated as perfectly correlated: the data cannot tell that many "
            "effects apart."
        )
    return said
