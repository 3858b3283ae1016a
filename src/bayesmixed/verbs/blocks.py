"""Finding the grouping factor, level or effect that a user names."""

from __future__ import annotations

from collections.abc import Sequence

from bayesmixed.design.levels import find_level
from bayesmixed.design.lookup import effect_of, group_of
from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.errors import DataError, near_names
from bayesmixed.options import one_or_several

MOST_LISTED = 50


def require_groups(design: Design) -> None:
    """Refuse a model without random effects, where a verb speaks of them."""
    if not design.groups:
        raise DataError(
            "This is about random effects, and the model does not have any: its formula "
            f"{design.formula.text.strip()!r} has no bar such as (1 | group)."
        )


def chosen_blocks(design: Design, group: str | None, *, with_smooths: bool = False) -> tuple[GroupBlock, ...]:
    """Find the block of one grouping factor, or all of grouping factors.

    Returns: in the order of the design.
    """
    if not (with_smooths and design.smooths):
        require_groups(design)
    if group is None:
        return design.groups
    name = group_of(design, group)
    if name is None:
        known = near_names(str(group), [block.group for block in design.groups])
        holder = next((block.group for block in design.groups if find_level(group, block.levels)), None)
        if holder is not None:
            known = (
                f"It is a level of {holder!r}: write group={holder!r}, and take the level's rows by "
                f"table[table['group'] == {str(group)!r}]."
            )
        raise DataError(f"The model has no grouping factor {group!r}. {known}")
    block = design.block(name)
    if block.is_smooth and not with_smooths:
        raise DataError(
            f"{name} is a smooth, and does not have groups. fit.smooths() and fit.plot.smooth() show it."
        )
    return (block,)


def chosen_effect(block: GroupBlock, effect: object) -> str:
    """Find a varying effect that a user names."""
    name = effect_of(block, effect)
    if name is None:
        known = near_names(effect, block.effects)
        raise DataError(f"{effect!r} does not vary over {block.group!r}. {known}")
    return name


def level_of(design: Design, level: object, group: str | None = None) -> tuple[GroupBlock, str]:
    """Find the one grouping factor that has a level.

    Returns: the block and the label of the level.
    """
    blocks = chosen_blocks(design, group)
    found = [(block, find_level(level, block.levels)) for block in blocks]
    holding = [(block, label) for block, label in found if label is not None]
    if not holding:
        where = " or ".join(block.group for block in blocks)
        every = [known for block in blocks for known in block.levels]
        raise DataError(f"{level!r} is not a level of {where}. {_known_levels(level, every)}")
    if len(holding) > 1:
        several = " and ".join(block.group for block, _ in holding)
        raise DataError(f"{level!r} is a level of {several}; say which with group=.")
    return holding[0]


def chosen_levels(design: Design, group: str, wanted: object) -> list[str]:
    """Find levels of one grouping factor."""
    return [level_of(design, level, group)[1] for level in one_or_several(wanted, "levels")]


def spelled_effects(design: Design, wanted: Sequence[object]) -> list[str]:
    """Effects in the spelling of the formula; what no factor has as its effect stays as it is."""
    return [
        next((name for block in design.blocks if (name := effect_of(block, text))), str(text))
        for text in wanted
    ]


def _known_levels(level: object, levels: list[str]) -> str:
    """Near levels; how many there are when none is near and a list of all would be too long."""
    listed = near_names(level, levels)
    few = len(levels) <= MOST_LISTED or listed.startswith("Did you mean")
    return listed if few else f"There are {len(levels)} levels."
