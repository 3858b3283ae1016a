"""Complete, no and partial pooling in print."""

from __future__ import annotations

from bayesmixed.names import LEGEND
from bayesmixed.pooled.methods import pooling_table, sizes_table
from bayesmixed.pooled.records import PooledGroups
from bayesmixed.printing.records import wrapped
from bayesmixed.printing.table import frame_html, frame_text

SHOWN = 12
"""Groups more than this are cut."""


def pooling_text(groups: PooledGroups) -> str:
    """Print the sizes of the models and the estimates of the first groups."""
    parts = [_heading(groups), frame_text(sizes_table(groups)), *_cut_note(groups)]
    for effect in groups.varying:
        table = pooling_table(groups)
        rows = table[table["effect"] == effect].head(SHOWN)
        rows.attrs.pop(LEGEND)
        parts.append(frame_text(rows))
    return "\n\n".join([*parts, wrapped(pooling_table(groups).attrs[LEGEND])])


def pooling_html(groups: PooledGroups) -> str:
    """Show the sizes of the models and the estimates of the first groups in a notebook."""
    table = pooling_table(groups)
    parts = [frame_html(sizes_table(groups), caption=_heading(groups))]
    for effect in groups.varying:
        rows = table[table["effect"] == effect].head(SHOWN)
        parts.append(frame_html(rows, caption=f"{effect} by {groups.block.group}"))
    return "\n".join(parts)


def _heading(groups: PooledGroups) -> str:
    """What is pooled."""
    return f"Pooling over {groups.block.group}: {groups.design.formula.text}"


def _cut_note(groups: PooledGroups) -> list[str]:
    """How many groups are shown, when not all are."""
    n = groups.block.n_levels
    return [f"The first {SHOWN} of {n} groups; .table() gives all."] if n > SHOWN else []
