"""The complete statement of a model: design and priors, nothing computed."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.design.records import Design
from bayesmixed.families.records import GAUSSIAN, Family
from bayesmixed.priors.prior import PriorSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A linear or generalized linear mixed model, completely specified.

    Attributes
    ----------
    design : Design
        Response, X, blocks of random effects, offset, weights.
    priors : PriorSet
        The prior of every parameter, in the units of the data.
    family : Family
        Distribution of the response, and its link.
    """

    design: Design
    priors: PriorSet
    family: Family = GAUSSIAN
