"""One name for each column of a model, and what a text of a user's names: column, effect or factor."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from bayesmixed.design.records import Design, FixedDesign, GroupBlock
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula.named import is_quoted, read_name


def one_spelling(fixed: FixedDesign, blocks: Sequence[GroupBlock]) -> tuple[GroupBlock, ...]:
    """Blocks in which an effect has the name that its column has elsewhere in the model.

    Returns: with ``y ~ b*a + (a*b | g)`` the effect ``a:b`` is called ``b:a``, as the coefficient that it
    varies.
    """
    _check_apart(((block.group, block.group_key) for block in blocks), "grouping factors")
    known = dict(zip(fixed.keys, fixed.terms, strict=True))
    renamed: list[GroupBlock] = []
    for block in blocks:
        effects = tuple(known.setdefault(k, e) for k, e in zip(block.keys, block.effects, strict=True))
        renamed.append(replace(block, effects=effects))
    _check_apart(((name, key) for key, name in known.items()), "columns")
    return tuple(renamed)


def _check_apart(pairs: Iterable[tuple[str, Hashable]], what: str) -> None:
    """Refuse one name for two things."""
    seen: dict[str, Hashable] = {}
    for name, key in pairs:
        if seen.setdefault(name, key) != key:
            raise DataError(
                f"Two different {what} of the model are called {name!r}; rename the column of the data."
            )


def place_of(text: object, names: Sequence[str], keys: Sequence[Hashable]) -> int | None:
    """Which of some names a text stands for, as it is written or by what it means."""
    if not isinstance(text, str):
        return None
    meant = read_name(text)
    found = [i for i, name in enumerate(names) if name == text]
    found += [i for i, key in enumerate(keys) if meant and key == meant and i not in found]
    if len(found) > 1:
        first, second = (names[i] for i in found)
        raise BayesmixedError(
            f"{text!r} may stand for the column of that name or for {second!r}. Write `{first}` between "
            f"backticks for the column, {second!r} as it stands for the other."
        )
    if not found and is_quoted(text):
        return place_of(text[1:-1], names, keys)
    return found[0] if found else None


def term_of(design: Design, text: object) -> str | None:
    """Coefficient that a text names, in the spelling of the formula; None for none."""
    place = place_of(text, design.fixed.terms, design.fixed.keys)
    return None if place is None else design.fixed.terms[place]


def effect_of(block: GroupBlock, text: object) -> str | None:
    """Varying effect that a text names, in the spelling of the formula; None for none."""
    place = place_of(text, block.effects, block.keys)
    return None if place is None else block.effects[place]


def group_of(design: Design, text: object) -> str | None:
    """Grouping factor that a text names, in the spelling of the formula; None for none."""
    groups = [block.group for block in design.blocks]
    place = place_of(text, groups, [block.group_key for block in design.blocks])
    return None if place is None else groups[place]
