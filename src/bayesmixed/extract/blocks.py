"""Finding the grouping factor, level or effect that a user names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.errors import DataError, near_names


def chosen_blocks(design: Design, group: str | None) -> tuple[GroupBlock, ...]:
    """Find the block of one grouping factor, or all blocks.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    group : str or None
        Name of a grouping factor; None stands for all.

    Returns
    -------
    tuple[GroupBlock, ...]
        In the order of the design.

    Raises
    ------
    DataError
        When no grouping factor has that name.
    """
    if group is None:
        return design.blocks
    chosen = tuple(block for block in design.blocks if block.group == group)
    if not chosen:
        known = near_names(str(group), [block.group for block in design.blocks])
        raise DataError(f"The model has no grouping factor {group!r}. {known}")
    return chosen


def block_of_level(design: Design, level: str, group: str | None = None) -> GroupBlock:
    """Find the one grouping factor that has a level.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    level : str
        Label of a level, e.g. ``"308"``.
    group : str, optional
        The grouping factor, needed when several have a level of that name.

    Returns
    -------
    GroupBlock
        The block.

    Raises
    ------
    DataError
        When no grouping factor has the level, or several have it.
    """
    blocks = chosen_blocks(design, group)
    holding = [block for block in blocks if level in block.levels]
    if not holding:
        where = " or ".join(block.group for block in blocks)
        every = [known for block in blocks for known in block.levels]
        listed = near_names(level, every) if len(every) <= 50 else _near_only(level, every)
        raise DataError(f"{level!r} is not a level of {where}. {listed}".rstrip())
    if len(holding) > 1:
        several = " and ".join(block.group for block in holding)
        raise DataError(f"{level!r} is a level of {several}; say which with group=.")
    return holding[0]


def _near_only(level: str, levels: list[str]) -> str:
    """Near levels, and nothing when there are none, since a list of all would be too long."""
    listed = near_names(level, levels)
    return listed if listed.startswith("Did you mean") else f"There are {len(levels)} levels."


def correlated_pairs(block: GroupBlock) -> Iterator[tuple[int, int]]:
    """Give the indices of the pairs of effects that are correlated, in lme4's order.

    Parameters
    ----------
    block : GroupBlock
        A grouping factor.

    Yields
    ------
    tuple[int, int]
        First and second effect: (0, 1), (0, 2), (1, 2) for three correlated effects.
    """
    for places in block.sets:
        yield from combinations(places, 2)
