"""Factors that look nested and are written as crossed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_lowercase

import numpy as np

from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.errors import DesignWarning, warn
from bayesmixed.printing.records import short_repr

RESTARTS = 0.8
"""Share of outer levels in which numbering must begin anew."""
SURE, UNLIKE = 0.01, 0.05
"""Probability below which cells differ too much, and above which the inner factor means nothing by itself."""
MOST_COUNTED, MOST_OUTER = 30, 300
"""Levels of the inner and of the outer factor beyond which nothing is said."""
INDICATOR = ("0", "1")
"""Levels that mean no and yes, and do not count anything."""
COUNTER = re.compile(r"^(?P<stem>.*?)(?P<place>\d+|[A-Za-z])$")


def warn_of_implicit_nesting(design: Design) -> None:
    """Warn when the levels of a factor seem to be numbered anew within another factor.

    Sites a, b, c of every mountain range look the same to a formula whether they are the same sites or not.
    Five things together raise the warning: the levels of one factor are a count (1, 2, 3; a, b, c; site1,
    site2) that begins anew in at least 80 % of the levels of the other; half of the cells have several rows;
    no term of the formula has an effect for each cell; cells differ more than the sum of both factors
    explains (F test of the interaction on the residuals of the fixed part, p < 0.01); and the counted factor
    by itself explains no more than its cells do (F test against the interaction, p > 0.05), since a label
    without meaning cannot. In a full table both factors may be counts; where neither then has a meaning of
    its own, the warning names both ways, and is left out when only the factor of more levels is a count.
    Truly crossed factors mostly have one row in a cell, no interaction, or an effect of their own.
    """
    for first, second in combinations([block for block in design.blocks if block.is_plain], 2):
        both = ((first, second), (second, first))
        counted = [(outer, inner) for outer, inner in both if is_counted_within(inner, outer)]
        if not counted or _has_cells(design, first, second):
            continue
        meaningless = _only_cells_differ(design, first, second)
        ways = [(outer, inner) for outer, inner in counted if inner.group in meaningless]
        if ways and not _may_be_reversed(*ways[0], meaningless, n_ways=len(ways)):
            warn(_message(ways), DesignWarning)


def _may_be_reversed(
    outer: GroupBlock, inner: GroupBlock, meaningless: Sequence[str], *, n_ways: int
) -> bool:
    """Whether the only way is the less likely one: more levels within fewer, which have no meaning either."""
    return n_ways == 1 and outer.group in meaningless and inner.n_levels > outer.n_levels


def is_counted_within(inner: GroupBlock, outer: GroupBlock) -> bool:
    """Whether the levels of a factor are a count that begins anew within another, rows in cells."""
    few = outer.n_levels <= MOST_OUTER and inner.n_levels <= MOST_COUNTED
    place = _places(inner.levels) if few else None
    if place is None:
        return False
    cells, counts = np.unique(_cell_codes(outer, inner), return_counts=True)
    owner, order = cells // inner.n_levels, place[cells % inner.n_levels]
    size = np.bincount(owner, minlength=outer.n_levels)
    highest = np.zeros(outer.n_levels, dtype=np.int64)
    np.maximum.at(highest, owner, order)
    restarts = highest + 1 == size
    several = (size >= 2).mean() >= 0.5
    return bool(several and restarts.mean() >= RESTARTS and np.median(counts) >= 2)


def _places(levels: tuple[str, ...]) -> IntArray | None:
    """Place of every level in a count from 0, 1, a or A; None when they do not count."""
    found = [COUNTER.match(level) for level in levels]
    if any(match is None for match in found) or len({match["stem"] for match in found if match}) > 1:
        return None
    marks = [match["place"] for match in found if match]
    numbers = all(mark.isdigit() for mark in marks)
    if not numbers and any(mark.isdigit() for mark in marks):
        return None
    values = np.array([int(mark) if numbers else ascii_lowercase.index(mark.lower()) for mark in marks])
    places = values - values.min()
    is_count = values.min() <= 1 and np.array_equal(np.sort(places), np.arange(len(levels)))
    return places if is_count and tuple(sorted(marks)) != INDICATOR else None


def _cell_codes(outer: GroupBlock, inner: GroupBlock) -> IntArray:
    """Number of every row's cell."""
    return np.asarray(outer.codes * inner.n_levels + inner.codes)


