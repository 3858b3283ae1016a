"""In which other grouping factors every level of one lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesmixed.design.records import Design, GroupBlock, IntArray
from bayesmixed.printing.records import short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A grouping factor with its parents, the factors in which it is nested.

    Attributes
    ----------
    places : tuple[int, ...]
        Places among the blocks of the design: the factor itself, then its parents as they stand there.
    blocks : tuple[GroupBlock, ...]
        The same blocks.
    levels : tuple[IntArray, ...]
        For each block the level in which every level of the factor lies, shape (J,).
    """

    places: tuple[int, ...]
    blocks: tuple[GroupBlock, ...]
    levels: tuple[IntArray, ...]

    __repr__ = short_repr

    @property
    def groups(self) -> list[str]:
        """Names of the factors, the factor itself first."""
        return [block.group for block in self.blocks]

    @property
    def effects(self) -> tuple[str, ...]:
        """Effects that vary by any of the factors, each once."""
        return tuple(dict.fromkeys(effect for block in self.blocks for effect in block.effects))


def lineage(design: Design, block: GroupBlock) -> Lineage:
    """Find the parents of a grouping factor, by its rows: sites in ranges, pupils in schools.

    Whether the formula says ``a/b`` or numbers the levels through does not matter. A factor whose levels meet
    several levels of the other is crossed with it, and the other is no parent.
    """
    own = [other.group for other in design.blocks].index(block.group)
    places, levels = [own], [np.arange(block.n_levels)]
    for place in range(len(design.blocks)):
        if place == own:
            continue
        fine, coarse = design.level_pairs(own, place)
        if is_nested(fine, coarse, block.n_levels):
            places.append(place)
            levels.append(_containers(fine, coarse, block.n_levels))
    blocks = tuple(design.blocks[place] for place in places)
    return Lineage(places=tuple(places), blocks=blocks, levels=tuple(levels))


def is_nested(fine: IntArray, coarse: IntArray, n_fine: int) -> bool:
    """Whether every level of one factor lies in a single level of another, from both levels of every row."""
    return bool(np.array_equal(_containers(fine, coarse, n_fine)[fine], coarse))


def _containers(fine: IntArray, coarse: IntArray, n_fine: int) -> IntArray:
    """A level of another factor that meets each level of one, shape (n_fine,)."""
    found = np.empty(n_fine, dtype=np.int64)
    found[fine] = coarse
    return found
