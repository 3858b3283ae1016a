"""Pairs of correlated effects, and names that users give."""

from __future__ import annotations

from typing import Any

import pytest

from bayesmixed.errors import DataError
from bayesmixed.verbs.blocks import chosen_blocks, level_of
from effect_sets import unstructured


@pytest.mark.parametrize(
    ("correlated", "pairs"),
    [
        ((1,), []),
        ((2,), [(0, 1)]),
        ((1, 1), []),
        ((3,), [(0, 1), (0, 2), (1, 2)]),
        ((1, 2), [(1, 2)]),
        ((2, 2), [(0, 1), (2, 3)]),
    ],
)
def test_correlated_pairs(correlated: tuple[int, ...], pairs: list[tuple[int, int]]) -> None:
    effects = tuple(map(str, range(sum(correlated))))
    found = unstructured(*correlated).correlations(effects)
    assert [each.pair for _, each in found] == pairs
    assert [each.names for _, each in found] == [(effects[i], effects[j]) for i, j in pairs]


def test_all_blocks_or_one(toy: Any) -> None:
    design = toy.spec.design
    assert chosen_blocks(design, None) == design.blocks
    assert chosen_blocks(design, "b") == (design.blocks[1],)


@pytest.mark.parametrize(("level", "group"), [("a5", "a"), ("b4", "b")])
def test_level_of(toy: Any, level: str, group: str) -> None:
    block, label = level_of(toy.spec.design, level)
    assert (block.group, label) == (group, level)


def test_a_level_of_another_factor(toy: Any) -> None:
    with pytest.raises(DataError, match="'a5' is not a level of b"):
        level_of(toy.spec.design, "a5", "b")