def _has_cells(design: Design, outer: GroupBlock, inner: GroupBlock) -> bool:
    """Whether a further grouping factor lies within the cells of two others."""
    cells = _cell_codes(outer, inner)
    apart = (outer.group, inner.group)
    others = [block for block in design.blocks if block.meeting.is_one and block.group not in apart]
    return any(len(np.unique(block.codes * (cells.max() + 1) + cells)) == block.n_levels for block in others)


def _only_cells_differ(design: Design, first: GroupBlock, second: GroupBlock) -> tuple[str, ...]:
    """Which of two factors explain no more than their cells, where cells differ beyond the sum of both."""
    from scipy.special import fdtrc

    rest = _fixed_residuals(design)
    cells, codes, counts = np.unique(_cell_codes(first, second), return_inverse=True, return_counts=True)
    means, root = np.bincount(codes, rest) / counts, np.sqrt(counts)
    within = float(np.sum((rest - means[codes]) ** 2))
    factors = [_indicators(cells // second.n_levels), _indicators(cells % second.n_levels)]
    between, rank = _unexplained(np.column_stack(factors) * root[:, None], means * root)
    df_cells, df_within = len(cells) - rank, len(rest) - len(cells)
    if min(df_cells, df_within) < 1 or within <= 0.0 or between <= 0.0:
        return ()
    cell_square = between / df_cells
    if fdtrc(df_cells, df_within, cell_square / (within / df_within)) >= SURE:
        return ()
    out = []
    for block, other in ((first, factors[1]), (second, factors[0])):
        without, other_rank = _unexplained(other * root[:, None], means * root)
        df = rank - other_rank
        if df > 0 and fdtrc(df, df_cells, (without - between) / df / cell_square) > UNLIKE:
            out.append(block.group)
    return tuple(out)


def _fixed_residuals(design: Design) -> FloatArray:
    """Response without its regression on the fixed part."""
    response, fixed = design.response.values - design.offset, design.fixed.matrix
    return np.asarray(response - fixed @ np.linalg.lstsq(fixed, response)[0] if fixed.shape[1] else response)


def _unexplained(columns: FloatArray, values: FloatArray) -> tuple[float, int]:
    """Sum of squares that a regression leaves, with its rank."""
    solution, _, rank, _ = np.linalg.lstsq(columns, values)
    return float(np.sum((values - columns @ solution) ** 2)), int(rank)


def _indicators(codes: IntArray) -> FloatArray:
    """Columns that mark the levels of a factor."""
    places = np.unique(codes, return_inverse=True)[1]
    return np.eye(places.max() + 1)[places]


def _message(ways: Sequence[tuple[GroupBlock, GroupBlock]]) -> str:
    """What may be wrong, with all formulas; outer and inner factor of one way or two."""
    outer, inner = ways[0]
    a, b = outer.group, inner.group
    few = ", ".join(inner.levels[:3]) + (", ..." if inner.n_levels > 3 else "")
    nested = " ".join(
        f"If {i.group} {i.levels[0]} of one {o.group} has nothing to do with {i.group} {i.levels[0]} of "
        f"another, the factors are nested: write (1 | {o.group}/{i.group})."
        for o, i in ways
    )
    return (
        f"The levels of {b!r} ({few}) begin anew in each level of {a!r}, and rows of the same {a!r} and "
        f"{b!r} are more alike than (1 | {a}) + (1 | {b}) allows for. {nested} If it is the same thing "
        f"everywhere, they are crossed: write (1 | {a}) + (1 | {b}) + (1 | {a}:{b})."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A grouping factor with its parents, the factors in which it is nested."""

    # places among the blocks of the design: the factor itself, then its parents as they stand there
    places: tuple[int, ...]
    blocks: tuple[GroupBlock, ...]  # the same blocks
    # for each block the level in which every level of the factor lies, shape (J,)
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
    several levels of the other is crossed with it, and is not its parent.
    """
    own = [other.group for other in design.blocks].index(block.group)
    places, levels = [own], [np.arange(block.n_levels)]
    for place in range(len(design.blocks)):
        if place == own or not (block.meeting.is_one and design.blocks[place].meeting.is_one):
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
