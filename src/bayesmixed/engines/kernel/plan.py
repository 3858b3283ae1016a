"""Which random effects are integrated out, which are sampled, and why."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.design.nesting import is_nested
from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.engines.kernel import layout as at
from bayesmixed.engines.kernel.terms import needs_terms
from bayesmixed.errors import EngineError
from bayesmixed.printing.records import short_repr

DENSE_LIMIT = 160
"""Random effects of crossed factors up to which a dense Cholesky factorization is cheaper than sampling."""

COUPLED_LIMIT = 1500
"""Columns of related levels, of several levels a row and of smooths that are eliminated together."""

OPTIMUM_LIMIT = 4000
"""Crossed random effects up to which the optimum, needing few evaluations, is found with all integrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPlan:
    """What happens to one grouping factor."""

    block: int  # index of its block in the design
    role: int  # `layout.CHAIN`, `layout.DENSE` or `layout.SAMPLED`
    reason: str  # one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What NUTS walks over and what is integrated out exactly."""

    factors: tuple[FactorPlan, ...]  # chain factors first, finest first, then dense ones, then sampled ones
    # whether the coefficients stay with NUTS (a prior of theirs is not normal)
    coefficients_sampled: bool = False

    __repr__ = short_repr

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in words, one sentence for each factor and one for the coefficients."""
        coefficients = (
            "Coefficients are sampled: not all of their priors are normal."
            if self.coefficients_sampled
            else "Coefficients are integrated out: their priors are normal."
        )
        return (*(factor.reason for factor in self.factors), coefficients)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Indices of the design's blocks, in the plan's order."""
        return tuple(factor.block for factor in self.factors)

    @property
    def n_sampled(self) -> int:
        """Number of factors whose effects stay with NUTS."""
        return sum(factor.role == at.SAMPLED for factor in self.factors)

    @property
    def samples_effects(self) -> bool:
        """Whether random effects of some factor stay with NUTS."""
        return self.n_sampled > 0


def make_plan(design: Design, *, coefficients_sampled: bool = False, dense_limit: int = DENSE_LIMIT) -> Plan:
    """Choose, from the structure of a design, what is integrated."""
    blocks = design.blocks
    if needs_terms(design):
        dense_limit = OPTIMUM_LIMIT
    plain = [i for i, block in enumerate(blocks) if block.is_plain]
    by_size = sorted(plain, key=lambda i: -blocks[i].n_levels * blocks[i].n_effects)
    chain: list[int] = []
    crossed: list[int] = []
    for i in by_size:
        nested = not chain or is_nested(*design.level_pairs(chain[-1], i), blocks[chain[-1]].n_levels)
        (chain if nested and _holds_series(design, i) else crossed).append(i)
    factors = [FactorPlan(block=i, role=at.CHAIN, reason=_chain_reason(design, chain, i)) for i in chain]
    dense, sampled, used = _coupled(design), [], 0
    for i in reversed(crossed):
        size = blocks[i].n_levels * blocks[i].n_effects
        if used + size <= dense_limit:
            used += size
            reason = f"{blocks[i].group} is crossed and small ({size} effects): integrated out, dense."
            dense.append(FactorPlan(block=i, role=at.DENSE, reason=reason))
        else:
            reason = f"{blocks[i].group} is crossed and large ({size} effects): sampled by NUTS."
            sampled.append(FactorPlan(block=i, role=at.SAMPLED, reason=reason))
    return Plan(factors=(*factors, *dense, *sampled), coefficients_sampled=coefficients_sampled)


def _holds_series(design: Design, i: int) -> bool:
    """Whether rows whose residuals are correlated belong to one level of a factor."""
    serial = design.residual.correlation
    if design.residual.is_independent:
        return True
    return is_nested(serial.codes, design.blocks[i].codes, int(serial.codes.max()) + 1)


def _coupled(design: Design) -> list[FactorPlan]:
    """Factors whose levels are coupled by more than rows of other factors."""
    blocks = [(i, block) for i, block in enumerate(design.blocks) if not block.is_plain]
    size = sum(block.n_levels * block.n_effects for _, block in blocks)
    if size > COUPLED_LIMIT:
        listed = " and ".join(block.group for _, block in blocks)
        raise EngineError(
            f"{listed} would take {size:,} columns that are all coupled, and {COUPLED_LIMIT:,} at most are "
            "eliminated together. Leave levels without rows out of the covariance, or use "
            "engine='pymc'."
        )
    return [FactorPlan(block=i, role=at.DENSE, reason=_coupled_reason(block)) for i, block in blocks]


def _coupled_reason(block: GroupBlock) -> str:
    """Why a factor is eliminated with the coefficients."""
    if block.is_smooth:
        return f"{block.group} is a smooth of {block.n_levels} penalized columns: integrated out, dense."
    why = "has related levels" if block.meeting.is_one else "has several levels a row"
    return f"{block.group} {why}: integrated out, dense."


def _chain_reason(design: Design, chain: list[int], i: int) -> str:
    """Why a factor is eliminated level by level."""
    group = design.blocks[i].group
    if i == chain[0]:
        return f"{group} has most random effects: integrated out, level by level."
    return (
        f"{group} contains {design.blocks[chain[chain.index(i) - 1]].group}: integrated out, level by level."
    )
