"""Rows at hand: those of the design, or a random sample where they lie elsewhere."""

from __future__ import annotations

from bayesmixed.design.frame import AbsentRows
from bayesmixed.design.records import Design

ROWS = 10_000
"""Rows of a random sample: enough for any picture."""


def held_design(design: Design) -> Design:
    """Design with rows at hand, for what is said or drawn row by row."""
    if not isinstance(design.frame, AbsentRows):
        return design
    from bayesmixed.design.remote.sample import sample_design

    return sample_design(design, ROWS, 0)
