"""In which order random effects are eliminated in the normal approximation, and which are left out of it."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.plan import Plan, make_plan

MOST_PRODUCTS = 400_000
"""Multiplications of one factorization that may be spent at every evaluation."""

MOSTLY = 0.8
"""Share from which a parametrization is called by its name."""

ENOUGH_LEVELS = 20.0
"""Levels known exactly that tell as much of a standard deviation as is needed for a normal posterior."""


def make_joint_plan(design: Design, *, most_products: int = MOST_PRODUCTS) -> Plan:
    """Choose the order of elimination."""
    largest = max((block.n_levels * block.n_effects for block in design.blocks), default=1)
    touched = int(np.sqrt(2.0 * most_products / largest)) - len(design.fixed.terms)
    return make_plan(design, dense_limit=max(touched, 0))


def is_well_known(ratio: FloatArray) -> bool:
    """Whether the posterior of a grouping factor is near its normal approximation. Shapes: `ratio` (J, k)."""
    share = ratio / (1.0 + ratio)
    return bool(np.all(np.median(share, axis=0) > MOSTLY) and np.all((share**2).sum(axis=0) >= ENOUGH_LEVELS))


def plan_sentences(design: Design, plan: Plan, information: tuple[FloatArray, ...]) -> tuple[str, ...]:
    """State in words how each grouping factor is sampled.

    Shapes: `information` (J, k).

    Returns: one sentence for each factor, and one for the rest.

    With information r the mean of a level's normal approximation moves from zero by r / (1 + r) of the way to
    what its rows say: 0 is the non-centred parametrization, 1 the centred one.
    """
    sentences = []
    for factor, ratio in zip(plan.factors, information, strict=True):
        share = float(np.median(ratio / (1.0 + ratio)))
        word = "centred" if share > MOSTLY else "not centred" if share < 1.0 - MOSTLY else "in between"
        coupling = ", apart from the other factors" if factor.role == at.SAMPLED else ""
        sentences.append(
            f"{design.blocks[factor.block].group} is sampled level by level as its rows inform it{coupling}: "
            f"{word} ({share:.0%} centred in the median level)."
        )
    together = " with them" if sentences else ""
    return (*sentences, f"Coefficients are sampled{together}, in the coordinates of a normal approximation.")
