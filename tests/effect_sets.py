"""Sets of effects by their sizes."""

from __future__ import annotations

from bayesmixed.covariances.covariance import Covariances
from bayesmixed.covariances.unstructured import Unstructured
from bayesmixed.design.records import GroupBlock


def unstructured(*sizes: int) -> Covariances:
    """Sets of unstructured effects, one after the other."""
    return Covariances(tuple(each for size in sizes for each in Unstructured.of_bar(size)))


def sizes_of(block: GroupBlock) -> tuple[int, ...]:
    """Sizes of the sets of a block."""
    return tuple(each.size for each in block.covariances.sets)
