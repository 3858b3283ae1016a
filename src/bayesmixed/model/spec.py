"""The complete statement of a model: design and priors, nothing computed."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.design.records import Design
from bayesmixed.errors import EngineError
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.model.prior_set import prior_table
from bayesmixed.printing.table import clean
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

    def __str__(self) -> str:
        blocks = self.design.blocks
        groups = ", ".join(f"{clean(block.group)} with {block.n_levels:,} levels" for block in blocks)
        head = f"Formula: {clean(self.design.formula.text)}\nFamily: {self.family}"
        counts = "; ".join(filter(None, (f"Data: {self.design.n_rows:,} rows", groups)))
        return f"{head}\n{counts}\n\n{prior_table(self.design, self.priors, self.family)}"

    __repr__ = __str__


def check_gaussian(spec: ModelSpec, what: str, instead: str = "") -> None:
    """Refuse a model whose random effects cannot be integrated out exactly."""
    if not spec.family.is_gaussian:
        raise EngineError(
            f"{what} integrates the random effects out exactly, which only a gaussian model allows; the "
            f"family is {spec.family}. {instead}".rstrip()
        )
